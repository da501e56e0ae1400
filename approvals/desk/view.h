/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How things look in answers: one function a kind of thing, so that every
 * operation shows it alike (doc/formats/approvals-api.md).
 */
#ifndef JUMP_APPROVALS_DESK_VIEW_H
#define JUMP_APPROVALS_DESK_VIEW_H

#include <jansson.h>

#include "approvals/desk/service.h"
#include "approvals/store/visits.h"

/* "a b" as ["a","b"]; a time as RFC 3339 text. NULL: no memory. */
json_t *view_words(const char *words);
json_t *view_time(int64_t sec);
json_t *view_files(uint8_t files);
const char *view_record(enum record record);

/* The visit with its approvals, looked up. 0/-errno. */
int view_visit(struct desk_tx *tx, const struct visit *v, json_t **ret_view);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `jumpctl policy explain` was asked, and what it found out.
 */
#ifndef JUMP_JUMPCTL_EXPLAIN_H
#define JUMP_JUMPCTL_EXPLAIN_H

#include <jansson.h>

#include "grants/rights.h"
#include "policy/decide.h"

struct question {
	const char *user;
	const char *target;
	struct offer offer;
	enum channel channel;
	struct address source;
	bool at_given;
	int64_t at; /* UTC s */
	const char *dir;
	const char *rights; /* NULL: the published ones */
};

struct answer {
	struct decision policy; /* its grant is not set */
	char why[256];          /* in words, when the policy says no */
	bool rights_known;
	const char *unknown;    /* why they are not, or NULL */
	const char *now_word;   /* reason of `now`, or "stale" and the like */
	const char *now_text;
	struct decision now;
	struct rights_view view; /* what `now` points into */
};

void answer_done(struct answer *a);

struct request question_request(const struct question *q);

/* Fills the second half of the answer, as far as it can be known. */
void explain_rights(const struct question *q, struct answer *a);

void answer_print(const struct question *q, const struct answer *a);
json_t *answer_json(const struct question *q, const struct answer *a);

#endif

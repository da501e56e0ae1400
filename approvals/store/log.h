/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decision log: who, what, when, from where; append-only, each row's hash
 * over the one before.
 */
#ifndef JUMP_APPROVALS_STORE_LOG_H
#define JUMP_APPROVALS_STORE_LOG_H

#include <jansson.h>
#include <stdint.h>

#include "approvals/store/db.h"
#include "approvals/store/store.h"

struct log_entry {
	int64_t seq;
	int64_t at;
	const char *who, *source, *what, *object;
	const char *detail; /* JSON text */
	const char *prev, *hash;
};
/* detail is borrowed, may be NULL. The new head goes to ret_hash. */
struct log_fact {
	int64_t at;
	const char *who, *source, *what, *object;
	json_t *detail;
};
int store_log_append(struct db_tx *tx, const struct log_fact *fact,
	char ret_hash[DIGEST_SIZE]);
typedef int (*log_each)(void *arg, const struct log_entry *e);
int store_log_list(struct db_tx *tx, int64_t after_seq, int64_t limit,
	log_each each, void *arg);
/* 0 and the number of rows; -EBADMSG and the first row that does not fit. */
int store_log_verify(struct db_tx *tx, int64_t *ret_seq);

#endif

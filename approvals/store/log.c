/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The chain: a row's hash is SHA-256 over one text of all its other columns,
 * the hash of the row before among them. Who changes a row must change all
 * that follow, and the heads that went to the journal meanwhile tell.
 */
#include "approvals/store/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "json/strict.h"

/* One text for one row: compact JSON, members sorted by name. */
static int hash_of(const struct log_entry *e, char ret_hash[DIGEST_SIZE])
{
	_cleanup_json_ json_t *row =
		json_pack("{s:I,s:I,s:s,s:s,s:s,s:s,s:s,s:s}", "seq",
			(json_int_t)e->seq, "at", (json_int_t)e->at, "who",
			e->who, "source", e->source, "what", e->what, "object",
			e->object, "detail", e->detail, "prev", e->prev);
	_cleanup_free_ char *text =
		row ? json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	if (!text)
		return -ENOMEM;
	return digest_hex(text, strlen(text), ret_hash);
}

static int read_head(
	struct db_tx *tx, int64_t *ret_seq, char ret_hash[DIGEST_SIZE])
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"SELECT seq, hash FROM decision_log "
		"ORDER BY seq DESC LIMIT 1");
	r = db_step(&q);
	if (r < 0)
		return r;
	*ret_seq = r > 0 ? db_int(&q, 0) : 0;
	snprintf(ret_hash, DIGEST_SIZE, "%s", r > 0 ? db_text(&q, 1) : "");
	return 0;
}

static int insert(struct db_tx *tx, const struct log_entry *e)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"INSERT INTO decision_log (seq, at, who, source, what, "
		"object, detail, prev, hash) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
	db_bind_int(&q, 1, e->seq);
	db_bind_int(&q, 2, e->at);
	db_bind_text(&q, 3, e->who);
	db_bind_text(&q, 4, e->source);
	db_bind_text(&q, 5, e->what);
	db_bind_text(&q, 6, e->object);
	db_bind_text(&q, 7, e->detail);
	db_bind_text(&q, 8, e->prev);
	db_bind_text(&q, 9, e->hash);
	r = db_run(&q);
	return r < 0 ? r : 0;
}

int store_log_append(struct db_tx *tx, const struct log_fact *fact,
	char ret_hash[DIGEST_SIZE])
{
	_cleanup_free_ char *detail =
		fact->detail ? json_dumps(fact->detail,
				       JSON_COMPACT | JSON_SORT_KEYS)
			     : strdup("{}");
	char prev[DIGEST_SIZE], hash[DIGEST_SIZE];
	struct log_entry e = {
		.at = fact->at,
		.who = fact->who,
		.source = fact->source,
		.what = fact->what,
		.object = fact->object,
		.detail = detail,
		.prev = prev,
		.hash = hash,
	};
	int64_t head;
	int r;

	if (!detail)
		return -ENOMEM;
	r = read_head(tx, &head, prev);
	if (r < 0)
		return r;
	e.seq = head + 1;
	r = hash_of(&e, hash);
	if (r == 0)
		r = insert(tx, &e);
	if (r == 0)
		memcpy(ret_hash, hash, DIGEST_SIZE);
	return r;
}

int store_log_list(struct db_tx *tx, int64_t after_seq, int64_t limit,
	log_each each, void *arg)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"SELECT seq, at, who, source, what, object, detail, prev, "
		"hash FROM decision_log WHERE seq > $1 ORDER BY seq LIMIT $2");
	db_bind_int(&q, 1, after_seq);
	db_bind_int(&q, 2, limit > 0 ? limit : INT64_MAX);
	while ((r = db_step(&q)) > 0) {
		struct log_entry e = {
			.seq = db_int(&q, 0),
			.at = db_int(&q, 1),
			.who = db_text(&q, 2),
			.source = db_text(&q, 3),
			.what = db_text(&q, 4),
			.object = db_text(&q, 5),
			.detail = db_text(&q, 6),
			.prev = db_text(&q, 7),
			.hash = db_text(&q, 8),
		};

		r = each(arg, &e);
		if (r != 0)
			break;
	}
	return r;
}

struct chain {
	int64_t seq; /* of the row looked at last */
	char head[DIGEST_SIZE];
};

static int verify_row(void *arg, const struct log_entry *e)
{
	struct chain *chain = arg;
	char hash[DIGEST_SIZE];
	int r;

	chain->seq++;
	r = hash_of(e, hash);
	if (r < 0)
		return r;
	if (e->seq != chain->seq || strcmp(e->prev, chain->head) != 0 ||
		strcmp(e->hash, hash) != 0)
		return -EBADMSG;
	memcpy(chain->head, hash, DIGEST_SIZE);
	return 0;
}

int store_log_verify(struct db_tx *tx, int64_t *ret_seq)
{
	struct chain chain = {0};
	int r = store_log_list(tx, 0, 0, verify_row, &chain);

	*ret_seq = chain.seq;
	return r;
}

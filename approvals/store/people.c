/* SPDX-License-Identifier: BSD-2-Clause */
/* People and certificates in the database. */
#include "approvals/store/people.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *kind_word(enum holder kind)
{
	return kind == HOLDER_PERSON	? "person"
	       : kind == HOLDER_BASTION ? "bastion"
					: "none";
}

int store_person_get(
	struct db_tx *tx, const char *name, struct person *ret_person)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"SELECT name, roles, state FROM person WHERE name = $1");
	db_bind_text(&q, 1, name);
	r = db_step(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_person = (struct person){
		.roles = (role_set)db_int(&q, 1) & ROLE_ALL,
		.active = strcmp(db_text(&q, 2), "active") == 0,
	};
	snprintf(ret_person->name, NAME_SIZE, "%s", db_text(&q, 0));
	return 0;
}

int store_person_put(
	struct db_tx *tx, const char *name, role_set roles, int64_t now)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"INSERT INTO person (name, roles, state, created_at) "
		"VALUES ($1, $2, 'active', $3) ON CONFLICT (name) "
		"DO UPDATE SET roles = excluded.roles, state = 'active'");
	db_bind_text(&q, 1, name);
	db_bind_int(&q, 2, roles);
	db_bind_int(&q, 3, now);
	r = db_run(&q);
	return r < 0 ? r : 0;
}

int store_person_disable(struct db_tx *tx, const char *name)
{
	_cleanup_db_query_ struct db_query q = {0};
	struct holder_of holder = {.kind = HOLDER_PERSON};
	int r;

	db_query_init(
		&q, tx, "UPDATE person SET state = 'disabled' WHERE name = $1");
	db_bind_text(&q, 1, name);
	r = db_run(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	snprintf(holder.name, NAME_SIZE, "%s", name);
	return store_certificates_revoke(tx, &holder);
}

int store_certificate_find(struct db_tx *tx, const char *fingerprint,
	int64_t now, struct holder_of *ret_holder)
{
	_cleanup_db_query_ struct db_query q = {0};
	struct holder_of holder = {0};
	int r;

	db_query_init(&q, tx,
		"SELECT kind, owner FROM certificate WHERE fingerprint = $1 "
		"AND state = 'good' AND expires_at > $2");
	db_bind_text(&q, 1, fingerprint);
	db_bind_int(&q, 2, now);
	r = db_step(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	if (strcmp(db_text(&q, 0), "person") == 0)
		holder.kind = HOLDER_PERSON;
	else if (strcmp(db_text(&q, 0), "bastion") == 0)
		holder.kind = HOLDER_BASTION;
	else
		return -ENOENT;
	snprintf(holder.name, NAME_SIZE, "%s", db_text(&q, 1));
	*ret_holder = holder;
	return 0;
}

int store_certificate_add(struct db_tx *tx, const char *fingerprint,
	const struct holder_of *holder, int64_t now, int64_t expires)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"INSERT INTO certificate (fingerprint, kind, owner, state, "
		"issued_at, expires_at) VALUES ($1, $2, $3, 'good', $4, $5)");
	db_bind_text(&q, 1, fingerprint);
	db_bind_text(&q, 2, kind_word(holder->kind));
	db_bind_text(&q, 3, holder->name);
	db_bind_int(&q, 4, now);
	db_bind_int(&q, 5, expires);
	r = db_run(&q);
	return r < 0 ? r : 0;
}

int store_certificates_revoke(struct db_tx *tx, const struct holder_of *holder)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"UPDATE certificate SET state = 'revoked' "
		"WHERE kind = $1 AND owner = $2");
	db_bind_text(&q, 1, kind_word(holder->kind));
	db_bind_text(&q, 2, holder->name);
	r = db_run(&q);
	return r < 0 ? r : 0;
}

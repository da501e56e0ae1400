/* SPDX-License-Identifier: BSD-2-Clause */
/* A seed exists in the clear for the length of one function. */
#include "approvals/desk/seeds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/sign/seal.h"
#include "approvals/store/suppliers.h"
#include "base/cleanup.h"

/* A new seed for one bastion: sealed into the database, shown in `list`. */
static int enrol_at(struct desk_tx *tx, const char *user,
	const struct bastion *b, json_t *list)
{
	_cleanup_free_ char *jwe = NULL;
	char seed[SEED_TEXT_SIZE] = "", uri[OTPAUTH_URI_SIZE] = "";
	int r;

	r = seed_make(seed);
	if (r == 0)
		r = seed_uri(
			seed, tx->service->settings.issuer, user, b->name, uri);
	if (r == 0)
		r = seal_make(
			&(struct seal){b->seal_jwk, b->name, user, seed}, &jwe);
	if (r == 0)
		r = store_enrolment_put(&tx->tx, user, b->name, jwe, tx->now);
	if (r == 0 &&
		json_array_append_new(list, json_pack("{s:s,s:s}", "bastion",
						    b->name, "uri", uri)) < 0)
		r = -ENOMEM;
	if (r == 0)
		r = desk_touch(tx, b->name);
	explicit_bzero(seed, sizeof(seed));
	explicit_bzero(uri, sizeof(uri));
	return r;
}

struct enrolling {
	struct desk_tx *tx;
	const char *user;
	json_t *list;
};

static int enrol_each(void *arg, const struct bastion *b)
{
	struct enrolling *e = arg;

	return b->enrolled ? enrol_at(e->tx, e->user, b, e->list) : 0;
}

int seeds_make(struct desk_tx *tx, const char *user, const json_t *bastions,
	json_t *list, struct refusal *ret_why)
{
	struct enrolling e = {.tx = tx, .user = user, .list = list};
	int r = 0;

	if (!bastions)
		return store_bastion_list(&tx->tx, enrol_each, &e);
	for (size_t i = 0; r == 0 && i < json_array_size(bastions); i++) {
		const char *name =
			json_string_value(json_array_get(bastions, i));
		_cleanup_bastion_ struct bastion b = {0};

		r = store_bastion_head(&tx->tx, name, &b);
		if (r == -ENOENT || (r == 0 && !b.enrolled))
			return refuse(ret_why, REFUSAL_INVALID, "bastions",
				"no bastion %s is enrolled here", name);
		if (r == 0)
			r = enrol_at(tx, user, &b, list);
	}
	return r;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Bastions: joining with a token, reporting what they have, being listed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/desk/desk.h"
#include "approvals/desk/view.h"
#include "approvals/rules/inventory.h"
#include "approvals/sign/seal.h"
#include "base/cleanup.h"
#include "json/strict.h"

#define TOKEN_MAX 128

struct joining {
	const char *token, *bastion, *csr;
	const json_t *seal;
	char hash[DIGEST_SIZE];
	char *seal_text;
};

static void joining_done(struct joining *j)
{
	free(j->seal_text);
}
#define _cleanup_joining_ __attribute__((cleanup(joining_done)))

static int read_joining(const json_t *body, struct joining *ret_joining,
	struct refusal *ret_why)
{
	struct json_reader r;
	int e;

	json_reader_init(&r, body);
	ret_joining->token = json_reader_text(&r, "token", 1, TOKEN_MAX);
	ret_joining->bastion = json_reader_text(&r, "bastion", 1, NAME_MAX_LEN);
	ret_joining->csr = json_reader_text(&r, "csr", 1, PKI_PEM_MAX);
	ret_joining->seal = json_reader_object(&r, "seal");
	if (!json_reader_done(&r))
		return refuse_reader(ret_why, &r);
	e = digest_hex(ret_joining->token, strlen(ret_joining->token),
		ret_joining->hash);
	if (e == 0)
		e = seal_key_check(
			ret_joining->seal, &ret_joining->seal_text, ret_why);
	return e;
}

/* One answer for unknown, used and expired. A token for another bastion is
 * told apart, because whoever has it may learn what it is for. */
static int check_token(
	struct desk_tx *tx, const struct joining *j, struct refusal *ret_why)
{
	char bastion[NAME_SIZE];
	int r;

	r = store_token_find(&tx->tx, j->hash, tx->now, bastion);
	if (r == -ENOENT)
		return refuse(ret_why, REFUSAL_TOKEN, "token",
			"the token is unknown, used or expired: make a new "
			"one with jump-approvals token");
	if (r == 0 && strcmp(bastion, j->bastion) != 0)
		return refuse(ret_why, REFUSAL_TOKEN, "bastion",
			"the token is for %s: is that [bastion] Id in "
			"jump.conf?",
			bastion);
	return r;
}

/* The bastion as it is from now on: older certificates end. */
static int write_bastion(struct desk_tx *tx, const struct joining *j,
	struct issued *ret_certificate, struct refusal *ret_why)
{
	const struct service *s = tx->service;
	struct holder_of holder = {.kind = HOLDER_BASTION};
	struct certificate_wish wish = {
		.name = j->bastion,
		.unit = "bastion",
		.now = tx->now,
		.days = s->settings.bastion_days,
	};
	int r;

	snprintf(holder.name, NAME_SIZE, "%s", j->bastion);
	r = authority_sign(
		s->authority, &wish, j->csr, ret_certificate, ret_why);
	if (r == 0)
		r = store_token_use(&tx->tx, j->hash, tx->now);
	if (r == 0)
		r = store_certificates_revoke(&tx->tx, &holder);
	if (r == 0)
		r = store_bastion_enrol(
			&tx->tx, j->bastion, j->seal_text, tx->now);
	if (r == 0)
		r = store_certificate_add(&tx->tx, ret_certificate->fingerprint,
			&holder, tx->now, ret_certificate->expires);
	return r;
}

static int answer_joining(const struct service *s, const struct joining *j,
	const struct issued *certificate, json_t **ret_answer)
{
	json_t *trust = NULL;
	int r = signer_public(&s->signer, &trust);

	if (r < 0)
		return r;
	*ret_answer = json_pack("{s:s,s:s,s:s,s:s,s:[o]}", "bastion",
		j->bastion, "issuer", s->settings.issuer, "certificate",
		certificate->certificate, "ca", s->ca_pem, "trust", trust);
	return *ret_answer ? 0 : -ENOMEM;
}

int desk_bastion_enrol(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_joining_ struct joining j = {0};
	_cleanup_issued_ struct issued certificate = {0};
	_cleanup_json_ json_t *answer = NULL;
	int r;

	r = read_joining(in->body, &j, ret_why);
	if (r == 0)
		r = desk_begin(s, caller, &tx);
	if (r == 0)
		r = check_token(&tx, &j, ret_why);
	if (r == 0)
		r = write_bastion(&tx, &j, &certificate, ret_why);
	if (r == 0)
		r = answer_joining(s, &j, &certificate, &answer);
	if (r == 0)
		r = desk_note(&tx, "bastion.enrol", j.bastion,
			json_pack("{s:s}", "certificate",
				certificate.fingerprint));
	if (r == 0)
		r = desk_touch(&tx, j.bastion);
	if (r == 0)
		r = desk_commit(&tx);
	if (r == 0)
		*ret_answer = TAKE_PTR(answer);
	return r;
}

/* Held against the range of uids that this service gives out. */
static int check_uids(const struct service *s, const struct policy *inventory,
	struct refusal *ret_why)
{
	if (s->settings.uid_min >= inventory->settings.uid_min &&
		s->settings.uid_max <= inventory->settings.uid_max)
		return 0;
	return refuse(ret_why, REFUSAL_POLICY, "uid_min",
		"this service gives out uids %u to %u, the bastion takes %u "
		"to %u",
		s->settings.uid_min, s->settings.uid_max,
		inventory->settings.uid_min, inventory->settings.uid_max);
}

static int keep_inventory(struct desk_tx *tx, const char *bastion,
	const json_t *body, const struct policy *inventory)
{
	_cleanup_free_ char *text =
		json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	char hash[DIGEST_SIZE];
	int r;

	if (!text)
		return -ENOMEM;
	r = digest_hex(text, strlen(text), hash);
	if (r == 0)
		r = store_bastion_inventory(&tx->tx, bastion, text, tx->now);
	if (r == 0)
		r = desk_note(tx, "inventory", bastion,
			json_pack("{s:s,s:i,s:i,s:i}", "sha256", hash, "zones",
				(int)inventory->zone_count, "targets",
				(int)inventory->target_count, "conduits",
				(int)inventory->conduit_count));
	return r;
}

int desk_inventory_put(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_policy_ struct policy inventory = {0};
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	int r;

	r = inventory_parse(in->body, &inventory, ret_why);
	if (r == 0)
		r = check_uids(s, &inventory, ret_why);
	if (r == 0)
		r = desk_begin(s, caller, &tx);
	if (r == 0)
		r = keep_inventory(
			&tx, caller->holder.name, in->body, &inventory);
	if (r == 0)
		r = desk_commit(&tx);
	if (r < 0)
		return r;
	*ret_answer =
		json_pack("{s:i,s:i,s:i}", "zones", (int)inventory.zone_count,
			"targets", (int)inventory.target_count, "conduits",
			(int)inventory.conduit_count);
	return *ret_answer ? 0 : -ENOMEM;
}

int desk_inventory_get(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_bastion_ struct bastion b = {0};
	int r;

	r = desk_begin_read(s, caller, &tx);
	if (r == 0)
		r = store_bastion_get(&tx.tx, in->id, &b);
	if (r == -ENOENT || (r == 0 && !b.inventory[0]))
		return refuse(ret_why, REFUSAL_NOT_FOUND, NULL,
			"no bastion %s has reported an inventory", in->id);
	if (r < 0)
		return r;
	*ret_answer = json_loads(b.inventory, 0, NULL);
	return *ret_answer ? 0 : -EBADMSG;
}

static int list_bastion(void *arg, const struct bastion *b)
{
	json_t *one = json_pack("{s:s,s:s}", "name", b->name, "state",
		b->enrolled ? "enrolled" : "revoked");

	if (!one)
		return -ENOMEM;
	if (b->inventory_rev && json_object_set_new(one, "inventory_at",
					view_time(b->inventory_at)) < 0) {
		json_decref(one);
		return -ENOMEM;
	}
	return json_array_append_new(arg, one) < 0 ? -ENOMEM : 0;
}

int desk_bastion_list(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_json_ json_t *list = json_array();
	int r;

	(void)in, (void)ret_why;
	r = list ? desk_begin_read(s, caller, &tx) : -ENOMEM;
	if (r == 0)
		r = store_bastion_list(&tx.tx, list_bastion, list);
	if (r < 0)
		return r;
	*ret_answer = json_pack("{s:O}", "bastions", list);
	return *ret_answer ? 0 : -ENOMEM;
}

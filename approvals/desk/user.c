/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The suppliers' users: who they are, their keys, and where they are enrolled.
 * A seed leaves here once, in the answer that made it, and is otherwise kept
 * only sealed to its bastion.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/desk/desk.h"
#include "approvals/desk/seeds.h"
#include "approvals/rules/sshkey.h"
#include "approvals/rules/text.h"
#include "approvals/store/suppliers.h"
#include "base/cleanup.h"
#include "json/strict.h"

#define BASTIONS_MAX 64

static int not_found(const char *name, struct refusal *ret_why)
{
	return refuse(ret_why, REFUSAL_NOT_FOUND, NULL,
		"no user %s is known here", name);
}

static int get_supplier(struct desk_tx *tx, const char *name,
	struct supplier *ret_supplier, struct refusal *ret_why)
{
	int r = store_supplier_get(&tx->tx, name, ret_supplier);

	return r == -ENOENT ? not_found(name, ret_why) : r;
}

/* ---- what bodies say ---- */

static const json_t *read_bastions(struct json_reader *r)
{
	const json_t *list =
		json_reader_array_opt(r, "bastions", 1, BASTIONS_MAX);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_reader_element(
			r, "bastions", list, i, 1, NAME_MAX_LEN);

		if (name && !name_valid(name))
			json_reader_fail(r, "bastions", "has one no name");
	}
	return list;
}

static const char *read_gecos(struct json_reader *r)
{
	const char *text =
		json_reader_text_opt(r, "gecos", 0, SUPPLIER_GECOS_SIZE - 1);

	if (text && (!text_plain(text) || strchr(text, ':')))
		json_reader_fail(r, "gecos",
			"has a colon or characters that do not show");
	return text ? text : "";
}

struct new_user {
	const char *name, *gecos, *key;
	const json_t *bastions;
};

static int read_user(
	const json_t *body, struct new_user *ret_user, struct refusal *ret_why)
{
	struct json_reader r;

	json_reader_init(&r, body);
	ret_user->name = json_reader_text(&r, "name", 1, NAME_MAX_LEN);
	if (ret_user->name && !name_valid(ret_user->name))
		json_reader_fail(&r, "name",
			"is no name: a-z first, then a-z, 0-9, - and _, at "
			"most 31");
	ret_user->gecos = read_gecos(&r);
	ret_user->key = json_reader_text(&r, "key", 1, SSHKEY_TEXT_MAX);
	ret_user->bastions = read_bastions(&r);
	return json_reader_done(&r) ? 0 : refuse_reader(ret_why, &r);
}

/* ---- keys ---- */

static int count_key(void *arg, const char *supplier, const char *line,
	const char *fingerprint)
{
	(void)supplier, (void)line, (void)fingerprint;
	++*(size_t *)arg;
	return 0;
}

static int add_key(struct desk_tx *tx, const char *user,
	const struct sshkey *key, struct refusal *ret_why)
{
	size_t count = 0;
	int r;

	r = store_key_list(&tx->tx, user, count_key, &count);
	if (r < 0)
		return r;
	if (count >= SUPPLIER_KEYS_MAX)
		return refuse(ret_why, REFUSAL_LIMIT, "key",
			"%s has %zu keys already", user, count);
	r = store_key_add(&tx->tx, user, key->fingerprint, key->line,
		tx->caller->holder.name, tx->now);
	if (r == -EEXIST)
		return refuse(ret_why, REFUSAL_EXISTS, "key",
			"%s is in use already: a key belongs to one person",
			key->fingerprint);
	return r;
}

/* ---- operations ---- */

static int add_user(struct desk_tx *tx, const struct new_user *u,
	const struct sshkey *key, json_t *seeds, struct refusal *ret_why)
{
	const struct approvals_settings *c = &tx->service->settings;
	uint32_t uid;
	int r;

	r = store_supplier_add(&tx->tx, u->name, u->gecos, c->uid_min,
		c->uid_max, tx->now, &uid);
	if (r == -EEXIST)
		return refuse(ret_why, REFUSAL_EXISTS, "name",
			"there is a user %s already", u->name);
	if (r == -ERANGE)
		return refuse(ret_why, REFUSAL_LIMIT, NULL,
			"all uids of the configured range were given out");
	if (r == 0)
		r = add_key(tx, u->name, key, ret_why);
	if (r == 0)
		r = seeds_make(tx, u->name, u->bastions, seeds, ret_why);
	if (r == 0)
		r = desk_note(tx, "user.add", u->name,
			json_pack("{s:I,s:s,s:s}", "uid", (json_int_t)uid,
				"key", key->fingerprint, "gecos", u->gecos));
	return r;
}

static int add_key_view(void *arg, const char *supplier, const char *line,
	const char *fingerprint)
{
	json_t *one =
		json_pack("{s:s,s:s}", "fingerprint", fingerprint, "key", line);

	(void)supplier;
	return json_array_append_new(arg, one) < 0 ? -ENOMEM : 0;
}

static int add_bastion_view(
	void *arg, const char *supplier, const char *bastion, const char *otp)
{
	json_t *one = json_pack(
		"{s:s,s:b}", "bastion", bastion, "otp", otp[0] != '\0');

	(void)supplier;
	return json_array_append_new(arg, one) < 0 ? -ENOMEM : 0;
}

static int view_user(
	struct desk_tx *tx, const struct supplier *s, json_t **ret_view)
{
	_cleanup_json_ json_t *keys = json_array(), *bastions = json_array();
	int r;

	if (!keys || !bastions)
		return -ENOMEM;
	r = store_key_list(&tx->tx, s->name, add_key_view, keys);
	if (r == 0)
		r = store_enrolment_list(
			&tx->tx, s->name, NULL, add_bastion_view, bastions);
	if (r < 0)
		return r;
	*ret_view = json_pack("{s:s,s:I,s:s,s:b,s:O,s:O}", "name", s->name,
		"uid", (json_int_t)s->uid, "gecos", s->gecos, "disabled",
		s->disabled, "keys", keys, "bastions", bastions);
	return *ret_view ? 0 : -ENOMEM;
}

/* A view of the user with the seeds that were just made. */
static int view_with_seeds(
	struct desk_tx *tx, const char *name, json_t *seeds, json_t **ret_view)
{
	_cleanup_json_ json_t *view = NULL;
	struct supplier user;
	int r;

	r = store_supplier_get(&tx->tx, name, &user);
	if (r == 0)
		r = view_user(tx, &user, &view);
	if (r == 0 && json_object_set(view, "otpauth", seeds) < 0)
		r = -ENOMEM;
	if (r == 0)
		*ret_view = TAKE_PTR(view);
	return r;
}

int desk_user_add(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_json_ json_t *seeds = json_array(), *view = NULL;
	struct new_user u;
	struct sshkey key;
	int r;

	r = seeds ? read_user(in->body, &u, ret_why) : -ENOMEM;
	if (r == 0)
		r = sshkey_parse(u.key, "key", &key, ret_why);
	if (r == 0)
		r = desk_begin(s, caller, &tx);
	if (r == 0)
		r = add_user(&tx, &u, &key, seeds, ret_why);
	if (r == 0)
		r = view_with_seeds(&tx, u.name, seeds, &view);
	if (r == 0)
		r = desk_commit(&tx);
	if (r == 0)
		*ret_answer = TAKE_PTR(view);
	return r;
}

int desk_user_get(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	struct supplier user;
	int r;

	r = desk_begin_read(s, caller, &tx);
	if (r == 0)
		r = get_supplier(&tx, in->id, &user, ret_why);
	return r < 0 ? r : view_user(&tx, &user, ret_answer);
}

struct user_listing {
	struct desk_tx *tx;
	json_t *list;
};

static int list_user(void *arg, const struct supplier *s)
{
	struct user_listing *l = arg;
	json_t *view = NULL;
	int r = view_user(l->tx, s, &view);

	if (r < 0)
		return r;
	return json_array_append_new(l->list, view) < 0 ? -ENOMEM : 0;
}

int desk_user_list(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_json_ json_t *list = json_array();
	struct user_listing l = {.tx = &tx, .list = list};
	int r;

	(void)in, (void)ret_why;
	r = list ? desk_begin_read(s, caller, &tx) : -ENOMEM;
	if (r == 0)
		r = store_supplier_list(&tx.tx, list_user, &l);
	if (r < 0)
		return r;
	*ret_answer = json_pack("{s:O}", "users", list);
	return *ret_answer ? 0 : -ENOMEM;
}

static int set_disabled(struct service *s, const struct caller *caller,
	const struct desk_input *in, bool disabled, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_json_ json_t *view = NULL;
	struct json_reader reader;
	struct supplier user;
	int r;

	json_reader_init(&reader, in->body); /* {}: nothing to say more */
	if (!json_reader_done(&reader))
		return refuse_reader(ret_why, &reader);
	r = desk_begin(s, caller, &tx);
	if (r == 0)
		r = get_supplier(&tx, in->id, &user, ret_why);
	if (r == 0)
		r = store_supplier_disable(&tx.tx, in->id, disabled);
	if (r == 0)
		r = desk_note(&tx, disabled ? "user.disable" : "user.enable",
			in->id,
			json_pack("{s:b,s:b}", "before", user.disabled, "after",
				disabled));
	if (r == 0)
		r = desk_touch_of(&tx, in->id);
	user.disabled = disabled;
	if (r == 0)
		r = view_user(&tx, &user, &view);
	if (r == 0)
		r = desk_commit(&tx);
	if (r == 0)
		*ret_answer = TAKE_PTR(view);
	return r;
}

DESK_OPERATION(desk_user_disable)
{
	return set_disabled(s, caller, in, true, ret_answer, ret_why);
}

DESK_OPERATION(desk_user_enable)
{
	return set_disabled(s, caller, in, false, ret_answer, ret_why);
}

/* The end of each change of one user: noted, its bastions told, shown. */
static int finish(struct desk_tx *tx, const char *what,
	const struct supplier *user, json_t *detail, json_t **ret_answer)
{
	_cleanup_json_ json_t *view = NULL;
	int r;

	r = desk_note(tx, what, user->name, detail);
	if (r == 0)
		r = desk_touch_of(tx, user->name);
	if (r == 0)
		r = view_user(tx, user, &view);
	if (r == 0)
		r = desk_commit(tx);
	if (r == 0)
		*ret_answer = TAKE_PTR(view);
	return r;
}

static int read_key(
	const json_t *body, struct sshkey *ret_key, struct refusal *ret_why)
{
	struct json_reader r;
	const char *text;

	json_reader_init(&r, body);
	text = json_reader_text(&r, "key", 1, SSHKEY_TEXT_MAX);
	if (!json_reader_done(&r))
		return refuse_reader(ret_why, &r);
	return sshkey_parse(text, "key", ret_key, ret_why);
}

int desk_key_add(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	struct supplier user;
	struct sshkey key;
	int r;

	r = read_key(in->body, &key, ret_why);
	if (r == 0)
		r = desk_begin(s, caller, &tx);
	if (r == 0)
		r = get_supplier(&tx, in->id, &user, ret_why);
	if (r == 0)
		r = add_key(&tx, user.name, &key, ret_why);
	if (r < 0)
		return r;
	return finish(&tx, "key.add", &user,
		json_pack("{s:s}", "key", key.fingerprint), ret_answer);
}

static int read_fingerprint(const json_t *body, const char **ret_fingerprint,
	struct refusal *ret_why)
{
	struct json_reader r;

	json_reader_init(&r, body);
	*ret_fingerprint = json_reader_text(
		&r, "fingerprint", 1, SSHKEY_FINGERPRINT_SIZE - 1);
	return json_reader_done(&r) ? 0 : refuse_reader(ret_why, &r);
}

int desk_key_remove(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	const char *fingerprint = NULL;
	struct supplier user;
	int r;

	r = read_fingerprint(in->body, &fingerprint, ret_why);
	if (r == 0)
		r = desk_begin(s, caller, &tx);
	if (r == 0)
		r = get_supplier(&tx, in->id, &user, ret_why);
	if (r == 0)
		r = store_key_remove(&tx.tx, user.name, fingerprint);
	if (r == -ENOENT)
		return refuse(ret_why, REFUSAL_NOT_FOUND, "fingerprint",
			"%s has no such key", in->id);
	if (r < 0)
		return r;
	return finish(&tx, "key.remove", &user,
		json_pack("{s:s}", "key", fingerprint), ret_answer);
}

int desk_otp_reset(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_json_ json_t *seeds = json_array(), *view = NULL;
	const json_t *bastions;
	struct json_reader reader;
	struct supplier user;
	int r;

	json_reader_init(&reader, in->body);
	bastions = read_bastions(&reader);
	if (!json_reader_done(&reader))
		return refuse_reader(ret_why, &reader);
	r = seeds ? desk_begin(s, caller, &tx) : -ENOMEM;
	if (r == 0)
		r = get_supplier(&tx, in->id, &user, ret_why);
	if (r == 0)
		r = seeds_make(&tx, user.name, bastions, seeds, ret_why);
	if (r == 0)
		r = finish(&tx, "otp.reset", &user,
			json_pack("{s:i}", "bastions",
				(int)json_array_size(seeds)),
			&view);
	if (r < 0)
		return r;
	if (json_object_set(view, "otpauth", seeds) < 0)
		return -ENOMEM;
	*ret_answer = TAKE_PTR(view);
	return 0;
}

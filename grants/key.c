/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A JWK is taken apart and put together anew from the members that we know,
 * so that no member of a file can change what libjose does with it.
 */
#include "grants/key.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/name.h"
#include "base/trusted.h"
#include "grants/base64.h"

#define KEY_FILE_MAX	 4096
#define COORDINATE_CHARS 43 /* 32 bytes in base64url */

const struct key_kind key_of_signer = {false, "ES256", "sig"};
const struct key_kind key_of_seal = {true, "ECDH-ES+A256KW", "enc"};

static void no_words(void *misc, const char *file, int line, uint64_t err,
	const char *fmt, va_list ap)
{
}

jose_cfg_t *key_quiet_cfg(void)
{
	jose_cfg_t *cfg = jose_cfg();

	if (cfg)
		jose_cfg_set_err_func(cfg, no_words, NULL);
	return cfg;
}

static const char *coordinate(struct json_reader *r, const char *field)
{
	const char *text =
		json_reader_text(r, field, COORDINATE_CHARS, COORDINATE_CHARS);
	uint8_t bytes[BASE64_ROOM(COORDINATE_CHARS)];
	size_t len;

	if (text && base64_decode(BASE64_URL, text, COORDINATE_CHARS, bytes,
			    &len) < 0)
		json_reader_fail(r, field, "is no base64url");
	explicit_bzero(bytes, sizeof(bytes));
	return text;
}

static void must_be(struct json_reader *r, const char *field,
	const char *expected, bool may_lack)
{
	const char *text = may_lack ? json_reader_text_opt(r, field, 0, 64)
				    : json_reader_text(r, field, 0, 64);

	if (text && strcmp(text, expected) != 0)
		json_reader_fail(r, field, "is not what it must be here");
}

/* A signer's key says "verify" and nothing else, if it says anything. */
static void check_operations(struct json_reader *r, const struct key_kind *kind)
{
	const json_t *ops = json_reader_array_opt(r, "key_ops", 1, 2);

	for (size_t i = 0; ops && i < json_array_size(ops); i++) {
		const char *op =
			json_reader_element(r, "key_ops", ops, i, 1, 16);
		bool right = op &&
			     (kind->is_private ? strcmp(op, "verify") != 0 &&
							 strcmp(op, "sign") != 0
					       : strcmp(op, "verify") == 0);

		if (!right)
			json_reader_fail(r, "key_ops", "names another use");
	}
}

/* The file's name without ".jwk"; false when it has another form. */
static bool kid_of_name(const char *name, char ret_kid[ID_SIZE])
{
	static const char suffix[] = ".jwk";
	size_t len = strlen(name), tail = strlen(suffix);

	if (len <= tail || len - tail >= ID_SIZE ||
		strcmp(name + len - tail, suffix) != 0)
		return false;
	memcpy(ret_kid, name, len - tail);
	ret_kid[len - tail] = '\0';
	return id_valid(ret_kid);
}

static void take_kid(struct json_reader *r, const char *name,
	const struct key_kind *kind, char ret_kid[ID_SIZE])
{
	const char *kid =
		kind->is_private
			? json_reader_text(r, "kid", 1, ID_SIZE - 1)
			: json_reader_text_opt(r, "kid", 1, ID_SIZE - 1);

	if (kind->is_private) {
		if (kid && !id_valid(kid))
			json_reader_fail(r, "kid", "is no id");
		else if (kid)
			memcpy(ret_kid, kid, strlen(kid) + 1);
	} else if (!kid_of_name(name, ret_kid) ||
		   (kid && strcmp(kid, ret_kid) != 0)) {
		json_reader_fail(r, "kid", "is not the name of the file");
	}
}

static json_t *read_key(struct json_reader *r, const char *name,
	const struct key_kind *kind, char ret_kid[ID_SIZE])
{
	const char *x, *y, *d = NULL;

	must_be(r, "kty", "EC", false);
	must_be(r, "crv", "P-256", false);
	must_be(r, "alg", kind->alg, true);
	must_be(r, "use", kind->use, true);
	check_operations(r, kind);
	take_kid(r, name, kind, ret_kid);
	x = coordinate(r, "x");
	y = coordinate(r, "y");
	if (kind->is_private)
		d = coordinate(r, "d");
	if (!json_reader_done(r))
		return NULL;
	return json_pack("{s:s,s:s,s:s,s:s,s:s*}", "kty", "EC", "crv", "P-256",
		"x", x, "y", y, "d", d);
}

/* jansson frees without wiping; its strings are wiped where they lie. */
static void wipe_member(json_t *object, const char *member)
{
	json_t *value = json_object_get(object, member);

	if (value)
		explicit_bzero((char *)json_string_value(value),
			json_string_length(value));
}

void key_done(struct key *k)
{
	wipe_member(k->jwk, "d");
	json_decref(k->jwk);
	*k = (struct key){0};
}

int key_parse(const char *bytes, size_t len, const char *name,
	const struct key_kind *kind, struct key *ret_key,
	struct fault *ret_fault)
{
	static const struct json_limits limits = {
		.max_bytes = KEY_FILE_MAX, .depth_max = 2, .values_max = 40};
	_cleanup_json_ json_t *object = NULL;
	char why[JSON_WHY_SIZE];
	struct json_reader r;
	struct key k = {0};

	if (json_strict_parse(bytes, len, &limits, &object, why) < 0)
		return fault_set(ret_fault, "key", "%s: %s", name, why);
	json_reader_init(&r, object);
	k.jwk = read_key(&r, name, kind, k.kid);
	wipe_member(object, "d");
	if (!k.jwk && json_reader_ok(&r))
		return fault_errno(ret_fault, -ENOMEM, "key");
	if (!k.jwk)
		return fault_set(ret_fault, "key", "%s: \"%s\" %s", name,
			r.field, r.why);
	*ret_key = k;
	return 0;
}

int key_load(int dirfd, const char *name, uid_t owner,
	const struct key_kind *kind, struct key *ret_key,
	struct fault *ret_fault)
{
	char *bytes = NULL;
	size_t len;
	int e = trusted_read(dirfd, name, owner, KEY_FILE_MAX, &bytes, &len);

	if (e == -ENOENT)
		return fault_set(ret_fault, "key", "%s: no such key", name);
	if (e < 0)
		return fault_set(
			ret_fault, "key", "%s: %s", name, strerrordesc_np(-e));
	e = key_parse(bytes, len, name, kind, ret_key, ret_fault);
	explicit_bzero(bytes, len);
	free(bytes);
	return e;
}

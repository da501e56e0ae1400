/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sealing through libjose, in two steps: libjose puts the ephemeral key into
 * the unprotected header, and a compact JWE has none; so the key is wrapped,
 * `epk` moved under protection, and only then the seed encrypted.
 */
#include "approvals/sign/seal.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <jose/jose.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/name.h"

#define SEED_BYTES     20
#define COORDINATE_LEN 43 /* 32 bytes in base64url */

int seed_make(char ret_seed[SEED_TEXT_SIZE])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint8_t bytes[SEED_BYTES];
	size_t out = 0;

	if (gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof(bytes)) < 0)
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i += 5) {
		uint64_t bits = 0;

		for (size_t j = 0; j < 5; j++)
			bits = bits << 8 | bytes[i + j];
		for (int shift = 35; shift >= 0; shift -= 5)
			ret_seed[out++] = alphabet[(bits >> shift) & 31];
		explicit_bzero(&bits, sizeof(bits));
	}
	ret_seed[out] = '\0';
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

/* Issuer, user and bastion are names: nothing in them needs escaping. */
int seed_uri(const char *seed, const char *issuer, const char *user,
	const char *bastion, char ret_uri[OTPAUTH_URI_SIZE])
{
	int n;

	if (!name_valid(issuer) || !name_valid(user) || !name_valid(bastion))
		return -EINVAL;
	n = snprintf(ret_uri, OTPAUTH_URI_SIZE,
		"otpauth://totp/%s:%s@%s?secret=%s&issuer=%s"
		"&algorithm=SHA1&digits=6&period=30",
		issuer, user, bastion, seed, issuer);
	return n > 0 && n < OTPAUTH_URI_SIZE ? 0 : -ENAMETOOLONG;
}

static void check_coordinate(struct json_reader *r, const char *field)
{
	const char *text =
		json_reader_text(r, field, COORDINATE_LEN, COORDINATE_LEN);

	if (text && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				 "nopqrstuvwxyz0123456789-_") != COORDINATE_LEN)
		json_reader_fail(r, field, "is no base64url");
}

static void check_word(struct json_reader *r, const char *field,
	const char *expected, bool required)
{
	const char *text = required ? json_reader_text(r, field, 1, 32)
				    : json_reader_text_opt(r, field, 1, 32);

	if (text && strcmp(text, expected) != 0)
		json_reader_fail(r, field, "is another kind of key");
}

/* Does libjose take the point? An exchange with it tells. */
static bool point_on_curve(const json_t *jwk)
{
	_cleanup_json_ json_t *own =
		json_pack("{s:s,s:s}", "kty", "EC", "crv", "P-256");
	_cleanup_json_ json_t *point = json_pack("{s:s,s:s,s:O,s:O}", "kty",
		"EC", "crv", "P-256", "x", json_object_get(jwk, "x"), "y",
		json_object_get(jwk, "y"));
	_cleanup_json_ json_t *shared = NULL;

	if (!own || !point || !jose_jwk_gen(NULL, own))
		return false;
	shared = jose_jwk_exc(NULL, own, point);
	return shared != NULL;
}

int seal_key_check(const json_t *jwk, char **ret_text, struct refusal *ret_why)
{
	struct json_reader r;
	const char *kid;
	char *text;

	json_reader_init(&r, jwk);
	check_word(&r, "kty", "EC", true);
	check_word(&r, "crv", "P-256", true);
	check_coordinate(&r, "x");
	check_coordinate(&r, "y");
	check_word(&r, "alg", "ECDH-ES+A256KW", false);
	check_word(&r, "use", "enc", false);
	kid = json_reader_text(&r, "kid", 1, ID_SIZE - 1);
	if (kid && !id_valid(kid))
		json_reader_fail(&r, "kid", "is no id");
	if (!json_reader_done(&r))
		return refuse(ret_why, REFUSAL_MALFORMED, "seal",
			"the sealing key: %s %s", r.field, r.why);
	if (!point_on_curve(jwk))
		return refuse(ret_why, REFUSAL_INVALID, "seal",
			"the sealing key is no point of its curve");
	text = json_dumps(jwk, JSON_COMPACT | JSON_SORT_KEYS);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

/* The key wrapped, all of the header protected. */
static int wrap(const json_t *key, json_t *cek, json_t **ret_jwe)
{
	_cleanup_json_ json_t *jwe = json_pack("{s:{s:s,s:s,s:s,s:O}}",
		"protected", "alg", "ECDH-ES+A256KW", "enc", "A256GCM", "typ",
		"jump-seed+jwe", "kid", json_object_get(key, "kid"));
	json_t *epk;

	if (!jwe)
		return -ENOMEM;
	if (!jose_jwe_enc_jwk(NULL, jwe, NULL, key, cek))
		return -EIO;
	epk = json_object_get(json_object_get(jwe, "header"), "epk");
	if (!epk || json_object_size(json_object_get(jwe, "header")) != 1 ||
		json_object_set(json_object_get(jwe, "protected"), "epk", epk))
		return -EIO;
	json_object_del(jwe, "header");
	*ret_jwe = json_incref(jwe);
	return 0;
}

static const char *part(const json_t *jwe, const char *member)
{
	const char *text = json_string_value(json_object_get(jwe, member));

	return text ? text : "";
}

static int join(const json_t *jwe, char **ret_text)
{
	if (!part(jwe, "protected")[0] || !part(jwe, "encrypted_key")[0] ||
		!part(jwe, "iv")[0] || !part(jwe, "ciphertext")[0] ||
		!part(jwe, "tag")[0])
		return -EIO;
	if (asprintf(ret_text, "%s.%s.%s.%s.%s", part(jwe, "protected"),
		    part(jwe, "encrypted_key"), part(jwe, "iv"),
		    part(jwe, "ciphertext"), part(jwe, "tag")) < 0)
		return -ENOMEM;
	return 0;
}

/* The plaintext; every part of it is a name or base 32. */
static int format_seed(const struct seal *s, char *ret_text, size_t size)
{
	int n;

	if (!name_valid(s->bastion) || !name_valid(s->user) ||
		strlen(s->seed) != SEED_TEXT_SIZE - 1)
		return -EINVAL;
	n = snprintf(ret_text, size,
		"{\"v\":1,\"bastion\":\"%s\",\"user\":\"%s\","
		"\"alg\":\"totp-sha1\",\"digits\":6,\"period\":30,"
		"\"secret\":\"%s\"}",
		s->bastion, s->user, s->seed);
	return n > 0 && (size_t)n < size ? n : -ENAMETOOLONG;
}

int seal_make(const struct seal *seal, char **ret_jwe)
{
	_cleanup_json_ json_t *key = json_loads(seal->key, 0, NULL);
	_cleanup_json_ json_t *cek = json_object();
	_cleanup_json_ json_t *jwe = NULL;
	char text[256];
	int n, r;

	if (!key || !cek)
		return -EBADMSG;
	r = wrap(key, cek, &jwe);
	if (r < 0)
		return r;
	n = format_seed(seal, text, sizeof(text));
	r = n < 0 ? n
		  : (jose_jwe_enc_cek(NULL, jwe, cek, text, (size_t)n)
				    ? join(jwe, ret_jwe)
				    : -EIO);
	explicit_bzero(text, sizeof(text));
	return r;
}

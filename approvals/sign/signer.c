/* SPDX-License-Identifier: BSD-2-Clause */
/* The signing key through libjose. */
#include "approvals/sign/signer.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <jose/jose.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "json/strict.h"

void signer_done(struct signer *s)
{
	json_decref(s->key);
	*s = (struct signer){0};
}

/* From the thumbprint (RFC 7638), in digits that look well in file names. */
static int set_kid(struct signer *s)
{
	_cleanup_json_ json_t *thumbprint = jose_jwk_thp(NULL, s->key, "S256");
	const char *text = json_string_value(thumbprint);
	uint8_t digest[32];

	if (!text || gnutls_hash_fast(
			     GNUTLS_DIG_SHA256, text, strlen(text), digest) < 0)
		return -EIO;
	snprintf(s->kid, sizeof(s->kid), "jump-%02x%02x%02x%02x%02x%02x",
		digest[0], digest[1], digest[2], digest[3], digest[4],
		digest[5]);
	return 0;
}

int signer_make(struct signer *ret_signer)
{
	_cleanup_signer_ struct signer s = {
		.key = json_pack("{s:s,s:s}", "kty", "EC", "crv", "P-256")};
	int r;

	if (!s.key)
		return -ENOMEM;
	if (!jose_jwk_gen(NULL, s.key))
		return -EIO;
	r = set_kid(&s);
	if (r < 0)
		return r;
	*ret_signer = s;
	s.key = NULL;
	return 0;
}

int signer_format(const struct signer *s, char **ret_text)
{
	_cleanup_json_ json_t *copy = json_copy(s->key);
	char *text;

	if (!copy || json_object_set_new(copy, "kid", json_string(s->kid)))
		return -ENOMEM;
	text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

static bool member_is(const json_t *key, const char *member, const char *value)
{
	const char *text = json_string_value(json_object_get(key, member));

	return text && strcmp(text, value) == 0;
}

int signer_parse(const char *text, size_t len, struct signer *ret_signer)
{
	static const struct json_limits limits = {
		.max_bytes = SIGNER_FILE_MAX, .depth_max = 1};
	_cleanup_signer_ struct signer s = {0};
	const char *kid;
	int r;

	r = json_strict_parse(text, len, &limits, &s.key, NULL);
	if (r < 0)
		return r;
	kid = json_string_value(json_object_get(s.key, "kid"));
	if (!kid || !id_valid(kid) || !member_is(s.key, "kty", "EC") ||
		!member_is(s.key, "crv", "P-256") ||
		!json_is_string(json_object_get(s.key, "d")))
		return -EBADMSG;
	snprintf(s.kid, sizeof(s.kid), "%s", kid);
	json_object_del(s.key, "kid");
	*ret_signer = s;
	s.key = NULL;
	return 0;
}

int signer_public(const struct signer *s, json_t **ret_jwk)
{
	json_t *jwk = json_pack("{s:s,s:s,s:O,s:O,s:s,s:s,s:s}", "kty", "EC",
		"crv", "P-256", "x", json_object_get(s->key, "x"), "y",
		json_object_get(s->key, "y"), "alg", "ES256", "use", "sig",
		"kid", s->kid);

	if (!jwk)
		return -ENOMEM;
	*ret_jwk = jwk;
	return 0;
}

static int join(const json_t *jws, char **ret_text)
{
	const char *header, *payload, *signature;

	header = json_string_value(json_object_get(jws, "protected"));
	payload = json_string_value(json_object_get(jws, "payload"));
	signature = json_string_value(json_object_get(jws, "signature"));
	if (!header || !payload || !signature)
		return -EIO;
	if (asprintf(ret_text, "%s.%s.%s", header, payload, signature) < 0)
		return -ENOMEM;
	return 0;
}

int signer_sign(
	const struct signer *s, const void *payload, size_t len, char **ret_jws)
{
	_cleanup_json_ json_t *jws = json_object();
	_cleanup_json_ json_t *signature =
		json_pack("{s:{s:s,s:s,s:s}}", "protected", "alg", "ES256",
			"kid", s->kid, "typ", "jump-snapshot+jws");
	json_t *text = jose_b64_enc(payload, len);

	if (!jws || !signature || !text ||
		json_object_set_new(jws, "payload", text))
		return -ENOMEM;
	if (!jose_jws_sig(NULL, jws, signature, s->key))
		return -EIO;
	return join(jws, ret_jws);
}

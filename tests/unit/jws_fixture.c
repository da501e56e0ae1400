/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenSSL's own encodings, taken apart into JOSE's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include "base/cleanup.h"
#include "tests/unit/jws_fixture.h"

char *base64url(const void *bytes, size_t len)
{
	char *text = calloc(1, 4 * (len / 3 + 1) + 1);
	int n = EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);

	while (n > 0 && text[n - 1] == '=')
		text[--n] = '\0';
	for (char *c = text; *c; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	return text;
}

EVP_PKEY *signer_new(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);

	assert_non_null(key);
	return key;
}

static char *coordinate(EVP_PKEY *key, const char *name)
{
	unsigned char bytes[32];
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
	assert_int_equal(BN_bn2binpad(n, bytes, sizeof(bytes)), 32);
	BN_free(n);
	return base64url(bytes, sizeof(bytes));
}

char *signer_jwk(EVP_PKEY *key, const char *more)
{
	_cleanup_free_ char *x = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X);
	_cleanup_free_ char *y = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y);
	char *jwk = NULL;

	assert_true(asprintf(&jwk,
			    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\","
			    "\"y\":\"%s\"%s}",
			    x, y, more) > 0);
	return jwk;
}

/* DER to R and S of 32 bytes each. */
static char *raw_signature(const unsigned char *der, size_t len)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	unsigned char raw[64];

	assert_non_null(sig);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32), 32);
	ECDSA_SIG_free(sig);
	return base64url(raw, sizeof(raw));
}

char *signer_sign(EVP_PKEY *key, const char *header, const char *payload)
{
	_cleanup_free_ char *head = base64url(header, strlen(header));
	_cleanup_free_ char *body = base64url(payload, strlen(payload));
	_cleanup_free_ char *input = NULL;
	_cleanup_free_ char *signature = NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char der[128];
	size_t der_len = sizeof(der);
	char *text = NULL;

	assert_true(asprintf(&input, "%s.%s", head, body) > 0);
	assert_int_equal(
		EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &der_len,
				 (const unsigned char *)input, strlen(input)),
		1);
	EVP_MD_CTX_free(ctx);
	signature = raw_signature(der, der_len);
	assert_true(asprintf(&text, "%s.%s", input, signature) > 0);
	return text;
}

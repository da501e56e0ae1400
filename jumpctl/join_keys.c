/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and certificates of a bastion, through libcrypto and libjose. */
#include <errno.h>
#include <jose/jose.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "json/strict.h"
#include "jumpctl/join.h"

#define TOKEN_CA_BYTES 20
#define TOKEN_CA_TEXT  32

static void cleanup_pkey(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}
static void cleanup_bio(BIO **b)
{
	BIO_free_all(*b);
}
static void cleanup_x509(X509 **x)
{
	X509_free(*x);
}
static void cleanup_req(X509_REQ **r)
{
	X509_REQ_free(*r);
}
#define _cleanup_pkey_ _cleanup_(cleanup_pkey)
#define _cleanup_bio_  _cleanup_(cleanup_bio)
#define _cleanup_x509_ _cleanup_(cleanup_x509)
#define _cleanup_req_  _cleanup_(cleanup_req)

static char *bio_text(BIO *bio)
{
	char *bytes = NULL;
	long len = BIO_get_mem_data(bio, &bytes);

	return len > 0 && len < JOIN_PEM_MAX ? strndup(bytes, (size_t)len)
					     : NULL;
}

static X509_REQ *make_request(EVP_PKEY *key, const char *name)
{
	_cleanup_req_ X509_REQ *req = X509_REQ_new();
	X509_NAME *subject = req ? X509_REQ_get_subject_name(req) : NULL;

	if (!subject || !X509_REQ_set_version(req, X509_REQ_VERSION_1) ||
		!X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
			(const unsigned char *)name, -1, -1, 0) ||
		!X509_REQ_set_pubkey(req, key) ||
		!X509_REQ_sign(req, key, EVP_sha256()))
		return NULL;
	return TAKE_PTR(req);
}

int join_make_tls_key(const char *name, char **ret_key, char **ret_request)
{
	_cleanup_pkey_ EVP_PKEY *key = EVP_EC_gen("P-256");
	_cleanup_req_ X509_REQ *req = key ? make_request(key, name) : NULL;
	/* secmem: wiped when it is freed */
	_cleanup_bio_ BIO *key_bio = BIO_new(BIO_s_secmem());
	_cleanup_bio_ BIO *req_bio = BIO_new(BIO_s_mem());
	_cleanup_free_ char *request = NULL;

	if (!req || !key_bio || !req_bio ||
		!PEM_write_bio_PKCS8PrivateKey(
			key_bio, key, NULL, NULL, 0, NULL, NULL) ||
		!PEM_write_bio_X509_REQ(req_bio, req))
		return -EIO;
	request = bio_text(req_bio);
	if (!request)
		return -ENOMEM;
	*ret_key = bio_text(key_bio);
	if (!*ret_key)
		return -ENOMEM;
	*ret_request = TAKE_PTR(request);
	return 0;
}

/* "seal-" and half of the thumbprint's digest. */
static int seal_kid(const json_t *key, char *ret_kid, size_t size)
{
	_cleanup_json_ json_t *thumbprint = jose_jwk_thp(NULL, key, "S256");
	const char *text = json_string_value(thumbprint);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!text || !EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(),
			     NULL))
		return -EIO;
	snprintf(ret_kid, size, "seal-%02x%02x%02x%02x%02x%02x", digest[0],
		digest[1], digest[2], digest[3], digest[4], digest[5]);
	return 0;
}

int join_make_seal_key(char **ret_private, json_t **ret_public)
{
	_cleanup_json_ json_t *key =
		json_pack("{s:s,s:s}", "kty", "EC", "crv", "P-256");
	_cleanup_json_ json_t *public = NULL;
	char kid[32];
	char *text;
	int r;

	if (!key || !jose_jwk_gen(NULL, key))
		return -EIO;
	r = seal_kid(key, kid, sizeof(kid));
	if (r < 0)
		return r;
	if (json_object_set_new(key, "kid", json_string(kid)) < 0)
		return -ENOMEM;
	public = json_pack("{s:s,s:s,s:O,s:O,s:s}", "kty", "EC", "crv", "P-256",
		"x", json_object_get(key, "x"), "y", json_object_get(key, "y"),
		"kid", kid);
	text = json_dumps(key, JSON_COMPACT | JSON_SORT_KEYS);
	if (!public || !text) {
		free(text);
		return -ENOMEM;
	}
	*ret_private = text;
	*ret_public = TAKE_PTR(public);
	return 0;
}

static X509 *read_certificate(const char *pem)
{
	_cleanup_bio_ BIO *bio = BIO_new_mem_buf(pem, -1);

	return bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
}

static void base32(const unsigned char *bytes, char *ret_text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	for (size_t i = 0; i < TOKEN_CA_BYTES; i += 5) {
		unsigned long long bits = 0;

		for (size_t j = 0; j < 5; j++)
			bits = bits << 8 | bytes[i + j];
		for (int shift = 35; shift >= 0; shift -= 5)
			*ret_text++ = alphabet[(bits >> shift) & 31];
	}
	*ret_text = '\0';
}

bool join_ca_matches(const char *ca_pem, const char *token)
{
	_cleanup_x509_ X509 *ca = read_certificate(ca_pem);
	const char *part = strrchr(token, '-');
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[TOKEN_CA_TEXT + 1];
	unsigned len = 0;

	if (!ca || !part || strlen(part + 1) != TOKEN_CA_TEXT ||
		!X509_digest(ca, EVP_sha256(), digest, &len) ||
		len < TOKEN_CA_BYTES)
		return false;
	base32(digest, text);
	return strcmp(part + 1, text) == 0;
}

bool join_certificate_good(
	const char *certificate, const char *key, const char *ca_pem)
{
	_cleanup_x509_ X509 *crt = read_certificate(certificate);
	_cleanup_x509_ X509 *ca = read_certificate(ca_pem);
	_cleanup_bio_ BIO *bio = BIO_new_mem_buf(key, -1);
	_cleanup_pkey_ EVP_PKEY *own = NULL;
	EVP_PKEY *ca_key = ca ? X509_get0_pubkey(ca) : NULL;

	if (bio)
		own = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	return crt && own && ca_key && X509_check_private_key(crt, own) == 1 &&
	       X509_verify(crt, ca_key) == 1;
}

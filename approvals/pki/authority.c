/* SPDX-License-Identifier: BSD-2-Clause */
/* The authority through GnuTLS, which the service's TLS is made of as well. */
#include "approvals/pki/authority.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define SERIAL_BYTES 16
#define BACKDATE_SEC 300 /* clocks of bastions are not ours */
#define DAY_SEC	     86400LL

struct authority {
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
};

static void cleanup_crt(gnutls_x509_crt_t *c)
{
	if (*c)
		gnutls_x509_crt_deinit(*c);
}
static void cleanup_crq(gnutls_x509_crq_t *c)
{
	if (*c)
		gnutls_x509_crq_deinit(*c);
}
static void cleanup_key(gnutls_x509_privkey_t *k)
{
	if (*k)
		gnutls_x509_privkey_deinit(*k);
}
static void cleanup_pubkey(gnutls_pubkey_t *k)
{
	if (*k)
		gnutls_pubkey_deinit(*k);
}
static void cleanup_datum(gnutls_datum_t *d)
{
	gnutls_free(d->data);
}
#define _cleanup_crt_	 _cleanup_(cleanup_crt)
#define _cleanup_crq_	 _cleanup_(cleanup_crq)
#define _cleanup_key_	 _cleanup_(cleanup_key)
#define _cleanup_pubkey_ _cleanup_(cleanup_pubkey)
#define _cleanup_datum_	 _cleanup_(cleanup_datum)

void authority_close(struct authority *a)
{
	if (!a)
		return;
	cleanup_crt(&a->certificate);
	cleanup_key(&a->key);
	free(a);
}

void issued_done(struct issued *i)
{
	if (i->key)
		explicit_bzero(i->key, strlen(i->key));
	free(i->key);
	free(i->certificate);
	*i = (struct issued){0};
}

static gnutls_datum_t datum_of(const char *text)
{
	return (gnutls_datum_t){
		.data = (unsigned char *)text, .size = (unsigned)strlen(text)};
}

int certificate_fingerprint_der(
	const void *der, size_t len, char ret_fingerprint[PKI_FINGERPRINT_SIZE])
{
	uint8_t digest[32];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, der, len, digest) < 0)
		return -EIO;
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret_fingerprint + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

static int fingerprint_of(
	gnutls_x509_crt_t crt, char ret_fingerprint[PKI_FINGERPRINT_SIZE])
{
	_cleanup_datum_ gnutls_datum_t der = {0};

	if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der) < 0)
		return -EIO;
	return certificate_fingerprint_der(der.data, der.size, ret_fingerprint);
}

int certificate_fingerprint(
	const char *pem, char ret_fingerprint[PKI_FINGERPRINT_SIZE])
{
	_cleanup_crt_ gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t text = datum_of(pem);

	if (gnutls_x509_crt_init(&crt) < 0)
		return -ENOMEM;
	if (gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_PEM) < 0)
		return -EBADMSG;
	return fingerprint_of(crt, ret_fingerprint);
}

static int make_key(gnutls_x509_privkey_t *ret_key)
{
	_cleanup_key_ gnutls_x509_privkey_t key = NULL;

	if (gnutls_x509_privkey_init(&key) < 0)
		return -ENOMEM;
	if (gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) < 0)
		return -EIO;
	*ret_key = TAKE_PTR(key);
	return 0;
}

static int export_key(gnutls_x509_privkey_t key, char **ret_pem)
{
	gnutls_datum_t pem = {0};
	char *text;

	if (gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
		    GNUTLS_PKCS_PLAIN, &pem) < 0)
		return -EIO;
	text = strndup((const char *)pem.data, pem.size);
	explicit_bzero(pem.data, pem.size);
	gnutls_free(pem.data);
	if (!text)
		return -ENOMEM;
	*ret_pem = text;
	return 0;
}

/* What all our certificates have: version, serial, times, key, ids. */
static int fill_common(gnutls_x509_crt_t crt, int64_t now, unsigned days)
{
	uint8_t serial[SERIAL_BYTES], id[20];
	size_t id_size = sizeof(id);
	int r;

	r = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, full length */
	if (r >= 0)
		r = gnutls_x509_crt_set_version(crt, 3);
	if (r >= 0)
		r = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	if (r >= 0)
		r = gnutls_x509_crt_set_activation_time(
			crt, (time_t)(now - BACKDATE_SEC));
	if (r >= 0)
		r = gnutls_x509_crt_set_expiration_time(
			crt, (time_t)(now + days * DAY_SEC));
	if (r >= 0)
		r = gnutls_x509_crt_get_key_id(crt, 0, id, &id_size);
	if (r >= 0)
		r = gnutls_x509_crt_set_subject_key_id(crt, id, id_size);
	return r < 0 ? -EIO : 0;
}

static int set_subject(
	gnutls_x509_crt_t crt, const char *name, const char *unit)
{
	int r;

	r = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
		name, (unsigned)strlen(name));
	if (r >= 0 && unit)
		r = gnutls_x509_crt_set_dn_by_oid(crt,
			GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME, 0, unit,
			(unsigned)strlen(unit));
	return r < 0 ? -EIO : 0;
}

static int take_result(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key,
	int64_t expires, struct issued *ret_issued)
{
	_cleanup_issued_ struct issued i = {.expires = expires};
	_cleanup_datum_ gnutls_datum_t pem = {0};
	int r;

	if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem) < 0)
		return -EIO;
	i.certificate = strndup((const char *)pem.data, pem.size);
	if (!i.certificate)
		return -ENOMEM;
	r = key ? export_key(key, &i.key) : 0;
	if (r == 0)
		r = fingerprint_of(crt, i.fingerprint);
	if (r < 0)
		return r;
	*ret_issued = i;
	i = (struct issued){0};
	return 0;
}

int authority_make(
	const char *name, int64_t now, unsigned days, struct issued *ret_ca)
{
	_cleanup_crt_ gnutls_x509_crt_t crt = NULL;
	_cleanup_key_ gnutls_x509_privkey_t key = NULL;
	int r;

	r = make_key(&key);
	if (r < 0)
		return r;
	if (gnutls_x509_crt_init(&crt) < 0 ||
		gnutls_x509_crt_set_key(crt, key) < 0)
		return -ENOMEM;
	r = fill_common(crt, now, days);
	if (r == 0)
		r = set_subject(crt, name, NULL);
	if (r < 0)
		return r;
	if (gnutls_x509_crt_set_basic_constraints(crt, 1, 0) < 0 ||
		gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN) <
			0 ||
		gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) < 0)
		return -EIO;
	return take_result(crt, key, now + days * DAY_SEC, ret_ca);
}

static bool belong_together(const struct authority *a)
{
	uint8_t of_crt[20], of_key[20];
	size_t crt_size = sizeof(of_crt), key_size = sizeof(of_key);

	return gnutls_x509_crt_get_key_id(
		       a->certificate, 0, of_crt, &crt_size) >= 0 &&
	       gnutls_x509_privkey_get_key_id(a->key, 0, of_key, &key_size) >=
		       0 &&
	       crt_size == key_size && memcmp(of_crt, of_key, crt_size) == 0;
}

int authority_open(const char *certificate, const char *key,
	struct authority **ret_authority)
{
	_cleanup_authority_ struct authority *a = calloc(1, sizeof(*a));
	gnutls_datum_t crt_text = datum_of(certificate);
	gnutls_datum_t key_text = datum_of(key);

	if (!a || gnutls_x509_crt_init(&a->certificate) < 0 ||
		gnutls_x509_privkey_init(&a->key) < 0)
		return -ENOMEM;
	if (gnutls_x509_crt_import(
		    a->certificate, &crt_text, GNUTLS_X509_FMT_PEM) < 0 ||
		gnutls_x509_privkey_import2(
			a->key, &key_text, GNUTLS_X509_FMT_PEM, NULL, 0) < 0)
		return -EBADMSG;
	if (gnutls_x509_crt_get_ca_status(a->certificate, NULL) <= 0 ||
		!belong_together(a))
		return -EBADMSG;
	*ret_authority = TAKE_PTR(a);
	return 0;
}

static int set_name(gnutls_x509_crt_t crt, const char *name)
{
	uint8_t address[16];
	int r;

	if (inet_pton(AF_INET, name, address) == 1)
		r = gnutls_x509_crt_set_subject_alt_name(crt,
			GNUTLS_SAN_IPADDRESS, address, 4, GNUTLS_FSAN_APPEND);
	else if (inet_pton(AF_INET6, name, address) == 1)
		r = gnutls_x509_crt_set_subject_alt_name(crt,
			GNUTLS_SAN_IPADDRESS, address, 16, GNUTLS_FSAN_APPEND);
	else
		r = gnutls_x509_crt_set_subject_alt_name(crt,
			GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name),
			GNUTLS_FSAN_APPEND);
	return r < 0 ? -EIO : 0;
}

static int set_purpose(
	gnutls_x509_crt_t crt, const struct certificate_wish *wish)
{
	int r;

	r = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	if (r >= 0)
		r = gnutls_x509_crt_set_key_usage(
			crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (r >= 0)
		r = gnutls_x509_crt_set_key_purpose_oid(crt,
			wish->names ? GNUTLS_KP_TLS_WWW_SERVER
				    : GNUTLS_KP_TLS_WWW_CLIENT,
			0);
	return r < 0 ? -EIO : 0;
}

/* The certificate for whatever key was set in it, signed. */
static int sign_for(const struct authority *a,
	const struct certificate_wish *wish, gnutls_x509_crt_t crt)
{
	uint8_t id[20];
	size_t id_size = sizeof(id);
	int r;

	r = fill_common(crt, wish->now, wish->days);
	if (r == 0)
		r = set_subject(crt, wish->name, wish->unit);
	if (r == 0)
		r = set_purpose(crt, wish);
	for (size_t i = 0; r == 0 && wish->names && wish->names[i]; i++)
		r = set_name(crt, wish->names[i]);
	if (r < 0)
		return r;
	if (gnutls_x509_crt_get_key_id(a->certificate, 0, id, &id_size) < 0 ||
		gnutls_x509_crt_set_authority_key_id(crt, id, id_size) < 0 ||
		gnutls_x509_crt_sign2(
			crt, a->certificate, a->key, GNUTLS_DIG_SHA256, 0) < 0)
		return -EIO;
	return 0;
}

int authority_issue(const struct authority *a,
	const struct certificate_wish *wish, struct issued *ret_issued)
{
	_cleanup_crt_ gnutls_x509_crt_t crt = NULL;
	_cleanup_key_ gnutls_x509_privkey_t key = NULL;
	int r;

	r = make_key(&key);
	if (r < 0)
		return r;
	if (gnutls_x509_crt_init(&crt) < 0 ||
		gnutls_x509_crt_set_key(crt, key) < 0)
		return -ENOMEM;
	r = sign_for(a, wish, crt);
	if (r < 0)
		return r;
	return take_result(
		crt, key, wish->now + wish->days * DAY_SEC, ret_issued);
}

static bool is_p256(gnutls_pubkey_t key)
{
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;

	return gnutls_pubkey_export_ecc_raw(key, &curve, NULL, NULL) >= 0 &&
	       curve == GNUTLS_ECC_CURVE_SECP256R1;
}

/* Only the public key crosses over, by way of an object of its own. */
static int take_key(
	const char *request, gnutls_pubkey_t key, struct refusal *ret_why)
{
	_cleanup_crq_ gnutls_x509_crq_t crq = NULL;
	gnutls_datum_t text = datum_of(request);

	if (gnutls_x509_crq_init(&crq) < 0)
		return -ENOMEM;
	if (text.size > PKI_PEM_MAX ||
		gnutls_x509_crq_import(crq, &text, GNUTLS_X509_FMT_PEM) < 0 ||
		gnutls_pubkey_import_x509_crq(key, crq, 0) < 0)
		return refuse(ret_why, REFUSAL_MALFORMED, "csr",
			"the certificate request can't be read");
	if (!is_p256(key))
		return refuse(ret_why, REFUSAL_INVALID, "csr",
			"the key must be one of P-256");
	if (gnutls_x509_crq_verify(crq, 0) < 0)
		return refuse(ret_why, REFUSAL_INVALID, "csr",
			"the request is not signed by its own key");
	return 0;
}

int authority_sign(const struct authority *a,
	const struct certificate_wish *wish, const char *request,
	struct issued *ret_issued, struct refusal *ret_why)
{
	_cleanup_crt_ gnutls_x509_crt_t crt = NULL;
	_cleanup_pubkey_ gnutls_pubkey_t key = NULL;
	int r;

	if (gnutls_pubkey_init(&key) < 0 || gnutls_x509_crt_init(&crt) < 0)
		return -ENOMEM;
	r = take_key(request, key, ret_why);
	if (r < 0)
		return r;
	if (gnutls_x509_crt_set_pubkey(crt, key) < 0)
		return -EIO;
	r = sign_for(a, wish, crt);
	if (r < 0)
		return r;
	return take_result(
		crt, NULL, wish->now + wish->days * DAY_SEC, ret_issued);
}

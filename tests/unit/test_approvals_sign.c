/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the service signs, seals and certifies, checked from the other side:
 * signatures and seals opened by libjose alone, certificates by GnuTLS's
 * chain verification, payloads by a JSON parser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <jose/jose.h>
#include <stdlib.h>
#include <time.h>

#include "approvals/pki/authority.h"
#include "approvals/sign/issue.h"
#include "approvals/sign/seal.h"
#include "approvals/sign/signer.h"
#include "base/cleanup.h"
#include "json/strict.h"

#define NOW	 1795464000
#define OK(call) assert_int_equal(call, 0)

static const char *const keys[] = {"ssh-ed25519 AAAA", "ssh-rsa BBBB"};
static const char *const approvers[] = {"anna", "bert"};

static struct issue_head head(void)
{
	return (struct issue_head){"approvals", "bastion1", NOW, NOW + 3600, 7};
}

static struct issue_user user(const char *name)
{
	return (struct issue_user){.name = name,
		.uid = 1900000000,
		.gecos = "Tech \"One\" \\ Åke",
		.key_count = 2,
		.keys = keys,
		.otp = "a.b.c.d.e"};
}

static struct issue_grant grant(const char *id)
{
	return (struct issue_grant){.id = id,
		.user = "acme-tech1",
		.targets = "hmi-1 plc-gw",
		.protocols = "ssh rdp",
		.account = "maint",
		.not_before = NOW,
		.not_after = NOW + 3600,
		.approver_count = 2,
		.approvers = approvers,
		.ticket = "CHG-1",
		.record = RECORD_REQUIRED,
		.files = FILES_UP,
		.sources = "192.0.2.0/24"};
}

static json_t *payload_of(struct issue *w)
{
	_cleanup_free_ char *text = NULL;
	json_t *json;
	size_t len = 0;

	if (issue_end(w, &text, &len) < 0)
		return NULL;
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	return json;
}

static void test_payload(void **state)
{
	_cleanup_issue_ struct issue w = {0};
	_cleanup_json_ json_t *got = NULL, *expected = NULL;
	struct issue_head h = head();
	struct issue_user u = user("acme-tech1");
	struct issue_grant g = grant("G1");

	(void)state;
	OK(issue_begin(&w, &h));
	issue_user(&w, &u);
	issue_grants_begin(&w);
	issue_grant(&w, &g);
	got = payload_of(&w);
	expected = json_pack(
		"{s:i,s:s,s:s,s:i,s:i,s:i,"
		"s:[{s:s,s:I,s:s,s:b,s:[ss],s:s}],"
		"s:[{s:s,s:s,s:[ss],s:[ss],s:s,s:i,s:i,s:b,s:[ss],s:s,s:s,"
		"s:[s],s:[s]}]}",
		"v", 1, "iss", "approvals", "aud", "bastion1", "iat", NOW,
		"exp", NOW + 3600, "serial", 7, "users", "name", "acme-tech1",
		"uid", (json_int_t)1900000000, "gecos", "Tech \"One\" \\ Åke",
		"disabled", 0, "keys", "ssh-ed25519 AAAA", "ssh-rsa BBBB",
		"otp", "a.b.c.d.e", "grants", "id", "G1", "user", "acme-tech1",
		"targets", "hmi-1", "plc-gw", "protocols", "ssh", "rdp",
		"account", "maint", "not_before", NOW, "not_after", NOW + 3600,
		"revoked", 0, "approved_by", "anna", "bert", "ticket", "CHG-1",
		"record", "required", "files", "up", "sources", "192.0.2.0/24");
	assert_non_null(got);
	assert_non_null(expected);
	assert_true(json_equal(got, expected));
}

static void test_payload_empty(void **state)
{
	_cleanup_issue_ struct issue w = {0};
	_cleanup_json_ json_t *got = NULL;
	struct issue_head h = head();

	(void)state;
	OK(issue_begin(&w, &h));
	issue_grants_begin(&w);
	got = payload_of(&w);
	assert_int_equal(json_array_size(json_object_get(got, "users")), 0);
	assert_int_equal(json_array_size(json_object_get(got, "grants")), 0);
}

/* Whatever is off, nothing comes out of it. */
static void test_payload_refuses(void **state)
{
	enum {
		ORDER,
		TWICE,
		GRANT_ORDER,
		NO_APPROVER,
		NO_TARGET,
		BACKWARDS,
		BAD_ID,
		CONTROL,
		USER_LATE,
		COUNT
	};

	(void)state;
	for (int fault = 0; fault < COUNT; fault++) {
		_cleanup_issue_ struct issue w = {0};
		struct issue_head h = head();
		struct issue_user a = user("acme-a"), b = user("acme-b");
		struct issue_grant g = grant("G1"), i = grant("G2");
		char *text = NULL;
		size_t len;

		b.name = fault == ORDER	  ? "acme-"
			 : fault == TWICE ? "acme-a"
					  : b.name;
		a.gecos = fault == CONTROL ? "a\nb" : a.gecos;
		i.id = fault == GRANT_ORDER ? "G0"
		       : fault == BAD_ID    ? "G 2"
					    : i.id;
		i.approver_count = fault == NO_APPROVER ? 0 : 2;
		i.targets = fault == NO_TARGET ? "" : i.targets;
		i.not_after = fault == BACKWARDS ? NOW : i.not_after;
		OK(issue_begin(&w, &h));
		issue_user(&w, &a);
		issue_user(&w, &b);
		issue_grants_begin(&w);
		issue_grant(&w, &g);
		issue_grant(&w, &i);
		if (fault == USER_LATE)
			issue_user(&w, &b);
		assert_int_equal(issue_end(&w, &text, &len), -EINVAL);
		assert_null(text);
	}
}

static void test_head_refuses(void **state)
{
	struct issue_head rows[5];
	struct issue w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i] = head();
	rows[0].serial = 0;
	rows[1].expires_at = NOW;
	rows[2].expires_at = NOW + ISSUE_LIFE_MAX_SEC + 1;
	rows[3].audience = "Bastion";
	rows[4].issuer = "";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(issue_begin(&w, &rows[i]), -EINVAL);
}

static json_t *jws_of(char *text)
{
	char *payload = strchr(text, '.'), *signature = strrchr(text, '.');

	assert_non_null(payload);
	assert_ptr_not_equal(payload, signature);
	*payload++ = *signature++ = '\0';
	return json_pack("{s:s,s:s,s:s}", "protected", text, "payload", payload,
		"signature", signature);
}

static void test_signature(void **state)
{
	_cleanup_signer_ struct signer s = {0}, again = {0};
	_cleanup_json_ json_t *public = NULL, *jws = NULL, *header = NULL;
	_cleanup_free_ char *file = NULL, *text = NULL;

	(void)state;
	OK(signer_make(&s));
	OK(signer_format(&s, &file));
	OK(signer_parse(file, strlen(file), &again));
	assert_string_equal(s.kid, again.kid);
	OK(signer_sign(&again, "{\"x\":1}", 7, &text));
	OK(signer_public(&s, &public));
	assert_null(json_object_get(public, "d"));
	assert_string_equal(
		json_string_value(json_object_get(public, "kid")), s.kid);
	json_object_del(public, "kid");
	jws = jws_of(text);
	header = jose_b64_dec_load(json_object_get(jws, "protected"));
	assert_int_equal(json_object_size(header), 3);
	assert_string_equal(
		json_string_value(json_object_get(header, "alg")), "ES256");
	assert_string_equal(
		json_string_value(json_object_get(header, "kid")), s.kid);
	assert_string_equal(json_string_value(json_object_get(header, "typ")),
		"jump-snapshot+jws");
	assert_true(jose_jws_ver(NULL, jws, NULL, public, false));
	json_object_set_new(jws, "payload", json_string("eyJ4IjoyfQ"));
	assert_false(jose_jws_ver(NULL, jws, NULL, public, false));
}

static void test_signer_parse_refuses(void **state)
{
	static const char *const rows[] = {"", "{}", "[]",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\"}",
		"{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"k\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-384\",\"d\":\"x\",\"kid\":\"k\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"x\","
		"\"kid\":\"../k\"}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct signer s = {0};

		assert_int_equal(
			signer_parse(rows[i], strlen(rows[i]), &s), -EBADMSG);
	}
}

static json_t *seal_pair(json_t **ret_public)
{
	json_t *key = json_pack("{s:s,s:s}", "kty", "EC", "crv", "P-256");

	assert_true(jose_jwk_gen(NULL, key));
	*ret_public = json_pack("{s:s,s:s,s:O,s:O,s:s}", "kty", "EC", "crv",
		"P-256", "x", json_object_get(key, "x"), "y",
		json_object_get(key, "y"), "kid", "seal-1");
	return key;
}

static json_t *jwe_of(char *text)
{
	static const char *const names[] = {
		"protected", "encrypted_key", "iv", "ciphertext", "tag"};
	json_t *jwe = json_object();

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *part = strsep(&text, ".");

		assert_non_null(part);
		json_object_set_new(jwe, names[i], json_string(part));
	}
	assert_null(text);
	return jwe;
}

static void test_seal(void **state)
{
	_cleanup_json_ json_t *public = NULL, *jwe = NULL, *header = NULL;
	_cleanup_json_ json_t *private = seal_pair(&public);
	_cleanup_free_ char *key = NULL, *text = NULL, *plain = NULL;
	struct refusal why = {0};
	char seed[SEED_TEXT_SIZE], expected[256];
	size_t len = 0;

	(void)state;
	OK(seed_make(seed));
	assert_int_equal(strspn(seed, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 32);
	OK(seal_key_check(public, &key, &why));
	OK(seal_make(
		&(struct seal){key, "bastion1", "acme-tech1", seed}, &text));
	jwe = jwe_of(text);
	header = jose_b64_dec_load(json_object_get(jwe, "protected"));
	assert_int_equal(json_object_size(header), 5);
	assert_true(json_is_object(json_object_get(header, "epk")));
	assert_string_equal(
		json_string_value(json_object_get(header, "kid")), "seal-1");
	plain = jose_jwe_dec(NULL, jwe, NULL, private, &len);
	assert_non_null(plain);
	snprintf(expected, sizeof(expected),
		"{\"v\":1,\"bastion\":\"bastion1\",\"user\":\"acme-tech1\","
		"\"alg\":\"totp-sha1\",\"digits\":6,\"period\":30,"
		"\"secret\":\"%s\"}",
		seed);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(plain, expected, len);
	assert_null(strstr(text, seed));
}

static void test_seal_key_refused(void **state)
{
	static const struct {
		const char *member, *value;
	} rows[] = {{"d", "\"AAAA\""}, {"kty", "\"oct\""}, {"crv", "\"P-384\""},
		{"x", "\"AAAA\""},
		{"y", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""},
		{"x", "\"AAAAAAAAAAAAAAAAAAAAA+AAAAAAAAAAAAAAAAAAAAA\""},
		{"kid", "\"a b\""}, {"kid", "7"}, {"alg", "\"dir\""},
		{"use", "\"sig\""}, {"jku", "\"http://x\""}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_json_ json_t *public = NULL;
		_cleanup_json_ json_t *private = seal_pair(&public);
		struct refusal why = {0};
		char *text = NULL;

		assert_non_null(private);
		json_object_set_new(public, rows[i].member,
			json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
		if (seal_key_check(public, &text, &why) != -EPERM)
			fail_msg("row %zu", i);
		assert_null(text);
	}
}

static void test_uri(void **state)
{
	char uri[OTPAUTH_URI_SIZE];

	(void)state;
	OK(seed_uri("ABCD", "approvals", "acme-tech1", "bastion1", uri));
	assert_string_equal(uri,
		"otpauth://totp/approvals:acme-tech1@bastion1?secret=ABCD"
		"&issuer=approvals&algorithm=SHA1&digits=6&period=30");
	assert_int_equal(seed_uri("A", "approvals", "a b", "b", uri), -EINVAL);
}

/* The chain as TLS will judge it, at some time, for some purpose. */
static unsigned chain_status(
	const char *ca, const char *leaf, const char *purpose, const char *host)
{
	gnutls_x509_trust_list_t list = NULL;
	gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t ca_text = {(unsigned char *)ca, strlen(ca)};
	gnutls_datum_t text = {(unsigned char *)leaf, strlen(leaf)};
	gnutls_typed_vdata_st data[] = {
		{GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)purpose, 0},
		{GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)host, 0},
	};
	unsigned status = ~0u;

	OK(gnutls_x509_trust_list_init(&list, 0));
	assert_int_equal(gnutls_x509_trust_list_add_trust_mem(list, &ca_text,
				 NULL, GNUTLS_X509_FMT_PEM, 0, 0),
		1);
	OK(gnutls_x509_crt_init(&crt));
	OK(gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_PEM));
	OK(gnutls_x509_trust_list_verify_crt2(
		list, &crt, 1, data, host ? 2 : 1, 0, &status, NULL));
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_trust_list_deinit(list, 1);
	return status;
}

static void test_certificates(void **state)
{
	_cleanup_issued_ struct issued ca = {0}, server = {0}, client = {0};
	_cleanup_issued_ struct issued other_ca = {0};
	_cleanup_authority_ struct authority *a = NULL;
	static const char *const names[] = {
		"approvals.example", "192.0.2.7", "2001:db8::7", NULL};
	int64_t now = time(NULL);
	struct certificate_wish wish = {
		.name = "approvals", .names = names, .now = now, .days = 30};
	char fingerprint[PKI_FINGERPRINT_SIZE];

	(void)state;
	OK(authority_make("jump CA", now, 3650, &ca));
	OK(authority_make("jump CA", now, 3650, &other_ca));
	assert_int_equal(
		authority_open(ca.certificate, other_ca.key, &a), -EBADMSG);
	OK(authority_open(ca.certificate, ca.key, &a));
	OK(authority_issue(a, &wish, &server));
	wish = (struct certificate_wish){
		.name = "anna", .unit = "person", .now = now, .days = 30};
	OK(authority_issue(a, &wish, &client));
	assert_int_equal(client.expires, now + 30 * 86400);
	OK(certificate_fingerprint(client.certificate, fingerprint));
	assert_string_equal(fingerprint, client.fingerprint);
	OK(chain_status(ca.certificate, server.certificate,
		GNUTLS_KP_TLS_WWW_SERVER, "approvals.example"));
	OK(chain_status(ca.certificate, server.certificate,
		GNUTLS_KP_TLS_WWW_SERVER, "192.0.2.7"));
	OK(chain_status(ca.certificate, server.certificate,
		GNUTLS_KP_TLS_WWW_SERVER, "2001:db8::7"));
	OK(chain_status(ca.certificate, client.certificate,
		GNUTLS_KP_TLS_WWW_CLIENT, NULL));
	assert_int_not_equal(chain_status(ca.certificate, server.certificate,
				     GNUTLS_KP_TLS_WWW_SERVER, "evil.example"),
		0);
	assert_int_not_equal(chain_status(ca.certificate, client.certificate,
				     GNUTLS_KP_TLS_WWW_SERVER, NULL),
		0);
	assert_int_not_equal(
		chain_status(other_ca.certificate, client.certificate,
			GNUTLS_KP_TLS_WWW_CLIENT, NULL),
		0);
	/* A leaf is no authority. */
	assert_int_equal(
		authority_open(client.certificate, client.key, &a), -EBADMSG);
}

static char *request_with(gnutls_pk_algorithm_t kind, unsigned bits)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crq_t crq = NULL;
	gnutls_datum_t pem = {0};
	char *text;

	OK(gnutls_x509_privkey_init(&key));
	OK(gnutls_x509_privkey_generate(key, kind, bits, 0));
	OK(gnutls_x509_crq_init(&crq));
	OK(gnutls_x509_crq_set_version(crq, 1));
	OK(gnutls_x509_crq_set_dn_by_oid(
		crq, GNUTLS_OID_X520_COMMON_NAME, 0, "root", 4));
	OK(gnutls_x509_crq_set_key(crq, key));
	OK(gnutls_x509_crq_set_basic_constraints(crq, 1, 9));
	OK(gnutls_x509_crq_sign2(crq, key, GNUTLS_DIG_SHA256, 0));
	OK(gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_PEM, &pem));
	text = strndup((const char *)pem.data, pem.size);
	gnutls_free(pem.data);
	gnutls_x509_crq_deinit(crq);
	gnutls_x509_privkey_deinit(key);
	return text;
}

/* The request asks to be a CA called root; it becomes a client, bastion1. */
static void test_request(void **state)
{
	_cleanup_issued_ struct issued ca = {0}, signed_one = {0};
	_cleanup_authority_ struct authority *a = NULL;
	_cleanup_free_ char *request = request_with(GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
	_cleanup_free_ char *rsa = request_with(GNUTLS_PK_RSA, 2048);
	struct certificate_wish wish = {.name = "bastion1",
		.unit = "bastion",
		.now = time(NULL),
		.days = 30};
	struct refusal why = {0};
	gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t text;
	char dn[128];
	size_t size = sizeof(dn);

	(void)state;
	OK(authority_make("jump CA", wish.now, 3650, &ca));
	OK(authority_open(ca.certificate, ca.key, &a));
	OK(authority_sign(a, &wish, request, &signed_one, &why));
	assert_null(signed_one.key);
	text = (gnutls_datum_t){(unsigned char *)signed_one.certificate,
		(unsigned)strlen(signed_one.certificate)};
	OK(gnutls_x509_crt_init(&crt));
	OK(gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_PEM));
	OK(gnutls_x509_crt_get_dn(crt, dn, &size));
	assert_string_equal(dn, "CN=bastion1,OU=bastion");
	assert_int_equal(gnutls_x509_crt_get_ca_status(crt, NULL), 0);
	gnutls_x509_crt_deinit(crt);
	assert_int_equal(
		authority_sign(a, &wish, rsa, &signed_one, &why), -EPERM);
	assert_int_equal(
		authority_sign(a, &wish, "", &signed_one, &why), -EPERM);
	request[strlen(request) / 2] ^= 1;
	assert_int_equal(
		authority_sign(a, &wish, request, &signed_one, &why), -EPERM);
	assert_string_equal(why.field, "csr");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_payload_empty),
		cmocka_unit_test(test_payload_refuses),
		cmocka_unit_test(test_head_refuses),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_signer_parse_refuses),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_seal_key_refused),
		cmocka_unit_test(test_uri),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_request),
	};

	return cmocka_run_group_tests_name("approvals-sign", tests, NULL, NULL);
}

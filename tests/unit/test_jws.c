/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The envelope: signatures of OpenSSL and of the jose command verify, and
 * whatever else is put in their place is refused with the right word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "grants/base64.h"
#include "grants/jws.h"
#include "tests/unit/grants_fixture.h"
#include "tests/unit/jws_fixture.h"

#define PAYLOAD "{\"v\":1}"

static char folder[64];
static EVP_PKEY *signer;

static void trust(const char *name, const char *jwk)
{
	char path[160];
	_cleanup_close_ int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(fd_write_all(fd, jwk, strlen(jwk)), 0);
}

static int make_trust(void **state)
{
	_cleanup_free_ char *jwk = NULL;

	fixture_folder(folder);
	signer = signer_new("P-256");
	jwk = signer_jwk(signer, "");
	trust("k1.jwk", jwk);
	return 0;
}

static int remove_trust(void **state)
{
	EVP_PKEY_free(signer);
	fixture_remove(folder);
	return 0;
}

/* NULL when it verifies, else the word of the fault. */
static const char *word_of(const char *text)
{
	_cleanup_jws_ struct jws j = {0};
	struct fault why = {0};
	int e = jws_verify(folder, getuid(), text, strlen(text), &j, &why);

	if (e == 0) {
		assert_null(why.word);
		assert_string_equal(j.payload, PAYLOAD);
		assert_string_equal(j.kid, "k1");
		return NULL;
	}
	assert_null(j.payload);
	assert_non_null(why.word);
	assert_true(why.text[0] != '\0');
	return why.word;
}

static void expect(const char *text, const char *word)
{
	const char *got = word_of(text);

	if (!got || strcmp(got, word) != 0)
		fail_msg("%s instead of %s for %.80s", got ? got : "verified",
			word, text);
}

static void test_openssl_signs(void **state)
{
	_cleanup_free_ char *text =
		signer_sign(signer, JWS_HEADER("k1"), PAYLOAD);

	assert_null(word_of(text));
}

static void run(
	const char *const *argv, const char *input, char *output, size_t size)
{
	struct proc_run r = {.argv = argv,
		.envp = (const char *const[]){"PATH=/usr/bin:/bin", NULL},
		.input = input,
		.input_len = input ? strlen(input) : 0,
		.timeout_ms = 20000,
		.ret_output = output,
		.output_size = size};

	assert_int_equal(proc_run(&r), 0);
}

static void test_jose_command_signs(void **state)
{
	char secret[1024], public[1024], text[2048], path[160];

	run((const char *const[]){"/usr/bin/jose", "jwk", "gen", "-i",
		    "{\"alg\":\"ES256\"}", NULL},
		NULL, secret, sizeof(secret));
	run((const char *const[]){"/usr/bin/jose", "jwk", "pub", "-i", "-",
		    NULL},
		secret, public, sizeof(public));
	trust("k1.jwk", public);
	trust("secret", secret);
	(void)snprintf(path, sizeof(path), "%s/secret", folder);
	run((const char *const[]){"/usr/bin/jose", "jws", "sig", "-I", "-",
		    "-k", path, "-s", "{\"protected\":" JWS_HEADER("k1") "}",
		    "-c", NULL},
		PAYLOAD, text, sizeof(text));
	assert_null(word_of(text));
	/* A private key is no trust anchor. */
	trust("k1.jwk", secret);
	expect(text, "key");
}

/* What OpenSSL signed for us, the jose command verifies too. */
static void test_jose_command_agrees(void **state)
{
	_cleanup_free_ char *text =
		signer_sign(signer, JWS_HEADER("k1"), PAYLOAD);
	char payload[256], path[160];

	(void)snprintf(path, sizeof(path), "%s/k1.jwk", folder);
	run((const char *const[]){"/usr/bin/jose", "jws", "ver", "-i", "-",
		    "-k", path, "-O", "-", NULL},
		text, payload, sizeof(payload));
	assert_string_equal(payload, PAYLOAD);
}

static void test_headers(void **state)
{
	static const struct {
		const char *header, *word;
	} rows[] = {
		{"{\"alg\":\"none\",\"kid\":\"k1\","
		 "\"typ\":\"jump-snapshot+jws\"}",
			"header"},
		{"{\"alg\":\"HS256\",\"kid\":\"k1\","
		 "\"typ\":\"jump-snapshot+jws\"}",
			"header"},
		{"{\"alg\":\"ES384\",\"kid\":\"k1\","
		 "\"typ\":\"jump-snapshot+jws\"}",
			"header"},
		{"{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
			"header"},
		{"{\"alg\":\"ES256\",\"kid\":\"k1\"}", "header"},
		{"{\"kid\":\"k1\",\"typ\":\"jump-snapshot+jws\"}", "header"},
		{"{\"alg\":\"ES256\",\"typ\":\"jump-snapshot+jws\"}", "header"},
		{"{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"k1\","
		 "\"typ\":\"jump-snapshot+jws\"}",
			"header"},
		{"{\"alg\":\"ES256\",\"kid\":\"k1\",\"crit\":[\"b64\"],"
		 "\"b64\":false,\"typ\":\"jump-snapshot+jws\"}",
			"header"},
		{"{\"alg\":\"ES256\",\"kid\":\"k1\",\"jku\":\"https://x/\","
		 "\"typ\":\"jump-snapshot+jws\"}",
			"header"},
		{"{\"alg\":\"ES256\",\"kid\":\"../k1\","
		 "\"typ\":\"jump-snapshot+jws\"}",
			"header"},
		{"{\"alg\":\"ES256\",\"kid\":\"\","
		 "\"typ\":\"jump-snapshot+jws\"}",
			"header"},
		{"{\"alg\":\"ES256\",\"kid\":\".hidden\","
		 "\"typ\":\"jump-snapshot+jws\"}",
			"header"},
		{"[]", "header"},
		{"{\"alg\":\"ES256\",\"kid\":\"k2\","
		 "\"typ\":\"jump-snapshot+jws\"}",
			"key"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_free_ char *text =
			signer_sign(signer, rows[i].header, PAYLOAD);

		expect(text, rows[i].word);
	}
}

static void test_forms(void **state)
{
	static const char *const rows[] = {"", ".", "..", "...", "a.b", "a.b.c",
		"a.b.c.d", "e30.e30", "\n"};
	_cleanup_free_ char *good =
		signer_sign(signer, JWS_HEADER("k1"), PAYLOAD);
	_cleanup_free_ char *more = NULL;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect(rows[i], "form");
	assert_true(asprintf(&more, "%s\n", good) > 0);
	expect(more, "form");
	free(more);
	assert_true(asprintf(&more, "%s==", good) > 0);
	expect(more, "form");
	free(more);
	assert_true(asprintf(&more, "%s.%s", good, good) > 0);
	expect(more, "form");
}

/* No bit can be changed anywhere: also not those that base64 would drop. */
static void test_every_bit(void **state)
{
	_cleanup_free_ char *text =
		signer_sign(signer, JWS_HEADER("k1"), PAYLOAD);
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		for (int bit = 0; bit < 7; bit++) {
			text[i] ^= (char)(1 << bit);
			if (text[i] != '\0' && !word_of(text))
				fail_msg("verified with bit %d of %zu", bit, i);
			text[i] ^= (char)(1 << bit);
		}
	for (size_t cut = 0; cut < len; cut++) {
		char kept = text[cut];

		text[cut] = '\0';
		assert_non_null(word_of(text));
		text[cut] = kept;
	}
}

static void test_keys(void **state)
{
	_cleanup_free_ char *text =
		signer_sign(signer, JWS_HEADER("k1"), PAYLOAD);
	static const struct {
		const char *more;
		bool good;
	} rows[] = {
		{",\"kid\":\"k1\"", true},
		{",\"kid\":\"k2\"", false},
		{",\"alg\":\"ES256\"", true},
		{",\"alg\":\"ES512\"", false},
		{",\"use\":\"sig\"", true},
		{",\"use\":\"enc\"", false},
		{",\"key_ops\":[\"verify\"]", true},
		{",\"key_ops\":[\"sign\",\"verify\"]", false},
		{",\"key_ops\":[]", false},
		{",\"x5u\":\"https://x/\"", false},
		{",\"crv\":\"P-256\"", false},
		{",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"",
			false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_free_ char *jwk = signer_jwk(signer, rows[i].more);

		trust("k1.jwk", jwk);
		if (rows[i].good)
			assert_null(word_of(text));
		else
			expect(text, "key");
	}
	trust("k1.jwk", "{}");
	expect(text, "key");
	trust("k1.jwk", "");
	expect(text, "key");
}

static void test_another_signer(void **state)
{
	EVP_PKEY *other = signer_new("P-256");
	_cleanup_free_ char *text =
		signer_sign(other, JWS_HEADER("k1"), PAYLOAD);
	_cleanup_free_ char *jwk = signer_jwk(other, "");

	expect(text, "signature");
	/* Its key is known, but the header names the other one. */
	trust("k2.jwk", jwk);
	expect(text, "signature");
	EVP_PKEY_free(other);
}

/* A point that is on no curve, a file that others may write, no file. */
static void test_key_files(void **state)
{
	_cleanup_free_ char *text =
		signer_sign(signer, JWS_HEADER("k1"), PAYLOAD);
	_cleanup_free_ char *jwk = signer_jwk(signer, "");
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/k1.jwk", folder);
	assert_int_equal(chmod(path, 0666), 0);
	expect(text, "key");
	trust("k1.jwk",
		"{\"kty\":\"EC\",\"crv\":\"P-256\","
		"\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
		"\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}");
	expect(text, "signature");
	trust("k1.jwk", jwk);
	assert_null(word_of(text));
	assert_int_equal(unlink(path), 0);
	expect(text, "key");
}

static void test_size(void **state)
{
	_cleanup_jws_ struct jws j = {0};
	struct fault why = {0};
	_cleanup_free_ char *big = malloc(JWS_MAX_BYTES + 1);

	assert_non_null(big);
	memset(big, 'A', JWS_MAX_BYTES + 1);
	assert_int_equal(
		jws_verify(folder, getuid(), big, JWS_MAX_BYTES + 1, &j, &why),
		-EBADMSG);
	assert_string_equal(why.word, "size");
}

static void test_base64(void **state)
{
	static const struct {
		enum base64_form form;
		const char *text, *bytes; /* NULL: refused */
	} rows[] = {
		{BASE64_URL, "", ""},
		{BASE64_URL, "Zg", "f"},
		{BASE64_URL, "Zm8", "fo"},
		{BASE64_URL, "Zm9v", "foo"},
		{BASE64_URL, "Zm9vYg", "foob"},
		{BASE64_URL, "Zh", NULL},
		{BASE64_URL, "Zm9", NULL},
		{BASE64_URL, "Z", NULL},
		{BASE64_URL, "Zg==", NULL},
		{BASE64_URL, "Zm9v\n", NULL},
		{BASE64_URL, "-_-_", "\xfb\xff\xbf"},
		{BASE64_URL, "+/+/", NULL},
		{BASE64_PADDED, "+/+/", "\xfb\xff\xbf"},
		{BASE64_PADDED, "-_-_", NULL},
		{BASE64_PADDED, "Zg==", "f"},
		{BASE64_PADDED, "Zm8=", "fo"},
		{BASE64_PADDED, "Zg", NULL},
		{BASE64_PADDED, "Zg=", NULL},
		{BASE64_PADDED, "====", NULL},
		{BASE64_PADDED, "Zh==", NULL},
		{BASE64_PADDED, "Zm==Zm8=", NULL},
		{BASE64_PADDED, "Z===", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t bytes[32];
		size_t len = 99;
		int e = base64_decode(rows[i].form, rows[i].text,
			strlen(rows[i].text), bytes, &len);

		if (!rows[i].bytes) {
			if (e != -EBADMSG)
				fail_msg("row %zu is taken", i);
			continue;
		}
		assert_int_equal(e, 0);
		assert_int_equal(len, strlen(rows[i].bytes));
		assert_memory_equal(bytes, rows[i].bytes, len);
	}
}

#define WITH_TRUST(test)                                                       \
	cmocka_unit_test_setup_teardown(test, make_trust, remove_trust)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		WITH_TRUST(test_openssl_signs),
		WITH_TRUST(test_jose_command_signs),
		WITH_TRUST(test_jose_command_agrees),
		WITH_TRUST(test_headers),
		WITH_TRUST(test_forms),
		WITH_TRUST(test_every_bit),
		WITH_TRUST(test_keys),
		WITH_TRUST(test_another_signer),
		WITH_TRUST(test_key_files),
		WITH_TRUST(test_size),
	};

	return cmocka_run_group_tests_name("jws", tests, NULL, NULL);
}

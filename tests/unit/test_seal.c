/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seeds: sealed by the jose command, opened by us, handed to pam_jump's form;
 * and every other user's, bastion's, algorithm's seal refused.
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
#include "base/keyfile.h"
#include "base/proc.h"
#include "grants/seal.h"
#include "tests/unit/grants_fixture.h"

#define JOSE "/usr/bin/jose"
#define SEED                                                                   \
	"{\"v\":1,\"bastion\":\"bastion1\",\"user\":\"acme-tech1\","           \
	"\"alg\":\"totp-sha1\",\"digits\":6,\"period\":30,"                    \
	"\"secret\":\"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\"}"
#define HEADER(alg, enc, typ, kid)                                             \
	"{\"protected\":{\"alg\":\"" alg "\",\"enc\":\"" enc                   \
	"\",\"typ\":\"" typ "\",\"kid\":\"" kid "\"}}"
#define GOOD_HEADER                                                            \
	HEADER("ECDH-ES+A256KW", "A256GCM", "jump-seed+jwe", "seal-1")

static char folder[64];
static struct key key;

static void path_of(char path[160], const char *name)
{
	(void)snprintf(path, 160, "%s/%s", folder, name);
}

static void spill(const char *name, const char *text)
{
	_cleanup_close_ int fd = -1;
	char path[160];

	path_of(path, name);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
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

/* seal.jwk and its public part, made by the jose command. */
static void make_key(const char *secret_name, const char *public_name)
{
	char secret[1024], public[1024], with_kid[1200];

	run((const char *const[]){JOSE, "jwk", "gen", "-i",
		    "{\"kty\":\"EC\",\"crv\":\"P-256\"}", NULL},
		NULL, secret, sizeof(secret));
	(void)snprintf(with_kid, sizeof(with_kid), "{\"kid\":\"seal-1\",%s",
		strchr(secret, '{') + 1);
	spill(secret_name, with_kid);
	run((const char *const[]){JOSE, "jwk", "pub", "-i", "-", NULL},
		with_kid, public, sizeof(public));
	spill(public_name, public);
}

static void seal(const char *header, const char *public_name, const char *plain,
	char jwe[SEAL_MAX])
{
	char path[160], spare[160];

	path_of(path, public_name);
	path_of(spare, "plain");
	spill("plain", plain);
	run((const char *const[]){JOSE, "jwe", "enc", "-I", spare, "-k", path,
		    "-i", header, "-c", NULL},
		NULL, jwe, SEAL_MAX);
}

static int make_keys(void **state)
{
	struct fault why = {0};

	fixture_folder(folder);
	make_key("seal.jwk", "public.jwk");
	assert_int_equal(seal_key_load(folder, getuid(), &key, &why), 0);
	assert_string_equal(key.kid, "seal-1");
	return 0;
}

static int remove_keys(void **state)
{
	key_done(&key);
	fixture_remove(folder);
	return 0;
}

/* NULL when it opens; else the word. */
static const char *word_of(const char *jwe)
{
	_cleanup_seed_ struct seed s = {0};
	struct fault why = {0};
	int e = seal_open(&key, jwe, "bastion1", "acme-tech1", &s, &why);

	if (e == 0)
		return NULL;
	assert_int_equal(s.alg, SEED_NONE);
	assert_int_equal(s.key.len, 0);
	assert_non_null(why.word);
	assert_null(strstr(why.text, "GEZD"));
	return why.word;
}

static void expect(const char *jwe, const char *word)
{
	const char *got = word_of(jwe);

	if (!got || strcmp(got, word) != 0)
		fail_msg("%s instead of %s", got ? got : "opened", word);
}

static void test_opens(void **state)
{
	_cleanup_seed_ struct seed s = {0};
	struct fault why = {0};
	char jwe[SEAL_MAX];

	seal(GOOD_HEADER, "public.jwk", SEED, jwe);
	if (seal_open(&key, jwe, "bastion1", "acme-tech1", &s, &why) < 0)
		fail_msg("%s: %s", why.word, why.text);
	assert_int_equal(s.alg, SEED_TOTP_SHA1);
	assert_int_equal(s.digits, 6);
	assert_int_equal(s.period_sec, 30);
	assert_int_equal(s.key.len, 20);
	assert_memory_equal(s.key.bytes, "12345678901234567890", 20);
}

static void test_stored_for_pam(void **state)
{
	_cleanup_close_ int dirfd = open(folder, O_RDONLY | O_DIRECTORY);
	_cleanup_seed_ struct seed s = {.alg = SEED_TOTP_SHA256,
		.digits = 8,
		.period_sec = 60,
		.key = {.len = 16, .bytes = "0123456789abcde\xff"}};
	_cleanup_keyfile_ struct keyfile k = {0};
	struct stat st;

	assert_int_equal(seed_store(dirfd, FIXTURE_UID, &s), 0);
	assert_int_equal(fstatat(dirfd, "1900000001", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(keyfile_read(dirfd, "1900000001", getuid(), &k), 0);
	assert_int_equal(k.count, 4);
	assert_string_equal(keyfile_text(&k, "alg"), "sha256");
	assert_string_equal(keyfile_text(&k, "digits"), "8");
	assert_string_equal(keyfile_text(&k, "period"), "60");
	assert_string_equal(
		keyfile_text(&k, "secret"), "303132333435363738396162636465ff");
}

static void test_other_keys_and_algorithms(void **state)
{
	static const struct {
		const char *header, *word;
	} rows[] = {
		{HEADER("ECDH-ES", "A256GCM", "jump-seed+jwe", "seal-1"),
			"header"},
		{HEADER("ECDH-ES+A128KW", "A256GCM", "jump-seed+jwe", "seal-1"),
			"header"},
		{HEADER("ECDH-ES+A256KW", "A128CBC-HS256", "jump-seed+jwe",
			 "seal-1"),
			"header"},
		{HEADER("ECDH-ES+A256KW", "A256GCM", "JWE", "seal-1"),
			"header"},
		{HEADER("ECDH-ES+A256KW", "A256GCM", "jump-seed+jwe", "seal-2"),
			"header"},
		{"{\"protected\":{\"alg\":\"ECDH-ES+A256KW\",\"zip\":\"DEF\","
		 "\"enc\":\"A256GCM\",\"typ\":\"jump-seed+jwe\","
		 "\"kid\":\"seal-1\"}}",
			"header"},
	};
	char jwe[SEAL_MAX];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		seal(rows[i].header, "public.jwk", SEED, jwe);
		expect(jwe, rows[i].word);
	}
	make_key("other.jwk", "other-public.jwk");
	seal(GOOD_HEADER, "other-public.jwk", SEED, jwe);
	expect(jwe, "seal");
}

static void test_every_character(void **state)
{
	char jwe[SEAL_MAX];
	size_t len;

	seal(GOOD_HEADER, "public.jwk", SEED, jwe);
	assert_null(word_of(jwe));
	len = strlen(jwe);
	for (size_t i = 0; i < len; i++) {
		char kept = jwe[i];

		jwe[i] = kept == 'A' ? 'B' : 'A';
		if (!word_of(jwe))
			fail_msg("opens with another character at %zu", i);
		jwe[i] = '\0';
		assert_non_null(word_of(jwe));
		jwe[i] = kept;
	}
}

static void test_forms(void **state)
{
	static const char *const rows[] = {
		"", ".", "....", ".....", "a.b.c.d", "e30.AAAA.AAAA.AAAA.AAAA"};
	char big[SEAL_MAX + 8];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_non_null(word_of(rows[i]));
	memset(big, 'A', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	expect(big, "form");
}

static void test_plaintexts(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{"bastion1", "bastion2"},
		{"acme-tech1", "acme-tech2"},
		{"totp-sha1", "totp-md5"},
		{":6", ":7"},
		{":30", ":45"},
		{":30", ":3000"},
		{"\"v\":1", "\"v\":2"},
		{"\"v\":1", "\"v\":1,\"x\":1"},
		{"\"v\":1,", ""},
		{"GEZDGNBV", "gezdgnbv"},
		{"GEZDGNBV", "GEZDGN1V"},
		{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQ"},
		{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
			"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQA"},
		{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
			"GEZDGNBVGY3TQOJQGEZDGNBVGZ"},
		{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
			"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQ==="},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_seed_ struct seed s = {0};
		struct fault why = {0};
		char text[512];
		const char *at = strstr(SEED, rows[i].from);
		int n;

		assert_non_null(at);
		n = snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - SEED),
			SEED, rows[i].to, at + strlen(rows[i].from));
		if (seed_parse(text, (size_t)n, "bastion1", "acme-tech1", &s,
			    &why) == 0)
			fail_msg("row %zu is taken: %s", i, text);
		assert_string_equal(why.word, "seed");
		assert_int_equal(s.alg, SEED_NONE);
	}
}

static void test_secrets_of_all_lengths(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	/* Of A alone all bits are zero: only the length matters. */
	for (size_t chars = 1; chars < 110; chars++) {
		_cleanup_seed_ struct seed s = {0};
		struct fault why = {0};
		char secret[128] = "", text[512];
		size_t tail = chars % 8;
		bool whole = tail == 0 || tail == 2 || tail == 4 || tail == 5 ||
			     tail == 7;
		int n, e;

		memset(secret, alphabet[0], chars);
		n = snprintf(text, sizeof(text),
			"{\"v\":1,\"bastion\":\"bastion1\",\"user\":\"u-1\","
			"\"alg\":\"totp-sha256\",\"digits\":8,\"period\":60,"
			"\"secret\":\"%s\"}",
			secret);
		e = seed_parse(text, (size_t)n, "bastion1", "u-1", &s, &why);
		if (whole && chars * 5 / 8 >= 16 && chars * 5 / 8 <= 64) {
			assert_int_equal(e, 0);
			assert_int_equal(s.key.len, chars * 5 / 8);
		} else {
			assert_int_equal(e, -EBADMSG);
		}
	}
}

static void test_key_files(void **state)
{
	struct key k = {0};
	struct fault why = {0};
	char path[160], public[1024];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	/* The public part is no key to open with. */
	path_of(path, "public.jwk");
	fd = open(path, O_RDONLY);
	n = fd_read_full(fd, public, sizeof(public) - 1);
	assert_true(n > 0);
	public[n] = '\0';
	spill("seal.jwk", public);
	assert_int_equal(seal_key_load(folder, getuid(), &k, &why), -EBADMSG);
	assert_string_equal(why.word, "key");
	path_of(path, "seal.jwk");
	assert_int_equal(unlink(path), 0);
	why = (struct fault){0};
	assert_int_equal(seal_key_load(folder, getuid(), &k, &why), -EBADMSG);
	assert_string_equal(why.word, "key");
}

#define WITH_KEYS(test)                                                        \
	cmocka_unit_test_setup_teardown(test, make_keys, remove_keys)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KEYS(test_opens),
		WITH_KEYS(test_stored_for_pam),
		WITH_KEYS(test_other_keys_and_algorithms),
		WITH_KEYS(test_every_character),
		WITH_KEYS(test_forms),
		cmocka_unit_test(test_plaintexts),
		cmocka_unit_test(test_secrets_of_all_lengths),
		WITH_KEYS(test_key_files),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}

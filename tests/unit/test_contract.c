/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The service's writer against the bastion's reader: what the one signs,
 * seals and lets in, the other takes. One odd value would refuse a whole
 * snapshot, so both sides must agree on all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <jose/jwk.h>
#include <sys/stat.h>
#include <unistd.h>

#include "approvals/rules/sshkey.h"
#include "approvals/rules/text.h"
#include "approvals/sign/issue.h"
#include "approvals/sign/seal.h"
#include "approvals/sign/signer.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "grants/jws.h"
#include "grants/seal.h"
#include "grants/snapshot.h"
#include "grants/sshkey.h"
#include "grants/users_write.h"
#include "tests/unit/grants_fixture.h"
#include "tests/unit/sshkeys.h"

static char folder[64];

static int make_folder(void **state)
{
	fixture_folder(folder);
	return 0;
}

static int remove_folder(void **state)
{
	fixture_remove(folder);
	return 0;
}

static void write_json(const char *name, const json_t *value)
{
	_cleanup_free_ char *text = json_dumps(value, JSON_COMPACT);
	_cleanup_close_ int fd = -1;
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

/* A payload as the service writes it, with this full name and seal. */
static char *issue(const char *gecos, const char *otp, size_t *ret_len)
{
	static const char *const approvers[] = {"anna", "bert"};
	const char *keys[ARRAY_LEN(good_keys)];
	struct issue_head head = {
		"approvals", "bastion1", FIXTURE_NOW, FIXTURE_NOW + 86400, 7};
	struct issue_user user = {.name = "acme-tech1",
		.uid = FIXTURE_UID,
		.gecos = gecos,
		.key_count = RIGHTS_KEYS_MAX,
		.keys = keys,
		.otp = otp};
	struct issue_grant grant = {.id = "G-1",
		.user = "acme-tech1",
		.targets = "plc-gw hmi-1",
		.protocols = "rdp ssh sftp vnc http https telnet tcp/502 "
			     "tcp/4840",
		.account = "maint",
		.not_before = FIXTURE_NOW,
		.not_after = FIXTURE_NOW + 3600,
		.revoked = true,
		.approver_count = 2,
		.approvers = approvers,
		.ticket = "",
		.record = RECORD_OPTIONAL,
		.files = FILES_UP | FILES_DOWN,
		.sources = "192.0.2.0/24 fd00::/8"};
	_cleanup_issue_ struct issue w = {0};
	char *payload = NULL;

	memcpy(keys, good_keys, sizeof(keys));
	assert_int_equal(issue_begin(&w, &head), 0);
	issue_user(&w, &user);
	issue_grants_begin(&w);
	issue_grant(&w, &grant);
	assert_int_equal(issue_end(&w, &payload, ret_len), 0);
	return payload;
}

static void test_signed_snapshot(void **state)
{
	_cleanup_signer_ struct signer signer = {0};
	_cleanup_free_ char *payload = NULL, *text = NULL;
	_cleanup_json_ json_t *public = NULL;
	_cleanup_jws_ struct jws jws = {0};
	_cleanup_snapshot_ struct snapshot s = {0};
	struct fault why = {0};
	char name[ID_SIZE + 8];
	size_t len;

	assert_int_equal(signer_make(&signer), 0);
	assert_int_equal(signer_public(&signer, &public), 0);
	(void)snprintf(name, sizeof(name), "%s.jwk", signer.kid);
	write_json(name, public);
	payload = issue("Tech \"One\" \\ \xc3\x85ke", "a.b.c.d.e", &len);
	assert_int_equal(signer_sign(&signer, payload, len, &text), 0);
	if (jws_verify(folder, getuid(), text, strlen(text), &jws, &why) < 0)
		fail_msg("%s: %s", why.word, why.text);
	assert_int_equal(jws.payload_len, len);
	assert_memory_equal(jws.payload, payload, len);
	if (snapshot_parse(jws.payload, jws.payload_len, &s, &why) < 0)
		fail_msg("%s: %s", why.word, why.text);
	assert_int_equal(
		snapshot_check(&s, "bastion1", 6, FIXTURE_NOW, &why), 0);
	assert_string_equal(s.users[0].gecos, "Tech \"One\" \\ \xc3\x85ke");
	assert_int_equal(s.users[0].key_count, RIGHTS_KEYS_MAX);
	assert_string_equal(s.users[0].otp, "a.b.c.d.e");
	assert_int_equal(s.grants[0].protocols.named, PROTO_NAMED_ALL);
	assert_int_equal(s.grants[0].protocols.port_count, 2);
	assert_int_equal(s.grants[0].protocols.ports[0], 502);
	assert_int_equal(s.grants[0].source_count, 2);
	assert_int_equal(s.grants[0].record, RECORD_OPTIONAL);
	assert_true(s.grants[0].revoked);
}

static void test_sealed_seed(void **state)
{
	_cleanup_json_ json_t *secret = json_pack(
		"{s:s,s:s,s:s}", "kty", "EC", "crv", "P-256", "kid", "seal-1");
	_cleanup_free_ char *text = NULL, *jwe = NULL;
	_cleanup_json_ json_t *public = NULL;
	_cleanup_key_ struct key key = {0};
	_cleanup_seed_ struct seed seed = {0};
	struct refusal no = {0};
	struct fault why = {0};
	char base32[SEED_TEXT_SIZE];
	struct seal seal = {
		.bastion = "bastion1", .user = "acme-tech1", .seed = base32};

	assert_true(jose_jwk_gen(NULL, secret));
	write_json("seal.jwk", secret);
	public = json_deep_copy(secret);
	assert_true(jose_jwk_pub(NULL, public));
	json_object_del(public, "key_ops");
	assert_int_equal(seal_key_check(public, &text, &no), 0);
	assert_int_equal(seed_make(base32), 0);
	seal.key = text;
	assert_int_equal(seal_make(&seal, &jwe), 0);
	assert_int_equal(seal_key_load(folder, getuid(), &key, &why), 0);
	if (seal_open(&key, jwe, "bastion1", "acme-tech1", &seed, &why) < 0)
		fail_msg("%s: %s", why.word, why.text);
	assert_int_equal(seed.key.len, 20);
	assert_true(strlen(jwe) <= SNAPSHOT_OTP_MAX);
}

/* A key that the service lets in is one that the bastion lets in. */
static void test_keys(void **state)
{
	struct sshkey key;
	struct refusal no = {0};

	for (size_t i = 0; i < ARRAY_LEN(good_keys); i++) {
		if (sshkey_parse(good_keys[i], "key", &key, &no) < 0)
			fail_msg("%s: %s", good_keys[i], no.detail);
		assert_null(sshkey_check(key.line));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad_keys); i++)
		if (sshkey_parse(bad_keys[i], "key", &key, &no) == 0 &&
			sshkey_check(key.line))
			fail_msg("%s: the bastion says: %s", bad_keys[i],
				sshkey_check(key.line));
}

static size_t put_utf8(char *to, uint32_t point)
{
	if (point < 0x80) {
		to[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		to[0] = (char)(0xc0 | point >> 6);
		to[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		to[0] = (char)(0xe0 | point >> 12);
		to[1] = (char)(0x80 | (point >> 6 & 0x3f));
		to[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | point >> 18);
	to[1] = (char)(0x80 | (point >> 12 & 0x3f));
	to[2] = (char)(0x80 | (point >> 6 & 0x3f));
	to[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

static void expect_name(const char *name)
{
	_cleanup_snapshot_ struct snapshot s = {0};
	_cleanup_free_ char *payload = NULL;
	struct fault why = {0};
	size_t len;

	payload = issue(name, "", &len);
	if (snapshot_parse(payload, len, &s, &why) < 0)
		fail_msg("\"%s\": %s", name, why.text);
	assert_int_equal(users_gecos_check(name), 0);
}

/* Every character of a person's name that the service takes for text. */
static void test_full_names(void **state)
{
	char name[SNAPSHOT_GECOS_MAX + 1];
	size_t len = 0;

	for (uint32_t point = 1; point <= 0x10ffff; point++) {
		char one[5] = "";

		if (point >= 0xd800 && point <= 0xdfff)
			continue;
		(void)put_utf8(one, point);
		if (point == ':' || !text_plain(one))
			continue;
		if (len + strlen(one) > SNAPSHOT_GECOS_MAX) {
			expect_name(name);
			len = 0;
		}
		memcpy(name + len, one, strlen(one) + 1);
		len += strlen(one);
	}
	expect_name(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_signed_snapshot, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_sealed_seed, make_folder, remove_folder),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_full_names),
	};

	return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}

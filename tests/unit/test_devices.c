/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ssh says, taken apart; the way to a target behind others; and what ssh
 * is told of each hop. Running it all is tests/bed's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpshell/options.h"
#include "jumpshell/sshlog.h"

#define FORCED "packet.c:sshpkt_vfatal():1943 (pid=12): "
#define UNABLE FORCED "Unable to negotiate with UNKNOWN port 65535: "

static struct sshlog said(const char *text)
{
	static struct sshlog log;

	sshlog_parse(text, strlen(text), &log);
	return log;
}

static void offers(void **state)
{
	static const struct {
		const char *line, *about;
		enum crypto needs;
	} rows[] = {
		{UNABLE "no matching key exchange method found. Their offer: "
			"diffie-hellman-group1-sha1,odd\r\n",
			"key exchange", CRYPTO_LEGACY_DH1},
		{UNABLE "no matching host key type found. Their offer: "
			"ssh-rsa\r\n",
			"host key", CRYPTO_LEGACY_RSA},
		{UNABLE "no matching host key type found. Their offer: "
			"ssh-dss\r\n",
			"host key", CRYPTO_LEGACY_DSS},
		{UNABLE "no matching cipher found. Their offer: "
			"arcfour,3des-cbc\r\n",
			"cipher", CRYPTO_LEGACY_CBC},
		{UNABLE "no matching MAC found. Their offer: hmac-md5\r\n",
			"MAC", CRYPTO_LEGACY_MAC},
		{UNABLE "no matching cipher found. Their offer: arcfour\r\n",
			"cipher", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sshlog log = said(rows[i].line);

		assert_int_equal(log.kind, SSHLOG_OFFER);
		assert_string_equal(log.about, rows[i].about);
		assert_int_equal(log.needs, rows[i].needs);
		assert_string_equal(log.text, "");
	}
}

static void other_words(void **state)
{
	struct sshlog log = said("maint@x: Permission denied (password).\r\n");
	char flood[2 * SSHLOG_TEXT_SIZE];

	(void)state;
	assert_int_equal(log.kind, SSHLOG_REFUSED);
	assert_string_equal(
		log.text, "maint@x: Permission denied (password).\n");
	log = said(FORCED "Connection closed by x\r\nHost key \x1b[2J.");
	assert_int_equal(log.kind, SSHLOG_OTHER);
	assert_string_equal(log.text, "Host key ?[2J.\n");
	/* without the place it is not ssh's own word for it */
	log = said("Unable to negotiate with x: no matching MAC found. "
		   "Their offer: hmac-md5\n");
	assert_int_equal(log.kind, SSHLOG_OTHER);
	memset(flood, 'a', sizeof(flood));
	sshlog_parse(flood, sizeof(flood), &log);
	assert_true(strlen(log.text) < SSHLOG_TEXT_SIZE);
	sshlog_parse("", 0, &log);
	assert_string_equal(log.text, "");
	sshlog_read(-1, &log);
	assert_string_equal(log.text, "");
}

static struct target targets[] = {
	{.name = "a", .account_count = 1, .accounts = {"one"}},
	{.name = "b", .via = "a"},
	{.name = "c", .via = "b"},
	{.name = "d", .via = "c"},
	{.name = "e", .via = "d"},
	{.name = "f", .via = "nowhere"},
	{.name = "g", .via = "g"},
};
static const struct policy policy = {
	.targets = targets, .target_count = ARRAY_LEN(targets)};

static void ways(void **state)
{
	char text[WAY_TEXT_SIZE];
	struct way w;

	(void)state;
	assert_int_equal(way_find(&policy, &targets[0], &w), 0);
	assert_int_equal(w.count, 1);
	assert_string_equal(way_text(&w, text), "");
	assert_int_equal(way_place(&w, "a"), -ENOENT);
	assert_int_equal(way_find(&policy, &targets[3], &w), 0);
	assert_int_equal(w.count, 4);
	assert_ptr_equal(w.hop[0], &targets[0]);
	assert_ptr_equal(w.hop[3], &targets[3]);
	assert_string_equal(way_text(&w, text), "a,b,c");
	assert_int_equal(way_place(&w, "c"), 2);
	assert_int_equal(way_place(&w, "d"), -ENOENT);
	assert_string_equal(way_account(&targets[0]), "one");
	assert_string_equal(way_account(&targets[1]), "");
	assert_int_equal(way_find(&policy, &targets[4], &w), -ELOOP);
	assert_int_equal(way_find(&policy, &targets[5], &w), -ENOENT);
	assert_int_equal(way_find(&policy, &targets[6], &w), -ELOOP);
}

static const char *option(const struct options *o, const char *name)
{
	for (size_t i = 0; i < o->count; i++) {
		if (strncmp(o->text[i], name, strlen(name)) == 0 &&
			o->text[i][strlen(name)] == '=')
			return o->text[i] + strlen(name) + 1;
	}
	return NULL;
}

static struct hop hop(const char *name, uint32_t crypto, enum credential c)
{
	struct hop h = {.crypto = crypto, .credential = c, .port = 22};

	snprintf(h.name, sizeof(h.name), "%s", name);
	snprintf(h.account, sizeof(h.account), "maint");
	snprintf(h.address, sizeof(h.address), "10.0.0.1");
	return h;
}

static void told(void **state)
{
	static struct options o;
	struct keypair keys = {.pid = 77};
	struct route r = {.count = 2};
	const struct options_request q = {.conn = "0123456789abcdef",
		.target = "deep",
		.proto = PROTO_SSH,
		.route = &r,
		.keys = &keys};

	(void)state;
	r.hop[0] = hop("first", CRYPTO_ALL, CREDENTIAL_CERTIFICATE);
	r.hop[1] = hop("deep", 0, CREDENTIAL_PASSWORD);
	options_of_hop(&o, &q, 0);
	assert_false(o.full);
	assert_non_null(strstr(option(&o, "ProxyCommand"),
		"/jump-dial 0123456789abcdef deep ssh"));
	assert_string_equal(
		option(&o, "HostKeyAlgorithms"), "+ssh-rsa,ssh-dss");
	assert_non_null(option(&o, "MACs"));
	options_of_hop(&o, &q, 1);
	assert_false(o.full);
	assert_null(option(&o, "MACs"));
	assert_null(option(&o, "KexAlgorithms"));
	assert_null(option(&o, "CertificateFile"));
	assert_string_equal(option(&o, "NumberOfPasswordPrompts"), "1");
	assert_string_equal(option(&o, "PubkeyAuthentication"), "no");
	assert_string_equal(option(&o, "ProxyCommand"),
		"/usr/bin/ssh -F /proc/77/fd/6 -E /proc/77/fd/7 -W 10.0.0.1:22 "
		"first");
	assert_true(options_need_password(&r));
	/* a kind that there is not starts nothing */
	r.hop[1].credential = (enum credential)9;
	options_of_hop(&o, &q, 1);
	assert_true(o.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offers),
		cmocka_unit_test(other_words),
		cmocka_unit_test(ways),
		cmocka_unit_test(told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

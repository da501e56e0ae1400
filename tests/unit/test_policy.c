/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loader: each tests/data/policy/NAME.case is a policy and, below
 * "=== expected", what is said of it (nothing: it loads). JUMP_TEST_UPDATE=1
 * writes what is said now into the files, for a person to read the diff.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "policy/decide.h"
#include "policy/draft.h"
#include "policy/hostkey.h"
#include "policy/suggest.h"
#include "policy/utf8.h"
#include "tests/unit/policy_case.h"

#define EXPECTED "=== expected\n"
#define CASE_MAX 65536

static struct policy_errors errors;

static void case_path(const char *name, char path[512])
{
	const char *root = getenv("JUMP_SRCDIR");

	snprintf(path, 512, "%s/tests/data/policy/%s", root ? root : ".", name);
}

static char *read_file(const char *path)
{
	char *text = calloc(1, CASE_MAX);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_non_null(text);
	if (fd < 0 || fd_read_full(fd, text, CASE_MAX - 1) < 0)
		fail_msg("%s: %s", path, strerror(errno));
	return text;
}

static int parse(const char *data, size_t size, struct policy *ret)
{
	struct policy_case c;

	policy_case_split(data, size, &c);
	return policy_parse(c.text, c.count, ret, &errors);
}

/* As jumpctl prints them. */
static char *errors_text(void)
{
	char *text = calloc(1, CASE_MAX);
	size_t len = 0;

	assert_non_null(text);
	for (size_t i = 0; i < errors.count && i < POLICY_ERRORS_MAX; i++) {
		const struct policy_error *e = &errors.error[i];

		len += (size_t)snprintf(text + len, CASE_MAX - len,
			"%s:%u: %s\n", e->origin.file, e->origin.line, e->text);
	}
	if (errors.count > POLICY_ERRORS_MAX)
		snprintf(text + len, CASE_MAX - len, "%zu in all\n",
			errors.count);
	return text;
}

static void update(const char *path, const char *text, const char *said)
{
	const char *expected = strstr(text, EXPECTED) + strlen(EXPECTED);
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	assert_non_null(f);
	fwrite(text, 1, (size_t)(expected - text), f);
	fputs(said, f);
}

static bool run_case(const char *name)
{
	_cleanup_policy_ struct policy p = {0};
	_cleanup_free_ char *text = NULL, *said = NULL;
	const char *expected;
	char path[512];
	int r;

	case_path(name, path);
	text = read_file(path);
	expected = strstr(text, EXPECTED);
	assert_non_null(expected);
	r = parse(text, (size_t)(expected - text), &p);
	said = errors_text();
	assert_int_equal(r, errors.count ? -EINVAL : 0);
	assert_true(r == 0 || (!p.zones && !p.targets && !p.conduits));
	if (getenv("JUMP_TEST_UPDATE"))
		update(path, text, said);
	else if (strcmp(expected + strlen(EXPECTED), said) != 0) {
		print_error("%s says:\n%s", name, said);
		return false;
	}
	return true;
}

static void cases_say_what_is_expected(void **state)
{
	_cleanup_closedir_ DIR *dir = NULL;
	size_t count = 0, failed = 0;
	char path[512];

	case_path("", path);
	dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		if (!strstr(e->d_name, ".case"))
			continue;
		failed += !run_case(e->d_name);
		count++;
	}
	printf("%zu cases\n", count);
	assert_true(count > 40);
	assert_int_equal(failed, 0);
}

static char *good_text(const char *name, size_t *ret_len)
{
	char path[512], *text;

	case_path(name, path);
	text = read_file(path);
	*ret_len = (size_t)(strstr(text, EXPECTED) - text);
	return text;
}

static void good_policy_is_what_it_says(void **state)
{
	_cleanup_policy_ struct policy p = {0};
	size_t len;
	_cleanup_free_ char *text = good_text("good-all-keys.case", &len);
	const struct target *t;
	const struct conduit *c;

	assert_int_equal(parse(text, len, &p), 0);
	assert_string_equal(p.settings.bastion_id, "bastion-1");
	assert_int_equal(p.settings.uid_max, 1900999999);
	assert_true(p.settings.audit_optional);
	assert_int_equal(p.settings.health_max_age_sec, 30);
	assert_int_equal(p.settings.clock_unsynced_max_sec, 7200);
	assert_int_equal(p.settings.disk_reserve_mib, 2048);
	assert_string_equal(p.settings.time_zone, "Europe/Berlin");
	assert_int_equal(p.settings.relay_port, 723);
	assert_int_equal(p.settings.sessions_max, 50);
	assert_string_equal(
		p.settings.approvals_url, "https://approvals.example:8443");
	assert_string_equal(p.zones[0].description, "Verpackung S\xc3\xbc"
						    "d; line A");
	t = policy_target(&p, "plc-gw");
	assert_non_null(t);
	assert_int_equal(t->port[PROTO_SSH][0], 2222);
	assert_int_equal(t->port[PROTO_SFTP][0], 2222);
	assert_int_equal(t->port[PROTO_HTTPS][0], 8443);
	assert_int_equal(t->port[PROTO_HTTPS][2], 9443);
	assert_int_equal(t->port[PROTO_HTTPS][3], 0);
	assert_int_equal(t->port[PROTO_TELNET][0], 2323);
	assert_int_equal(t->protocols.port_count, 2);
	assert_int_equal(t->protocols.ports[0], 502);
	assert_false(t->protocols.any_port);
	assert_int_equal(t->credential, CREDENTIAL_PASSWORD);
	assert_int_equal(t->crypto,
		CRYPTO_LEGACY_DH1 | CRYPTO_LEGACY_RSA | CRYPTO_LEGACY_MAC);
	/* The first second of 1 July 2027. */
	assert_int_equal(t->crypto_until, 1814400000);
	assert_string_equal(t->login_user, "login:");
	assert_string_equal(t->login_password, "Password:");
	assert_string_equal(t->login_ready, "#");
	assert_string_equal(t->login_failed, "Login incorrect");
	assert_int_equal(t->line_end, LINE_END_CRLF);
	assert_string_equal(t->via, "");
	assert_string_equal(policy_target(&p, "deep")->via, "plc-gw");
	assert_int_equal(policy_target(&p, "deep")->credential, CREDENTIAL_KEY);
	assert_int_equal(t->hostkey_count, 3);
	assert_memory_equal(t->hostkeys[1], "ssh-rsa AAAA", 12);
	assert_int_equal(t->account_count, 2);
	assert_string_equal(t->origin.file, "policy.d/20-targets.conf");
	assert_int_equal(t->origin.line, 1);
	c = policy_conduit_of_user(&p, "beta-one");
	assert_non_null(c);
	assert_null(policy_conduit_of_user(&p, "beta-two"));
	assert_int_equal(c->max_window_sec, 7 * 86400);
	assert_int_equal(c->approvals, 8);
	assert_int_equal(c->record, RECORD_OPTIONAL);
	assert_int_equal(c->files, FILES_UP | FILES_DOWN);
	assert_int_equal(c->grace_sec, 120);
	assert_int_equal(c->otp_grace_sec, 600);
	assert_int_equal(c->max_connections, 8);
	assert_true(c->protocols.any_port);
	assert_int_equal(c->protocols.port_count, 1);
	assert_int_equal(c->file_size_max, 1 << 30);
	assert_int_equal(c->file_count_max, 500);
	assert_int_equal(c->file_pattern_count, 2);
	assert_string_equal(c->file_patterns[1], "*.acd");
	assert_string_equal(
		c->file_check, "/usr/bin/clamdscan --fdpass --no-summary");
	assert_int_equal(c->file_check_max, 1536 * 1024);
}

static void what_is_not_said_is_strict(void **state)
{
	_cleanup_policy_ struct policy p = {0};
	size_t len;
	_cleanup_free_ char *text = good_text("good.case", &len);

	assert_int_equal(parse(text, len, &p), 0);
	assert_false(p.settings.audit_optional);
	assert_int_equal(p.settings.uid_min, POLICY_DEFAULT_UID_MIN);
	assert_int_equal(p.settings.relay_port, 722);
	assert_string_equal(p.settings.time_zone, "UTC");
	assert_int_equal(p.conduits[0].record, RECORD_REQUIRED);
	assert_int_equal(p.conduits[0].files, FILES_NONE);
	assert_int_equal(p.conduits[0].grace_sec, 0);
	assert_int_equal(p.conduits[0].otp_grace_sec, 0);
	assert_int_equal(p.conduits[0].file_size_max, 4ull << 30);
	assert_int_equal(p.conduits[0].file_count_max, 10000);
	assert_int_equal(p.conduits[0].file_pattern_count, 0);
	assert_string_equal(p.conduits[0].file_check, "");
	assert_int_equal(p.conduits[0].file_check_max, 64 << 20);
	assert_false(p.conduits[0].protocols.any_port);
	assert_int_equal(p.targets[0].crypto, 0);
	assert_int_equal(p.targets[0].crypto_until, 0);
	assert_string_equal(p.targets[0].via, "");
	assert_int_equal(p.targets[0].credential, CREDENTIAL_CERTIFICATE);
	assert_string_equal(p.targets[0].login_password, "");
	assert_int_equal(p.targets[0].line_end, LINE_END_CR_NUL);
}

static void files_that_end_early_are_refused(void **state)
{
	size_t len;
	_cleanup_free_ char *text = good_text("good.case", &len);

	/* Every cut that is no whole line. */
	for (size_t cut = 1; cut < len; cut++) {
		_cleanup_policy_ struct policy p = {0};

		if (text[cut - 1] != '\n')
			assert_int_equal(parse(text, cut, &p), -EINVAL);
	}
}

static void a_nul_is_refused(void **state)
{
	_cleanup_policy_ struct policy p = {0};
	size_t len;
	_cleanup_free_ char *text = good_text("good.case", &len);

	text[5] = '\0';
	assert_int_equal(parse(text, len, &p), -EINVAL);
}

/* ---- removing lines ---- */

#define QUESTIONS 256

/* Every question that this little world knows, as a row of yes and no. */
static void ask_all(const struct policy *p, bool answers[QUESTIONS])
{
	static const char *const names[] = {"acme-one", "beta-one", "gamma"};
	static const char granted[][NAME_SIZE] = {"plc-gw", "hmi-1"};
	size_t n = 0;

	for (size_t u = 0; u < ARRAY_LEN(names); u++) {
		for (unsigned bits = 0; bits < 64; bits++) {
			struct grant g = {.uid = 7,
				.targets = granted,
				.target_count = 2,
				.protocols = {.named = 0x7e},
				.account = "maint",
				.not_after = bits & 1 ? 3600 : 8 * 3600,
				.approver_count = 1 + (bits >> 1 & 1),
				.approvers = {"ann", "bob"},
				.record = RECORD_NONE,
				.files = FILES_UP | FILES_DOWN};
			struct request q = {.user = names[u],
				.uid = 7,
				.channel = CHANNEL_BROKERED,
				.target = granted[bits >> 2 & 1],
				.recording = bits >> 3 & 1,
				.files = bits >> 4 & 1 ? FILES_UP : 0,
				.proto = bits >> 5 & 1 ? PROTO_SSH : PROTO_RDP};

			snprintf(g.user, sizeof(g.user), "%s", names[u]);
			answers[n++] = policy_decide(p, &q, &g, 1).allow;
		}
	}
}

static void a_line_less_gives_no_right(void **state)
{
	bool before[QUESTIONS] = {0}, after[QUESTIONS] = {0};
	_cleanup_policy_ struct policy p = {0};
	size_t len, loaded = 0, lost = 0;
	_cleanup_free_ char *text = good_text("good-two-cells.case", &len);

	assert_int_equal(parse(text, len, &p), 0);
	ask_all(&p, before);
	for (size_t at = 0; at < len;) {
		size_t line = strcspn(text + at, "\n") + 1;
		_cleanup_policy_ struct policy less = {0};
		_cleanup_free_ char *rest = calloc(1, len);

		assert_non_null(rest);
		memcpy(rest, text, at);
		memcpy(rest + at, text + at + line, len - at - line);
		if (parse(rest, len - line, &less) == 0) {
			loaded++;
			ask_all(&less, after);
			for (size_t i = 0; i < QUESTIONS; i++) {
				assert_true(before[i] || !after[i]);
				lost += before[i] && !after[i];
			}
		}
		at += line;
	}
	assert_true(loaded > 10 && lost > 0);
}

/* ---- host keys ---- */

static void damaged_hostkeys_are_refused(void **state)
{
	_cleanup_policy_ struct policy p = {0};
	size_t len;
	_cleanup_free_ char *text = good_text("good-all-keys.case", &len);
	const struct target *t;

	assert_int_equal(parse(text, len, &p), 0);
	t = policy_target(&p, "plc-gw");
	for (size_t k = 0; k < t->hostkey_count; k++) {
		char key[POLICY_HOSTKEY_SIZE];
		size_t key_len = strlen(t->hostkeys[k]), type;

		memcpy(key, t->hostkeys[k], sizeof(key));
		assert_null(hostkey_fault(key));
		for (size_t cut = 0; cut < key_len; cut++) {
			key[cut] = '\0';
			assert_non_null(hostkey_fault(key));
			key[cut] = t->hostkeys[k][cut];
		}
		/* The type, and its length and copy within the key. */
		type = strcspn(key, " ");
		for (size_t i = 0; i < type + 1 + (4 + type) * 4 / 3; i++) {
			char was = key[i];

			key[i] = was == 'B' ? 'C' : 'B';
			assert_non_null(hostkey_fault(key));
			key[i] = was;
		}
	}
}

static void spelling_is_near_or_not(void **state)
{
	static const struct {
		const char *word, *candidate;
		bool near;
	} rows[] = {
		{"Adress", "Address", true},
		{"address", "Address", true},
		{"Adderss", "Address", true},
		{"Host", "HostKey", true},
		{"Zone", "Address", false},
		{"", "To", false},
		{"ssj", "ssh", true},
		{"xyz", "ssh", false},
		{"ab", "ba", true},
	};
	char longer[100];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct suggest s = {.word = rows[i].word};

		suggest_consider(&s, rows[i].candidate);
		assert_int_equal(s.best != NULL, rows[i].near);
	}
	memset(longer, 'a', 99);
	longer[99] = '\0';
	suggest_consider(&(struct suggest){.word = longer}, longer);
}

static void text_shows_what_it_is(void **state)
{
	static const struct {
		const char *bytes;
		bool plain;
	} rows[] = {
		{"", true},
		{"Line A\tB", true},
		{"S\xc3\xbc"
		 "d",
			true},
		{"\xe2\x82\xac", true},	    /* euro sign */
		{"\xf0\x9f\x8f\xad", true}, /* a factory */
		{"\x1b[31m", false},
		{"\x7f", false},
		{"\xc2\x9b"
		 "31m",
			false},		     /* CSI of one byte */
		{"\xc2\xad", false},	     /* soft hyphen */
		{"\xe2\x80\xae", false},     /* right to left override */
		{"\xe2\x81\xa6", false},     /* isolate */
		{"\xe2\x80\x8b", false},     /* zero width space */
		{"\xe2\x80\xa8", false},     /* line separator */
		{"\xef\xbb\xbf", false},     /* byte order mark */
		{"\xf3\xa0\x81\x81", false}, /* tag */
		{"\xc0\xaf", false},	     /* overlong */
		{"\xe0\x80\xaf", false},
		{"\xf0\x80\x80\xaf", false},
		{"\xed\xa0\x80", false},     /* surrogate */
		{"\xf4\x90\x80\x80", false}, /* beyond U+10FFFF */
		{"\xf8\x88\x80\x80\x80", false},
		{"\x80", false}, /* tail alone */
		{"\xc3", false}, /* head alone */
		{"\xc3"
		 "a",
			false},
		{"\xff", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (utf8_is_plain(rows[i].bytes, strlen(rows[i].bytes)) !=
			rows[i].plain)
			fail_msg("row %zu", i);
	}
	assert_true(ascii_is_plain("a\tb"));
	assert_false(ascii_is_plain("\x01"));
	assert_false(ascii_is_plain("\xc3\xbc"));
	assert_false(ascii_is_plain("\x7f"));
}

/* ---- files ---- */

struct folder {
	char path[64];
	int fd, more;
};

static void put(int dirfd, const char *name, const char *text, mode_t mode)
{
	_cleanup_close_ int fd = openat(
		dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode), 0);
}

static const char zone_text[] = "[zone cell-a]\nNetworks = 10.20.0.0/24\n";

static int folder_make(void **state)
{
	static struct folder f;

	snprintf(f.path, sizeof(f.path), "/tmp/jump-policy-XXXXXX");
	if (!mkdtemp(f.path))
		return -1;
	f.fd = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fchmod(f.fd, 0755) < 0 || mkdirat(f.fd, "policy.d", 0755) < 0)
		return -1;
	f.more = openat(f.fd, "policy.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(f.fd, "jump.conf", "[bastion]\nId = bastion-1\n", 0644);
	put(f.more, "b.conf", zone_text, 0644);
	*state = &f;
	return 0;
}

static int folder_drop(void **state)
{
	struct folder *f = *state;
	static const char *const names[] = {"a.conf", "b.conf", "b.conf~",
		".c.conf", "link.conf", "b.conf.dpkg-old", "a b.conf",
		"l23456789012345678901234567890123456789012345.conf"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(f->more, names[i], 0);
	(void)unlinkat(f->fd, "jump.conf", 0);
	(void)unlinkat(f->fd, "policy.d", AT_REMOVEDIR);
	close(f->more);
	close(f->fd);
	return rmdir(f->path);
}

static int load(const struct folder *f, struct policy *ret)
{
	return policy_load(f->path, geteuid(), ret, &errors);
}

static void files_are_read_in_order(void **state)
{
	struct folder *f = *state;
	_cleanup_policy_ struct policy p = {0};

	put(f->more, "a.conf", "[zone cell-0]\nNetworks = 10.1.0.0/24\n", 0644);
	put(f->more, "b.conf~", "nonsense", 0644);
	put(f->more, "b.conf.dpkg-old", "nonsense", 0644);
	put(f->more, ".c.conf", "nonsense", 0644);
	assert_int_equal(load(f, &p), 0);
	assert_int_equal(p.zone_count, 2);
	assert_string_equal(p.zones[0].origin.file, "policy.d/a.conf");
	assert_string_equal(p.zones[1].origin.file, "policy.d/b.conf");
}

static void no_folder_of_more_is_fine(void **state)
{
	struct folder *f = *state;
	_cleanup_policy_ struct policy p = {0};

	assert_int_equal(unlinkat(f->more, "b.conf", 0), 0);
	assert_int_equal(unlinkat(f->fd, "policy.d", AT_REMOVEDIR), 0);
	assert_int_equal(load(f, &p), 0);
	assert_int_equal(p.conduit_count, 0);
	assert_int_equal(mkdirat(f->fd, "policy.d", 0755), 0);
}

static void refused(
	const struct folder *f, int r, const char *file, const char *part)
{
	struct policy p = {0};

	assert_int_equal(load(f, &p), r);
	assert_true(errors.count > 0);
	assert_string_equal(errors.error[0].origin.file, file);
	if (!strstr(errors.error[0].text, part))
		fail_msg("%s", errors.error[0].text);
	assert_null(p.zones);
}

static void files_that_others_may_write_are_refused(void **state)
{
	struct folder *f = *state;

	put(f->more, "b.conf", zone_text, 0664);
	refused(f, -EPERM, "policy.d/b.conf", "chmod go-w");
	put(f->more, "b.conf", zone_text, 0646);
	refused(f, -EPERM, "policy.d/b.conf", "chmod go-w");
	put(f->more, "b.conf", zone_text, 0644);
	put(f->fd, "jump.conf", "[bastion]\nId = b\n", 0660);
	refused(f, -EPERM, "jump.conf", "chmod go-w");
	put(f->fd, "jump.conf", "[bastion]\nId = b\n", 0600);
	assert_int_equal(fchmod(f->more, 0775), 0);
	refused(f, -EPERM, "policy.d", "chmod go-w");
	assert_int_equal(fchmod(f->more, 0755), 0);
	assert_int_equal(fchmod(f->fd, 0757), 0);
	refused(f, -EPERM, f->path, "chmod go-w");
}

static void other_owners_are_refused(void **state)
{
	struct folder *f = *state;
	struct policy p = {0};

	assert_int_equal(
		policy_load(f->path, geteuid() + 1, &p, &errors), -EPERM);
	assert_int_equal(errors.count, 1);
}

static void links_and_missing_files_are_refused(void **state)
{
	struct folder *f = *state;

	assert_int_equal(symlinkat("b.conf", f->more, "link.conf"), 0);
	refused(f, -EPERM, "policy.d/link.conf", "regular file");
	assert_int_equal(unlinkat(f->more, "link.conf", 0), 0);
	assert_int_equal(unlinkat(f->fd, "jump.conf", 0), 0);
	refused(f, -ENOENT, "jump.conf", "no such file");
}

static void large_and_binary_files_are_refused(void **state)
{
	struct folder *f = *state;
	_cleanup_free_ char *large = malloc(1024 * 1024 + 2);

	assert_non_null(large);
	memset(large, '\n', 1024 * 1024 + 1);
	large[1024 * 1024 + 1] = '\0';
	put(f->more, "a.conf", large, 0644);
	refused(f, -EFBIG, "policy.d/a.conf", "larger than 1 MiB");
	large[1024 * 1024] = '\0';
	put(f->more, "a.conf", large, 0644);
	{
		_cleanup_policy_ struct policy p = {0};

		assert_int_equal(load(f, &p), 0);
	}
	put(f->more, "a.conf", "# a\n", 0644);
	{
		_cleanup_close_ int fd = openat(
			f->more, "a.conf", O_WRONLY | O_APPEND | O_CLOEXEC);

		assert_int_equal(fd_write_all(fd, "\0\n", 2), 0);
	}
	refused(f, -EINVAL, "policy.d/a.conf", "control characters");
}

static void no_folder_is_refused(void **state)
{
	struct policy p = {0};

	assert_int_equal(
		policy_load("/nonexistent/jump", geteuid(), &p, &errors),
		-ENOENT);
	assert_string_equal(errors.error[0].text, "there is no such folder");
	assert_int_equal(
		policy_load("/dev/null", geteuid(), &p, &errors), -ENOTDIR);
	assert_int_equal(errors.count, 1);
}

static void odd_names_are_refused(void **state)
{
	struct folder *f = *state;

	put(f->more, "a b.conf", zone_text, 0644);
	refused(f, -EINVAL, "policy.d", "unusual name");
	assert_int_equal(unlinkat(f->more, "a b.conf", 0), 0);
	put(f->more, "l23456789012345678901234567890123456789012345.conf",
		zone_text, 0644);
	refused(f, -EINVAL, "policy.d", "over-long");
}

static void unknown_time_zones_are_refused(void **state)
{
	struct folder *f = *state;

	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) < 0)
		skip();
	put(f->fd, "jump.conf", "[bastion]\nId = b\nTimeZone = Europe/Berlni\n",
		0644);
	refused(f, -EINVAL, "jump.conf", "knows no zone");
}

/* ---- documentation ---- */

static char *read_doc(const char *name)
{
	const char *root = getenv("JUMP_SRCDIR");
	char path[512];

	snprintf(path, sizeof(path), "%s/doc/%s", root ? root : ".", name);
	return read_file(path);
}

static void every_key_is_documented(void **state)
{
	_cleanup_free_ char *format = read_doc("formats/policy.md");
	_cleanup_free_ char *page = read_doc("man/jump.conf.5.scd");
	char word[64];

	for (unsigned k = SECTION_BASTION; k < SECTION_COUNT; k++) {
		const struct key_row *rows = keys_of((enum section_kind)k);

		for (size_t i = 0; rows[i].name; i++) {
			if (strcmp(rows[i].name, "Port.sftp") == 0)
				continue;
			snprintf(word, sizeof(word), "| `%s` |", rows[i].name);
			if (!strstr(format, word))
				fail_msg("policy.md lacks %s", rows[i].name);
			snprintf(word, sizeof(word), "*%s*", rows[i].name);
			if (!strstr(page, word))
				fail_msg("jump.conf.5 lacks %s", rows[i].name);
		}
	}
}

#define WITH_FOLDER(f)                                                         \
	cmocka_unit_test_setup_teardown(f, folder_make, folder_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_say_what_is_expected),
		cmocka_unit_test(good_policy_is_what_it_says),
		cmocka_unit_test(what_is_not_said_is_strict),
		cmocka_unit_test(files_that_end_early_are_refused),
		cmocka_unit_test(a_nul_is_refused),
		cmocka_unit_test(a_line_less_gives_no_right),
		cmocka_unit_test(damaged_hostkeys_are_refused),
		cmocka_unit_test(spelling_is_near_or_not),
		cmocka_unit_test(text_shows_what_it_is),
		WITH_FOLDER(files_are_read_in_order),
		WITH_FOLDER(no_folder_of_more_is_fine),
		WITH_FOLDER(files_that_others_may_write_are_refused),
		WITH_FOLDER(other_owners_are_refused),
		WITH_FOLDER(links_and_missing_files_are_refused),
		WITH_FOLDER(odd_names_are_refused),
		WITH_FOLDER(large_and_binary_files_are_refused),
		cmocka_unit_test(no_folder_is_refused),
		WITH_FOLDER(unknown_time_zones_are_refused),
		cmocka_unit_test(every_key_is_documented),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of jump-credential that need no host: what it is asked, what it
 * was given, that each connection has it once, that a wrong one is not tried
 * again. Who asks, and whether it is granted, is tests/bed's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/unit/scratch.h"
#include "workers/credential/keeper.h"
#include "workers/credential/request.h"
#include "workers/credential/signing.h"
#include "workers/credential/spent.h"
#include "workers/credential/trial.h"

#define CONN	"0123456789abcdef"
#define SESSION "123e4567-e89b-42d3-a456-426614174000"
#define OTHER	"123e4567-e89b-42d3-a456-426614174001"

static char folder[64];

static int make(void **state)
{
	(void)state;
	return scratch_make(folder, sizeof(folder));
}

static int drop(void **state)
{
	(void)state;
	return scratch_drop(folder);
}

static void names(void **state)
{
	static const char *const wrong[] = {"", "@", "maint", "maint@",
		"@plc-gw", "maint@plc@gw", "../x@plc-gw", "maint@../../etc",
		"Maint@plc-gw", "maint@plc gw",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@plc-gw"};
	struct keeper k;

	(void)state;
	assert_int_equal(keeper_parse("maint@plc-gw", &k), 0);
	assert_string_equal(k.account, "maint");
	assert_string_equal(k.target, "plc-gw");
	assert_string_equal(k.name, "maint@plc-gw");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(keeper_parse(wrong[i], &k), -EINVAL);
}

static int ask(const char *text, struct credential_request *q)
{
	return credential_request_parse(text, strlen(text), q);
}

static void requests(void **state)
{
	static const char *const wrong[] = {"", "\n", "get\n",
		"get conn=" CONN "\n", "get target=plc-gw\n",
		"get conn=" CONN " target=plc-gw", /* not whole */
		"get conn=" CONN " target=plc-gw more=1\n",
		"get conn=" CONN " conn=" CONN " target=plc-gw\n",
		"get conn=0123456789ABCDEF target=plc-gw\n",
		"get conn=../../etc/passwd target=plc-gw\n",
		"get conn=" CONN " target=../x\n",
		"give conn=" CONN " target=plc-gw\n",
		"get conn=" CONN " target=plc-gw\nright conn=" CONN
		" target=plc-gw\n"};
	struct credential_request q;

	(void)state;
	assert_int_equal(ask("get conn=" CONN " target=plc-gw\n", &q), 0);
	assert_int_equal(q.verb, CREDENTIAL_GET);
	assert_string_equal(q.conn, CONN);
	assert_string_equal(q.target, "plc-gw");
	assert_int_equal(ask("right target=hmi-1 conn=" CONN "\n", &q), 0);
	assert_int_equal(q.verb, CREDENTIAL_RIGHT);
	assert_int_equal(ask("wrong target=hmi-1 conn=" CONN "\n", &q), 0);
	assert_int_equal(q.verb, CREDENTIAL_WRONG);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(ask(wrong[i], &q), -EBADMSG);
}

static int kept(const char *text, size_t len, struct keeper_secret *ret)
{
	struct keeper k = {0};
	int fd;

	snprintf(k.path, sizeof(k.path), "%s/secret", folder);
	(void)unlink(k.path);
	fd = open(k.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
	return keeper_read(&k, ret);
}

static void secrets(void **state)
{
	_cleanup_secret_of_keeper_ struct keeper_secret s = {0};
	char longest[KEEPER_PASSWORD_MAX + 1];

	(void)state;
	assert_int_equal(kept("gr3en tea\n", 10, &s), 0);
	assert_string_equal(s.bytes, "gr3en tea");
	assert_int_equal(s.len, 9);
	assert_false(s.is_key);
	keeper_forget(&s);
	assert_null(s.bytes);
	assert_int_equal(kept("-----BEGIN X PRIVATE KEY-----\n", 30, &s), 0);
	assert_true(s.is_key);
	keeper_forget(&s);
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(kept(longest, KEEPER_PASSWORD_MAX, &s), 0);
	keeper_forget(&s);
	assert_int_equal(
		kept(longest, KEEPER_PASSWORD_MAX + 1, &s), -EBADMSG);
	assert_int_equal(kept("", 0, &s), -EBADMSG);
	assert_int_equal(kept("\n", 1, &s), -EBADMSG);
	assert_int_equal(kept("two\nlines\n", 10, &s), -EBADMSG);
	assert_int_equal(kept("nul\0inside", 10, &s), -EBADMSG);
	assert_null(s.bytes);
}

/* 0: somebody who is not root reads what is root's; of nobody else. */
static int read_as_nobody(uid_t owner)
{
	_cleanup_secret_of_keeper_ struct keeper_secret s = {0};
	struct keeper k = {0};
	int status = 0;
	pid_t pid;

	assert_int_equal(kept("gr3en tea\n", 10, &s), 0);
	snprintf(k.path, sizeof(k.path), "%s/secret", folder);
	assert_int_equal(chmod(k.path, 0644), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chown(k.path, owner, 0), 0);
	keeper_forget(&s);
	pid = fork();
	if (pid == 0) {
		bool is = setuid(65534) == 0 && keeper_read(&k, &s) == 0;

		_exit(is ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

/* Where the file system knows lists of users, systemd leaves it root's. */
static void whose(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(read_as_nobody(0), 0);
	assert_int_equal(read_as_nobody(65534), 0);
	assert_int_equal(read_as_nobody(65533), 1);
}

static void once(void **state)
{
	const struct spent s = {CONN, "maint@plc-gw", SESSION};
	const struct spent hop = {CONN, "maint@first", SESSION};
	const struct spent stranger = {CONN, "maint@plc-gw", OTHER};
	const struct spent wrong = {"../x", "maint@plc-gw", SESSION};

	(void)state;
	assert_false(spent_by(folder, &s));
	assert_int_equal(spent_mark(folder, &s), 0);
	assert_int_equal(spent_mark(folder, &s), -EEXIST);
	assert_int_equal(spent_mark(folder, &stranger), -EEXIST);
	assert_true(spent_by(folder, &s));
	assert_false(spent_by(folder, &stranger));
	assert_false(spent_by(folder, &hop));
	assert_int_equal(spent_mark(folder, &hop), 0);
	assert_int_equal(spent_mark(folder, &wrong), -EINVAL);
	spent_undo(folder, &hop);
	assert_false(spent_by(folder, &hop));
	assert_true(spent_by(folder, &s));
	assert_int_equal(spent_mark(folder, &hop), 0);
	assert_int_equal(spent_mark("/nowhere/at/all", &s), -ENOENT);
}

static void age(const char *name)
{
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	int dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(utimensat(dirfd, name, old, 0), 0);
	close(dirfd);
}

static void forgotten(void **state)
{
	const struct spent s = {CONN, "maint@plc-gw", SESSION};
	char live[96], conn[128];

	(void)state;
	snprintf(live, sizeof(live), "%s/live", folder);
	snprintf(conn, sizeof(conn), "%s/" CONN, live);
	assert_int_equal(mkdir(live, 0700), 0);
	assert_int_equal(mkdir(conn, 0700), 0);
	assert_int_equal(spent_mark(folder, &s), 0);
	spent_sweep(folder, live);
	assert_true(spent_by(folder, &s));
	age(CONN "-maint@plc-gw");
	spent_sweep(folder, live);
	assert_true(spent_by(folder, &s)); /* it goes on */
	assert_int_equal(rmdir(conn), 0);
	spent_sweep(folder, live);
	assert_false(spent_by(folder, &s));
}

/* Pieces with their lengths; what is no text begins with '#': one byte. */
static size_t put(uint8_t *at, const char *text)
{
	size_t len = strlen(text);

	if (text[0] == '#') {
		at[0] = (uint8_t)(text[1] - '0' + (text[2] ? 50 : 0));
		return 1;
	}
	memset(at, 0, 3);
	at[3] = (uint8_t)len;
	memcpy(at + 4, text, len);
	return 4 + len;
}

static size_t sign_request(uint8_t ret[1024], const char *const pieces[])
{
	uint8_t part[512];
	size_t len = 0, at = 0;

	for (size_t i = 0; pieces[i]; i++)
		len += put(part + len, pieces[i]);
	ret[at++] = 13;
	at += put(ret + at, "the key");
	memset(ret + at, 0, 4);
	ret[at + 2] = (uint8_t)(len >> 8);
	ret[at + 3] = (uint8_t)len;
	memcpy(ret + at + 4, part, len);
	at += 4 + len;
	memset(ret + at, 0, 4);
	return at + 4;
}

#define SESSION_HASH "0123456789abcdefghij0123456789ab"

static void signs_a_login_only(void **state)
{
	static const char *const right[][10] = {
		{SESSION_HASH, "#0+", "maint", "ssh-connection", "publickey",
			"#1", "ssh-ed25519", "the key", NULL},
		{SESSION_HASH, "#0+", "maint", "ssh-connection",
			"publickey-hostbound-v00@openssh.com", "#1",
			"ssh-ed25519", "the key", "the host's", NULL},
	};
	static const char *const wrong[][10] = {
		{SESSION_HASH, "#0+", "root", "ssh-connection", "publickey",
			"#1", "ssh-ed25519", "the key", NULL},
		{SESSION_HASH, "#1+", "maint", "ssh-connection", "publickey",
			"#1", NULL},
		{SESSION_HASH, "#0+", "maint", "ssh-other", "publickey", "#1",
			NULL},
		{SESSION_HASH, "#0+", "maint", "ssh-connection", "hostbased",
			"#1", NULL},
		{SESSION_HASH, "#0+", "maint", "ssh-connection", "publickey",
			"#0", NULL},
		{SESSION_HASH, "#0+", "maint", "ssh-connection", "publickey",
			NULL},
		{"short", "#0+", "maint", "ssh-connection", "publickey", "#1",
			NULL},
		{"SSHSIG", "file", NULL},
		{NULL},
	};
	uint8_t bytes[1024] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(right); i++) {
		size_t len = sign_request(bytes, right[i]);

		assert_true(signing_is_login(bytes, len, "maint"));
		assert_false(signing_is_login(bytes, len, "main"));
		assert_false(signing_is_login(bytes, len + 1, "maint"));
		for (size_t n = 0; n < len; n++)
			assert_false(signing_is_login(bytes, n, "maint"));
		memset(bytes + 12, 0xff, 4); /* how long the signed part is */
		assert_false(signing_is_login(bytes, len, "maint"));
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(signing_is_login(
			bytes, sign_request(bytes, wrong[i]), "maint"));
}

static void trials(void **state)
{
	static const char name[] = "maint@plc-gw";

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(trial_begin(folder, name), 0);
		assert_int_equal(trial_right(folder, name), 0);
	}
	for (int i = 0; i < TRIAL_OPEN_MAX; i++)
		assert_int_equal(trial_begin(folder, name), 0);
	assert_int_equal(trial_begin(folder, name), -EBUSY);
	assert_int_equal(trial_begin(folder, "maint@hmi-1"), 0);
	assert_int_equal(trial_right(folder, name), 0);
	assert_int_equal(trial_begin(folder, name), 0);
	assert_int_equal(trial_wrong(folder, name), 0);
	assert_int_equal(trial_begin(folder, name), -EPERM);
	assert_int_equal(trial_right(folder, name), 0);
	assert_int_equal(trial_begin(folder, name), -EPERM);
}

/* What can't be read is not a reason to try. */
static void trials_in_doubt(void **state)
{
	char path[128];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/maint@plc-gw", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "open=0\n", 7), 7);
	close(fd);
	assert_int_equal(trial_begin(folder, "maint@plc-gw"), -ENOENT);
	assert_int_equal(trial_begin("/nowhere/at/all", "a@b"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(requests),
		cmocka_unit_test_setup_teardown(secrets, make, drop),
		cmocka_unit_test_setup_teardown(whose, make, drop),
		cmocka_unit_test_setup_teardown(once, make, drop),
		cmocka_unit_test_setup_teardown(forgotten, make, drop),
		cmocka_unit_test(signs_a_login_only),
		cmocka_unit_test_setup_teardown(trials, make, drop),
		cmocka_unit_test_setup_teardown(trials_in_doubt, make, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

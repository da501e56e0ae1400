/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module as libc calls it: loaded by dlopen from the build folder, built
 * with a folder of this test in place of /run/jump and /etc/passwd.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pthread.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "grants/users_write.h"

#define UID0   1900000000u
#define PASSWD NSS_TEST_DIR "/passwd"
#define LINK   NSS_TEST_DIR "/current"

typedef enum nss_status status;
static status (*getpwnam_)(
	const char *, struct passwd *, char *, size_t, int *);
static status (*getpwuid_)(uid_t, struct passwd *, char *, size_t, int *);
static status (*getgrnam_)(const char *, struct group *, char *, size_t, int *);
static status (*getgrgid_)(gid_t, struct group *, char *, size_t, int *);
static status (*initgroups_)(
	const char *, gid_t, long *, long *, gid_t **, long, int *);

static void text_write(const char *path, const char *text, size_t len)
{
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, len), 0);
}

static void generation_write(
	const char *name, const struct users_entry *users, size_t count)
{
	struct users_list list = {.generation = 5,
		.uid_min = UID0,
		.uid_max = UID0 + 999,
		.users_gid = 990,
		.users = users,
		.count = count};
	_cleanup_close_ int fd = -1;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", NSS_TEST_DIR, name);
	(void)mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s/users.db", NSS_TEST_DIR, name);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(users_write(fd, &list), 0);
}

static void publish(const char *name)
{
	(void)unlink(NSS_TEST_DIR "/next");
	assert_int_equal(symlink(name, NSS_TEST_DIR "/next"), 0);
	assert_int_equal(rename(NSS_TEST_DIR "/next", LINK), 0);
}

static const struct users_entry users_a[] = {
	{"acme-tech1", UID0 + 1, "Ada Example"},
	{"acme-tech2", UID0 + 2, ""},
	{"only-a", UID0 + 3, "a"},
};
static const struct users_entry users_b[] = {
	{"acme-tech1", UID0 + 11, "Ada B. Example"},
	{"acme-tech2", UID0 + 1, "took over a uid"},
};

static int each_setup(void **state)
{
	(void)state;
	text_write(PASSWD, "root:x:0:0:root:/root:/bin/bash\n", 32);
	generation_write("a", users_a, ARRAY_LEN(users_a));
	generation_write("b", users_b, ARRAY_LEN(users_b));
	publish("a");
	return 0;
}

static void test_passwd_fields(void **state)
{
	char buffer[256];
	struct passwd pw;
	int e = 0;

	(void)state;
	for (int by = 0; by < 2; by++) {
		memset(&pw, 0xee, sizeof(pw));
		assert_int_equal(by ? getpwuid_(UID0 + 1, &pw, buffer,
					      sizeof(buffer), &e)
				    : getpwnam_("acme-tech1", &pw, buffer,
					      sizeof(buffer), &e),
			NSS_STATUS_SUCCESS);
		assert_string_equal(pw.pw_name, "acme-tech1");
		assert_string_equal(pw.pw_passwd, "*");
		assert_int_equal(pw.pw_uid, UID0 + 1);
		assert_int_equal(pw.pw_gid, UID0 + 1);
		assert_string_equal(pw.pw_gecos, "Ada Example");
		assert_string_equal(pw.pw_dir, "/");
		assert_string_equal(pw.pw_shell, JUMP_LIBEXECDIR "/jumpshell");
	}
}

static void test_group_fields(void **state)
{
	char buffer[256];
	struct group gr;
	int e = 0;

	(void)state;
	for (int by = 0; by < 2; by++) {
		assert_int_equal(by ? getgrgid_(UID0 + 2, &gr, buffer,
					      sizeof(buffer), &e)
				    : getgrnam_("acme-tech2", &gr, buffer,
					      sizeof(buffer), &e),
			NSS_STATUS_SUCCESS);
		assert_string_equal(gr.gr_name, "acme-tech2");
		assert_string_equal(gr.gr_passwd, "x");
		assert_int_equal(gr.gr_gid, UID0 + 2);
		assert_null(gr.gr_mem[0]);
	}
}

/* Each size below the needed one asks for more and touches nothing else. */
static void test_small_buffers(void **state)
{
	const size_t pw_size = sizeof("acme-tech1") + sizeof("*") +
			       sizeof("Ada Example") + sizeof("/") +
			       sizeof(JUMP_LIBEXECDIR "/jumpshell");
	_Alignas(8) char area[512];
	struct passwd pw;
	struct group gr;

	(void)state;
	for (size_t size = 0; size < pw_size + 3; size++) {
		int e = 0;

		memset(area, 0x5a, sizeof(area));
		assert_int_equal(getpwnam_("acme-tech1", &pw, area, size, &e),
			size < pw_size ? NSS_STATUS_TRYAGAIN
				       : NSS_STATUS_SUCCESS);
		assert_int_equal(e, size < pw_size ? ERANGE : 0);
		for (size_t i = size; i < sizeof(area); i++)
			assert_int_equal(area[i], 0x5a);
	}
	for (size_t shift = 0; shift < 8; shift++) {
		size_t need = (8 - shift) % 8 + sizeof(char *) +
			      sizeof("acme-tech1") + sizeof("x");

		for (size_t size = 0; size < need + 3; size++) {
			int e = 0;

			memset(area, 0x5a, sizeof(area));
			assert_int_equal(getgrnam_("acme-tech1", &gr,
						 area + shift, size, &e),
				size < need ? NSS_STATUS_TRYAGAIN
					    : NSS_STATUS_SUCCESS);
			assert_int_equal(e, size < need ? ERANGE : 0);
			for (size_t i = shift + size; i < sizeof(area); i++)
				assert_int_equal(area[i], 0x5a);
		}
	}
}

static void expect(const char *name, status want)
{
	char buffer[256];
	struct passwd pw;
	struct group gr;
	int e = 0;

	assert_int_equal(
		getpwnam_(name, &pw, buffer, sizeof(buffer), &e), want);
	assert_int_equal(e, want == NSS_STATUS_SUCCESS ? 0 : ENOENT);
	assert_int_equal(
		getgrnam_(name, &gr, buffer, sizeof(buffer), &e), want);
}

static void expect_uid(uid_t uid, status want)
{
	char buffer[256];
	struct passwd pw;
	struct group gr;
	int e = 0;

	assert_int_equal(getpwuid_(uid, &pw, buffer, sizeof(buffer), &e), want);
	assert_int_equal(getgrgid_(uid, &gr, buffer, sizeof(buffer), &e), want);
}

static void test_strangers(void **state)
{
	(void)state;
	expect("acme-tech", NSS_STATUS_NOTFOUND);
	expect("root", NSS_STATUS_NOTFOUND);
	expect("", NSS_STATUS_NOTFOUND);
	expect("ACME-TECH1", NSS_STATUS_NOTFOUND);
	expect("../acme-tech1", NSS_STATUS_NOTFOUND);
	expect_uid(0, NSS_STATUS_NOTFOUND);
	expect_uid(1000, NSS_STATUS_NOTFOUND);
	expect_uid(UID0 - 1, NSS_STATUS_NOTFOUND);
	expect_uid(UID0 + 4, NSS_STATUS_NOTFOUND);
	expect_uid(UID0 + 1000, NSS_STATUS_NOTFOUND);
	expect_uid((uid_t)-1, NSS_STATUS_NOTFOUND);
	expect_uid((uid_t)-2, NSS_STATUS_NOTFOUND);
}

/* What can't be ours is told so even where there is no file at all. */
static void test_unavailable(void **state)
{
	(void)state;
	assert_int_equal(unlink(LINK), 0);
	expect("acme-tech1", NSS_STATUS_UNAVAIL);
	expect_uid(UID0 + 1, NSS_STATUS_UNAVAIL);
	expect("_apt", NSS_STATUS_NOTFOUND);
	expect_uid(0, NSS_STATUS_NOTFOUND);
	publish("a");
	assert_int_equal(truncate(LINK "/users.db", 200), 0);
	expect("acme-tech1", NSS_STATUS_UNAVAIL);
	assert_int_equal(chmod(LINK "/users.db", 0666), 0);
	expect("acme-tech1", NSS_STATUS_UNAVAIL);
}

/* The local passwd goes first, wherever the name stands in it. */
static void test_local_names(void **state)
{
	static const struct {
		const char *passwd;
		status want;
	} rows[] = {
		{"", NSS_STATUS_SUCCESS},
		{"acme-tech1:x:1:1::/:/bin/sh\n", NSS_STATUS_NOTFOUND},
		{"a:x:1:1::/:\nacme-tech1:x:1:1::/:/bin/sh",
			NSS_STATUS_NOTFOUND},
		{"\n\nacme-tech1:", NSS_STATUS_NOTFOUND},
		{"acme-tech\nacme-tech1:x", NSS_STATUS_NOTFOUND},
		{"acme-tech1\n", NSS_STATUS_SUCCESS},
		{"acme-tech11:x\n", NSS_STATUS_SUCCESS},
		{"acme-tech:x\n", NSS_STATUS_SUCCESS},
		{"b:acme-tech1:x\n", NSS_STATUS_SUCCESS},
		{" acme-tech1:x\n", NSS_STATUS_SUCCESS},
	};
	static char big[3 * 4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		text_write(PASSWD, rows[i].passwd, strlen(rows[i].passwd));
		expect("acme-tech1", rows[i].want);
		expect_uid(UID0 + 1, rows[i].want);
	}
	/* On every place around the ends of the chunks that are read. */
	for (size_t at = 2000; at < 4200; at++) {
		memset(big, 'q', sizeof(big));
		big[at - 1] = '\n';
		memcpy(big + at, "acme-tech1:", 11);
		text_write(PASSWD, big, sizeof(big));
		expect("acme-tech1", NSS_STATUS_NOTFOUND);
		at += at > 2100 && at < 4000 ? 97 : 0;
	}
	assert_int_equal(unlink(PASSWD), 0);
	expect("acme-tech1", NSS_STATUS_UNAVAIL);
}

static void test_initgroups(void **state)
{
	long start = 1, size = 1;
	gid_t *gids = calloc(1, sizeof(*gids));
	int e = 0;

	(void)state;
	assert_non_null(gids);
	gids[0] = UID0 + 1;
	assert_int_equal(initgroups_("acme-tech1", UID0 + 1, &start, &size,
				 &gids, -1, &e),
		NSS_STATUS_SUCCESS);
	assert_int_equal(start, 2);
	assert_int_equal(gids[1], 990);
	/* Again: it is there already. */
	assert_int_equal(initgroups_("acme-tech1", UID0 + 1, &start, &size,
				 &gids, -1, &e),
		NSS_STATUS_SUCCESS);
	assert_int_equal(start, 2);
	/* Another primary group, a stranger, a local name: nothing. */
	assert_int_equal(initgroups_("acme-tech1", UID0 + 2, &start, &size,
				 &gids, -1, &e),
		NSS_STATUS_NOTFOUND);
	assert_int_equal(
		initgroups_("acme-tech1", 0, &start, &size, &gids, -1, &e),
		NSS_STATUS_NOTFOUND);
	assert_int_equal(initgroups_("root", 0, &start, &size, &gids, -1, &e),
		NSS_STATUS_NOTFOUND);
	text_write(PASSWD, "acme-tech2:x\n", 13);
	assert_int_equal(initgroups_("acme-tech2", UID0 + 2, &start, &size,
				 &gids, -1, &e),
		NSS_STATUS_NOTFOUND);
	assert_int_equal(start, 2);
	/* nscd asks for whomever it may concern, and keeps the answer. */
	start = 0;
	assert_int_equal(initgroups_("acme-tech1", (gid_t)-1, &start, &size,
				 &gids, -1, &e),
		NSS_STATUS_SUCCESS);
	assert_int_equal(start, 1);
	assert_int_equal(gids[0], 990);
	assert_int_equal(initgroups_("acme-tech2", (gid_t)-1, &start, &size,
				 &gids, -1, &e),
		NSS_STATUS_NOTFOUND);
	/* At the caller's limit the list stays as it is. */
	start = size = 1;
	assert_int_equal(initgroups_("acme-tech1", UID0 + 1, &start, &size,
				 &gids, 1, &e),
		NSS_STATUS_SUCCESS);
	assert_int_equal(start, 1);
	free(gids);
}

static atomic_bool stop;

static void *reader(void *arg)
{
	unsigned long *seen = arg;
	char buffer[256];
	struct passwd pw;
	int e;

	while (!atomic_load(&stop)) {
		status s = getpwnam_(
			"acme-tech1", &pw, buffer, sizeof(buffer), &e);

		if (s != NSS_STATUS_SUCCESS)
			return "enrolled in both, not found";
		if (!(pw.pw_uid == UID0 + 1 &&
			    !strcmp(pw.pw_gecos, "Ada Example")) &&
			!(pw.pw_uid == UID0 + 11 &&
				!strcmp(pw.pw_gecos, "Ada B. Example")))
			return "a mixture";
		s = getpwuid_(UID0 + 1, &pw, buffer, sizeof(buffer), &e);
		if (s != NSS_STATUS_SUCCESS ||
			(strcmp(pw.pw_name, "acme-tech1") &&
				strcmp(pw.pw_name, "acme-tech2")))
			return "uid of nobody";
		s = getpwnam_("only-a", &pw, buffer, sizeof(buffer), &e);
		if (s != NSS_STATUS_SUCCESS && s != NSS_STATUS_NOTFOUND)
			return "unavailable";
		seen[s == NSS_STATUS_SUCCESS]++;
	}
	return NULL;
}

/* New generations are renamed into place under four readers. */
static void test_replaced_under_readers(void **state)
{
	unsigned long seen[4][2] = {0};
	pthread_t thread[4];
	void *complaint;

	(void)state;
	atomic_store(&stop, false);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
			pthread_create(&thread[i], NULL, reader, seen[i]), 0);
	for (int i = 0; i < 3000; i++)
		publish(i % 2 ? "a" : "b");
	atomic_store(&stop, true);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], &complaint), 0);
		if (complaint)
			fail_msg("%s", (const char *)complaint);
		assert_true(seen[i][0] + seen[i][1] > 0);
	}
}

static int setup(void **state)
{
	void *module = dlopen(NSS_TEST_MODULE, RTLD_NOW);

	(void)state;
	(void)mkdir(NSS_TEST_DIR, 0755);
	if (!module) {
		fprintf(stderr, "%s\n", dlerror());
		return -1;
	}
	*(void **)&getpwnam_ = dlsym(module, "_nss_jump_getpwnam_r");
	*(void **)&getpwuid_ = dlsym(module, "_nss_jump_getpwuid_r");
	*(void **)&getgrnam_ = dlsym(module, "_nss_jump_getgrnam_r");
	*(void **)&getgrgid_ = dlsym(module, "_nss_jump_getgrgid_r");
	*(void **)&initgroups_ = dlsym(module, "_nss_jump_initgroups_dyn");
	return getpwnam_ && getpwuid_ && getgrnam_ && getgrgid_ && initgroups_
		       ? 0
		       : -1;
}

static int teardown(void **state)
{
	static const char *const files[] = {PASSWD, LINK,
		NSS_TEST_DIR "/a/users.db", NSS_TEST_DIR "/b/users.db",
		NSS_TEST_DIR "/a", NSS_TEST_DIR "/b", NSS_TEST_DIR};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		(void)remove(files[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_passwd_fields, each_setup),
		cmocka_unit_test_setup(test_group_fields, each_setup),
		cmocka_unit_test_setup(test_small_buffers, each_setup),
		cmocka_unit_test_setup(test_strangers, each_setup),
		cmocka_unit_test_setup(test_unavailable, each_setup),
		cmocka_unit_test_setup(test_local_names, each_setup),
		cmocka_unit_test_setup(test_initgroups, each_setup),
		cmocka_unit_test_setup(test_replaced_under_readers, each_setup),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

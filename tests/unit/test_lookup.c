/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * users.db: what is written comes back, and only that. Every single-byte
 * corruption and every truncation of a small file is tried: an answer is
 * then the true one or none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/name.h"
#include "grants/lookup.h"
#include "grants/users_write.h"

#define UID0 1900000000u

static char folder[] = "/tmp/jump-lookup-XXXXXX";
static char path[64];

static const struct users_entry small[] = {
	{"acme-tech1", UID0 + 1, "Ada Example"},
	{"acme-tech2", UID0 + 2, ""},
	{"beta", UID0 + 7, "B\xc3\xa9ta, of Beta"},
	{"a23456789012345678901234567890z", UID0 + 9, "longest"},
	{"z", UID0 + 9999999, "last"},
};
static const char *const strangers[] = {
	"acme-tech", "acme-tech11", "root", "b", "zz", "y", ""};
static const uint32_t stranger_uids[] = {
	0, 1000, UID0, UID0 + 3, UID0 + 9999998, UID0 + 10000000, UINT32_MAX};

static struct users_list list_of(
	const struct users_entry *users, size_t count, uint64_t generation)
{
	return (struct users_list){.generation = generation,
		.uid_min = UID0,
		.uid_max = UID0 + 9999999,
		.users_gid = 990,
		.count = count,
		.users = users};
}

static int write_list(const struct users_list *list)
{
	_cleanup_close_ int fd = -1;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	return users_write(fd, list);
}

static void write_small(void)
{
	struct users_list list = list_of(small, ARRAY_LEN(small), 42);

	assert_int_equal(write_list(&list), 0);
}

static unsigned char *slurp(size_t *ret_len)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *bytes = malloc(1 << 20);
	ssize_t len;

	assert_true(fd >= 0 && bytes);
	len = fd_read_full(fd, bytes, 1 << 20);
	assert_true(len > 0);
	*ret_len = (size_t)len;
	return bytes;
}

static void spill(const unsigned char *bytes, size_t len)
{
	_cleanup_close_ int fd = -1;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(fd_write_all(fd, bytes, len), 0);
}

static void assert_user(
	const struct lookup_user *got, const struct users_entry *want)
{
	assert_string_equal(got->name, want->name);
	assert_int_equal(got->uid, want->uid);
	assert_string_equal(got->gecos, want->gecos);
}

/*
 * Asks for everybody and some others. With `broken`, -EBADMSG may stand for
 * any answer; nothing else may. Returns the number of such.
 */
static size_t ask_all(bool broken)
{
	struct lookup l;
	struct lookup_user u;
	size_t bad = 0;
	int r = lookup_open(path, geteuid(), &l);

	if (broken && r == -EBADMSG)
		return 1;
	assert_int_equal(r, 0);
	for (size_t i = 0; i < ARRAY_LEN(small); i++) {
		for (int by = 0; by < 2; by++) {
			r = by ? lookup_by_uid(&l, small[i].uid, &u)
			       : lookup_by_name(&l, small[i].name, &u);
			if (broken && r == -EBADMSG) {
				bad++;
				continue;
			}
			assert_int_equal(r, 0);
			assert_user(&u, &small[i]);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
		r = lookup_by_name(&l, strangers[i], &u);
		bad += r == -EBADMSG;
		assert_true(r == -ENOENT || (broken && r == -EBADMSG));
		r = lookup_by_uid(&l, stranger_uids[i], &u);
		bad += r == -EBADMSG;
		assert_true(r == -ENOENT || (broken && r == -EBADMSG));
	}
	lookup_close(&l);
	return bad;
}

static void test_round_trip(void **state)
{
	struct lookup l;

	(void)state;
	write_small();
	assert_int_equal(ask_all(false), 0);
	assert_int_equal(lookup_open(path, geteuid(), &l), 0);
	assert_int_equal(l.users_gid, 990);
	assert_int_equal(l.generation, 42);
	lookup_close(&l);
}

static void test_same_list_same_bytes(void **state)
{
	_cleanup_free_ unsigned char *a = NULL, *b = NULL;
	struct users_entry turned[ARRAY_LEN(small)];
	struct users_list list = list_of(turned, ARRAY_LEN(small), 42);
	size_t a_len, b_len;

	(void)state;
	write_small();
	a = slurp(&a_len);
	for (size_t i = 0; i < ARRAY_LEN(small); i++)
		turned[i] = small[ARRAY_LEN(small) - 1 - i];
	assert_int_equal(write_list(&list), 0);
	b = slurp(&b_len);
	assert_int_equal(a_len, b_len);
	assert_memory_equal(a, b, a_len);
}

static void test_nobody(void **state)
{
	struct users_list list = list_of(small, 0, 1);
	struct lookup l;
	struct lookup_user u;

	(void)state;
	assert_int_equal(write_list(&list), 0);
	assert_int_equal(lookup_open(path, geteuid(), &l), 0);
	assert_int_equal(lookup_by_name(&l, "beta", &u), -ENOENT);
	assert_int_equal(lookup_by_uid(&l, UID0 + 7, &u), -ENOENT);
	lookup_close(&l);
}

static void test_many(void **state)
{
	enum { COUNT = 50000 };
	static struct users_entry users[COUNT];
	static char names[COUNT][NAME_SIZE];
	struct users_list list = list_of(users, COUNT, 7);
	struct lookup l;
	struct lookup_user u;
	char absent[NAME_SIZE];

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "acme-%u", i * 7919u);
		users[i] = (struct users_entry){names[i], UID0 + i * 3, "many"};
	}
	assert_int_equal(write_list(&list), 0);
	assert_int_equal(lookup_open(path, geteuid(), &l), 0);
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_int_equal(lookup_by_name(&l, names[i], &u), 0);
		assert_user(&u, &users[i]);
		assert_int_equal(lookup_by_uid(&l, users[i].uid, &u), 0);
		assert_user(&u, &users[i]);
		snprintf(absent, sizeof(absent), "acme-%ux", i);
		assert_int_equal(lookup_by_name(&l, absent, &u), -ENOENT);
		assert_int_equal(
			lookup_by_uid(&l, users[i].uid + 1, &u), -ENOENT);
	}
	lookup_close(&l);
}

static void test_every_byte_flipped(void **state)
{
	static const unsigned char by[] = {0x01, 0x80, 0xff};
	_cleanup_free_ unsigned char *bytes = NULL;
	_cleanup_close_ int fd = -1;
	size_t len, seen = 0;

	(void)state;
	write_small();
	bytes = slurp(&len);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < len; i++) {
		for (size_t k = 0; k < ARRAY_LEN(by); k++) {
			unsigned char c = bytes[i] ^ by[k];

			assert_int_equal(pwrite(fd, &c, 1, (off_t)i), 1);
			seen += ask_all(true) > 0;
		}
		assert_int_equal(pwrite(fd, &bytes[i], 1, (off_t)i), 1);
	}
	assert_int_equal(ask_all(false), 0);
	/* All of header and records, and of the slots those that are met. */
	assert_true(
		seen >= 3 * (sizeof(struct lookup_disk_header) +
				    ARRAY_LEN(small) *
					    sizeof(struct lookup_disk_record)));
}

static void test_every_truncation(void **state)
{
	_cleanup_free_ unsigned char *bytes = NULL;
	struct lookup l;
	size_t len;

	(void)state;
	write_small();
	bytes = slurp(&len);
	for (size_t i = 0; i < len; i++) {
		spill(bytes, i);
		assert_int_equal(lookup_open(path, geteuid(), &l), -EBADMSG);
	}
	bytes[len] = 0;
	spill(bytes, len + 1);
	assert_int_equal(lookup_open(path, geteuid(), &l), -EBADMSG);
}

/* Cut short while it is open: the next read finds too little, no signal. */
static void test_truncated_while_open(void **state)
{
	struct lookup l;
	struct lookup_user u;

	(void)state;
	write_small();
	assert_int_equal(lookup_open(path, geteuid(), &l), 0);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(lookup_by_name(&l, "beta", &u), -EBADMSG);
	assert_int_equal(lookup_by_uid(&l, UID0 + 7, &u), -EBADMSG);
	lookup_close(&l);
}

/* A part of one generation can't stand in another's file, nor elsewhere. */
static void test_parts_do_not_mix(void **state)
{
	_cleanup_free_ unsigned char *old = NULL, *new = NULL;
	struct users_list list = list_of(small, ARRAY_LEN(small), 43);
	struct lookup l;
	struct lookup_user u;
	size_t len, records, size = sizeof(struct lookup_disk_record);

	(void)state;
	write_small();
	old = slurp(&len);
	assert_int_equal(write_list(&list), 0);
	new = slurp(&len);
	records = len - ARRAY_LEN(small) * size;

	memcpy(new + records, old + records, len - records);
	spill(new, len);
	assert_int_equal(lookup_open(path, geteuid(), &l), 0);
	assert_int_equal(lookup_by_name(&l, "beta", &u), -EBADMSG);
	lookup_close(&l);

	memcpy(new, old, len);
	memcpy(new + records, old + records + size, size);
	spill(new, len);
	assert_int_equal(lookup_open(path, geteuid(), &l), 0);
	assert_int_equal(
		lookup_by_name(&l, "a23456789012345678901234567890z", &u),
		-EBADMSG);
	lookup_close(&l);
}

static void test_judges_the_file(void **state)
{
	struct lookup l;
	char link[80];

	(void)state;
	write_small();
	assert_int_equal(lookup_open(path, geteuid() + 1, &l), -EPERM);
	assert_int_equal(chmod(path, 0664), 0);
	assert_int_equal(lookup_open(path, geteuid(), &l), -EPERM);
	assert_int_equal(chmod(path, 0646), 0);
	assert_int_equal(lookup_open(path, geteuid(), &l), -EPERM);
	assert_int_equal(chmod(path, 0644), 0);
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(lookup_open(link, geteuid(), &l), -ELOOP);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(mkfifo(link, 0644), 0);
	assert_int_equal(lookup_open(link, geteuid(), &l), -EPERM);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(lookup_open(link, geteuid(), &l), -ENOENT);
	assert_int_equal(lookup_open(folder, geteuid(), &l), -EPERM);
}

static void test_writer_refuses(void **state)
{
	static const struct {
		struct users_entry entry;
		int want;
	} rows[] = {
		{{"beta", UID0 + 3, ""}, -EEXIST},
		{{"gamma", UID0 + 7, ""}, -EEXIST},
		{{"Gamma", UID0 + 3, ""}, -EINVAL},
		{{"gam:ma", UID0 + 3, ""}, -EINVAL},
		{{"", UID0 + 3, ""}, -EINVAL},
		{{"gamma", UID0 - 1, ""}, -EINVAL},
		{{"gamma", UID0 + 10000000, ""}, -EINVAL},
		{{"gamma", 0, ""}, -EINVAL},
		{{"gamma", UID0 + 3, "a:b"}, -EINVAL},
		{{"gamma", UID0 + 3, "a\nb"}, -EINVAL},
		{{"gamma", UID0 + 3, "a\x7f"}, -EINVAL},
		{{"gamma", UID0 + 3,
			 "1234567890123456789012345678901234567890"
			 "123456789012345678901234"},
			-EINVAL},
		{{"gamma", UID0 + 3,
			 "1234567890123456789012345678901234567890"
			 "12345678901234567890123"},
			0},
	};
	struct users_entry users[ARRAY_LEN(small) + 1];
	struct users_list list = list_of(users, ARRAY_LEN(users), 1);

	(void)state;
	memcpy(users, small, sizeof(small));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		users[ARRAY_LEN(small)] = rows[i].entry;
		assert_int_equal(write_list(&list), rows[i].want);
	}
	list.uid_min = 1000; /* a range that holds people of the host */
	assert_int_equal(write_list(&list), -EINVAL);
	list.uid_min = UID0;
	list.users_gid = 0;
	assert_int_equal(write_list(&list), -EINVAL);
	list.users_gid = 990;
	list.uid_max = UID0 - 1;
	assert_int_equal(write_list(&list), -EINVAL);
}

/* The reader may link nothing of base, so it has the rule again. */
static void test_names_as_in_base(void **state)
{
	char name[NAME_SIZE + 2];

	(void)state;
	assert_false(lookup_name_possible(NULL));
	for (int a = 0; a < 256; a++) {
		for (int b = 0; b < 256; b++) {
			name[0] = (char)a;
			name[1] = (char)b;
			name[2] = '\0';
			assert_int_equal(
				lookup_name_possible(name), name_valid(name));
		}
	}
	memset(name, 'a', sizeof(name));
	for (size_t len = 0; len < sizeof(name); len++) {
		name[len] = '\0';
		assert_int_equal(lookup_name_possible(name), name_valid(name));
		name[len] = 'a';
	}
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/users.db", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_same_list_same_bytes),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_every_byte_flipped),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_truncated_while_open),
		cmocka_unit_test(test_parts_do_not_mix),
		cmocka_unit_test(test_judges_the_file),
		cmocka_unit_test(test_writer_refuses),
		cmocka_unit_test(test_names_as_in_base),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

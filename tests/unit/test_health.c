/* SPDX-License-Identifier: BSD-2-Clause */
/* base/health: only a whole and fresh look counts as well. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/health.h"
#include "base/keyfile.h"
#include "base/moment.h"

static char folder[] = "/tmp/jump-health-XXXXXX";
static char path[64];
static int folder_fd;

static const char *const keys[] = {
	"audit", "auditd", "lost", "clock", "disk", "recorder"};

/* All words "ok" but one; skip leaves out one key. */
static void put(int64_t boot_ms, const char *ill, const char *skip)
{
	struct fd_replace how = {
		.name = "health", .mode = 0644, .uid = -1, .gid = -1};
	struct keyfile_writer w = {0};

	if (!skip || strcmp(skip, "boot_ms") != 0)
		keyfile_add_number(&w, "boot_ms", (uint64_t)boot_ms);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!skip || strcmp(skip, keys[i]) != 0)
			keyfile_add(&w, keys[i],
				ill && strcmp(ill, keys[i]) == 0 ? "down"
								 : "ok");
	}
	if (!skip || strcmp(skip, "lost_count") != 0)
		keyfile_add_number(&w, "lost_count", 3);
	assert_int_equal(keyfile_writer_replace(&w, folder_fd, &how), 0);
}

static int look(struct health *h)
{
	return health_read(path, getuid(), 10, h);
}

static void well(void **state)
{
	struct health h;

	put(moment_boot_ms(), NULL, NULL);
	assert_int_equal(look(&h), 0);
	assert_null(health_audit_ill(&h));
	assert_int_equal(h.lost_count, 3);
}

static void each_word_is_seen(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct health h;

		put(moment_boot_ms(), keys[i], NULL);
		assert_int_equal(look(&h), 0);
		if (i < 3)
			assert_string_equal(health_audit_ill(&h), "down");
		else
			assert_null(health_audit_ill(&h));
	}
}

static void missing_is_not_well(void **state)
{
	struct health h;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		put(moment_boot_ms(), NULL, keys[i]);
		assert_int_equal(look(&h), -EBADMSG);
	}
	put(moment_boot_ms(), NULL, "boot_ms");
	assert_int_equal(look(&h), -EBADMSG);
	put(moment_boot_ms(), NULL, "lost_count");
	assert_int_equal(look(&h), -EBADMSG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(look(&h), -ENOENT);
}

static void old_is_not_well(void **state)
{
	struct health h;

	put(moment_boot_ms() - 11000, NULL, NULL);
	assert_int_equal(look(&h), -ESTALE);
	put(moment_boot_ms() + 5000, NULL, NULL);
	assert_int_equal(look(&h), -ESTALE);
	put(moment_boot_ms() - 9000, NULL, NULL);
	assert_int_equal(look(&h), 0);
}

static void anothers_file_is_not_believed(void **state)
{
	struct health h;

	put(moment_boot_ms(), NULL, NULL);
	assert_int_equal(health_read(path, getuid() + 1, 10, &h), -EPERM);
}

static int setup(void **state)
{
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/health", folder);
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder_fd < 0;
}

static int teardown(void **state)
{
	(void)unlink(path);
	close(folder_fd);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well),
		cmocka_unit_test(each_word_is_seen),
		cmocka_unit_test(missing_is_not_well),
		cmocka_unit_test(old_is_not_well),
		cmocka_unit_test(anothers_file_is_not_believed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

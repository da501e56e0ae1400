/* SPDX-License-Identifier: BSD-2-Clause */
/* The file check: what it is asked, its copy of the file, its verdict. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "workers/check/copy.h"
#include "workers/check/judge.h"
#include "workers/check/request.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static void requests_are_whole_or_refused(void **state)
{
	static const char good[] =
		"check conn=00112233aabbccdd target=plc-gw\n/a b\n\xff";
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
		{"", 0},
		{"check conn=00112233aabbccdd target=plc-gw\n", 42},
		{"check conn=00112233aabbccdd target=plc-gw", 41},
		{"check conn=00112233aabbccdd target=PLC\n/a", 41},
		{"check conn=0011 target=plc-gw\n/a", 32},
		{"check conn=00112233aabbccdd\n/a", 30},
		{"check conn=00112233aabbccdd target=a x=b\n/a", 43},
		{"sign conn=00112233aabbccdd target=a\n/a", 38},
		{"check conn=00112233aabbccdd target=a\n/a\0b", 40},
	};
	static char longest[CHECK_REQUEST_MAX];
	struct check_request q;
	int head = snprintf(longest, sizeof(longest),
		"check conn=00112233aabbccdd target=a\n");

	(void)state;
	assert_int_equal(check_request_parse(good, sizeof(good) - 1, &q), 0);
	assert_string_equal(q.conn, "00112233aabbccdd");
	assert_string_equal(q.target, "plc-gw");
	assert_string_equal(q.name, "/a b\n\xff");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
			check_request_parse(bad[i].text, bad[i].len, &q),
			-EBADMSG);
	memset(longest + head, 'x', 4097);
	assert_int_equal(
		check_request_parse(longest, (size_t)head + 4096, &q), 0);
	assert_int_equal(check_request_parse(longest, (size_t)head + 4097, &q),
		-EBADMSG);
}

static void words_are_split_at_blanks_alone(void **state)
{
	char much[CHECK_COMMAND_SIZE + 1];
	struct check_command c;

	(void)state;
	assert_int_equal(
		check_command_split("/usr/bin/x  -d '/a b' $(id) -", &c), 0);
	assert_string_equal(c.argv[0], "/usr/bin/x");
	assert_string_equal(c.argv[1], "-d");
	assert_string_equal(c.argv[2], "'/a");
	assert_string_equal(c.argv[3], "b'");
	assert_string_equal(c.argv[4], "$(id)");
	assert_string_equal(c.argv[5], "-");
	assert_null(c.argv[6]);
	assert_int_equal(check_command_split("", &c), -ENOENT);
	assert_int_equal(check_command_split("  ", &c), -EINVAL);
	assert_int_equal(check_command_split("clamscan -", &c), -EINVAL);
	memset(much, 'a', sizeof(much));
	much[0] = '/';
	much[CHECK_COMMAND_SIZE] = '\0';
	assert_int_equal(check_command_split(much, &c), -EINVAL);
	memset(much, ' ', sizeof(much));
	for (size_t i = 0; i < 66; i += 2)
		much[i] = '/';
	much[66] = '\0';
	assert_int_equal(check_command_split(much, &c), -EINVAL);
}

static int memory(const char *text, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	if (seals)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void only_a_sealed_file_is_taken(void **state)
{
	_cleanup_close_ int open_one = memory("abc", 0);
	_cleanup_close_ int half = memory("abc", F_SEAL_WRITE);
	_cleanup_close_ int whole = memory("abc", SEALS);
	_cleanup_close_ int null = open("/dev/null", O_RDONLY);
	_cleanup_close_ int plain = open("/etc/passwd", O_RDONLY);
	struct copy c;
	char back[8];

	(void)state;
	assert_int_equal(copy_make(open_one, 10, &c), -EPERM);
	assert_int_equal(copy_make(half, 10, &c), -EPERM);
	assert_int_equal(copy_make(null, 10, &c), -EPERM);
	assert_int_equal(copy_make(plain, 1 << 20, &c), -EPERM);
	assert_int_equal(copy_make(whole, 2, &c), -EFBIG);
	assert_int_equal(copy_make(whole, 3, &c), 0);
	assert_int_equal(c.size, 3);
	assert_string_equal(c.digest, "sha256:ba7816bf8f01cfea414140de5dae2223"
				      "b00361a396177a9cb410ff61f20015ad");
	/* whoever moves the original about does not move the copy */
	assert_int_equal(lseek(whole, 0, SEEK_END), 3);
	assert_int_equal(read(c.fd, back, sizeof(back)), 3);
	assert_memory_equal(back, "abc", 3);
	assert_true(write(c.fd, "x", 1) < 0);
	close(c.fd);
}

static struct verdict judged(const char *const *argv, int timeout_ms)
{
	_cleanup_close_ int file = memory("virus\n", SEALS);
	const struct judge j = {
		.argv = argv, .file = file, .timeout_ms = timeout_ms};
	struct verdict v;

	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	judge_run(&j, &v);
	return v;
}

#define SH(script) ((const char *const[]){"/bin/sh", "-c", script, NULL})

static void only_an_exit_with_zero_is_good(void **state)
{
	static const struct {
		const char *script, *reason, *text;
	} rows[] = {
		{"exit 0", NULL, ""},
		{"cat", NULL, "virus"},
		{"read x; echo $x FOUND; echo more; exit 1", "found",
			"virus FOUND"},
		{"echo to stderr >&2; exit 2", "found", "to stderr"},
		{"exit 255", "found", ""},
		{"exit 126", "program", ""},
		{"kill -9 $$", "program", ""},
		{"kill -TERM $$", "program", ""},
		{"printf 'a\\033[2Jb\\377\\nc'; exit 1", "found", "a?[2Jb?"},
		{"printf '\\n\\nlate\\n'; exit 1", "found", "late"},
		{"head -c 100000 /dev/zero | tr '\\0' x; exit 0", NULL, NULL},
		{"test \"$TMPDIR$PATH$HOME\" = /tmp/usr/bin:/bin/tmp", NULL,
			""},
		{"test $(ls /proc/self/fd | wc -l) = 4", NULL, ""},
		{"grep -q 'CapPrm:.0000000000000000' /proc/self/status || "
		 "test $(id -u) = 0",
			NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct verdict v = judged(SH(rows[i].script), 10000);

		assert_int_equal(v.good, rows[i].reason == NULL);
		if (rows[i].reason)
			assert_string_equal(v.reason, rows[i].reason);
		if (rows[i].text)
			assert_string_equal(v.text, rows[i].text);
		assert_true(strlen(v.text) < JUDGE_TEXT_SIZE);
	}
}

static void what_takes_too_long_is_killed(void **state)
{
	int64_t before_ms = moment_boot_ms();
	struct verdict v = judged(SH("sleep 60 & sleep 60"), 300);

	(void)state;
	assert_false(v.good);
	assert_string_equal(v.reason, "timeout");
	assert_true(moment_boot_ms() - before_ms < 10000);
	/* it says yes and lets something run on: that is gone, too */
	v = judged(SH("sleep 61 & exit 0"), 5000);
	assert_true(v.good);
}

static void a_program_of_others_is_not_run(void **state)
{
	char path[] = "/tmp/jump-check-XXXXXX";
	const char *const argv[] = {path, NULL};
	const char *const missing[] = {"/nowhere/scanner", NULL};
	const char *const folder[] = {"/usr/bin", NULL};
	_cleanup_close_ int fd = mkstemp(path);
	struct verdict v;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "#!/bin/sh\nexit 0\n", 17), 17);
	close(fd);
	fd = -1;
	assert_int_equal(chmod(path, 0777), 0);
	v = judged(argv, 5000);
	assert_false(v.good);
	assert_string_equal(v.reason, "program");
	assert_int_equal(chmod(path, 0755), 0);
	v = judged(argv, 5000);
	assert_int_equal(v.good, geteuid() == 0);
	assert_int_equal(unlink(path), 0);
	v = judged(missing, 5000);
	assert_false(v.good);
	v = judged(folder, 5000);
	assert_false(v.good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_whole_or_refused),
		cmocka_unit_test(words_are_split_at_blanks_alone),
		cmocka_unit_test(only_a_sealed_file_is_taken),
		cmocka_unit_test(only_an_exit_with_zero_is_good),
		cmocka_unit_test(what_takes_too_long_is_killed),
		cmocka_unit_test(a_program_of_others_is_not_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

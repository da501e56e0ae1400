/* SPDX-License-Identifier: BSD-2-Clause */
/* base/: what every other part leans on. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/fd.h"
#include "base/keyfile.h"
#include "base/moment.h"
#include "base/name.h"
#include "base/number.h"
#include "base/proc.h"
#include "base/secret.h"
#include "base/trusted.h"

static char folder[] = "/tmp/jump-base-XXXXXX";
static int folder_fd;

static int folder_make(void **state)
{
	assert_non_null(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder_fd < 0;
}

static int folder_remove(void **state)
{
	const char *const argv[] = {"/bin/rm", "-rf", folder, NULL};
	const char *const envp[] = {NULL};
	const struct proc_run run = {
		.argv = argv, .envp = envp, .timeout_ms = 5000};

	close(folder_fd);
	return proc_run(&run);
}

static void put(const char *name, const char *text, mode_t mode)
{
	const struct fd_replace how = {
		.name = name, .mode = mode, .uid = (uid_t)-1, .gid = (gid_t)-1};

	assert_int_equal(
		fd_replace_file(folder_fd, &how, text, strlen(text)), 0);
}

static void cursor_never_passes_its_end(void **state)
{
	const uint8_t bytes[] = {1, 2, 0, 3, 0, 0, 0, 'a', 'b', ';'};
	struct cursor c;
	size_t len;

	cursor_init(&c, bytes, sizeof(bytes));
	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_u16(&c), 2);
	assert_int_equal(cursor_u32(&c), 3);
	assert_memory_equal(cursor_until(&c, ';', 2, &len), "ab", 2);
	assert_int_equal(len, 2);
	assert_true(cursor_done(&c));
	assert_int_equal(cursor_u8(&c), 0);
	assert_false(cursor_done(&c));
	assert_int_equal(cursor_left(&c), 0);
}

static void cursor_until_keeps_its_bound(void **state)
{
	struct cursor c;
	size_t len;

	cursor_init(&c, "abc;", 4);
	assert_null(cursor_until(&c, ';', 2, &len));
	assert_true(c.failed);
	cursor_init(&c, "abc;", 4);
	assert_non_null(cursor_until(&c, ';', 3, &len));
	cursor_init(&c, "", 0);
	assert_null(cursor_until(&c, ';', 3, &len));
}

static void numbers_are_whole_or_nothing(void **state)
{
	static const char *const bad[] = {"", " 1", "1 ", "+1", "-1", "01",
		"0x1", "1.0", "1e3", "18446744073709551616", "a"};
	uint64_t v = 7;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_true(number_parse(bad[i], 0, UINT64_MAX, &v) < 0);
		assert_int_equal(v, 7);
	}
	assert_int_equal(
		number_parse("18446744073709551615", 0, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(number_parse("0", 0, 1, &v), 0);
	assert_int_equal(number_parse("2", 0, 1, &v), -ERANGE);
}

static void spans_know_their_units(void **state)
{
	uint64_t v;

	assert_int_equal(number_parse_span("8h", 86400, &v), 0);
	assert_int_equal(v, 8 * 3600);
	assert_int_equal(number_parse_span("90", 86400, &v), 0);
	assert_int_equal(v, 90);
	assert_int_equal(number_parse_span("2d", 86400, &v), -ERANGE);
	assert_int_equal(number_parse_span("8 h", 86400, &v), -EINVAL);
	assert_int_equal(number_parse_span("8hh", 86400, &v), -EINVAL);
}

static void names_keep_strangers_out(void **state)
{
	static const char *const bad[] = {"", "-a", "A", "a b", "a'b", "a=b",
		"a\nb", "1a", "a.b", "a/b", "_a",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	char uuid[UUID_SIZE], conn[CONN_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(name_valid(bad[i]));
	assert_true(name_valid("acme-tech1"));
	assert_true(name_valid("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	assert_true(id_valid("G-2026.11:7"));
	assert_false(id_valid("-G"));
	assert_false(id_valid("a b"));
	assert_int_equal(uuid_make(uuid), 0);
	assert_true(uuid_valid(uuid));
	assert_false(uuid_valid("00000000-0000-4000-8000-00000000000G"));
	assert_int_equal(conn_make(conn), 0);
	assert_true(conn_valid(conn));
	assert_false(conn_valid("123"));
}

static void moments_agree_with_libc(void **state)
{
	for (int64_t t = INT64_C(946684800); t < INT64_C(7258118400);
		t += 86400 * 13 + 7919) {
		char ours[MOMENT_TEXT_SIZE], libc[32];
		time_t tt = (time_t)t;
		struct tm tm;
		int64_t back;

		moment_format(t, ours);
		gmtime_r(&tt, &tm);
		strftime(libc, sizeof(libc), "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_string_equal(ours, libc);
		assert_int_equal(moment_parse(ours, &back), 0);
		assert_true(back == t);
	}
}

static void moments_refuse_what_no_calendar_has(void **state)
{
	static const char *const bad[] = {"2026-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T00:00:60Z", "2026-01-01 00:00:00Z",
		"2026-01-01T00:00:00", "2026-01-01T00:00:00Zx",
		"2026-01-01T00:00:00z", "1999-01-01T00:00:00Z", ""};
	int64_t v;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(moment_parse(bad[i], &v), -EINVAL);
	assert_int_equal(moment_parse("2028-02-29T23:59:59Z", &v), 0);
}

static void secrets_fit_or_are_refused(void **state)
{
	struct secret s = {0};
	uint8_t big[SECRET_CAPACITY + 1] = {0};

	assert_int_equal(secret_set(&s, "abc", 3), 0);
	assert_true(secret_equal(s.bytes, s.len, "abc", 3));
	assert_false(secret_equal(s.bytes, s.len, "abd", 3));
	assert_false(secret_equal(s.bytes, s.len, "ab", 2));
	assert_int_equal(secret_set(&s, big, sizeof(big)), -EMSGSIZE);
	assert_int_equal(s.len, 0);
}

static void trusted_files_are_judged_on_the_descriptor(void **state)
{
	_cleanup_free_ char *bytes = NULL;
	uid_t me = getuid();
	size_t len;

	put("good", "hello", 0644);
	assert_int_equal(
		trusted_read(folder_fd, "good", me, 5, &bytes, &len), 0);
	assert_string_equal(bytes, "hello");
	assert_int_equal(trusted_open(folder_fd, "good", me, 4), -EFBIG);
	assert_int_equal(trusted_open(folder_fd, "good", me + 1, 99), -EPERM);
	put("loose", "x", 0664);
	assert_int_equal(trusted_open(folder_fd, "loose", me, 99), -EPERM);
	assert_int_equal(symlinkat("good", folder_fd, "link"), 0);
	assert_int_equal(trusted_open(folder_fd, "link", me, 99), -EPERM);
	assert_int_equal(mkfifoat(folder_fd, "fifo", 0600), 0);
	assert_int_equal(trusted_open(folder_fd, "fifo", me, 99), -EPERM);
	assert_int_equal(trusted_open(folder_fd, "none", me, 99), -ENOENT);
}

static void replacing_is_whole_and_in_its_folder(void **state)
{
	struct fd_replace how = {.name = "r",
		.mode = 0600,
		.durable = 1,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1};
	struct stat st;

	assert_int_equal(fd_replace_file(folder_fd, &how, "one", 3), 0);
	assert_int_equal(fd_replace_file(folder_fd, &how, "two!", 4), 0);
	assert_int_equal(fstatat(folder_fd, "r", &st, 0), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(st.st_mode & 07777, 0600);
	how.name = "a/b";
	assert_int_equal(fd_replace_file(folder_fd, &how, "x", 1), -EINVAL);
	how.name = "good";
	assert_int_equal(fd_replace_file(AT_FDCWD, &how, "x", 1), -EINVAL);
}

static void keyfiles_round_trip(void **state)
{
	struct keyfile_writer w = {0};
	const struct fd_replace how = {
		.name = "k", .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};
	_cleanup_keyfile_ struct keyfile k = {0};
	uint64_t n;

	keyfile_add(&w, "user", "acme-tech1");
	keyfile_add(&w, "why", "");
	keyfile_add_number(&w, "step", UINT64_MAX);
	assert_int_equal(keyfile_writer_replace(&w, folder_fd, &how), 0);
	assert_int_equal(keyfile_read(folder_fd, "k", getuid(), &k), 0);
	assert_string_equal(keyfile_text(&k, "user"), "acme-tech1");
	assert_string_equal(keyfile_text(&k, "why"), "");
	assert_int_equal(keyfile_number(&k, "step", &n), 0);
	assert_true(n == UINT64_MAX);
	assert_null(keyfile_text(&k, "use"));
	assert_int_equal(keyfile_number(&k, "none", &n), -ENOENT);
}

static void keyfiles_refuse_other_forms(void **state)
{
	static const char *const bad[] = {"a", "a\n", "a=1", "=1\n", "A=1\n",
		"a=1\na=2\n", "a=\x01\n", "a=\xc3\xa4\n", "a b=1\n", "\n",
		"a=1\n\n", "a=1\r\n"};
	struct keyfile_writer w = {0};
	struct keyfile k = {0};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
			keyfile_parse(bad[i], strlen(bad[i]), &k), -EBADMSG);
	assert_int_equal(keyfile_parse("a=b\0c\n", 6, &k), -EBADMSG);
	keyfile_add(&w, "a", "line\nbreak=1");
	keyfile_add(&w, "b", "fine");
	assert_int_equal(keyfile_writer_replace(&w, folder_fd, NULL), -EINVAL);
}

static int run_shell(const char *script, const char *input, int timeout_ms,
	char *output, size_t size)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
	const struct proc_run run = {.argv = argv,
		.envp = envp,
		.input = input,
		.input_len = input ? strlen(input) : 0,
		.timeout_ms = timeout_ms,
		.ret_output = output,
		.output_size = size};

	return proc_run(&run);
}

static void programs_run_bounded(void **state)
{
	char out[64];

	assert_int_equal(run_shell("cat; exit 3", "hi", 5000, out, 64), 3);
	assert_string_equal(out, "hi");
	assert_int_equal(run_shell("exit 0", NULL, 5000, NULL, 0), 0);
	assert_int_equal(run_shell("sleep 10", NULL, 100, NULL, 0), -ETIMEDOUT);
	assert_int_equal(run_shell("sleep 10", "x", 100, out, 64), -ETIMEDOUT);
	assert_int_equal(run_shell("yes", NULL, 5000, out, 64), -EMSGSIZE);
	assert_int_equal(
		run_shell("kill -9 $$", NULL, 5000, NULL, 0), 256 + SIGKILL);
	assert_int_equal(
		run_shell("exec <&-; exit 0", "unread", 5000, NULL, 0), 0);
}

static void processes_are_named_for_good(void **state)
{
	unsigned long long a, b;
	char path[512];

	assert_int_equal(proc_start_time(getpid(), &a), 0);
	assert_int_equal(proc_start_time(getpid(), &b), 0);
	assert_true(a == b && a > 0);
	assert_int_equal(proc_start_time(0x3ffffff, &a), -ESRCH);
	if (proc_cgroup(getpid(), path, sizeof(path)) == 0)
		assert_int_equal(path[0], '/');
}

/* In a child: hostile surroundings in, clean ones out. */
static int hardened_child(void)
{
	const char *const keep[] = {"JUMP_SESSION", NULL};

	close(0);
	setenv("LD_PRELOAD", "/tmp/x.so", 1);
	setenv("JUMP_SESSION", "abc", 1);
	setenv("IFS", "x", 1);
	if (proc_harden(0, keep) != 0)
		return 1;
	if (getenv("LD_PRELOAD") || getenv("IFS"))
		return 2;
	if (strcmp(getenv("JUMP_SESSION"), "abc") != 0 ||
		strcmp(getenv("PATH"), "/usr/bin:/bin") != 0)
		return 3;
	if (fcntl(0, F_GETFD) < 0 || fcntl(folder_fd, F_GETFD) >= 0)
		return 4;
	return umask(0) == 077 ? 0 : 5;
}

static void hardening_cleans_the_surroundings(void **state)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(hardened_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cursor_never_passes_its_end),
		cmocka_unit_test(cursor_until_keeps_its_bound),
		cmocka_unit_test(numbers_are_whole_or_nothing),
		cmocka_unit_test(spans_know_their_units),
		cmocka_unit_test(names_keep_strangers_out),
		cmocka_unit_test(moments_agree_with_libc),
		cmocka_unit_test(moments_refuse_what_no_calendar_has),
		cmocka_unit_test(secrets_fit_or_are_refused),
		cmocka_unit_test(trusted_files_are_judged_on_the_descriptor),
		cmocka_unit_test(replacing_is_whole_and_in_its_folder),
		cmocka_unit_test(keyfiles_round_trip),
		cmocka_unit_test(keyfiles_refuse_other_forms),
		cmocka_unit_test(programs_run_bounded),
		cmocka_unit_test(processes_are_named_for_good),
		cmocka_unit_test(hardening_cleans_the_surroundings),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}

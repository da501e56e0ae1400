/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal sink against a journal that is behind: the only copy of an
 * event waits for a place, what audit has does not.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "audit/table.h"
#include "base/cleanup.h"
#include "base/moment.h"
#include "tests/unit/scratch.h"

#define FULL_MS 500 /* journal.c: its naps together */

static const struct event warning = {
	.id = EVENT_WINDOW_WARNING, .user = "acme-tech1", .target = "plc-gw"};

static char folder[64];
static int journal = -1;

static int send_there(bool wait)
{
	return journal_send(&warning, "ok", wait);
}

static int make_journal(void **state)
{
	const struct sockaddr_un at = {
		.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};

	(void)state;
	if (scratch_make(folder, sizeof(folder)) < 0 || chdir(folder) < 0)
		return -1;
	journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return bind(journal, (const void *)&at, sizeof(at));
}

static int drop_journal(void **state)
{
	(void)state;
	cleanup_close(&journal);
	return chdir("/") < 0 ? -1 : scratch_drop(folder);
}

/* Until it takes no more. */
static void flood(void)
{
	int r = 0;

	for (int i = 0; i < 100000 && r == 0; i++)
		r = send_there(false);
	assert_int_equal(r, -EAGAIN);
}

static void what_audit_has_does_not_wait(void **state)
{
	int64_t begin = moment_boot_ms();

	(void)state;
	flood();
	assert_int_equal(send_there(false), -EAGAIN);
	assert_true(moment_boot_ms() - begin < FULL_MS);
}

static void the_only_copy_waits_for_a_place(void **state)
{
	char sink[JOURNAL_DATA_SIZE];
	int status;
	pid_t reader;

	(void)state;
	flood();
	reader = fork();
	assert_true(reader >= 0);
	if (reader == 0) {
		(void)usleep(100000);
		_exit(recv(journal, sink, sizeof(sink), 0) > 0 ? 0 : 1);
	}
	assert_int_equal(send_there(true), 0);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
}

static void nobody_waits_for_ever(void **state)
{
	int64_t begin = moment_boot_ms(), took;

	(void)state;
	flood();
	assert_int_equal(send_there(true), -EAGAIN);
	took = moment_boot_ms() - begin;
	assert_true(took >= FULL_MS - 50 && took < 10 * FULL_MS);
}

static void no_journal_is_no_wait(void **state)
{
	int64_t begin = moment_boot_ms();

	(void)state;
	assert_int_equal(unlink(JOURNAL_SOCKET), 0);
	assert_int_equal(send_there(true), -ENOENT);
	assert_true(moment_boot_ms() - begin < FULL_MS);
}

#define WITH_JOURNAL(test)                                                     \
	cmocka_unit_test_setup_teardown(test, make_journal, drop_journal)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_JOURNAL(what_audit_has_does_not_wait),
		WITH_JOURNAL(the_only_copy_waits_for_a_place),
		WITH_JOURNAL(nobody_waits_for_ever),
		WITH_JOURNAL(no_journal_is_no_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* audit/: the table is whole, and both formats are what readers expect. */
#include <errno.h>
#include <libaudit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "audit/table.h"
#include "base/cleanup.h"
#include "base/proc.h"

static const struct event conn_open = {.id = EVENT_CONN_OPEN,
	.outcome = OUTCOME_SUCCESS,
	.user = "acme-tech1",
	.uid = 1900000001,
	.session = "0b5f8a2e-9c1d-4e3f-8a7b-112233445566",
	.grant = "G-7",
	.conn = "00112233445566ff",
	.target = "plc-gw",
	.address = "10.20.0.10",
	.port = 22,
	.proto = "ssh",
	.account = "maint",
	.source = "10.10.0.20",
	.source_port = 50000};

static void every_event_has_a_row(void **state)
{
	for (int a = EVENT_NONE + 1; a < EVENT_COUNT; a++) {
		const struct event_row *row = event_row(a);

		assert_non_null(row);
		assert_int_equal(
			strspn(row->message_id, "0123456789abcdef"), 32);
		assert_null(strchr(row->op, ' '));
		for (int b = EVENT_NONE + 1; b < a; b++) {
			assert_string_not_equal(
				row->message_id, event_row(b)->message_id);
			assert_string_not_equal(row->name, event_row(b)->name);
		}
	}
	assert_null(event_row(EVENT_NONE));
	assert_null(event_row(EVENT_COUNT));
	assert_string_equal(event_name(EVENT_COUNT), "none");
}

static void audit_text_is_golden(void **state)
{
	char text[AUDIT_TEXT_SIZE];

	assert_int_equal(event_format_audit(&conn_open, text, sizeof(text)), 0);
	assert_string_equal(text,
		"op=jump:conn_open acct=\"acme-tech1\" "
		"uuid=0b5f8a2e-9c1d-4e3f-8a7b-112233445566 grant=G-7 "
		"conn=00112233445566ff target=plc-gw daddr=10.20.0.10 "
		"dport=22 app=ssh login=maint rport=50000");
}

static void a_login_is_what_aulast_looks_for(void **state)
{
	const struct event e = {.id = EVENT_SESSION_START,
		.user = "acme-tech1",
		.uid = 1900000001};
	char text[AUDIT_TEXT_SIZE];

	assert_int_equal(event_format_audit(&e, text, sizeof(text)), 0);
	assert_string_equal(text, "op=login acct=\"acme-tech1\" id=1900000001");
}

/* ausearch -i decodes what looks hexadecimal in a TRUSTED_APP record, and
 * shows fp= as a file's capabilities. */
static void ausearch_shows_what_was_written(void **state)
{
	struct event e = {.id = EVENT_RECORD_START,
		.conn = "00112233445566ff",
		.target = "cafe",
		.ticket = "123456",
		.key = "SHA256:abc"};
	char text[AUDIT_TEXT_SIZE];

	assert_int_equal(event_format_audit(&e, text, sizeof(text)), 0);
	assert_string_equal(text,
		"op=jump:record_start conn=\"00112233445566ff\" "
		"target=\"cafe\" fingerprint=SHA256:abc ticket=123456");
	e.id = EVENT_CONN_CLOSE;
	assert_int_equal(event_format_audit(&e, text, sizeof(text)), 0);
	assert_string_equal(text,
		"op=jump:conn_close conn=00112233445566ff "
		"target=cafe fingerprint=SHA256:abc ticket=123456");
}

static void strangers_words_are_encoded(void **state)
{
	const struct event e = {.id = EVENT_COMMAND,
		.command = "x' res=success",
		.target = "a\nb",
		.reason = ""};
	char text[AUDIT_TEXT_SIZE];

	assert_int_equal(event_format_audit(&e, text, sizeof(text)), 0);
	assert_string_equal(text, "op=jump:command reason=? target=610A62 "
				  "cmd=7827207265733D73756363657373");
}

static void too_long_is_refused_not_cut(void **state)
{
	char command[AUDIT_TEXT_SIZE], text[AUDIT_TEXT_SIZE];
	const struct event e = {.id = EVENT_COMMAND, .command = command};

	memset(command, 'a', sizeof(command));
	command[sizeof(command) - 1] = '\0';
	assert_int_equal(event_format_audit(&e, text, sizeof(text)), -EMSGSIZE);
}

/* A file's event has room in a record, however long its name is. */
static void a_long_name_is_cut_in_its_middle(void **state)
{
	struct event e = conn_open;
	char name[4097], command[401], text[AUDIT_TEXT_SIZE];

	memset(name, ' ', sizeof(name));
	memset(command, ' ', sizeof(command));
	name[0] = '/';
	memcpy(name + 4093, "end", 4);
	command[400] = '\0';
	e.id = EVENT_FILE_TRANSFER;
	e.file = name;
	e.command = command;
	e.digest = "sha256:"
		   "0123456789abcdef0123456789abcdef"
		   "0123456789abcdef0123456789abcdef";
	e.direction = "down";
	e.extent = "whole";
	e.has_size = true;
	e.size = UINT64_MAX;
	e.reason = "several";
	assert_int_equal(event_format_audit(&e, text, sizeof(text)), 0);
	assert_non_null(strstr(text, " file=2F20"));
	assert_non_null(strstr(text, "20202E2E2E2020"));
	assert_non_null(strstr(text, "2020656E64 direction=down extent=whole "
				     "size=18446744073709551615 digest=sha256:"));
}

static void no_field_shadows_one_that_readers_search(void **state)
{
	static const char *const shadows[] = {"res=", "acct=", "uid=",
		"hostname=", "terminal=", "exe=", "comm=", "cwd=", "vm=",
		"subj=", "tcontext=", "pid=", "ses=", "key=", "addr="};
	struct event e = conn_open;
	char text[AUDIT_TEXT_SIZE];

	e.reason = e.key = e.command = e.file = e.digest = e.by = "x";
	e.ticket = e.direction = e.extent = e.other = "x";
	e.has_size = true;
	e.has_bytes = true;
	e.duration_ms = e.window_start = e.window_end = 1;
	e.serial = e.count = 1;
	/* acct= is the real one; readers know uuid=; daddr= is not found, for
	 * libaudit's hostname= is looked at before any addr= */
	e.user = e.session = e.address = NULL;
	assert_int_equal(event_format_audit(&e, text, sizeof(text)), 0);
	for (size_t i = 0; i < ARRAY_LEN(shadows); i++)
		assert_null(strstr(text, shadows[i]));
}

static void journal_entry_is_golden(void **state)
{
	char data[JOURNAL_DATA_SIZE];

	assert_true(
		event_format_journal(&conn_open, "ok", data, sizeof(data)) > 0);
	assert_string_equal(data,
		"MESSAGE=Connection opened: acme-tech1 to plc-gw from "
		"10.10.0.20\n"
		"MESSAGE_ID=d02ff1fb401c4971973bc116c1678605\n"
		"PRIORITY=6\nSYSLOG_IDENTIFIER=jump\nSYSLOG_FACILITY=10\n"
		"DOCUMENTATION=man:jump-events(7)\nJUMP_SCHEMA=1\n"
		"JUMP_EVENT=conn.open\nJUMP_OUTCOME=success\n"
		"JUMP_SESSION=0b5f8a2e-9c1d-4e3f-8a7b-112233445566\n"
		"JUMP_USER=acme-tech1\nJUMP_UID=1900000001\n"
		"JUMP_SRC_ADDR=10.10.0.20\nJUMP_SRC_PORT=50000\n"
		"JUMP_GRANT=G-7\nJUMP_CONN=00112233445566ff\n"
		"JUMP_TARGET=plc-gw\nJUMP_TARGET_ADDR=10.20.0.10\n"
		"JUMP_TARGET_PORT=22\nJUMP_PROTO=ssh\n"
		"JUMP_TARGET_USER=maint\nJUMP_AUDIT=ok\n");
}

static void journal_lines_can_not_be_forged(void **state)
{
	const struct event e = {.id = EVENT_COMMAND,
		.command = "a\nJUMP_OUTCOME=success\xff\xc3\xa4"};
	char data[JOURNAL_DATA_SIZE];

	assert_true(event_format_journal(&e, "ok", data, sizeof(data)) > 0);
	assert_non_null(
		strstr(data, "JUMP_CMD=a?JUMP_OUTCOME=success?\xc3\xa4\n"));
	assert_null(strstr(data, "\nJUMP_OUTCOME=success"));
}

static void refusals_raise_the_anomaly_that_reports_look_for(void **state)
{
	struct event e = {.id = EVENT_ACCESS_CHECK, .reason = "late"};

	assert_int_equal(event_anomaly_type(&e), AUDIT_ANOM_LOGIN_TIME);
	e.reason = "source";
	assert_int_equal(event_anomaly_type(&e), AUDIT_ANOM_LOGIN_LOCATION);
	e.reason = "limit";
	assert_int_equal(event_anomaly_type(&e), AUDIT_ANOM_LOGIN_SESSIONS);
	e.outcome = OUTCOME_SUCCESS;
	assert_int_equal(event_anomaly_type(&e), 0);
	e.id = EVENT_AUTH_LOCKED;
	assert_int_equal(event_anomaly_type(&e), AUDIT_ANOM_LOGIN_FAILURES);
}

static void the_reference_page_is_the_table(void **state)
{
	static char printed[65536], page[65536];
	const char *build = getenv("JUMP_BUILDDIR");
	const char *source = getenv("JUMP_SRCDIR");
	char program[4096], path[4096];
	const char *const argv[] = {program, "--markdown", NULL};
	const char *const envp[] = {"ASAN_OPTIONS=detect_leaks=0", NULL};
	const struct proc_run run = {.argv = argv,
		.envp = envp,
		.timeout_ms = 10000,
		.ret_output = printed,
		.output_size = sizeof(printed)};
	_cleanup_fclose_ FILE *f = NULL;

	assert_non_null(build);
	assert_non_null(source);
	snprintf(program, sizeof(program), "%s/audit/catalog", build);
	snprintf(path, sizeof(path), "%s/doc/events.md", source);
	assert_int_equal(proc_run(&run), 0);
	f = fopen(path, "re");
	assert_non_null(f);
	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	assert_string_equal(printed, page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_has_a_row),
		cmocka_unit_test(audit_text_is_golden),
		cmocka_unit_test(a_login_is_what_aulast_looks_for),
		cmocka_unit_test(ausearch_shows_what_was_written),
		cmocka_unit_test(strangers_words_are_encoded),
		cmocka_unit_test(too_long_is_refused_not_cut),
		cmocka_unit_test(no_field_shadows_one_that_readers_search),
		cmocka_unit_test(journal_entry_is_golden),
		cmocka_unit_test(journal_lines_can_not_be_forged),
		cmocka_unit_test(
			refusals_raise_the_anomaly_that_reports_look_for),
		cmocka_unit_test(a_long_name_is_cut_in_its_middle),
		cmocka_unit_test(the_reference_page_is_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The pure parts of the file broker: terms, events, lines of a recording. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpshell/fileevent.h"
#include "jumpshell/fileterms.h"

static struct control c;
static struct fileevent made;
static char line[FILEEVENT_LINE_SIZE];

static void begin(enum file_act act, const char *name)
{
	memset(&c, 0, sizeof(c));
	c.kind = CONTROL_EVENT;
	c.event.act = (uint8_t)act;
	memcpy(c.event.name, name, strlen(name) + 1);
}

static void line_is(const char *expected)
{
	size_t len = fileevent_line(&c, line);

	assert_int_equal(len, strlen(line));
	assert_string_equal(line, expected);
}

static void a_transfer_has_its_sum(void **state)
{
	(void)state;
	begin(FILE_ACT_TRANSFER, "/var/x y.bin");
	c.event.direction = FILE_UP;
	c.event.done = c.event.whole = c.event.has_sum = true;
	c.event.size = 42;
	memset(c.event.sum, 0xab, sizeof(c.event.sum));
	assert_int_equal(fileevent_make(&c, &made), 0);
	assert_int_equal(made.event.id, EVENT_FILE_TRANSFER);
	assert_int_equal(made.event.outcome, OUTCOME_SUCCESS);
	assert_string_equal(made.event.command, "put /var/x y.bin");
	assert_string_equal(made.event.file, "/var/x y.bin");
	assert_string_equal(made.event.direction, "up");
	assert_string_equal(made.event.extent, "whole");
	assert_int_equal(made.event.size, 42);
	assert_string_equal(made.event.digest,
		"sha256:"
		"abababababababababababababababababababababababababababab"
		"abababab");
	line_is("put /var/x y.bin: 42 bytes, whole, sha256:abababababababababab"
		"abababababababababababababababababababababab\r\n");
	c.event.done = c.event.whole = c.event.has_sum = false;
	c.event.direction = FILE_DOWN;
	assert_int_equal(fileevent_make(&c, &made), 0);
	assert_int_equal(made.event.outcome, OUTCOME_FAILURE);
	assert_string_equal(made.event.extent, "part");
	assert_null(made.event.digest);
	line_is("get /var/x y.bin failed: 42 bytes, a part\r\n");
}

static void changes_and_looks_are_told(void **state)
{
	static const struct {
		enum file_act act;
		enum event_id id;
		const char *line;
	} rows[] = {
		{FILE_ACT_BEGIN, EVENT_FILE_BEGIN, "get /a begins\r\n"},
		{FILE_ACT_REMOVE, EVENT_FILE_CHANGED, "remove /a\r\n"},
		{FILE_ACT_MKDIR, EVENT_FILE_CHANGED, "mkdir /a\r\n"},
		{FILE_ACT_RMDIR, EVENT_FILE_CHANGED, "rmdir /a\r\n"},
		{FILE_ACT_ATTRIBUTES, EVENT_FILE_CHANGED, "attributes /a\r\n"},
		{FILE_ACT_LIST, EVENT_FILE_LOOKED, "list /a\r\n"},
		{FILE_ACT_LOOK, EVENT_FILE_LOOKED, "look /a\r\n"},
		{FILE_ACT_DENIED, EVENT_FILE_DENIED, "refused /a\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin(rows[i].act, "/a");
		assert_int_equal(fileevent_make(&c, &made), 0);
		assert_int_equal(made.event.id, rows[i].id);
		assert_int_equal(made.event.outcome,
			rows[i].id == EVENT_FILE_DENIED ? OUTCOME_FAILURE
							: OUTCOME_SUCCESS);
		line_is(rows[i].line);
	}
	begin(FILE_ACT_RENAME, "/a");
	memcpy(c.event.other, "/b", 3);
	assert_int_equal(fileevent_make(&c, &made), 0);
	assert_string_equal(made.event.command, "rename /a /b");
	assert_string_equal(made.event.other, "/b");
	line_is("rename /a -> /b\r\n");
	begin(FILE_ACT_NONE, "/a");
	assert_int_equal(fileevent_make(&c, &made), -EINVAL);
	begin(FILE_ACTS, "/a");
	assert_int_equal(fileevent_make(&c, &made), -EINVAL);
}

static void folded_ones_have_a_count(void **state)
{
	(void)state;
	begin(FILE_ACT_LOOK, "/a");
	c.event.times = 7;
	assert_int_equal(fileevent_make(&c, &made), 0);
	assert_int_equal(made.event.count, 7);
	line_is("look /a, 7 times\r\n");
	begin(FILE_ACT_DENIED, "/a");
	c.event.times = 7;
	memcpy(c.text, "No uploads here.", 17);
	assert_int_equal(fileevent_make(&c, &made), 0);
	assert_int_equal(made.event.count, 6);
	assert_string_equal(made.event.reason, "files");
	assert_string_equal(made.event.detail, "No uploads here.");
	line_is("refused /a, 7 times: No uploads here.\r\n");
}

/* Names are hostile: nothing of them moves a cursor or hides another line. */
static void a_name_can_do_nothing_to_a_terminal(void **state)
{
	(void)state;
	begin(FILE_ACT_REMOVE,
		"/\x1b[2J\r\nput /etc/passwd\\ \xc3\xa4\x9b\xff");
	line_is("remove /\\033[2J\\015\\012put /etc/passwd\\134 \xc3\xa4\\233"
		"\\377\r\n");
	begin(FILE_ACT_REMOVE, "/\xe2\x80\xae"
			       "fdp.exe\xc2\x9b");
	line_is("remove /\\342\\200\\256fdp.exe\\302\\233\r\n");
}

/* The longest names of the worst bytes fit, and the event's command is cut. */
static void long_names_fit(void **state)
{
	(void)state;
	begin(FILE_ACT_RENAME, "");
	memset(c.event.name, 0xff, CONTROL_NAME_SIZE - 1);
	memset(c.event.other, 0x01, CONTROL_NAME_SIZE - 1);
	memset(c.text, '\\', sizeof(c.text) - 1);
	c.event.times = UINT32_MAX;
	assert_true(fileevent_line(&c, line) > 8 * 4096);
	assert_string_equal(line + strlen(line) - 2, "\r\n");
	assert_int_equal(fileevent_make(&c, &made), 0);
	assert_true(strlen(made.command) <= FILEEVENT_COMMAND_SIZE - 1);
	assert_non_null(strstr(made.command, "\xff...\xff"));
	assert_non_null(strstr(made.command, "\x01...\x01"));
}

static void escaping_is_cut_where_room_ends(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(fileevent_escape("\xff\xff\xff", 3, text, 8), 4);
	assert_string_equal(text, "\\377");
	assert_int_equal(fileevent_escape("abcdefghijk", 11, text, 8), 4);
	assert_string_equal(text, "abcd");
}

static void terms_are_of_grant_and_conduit(void **state)
{
	static struct conduit conduit = {.file_size_max = 1000,
		.file_count_max = 10,
		.file_check_max = 50,
		.file_pattern_count = 2,
		.file_patterns = {"*.bin", "*.acd"}};
	struct decision d = {
		.allow = true, .conduit = &conduit, .files = FILES_UP};
	struct file_terms t, before;

	(void)state;
	fileterms_of(&d, 3, &t);
	assert_int_equal(t.directions, FILE_UP);
	assert_false(t.checked);
	assert_int_equal(t.size_max, 1000);
	assert_int_equal(t.spool_max, 50);
	assert_int_equal(t.count_max, 7);
	assert_int_equal(t.pattern_count, 2);
	assert_string_equal(t.patterns[1], "*.acd");
	fileterms_of(&d, 11, &t);
	assert_int_equal(t.count_max, 0);
	d.allow = false;
	fileterms_of(&d, 0, &t);
	memset(&before, 0, sizeof(before));
	assert_memory_equal(&t, &before, sizeof(t));
}

static void what_is_taken_away_is_seen(void **state)
{
	const struct file_terms was = {.directions = FILE_UP | FILE_DOWN,
		.size_max = 10,
		.spool_max = 10,
		.count_max = 10};
	struct file_terms now = was;

	(void)state;
	assert_false(fileterms_narrower(&now, &was));
	now.size_max = 11;
	now.count_max = 2;
	assert_false(fileterms_narrower(&now, &was));
	now.directions = FILE_DOWN;
	assert_true(fileterms_narrower(&now, &was));
	now = was;
	now.checked = true;
	assert_true(fileterms_narrower(&now, &was));
	now = was;
	now.size_max = 9;
	assert_true(fileterms_narrower(&now, &was));
	now = was;
	now.pattern_count = 1;
	assert_true(fileterms_narrower(&now, &was));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transfer_has_its_sum),
		cmocka_unit_test(changes_and_looks_are_told),
		cmocka_unit_test(folded_ones_have_a_count),
		cmocka_unit_test(a_name_can_do_nothing_to_a_terminal),
		cmocka_unit_test(long_names_fit),
		cmocka_unit_test(escaping_is_cut_where_room_ends),
		cmocka_unit_test(terms_are_of_grant_and_conduit),
		cmocka_unit_test(what_is_taken_away_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

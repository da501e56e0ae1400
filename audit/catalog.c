/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what other tools need of the event table: the journal's catalogue
 * (no argument), the reference page (--markdown), or the manual page's source
 * (--scd).
 */
#include <libaudit.h>
#include <stdio.h>
#include <string.h>

#include "audit/table.h"
#include "base/cleanup.h"

/* Blanks stand for themselves in scdoc, tabs indent. */
static const char page_begin[] =
	"jump-events(7)\n\n"
	"; Made by audit/catalog --scd from audit/events.def; a test compares.\n"
	"\n"
	"# NAME\n\n"
	"jump-events - what the jump server writes into audit log and journal\n\n"
	"# DESCRIPTION\n\n"
	"What happens on a bastion is written twice: as a record of the kernel's "
	"audit\n"
	"system, which stamps who wrote it, and as an entry of the journal with "
	"a field\n"
	"for each fact. Events are written before what they announce happens. "
	"Where the\n"
	"policy says *Audit = required*, what can not be written does not "
	"happen.\n\n"
	"Audit records are of the types that *ausearch*(8), *aureport*(8) and "
	"*aulast*(8)\n"
	"know; the operation is in _op_. In the journal each event has a "
	"MESSAGE_ID, with\n"
	"which *journalctl -x* explains it.\n\n"
	"# FINDING THEM\n\n"
	"```\n"
	"journalctl JUMP_SESSION=UUID\n"
	"journalctl JUMP_EVENT=conn.deny JUMP_USER=acme-tech1\n"
	"ausearch -i -m USER_LOGIN,USER_START,USER_END -x jump-relay\n"
	"ausearch -i --session 12\n"
	"```\n\n"
	"# FIELDS OF THE JOURNAL\n\n"
	"What does not apply is left out. Strangers' words are one line of "
	"UTF-8; in audit\n"
	"records they are hexadecimal unless plain.\n\n";

static const char page_end[] =
	"# SEE ALSO\n\n"
	"*jumpctl*(1), *ausearch*(8), *journalctl*(1), "
	"*systemd.journal-fields*(7)\n";

static const struct {
	const char *name, *meaning;
} fields[] = {
	{"JUMP_EVENT", "The event, as named below."},
	{"JUMP_OUTCOME", "_success_ or _failure_."},
	{"JUMP_REASON", "Why, in one word."},
	{"JUMP_SESSION", "The session's uuid: joins all that happened in it."},
	{"JUMP_USER, JUMP_UID", "The supplier."},
	{"JUMP_SRC_ADDR, JUMP_SRC_PORT", "Where the supplier came from."},
	{"JUMP_KEY", "Fingerprint of the key that was the first factor."},
	{"JUMP_GRANT", "The grant: what was requested and approved."},
	{"JUMP_TICKET", "The number that the requester gave."},
	{"JUMP_BY", "Who did it: an approver, an operator, or the enforcer "
		    "that ended something."},
	{"JUMP_WINDOW_START, JUMP_WINDOW_END", "The window, in UTC."},
	{"JUMP_CONN", "The connection, 16 hexadecimal digits."},
	{"JUMP_TARGET, JUMP_TARGET_ADDR, JUMP_TARGET_PORT", "The machine."},
	{"JUMP_PROTO", "What the connection was granted for."},
	{"JUMP_TARGET_USER", "The account on the machine."},
	{"JUMP_VIA", "The machine that this one stands behind."},
	{"JUMP_ALLOWED", "Old algorithms that the policy allows it."},
	{"JUMP_CMD", "The command that was sent there."},
	{"JUMP_FILE, JUMP_DIGEST",
		"A recording, or a file of a target, and its SHA-256. A longer "
		"name than 300 bytes is cut in its middle in audit records."},
	{"JUMP_OTHER_FILE", "A file's new name, or what a link points to."},
	{"JUMP_DIRECTION", "Of a file: _up_ to the machine, or _down_ from it."},
	{"JUMP_EXTENT", "Of a transfer: _whole_ or _part_."},
	{"JUMP_SIZE", "Bytes of a file that went over."},
	{"JUMP_BYTES_IN, JUMP_BYTES_OUT", "From the machine, and to it."},
	{"JUMP_DURATION_MS", "How long it lasted."},
	{"JUMP_SERIAL", "The snapshot's number."},
	{"JUMP_COUNT",
		"So many refusals more, of the same user for the same reason: "
		"of those in a minute the first 20 have entries of their own. "
		"In audit records _count_."},
	{"JUMP_AUDIT", "What became of the audit record: _ok_, or why not."},
	{"JUMP_SCHEMA", "1. Grows when a field changes its meaning."},
};

static const char *type_name(const struct event_row *row)
{
	const char *name = row->audit_type
				   ? audit_msg_type_to_name(row->audit_type)
				   : NULL;

	return name ? name : "journal only";
}

static const char *op_prefix(const struct event_row *row)
{
	return row->audit_type == AUDIT_USER_LOGIN ? "" : "jump:";
}

static void catalog_row(const struct event_row *row)
{
	printf("\n-- %s\nSubject: %s\nDefined-By: jump\n"
	       "Documentation: man:jump-events(7)\n\n%s\n\n"
	       "User: @JUMP_USER@, target: @JUMP_TARGET@, reason: "
	       "@JUMP_REASON@, session: @JUMP_SESSION@.\n",
		row->message_id, row->subject, row->explanation);
}

static void markdown_row(const struct event_row *row)
{
	printf("| `%s` | %s | `%s%s` | `%s` | %s. %s |\n", row->name,
		type_name(row), op_prefix(row), row->op, row->message_id,
		row->subject, row->explanation);
}

/* A page's line is no limit to scdoc, but an underscore between a blank and
 * a letter would begin underlining; explanations have none. */
static void page_row(const struct event_row *row)
{
	printf("*%s*\n\t%s. %s++\n%s, op=%s%s++\nMESSAGE_ID %s\n\n", row->name,
		row->subject, row->explanation, type_name(row), op_prefix(row),
		row->op, row->message_id);
}

static void catalog_begin(void)
{
	puts("# SPDX-License-Identifier: BSD-2-Clause");
}

static void markdown_begin(void)
{
	puts("# Events\n\n"
	     "Made from `audit/events.def` by `audit/catalog --markdown`; a "
	     "test compares.\n\n"
	     "| `JUMP_EVENT` | audit record | op | MESSAGE_ID | meaning |\n"
	     "|---|---|---|---|---|");
}

static void page_start(void)
{
	fputs(page_begin, stdout);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		printf("*%s*\n\t%s\n\n", fields[i].name, fields[i].meaning);
	fputs("# EVENTS\n\n", stdout);
}

static void page_finish(void)
{
	fputs(page_end, stdout);
}

static void nothing(void)
{
}

static const struct form {
	const char *option;
	void (*begin)(void);
	void (*row)(const struct event_row *row);
	void (*end)(void);
} forms[] = {
	{"", catalog_begin, catalog_row, nothing},
	{"--markdown", markdown_begin, markdown_row, nothing},
	{"--scd", page_start, page_row, page_finish},
};

static int print(const struct form *form)
{
	form->begin();
	for (int id = EVENT_NONE + 1; id < EVENT_COUNT; id++) {
		const struct event_row *row = event_row(id);

		if (!row)
			return 1;
		form->row(row);
	}
	form->end();
	return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *option = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (strcmp(option, forms[i].option) == 0)
			return print(&forms[i]);
	}
	fprintf(stderr, "usage: catalog [--markdown|--scd]\n");
	return 2;
}

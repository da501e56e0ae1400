/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what other tools need of the event table: the journal's catalogue
 * (no argument), or the reference page (--markdown).
 */
#include <libaudit.h>
#include <stdio.h>
#include <string.h>

#include "audit/table.h"

static void catalog_entry(const struct event_row *row)
{
	printf("\n-- %s\nSubject: %s\nDefined-By: jump\n"
	       "Documentation: man:jump-events(7)\n\n%s\n\n"
	       "User: @JUMP_USER@, target: @JUMP_TARGET@, reason: "
	       "@JUMP_REASON@, session: @JUMP_SESSION@.\n",
		row->message_id, row->subject, row->explanation);
}

static void markdown_row(const struct event_row *row)
{
	const char *type = row->audit_type
				   ? audit_msg_type_to_name(row->audit_type)
				   : NULL;

	printf("| `%s` | %s | `%s%s` | `%s` | %s. %s |\n", row->name,
		type ? type : "journal only",
		row->audit_type == AUDIT_USER_LOGIN ? "" : "jump:", row->op,
		row->message_id, row->subject, row->explanation);
}

int main(int argc, char **argv)
{
	int markdown = argc > 1 && strcmp(argv[1], "--markdown") == 0;

	if (markdown)
		puts("# Events\n\n"
		     "Made from `audit/events.def` by `audit/catalog "
		     "--markdown`; a test compares.\n\n"
		     "| `JUMP_EVENT` | audit record | op | MESSAGE_ID | "
		     "meaning |\n|---|---|---|---|---|");
	else
		puts("# SPDX-License-Identifier: BSD-2-Clause");
	for (int id = EVENT_NONE + 1; id < EVENT_COUNT; id++) {
		const struct event_row *row = event_row(id);

		if (!row)
			return 1;
		if (markdown)
			markdown_row(row);
		else
			catalog_entry(row);
	}
	return 0;
}

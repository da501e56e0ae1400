/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/menu.h"

#include <signal.h>
#include <stdio.h>

#include "jumpshell/commands.h"
#include "jumpshell/line.h"
#include "jumpshell/listing.h"
#include "jumpshell/texts.h"

static void banner(struct shell *s)
{
	printf("%s at %s. What a target prints is recorded.\n", s->access.user,
		s->access.info.settings.bastion_id);
	listing_print(s);
	printf("Type a number, a target's name, 'help' or 'exit'.\n");
}

/* The session has nothing left that it could do: it ends itself. */
static int end_session(struct shell *s, const char *reason)
{
	struct event e = {
		.id = EVENT_SESSION_TERMINATED,
		.outcome = OUTCOME_SUCCESS,
		.reason = reason,
		.by = "jumpshell",
	};

	(void)witness_emit(&s->witness, &e);
	printf("\r\nYour session ends: %s.\r\n", text_end_reason(reason));
	return SHELL_REFUSED;
}

static int converse(struct shell *s)
{
	struct decision login = access_login(&s->access);
	struct guard session;
	struct line_editor *editor;
	const char *line, *reason = NULL;
	int status = 0;
	size_t len;

	guard_begin(&session, &s->access, NULL, PROTO_NONE, &login);
	editor = line_open(s, &session);
	if (!editor) {
		fprintf(stderr, "This terminal can't be used for the menu. "
				"Use: ssh BASTION TARGET [COMMAND].\n");
		return SHELL_REFUSED;
	}
	while (!s->leaving && (line = line_read(editor, &len, &reason)))
		status = command_run(s, line, len, true);
	line_close(editor);
	return reason ? end_session(s, reason) : status;
}

int menu_run(struct shell *s)
{
	/* at the prompt these mean "not this line", never "stop or die" */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGQUIT, SIG_IGN);
	(void)signal(SIGTSTP, SIG_IGN);
	banner(s);
	return converse(s);
}

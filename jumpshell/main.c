/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jumpshell: the suppliers' login shell. It shows what is open, connects to
 * it, and runs nothing else. sshd starts it as "-jumpshell" for a login and
 * as "jumpshell -c COMMAND" for ssh's remote command.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "jumpshell/commands.h"
#include "jumpshell/fence.h"
#include "jumpshell/listing.h"
#include "jumpshell/menu.h"
#include "jumpshell/texts.h"
#include "jumpshell/words.h"

/* Whoever started us may have left signals ignored or blocked; a child that
 * nobody may wait for would look alive for ever. */
static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

static int prepare(void)
{
	static const char *const keep[] = {
		"SSH_CONNECTION", "JUMP_SESSION", "JUMP_SCOPE", NULL};
	int r = proc_harden(0, keep);

	if (r < 0)
		return r;
	(void)unsetenv("LANG");
	(void)unsetenv("TZ");
	reset_signals();
	r = fence_enter();
	return r == -EOPNOTSUPP ? 0 : r;
}

/* Rights and windows of whoever runs this; nobody else has a file here. */
static int enter(struct shell *s)
{
	int r;

	witness_begin(&s->witness, getuid());
	r = access_begin(&s->access, getuid(), &s->witness.source_address);
	if (r < 0) {
		fprintf(stderr, "You have no rights on this bastion now.\n");
		return r;
	}
	memcpy(s->witness.user, s->access.user, sizeof(s->witness.user));
	return 0;
}

static int without_terminal(struct shell *s)
{
	listing_print(s);
	printf("For a menu: ssh -t BASTION. For a target: ssh BASTION TARGET "
	       "[COMMAND].\n");
	return 0;
}

int main(int argc, char **argv)
{
	static struct shell s;
	int status;

	if (prepare() < 0)
		return SHELL_REFUSED;
	if (argc != 1 && (argc != 3 || strcmp(argv[1], "-c") != 0)) {
		fprintf(stderr, "jumpshell is a login shell.\n");
		return SHELL_USAGE;
	}
	if (enter(&s) < 0)
		return SHELL_REFUSED;
	terminal_look(&s.terminal);
	if (argc == 3)
		status = command_run(&s, argv[2], strlen(argv[2]), false);
	else
		status = s.terminal.is ? menu_run(&s) : without_terminal(&s);
	access_done(&s.access);
	return fflush(stdout) == EOF && status == 0 ? 1 : status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-telnet CONN TARGET ACCOUNT: what jumpshell starts for a device that
 * speaks telnet, as it starts ssh for others. It asks the relay, starts its
 * messenger when the policy keeps a password, locks itself in, and only then
 * hears the device. What the policy says of the target it reads where
 * jumpshell does: in this user's own rights.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/name.h"
#include "base/proc.h"
#include "grants/rights.h"
#include "telnet/messenger.h"
#include "telnet/sandbox.h"
#include "telnet/session.h"
#include "workers/dial/relay.h"

#define PATH_SIZE 64

struct job {
	const char *conn, *target, *account;
	bool answers; /* the login, from the credential */
	struct expect_rules rules;
	struct session session;
};

static void take_text(char to[EXPECT_RULE_SIZE], const char *from)
{
	snprintf(to, EXPECT_RULE_SIZE, "%s", from);
}

static int load_target(struct job *j)
{
	_cleanup_rights_ struct rights *rights = NULL;
	_cleanup_rights_view_ struct rights_view view = {0};
	const struct target *t;
	char path[PATH_SIZE];
	int r;

	snprintf(path, sizeof(path), RIGHTS_USER_FMT, getuid());
	r = rights_open(path, 0, &rights);
	if (r == 0)
		r = rights_view_load(rights, getuid(), &view);
	if (r < 0)
		return r;
	t = policy_target(&view.policy, j->target);
	if (!t)
		return -ENOENT;
	take_text(j->rules.user, t->login_user);
	take_text(j->rules.password, t->login_password);
	take_text(j->rules.ready, t->login_ready);
	take_text(j->rules.failed, t->login_failed);
	j->session.line_end = t->line_end;
	j->answers = t->credential == CREDENTIAL_PASSWORD;
	return 0;
}

static int start_messenger(struct job *j)
{
	struct worker_claim c = {.conn = j->conn, .target = j->target};

	if (!j->answers)
		return 0;
	snprintf(c.account, sizeof(c.account), "%s", j->account);
	snprintf(c.holder, sizeof(c.holder), "%s", j->target);
	j->session.messenger = messenger_start(&c);
	j->session.rules = &j->rules;
	return j->session.messenger < 0 ? j->session.messenger : 0;
}

static int do_not_wait(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

static int take_terminal(struct session *s)
{
	struct termios raw;
	struct winsize ws = {0};
	sigset_t set;

	s->cols = 80;
	s->rows = 24;
	s->terminal = isatty(STDIN_FILENO);
	if (s->terminal) {
		if (tcgetattr(STDIN_FILENO, &raw) < 0)
			return -errno;
		cfmakeraw(&raw);
		if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
			return -errno;
		if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col &&
			ws.ws_row) {
			s->cols = ws.ws_col;
			s->rows = ws.ws_row;
		}
	}
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	s->resized = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->resized < 0 ? -errno : 0;
}

static int prepare(struct job *j)
{
	struct session *s = &j->session;
	int r = start_messenger(j);

	if (r == 0)
		r = take_terminal(s);
	if (r == 0)
		r = do_not_wait(STDIN_FILENO);
	if (r == 0)
		r = do_not_wait(STDOUT_FILENO);
	if (r == 0)
		r = do_not_wait(s->device);
	return r < 0 ? r : sandbox_enter();
}

static enum telnet_verdict run(struct job *j)
{
	const struct relay_question q = {
		.conn = j->conn, .target = j->target, .proto = "telnet"};
	char text[RELAY_ANSWER_MAX];

	if (load_target(j) < 0) {
		fprintf(stderr, "%s: Your rights could not be read.\n",
			j->target);
		return VERDICT_NONE;
	}
	j->session.device = relay_ask(&q, text);
	if (j->session.device < 0) {
		fprintf(stderr, "%s\n", text);
		return VERDICT_NONE;
	}
	j->session.target = j->target;
	j->session.account = j->account;
	if (prepare(j) < 0) {
		fprintf(stderr, "%s: telnet could not be started.\n",
			j->target);
		return VERDICT_NONE;
	}
	return session_run(&j->session);
}

int main(int argc, char **argv)
{
	static struct job j;

	if (proc_harden(0, NULL) < 0)
		return VERDICT_NONE;
	if (argc != 4 || !conn_valid(argv[1]) || !name_valid(argv[2]) ||
		!name_valid(argv[3])) {
		fprintf(stderr, "usage: jump-telnet CONN TARGET ACCOUNT\n");
		return 64;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	j.conn = argv[1];
	j.target = argv[2];
	j.account = argv[3];
	/* what exit(3) would do is not allowed any more, nor needed */
	_exit(run(&j));
}

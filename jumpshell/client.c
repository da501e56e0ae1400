/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/name.h"
#include "jumpshell/options.h"
#include "jumpshell/places.h"
#include "jumpshell/spawn.h"
#include "jumpshell/sshlog.h"

#define TEXT_SIZE 64

struct arguments {
	struct options options; /* of the last hop */
	char log[KEYPAIR_PATH_SIZE];
	char term[TEXT_SIZE], conn[TEXT_SIZE], target[TEXT_SIZE];
	const char *argv[2 * OPTIONS_MAX + 16];
	const char *envp[12];
};

static size_t put_options(const struct options *o, const char **argv)
{
	size_t n = 0;

	for (size_t i = 0; i < o->count; i++) {
		argv[n++] = "-o";
		argv[n++] = o->text[i];
	}
	return n;
}

static void put_words(struct arguments *a, const struct client_request *q)
{
	const bool files = q->proto == PROTO_SFTP;
	const char *const before[] = {
		PLACE_SSH, "-F", PLACE_SSH_CONFIG, "-E", a->log};
	const char *const after[] = {files	       ? "-s"
				     : q->terminal->is ? "-tt"
						       : "-T",
		"--", q->target, files ? "sftp" : q->command, NULL};
	size_t n = ARRAY_LEN(before);

	_Static_assert(ARRAY_LEN(before) + 2 * OPTIONS_MAX + ARRAY_LEN(after) <=
			       ARRAY_LEN(a->argv),
		"room for all words");
	memcpy(a->argv, before, sizeof(before));
	n += put_options(&a->options, a->argv + n);
	memcpy(a->argv + n, after, sizeof(after));
}

/*
 * SHELL is what ssh starts its helpers with: the dialler itself, which knows
 * that form, so that no shell has to be there at all. The rest is for
 * jump-askpass, where a password is stored; none of it is a secret.
 */
static void put_environment(struct arguments *a, const struct client_request *q)
{
	const char *const env[] = {"PATH=/usr/bin:/bin", "HOME=/",
		"SHELL=" PLACE_DIAL, "LANG=C.UTF-8", a->term, NULL};
	const char *const asking[] = {"SSH_ASKPASS=" PLACE_ASKPASS,
		"SSH_ASKPASS_REQUIRE=force", a->conn, a->target, NULL};

	_Static_assert(
		ARRAY_LEN(env) - 1 + ARRAY_LEN(asking) <= ARRAY_LEN(a->envp),
		"room for all variables");
	snprintf(a->term, sizeof(a->term), "TERM=%s", q->terminal->name);
	snprintf(a->conn, sizeof(a->conn), "JUMP_CONN=%s", q->conn);
	snprintf(a->target, sizeof(a->target), "JUMP_TARGET=%s", q->target);
	memcpy(a->envp, env, sizeof(env));
	if (options_need_password(q->route))
		memcpy(a->envp + ARRAY_LEN(env) - 1, asking, sizeof(asking));
}

/*
 * It asks relay and rights by itself. A command is no part of telnet, and what
 * the relay opens for a target behind another is that one's ssh.
 */
static int build_telnet(struct arguments *a, const struct client_request *q)
{
	const char *const words[] = {PLACE_TELNET, q->conn, q->target,
		q->route->hop[0].account, NULL};
	const char *const env[] = {
		"PATH=/usr/bin:/bin", "HOME=/", "LANG=C.UTF-8", NULL};

	if (q->command || q->route->count != 1)
		return -EINVAL;
	memcpy(a->argv, words, sizeof(words));
	memcpy(a->envp, env, sizeof(env));
	return 0;
}

/* Every word that is not ours is a name without any special character. */
static int build(struct arguments *a, const struct client_request *q)
{
	const struct options_request o = {.conn = q->conn,
		.target = q->target,
		.proto = q->proto,
		.route = q->route,
		.keys = q->keys};
	size_t last = q->route->count - 1;
	int r;

	if (!name_valid(q->target) || !conn_valid(q->conn))
		return -EINVAL;
	for (size_t i = 0; i <= last; i++) {
		if (!name_valid(q->route->hop[i].name) ||
			!name_valid(q->route->hop[i].account))
			return -EINVAL;
	}
	if (q->proto == PROTO_TELNET)
		return build_telnet(a, q);
	r = options_write_hops(&o);
	if (r < 0)
		return r;
	options_of_hop(&a->options, &o, last);
	if (a->options.full)
		return -EMSGSIZE;
	keypair_path(q->keys, KEYPAIR_LOG(last), a->log);
	put_words(a, q);
	put_environment(a, q);
	return 0;
}

static int start_on_terminal(
	struct client *c, const struct arguments *a, const struct terminal *t)
{
	_cleanup_close_ int inner = -1;
	struct spawn s = {.argv = a->argv,
		.envp = a->envp,
		.fd_count = 3,
		.file_max = SSHLOG_MAX,
		.terminal = true};
	int r = terminal_pair(t, &c->in, &inner);

	if (r < 0)
		return r;
	c->out = fcntl(c->in, F_DUPFD_CLOEXEC, 3);
	if (c->out < 0)
		return -errno;
	s.fds[0] = s.fds[1] = s.fds[2] = inner;
	return spawn_start(&s, &c->pid);
}

static int start_on_pipes(struct client *c, const struct arguments *a)
{
	_cleanup_close_ int in = -1, out = -1, err = -1;
	struct spawn s = {.argv = a->argv,
		.envp = a->envp,
		.fd_count = 3,
		.file_max = SSHLOG_MAX};
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	in = p[0];
	c->in = p[1];
	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	c->out = p[0];
	out = p[1];
	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	c->err = p[0];
	err = p[1];
	s.fds[0] = in;
	s.fds[1] = out;
	s.fds[2] = err;
	return spawn_start(&s, &c->pid);
}

int client_start(struct client *c, const struct client_request *q)
{
	static struct arguments a; /* too large for a stack */
	int r = build(&a, q);

	*c = (struct client)CLIENT_NONE;
	if (r == 0)
		r = q->terminal->is ? start_on_terminal(c, &a, q->terminal)
				    : start_on_pipes(c, &a);
	if (r < 0) {
		client_done(c);
		return r;
	}
	(void)fcntl(c->in, F_SETFL, O_NONBLOCK);
	(void)fcntl(c->out, F_SETFL, O_NONBLOCK);
	if (c->err >= 0)
		(void)fcntl(c->err, F_SETFL, O_NONBLOCK);
	return 0;
}

void client_forget(struct client *c)
{
	*c = (struct client)CLIENT_NONE;
}

void client_done(struct client *c)
{
	cleanup_close(&c->in);
	cleanup_close(&c->out);
	cleanup_close(&c->err);
	if (c->pid > 0) {
		(void)kill(c->pid, SIGKILL);
		(void)waitpid(c->pid, NULL, 0);
	}
	*c = (struct client)CLIENT_NONE;
}

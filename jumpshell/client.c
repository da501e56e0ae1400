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
#include "jumpshell/places.h"
#include "jumpshell/spawn.h"

#define OPTION_SIZE 192

struct arguments {
	char proxy[OPTION_SIZE], key[OPTION_SIZE], certificate[OPTION_SIZE];
	char hosts[OPTION_SIZE], user[OPTION_SIZE], term[OPTION_SIZE];
	const char *argv[24];
	const char *envp[8];
};

static void put_file(char *option, const char *name, const struct keypair *k,
	enum keypair_file which)
{
	char path[KEYPAIR_PATH_SIZE];

	keypair_path(k, which, path);
	snprintf(option, OPTION_SIZE, "%s=%s", name, path);
}

/* SHELL is what ssh starts its ProxyCommand with: the dialler itself, which
 * knows that form, so that no shell has to be there at all. */
static void put_words(struct arguments *a, const struct client_request *q)
{
	const bool files = q->proto == PROTO_SFTP;
	const char *const words[] = {PLACE_SSH, "-F", PLACE_SSH_CONFIG, "-o",
		a->proxy, "-o", a->key, "-o", a->certificate, "-o", a->hosts,
		"-o", a->user,
		files		  ? "-s"
		: q->terminal->is ? "-tt"
				  : "-T",
		"--", q->target, files ? "sftp" : q->command, NULL};
	const char *const env[] = {"PATH=/usr/bin:/bin", "HOME=/",
		"SHELL=" PLACE_DIAL, "LANG=C.UTF-8", a->term, NULL};

	_Static_assert(ARRAY_LEN(words) <= ARRAY_LEN(a->argv) &&
			       ARRAY_LEN(env) <= ARRAY_LEN(a->envp),
		"room for all words");
	memcpy(a->argv, words, sizeof(words));
	memcpy(a->envp, env, sizeof(env));
}

/* Every word that is not ours is a name without any special character. */
static int build(struct arguments *a, const struct client_request *q)
{
	if (!name_valid(q->target) || !name_valid(q->account) ||
		!conn_valid(q->conn))
		return -EINVAL;
	snprintf(a->proxy, OPTION_SIZE, "ProxyCommand=%s %s %s %s", PLACE_DIAL,
		q->conn, q->target, proto_name(q->proto));
	put_file(a->key, "IdentityFile", q->keys, KEYPAIR_PRIVATE);
	put_file(a->certificate, "CertificateFile", q->keys,
		KEYPAIR_CERTIFICATE);
	put_file(a->hosts, "UserKnownHostsFile", q->keys, KEYPAIR_HOSTS);
	snprintf(a->user, OPTION_SIZE, "User=%s", q->account);
	snprintf(a->term, OPTION_SIZE, "TERM=%s", q->terminal->name);
	put_words(a, q);
	return 0;
}

static int start_on_terminal(
	struct client *c, const struct arguments *a, const struct terminal *t)
{
	_cleanup_close_ int inner = -1;
	struct spawn s = {.argv = a->argv,
		.envp = a->envp,
		.fd_count = 3,
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
	struct spawn s = {.argv = a->argv, .envp = a->envp, .fd_count = 3};
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
	struct arguments a;
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

/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/credential/signer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "base/proc.h"
#include "workers/credential/signing.h"

#define AGENT	      "/usr/bin/ssh-agent"
#define ADD	      "/usr/bin/ssh-add"
#define ADD_WAIT_MS   5000
#define AGENT_WAIT_MS 5000
#define QUIET_MS      60000 /* a login takes no longer */
#define PATH_SIZE     64
#define TRIES	      16 /* others may be quicker */

/* The agent protocol's numbers. Source: draft-miller-ssh-agent. */
enum {
	MESSAGE_FAILURE = 5,
	MESSAGE_LIST = 11,
	MESSAGE_SIGN = 13,
	MESSAGE_MAX_BYTES = 32768,
};

struct signer {
	struct claim *claim;
	int client, agent;
	pid_t pid;
	char folder[PATH_SIZE], path[PATH_SIZE + 8];
	bool signed_once;
};

static void agent_child(const struct signer *s, pid_t parent)
{
	const char *const argv[] = {AGENT, "-D", "-a", s->path, NULL};
	static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
		getppid() == parent && freopen("/dev/null", "r+", stdout))
		(void)execve(AGENT, (char *const *)argv, (char *const *)envp);
	_exit(127);
}

static int agent_connect(const struct signer *s)
{
	_cleanup_close_ int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (fd < 0)
		return -errno;
	memcpy(address.sun_path, s->path, strlen(s->path) + 1);
	if (connect(fd, (const void *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int agent_start(struct signer *s)
{
	int64_t end_ms = moment_boot_ms() + AGENT_WAIT_MS;
	pid_t parent = getpid();

	memcpy(s->folder, "/tmp/jump-signer.XXXXXX", 24);
	if (!mkdtemp(s->folder)) {
		s->folder[0] = '\0';
		return -errno;
	}
	snprintf(s->path, sizeof(s->path), "%s/agent", s->folder);
	s->pid = fork();
	if (s->pid < 0)
		return -EAGAIN;
	if (s->pid == 0)
		agent_child(s, parent);
	do {
		s->agent = agent_connect(s);
		if (s->agent < 0)
			(void)poll(NULL, 0, 5);
	} while (s->agent < 0 && moment_boot_ms() < end_ms);
	return s->agent < 0 ? -ETIMEDOUT : 0;
}

static int agent_fill(const struct signer *s, const struct keeper_secret *key)
{
	char where[PATH_SIZE + 24];
	static const char *const argv[] = {ADD, "-q", "-", NULL};
	const char *const envp[] = {"PATH=/usr/bin:/bin", where, NULL};
	const struct proc_run run = {.argv = argv,
		.envp = envp,
		.input = key->bytes,
		.input_len = key->len,
		.timeout_ms = ADD_WAIT_MS,
		.no_stderr = true};
	int r;

	snprintf(where, sizeof(where), "SSH_AUTH_SOCK=%s", s->path);
	r = proc_run(&run);
	return r > 0 ? -EIO : r;
}

static void agent_end(struct signer *s)
{
	cleanup_close(&s->agent);
	if (s->pid > 0) {
		(void)kill(s->pid, SIGKILL);
		(void)waitpid(s->pid, NULL, 0);
	}
	if (s->folder[0]) {
		(void)unlink(s->path);
		(void)rmdir(s->folder);
	}
}

static int take(int fd, uint8_t *bytes, size_t len)
{
	int64_t end_ms = moment_boot_ms() + QUIET_MS;

	for (size_t have = 0; have < len;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = end_ms - moment_boot_ms();
		ssize_t n;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
			return -ETIMEDOUT;
		n = recv(fd, bytes + have, len - have, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return -EPIPE;
		have += (size_t)n;
	}
	return 0;
}

/* One message with its length, which is the size that is returned. */
static ssize_t take_message(int fd, uint8_t bytes[MESSAGE_MAX_BYTES])
{
	uint32_t len;

	if (take(fd, bytes, 4) < 0)
		return -EPIPE;
	len = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	      (uint32_t)bytes[2] << 8 | bytes[3];
	if (len == 0 || len > MESSAGE_MAX_BYTES - 4)
		return -EMSGSIZE;
	return take(fd, bytes + 4, len) < 0 ? -EPIPE : (ssize_t)len + 4;
}

static int give(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		ssize_t n;

		if (poll(&p, 1, QUIET_MS) != 1)
			return -ETIMEDOUT;
		n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return -EPIPE;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int say_no(const struct signer *s)
{
	static const uint8_t no[] = {0, 0, 0, 1, MESSAGE_FAILURE};

	return give(s->client, no, sizeof(no));
}

/*
 * Decided when it signs. Of several connections of one session it can't be
 * said whose ssh this is: when another one's has signed as the one that was
 * found, there is one more left.
 */
static const char *spend(struct signer *s)
{
	const char *reason = "spent";

	for (int i = 0; i < TRIES && reason && strcmp(reason, "spent") == 0;
		i++) {
		reason = claim_find(s->claim, s->client, true);
		if (!reason)
			reason = claim_spend(s->claim);
	}
	return reason;
}

static bool may_pass(struct signer *s, const uint8_t *message, size_t len)
{
	const char *reason;

	if (message[0] == MESSAGE_LIST)
		return true;
	if (message[0] != MESSAGE_SIGN)
		return false;
	if (!signing_is_login(message, len, s->claim->keeper->account))
		reason = "request";
	else
		reason = s->signed_once ? "spent" : spend(s);
	s->signed_once = true;
	if (reason)
		claim_refused(s->claim, reason);
	return !reason;
}

static int converse(struct signer *s)
{
	static uint8_t bytes[MESSAGE_MAX_BYTES];

	for (;;) {
		ssize_t n = take_message(s->client, bytes);
		int r;

		if (n < 0)
			return 0; /* ssh has what it needs */
		if (!may_pass(s, bytes + 4, (size_t)n - 4)) {
			r = say_no(s);
		} else {
			r = give(s->agent, bytes, (size_t)n);
			n = r == 0 ? take_message(s->agent, bytes) : r;
			r = n < 0 ? (int)n
				  : give(s->client, bytes, (size_t)n);
		}
		if (r < 0)
			return 1;
	}
}

int signer_serve(int fd, struct claim *c)
{
	_cleanup_secret_of_keeper_ struct keeper_secret key = {0};
	struct signer s = {.claim = c, .client = fd, .agent = -1};
	const char *reason = claim_find(c, fd, true);
	int r;

	if (!reason && keeper_read(c->keeper, &key) < 0)
		reason = "error";
	if (!reason && !key.is_key)
		reason = "kind";
	if (reason) {
		claim_refused(c, reason);
		(void)say_no(&s);
		return 1;
	}
	r = agent_start(&s);
	if (r == 0)
		r = agent_fill(&s, &key);
	keeper_forget(&key);
	if (r == 0)
		r = converse(&s);
	else
		(void)say_no(&s);
	agent_end(&s);
	return r == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-check: one process for one file. systemd hands it an accepted
 * connection of check.sock; it asks whose that is and whether files may move
 * there, takes the program from that conduit and from nowhere else, and lets
 * it judge its own copy of the file. Everything but an exit with 0 refuses.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "audit/event.h"
#include "base/cleanup.h"
#include "base/proc.h"
#include "workers/check/copy.h"
#include "workers/check/judge.h"
#include "workers/check/request.h"
#include "workers/peer/admit.h"

#define SOCK_FD		3 /* systemd's first, Accept=yes: connected */
#define REQUEST_WAIT_MS 5000
#define JUDGE_WAIT_MS	120000 /* jumpshell waits longer */

struct job {
	struct check_request request;
	struct admission admission;
	struct check_command command;
	struct copy copy;
	struct verdict verdict;
	int file;
};

/* Exactly one descriptor comes with the packet. */
static int take_file(struct msghdr *m, int *ret_file)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		c->cmsg_len != CMSG_LEN(sizeof(int)) || CMSG_NXTHDR(m, c))
		return -EBADMSG;
	memcpy(ret_file, CMSG_DATA(c), sizeof(int));
	return 0;
}

static int receive(struct job *j)
{
	const struct timeval wait = {.tv_sec = REQUEST_WAIT_MS / 1000};
	char bytes[CHECK_REQUEST_MAX];
	struct iovec part = {bytes, sizeof(bytes)};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t n;

	if (setsockopt(SOCK_FD, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) <
		0)
		return -errno;
	n = recvmsg(SOCK_FD, &m, MSG_CMSG_CLOEXEC);
	if (n <= 0)
		return n < 0 ? -errno : -EPIPE;
	if (take_file(&m, &j->file) < 0 ||
		(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -EBADMSG;
	return check_request_parse(bytes, (size_t)n, &j->request);
}

static struct event event_of(const struct job *j)
{
	const struct admission *a = &j->admission;

	return (struct event){
		.id = EVENT_FILE_CHECKED,
		.user = a->session.user[0] ? a->session.user : NULL,
		.uid = a->session.uid,
		.session = a->session.uuid[0] ? a->session.uuid : NULL,
		.grant = a->grant[0] ? a->grant : NULL,
		.ticket = a->ticket[0] ? a->ticket : NULL,
		.conn = j->request.conn[0] ? j->request.conn : NULL,
		.target = j->request.target[0] ? j->request.target : NULL,
		.account = a->account[0] ? a->account : NULL,
		.proto = proto_name(PROTO_SFTP),
		.source = a->session.source[0] ? a->session.source : NULL,
		.source_port = a->session.source_port,
		.file = j->request.name[0] ? j->request.name : NULL,
		.digest = j->copy.digest[0] ? j->copy.digest : NULL,
		.direction = "up",
		.has_size = j->copy.digest[0] != '\0',
		.size = j->copy.size,
	};
}

static int answer(const char *reason, const char *text)
{
	char line[JUDGE_TEXT_SIZE + 64];
	int n = reason ? snprintf(line, sizeof(line), "no %s%s%s\n", reason,
				 text[0] ? " " : "", text)
		       : snprintf(line, sizeof(line), "ok\n");

	return send(SOCK_FD, line, (size_t)n, MSG_NOSIGNAL) == n && !reason ? 0
									    : 1;
}

/* NULL when the program has been asked; else why not. */
static const char *prepare(struct job *j)
{
	struct admission_request q = {.target = j->request.target,
		.conn = j->request.conn,
		.proto = PROTO_SFTP};
	const char *reason = "error";
	int r;

	if (receive(j) < 0)
		return "request";
	if (admit(SOCK_FD, &q, &j->admission, &reason) < 0)
		return reason;
	if (check_command_split(j->admission.file_check, &j->command) < 0)
		return "program";
	r = copy_make(j->file, j->admission.file_check_max, &j->copy);
	if (r < 0)
		return r == -EFBIG ? "size" : "request";
	return NULL;
}

/* The verdict is in the logs before anybody acts on it. */
static int tell(struct job *j)
{
	struct event e = event_of(j);
	const struct verdict *v = &j->verdict;

	e.outcome = v->good ? OUTCOME_SUCCESS : OUTCOME_FAILURE;
	e.reason = v->reason;
	e.detail = v->text[0] ? v->text : NULL;
	if (event_emit(&e) < 0 && !j->admission.info.settings.audit_optional)
		return answer("audit", "");
	return answer(v->reason, v->good ? "" : v->text);
}

int main(void)
{
	static struct job j = {.file = -1, .copy.fd = -1};
	struct judge judge = {.timeout_ms = JUDGE_WAIT_MS};

	if (proc_harden(1, NULL) < 0)
		return 1;
	j.verdict.reason = prepare(&j);
	if (j.verdict.reason)
		return tell(&j);
	judge.argv = j.command.argv;
	judge.file = j.copy.fd;
	judge_run(&judge, &j.verdict);
	return tell(&j);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-record: one process for one recording. systemd hands it an accepted
 * connection of record.sock; it asks whose that is and whether it may, makes
 * the file, gives up everything else, and writes down what it is sent before
 * the sender may show it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "audit/event.h"
#include "base/cleanup.h"
#include "base/moment.h"
#include "base/proc.h"
#include "workers/peer/admit.h"
#include "workers/peer/line.h"
#include "workers/peer/live.h"
#include "workers/record/request.h"
#include "workers/record/sandbox.h"
#include "workers/record/serve.h"

#define SOCK_FD		3 /* systemd's first, Accept=yes: connected */
#define REQUEST_WAIT_MS 5000
#define PATH_SIZE	160

struct job {
	struct record_request request;
	struct admission admission;
	struct recording recording;
	struct event event;
	char path[PATH_SIZE];
	const char *live_name;
	int live_dir, live_lock, signal;
	char command[RECORD_COMMAND_MAX];
};

/* A refusal is one line to jumpshell and one event. */
static int refuse(struct job *j, const char *reason)
{
	char text[96];
	int n = snprintf(text, sizeof(text), "no %s\n", reason);

	j->event.id = EVENT_RECORD_START;
	j->event.outcome = OUTCOME_FAILURE;
	j->event.reason = reason;
	(void)event_emit(&j->event);
	(void)send(SOCK_FD, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	return 1;
}

static void describe(struct job *j)
{
	const struct admission *a = &j->admission;

	j->event = (struct event){
		.user = a->session.user[0] ? a->session.user : NULL,
		.uid = a->session.uid,
		.session = a->session.uuid[0] ? a->session.uuid : NULL,
		.grant = a->grant[0] ? a->grant : NULL,
		.ticket = a->ticket[0] ? a->ticket : NULL,
		.conn = j->request.conn[0] ? j->request.conn : NULL,
		.target = j->request.target[0] ? j->request.target : NULL,
		.account = a->account[0] ? a->account : NULL,
		.address = a->address[0] ? a->address : NULL,
		.source = a->session.source[0] ? a->session.source : NULL,
		.source_port = a->session.source_port,
		.key = a->session.key[0] ? a->session.key : NULL,
		.proto = proto_name(j->request.proto),
		.file = j->path[0] ? j->path : NULL,
	};
}

/* The header packet, and the command's bytes in a second one. */
static int receive(struct job *j)
{
	const struct timeval wait = {.tv_sec = REQUEST_WAIT_MS / 1000};
	char line[LINE_MAX_BYTES + 1];
	ssize_t n;
	int r;

	if (setsockopt(SOCK_FD, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) <
		0)
		return -errno;
	n = recv(SOCK_FD, line, sizeof(line), 0);
	if (n <= 0)
		return n < 0 ? -errno : -EPIPE;
	r = record_request_parse(line, (size_t)n, &j->request);
	if (r < 0 || !j->request.has_command)
		return r;
	n = recv(SOCK_FD, j->command, sizeof(j->command), MSG_TRUNC);
	return n == (ssize_t)j->request.command_len ? 0 : -EBADMSG;
}

static int begin(struct job *j)
{
	const struct admission *a = &j->admission;
	const struct cast_identity id = {
		.bastion = a->info.settings.bastion_id,
		.session = a->session.uuid,
		.conn = j->request.conn,
		.grant = a->grant,
		.ticket = a->ticket,
		.user = a->session.user,
		.target = j->request.target,
		.proto = proto_name(j->request.proto),
		.zone = a->zone,
		.account = a->account,
		.via = a->via[0] ? a->via : NULL,
		.source = a->session.source,
		.key = a->session.key,
		.uid = a->session.uid,
		.auid = a->session.auid,
		.ses = a->session.ses,
		.source_port = a->session.source_port,
		.started = a->now,
		.window_end = a->until,
		.term = j->request.term,
		.cols = j->request.cols,
		.rows = j->request.rows,
		.command = j->request.has_command ? j->command : NULL,
		.command_len = j->request.command_len,
	};
	int r = recording_begin(&j->recording, RECORDING_DIR, &id);

	if (r == 0)
		snprintf(j->path, sizeof(j->path), "%s/%s", RECORDING_DIR,
			j->recording.name);
	return r;
}

static int disk_has_room(const struct job *j)
{
	uint64_t free_mib;
	int r = recording_free_mib(&j->recording, &free_mib);

	if (r < 0)
		return r;
	return free_mib < j->admission.info.settings.disk_reserve_mib ? -ENOSPC
								      : 0;
}

static int hold_live(struct job *j)
{
	const struct live what = {
		.conn = j->request.conn,
		.session = j->admission.session.uuid,
		.uid = j->admission.session.uid,
		.target = j->request.target,
		.proto = proto_name(j->request.proto),
	};

	live_sweep(LIVE_DIR);
	j->live_name = sandbox_name(j->request.conn);
	j->live_dir = open(LIVE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!j->live_name || j->live_dir < 0)
		return j->live_name ? -errno : -ENOMEM;
	j->live_lock = live_create(LIVE_DIR, &what);
	return j->live_lock < 0 ? j->live_lock : 0;
}

static int take_signals(struct job *j)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	j->signal = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return j->signal < 0 ? -errno : 0;
}

/* Evidence first: file, then event, then lock; only then is it "ok". */
static const char *prepare(struct job *j)
{
	struct admission_request q = {.target = j->request.target,
		.account = j->request.account,
		.conn = j->request.conn,
		.is_recorder = true};
	const char *reason = "error";
	int r = receive(j);

	if (r < 0)
		return "request";
	q.proto = j->request.proto;
	r = admit(SOCK_FD, &q, &j->admission, &reason);
	describe(j);
	if (r < 0)
		return reason;
	r = begin(j);
	describe(j);
	if (r < 0)
		return r == -ENOSPC ? "disk" : "recorder";
	if (disk_has_room(j) < 0)
		return "disk";
	j->event.id = EVENT_RECORD_START;
	j->event.outcome = OUTCOME_SUCCESS;
	j->event.window_end = j->admission.until;
	if (event_emit(&j->event) < 0 &&
		!j->admission.info.settings.audit_optional)
		return "audit";
	if (take_signals(j) < 0 || hold_live(j) < 0 ||
		sandbox_enter(j->live_dir, j->live_name) < 0)
		return "recorder";
	return NULL;
}

static int answer(const struct job *j)
{
	char text[PATH_SIZE + 8];
	int n = snprintf(text, sizeof(text), "ok %s\n", j->path);

	return send(SOCK_FD, text, (size_t)n, MSG_NOSIGNAL) == n ? 0 : -EPIPE;
}

static int finish(struct job *j, const char *reason)
{
	int64_t start_ms = j->recording.start_ms;
	char digest[RECORDING_DIGEST_SIZE];
	int r = recording_end(&j->recording, reason, digest);
	bool whole = r == 0 && strcmp(reason, "closed") == 0;

	(void)unlinkat(j->live_dir, j->live_name, 0);
	j->event.id = EVENT_RECORD_END;
	j->event.outcome = whole ? OUTCOME_SUCCESS : OUTCOME_FAILURE;
	j->event.reason = r < 0 ? "error" : reason;
	j->event.digest = digest;
	j->event.has_bytes = true;
	j->event.bytes_in = j->recording.shown_bytes;
	j->event.duration_ms = moment_boot_ms() - start_ms;
	(void)event_emit(&j->event);
	return whole ? 0 : 1;
}

int main(void)
{
	static struct job j = {.live_dir = -1, .live_lock = -1, .signal = -1};
	struct serve s = {.sock = SOCK_FD, .recording = &j.recording};
	const char *reason;

	if (proc_harden(1, NULL) < 0)
		return 1;
	(void)umask(027); /* auditors may read: their group is the folder's */
	reason = prepare(&j);
	if (reason)
		return refuse(&j, reason);
	if (answer(&j) < 0)
		return finish(&j, "gone");
	s.signal = j.signal;
	s.reserve_mib = j.admission.info.settings.disk_reserve_mib;
	return finish(&j, serve(&s));
}

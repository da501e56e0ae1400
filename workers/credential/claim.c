/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/credential/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "workers/credential/spent.h"
#include "workers/credential/trial.h"

#define TURN_WAIT_MS 5000 /* who asks waits twice as long */
#define TURN_LOOK_MS 50

static struct event event_of(const struct claim *c, enum event_id id)
{
	const struct admission *a = &c->admission;

	return (struct event){
		.id = id,
		.user = a->session.user[0] ? a->session.user : NULL,
		.uid = a->session.uid,
		.session = a->session.uuid[0] ? a->session.uuid : NULL,
		.grant = a->grant[0] ? a->grant : NULL,
		.ticket = a->ticket[0] ? a->ticket : NULL,
		.conn = c->conn[0] ? c->conn : NULL,
		.target = c->keeper->target,
		.account = c->keeper->account,
		.via = a->via[0] ? a->via : NULL,
		.proto = c->record.proto ? proto_name(c->record.proto) : NULL,
		.source = a->session.source[0] ? a->session.source : NULL,
		.source_port = a->session.source_port,
	};
}

void claim_refused(const struct claim *c, const char *reason)
{
	struct event e = event_of(c, EVENT_CREDENTIAL_USED);

	e.reason = reason;
	(void)event_emit(&e);
}

static int open_connections(uid_t *ret_owner)
{
	_cleanup_close_ int fd =
		open(CONNECTION_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	*ret_owner = st.st_uid;
	return TAKE_FD(fd);
}

static bool is_of(
	const struct connection_record *r, const struct session_record *s)
{
	return r->channel == CHANNEL_BROKERED && r->uid == s->uid &&
	       strcmp(r->session, s->uuid) == 0;
}

static int read_connection(struct claim *c)
{
	uid_t owner = 0;
	_cleanup_close_ int dirfd = open_connections(&owner);

	return dirfd < 0 ? dirfd
			 : connection_read(dirfd, c->conn, owner, &c->record);
}

/* What the connection ends at, or a hop on the way there? */
static const char *hop_of(const struct claim *c)
{
	return strcmp(c->target, c->keeper->target) == 0 ? NULL
							 : c->keeper->target;
}

static bool is_of_kind(const struct claim *c, bool is_key)
{
	return c->admission.credential ==
	       (is_key ? CREDENTIAL_KEY : CREDENTIAL_PASSWORD);
}

const char *claim_check(struct claim *c, int fd, bool is_key)
{
	struct admission_request q = {.target = c->target,
		.account = c->keeper->account,
		.hop = hop_of(c)};
	const char *reason = "error";
	int r = read_connection(c);

	/* whose it is comes first, so that a refusal has a name */
	q.conn = c->conn;
	q.proto = r == 0 ? c->record.proto : PROTO_SSH;
	if (admit(fd, &q, &c->admission, &reason) < 0)
		return reason;
	if (r < 0 || !is_of(&c->record, &c->admission.session) ||
		strcmp(c->record.target, c->target) != 0)
		return "connection";
	return is_of_kind(c, is_key) ? NULL : "kind";
}

static struct spent spent_of(const struct claim *c)
{
	return (struct spent){.conn = c->conn,
		.credential = c->keeper->name,
		.session = c->admission.session.uuid};
}

/* Logins at the same time, of a client that opens many, wait their turn. */
static int begin_in_turn(const char *credential)
{
	int64_t end_ms = moment_boot_ms() + TURN_WAIT_MS;
	int r;

	while ((r = trial_begin(TRIAL_DIR, credential)) == -EBUSY &&
		moment_boot_ms() < end_ms)
		(void)poll(NULL, 0, TURN_LOOK_MS);
	return r;
}

static const char *begin_trial(const struct claim *c)
{
	switch (begin_in_turn(c->keeper->name)) {
	case 0:
		return NULL;
	case -EPERM:
		return "wrong";
	case -EBUSY:
		return "busy";
	default:
		return "error";
	}
}

static int not_taken(const struct claim *c, const char *reason)
{
	struct event e = event_of(c, EVENT_CREDENTIAL_WRONG);

	e.reason = reason;
	(void)event_emit(&e);
	return trial_wrong(TRIAL_DIR, c->keeper->name);
}

/* Who asks a second time has not taken the first answer. */
void claim_again(const struct claim *c)
{
	const struct spent s = spent_of(c);

	if (spent_by(SPENT_DIR, &s))
		(void)not_taken(c, "spent");
}

const char *claim_spend(const struct claim *c)
{
	const struct spent s = spent_of(c);
	struct event e = event_of(c, EVENT_CREDENTIAL_USED);
	const char *reason;
	int r;

	spent_sweep(SPENT_DIR, CONNECTION_DIR);
	r = spent_mark(SPENT_DIR, &s);
	if (r < 0)
		return r == -EEXIST ? "spent" : "error";
	reason = begin_trial(c);
	if (reason) {
		/* or its end would be told as that of a trial */
		spent_undo(SPENT_DIR, &s);
		return reason;
	}
	e.outcome = OUTCOME_SUCCESS;
	if (event_emit(&e) < 0 && !c->admission.info.settings.audit_optional)
		return "audit";
	return NULL;
}

static bool may_want(const struct claim *c, const struct session_record *s,
	const struct connection_record *r)
{
	const struct spent what = {.conn = r->conn,
		.credential = c->keeper->name,
		.session = r->session};

	return is_of(r, s) && !spent_by(SPENT_DIR, &what);
}

const char *claim_find(struct claim *c, int fd, bool is_key)
{
	_cleanup_closedir_ DIR *d = opendir(CONNECTION_DIR);
	const char *reason = "connection";
	struct session_record session;
	struct stat st;
	size_t seen = 0;

	if (!d || fstat(dirfd(d), &st) < 0)
		return "error";
	if (peer_session(fd, NULL, &session) < 0)
		return "peer";
	c->admission.session = session;
	for (const struct dirent *e; reason && (e = readdir(d));) {
		struct connection_record r;

		if (++seen > CONNECTION_SCAN_MAX)
			return "error";
		if (!conn_valid(e->d_name) ||
			connection_read(dirfd(d), e->d_name, st.st_uid, &r) <
				0 ||
			!may_want(c, &session, &r))
			continue;
		memcpy(c->conn, r.conn, sizeof(c->conn));
		memcpy(c->target, r.target, sizeof(c->target));
		reason = claim_check(c, fd, is_key);
	}
	return reason;
}

int claim_tell(const struct claim *c, int fd, bool right)
{
	struct claim told = *c;
	struct spent s;

	if (peer_session(fd, NULL, &told.admission.session) < 0)
		return -EPERM;
	s = spent_of(&told);
	if (!spent_by(SPENT_DIR, &s))
		return -EPERM;
	if (right)
		return trial_right(TRIAL_DIR, c->keeper->name);
	return not_taken(&told, "wrong");
}

const char *claim_sentence(const char *reason)
{
	static const struct {
		const char *reason, *sentence;
	} rows[] = {
		{"spent", "The target did not take the stored password, or "
			  "asked for it twice. It gets it once, and not again "
			  "before an operator has looked at it."},
		{"wrong", "The target did not take the stored password the "
			  "last time. It is not tried again before an operator "
			  "stores the right one."},
		{"busy", "Others are logging in to this account just now, or "
			 "their logins broke off. Try again; if it stays so, "
			 "ask the operator."},
		{"kind", "What is stored for this account is of another kind "
			 "than the policy says. Ask the operator."},
		{"connection", "There is no such connection of this session."},
		{"audit", "This host can't write its audit log now."},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].reason, reason) == 0)
			return rows[i].sentence;
	}
	for (int r = 1; r < REASON_COUNT; r++) {
		if (strcmp(reason_word((enum reason)r), reason) == 0)
			return reason_sentence((enum reason)r);
	}
	return "It could not be done. Ask the operator of the bastion.";
}

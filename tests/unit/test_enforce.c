/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second enforcer: when something is over (pure), and that it then ends:
 * on real processes in real cgroups, with real compiled rights. The latter
 * needs root and a cgroup2 that may be written.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "tests/unit/grants_fixture.h"
#include "workers/watch/due.h"
#include "workers/watch/enforce.h"
#include "workers/watch/strike.h"

#define UID   FIXTURE_UID
#define GRACE 120
#define OPEN  (FIXTURE_NOW + 60)
#define ENDS  (FIXTURE_NOW + 4 * 3600) /* of the fixture's grants */
#define UUID  "123e4567-e89b-42d3-a456-426614174000"
#define CONN  "00112233445566aa"

/* ---- when it is over: a policy and grants by hand ---- */

static struct zone zone = {.name = "cell-a"};
static struct target targets[] = {
	{.name = "hmi",
		.zone = "cell-a",
		.protocols = {.named = 1u << PROTO_RDP},
		.address_count = 1},
	{.name = "plc",
		.zone = "cell-a",
		.protocols = {.named = 1u << PROTO_RDP},
		.address_count = 1},
};
static struct conduit conduit = {
	.name = "c",
	.user_count = 1,
	.users = {"acme-*"},
	.zone_count = 1,
	.zones = {"cell-a"},
	.protocols = {.named = 1u << PROTO_RDP},
	.max_window_sec = 8 * 3600,
	.grace_sec = GRACE,
	.approvals = 1,
	.record = RECORD_NONE,
};
static const char both[2][NAME_SIZE] = {"hmi", "plc"};
static const struct session_record session = {.uid = UID, .user = "acme-one"};
static const struct connection_record to_plc = {
	.target = "plc", .proto = PROTO_RDP, .channel = CHANNEL_TUNNEL};

static struct grant grant_of(int64_t from, int64_t to)
{
	return (struct grant){
		.id = "G",
		.user = "acme-one",
		.uid = UID,
		.target_count = 2,
		.targets = both,
		.protocols = {.named = 1u << PROTO_RDP},
		.not_before = from,
		.not_after = to,
		.approver_count = 1,
		.approvers = {"anna"},
		.record = RECORD_NONE,
	};
}

static struct rights_view view_of(struct grant *grants, size_t count)
{
	return (struct rights_view){
		.policy = {.zone_count = 1,
			.zones = &zone,
			.target_count = 2,
			.targets = targets,
			.conduit_count = 1,
			.conduits = &conduit},
		.grant_count = count,
		.grants = grants,
	};
}

static void check_due(const struct rights_view *v, int64_t now, int64_t conn,
	int64_t sess, const char *reason)
{
	struct due c = due_connection(v, &to_plc, &session, now);
	struct due s = due_session(v, &session, now);

	assert_int_equal(c.at, conn);
	assert_int_equal(s.at, sess);
	if (reason)
		assert_string_equal(c.reason, reason);
}

static void an_end_is_the_window_and_its_grace(void **state)
{
	struct grant g = grant_of(1000, 2000);
	struct rights_view v = view_of(&g, 1);

	(void)state;
	check_due(&v, 1000, 2000 + GRACE, 2000 + GRACE, NULL);
	check_due(&v, 1999, 2000 + GRACE, 2000 + GRACE, NULL);
	check_due(&v, 2000, 2000 + GRACE, 2000 + GRACE, NULL);
	check_due(&v, 1999 + GRACE, 2000 + GRACE, 2000 + GRACE, NULL);
	check_due(&v, 2000 + GRACE, 0, 0, "window");
	check_due(&v, 999, 0, 0, "revoked"); /* it was moved behind now */
	check_due(&v, INT64_MAX, 0, 0, "window");
}

static void what_is_taken_away_has_no_grace(void **state)
{
	struct grant g = grant_of(1000, 2000);
	struct rights_view v = view_of(&g, 1);

	(void)state;
	g.revoked = true;
	check_due(&v, 1500, 0, 0, "revoked");
	check_due(&v, 2000, 0, 0, NULL);
	g.revoked = false;
	g.target_count = 1; /* plc is no more in it: the session goes on */
	check_due(&v, 1500, 0, 2000 + GRACE, "revoked");
	g.target_count = 2;
	conduit.max_window_sec = 60;
	check_due(&v, 1500, 0, 0, "revoked");
	check_due(&v, 2001, 0, 0, NULL);
	conduit.max_window_sec = 8 * 3600;
	v.grant_count = 0;
	check_due(&v, 1500, 0, 0, "revoked");
}

static void the_latest_end_counts(void **state)
{
	struct grant g[3] = {grant_of(1000, 2000), grant_of(1500, 3000),
		grant_of(5000, 6000)};
	struct rights_view v = view_of(g, 3);

	(void)state;
	check_due(&v, 1200, 2000 + GRACE, 2000 + GRACE, NULL);
	check_due(&v, 1500, 3000 + GRACE, 3000 + GRACE, NULL);
	g[1].revoked = true;
	check_due(&v, 1500, 2000 + GRACE, 2000 + GRACE, NULL);
	/* A window that opens later keeps nobody in until then. */
	check_due(&v, 4000, 0, 0, NULL);
}

static void slices_are_read_by_their_name(void **state)
{
	(void)state;
	assert_int_equal(scope_slice_uid("user-1900000001.slice"), UID);
	assert_int_equal(scope_slice_uid("user-0.slice"), 0);
	assert_int_equal(scope_slice_uid("user-01.slice"), 0);
	assert_int_equal(scope_slice_uid("user-1.slice.d"), 0);
	assert_int_equal(scope_slice_uid("user-.slice"), 0);
	assert_int_equal(scope_slice_uid("user-99999999999999999.slice"), 0);
	assert_int_equal(scope_slice_uid("users-1.slice"), 0);
}

static void a_sighting_counts_after_a_while(void **state)
{
	static struct sightings s;

	(void)state;
	sightings_begin(&s);
	assert_int_equal(sighting_due(&s, "a", 1000), 1000 + SIGHTING_WAIT_MS);
	sightings_end(&s);
	sightings_begin(&s);
	assert_int_equal(sighting_due(&s, "a", 1000 + SIGHTING_WAIT_MS - 1),
		1000 + SIGHTING_WAIT_MS);
	assert_int_equal(sighting_due(&s, "a", 1000 + SIGHTING_WAIT_MS), 0);
	sightings_end(&s);
	sightings_begin(&s); /* a round without it: all well, forgotten */
	sightings_end(&s);
	sightings_begin(&s);
	assert_int_equal(sighting_due(&s, "a", 9000), 9000 + SIGHTING_WAIT_MS);
}

/* ---- and that it ends: the world ---- */

struct world {
	char folder[64];
	char cgroups[64]; /* a cgroup2 folder that plays the host's root */
	char scope[160];  /* "/user.slice/.../session-1.scope" */
	char sessions[96], connections[96], ends[96], db[96], rights[128];
	struct policy policy;
	struct enforce_places places;
	struct enforcer enforcer;
	pid_t monitor, relay, other;
};

static const char *cgroup_root(void)
{
	static const char *const roots[] = {
		"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};

	for (size_t i = 0; i < 2; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/cgroup.procs", roots[i]);
		if (access(path, W_OK) == 0)
			return roots[i];
	}
	return NULL;
}

static void put(const char *dir, const char *name, const char *text)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY);
	const struct fd_replace how = {
		.name = name, .mode = 0640, .uid = -1, .gid = -1};

	assert_true(fd >= 0);
	assert_int_equal(fd_replace_file(fd, &how, text, strlen(text)), 0);
}

static bool there(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void make_cgroup(const struct world *w, const char *scope)
{
	char path[512];

	for (const char *at = scope; at;) {
		at = strchr(at + 1, '/');
		snprintf(path, sizeof(path), "%s%.*s", w->cgroups,
			(int)(at ? (size_t)(at - scope) : strlen(scope)),
			scope);
		if (mkdir(path, 0755) < 0)
			assert_int_equal(errno, EEXIST);
	}
}

static void remove_cgroup(const struct world *w, const char *scope)
{
	char path[512];

	for (size_t len = strlen(scope); len > 0;) {
		snprintf(path, sizeof(path), "%s%.*s", w->cgroups, (int)len,
			scope);
		(void)rmdir(path);
		while (len > 0 && scope[--len] != '/')
			;
	}
}

static uint64_t inode_of(const struct world *w, const char *scope)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", w->cgroups, scope);
	assert_int_equal(stat(path, &st), 0);
	return (uint64_t)st.st_ino;
}

/* A process that sleeps, in a scope or not, deaf to SIGTERM or not. */
static pid_t make_process(
	const struct world *w, const char *scope, bool deaf, uid_t uid)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char path[512];
		int fd;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGTERM, deaf ? SIG_IGN : SIG_DFL);
		if (scope) {
			snprintf(path, sizeof(path), "%s%s/cgroup.procs",
				w->cgroups, scope);
			fd = open(path, O_WRONLY);
			if (fd < 0 || write(fd, "0", 1) != 1)
				_exit(2);
		}
		if (uid && setresuid(uid, uid, uid) < 0)
			_exit(3);
		if (write(ready[1], "r", 1) != 1)
			_exit(4);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static bool dead(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == pid;
}

/* Zombies have no pidfd end problem: reap what has ended in the round. */
static void reap(pid_t *pid)
{
	if (*pid > 0) {
		(void)kill(*pid, SIGKILL);
		(void)waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

static void put_session(struct world *w, pid_t monitor)
{
	unsigned long long start = 0;
	char text[1024];

	assert_int_equal(proc_start_time(monitor, &start), 0);
	snprintf(text, sizeof(text),
		"uuid=" UUID "\nuid=%u\nuser=acme-tech1\nkey=SHA256:abc\n"
		"source=192.0.2.7\nsource_port=40000\nauid=%u\nses=12\n"
		"cgroup=%s\ncgroup_id=%llu\nmonitor=%d\nmonitor_start=%llu\n"
		"started=%lld\n",
		UID, UID, w->scope, (unsigned long long)inode_of(w, w->scope),
		(int)monitor, start, (long long)FIXTURE_NOW);
	put(w->sessions, "session-1.scope", text);
}

static void put_connection(struct world *w, pid_t pid, unsigned long long start,
	const char *target)
{
	char text[1024];

	if (start == 0)
		assert_int_equal(proc_start_time(pid, &start), 0);
	snprintf(text, sizeof(text),
		"session=" UUID "\nscope=session-1.scope\nuid=%u\n"
		"user=acme-tech1\ngrant=G-1\ntarget=%s\nproto=ssh\n"
		"address=10.20.0.10\nport=22\nchannel=brokered\npid=%d\n"
		"pid_start=%llu\nstarted=%lld\nuntil=%lld\nrecorded=1\n",
		UID, target, (int)pid, start, (long long)FIXTURE_NOW,
		(long long)ENDS);
	put(w->connections, CONN, text);
}

static void publish(struct world *w, json_t *tree)
{
	_cleanup_snapshot_ struct snapshot snapshot = {0};
	_cleanup_compiled_ struct compiled compiled = {0};
	struct published published;

	fixture_parse(tree, &snapshot);
	json_decref(tree);
	assert_int_equal(compiled_make(&snapshot, &w->policy,
				 &fixture_no_locals, &compiled),
		0);
	fixture_publish(w->db, &compiled, &published);
}

static json_t *grant_in(json_t *tree, size_t i)
{
	return json_array_get(json_object_get(tree, "grants"), i);
}

static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const char *root = cgroup_root();

	*state = w;
	if (!w || geteuid() != 0 || !root)
		return 0; /* the tests say that they skip */
	fixture_folder(w->folder);
	snprintf(w->cgroups, sizeof(w->cgroups), "%s/jump-test-%d", root,
		(int)getpid());
	assert_int_equal(mkdir(w->cgroups, 0755), 0);
	snprintf(w->scope, sizeof(w->scope),
		"/user.slice/user-%u.slice/session-1.scope", UID);
	snprintf(w->sessions, sizeof(w->sessions), "%s/sessions", w->folder);
	snprintf(w->connections, sizeof(w->connections), "%s/connections",
		w->folder);
	snprintf(w->ends, sizeof(w->ends), "%s/ends", w->folder);
	snprintf(w->db, sizeof(w->db), "%s/db", w->folder);
	snprintf(w->rights, sizeof(w->rights), "%s/current/rights.db", w->db);
	assert_int_equal(mkdir(w->sessions, 0755), 0);
	assert_int_equal(mkdir(w->connections, 0755), 0);
	assert_int_equal(mkdir(w->ends, 0755), 0);
	assert_int_equal(mkdir(w->db, 0755), 0);
	w->places = (struct enforce_places){
		.sessions = {.records = w->sessions, .cgroups = w->cgroups},
		.connections = w->connections,
		.rights = w->rights,
		.ends = w->ends,
	};
	w->enforcer.places = &w->places;
	w->enforcer.by = "test";
	fixture_policy(&w->policy);
	w->policy.settings.uid_min = POLICY_DEFAULT_UID_MIN;
	w->policy.settings.uid_max = POLICY_DEFAULT_UID_MAX;
	w->policy.conduits[0].grace_sec = GRACE;
	publish(w, fixture_snapshot());
	make_cgroup(w, w->scope);
	w->monitor = make_process(w, w->scope, false, 0);
	w->relay = make_process(w, NULL, false, 0);
	put_session(w, w->monitor);
	put_connection(w, w->relay, 0, "plc-gw");
	return 0;
}

static int drop_world(void **state)
{
	struct world *w = *state;

	if (w->folder[0]) {
		reap(&w->monitor);
		reap(&w->relay);
		reap(&w->other);
		remove_cgroup(w, w->scope);
		(void)rmdir(w->cgroups);
		policy_done(&w->policy);
		fixture_remove(w->folder);
	}
	free(w);
	return 0;
}

#define NEEDS_WORLD(w)                                                         \
	do {                                                                   \
		if (!(w)->folder[0]) {                                         \
			print_message("needs root and a cgroup2\n");           \
			skip();                                                \
		}                                                              \
	} while (0)

/* One round at a UTC second; how long it took is in ret_took_ms. */
static int64_t round_at(struct world *w, int64_t sec, int64_t *ret_took_ms)
{
	int64_t start = moment_boot_ms(), next = 0;
	struct moment_clock clock = {
		.offset_ms = sec * 1000 + ENFORCE_BEHIND_MS - start};

	assert_int_equal(enforce_round(&w->enforcer, &clock, &next), 0);
	if (ret_took_ms)
		*ret_took_ms = moment_boot_ms() - start;
	return next == INT64_MAX ? next : next - start;
}

static void what_is_granted_goes_on(void **state)
{
	struct world *w = *state;
	int64_t in_ms;

	NEEDS_WORLD(w);
	in_ms = round_at(w, OPEN, NULL);
	assert_false(dead(w->monitor) || dead(w->relay));
	assert_true(there(w->sessions, "session-1.scope"));
	assert_true(there(w->connections, CONN));
	/* It knows when to look again: at the end, and not earlier. */
	assert_in_range(in_ms, (ENDS + GRACE - OPEN) * 1000 - 50,
		(ENDS + GRACE - OPEN) * 1000 + 50);
	(void)round_at(w, ENDS + GRACE - 1, NULL);
	assert_false(dead(w->monitor) || dead(w->relay));
}

static void at_the_end_all_is_gone(void **state)
{
	struct world *w = *state;
	int64_t took_ms;

	NEEDS_WORLD(w);
	(void)round_at(w, ENDS + GRACE, &took_ms);
	assert_true(dead(w->monitor) && dead(w->relay));
	w->monitor = w->relay = 0;
	assert_false(there(w->sessions, "session-1.scope"));
	assert_false(there(w->connections, CONN));
	assert_in_range(took_ms, 0, 700);
}

static void deaf_and_stopped_processes_end_too(void **state)
{
	struct world *w = *state;
	int64_t took_ms;

	NEEDS_WORLD(w);
	reap(&w->relay);
	w->relay = make_process(w, NULL, true, 0);
	put_connection(w, w->relay, 0, "plc-gw");
	w->other = make_process(w, w->scope, true, UID);
	assert_int_equal(kill(w->relay, SIGSTOP), 0);
	assert_int_equal(kill(w->monitor, SIGSTOP), 0);
	(void)round_at(w, ENDS + GRACE, &took_ms);
	assert_true(dead(w->monitor) && dead(w->relay) && dead(w->other));
	w->monitor = w->relay = w->other = 0;
	assert_in_range(took_ms, ENFORCE_TERM_MS, 750);
	assert_false(there(w->sessions, "session-1.scope"));
	assert_false(there(w->connections, CONN));
}

static void a_revocation_ends_at_once(void **state)
{
	struct world *w = *state;
	json_t *tree = fixture_snapshot();

	NEEDS_WORLD(w);
	json_object_set_new(grant_in(tree, 0), "revoked", json_true());
	publish(w, tree);
	(void)round_at(w, OPEN, NULL);
	assert_true(dead(w->monitor) && dead(w->relay));
	w->monitor = w->relay = 0;
}

static void narrowing_ends_one_connection_alone(void **state)
{
	struct world *w = *state;
	json_t *tree = fixture_snapshot();

	NEEDS_WORLD(w);
	json_array_remove(json_object_get(grant_in(tree, 0), "targets"), 1);
	publish(w, tree);
	(void)round_at(w, OPEN, NULL);
	assert_true(dead(w->relay));
	w->relay = 0;
	assert_false(dead(w->monitor));
	assert_true(there(w->sessions, "session-1.scope"));
	assert_false(there(w->connections, CONN));
}

static void an_extension_goes_on(void **state)
{
	struct world *w = *state;
	json_t *tree = fixture_snapshot();

	NEEDS_WORLD(w);
	json_object_set_new(
		grant_in(tree, 0), "not_after", json_integer(ENDS + 3600));
	publish(w, tree);
	(void)round_at(w, ENDS + GRACE + 60, NULL);
	assert_false(dead(w->monitor) || dead(w->relay));
}

static void without_rights_nobody_stays(void **state)
{
	struct world *w = *state;
	char path[128];

	NEEDS_WORLD(w);
	snprintf(path, sizeof(path), "%s/current", w->db);
	assert_int_equal(unlink(path), 0);
	(void)round_at(w, OPEN, NULL);
	assert_true(dead(w->monitor) && dead(w->relay));
	w->monitor = w->relay = 0;
}

static void an_operator_ends_one_session(void **state)
{
	struct world *w = *state;

	NEEDS_WORLD(w);
	put(w->ends, "00000000-0000-4000-8000-000000000000", "by=root\n");
	(void)round_at(w, OPEN, NULL);
	assert_false(dead(w->monitor));
	assert_false(there(w->ends, "00000000-0000-4000-8000-000000000000"));
	put(w->ends, UUID, "by=root\n");
	(void)round_at(w, OPEN, NULL);
	assert_true(dead(w->monitor) && dead(w->relay));
	w->monitor = w->relay = 0;
	assert_false(there(w->ends, UUID));
}

static void pause_ms(long ms)
{
	const struct timespec t = {
		.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

static void a_scope_without_record_ends(void **state)
{
	struct world *w = *state;
	int64_t in_ms;

	NEEDS_WORLD(w);
	assert_int_equal(
		unlinkat(open(w->sessions, O_RDONLY), "session-1.scope", 0), 0);
	assert_int_equal(unlinkat(open(w->connections, O_RDONLY), CONN, 0), 0);
	w->other = make_process(w, w->scope, true, UID);
	in_ms = round_at(w, OPEN, NULL);
	assert_false(dead(w->monitor) || dead(w->other));
	assert_in_range(in_ms, 1, SIGHTING_WAIT_MS);
	pause_ms(SIGHTING_WAIT_MS + 20);
	(void)round_at(w, OPEN, NULL);
	assert_true(dead(w->monitor) && dead(w->other));
	w->monitor = w->other = 0;
}

static void a_late_record_is_in_time(void **state)
{
	struct world *w = *state;

	NEEDS_WORLD(w);
	assert_int_equal(
		unlinkat(open(w->sessions, O_RDONLY), "session-1.scope", 0), 0);
	(void)round_at(w, OPEN, NULL);
	put_session(w, w->monitor);
	pause_ms(SIGHTING_WAIT_MS + 20);
	(void)round_at(w, OPEN, NULL);
	assert_false(dead(w->monitor));
}

/* Killed with its whole cgroup by somebody: nobody has closed the record. */
static void a_record_without_session_is_closed(void **state)
{
	struct world *w = *state;

	NEEDS_WORLD(w);
	reap(&w->monitor);
	remove_cgroup(w, w->scope);
	(void)round_at(w, OPEN, NULL);
	assert_true(there(w->sessions, "session-1.scope"));
	pause_ms(SIGHTING_WAIT_MS + 20);
	(void)round_at(w, OPEN, NULL);
	assert_false(there(w->sessions, "session-1.scope"));
	/* And its connection is cut with it. */
	assert_true(dead(w->relay));
	w->relay = 0;
	assert_false(there(w->connections, CONN));
}

static void a_session_without_monitor_ends(void **state)
{
	struct world *w = *state;

	NEEDS_WORLD(w);
	w->other = make_process(w, w->scope, true, UID);
	reap(&w->monitor);
	(void)round_at(w, OPEN, NULL);
	assert_false(dead(w->other));
	pause_ms(SIGHTING_WAIT_MS + 20);
	(void)round_at(w, OPEN, NULL);
	assert_true(dead(w->other));
	w->other = 0;
}

/* A record can't aim the signal at another process or another user's. */
static void nobody_else_is_hit(void **state)
{
	struct world *w = *state;
	unsigned long long start;

	NEEDS_WORLD(w);
	w->other = make_process(w, NULL, false, 12345);
	assert_int_equal(proc_start_time(w->other, &start), 0);
	assert_int_equal(strike_open(w->other, start, 0), -EPERM);
	assert_int_equal(strike_open(w->other, start + 1, 12345), -ESRCH);
	put_connection(w, w->other, 0, "plc-gw");
	(void)round_at(w, ENDS + GRACE, NULL);
	assert_false(dead(w->other));
	put_connection(w, w->other, start + 1, "plc-gw");
	(void)round_at(w, ENDS + GRACE, NULL);
	assert_false(dead(w->other));
	/* A cgroup of that path, but another one, is left alone. */
	assert_int_equal(strike_cgroup(w->cgroups, w->scope, 1), -ENOENT);
	assert_int_equal(strike_cgroup(w->cgroups, "/../x", 1), -EINVAL);
}

static void two_enforcers_take_turns(void **state)
{
	struct world *w = *state;
	char path[96];
	_cleanup_close_ int first = -1;
	_cleanup_close_ int second = -1;

	NEEDS_WORLD(w);
	snprintf(path, sizeof(path), "%s/lock", w->folder);
	first = enforce_lock(path, 0);
	assert_true(first >= 0);
	second = enforce_lock(path, 30);
	assert_int_equal(second, -1);
	close(first);
	first = -1;
	second = enforce_lock(path, 30);
	assert_true(second >= 0);
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, make_world, drop_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_end_is_the_window_and_its_grace),
		cmocka_unit_test(what_is_taken_away_has_no_grace),
		cmocka_unit_test(the_latest_end_counts),
		cmocka_unit_test(slices_are_read_by_their_name),
		cmocka_unit_test(a_sighting_counts_after_a_while),
		IN_WORLD(what_is_granted_goes_on),
		IN_WORLD(at_the_end_all_is_gone),
		IN_WORLD(deaf_and_stopped_processes_end_too),
		IN_WORLD(a_revocation_ends_at_once),
		IN_WORLD(narrowing_ends_one_connection_alone),
		IN_WORLD(an_extension_goes_on),
		IN_WORLD(without_rights_nobody_stays),
		IN_WORLD(an_operator_ends_one_session),
		IN_WORLD(a_scope_without_record_ends),
		IN_WORLD(a_late_record_is_in_time),
		IN_WORLD(a_record_without_session_is_closed),
		IN_WORLD(a_session_without_monitor_ends),
		IN_WORLD(nobody_else_is_hit),
		IN_WORLD(two_enforcers_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

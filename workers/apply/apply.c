/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/apply/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"
#include "base/trusted.h"
#include "workers/apply/tell.h"

#define ENFORCE_WAIT_MS 700
#define GO_ON_MS	60000 /* with news; well within the unit's time */

/* What one run carries along. */
struct run {
	struct apply *a;
	struct policy policy;
	char policy_digest[DIGEST_SIZE];
	enum policy_source source;
	struct candidate snapshot;
	struct locals locals;
	char locals_digest[DIGEST_SIZE];
	struct compiled compiled;
	struct applied before, after;
	struct moment_clock clock;
	bool news;			 /* the snapshot came in just now */
	struct publication *publication; /* owned; NULL: nothing to do */
	int64_t published_ms;		 /* BOOTTIME; 0: nothing was */
	int enforce_fd;
	int error; /* the first one */
};

static void run_done(struct run *r)
{
	publication_free(r->publication);
	compiled_done(&r->compiled);
	locals_done(&r->locals);
	candidate_done(&r->snapshot);
	policy_done(&r->policy);
	cleanup_close(&r->enforce_fd);
}

static int note(struct run *r, int e, const char *what)
{
	if (e < 0) {
		fprintf(stderr, "jump-apply: %s: %s\n", what, strerror(-e));
		if (r->error == 0)
			r->error = e;
	}
	return e;
}

static int64_t now_ms(const struct run *r)
{
	return moment_now_ms(&r->clock);
}

/* Without a clock yet: the wall's, and no trust in it. */
static void take_time(struct run *r)
{
	if (moment_clock_read_at(r->a->clock, r->a->owner, &r->clock) == 0)
		return;
	r->clock = (struct moment_clock){
		.offset_ms = moment_wall_ms() - moment_boot_ms()};
}

/* The first complaint, for one line of an event. */
static void say_errors(const struct policy_errors *errors)
{
	size_t count = errors->count < POLICY_ERRORS_MAX ? errors->count
							 : POLICY_ERRORS_MAX;

	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "%s:%u: %s\n", errors->error[i].origin.file,
			errors->error[i].origin.line, errors->error[i].text);
}

static int take_policy(struct run *r)
{
	_cleanup_free_ struct policy_errors *errors =
		calloc(1, sizeof(*errors));
	char digest[DIGEST_SIZE] = "";

	if (!errors)
		return -ENOMEM;
	r->source = lastpolicy_load(&r->a->policy, &r->policy, errors, digest);
	if (r->source == POLICY_CURRENT) {
		memcpy(r->after.policy, digest, sizeof(digest));
		if (strcmp(digest, r->before.policy) != 0)
			tell_policy(true, digest, NULL);
		return 0;
	}
	say_errors(errors);
	/* What is in force was made of the last good one. */
	memcpy(r->after.policy, r->before.policy, sizeof(digest));
	memcpy(r->after.bad_policy, digest, sizeof(digest));
	if (strcmp(digest, r->before.bad_policy) != 0 || !digest[0])
		tell_policy(false, digest,
			errors->count ? errors->error[0].text : NULL);
	return r->source == POLICY_LAST_GOOD ? 0 : -EINVAL;
}

static void take_inbox_refused(
	struct run *r, const struct candidate *c, const struct fault *fault)
{
	memcpy(r->after.refused, c->digest, DIGEST_SIZE);
	if (c->digest[0] && strcmp(c->digest, r->before.refused) == 0)
		return; /* told already */
	fprintf(stderr, "jump-apply: snapshot refused (%s): %s\n",
		fault->word ? fault->word : "error", fault->text);
	tell_snapshot_refused(c, fault);
}

/* -ENOENT: there is none to work with. */
static int take_snapshot(struct run *r)
{
	struct accept_terms terms = {
		.bastion_id = r->policy.settings.bastion_id,
		.clock_trusted = r->clock.trusted,
		.now = now_ms(r) / 1000,
	};
	struct fault fault = {0}, stored = {0};
	int e = accepted_read(r->a->accept.state_fd, r->a->owner, &terms.last);
	enum inbox inbox;

	if (e < 0)
		return note(r, e, "what was accepted last");
	wake_face(r->a->accept.inbox, r->after.inbox);
	inbox = accept_inbox(&r->a->accept, &terms, &r->snapshot, &fault);
	if (inbox == INBOX_NEWS) {
		r->news = true;
		return 0;
	}
	if (inbox == INBOX_REFUSED)
		take_inbox_refused(r, &r->snapshot, &fault);
	candidate_done(&r->snapshot);
	e = accept_stored(&r->a->accept, &terms, &r->snapshot, &stored);
	if (e < 0 && e != -ENOENT)
		fprintf(stderr, "jump-apply: stored snapshot (%s): %s\n",
			stored.word ? stored.word : "error", stored.text);
	if (e == -EBADMSG)
		tell_snapshot_refused(&r->snapshot, &stored);
	return e;
}

static int digest_file(struct digest *d, const char *path, uid_t owner)
{
	_cleanup_free_ char *bytes = NULL;
	size_t len;
	int e = trusted_read(
		AT_FDCWD, path, owner, (size_t)16 << 20, &bytes, &len);

	if (e == 0)
		digest_add(d, bytes, len);
	return e;
}

static int take_locals(struct run *r)
{
	struct digest *d = digest_new();
	int e, q;

	if (!d)
		return -ENOMEM;
	e = digest_file(d, r->a->passwd, r->a->owner);
	if (e == 0)
		e = digest_file(d, r->a->group, r->a->owner);
	q = digest_end(d, r->after.locals);
	if (e == 0)
		e = q;
	if (e == 0)
		e = locals_load(
			r->a->passwd, r->a->group, r->a->owner, &r->locals);
	return note(r, e, "local users and groups");
}

/* Durable before it has an effect: a power cut must not undo a revocation. */
static int store(struct run *r)
{
	struct accepted a = {.serial = r->snapshot.snapshot.serial};

	if (!r->news)
		return 0;
	memcpy(a.digest, r->snapshot.digest, sizeof(a.digest));
	return note(r,
		accepted_write(r->a->accept.state_fd, &a, r->snapshot.text,
			r->snapshot.len),
		"storing the snapshot");
}

/* What is new is told before it is so. */
static int tell_changes(struct run *r)
{
	const struct fd_replace how = {.name = KNOWN_NAME,
		.mode = 0600,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1};
	_cleanup_free_ char *old = NULL, *new = NULL;
	size_t old_len = 0, new_len = 0;
	int e;

	new = known_text(&r->compiled, &new_len);
	if (!new)
		return -ENOMEM;
	if (trusted_read(r->a->accept.state_fd, KNOWN_NAME, r->a->owner,
		    KNOWN_MAX_BYTES, &old, &old_len) < 0)
		old_len = 0;
	e = known_compare(old ? old : "", old_len, new, new_len, &r->compiled,
		now_ms(r) / 1000, tell_news, NULL);
	if (e < 0)
		return e;
	if (old_len == new_len && memcmp(old, new, new_len) == 0)
		return 0;
	return fd_replace_file(r->a->accept.state_fd, &how, new, new_len);
}

static bool is_in_force(const struct run *r)
{
	uint64_t generation = 0;

	return strcmp(r->before.snapshot, r->snapshot.digest) == 0 &&
	       strcmp(r->before.policy, r->after.policy) == 0 &&
	       strcmp(r->before.locals, r->after.locals) == 0 &&
	       publish_current(r->a->publish.dir, &generation) == 0 &&
	       generation > 0 && generation == r->before.generation;
}

/* The long part, before anything is taken away. */
static int prepare(struct run *r)
{
	r->after.generation = r->before.generation;
	if (is_in_force(r))
		return 0;
	return note(r,
		publish_prepare(&r->a->publish, &r->compiled, &r->publication),
		"writing the generation");
}

static int publish(struct run *r)
{
	const struct published *p;
	int e;

	if (!r->publication)
		return 0;
	e = note(r, publish_commit(r->publication), "publishing");
	if (e < 0)
		return e;
	p = publication_info(r->publication);
	r->after.generation = p->generation;
	r->published_ms = moment_boot_ms();
	fprintf(stderr,
		"jump-apply: generation %llu: serial %llu, %zu users, "
		"%zu grants\n",
		(unsigned long long)p->generation,
		(unsigned long long)r->snapshot.snapshot.serial,
		r->compiled.user_count, r->compiled.grant_count);
	return 0;
}

/* From nothing to what is desired; put is made anew. */
static int empty_filter(
	struct run *r, const struct elements *desired, char **put)
{
	const struct elements none = {0};
	_cleanup_free_ char *remove = NULL;
	int e = note(r, r->a->filter.empty(), "emptying the filter");

	free(*put);
	*put = NULL;
	return e < 0 ? e : elements_difference(&none, desired, &remove, put);
}

/*
 * Filter, generation, filter. When the filter can't be read or changed, it
 * is emptied; when that fails too the rights are published all the same: the
 * relay asks them, and it is they who take away.
 */
static int carry_over(struct run *r)
{
	_cleanup_elements_ struct elements live = {0}, desired = {0};
	_cleanup_free_ char *remove = NULL, *put = NULL;
	int e = elements_desired(
		&r->compiled, now_ms(r) / 1000, &desired, &r->after.next_open);
	int q = r->a->filter.live(&live);

	if (e < 0)
		return note(r, e, "the filter's elements");
	if (q == 0)
		q = elements_difference(&live, &desired, &remove, &put);
	if (q == 0)
		q = r->a->filter.change(remove);
	if (q < 0) {
		(void)note(r, q, "taking from the filter");
		q = empty_filter(r, &desired, &put);
	}
	e = publish(r);
	if (e == 0 && q == 0)
		q = note(r, r->a->filter.change(put), "adding to the filter");
	return e;
}

static void nap_until(int64_t boot_ms)
{
	const struct timespec t = {
		.tv_sec = boot_ms / 1000, .tv_nsec = boot_ms % 1000 * 1000000};

	(void)clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL);
}

/* Relay and jumpshell have seen the rename; what they leave is ended here. */
static void end_what_is_over(struct run *r)
{
	int64_t next_boot_ms;

	if (enforce_pending(&r->a->enforcer, &r->clock) > 0)
		nap_until(r->published_ms + ENFORCE_BEHIND_MS);
	(void)note(r, enforce_round(&r->a->enforcer, &r->clock, &next_boot_ms),
		"ending what is over");
}

static int bring_seeds(struct run *r, struct seeds_count *count)
{
	int e = seeds_bring(&r->a->seeds, &r->compiled, tell_seed, NULL, count);

	/* Whoever has no seed can't come in: no reason to stop here. */
	if (e < 0)
		fprintf(stderr, "jump-apply: seeds: %s\n", strerror(-e));
	return 0;
}

static int put_in_force(struct run *r)
{
	struct seeds_count count = {0};
	int e = take_locals(r);

	if (e == 0)
		e = note(r,
			compiled_make(&r->snapshot.snapshot, &r->policy,
				&r->locals, &r->compiled),
			"compiling");
	/* What can't be audited is carried out all the same: it may be a
	 * revocation, and new sessions ask for audit themselves. */
	if (e == 0 && r->news && tell_snapshot_accepted(&r->snapshot) < 0)
		fprintf(stderr, "jump-apply: not audited\n");
	if (e == 0)
		e = note(r, tell_changes(r), "telling what changed");
	if (e == 0)
		e = store(r);
	if (e == 0)
		e = prepare(r);
	if (e < 0)
		return e;
	(void)bring_seeds(r, &count);
	r->enforce_fd = enforce_lock(r->a->enforce_lock, ENFORCE_WAIT_MS);
	e = carry_over(r);
	if (e < 0)
		return e;
	memcpy(r->after.snapshot, r->snapshot.digest, DIGEST_SIZE);
	r->after.serial = r->snapshot.snapshot.serial;
	if (r->published_ms > 0)
		end_what_is_over(r);
	(void)note(r, seeds_clear(&r->a->seeds, &r->compiled, &count),
		"taking seeds away");
	return 0;
}

static int run_once(struct apply *a)
{
	__attribute__((cleanup(run_done))) struct run r = {
		.a = a, .enforce_fd = -1};
	int e;

	applied_read(a->run_fd, a->owner, &r.before);
	take_time(&r);
	e = take_policy(&r);
	if (e == 0)
		e = take_snapshot(&r);
	if (e == 0)
		e = put_in_force(&r);
	else if (e == -ENOENT)
		e = 0; /* none has come yet: nobody has any right */
	if (e < 0)
		return e;
	/* Only a run that did it all says so: another one is woken else. */
	if (r.error == 0)
		r.error = applied_write(a->run_fd, &r.after);
	return r.error;
}

/*
 * The path unit does not see what comes while the service runs, and a run
 * that ends sessions takes half a second: a revocation must not wait for the
 * watch then, whatever became of the one before it.
 */
int apply_run(struct apply *a)
{
	const int64_t end_ms = moment_boot_ms() + GO_ON_MS;
	char seen[WAKE_FACE_SIZE], now[WAKE_FACE_SIZE];
	int e;

	do {
		wake_face(a->accept.inbox, seen);
		e = run_once(a);
		wake_face(a->accept.inbox, now);
	} while (strcmp(seen, now) != 0 && moment_boot_ms() < end_ms);
	return e;
}

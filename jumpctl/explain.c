/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl policy explain`: the same decision function as the gates', asked
 * twice: with the most generous grant that could be signed, which is what
 * the policy says; and with the rights published here, which is what holds.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "jumpctl/explain.h"
#include "jumpctl/json.h"
#include "jumpctl/policy.h"
#include "policy/suggest.h"

#define SOME_UID 1 /* any but 0: the policy alone does not look at it */

static int usage_proto(const struct invocation *in, const char *word)
{
	struct suggest s = {.word = word};
	char all[PROTO_SET_TEXT_SIZE];

	for (unsigned p = PROTO_NONE + 1; p < PROTO_TCP; p++)
		suggest_consider(&s, proto_name((enum proto)p));
	if (s.best)
		return command_usage(in,
			"there is no protocol \"%s\"; did you mean \"%s\"?",
			word, s.best);
	return command_usage(in, "there is no protocol \"%s\", only %s", word,
		proto_all(all));
}

/* 0, or an exit code after saying why. */
static int take_option(
	const struct invocation *in, int option, struct question *q)
{
	switch (option) {
	case 'a':
		if (moment_parse(optarg, &q->at) < 0)
			return command_usage(in,
				"--at takes a time as 2026-11-23T18:00:00Z, "
				"not \"%s\"",
				optarg);
		q->at_given = true;
		return 0;
	case 's':
		if (address_parse(optarg, &q->source) < 0)
			return command_usage(in,
				"--source takes an address, not \"%s\"",
				optarg);
		return 0;
	case 'c':
		if (strcmp(optarg, "tunnel") == 0)
			q->channel = CHANNEL_TUNNEL;
		else if (strcmp(optarg, "brokered") == 0)
			q->channel = CHANNEL_BROKERED;
		else
			return command_usage(in,
				"--channel is tunnel or brokered, not \"%s\"",
				optarg);
		return 0;
	case 'd':
		q->dir = optarg;
		return 0;
	case 'r':
		q->rights = optarg;
		return 0;
	default:
		return EXIT_USAGE;
	}
}

static int take_words(const struct invocation *in, struct question *q)
{
	static const char *const words[] = {"USER", "TARGET", "PROTO"};
	int count = in->argc - optind;

	if (count < 3)
		return command_usage(in, "%s is missing", words[count]);
	if (count > 3)
		return command_usage(
			in, "too many words: %s", in->argv[optind + 3]);
	q->user = in->argv[optind];
	q->target = in->argv[optind + 1];
	if (!name_valid(q->user))
		return command_usage(in, "\"%s\" can't be a user", q->user);
	if (!name_valid(q->target))
		return command_usage(in, "\"%s\" can't be a target", q->target);
	if (proto_parse(in->argv[optind + 2], &q->offer) < 0)
		return usage_proto(in, in->argv[optind + 2]);
	return 0;
}

/* As the gates count, where they run; else the wall clock. */
static int64_t now_sec(void)
{
	struct moment_clock clock = {0};

	if (moment_clock_read(&clock) == 0)
		return moment_now_sec(&clock);
	return moment_wall_ms() / 1000;
}

static int take_question(const struct invocation *in, struct question *q)
{
	static const struct option options[] = {
		{"at", required_argument, NULL, 'a'},
		{"source", required_argument, NULL, 's'},
		{"channel", required_argument, NULL, 'c'},
		{"dir", required_argument, NULL, 'd'},
		{"rights", required_argument, NULL, 'r'},
		{0},
	};
	int c, code;

	while ((c = command_option(in, options)) != -1) {
		code = take_option(in, c, q);
		if (code)
			return code;
	}
	code = take_words(in, q);
	if (code)
		return code;
	if (q->channel == CHANNEL_NONE)
		q->channel = proto_has_account(q->offer.proto) ? CHANNEL_BROKERED
							     : CHANNEL_TUNNEL;
	if (!q->at_given)
		q->at = now_sec();
	return 0;
}

struct request question_request(const struct question *q)
{
	return (struct request){.user = q->user,
		.uid = SOME_UID,
		.channel = q->channel,
		.target = q->target,
		.proto = q->offer.proto,
		.port = q->offer.port,
		.source = q->source,
		.recording = q->channel == CHANNEL_BROKERED};
}

/* The most generous grant that a service could sign. */
static struct decision decide_policy(
	const struct policy *p, const struct question *q)
{
	char target[1][NAME_SIZE];
	const struct target *t = policy_target(p, q->target);
	struct request request = question_request(q);
	struct grant g = {.uid = SOME_UID,
		.targets = (const char(*)[NAME_SIZE])target,
		.target_count = 1,
		.not_before = q->at,
		.not_after = q->at + 1,
		.approver_count = GRANT_APPROVERS_MAX,
		.record = RECORD_NONE,
		.files = FILES_UP | FILES_DOWN};
	struct decision d;

	(void)proto_set_add(&g.protocols, q->offer.proto, q->offer.port);
	snprintf(g.user, sizeof(g.user), "%s", q->user);
	snprintf(target[0], NAME_SIZE, "%s", q->target);
	if (t && t->account_count > 0)
		snprintf(g.account, sizeof(g.account), "%s", t->accounts[0]);
	/* Names that no person can have. */
	for (size_t i = 0; i < GRANT_APPROVERS_MAX; i++)
		snprintf(g.approvers[i], NAME_SIZE, "%zu", i);
	d = policy_decide(p, &request, &g, q->at);
	d.grant = NULL; /* it ends with this function */
	return d;
}

/* Which of user, zone and protocol no conduit brings together. */
static void why_policy(
	const struct policy *p, const struct question *q, struct answer *a)
{
	const struct target *t = a->policy.target;
	const struct conduit *to = NULL;
	struct suggest s = {.word = q->target};
	char all[PROTO_SET_TEXT_SIZE], proto[PROTO_TEXT_SIZE];

	a->policy.origin = (struct origin){0};
	if (!t) {
		for (size_t i = 0; i < p->target_count; i++)
			suggest_consider(&s, p->targets[i].name);
		snprintf(a->why, sizeof(a->why),
			"there is no target \"%s\"%s%s%s", q->target,
			s.best ? "; did you mean \"" : "", s.best ? s.best : "",
			s.best ? "\"?" : "");
		return;
	}
	if (!policy_conduit_of_user(p, q->user)) {
		snprintf(a->why, sizeof(a->why),
			"no conduit has Users that match \"%s\"", q->user);
		return;
	}
	for (size_t i = 0; i < p->conduit_count && !to; i++) {
		if (conduit_has_user(&p->conduits[i], q->user) &&
			conduit_has_zone(&p->conduits[i], t->zone))
			to = &p->conduits[i];
	}
	if (!to) {
		snprintf(a->why, sizeof(a->why),
			"no conduit takes \"%s\" to zone \"%s\"", q->user,
			t->zone);
		return;
	}
	a->policy.origin = to->origin;
	snprintf(a->why, sizeof(a->why), "conduit \"%s\" carries %s, not %s",
		to->name, proto_set_format(&to->protocols, all, sizeof(all)),
		proto_text(q->offer.proto, q->offer.port, proto));
}

/* Offered, and still not by a tunnel. */
static void why_no_tunnel(
	const struct question *q, const struct target *t, struct answer *a)
{
	const char *name = proto_name(q->offer.proto);

	if (t->via[0])
		snprintf(a->why, sizeof(a->why),
			"%s is behind %s, where no tunnel goes", q->target,
			t->via);
	else if (q->offer.proto == PROTO_SFTP)
		snprintf(a->why, sizeof(a->why),
			"sftp is the bastion's own; a tunnel to that port "
			"is ssh");
	else
		snprintf(a->why, sizeof(a->why),
			"%s is the bastion's own; no tunnel goes there", name);
}

static void explain_policy(
	const struct policy *p, const struct question *q, struct answer *a)
{
	const struct target *t;
	char all[PROTO_SET_TEXT_SIZE], proto[PROTO_TEXT_SIZE];

	a->policy = decide_policy(p, q);
	t = a->policy.target;
	if (a->policy.allow)
		return;
	if (!t || a->policy.reason == REASON_POLICY)
		why_policy(p, q, a);
	else if (a->policy.reason == REASON_PROTOCOL &&
		 target_port(t, q->offer.proto, q->offer.port))
		why_no_tunnel(q, t, a);
	else if (a->policy.reason == REASON_PROTOCOL)
		snprintf(a->why, sizeof(a->why), "%s offers %s, not %s",
			q->target,
			proto_set_format(&t->protocols, all, sizeof(all)),
			proto_text(q->offer.proto, q->offer.port, proto));
	else if (a->policy.reason == REASON_RECORDING)
		snprintf(a->why, sizeof(a->why),
			"conduit \"%s\" requires recording, and a tunnel is "
			"not recorded",
			a->policy.conduit->name);
	else
		snprintf(a->why, sizeof(a->why), "%s",
			reason_sentence(a->policy.reason));
}

int policy_explain(const struct invocation *in)
{
	static struct policy_errors errors;
	_cleanup_policy_ struct policy p = {0};
	_cleanup_(answer_done) struct answer a = {0};
	struct question q = {.dir = POLICY_DIR};
	int code = take_question(in, &q);

	if (code)
		return code;
	if (policy_read(q.dir, &p, &errors) < 0) {
		policy_errors_print(stderr, &errors);
		return EXIT_FAILED;
	}
	explain_policy(&p, &q, &a);
	explain_rights(&q, &a);
	code = in->json ? command_json(in, answer_json(&q, &a)) : EXIT_OK;
	if (code != EXIT_OK)
		return code;
	if (!in->json)
		answer_print(&q, &a);
	return (a.rights_known ? a.now.allow : a.policy.allow) ? EXIT_OK
							       : EXIT_NO;
}

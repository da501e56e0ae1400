/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl target scan`: fetches the host keys of a machine in a zone, to be
 * compared and then pinned by the administrator. Nothing on this host but the
 * relay's uid can reach a zone, so ssh-keyscan runs under it; what it prints
 * comes from a machine that nobody vouches for yet, and is taken apart before
 * any of it is shown.
 */
#include "jumpctl/target.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/event.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "base/proc.h"
#include "jumpctl/policy.h"

#define SCAN_TIMEOUT_MS 20000
#define SCAN_WAIT_SEC	"7"
#define OUTPUT_SIZE	32768

static const char *const clean_env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};

/* The zone whose networks have this address, or NULL. */
static const struct zone *zone_of(
	const struct policy *p, const struct address *a)
{
	for (size_t z = 0; z < p->zone_count; z++) {
		for (size_t i = 0; i < p->zones[z].network_count; i++) {
			if (network_has(&p->zones[z].networks[i], a))
				return &p->zones[z];
		}
	}
	return NULL;
}

static const struct target *target_at(
	const struct policy *p, const struct address *a)
{
	for (size_t t = 0; t < p->target_count; t++) {
		for (size_t i = 0; i < p->targets[t].address_count; i++) {
			if (address_equal(&p->targets[t].addresses[i], a))
				return &p->targets[t];
		}
	}
	return NULL;
}

/* What is to be asked, from the words of the call. NULL, or what is off. */
static const char *choose(
	const struct policy *p, const char *word, struct scan *s)
{
	if (name_valid(word)) {
		s->target = policy_target(p, word);
		if (!s->target)
			return "no such target in the policy; scan its ADDRESS "
			       "first, then write the section with the HostKey "
			       "line that is printed";
		s->address = s->target->addresses[0];
	} else if (address_parse(word, &s->address) < 0) {
		return "neither the name of a target nor an address";
	} else {
		s->target = target_at(p, &s->address);
	}
	s->zone = zone_of(p, &s->address);
	if (!s->zone)
		return "this address is in no zone's networks: the relay does "
		       "not go there";
	if (s->port == 0)
		s->port = s->target && s->target->port[PROTO_SSH][0]
				  ? s->target->port[PROTO_SSH][0]
				  : proto_default_port(PROTO_SSH);
	address_format(&s->address, s->host, sizeof(s->host));
	return NULL;
}

static int note(const struct scan *s, enum outcome outcome, const char *reason)
{
	const struct event e = {
		.id = EVENT_TARGET_SCAN,
		.outcome = outcome,
		.reason = reason,
		.target = s->target ? s->target->name : NULL,
		.address = s->host,
		.port = s->port,
		.proto = proto_name(PROTO_SSH),
	};

	return event_emit(&e);
}

/* The output of ssh-keyscan under the relay's uid. 0 or -errno. */
static int run_scan(const struct scan *s, char *output, size_t size)
{
	char port[8];
	const char *const argv[] = {"/usr/bin/setpriv", "--reuid=jump-relay",
		"--regid=jump-relay", "--clear-groups", "--no-new-privs",
		"--inh-caps=-all", "--bounding-set=-all", "--",
		"/usr/bin/ssh-keyscan", "-T", SCAN_WAIT_SEC, "-t",
		"ed25519,ecdsa,rsa", "-p", port, "--", s->host, NULL};
	const struct proc_run run = {
		.argv = argv,
		.envp = clean_env,
		.timeout_ms = SCAN_TIMEOUT_MS,
		.ret_output = output,
		.output_size = size,
		.no_stderr = true, /* the machine's own words, raw */
	};
	int r;

	snprintf(port, sizeof(port), "%u", s->port);
	r = proc_run(&run);
	return r > 0 ? -EIO : r;
}

/* ssh-keygen's own words, so that it is what people compare with. */
static int fingerprint(struct scanned_key *k)
{
	static const char *const argv[] = {
		"/usr/bin/ssh-keygen", "-l", "-E", "sha256", "-f", "-", NULL};
	char input[sizeof(k->line) + 1], output[512], *at, *end;
	const struct proc_run run = {
		.argv = argv,
		.envp = clean_env,
		.input = input,
		.input_len = strlen(k->line) + 1,
		.timeout_ms = 5000,
		.ret_output = output,
		.output_size = sizeof(output),
	};

	snprintf(input, sizeof(input), "%s\n", k->line);
	if (proc_run(&run) != 0)
		return -EIO;
	at = strstr(output, "SHA256:");
	end = at ? strchr(at, ' ') : NULL;
	if (!end || (size_t)(end - at) >= sizeof(k->fingerprint))
		return -EBADMSG;
	*end = '\0';
	memcpy(k->fingerprint, at, strlen(at) + 1);
	return 0;
}

static bool is_pinned(const struct target *t, const char *line)
{
	for (size_t i = 0; t && i < t->hostkey_count; i++) {
		if (strcmp(t->hostkeys[i], line) == 0)
			return true;
	}
	return false;
}

/* Asks, and takes the answer apart. NULL, or what went wrong. */
static const char *fetch(struct scan *s)
{
	_cleanup_free_ char *output = calloc(1, OUTPUT_SIZE);

	if (!output)
		return "out of memory";
	if (run_scan(s, output, OUTPUT_SIZE) < 0)
		return "ssh-keyscan failed";
	s->key_count = scan_take_keys(output, s->keys, SCAN_KEYS_MAX);
	if (s->key_count == 0)
		return "no host key came: nothing answers as ssh there, or it "
		       "has only keys of other types";
	for (size_t i = 0; i < s->key_count; i++) {
		if (fingerprint(&s->keys[i]) < 0)
			return "what came is no host key";
		s->keys[i].pinned = is_pinned(s->target, s->keys[i].line);
	}
	return NULL;
}

static int scan(const struct invocation *in, const struct policy *p,
	const char *word, uint16_t port)
{
	struct scan s = {.port = port};
	const char *wrong = choose(p, word, &s);

	if (wrong)
		return command_usage(in, "%s: %s", word, wrong);
	if (note(&s, OUTCOME_SUCCESS, NULL) < 0 && !p->settings.audit_optional)
		return command_failed(in, "the audit log can't be written, "
					  "and audit is required");
	wrong = fetch(&s);
	if (wrong) {
		(void)note(&s, OUTCOME_FAILURE, "unreachable");
		return command_failed(
			in, "%s port %u: %s", s.host, s.port, wrong);
	}
	return in->json ? scan_print_json(in, &s) : scan_print(&s);
}

static int target_scan(const struct invocation *in)
{
	static const struct option options[] = {
		{"port", required_argument, NULL, 'p'}, {0}};
	static struct policy_errors errors;
	_cleanup_policy_ struct policy p = {0};
	uint64_t port = 0;
	int c;

	while ((c = command_option(in, options)) != -1) {
		if (c != 'p')
			return EXIT_USAGE;
		if (number_parse(optarg, 1, UINT16_MAX, &port) < 0)
			return command_usage(in, "%s is no port", optarg);
	}
	if (optind + 1 != in->argc)
		return command_usage(in, "one NAME or ADDRESS is asked for");
	if (geteuid() != 0)
		return command_failed(in, "only root can become the relay");
	if (policy_read(POLICY_DIR, &p, &errors) < 0) {
		policy_errors_print(stderr, &errors);
		return EXIT_FAILED;
	}
	return scan(in, &p, in->argv[optind], (uint16_t)port);
}

const struct command target_commands[] = {
	{
		.words = "target scan",
		.args = "NAME|ADDRESS [--port N]",
		.summary = "Fetch a machine's host keys, to compare and pin",
		.run = target_scan,
		.help = "Prints the HostKey lines for the policy and the "
			"fingerprints to compare with what\n"
			"the machine itself or its papers say. It writes "
			"nothing. The address must be in a\n"
			"zone's networks; it is asked through the relay's "
			"uid, and the audit log says so.\n"
			"\n"
			"Exit status: 0 keys came, 3 none did.\n",
	},
	{0},
};

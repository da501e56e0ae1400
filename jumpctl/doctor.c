/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl doctor`: looks whether this bastion is what it should be. For now
 * it has one part, the direct routes; without an option all parts are looked
 * at.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "jumpctl/json.h"
#include "jumpctl/policy.h"
#include "jumpctl/routes.h"

#define TO_SIZE 128

/* "10.20.0.1:22", "[fd00::1]:161", "10.20.0.1", or a path. */
static const char *route_to(const struct route *r, char to[TO_SIZE])
{
	const struct probe *p = &r->probe;
	char address[ADDRESS_TEXT_SIZE];

	if (p->path) {
		snprintf(to, TO_SIZE, "%s", p->path);
		return to;
	}
	address_format(&p->address, address, sizeof(address));
	if (p->way == WAY_ICMP)
		snprintf(to, TO_SIZE, "%s", address);
	else
		snprintf(to, TO_SIZE,
			p->address.family == AF_INET6 ? "[%s]:%u" : "%s:%u",
			address, p->port);
	return to;
}

/* jump-filter's own check: its exit status, its words on our stdout. */
static int filter_check(char *ret_words, size_t size)
{
	static const char *const argv[] = {
		JUMP_LIBEXECDIR "/jump-filter", "check", NULL};
	static const char *const env[] = {"LC_ALL=C", NULL};
	const struct proc_run run = {
		.argv = argv,
		.envp = env,
		.timeout_ms = 30000,
		.ret_output = ret_words,
		.output_size = size,
	};
	int r = proc_run(&run);

	if (r < 0)
		ret_words[0] = '\0';
	return r;
}

static size_t count_open(const struct routes *routes)
{
	size_t open = 0;

	for (size_t i = 0; i < routes->count; i++)
		open += !route_closed(&routes->list[i]);
	return open;
}

static void print_text(const struct routes *routes, const char *filter)
{
	size_t open = count_open(routes);
	char to[TO_SIZE];

	for (size_t i = 0; i < routes->count; i++) {
		const struct route *r = &routes->list[i];

		printf("%s%-6s%s %-8s %-6s %s%s%s%s: %s, by %s\n",
			command_colour(
				route_closed(r) ? COLOUR_GOOD : COLOUR_BAD),
			route_closed(r) ? "closed" : "OPEN",
			command_colour(COLOUR_OFF), r->who,
			way_word(r->probe.way), route_to(r, to),
			r->where[0] ? " (" : "", r->where,
			r->where[0] ? ")" : "", met_word(r->met),
			closer_word(r->closer));
	}
	fputs(filter, stdout);
	printf("%zu ways tried, %zu not known to be closed\n", routes->count,
		open);
}

static int print_json(
	const struct invocation *in, const struct routes *routes, int filter)
{
	json_t *list = json_array();
	char to[TO_SIZE];

	for (size_t i = 0; i < routes->count; i++) {
		const struct route *r = &routes->list[i];

		json_array_append_new(list,
			json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:b}",
				"who", r->who, "uid", (json_int_t)r->probe.uid,
				"way", way_word(r->probe.way), "to",
				route_to(r, to), "where", r->where, "met",
				met_word(r->met), "by", closer_word(r->closer),
				"closed", route_closed(r)));
	}
	return command_json(
		in, json_pack("{s:b, s:b, s:b, s:o}", "ok",
			    count_open(routes) == 0 && filter == 0, "filter",
			    filter == 0 || filter == 2, "forwarding_off",
			    filter == 0, "routes", list));
}

static int direct_routes(const struct invocation *in, const struct policy *p)
{
	_cleanup_routes_ struct routes routes = {0};
	char words[1024];
	int filter, r = routes_list(p, &routes);

	if (r == 0)
		r = routes_try(&routes);
	if (r < 0)
		return command_failed(in,
			"the packet filter's counters can't "
			"be read; is jump-filter.service "
			"up? (%s)",
			strerror(-r));
	filter = filter_check(words, sizeof(words));
	if (in->json) {
		r = print_json(in, &routes, filter);
		if (r != EXIT_OK)
			return r;
	} else {
		print_text(&routes, words);
	}
	return count_open(&routes) == 0 && filter == 0 ? EXIT_OK : EXIT_NO;
}

static int doctor(const struct invocation *in)
{
	static const struct option options[] = {
		{"direct-routes", no_argument, NULL, 'd'}, {0}};
	static struct policy_errors errors;
	_cleanup_policy_ struct policy p = {0};

	for (int c; (c = command_option(in, options)) != -1;) {
		if (c != 'd')
			return EXIT_USAGE;
	}
	if (optind < in->argc)
		return command_usage(
			in, "there is nothing to add: %s", in->argv[optind]);
	if (geteuid() != 0)
		return command_failed(in, "only root can try as others");
	if (policy_read(POLICY_DIR, &p, &errors) < 0) {
		policy_errors_print(stderr, &errors);
		return EXIT_FAILED;
	}
	return direct_routes(in, &p);
}

const struct command doctor_commands[] = {
	{
		.words = "doctor",
		.args = "[--direct-routes]",
		.summary = "Look whether this bastion is what it should be",
		.run = doctor,
		.help = "  --direct-routes  try every way past the relay, as "
			"everybody who might try it: a\n"
			"                   supplier, nobody, a local service "
			"account, and the relay itself\n"
			"                   to where it must not go; over TCP, "
			"UDP and ICMP, IPv4 and IPv6\n"
			"\n"
			"A way is closed when it is known what closed it: "
			"\"filter\" (our table counted the\n"
			"packet), \"permission\" (modes and groups), "
			"\"no-route\". No packet reaches a zone\n"
			"while they all are.\n"
			"\n"
			"Exit status: 0 all closed, 1 not, 3 could not be "
			"looked at.\n",
	},
	{0},
};

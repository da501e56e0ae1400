/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl doctor`: looks whether this bastion is what it should be: no way
 * past the relay, and names known to whom they should be. Without an option
 * all parts are looked at.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "jumpctl/json.h"
#include "jumpctl/filecheck.h"
#include "jumpctl/namecheck.h"
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

static void print_routes(const struct routes *routes, const char *filter)
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

static json_t *routes_json(const struct routes *routes)
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
	return list;
}

/* Adds to `report` with --json, prints without. EXIT_OK, EXIT_NO, or why it
 * could not be looked at. */
static int look_at_routes(
	const struct invocation *in, const struct policy *p, json_t *report)
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
		json_object_set_new(report, "filter",
			json_boolean(filter == 0 || filter == 2));
		json_object_set_new(
			report, "forwarding_off", json_boolean(filter == 0));
		json_object_set_new(report, "routes", routes_json(&routes));
	} else {
		print_routes(&routes, words);
	}
	return count_open(&routes) == 0 && filter == 0 ? EXIT_OK : EXIT_NO;
}

static int look_at_names(const struct invocation *in, json_t *report)
{
	struct name_faults faults;
	json_t *list = json_array();
	int r = namecheck_host(&faults);

	for (size_t i = 0; r == 0 && i < faults.count; i++) {
		json_array_append_new(list, json_string(faults.text[i]));
		if (!in->json)
			printf("%swrong%s  %s\n", command_colour(COLOUR_BAD),
				command_colour(COLOUR_OFF), faults.text[i]);
	}
	json_object_set_new(report, "names", list);
	if (r < 0)
		return command_failed(
			in, "%s: %s", NAMECHECK_SWITCH, strerror(-r));
	if (!in->json && faults.count == 0)
		printf("names are asked for as they should be\n");
	return faults.count == 0 ? EXIT_OK : EXIT_NO;
}

/* The programs that judge files, where a conduit names one. */
static int look_at_checks(
	const struct invocation *in, const struct policy *p, json_t *report)
{
	json_t *list = json_array();
	char text[FILECHECK_FAULT_SIZE];
	size_t named = 0;

	for (size_t i = 0; i < p->conduit_count; i++) {
		named += p->conduits[i].file_check[0] != '\0';
		if (!filecheck_fault(&p->conduits[i], 0, text))
			continue;
		json_array_append_new(list, json_string(text));
		if (!in->json)
			printf("%swrong%s  %s\n", command_colour(COLOUR_BAD),
				command_colour(COLOUR_OFF), text);
	}
	if (!in->json && named > 0 && json_array_size(list) == 0)
		printf("programs that check files are there\n");
	json_object_set(report, "file_checks", list);
	named = json_array_size(list);
	json_decref(list);
	return named == 0 ? EXIT_OK : EXIT_NO;
}

static int examine(const struct invocation *in, const struct policy *p,
	bool routes, bool names, bool files)
{
	json_t *report = json_object();
	int worst = EXIT_OK;

	if (names)
		worst = look_at_names(in, report);
	if (files && worst <= EXIT_NO) {
		int r = look_at_checks(in, p, report);

		worst = r > worst ? r : worst;
	}
	if (routes && worst <= EXIT_NO) {
		int r = look_at_routes(in, p, report);

		worst = r > worst ? r : worst;
	}
	if (!in->json || worst > EXIT_NO) {
		json_decref(report);
		return worst;
	}
	json_object_set_new(report, "ok", json_boolean(worst == EXIT_OK));
	return command_json(in, report) == EXIT_OK ? worst : EXIT_FAILED;
}

static int doctor(const struct invocation *in)
{
	static const struct option options[] = {
		{"direct-routes", no_argument, NULL, 'd'},
		{"files", no_argument, NULL, 'f'},
		{"names", no_argument, NULL, 'n'}, {0}};
	static struct policy_errors errors;
	_cleanup_policy_ struct policy p = {0};
	bool routes = false, names = false, files = false;

	for (int c; (c = command_option(in, options)) != -1;) {
		if (c != 'd' && c != 'n' && c != 'f')
			return EXIT_USAGE;
		routes |= c == 'd';
		names |= c == 'n';
		files |= c == 'f';
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
	if (!routes && !names && !files)
		routes = names = files = true;
	return examine(in, &p, routes, names, files);
}

const struct command doctor_commands[] = {
	{
		.words = "doctor",
		.args = "[--direct-routes] [--files] [--names]",
		.summary = "Look whether this bastion is what it should be",
		.run = doctor,
		.help = "  --direct-routes  try every way past the relay, as "
			"everybody who might try it: a\n"
			"                   supplier, nobody, a local service "
			"account, and the relay itself\n"
			"                   to where it must not go; over TCP, "
			"UDP and ICMP, IPv4 and IPv6\n"
			"  --files          look whether the programs that check "
			"files (FileCheck) are there\n"
			"  --names          look whether this host asks for "
			"suppliers and targets by name\n"
			"                   (nsswitch.conf), and whether nscd "
			"would hide them\n"
			"\n"
			"A way is closed when it is known what closed it: "
			"\"filter\" (our table counted the\n"
			"packet), \"permission\" (modes and groups), "
			"\"no-route\". No packet reaches a zone\n"
			"while they all are.\n"
			"\n"
			"Exit status: 0 all is well, 1 not, 3 could not be "
			"looked at.\n",
	},
	{0},
};

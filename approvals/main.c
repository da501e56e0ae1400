/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The central service, and what its administrator does on its host: make the
 * instance, let bastions and people in, look whether the log is whole.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "approvals/admin.h"
#include "approvals/desk/journal.h"
#include "approvals/http/listen.h"
#include "base/cleanup.h"
#include "base/proc.h"

static const struct verb {
	const char *name, *args, *summary;
	int (*run)(const struct admin *a, int argc, char **argv);
} verbs[] = {
	{"serve", "", "listen and answer", admin_serve},
	{"init", "[--name HOST]...",
		"make authority, server certificate and signing key",
		admin_init},
	{"token", "BASTION [--life SPAN]",
		"print a one-time token for jumpctl join", admin_token},
	{"client", "NAME --role ROLE... --out DIR",
		"make a person's certificate and key", admin_client},
	{"client-disable", "NAME", "end a person's access",
		admin_client_disable},
	{"bastion-revoke", "BASTION", "end a bastion's access",
		admin_bastion_revoke},
	{"verify-log", "", "check the chain of the decision log",
		admin_verify_log},
};

static int usage(FILE *out)
{
	fputs("usage: jump-approvals [--config FILE] VERB ...\n", out);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		fprintf(out, "  %-16s %-32s %s\n", verbs[i].name, verbs[i].args,
			verbs[i].summary);
	return out == stdout ? 0 : 2;
}

/* Seeds pass through JSON values: what is freed is wiped. */
static void wiping_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

static int dispatch(const struct admin *a, int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, argv[0]) == 0)
			return verbs[i].run(a, argc, argv);
	fprintf(stderr, "no verb %s\n", argv[0]);
	return usage(stderr);
}

int main(int argc, char **argv)
{
	static const char *const keep[] = {"NOTIFY_SOCKET", NULL};
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct admin a = {.config = APPROVALS_CONF};
	int o;

	a.passed_fds = listen_passed();
	if (proc_harden(a.passed_fds, keep) < 0)
		return 1;
	json_set_alloc_funcs(malloc, wiping_free);
	while ((o = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (o == 'h')
			return usage(stdout);
		if (o != 'c')
			return usage(stderr);
		a.config = optarg;
	}
	if (optind >= argc)
		return usage(stderr);
	argc -= optind;
	argv += optind;
	optind = 0; /* getopt begins anew */
	if (strcmp(argv[0], "serve") != 0)
		journal_interactive();
	return dispatch(&a, argc, argv);
}

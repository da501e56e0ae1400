/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-filter: brings the table `inet jumphost` into the kernel before the
 * network is up, says whether it is still there, and mends it when it is not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/event.h"
#include "base/cleanup.h"
#include "base/proc.h"
#include "workers/filter/choose.h"
#include "workers/filter/forwarding.h"
#include "workers/filter/news.h"
#include "workers/filter/table.h"
#include "workers/filter/text.h"

enum {
	EXIT_GOOD = 0,
	EXIT_BAD = 1,
	EXIT_FORWARDS = 2, /* check: all well but for IP forwarding */
	EXIT_FALLBACK = 3, /* load: not by /etc/jump, and nothing is open
			    * that the last good policy does not open */
	EXIT_CALL = 64,
};

/* A filter that is new has no open windows in it: jump-apply puts them. */
static void ask_for_windows(void)
{
	static const char *const argv[] = {"/usr/bin/systemctl", "start",
		"--no-block", "jump-apply.service", NULL};
	static const char *const env[] = {"LC_ALL=C", NULL};
	const struct proc_run run = {
		.argv = argv, .envp = env, .timeout_ms = 5000};

	(void)proc_run(&run);
}

static int load_plan(enum choice choice, const struct filter_plan *plan)
{
	int r;

	/* What stands denies whatever is not granted, and knows the zones. */
	if (choice == CHOICE_DENY && table_there() == 0) {
		fprintf(stderr, "jump-filter: the table that stands, stays\n");
		return EXIT_FALLBACK;
	}
	r = table_load(plan);
	if (r < 0) {
		fprintf(stderr,
			"jump-filter: NOT LOADED, or not seen to be: "
			"%s\n",
			strerror(-r));
		return EXIT_BAD;
	}
	if (choice == CHOICE_DENY)
		fprintf(stderr, "jump-filter: suppliers and relay reach "
				"nothing until there is a policy\n");
	if (choice == CHOICE_LAST_GOOD)
		fprintf(stderr, "jump-filter: the last good policy is in "
				"force\n");
	return choice == CHOICE_CURRENT ? EXIT_GOOD : EXIT_FALLBACK;
}

static int load(void)
{
	_cleanup_plan_ struct filter_plan plan = {0};

	return load_plan(filter_choose(&plan), &plan);
}

static int print(void)
{
	_cleanup_plan_ struct filter_plan plan = {0};
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (filter_choose(&plan) == CHOICE_DENY ||
		filter_text(&plan, FILTER_UPDATE, &text, &len) < 0)
		return EXIT_BAD;
	return fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0
		       ? EXIT_GOOD
		       : EXIT_BAD;
}

static const char *table_word(int r)
{
	return r == 0	      ? "ok"
	       : r == -ENOENT ? "missing"
	       : r == -ESTALE ? "changed"
			      : "unknown";
}

static int check(void)
{
	_cleanup_plan_ struct filter_plan plan = {0};
	char first[300];
	int r, forwards;

	(void)filter_choose(&plan);
	r = table_compare(&plan);
	printf("table %s\n", table_word(r));
	forwards = forwarding_count("/proc/sys/net", first, sizeof(first));
	printf("forwarding %s\n", forwards == 0	 ? "off"
				  : forwards > 0 ? first
						 : "unknown");
	if (r < 0)
		return EXIT_BAD;
	return forwards == 0 ? EXIT_GOOD : EXIT_FORWARDS;
}

static void tell(int found)
{
	const struct event e = {
		.id = EVENT_HEALTH_BAD,
		.reason = "filter",
		.by = "jump-filter",
		.detail = found == -ENOENT ? "the packet filter was gone"
					   : "the packet filter was changed",
	};

	fprintf(stderr, "jump-filter: the table is %s: loading it\n",
		table_word(found));
	(void)event_emit(&e);
}

/* Somebody flushed or changed it: tell, load, and refill. */
static int mend(void)
{
	_cleanup_plan_ struct filter_plan plan = {0};
	enum choice choice = filter_choose(&plan);
	int found = table_compare(&plan), code;

	if (found == 0)
		return EXIT_GOOD;
	/* The first one since boot, or one by the policy of before, is
	 * nobody's doing. */
	if (table_loaded_was(&plan))
		tell(found);
	code = load_plan(choice, &plan);
	ask_for_windows();
	return code;
}

/* What comes after the news was taken in, starts the next look. */
static int run_on_news(int (*verb)(void))
{
	bool any = news_take();
	int code = verb();

	if (any)
		news_rest();
	return code;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *verb;
		int (*run)(void);
	} verbs[] = {{"load", load}, {"check", check}, {"mend", mend},
		{"print", print}};

	int sockets = news_sockets();

	if (sockets < 0 || proc_harden(sockets, NULL) < 0)
		return EXIT_BAD;
	for (size_t i = 0; argc == 2 && i < ARRAY_LEN(verbs); i++) {
		if (strcmp(argv[1], verbs[i].verb) == 0)
			return sockets ? run_on_news(verbs[i].run)
				       : verbs[i].run();
	}
	fprintf(stderr, "usage: jump-filter load|check|mend|print\n");
	return EXIT_CALL;
}

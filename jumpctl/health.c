/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl health`: what the watch saw last.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/health.h"
#include "base/moment.h"
#include "jumpctl/json.h"
#include "jumpctl/running.h"

#define AGE_MAX_SEC 15

static const struct {
	const char *part, *means;
} parts[] = {
	{"audit", "the kernel's audit is on"},
	{"auditd", "auditd takes its records"},
	{"lost", "no record was lost of late"},
	{"clock", "the clock is trusted"},
	{"disk", "there is room for recordings"},
	{"recorder", "the recorder listens"},
};

static const char *word_of(const struct health *h, size_t i)
{
	const char *const words[] = {
		h->audit, h->auditd, h->lost, h->clock, h->disk, h->recorder};

	return words[i];
}

static bool all_well(const struct health *h)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(word_of(h, i), "ok") != 0)
			return false;
	}
	return true;
}

static int print_json(
	const struct invocation *in, const struct health *h, int64_t age_ms)
{
	json_t *all = json_object();

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		json_object_set_new(
			all, parts[i].part, json_string(word_of(h, i)));
	return command_json(
		in, json_pack("{s:b,s:I,s:I,s:o}", "healthy", all_well(h),
			    "age_ms", (json_int_t)age_ms, "lost_count",
			    (json_int_t)h->lost_count, "parts", all));
}

static void print_text(const struct health *h, int64_t age_ms)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *word = word_of(h, i);
		bool well = strcmp(word, "ok") == 0;

		printf("%s%-10s%s%-16s%s%s%s\n",
			command_colour(well ? COLOUR_GOOD : COLOUR_BAD),
			parts[i].part, command_colour(COLOUR_OFF), word,
			well ? "" : "(should be: ", well ? "" : parts[i].means,
			well ? "" : ")");
	}
	printf("looked at %" PRId64 ".%d s ago\n", age_ms / 1000,
		(int)(age_ms % 1000 / 100));
}

static int run_health(const struct invocation *in)
{
	static const struct option options[] = {
		{"run", required_argument, NULL, 'd'}, {0}};
	_cleanup_running_ struct running r = {.fd = -1};
	const char *dir = NULL;
	char path[4096];
	struct health h;
	int64_t age_ms;
	int c, e;

	while ((c = command_option(in, options)) != -1) {
		if (c != 'd')
			return EXIT_USAGE;
		dir = optarg;
	}
	if (optind < in->argc)
		return command_usage(in, "no words behind it");
	e = running_open(in, dir, &r);
	if (e != EXIT_OK)
		return e;
	snprintf(path, sizeof(path), "%s/health", r.dir);
	e = health_read(path, r.owner, AGE_MAX_SEC, &h);
	if (e == -ENOENT || e == -ESTALE)
		return command_failed(in,
			"%s: gates refuse by it; is jump-watch.timer running?",
			e == -ENOENT ? "nobody has looked since boot"
				     : "the last look is too old");
	if (e < 0)
		return command_failed(in, "%s: %s", path, strerror(-e));
	age_ms = moment_boot_ms() - h.boot_ms;
	if (in->json) {
		e = print_json(in, &h, age_ms);
		if (e != EXIT_OK)
			return e;
	} else {
		print_text(&h, age_ms);
	}
	return all_well(&h) ? EXIT_OK : EXIT_NO;
}

const struct command health_commands[] = {
	{"health", "[--run DIR]", "Does everything work that evidence needs",
		run_health, NULL},
	{0},
};

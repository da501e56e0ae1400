/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl policy check`: reads the policy as jump-apply does, and says what
 * is wrong and what would be right, by file and line.
 */
#include "jumpctl/policy.h"

#include <getopt.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "jumpctl/filecheck.h"
#include "jumpctl/json.h"

/*
 * The installed policy is root's. One in another folder is a draft, and may
 * be the caller's own.
 */
static uid_t folder_owner(const char *dir)
{
	struct stat st;

	if (strcmp(dir, POLICY_DIR) == 0 || stat(dir, &st) < 0)
		return 0;
	return st.st_uid == 0 ? 0 : geteuid();
}

int policy_read(const char *dir, struct policy *ret_policy,
	struct policy_errors *ret_errors)
{
	return policy_load(dir, folder_owner(dir), ret_policy, ret_errors);
}

static size_t kept(const struct policy_errors *e)
{
	return e->count < POLICY_ERRORS_MAX ? e->count : POLICY_ERRORS_MAX;
}

void policy_errors_print(FILE *out, const struct policy_errors *e)
{
	for (size_t i = 0; i < kept(e); i++) {
		const struct policy_error *error = &e->error[i];

		fputs(error->origin.file, out);
		if (error->origin.line)
			fprintf(out, ":%u", error->origin.line);
		fprintf(out, ": %s\n", error->text);
	}
	fprintf(out, "%zu error%s%s; nothing of this policy is used\n",
		e->count, e->count == 1 ? "" : "s",
		e->count > kept(e) ? ", the first of them above" : "");
}

json_t *policy_errors_json(const struct policy_errors *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < kept(e); i++)
		json_array_append_new(
			list, json_pack("{s:s, s:I, s:s}", "file",
				      e->error[i].origin.file, "line",
				      (json_int_t)e->error[i].origin.line,
				      "text", e->error[i].text));
	return list;
}

static int check_json(const struct invocation *in, const struct policy *p,
	const struct policy_errors *e)
{
	json_t *out = json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:o}", "ok",
		e->count == 0, "bastion", p->settings.bastion_id, "zones",
		(json_int_t)p->zone_count, "targets",
		(json_int_t)p->target_count, "conduits",
		(json_int_t)p->conduit_count, "error_count",
		(json_int_t)e->count, "errors", policy_errors_json(e));

	return command_json(in, out);
}

static void check_text(const struct policy *p, const struct policy_errors *e)
{
	if (e->count > 0) {
		policy_errors_print(stdout, e);
		return;
	}
	printf("%sthe policy of %s is sound%s: %zu zone%s, %zu target%s, "
	       "%zu conduit%s\n",
		command_colour(COLOUR_GOOD), p->settings.bastion_id,
		command_colour(COLOUR_OFF), p->zone_count,
		p->zone_count == 1 ? "" : "s", p->target_count,
		p->target_count == 1 ? "" : "s", p->conduit_count,
		p->conduit_count == 1 ? "" : "s");
}

/* Of this host's policy alone: another one's programs are elsewhere. */
static void note_programs(const struct policy *p)
{
	char text[FILECHECK_FAULT_SIZE];

	for (size_t i = 0; i < p->conduit_count; i++) {
		if (filecheck_fault(&p->conduits[i], 0, text))
			fprintf(stderr, "note: %s\n", text);
	}
}

static int take_words(const struct invocation *in, const char **ret_dir)
{
	static const struct option options[] = {
		{"dir", required_argument, NULL, 'd'}, {0}};
	int c;

	*ret_dir = POLICY_DIR;
	while ((c = command_option(in, options)) != -1) {
		if (c != 'd')
			return EXIT_USAGE;
		*ret_dir = optarg;
	}
	if (optind < in->argc)
		return command_usage(
			in, "there is nothing to add: %s", in->argv[optind]);
	return EXIT_OK;
}

static int policy_check(const struct invocation *in)
{
	static struct policy_errors errors;
	_cleanup_policy_ struct policy p = {0};
	const char *dir;
	int r = take_words(in, &dir);

	if (r != EXIT_OK)
		return r;
	r = policy_read(dir, &p, &errors);
	if (in->json) {
		int code = check_json(in, &p, &errors);

		if (code != EXIT_OK)
			return code;
	} else {
		check_text(&p, &errors);
	}
	if (r == 0 && strcmp(dir, POLICY_DIR) == 0)
		note_programs(&p);
	return r == 0 ? EXIT_OK : r == -EINVAL ? EXIT_NO : EXIT_FAILED;
}

const struct command policy_commands[] = {
	{
		.words = "policy check",
		.args = "[--dir DIR]",
		.summary = "Check the policy files and say what is wrong",
		.run = policy_check,
		.help = "  --dir DIR  a folder with jump.conf and policy.d\n"
			"             (default: " POLICY_DIR ")\n"
			"\n"
			"Exit status: 0 sound, 1 errors, 3 a file could not be "
			"read.\n",
	},
	{
		.words = "policy explain",
		.args = "USER TARGET PROTO [--at TIME] [--source ADDR] "
			"[--channel tunnel|brokered] [--dir DIR] "
			"[--rights FILE]",
		.summary = "Say whether somebody may reach a target, and why",
		.run = policy_explain,
		.help = "Says two things: whether the policy would let this be "
			"granted at all, and by\n"
			"which line; and, where rights are published on this "
			"host, whether it is allowed\n"
			"now, by which grant and until when.\n"
			"\n"
			"  --at TIME       at this time, as "
			"2026-11-23T18:00:00Z (default: now)\n"
			"  --source ADDR   the user comes from this address\n"
			"  --channel WHICH brokered: the bastion's own ssh and "
			"sftp, recorded;\n"
			"                  tunnel: -L, -J, -W, -D (default: "
			"what "
			"fits PROTO)\n"
			"  --dir DIR       another policy; rights are not "
			"looked at then\n"
			"  --rights FILE   another rights.db than the "
			"published "
			"one\n"
			"\n"
			"Exit status: 0 yes, 1 no, 3 the policy could not be "
			"read.\n",
	},
	{0},
};

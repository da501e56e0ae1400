/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "jumpshell/certify.h"
#include "jumpshell/clientconfig.h"
#include "jumpshell/files.h"
#include "jumpshell/listing.h"
#include "jumpshell/onward.h"
#include "jumpshell/tunnel.h"
#include "jumpshell/words.h"

static int no_arguments(const char *word, size_t rest_len)
{
	if (rest_len == 0)
		return 0;
	fprintf(stderr, "%s takes nothing after it.\n", word);
	return SHELL_USAGE;
}

static int run_help(struct shell *s, const char *rest, size_t rest_len)
{
	(void)s;
	(void)rest;
	if (no_arguments("help", rest_len))
		return SHELL_USAGE;
	for (const struct command *c = commands; c->word; c++)
		printf("  %s %-*s%s\n", c->word, (int)(25 - strlen(c->word)),
			c->args, c->summary);
	printf("A number or a target's name alone connects as well. Without "
	       "the menu:\n  ssh BASTION TARGET [COMMAND]\nNothing else can "
	       "be run here; what a target prints is recorded.\n");
	return 0;
}

static int run_list(struct shell *s, const char *rest, size_t rest_len)
{
	(void)rest;
	if (no_arguments("list", rest_len))
		return SHELL_USAGE;
	listing_print(s);
	return 0;
}

/*
 * ssh where it is open, and else telnet where that is; what is said of a
 * target that is closed is said of the one that was meant for it.
 */
static enum proto proto_for(struct shell *s, const char *target)
{
	struct decision ssh = access_target(&s->access, CHANNEL_BROKERED,
				target, PROTO_SSH),
			telnet = access_target(&s->access, CHANNEL_BROKERED,
				target, PROTO_TELNET);

	if (ssh.allow || ssh.reason != REASON_PROTOCOL)
		return PROTO_SSH;
	return telnet.reason == REASON_PROTOCOL ? PROTO_SSH : PROTO_TELNET;
}

static int refuse_command(const char *target)
{
	fprintf(stderr,
		"%s: It speaks telnet, which runs no commands. Say the name "
		"alone, and type there.\n",
		target);
	return SHELL_REFUSED;
}

struct command_text {
	const char *text;
	size_t len; /* 0: none */
};

static int connect_by(struct shell *s, const char *target, enum proto proto,
	const struct command_text *command)
{
	const struct onward o = {
		.access = &s->access,
		.witness = &s->witness,
		.terminal = &s->terminal,
		.target = target,
		.proto = proto,
		.command = command->len ? command->text : NULL,
		.command_len = command->len,
	};

	if (proto == PROTO_TELNET && command->len)
		return refuse_command(target);
	(void)fflush(stdout);
	s->last_status = onward_run(&o);
	return s->last_status;
}

static int connect_to(struct shell *s, const char *target, const char *command,
	size_t command_len)
{
	const struct command_text c = {command, command_len};

	return connect_by(s, target, proto_for(s, target), &c);
}

static int run_connect(struct shell *s, const char *rest, size_t rest_len)
{
	struct words w;

	if (words_take(rest, rest_len, WORDS_COMMAND_MAX, &w) < 0 ||
		!name_valid(w.first)) {
		fprintf(stderr, "Which target? Say: connect TARGET. 'list' "
				"shows them.\n");
		return SHELL_USAGE;
	}
	return connect_to(s, w.first, w.rest, w.rest_len);
}

static int run_telnet(struct shell *s, const char *rest, size_t rest_len)
{
	struct words w;

	if (words_take(rest, rest_len, WORDS_LINE_MAX, &w) < 0 ||
		!name_valid(w.first)) {
		fprintf(stderr, "Which target? Say: telnet TARGET. 'list' "
				"shows them.\n");
		return SHELL_USAGE;
	}
	return connect_by(s, w.first, PROTO_TELNET,
		&(struct command_text){w.rest, w.rest_len});
}

static int tunnel_usage(void)
{
	fprintf(stderr, "Say: tunnel, tunnel TARGET, or tunnel TARGET "
			"PROTOCOL (rdp, vnc, http, https, ssh, tcp/PORT).\n");
	return SHELL_USAGE;
}

/* "hmi-1", "hmi-1 rdp" */
static int run_tunnel(struct shell *s, const char *rest, size_t rest_len)
{
	const struct offer *only = NULL;
	struct words target, protocol;
	struct offer offer;

	if (rest_len == 0) {
		tunnel_list(s);
		return 0;
	}
	if (words_take(rest, rest_len, WORDS_LINE_MAX, &target) < 0 ||
		!name_valid(target.first))
		return tunnel_usage();
	if (target.rest_len > 0) {
		if (words_take(target.rest, target.rest_len, WORDS_LINE_MAX,
			    &protocol) < 0 ||
			protocol.rest_len > 0 ||
			proto_parse(protocol.first, &offer) < 0)
			return tunnel_usage();
		only = &offer;
	}
	return tunnel_explain(s, target.first, only);
}

static int run_config(struct shell *s, const char *rest, size_t rest_len)
{
	(void)rest;
	if (no_arguments("config", rest_len))
		return SHELL_USAGE;
	clientconfig_print(s);
	return 0;
}

static int run_cert(struct shell *s, const char *rest, size_t rest_len)
{
	struct words w;

	if (words_take(rest, rest_len, WORDS_LINE_MAX, &w) < 0 ||
		w.rest_len > 0 || !name_valid(w.first)) {
		fprintf(stderr, "For which target? ssh BASTION cert TARGET < "
				"~/.ssh/id_ed25519.pub\n");
		return SHELL_USAGE;
	}
	return certify_run(s, w.first);
}

static int run_sftp(struct shell *s, const char *rest, size_t rest_len)
{
	(void)rest;
	return no_arguments("sftp", rest_len) ? SHELL_USAGE : files_run(s);
}

static int run_window(struct shell *s, const char *rest, size_t rest_len)
{
	(void)rest;
	if (no_arguments("window", rest_len))
		return SHELL_USAGE;
	listing_windows(s);
	return 0;
}

static int run_exit(struct shell *s, const char *rest, size_t rest_len)
{
	(void)rest;
	if (no_arguments("exit", rest_len))
		return SHELL_USAGE;
	s->leaving = true;
	return 0;
}

const struct command commands[] = {
	{"list", "", "what is open, numbered", run_list},
	{"connect", "TARGET", "a terminal there, recorded", run_connect},
	{"telnet", "TARGET", "the same by telnet, where it has ssh as well",
		run_telnet},
	{"tunnel", "[TARGET [PROTO]]", "what to type for RDP, VNC, web, TCP",
		run_tunnel},
	{"config", "", "all of it for ~/.ssh/config", run_config},
	{"cert", "TARGET", "a certificate for a key of yours, for ssh -J",
		run_cert},
	{"sftp", "", "what sftp and scp ask for: targets as folders", run_sftp},
	{"window", "", "what is approved, until when", run_window},
	{"whoami", "", "the same", run_window},
	{"help", "", "this", run_help},
	{"exit", "", "leave", run_exit},
	{NULL, NULL, NULL, NULL},
};

/*
 * What clients ask for by themselves when they want files of the bastion
 * itself, and what to type instead.
 */
static const char *transfer_advice(const char *word)
{
	static const char scp[] =
		"The old protocol of scp is not spoken here. Leave out -O: scp "
		"FILE BASTION:/TARGET/FOLDER/ (it uses sftp then). Files of "
		"the "
		"target are in folders with its name.";
	static const char rsync[] =
		"The bastion has no files of its own. Where you may use ssh to "
		"a target: rsync -e 'ssh BASTION' FILE TARGET:FOLDER/";
	static const char sftp[] =
		"Say: sftp BASTION. Each target is a folder there.";
	static const char git[] =
		"The bastion has no repositories. Use ssh -J BASTION, or the "
		"lines that 'ssh BASTION config' prints.";
	static const struct {
		const char *word, *advice;
	} rows[] = {
		{"scp", scp},
		{"rsync", rsync},
		{"sftp-server", sftp},
		{"internal-sftp", sftp},
		{"/usr/lib/openssh/sftp-server", sftp},
		{"/usr/libexec/sftp-server", sftp},
		{"/usr/lib/sftp-server", sftp},
		{"git-upload-pack", git},
		{"git-receive-pack", git},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(word, rows[i].word) == 0)
			return rows[i].advice;
	}
	return NULL;
}

static int refuse_unknown(const struct words *w, bool menu)
{
	const char *advice = transfer_advice(w->first);

	if (advice)
		fprintf(stderr, "%s\n", advice);
	else if (menu)
		fprintf(stderr, "That is no command and no target. Type "
				"'help' or 'list'.\n");
	else
		fprintf(stderr, "That is no command and no target. Use: ssh "
				"BASTION TARGET [COMMAND], or ssh BASTION "
				"list.\n");
	return menu ? SHELL_USAGE : SHELL_REFUSED;
}

static int run_number(struct shell *s, const struct words *w)
{
	uint64_t number;

	if (number_parse(w->first, 1, s->listed_count, &number) < 0) {
		fprintf(stderr, "There is no number %s. Type 'list'.\n",
			w->first);
		return SHELL_USAGE;
	}
	return connect_to(s, s->listed[number - 1], w->rest, w->rest_len);
}

static int run_words(struct shell *s, const struct words *w, bool menu)
{
	for (const struct command *c = commands; c->word; c++) {
		if (strcmp(c->word, w->first) == 0)
			return c->run(s, w->rest, w->rest_len);
	}
	if (menu && w->first[0] >= '0' && w->first[0] <= '9')
		return run_number(s, w);
	if (transfer_advice(w->first) || !name_valid(w->first))
		return refuse_unknown(w, menu);
	return connect_to(s, w->first, w->rest, w->rest_len);
}

int command_run(struct shell *s, const char *text, size_t len, bool menu)
{
	struct words w;
	int r = words_take(
		text, len, menu ? WORDS_LINE_MAX : WORDS_COMMAND_MAX, &w);

	if (r == -ENODATA)
		return 0;
	if (r < 0) {
		fprintf(stderr, "%s\n",
			len > WORDS_COMMAND_MAX
				? "That is too long a command."
				: "That is no command and no target. Type "
				  "'help' or 'list'.");
		return menu ? SHELL_USAGE : SHELL_REFUSED;
	}
	return run_words(s, &w, menu);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl credential`: passwords and keys of targets that no supplier sees.
 * What is stored is encrypted by systemd-creds for this host, and for its TPM2
 * where there is one; nothing here can show it again.
 */
#include "jumpctl/credential.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "audit/event.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/name.h"
#include "base/proc.h"
#include "base/trusted.h"
#include "jumpctl/json.h"
#include "jumpctl/policy.h"

#define FOLDER	      "/etc/jump/credentials"
#define TRIALS	      "/var/lib/jump/credential"
#define CREDS	      "/usr/bin/systemd-creds"
#define KEYGEN	      "/usr/bin/ssh-keygen"
#define SYSTEMCTL     "/usr/bin/systemctl"
#define WAIT_MS	      30000
#define NAME_MAX_SIZE (2 * NAME_SIZE) /* "maint@plc-gw" */
#define ENCRYPTED_MAX 65536
#define PUBLIC_MAX    8192

struct place {
	const char *target, *account;
	char name[NAME_MAX_SIZE];
};

static const char *const clean_env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};

/* TARGET ACCOUNT of the call; EXIT_OK, or what was said about it. */
static int take_place(const struct invocation *in, struct place *ret)
{
	static const struct option options[] = {{0}};
	struct place p;

	if (command_option(in, options) != -1)
		return EXIT_USAGE;
	if (optind + 2 != in->argc)
		return command_usage(in, "TARGET and ACCOUNT are asked for");
	p.target = in->argv[optind];
	p.account = in->argv[optind + 1];
	if (!name_valid(p.target) || !name_valid(p.account))
		return command_usage(in, "%s: no such name",
			name_valid(p.target) ? p.account : p.target);
	snprintf(p.name, sizeof(p.name), "%s@%s", p.account, p.target);
	*ret = p;
	return EXIT_OK;
}

static bool has_account(const struct target *t, const char *account)
{
	for (size_t i = 0; i < t->account_count; i++) {
		if (strcmp(t->accounts[i], account) == 0)
			return true;
	}
	return false;
}

/* One for a typing error would only look stored. */
static int check_policy(const struct invocation *in, const struct place *p,
	enum credential *ret_kind)
{
	_cleanup_policy_ struct policy policy = {0};
	static struct policy_errors errors;
	const struct target *t;

	if (policy_read(POLICY_DIR, &policy, &errors) < 0)
		return command_failed(in, "the policy can't be read; run "
					  "jumpctl policy check");
	t = policy_target(&policy, p->target);
	if (!t)
		return command_usage(
			in, "the policy has no target %s", p->target);
	if (!has_account(t, p->account))
		return command_usage(in, "the policy has no account %s of %s",
			p->account, p->target);
	if (t->credential == CREDENTIAL_CERTIFICATE)
		return command_usage(in,
			"%s is logged in to by certificate; say Credential = "
			"password or key in its [target] first",
			p->target);
	*ret_kind = t->credential;
	return EXIT_OK;
}

static int run_tool(const char *const *argv, const struct given *input,
	char *output, size_t size)
{
	const struct proc_run run = {.argv = argv,
		.envp = clean_env,
		.input = input ? input->bytes : NULL,
		.input_len = input ? input->len : 0,
		.timeout_ms = WAIT_MS,
		.ret_output = output,
		.output_size = size};
	int r = proc_run(&run);

	return r > 0 ? -EIO : r;
}

/* The line for the device; and a key with a passphrase is found out now. */
static int public_half(const struct given *g, char public[PUBLIC_MAX])
{
	static const char *const argv[] = {
		KEYGEN, "-y", "-P", "", "-f", "/dev/stdin", NULL};

	return run_tool(argv, g, public, PUBLIC_MAX);
}

static int encrypt(const struct place *p, const struct given *g, char *text)
{
	char name[NAME_MAX_SIZE + 8];
	const char *const argv[] = {
		CREDS, "encrypt", "--with-key=auto", name, "-", "-", NULL};

	snprintf(name, sizeof(name), "--name=%s", p->name);
	return run_tool(argv, g, text, ENCRYPTED_MAX);
}

static int change_event(const struct place *p, const char *what)
{
	const struct event e = {.id = EVENT_CREDENTIAL_CHANGED,
		.outcome = OUTCOME_SUCCESS,
		.target = p->target,
		.account = p->account,
		.reason = what};

	return event_emit(&e);
}

/* The socket is there exactly while something is stored. */
static int switch_socket(const struct place *p, bool on)
{
	char socket[NAME_MAX_SIZE + 32], service[NAME_MAX_SIZE + 32];
	const char *const stop[] = {SYSTEMCTL, "stop", service, NULL};
	const char *const turn[] = {SYSTEMCTL, "-q",
		on ? "enable" : "disable", "--now", socket, NULL};

	snprintf(socket, sizeof(socket), "jump-credential@%s.socket", p->name);
	snprintf(
		service, sizeof(service), "jump-credential@%s.service", p->name);
	if (!on) {
		int r = run_tool(turn, NULL, NULL, 0);

		(void)run_tool(stop, NULL, NULL, 0);
		return r;
	}
	/* one that runs has the old one */
	(void)run_tool(stop, NULL, NULL, 0);
	return run_tool(turn, NULL, NULL, 0);
}

static void forget_trials(const struct place *p)
{
	char path[sizeof(TRIALS) + NAME_MAX_SIZE];

	snprintf(path, sizeof(path), "%s/%s", TRIALS, p->name);
	(void)unlink(path);
}

static int open_folder(void)
{
	int fd = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

static int store(const struct place *p, const char *text)
{
	const struct fd_replace how = {.name = p->name,
		.mode = 0600,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.durable = 1};
	_cleanup_close_ int dirfd = open_folder();

	return dirfd < 0 ? dirfd
			 : fd_replace_file(dirfd, &how, text, strlen(text));
}

static int answer(const struct invocation *in, const struct place *p,
	const char *what, const char *public)
{
	if (in->json)
		return command_json(in,
			json_pack("{s:s, s:s, s:s, s:s*}", "target", p->target,
				"account", p->account, "did", what, "key",
				public[0] ? public : NULL));
	printf("%s: %s.\n", p->name, what);
	if (public[0])
		printf("The device must accept this key:\n%s\n", public);
	return EXIT_OK;
}

static int keep(const struct invocation *in, const struct place *p,
	const struct given *g)
{
	static char text[ENCRYPTED_MAX], public[PUBLIC_MAX];
	int r;

	if (g->is_key && public_half(g, public) < 0)
		return command_failed(in, "this is no private key that works "
					  "without a passphrase");
	public[strcspn(public, "\n")] = '\0';
	if (encrypt(p, g, text) < 0)
		return command_failed(in, "systemd-creds can't encrypt it");
	r = change_event(p, "stored");
	if (r < 0)
		fprintf(stderr, "jumpctl: not in the audit log: %s\n",
			strerror(-r));
	r = store(p, text);
	if (r < 0)
		return command_failed(
			in, "%s/%s: %s", FOLDER, p->name, strerror(-r));
	forget_trials(p);
	if (switch_socket(p, true) < 0)
		return command_failed(in,
			"stored, but systemctl can't start "
			"jump-credential@%s.socket",
			p->name);
	return answer(in, p, "stored", public);
}

static int run_set(const struct invocation *in)
{
	static struct given g;
	enum credential kind = CREDENTIAL_CERTIFICATE;
	const char *off;
	struct place p;
	int r = take_place(in, &p);

	if (r == EXIT_OK)
		r = check_policy(in, &p, &kind);
	if (r != EXIT_OK)
		return r;
	off = credential_read(p.name, &g);
	if (!off && g.is_key != (kind == CREDENTIAL_KEY))
		off = g.is_key ? "this is a key, and the policy says password"
			       : "this is no key in PEM, and the policy says "
				 "key";
	r = off ? command_failed(in, "%s", off) : keep(in, &p, &g);
	explicit_bzero(&g, sizeof(g));
	return r;
}

static int run_remove(const struct invocation *in)
{
	_cleanup_close_ int dirfd = -1;
	struct place p;
	int r = take_place(in, &p);

	if (r != EXIT_OK)
		return r;
	dirfd = open_folder();
	if (dirfd < 0)
		return command_failed(in, "%s: %s", FOLDER, strerror(-dirfd));
	if (faccessat(dirfd, p.name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return command_failed(in, "nothing is stored for %s", p.name);
	(void)change_event(&p, "removed");
	(void)switch_socket(&p, false);
	if (unlinkat(dirfd, p.name, 0) < 0)
		return command_failed(
			in, "%s/%s: %s", FOLDER, p.name, strerror(errno));
	forget_trials(&p);
	return answer(in, &p, "removed", "");
}

static int run_release(const struct invocation *in)
{
	struct place p;
	int r = take_place(in, &p);

	if (r != EXIT_OK)
		return r;
	(void)change_event(&p, "released");
	forget_trials(&p);
	return answer(in, &p, "may be tried again", "");
}

/* "ok", or why it waits for an administrator. */
static const char *state_of(const char *name)
{
	char path[sizeof(TRIALS) + 256]; /* any name of a folder */
	_cleanup_fclose_ FILE *f = NULL;
	char line[64];
	const char *state = "ok";

	snprintf(path, sizeof(path), "%s/%s", TRIALS, name);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strcmp(line, "wrong=1\n") == 0)
			return "refused by the target";
		if (strcmp(line, "open=2\n") == 0)
			state = "two logins broke off";
	}
	return state;
}

static json_t *list_rows(void)
{
	_cleanup_closedir_ DIR *d = opendir(FOLDER);
	json_t *rows = json_array();

	for (const struct dirent *e; d && (e = readdir(d));) {
		const char *at = strchr(e->d_name, '@');

		if (!at || e->d_name[0] == '.')
			continue;
		(void)json_array_append_new(rows,
			json_pack("{s:s, s:s%, s:s}", "target", at + 1,
				"account", e->d_name,
				(size_t)(at - e->d_name), "state",
				state_of(e->d_name)));
	}
	return rows;
}

static int run_list(const struct invocation *in)
{
	static const struct option options[] = {{0}};
	json_t *rows, *row;
	size_t i;

	if (command_option(in, options) != -1)
		return EXIT_USAGE;
	if (optind != in->argc)
		return command_usage(in, "there are no words to it");
	if (access(FOLDER, R_OK) < 0)
		return command_failed(in, "%s: %s", FOLDER, strerror(errno));
	rows = list_rows();
	if (in->json)
		return command_json(in, json_pack("{s:o}", "credentials", rows));
	json_array_foreach(rows, i, row)
		printf("%-31s %-31s %s\n",
			json_string_value(json_object_get(row, "target")),
			json_string_value(json_object_get(row, "account")),
			json_string_value(json_object_get(row, "state")));
	json_decref(rows);
	return EXIT_OK;
}

const struct command credential_commands[] = {
	{"credential set", "TARGET ACCOUNT",
		"Store what a target is logged in to with", run_set,
		"A password is asked for twice, or is the one line of standard "
		"input; a private key comes by standard input, without a "
		"passphrase. It is encrypted for this host, and shown to "
		"nobody."},
	{"credential list", "", "What is stored, and how it fares", run_list,
		NULL},
	{"credential release", "TARGET ACCOUNT",
		"Let one be tried again that a target refused", run_release,
		NULL},
	{"credential remove", "TARGET ACCOUNT", "Forget one", run_remove,
		NULL},
	{0},
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl zone ca`: the certificate authority of one zone, and what its
 * targets must be told.
 */
#include "jumpctl/command.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/name.h"
#include "base/proc.h"
#include "base/trusted.h"
#include "jumpctl/json.h"
#include "jumpctl/policy.h"

#define CA_FOLDER      "/var/lib/jump/ca"
#define KEYGEN	       "/usr/bin/ssh-keygen"
#define KEYGEN_WAIT_MS 30000
#define PATH_SIZE      96
#define PUBLIC_MAX     1024

static int make(const char *path, const char *zone)
{
	char comment[64];
	const char *const argv[] = {KEYGEN, "-q", "-t", "ed25519", "-N", "",
		"-C", comment, "-f", path, NULL};
	static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
	const struct proc_run run = {
		.argv = argv, .envp = envp, .timeout_ms = KEYGEN_WAIT_MS};
	int r;

	if (mkdir(CA_FOLDER, 0700) < 0 && errno != EEXIST)
		return -errno;
	snprintf(comment, sizeof(comment), "jump-ca-%s", zone);
	r = proc_run(&run);
	return r > 0 ? -EIO : r;
}

/* The zone must be one of the policy: a CA for a typing error helps nobody. */
static int check_zone(const struct invocation *in, const char *zone)
{
	_cleanup_policy_ struct policy p = {0};
	static struct policy_errors errors;

	if (!name_valid(zone))
		return command_usage(in, "%s is no name of a zone", zone);
	if (policy_read(POLICY_DIR, &p, &errors) < 0)
		return command_failed(in, "the policy can't be read; run "
					  "jumpctl policy check");
	if (!policy_zone(&p, zone))
		return command_usage(in, "the policy has no zone %s", zone);
	return EXIT_OK;
}

static void tell(
	const char *zone, const char *path, const char *key, bool is_new)
{
	printf("%s\n%s\n",
		is_new ? "A new certificate authority was made:"
		       : "It has one already:",
		key);
	printf("\nOn each target of zone %s, as its administrator:\n"
	       "  1. put the line above into /etc/ssh/jump_ca.pub\n"
	       "  2. in /etc/ssh/sshd_config: TrustedUserCAKeys "
	       "/etc/ssh/jump_ca.pub\n"
	       "  3. reload sshd\n"
	       "Here, once: systemctl enable --now jump-cert@%s.socket\n"
	       "The private half stays in %s; back it up like a password.\n",
		zone, zone, path);
}

static int run_ca(const struct invocation *in)
{
	static const struct option options[] = {{0}};
	_cleanup_free_ char *key = NULL;
	char path[PATH_SIZE], public_path[PATH_SIZE + 4];
	const char *zone;
	bool is_new;
	size_t len;
	int r;

	if (command_option(in, options) != -1)
		return EXIT_USAGE;
	if (optind + 1 != in->argc)
		return command_usage(in, "ZONE is missing");
	zone = in->argv[optind];
	r = check_zone(in, zone);
	if (r != EXIT_OK)
		return r;
	snprintf(path, sizeof(path), "%s/%s", CA_FOLDER, zone);
	snprintf(public_path, sizeof(public_path), "%s.pub", path);
	is_new = access(path, F_OK) < 0;
	r = is_new ? make(path, zone) : 0;
	if (r == 0)
		r = trusted_read(
			AT_FDCWD, public_path, 0, PUBLIC_MAX, &key, &len);
	if (r < 0)
		return command_failed(in, "%s: %s", path, strerror(-r));
	key[strcspn(key, "\n")] = '\0';
	if (in->json)
		return command_json(
			in, json_pack("{s:s, s:s, s:b}", "zone", zone, "key",
				    key, "new", is_new));
	tell(zone, path, key, is_new);
	return EXIT_OK;
}

const struct command zone_commands[] = {
	{"zone ca", "ZONE", "Make or show a zone's SSH authority", run_ca,
		"Prints the public key, and what to do on the targets. An "
		"existing one is never replaced."},
	{0},
};

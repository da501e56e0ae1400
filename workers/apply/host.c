/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where everything is on a bastion.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "workers/apply/apply.h"
#include "workers/apply/granted.h"

#define RUN_DIR	  "/run/jump"
#define STATE_DIR "/var/lib/jump/state"

const struct apply_filter apply_filter_kernel = {
	.live = granted_live,
	.change = granted_change,
	.empty = granted_empty,
};

/* From the local file alone: no service may say who our groups are. */
static gid_t local_gid(const char *name)
{
	_cleanup_fclose_ FILE *f = fopen("/etc/group", "re");

	for (const struct group *g; f && (g = fgetgrent(f));) {
		if (strcmp(g->gr_name, name) == 0)
			return g->gr_gid;
	}
	fprintf(stderr, "jump-apply: there is no local group %s\n", name);
	return 0;
}

static int open_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	fprintf(stderr, "jump-apply: %s: %s\n", path, strerror(errno));
	return -errno;
}

void apply_done(struct apply *a)
{
	cleanup_close(&a->run_fd);
	cleanup_close(&a->accept.state_fd);
	cleanup_close(&a->seeds.dir_fd);
}

int apply_open(struct apply *ret_apply)
{
	struct apply a = {
		.accept = {.inbox = WAKE_INBOX, .trust_dir = JWS_TRUST_DIR},
		.policy = {.dir = POLICY_DIR, .state = STATE_DIR},
		.seeds = {.key_dir = SEAL_KEY_DIR},
		.publish = {.dir = RIGHTS_DIR,
			.give = true,
			.gates_gid = local_gid("jump-gates"),
			.users_gid = local_gid("jump-users")},
		.enforcer = {.places = &enforce_places_host, .by = "apply"},
		.filter = apply_filter_kernel,
		.enforce_lock = ENFORCE_LOCK,
		.passwd = "/etc/passwd",
		.group = "/etc/group",
		.clock = MOMENT_CLOCK_FILE,
	};

	a.run_fd = open_folder(RUN_DIR);
	a.accept.state_fd = open_folder(STATE_DIR);
	a.seeds.dir_fd = open_folder(SEEDS_DIR);
	if (a.run_fd < 0 || a.accept.state_fd < 0 || a.seeds.dir_fd < 0 ||
		a.publish.gates_gid == 0 || a.publish.users_gid == 0) {
		apply_done(&a);
		return -ENOENT;
	}
	*ret_apply = a;
	return 0;
}

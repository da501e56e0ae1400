/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-credential ACCOUNT@TARGET: holds one stored credential and gives it to
 * connections that are granted that account of that target, to each once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/proc.h"
#include "workers/credential/keeper.h"
#include "workers/credential/serve.h"
#include "workers/peer/front.h"

/* Where LoadCredentialEncrypted= put it: what systemd could decrypt. */
static int find(struct keeper *k)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (!folder || folder[0] != '/')
		return -ENOENT;
	n = snprintf(k->path, sizeof(k->path), "%s/%s", folder, k->name);
	if (n < 0 || (size_t)n >= sizeof(k->path))
		return -ENAMETOOLONG;
	return access(k->path, R_OK) < 0 ? -errno : 0;
}

int main(int argc, char **argv)
{
	static const char *const keep[] = {"CREDENTIALS_DIRECTORY", NULL};
	struct keeper k;

	if (proc_harden(1, keep) < 0)
		return 1;
	if (argc != 2 || keeper_parse(argv[1], &k) < 0) {
		fprintf(stderr, "usage: jump-credential ACCOUNT@TARGET\n");
		return 2;
	}
	if (find(&k) < 0) {
		fprintf(stderr, "nothing is stored for %s; run: jumpctl "
				"credential set %s %s\n",
			k.name, k.target, k.account);
		return 1;
	}
	return front_run(serve_claim, &k);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-cert ZONE: signs keys of onward connections with one zone's CA.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/name.h"
#include "base/proc.h"
#include "workers/cert/serve.h"
#include "workers/peer/front.h"

#define PATH_SIZE 256

struct authority {
	const char *zone;
	char path[PATH_SIZE];
};

/* Where LoadCredential= put this zone's key. */
static int find(struct authority *a)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (!folder || folder[0] != '/')
		return -ENOENT;
	n = snprintf(a->path, sizeof(a->path), "%s/ca", folder);
	if (n < 0 || (size_t)n >= sizeof(a->path))
		return -ENAMETOOLONG;
	return access(a->path, R_OK) < 0 ? -errno : 0;
}

static int serve(int fd, const void *context)
{
	const struct authority *a = context;

	return serve_one(fd, a->zone, a->path);
}

int main(int argc, char **argv)
{
	static const char *const keep[] = {"CREDENTIALS_DIRECTORY", NULL};
	struct authority a = {0};

	if (proc_harden(1, keep) < 0)
		return 1;
	if (argc != 2 || !name_valid(argv[1])) {
		fprintf(stderr, "usage: jump-cert ZONE\n");
		return 2;
	}
	a.zone = argv[1];
	if (find(&a) < 0) {
		fprintf(stderr, "no CA for zone %s; run: jumpctl zone ca %s\n",
			a.zone, a.zone);
		return 1;
	}
	return front_run(serve, &a);
}

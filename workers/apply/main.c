/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-apply: brings the newest accepted snapshot and the local policy into
 * force. Started at boot, by its path unit when the inbox changes or the
 * watch wakes it, and by an administrator after a change of the policy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "workers/apply/apply.h"

#define LOCK_PATH    "/run/jump/apply.lock"
#define LOCK_WAIT_MS 60000

int main(int argc, char **argv)
{
	_cleanup_close_ int lock = -1;
	struct apply a;
	int r = proc_harden(0, NULL);

	(void)argv;
	if (argc != 1) {
		fprintf(stderr, "usage: jump-apply\n");
		return 64;
	}
	if (r == 0) {
		lock = enforce_lock(LOCK_PATH, LOCK_WAIT_MS);
		r = lock < 0 ? -EBUSY : apply_open(&a);
	}
	if (r < 0) {
		fprintf(stderr, "jump-apply: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	r = apply_run(&a);
	apply_done(&a);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

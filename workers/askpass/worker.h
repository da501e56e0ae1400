/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking jump-credential: what its clients say to it, and what they hear.
 */
#ifndef JUMP_WORKERS_ASKPASS_WORKER_H
#define JUMP_WORKERS_ASKPASS_WORKER_H

#include <stdbool.h>

#include "base/name.h"
#include "base/secret.h"

#define WORKER_TEXT_SIZE 512

struct worker_claim {
	char account[NAME_SIZE];
	char holder[NAME_SIZE]; /* the target whose account it is */
	const char *conn;
	const char *target; /* where the connection ends */
};

/*
 * Fetches the password, which each connection gets once. 0 with the secret,
 * to be wiped; else -errno and a sentence for people, printable ASCII.
 */
int worker_fetch(const struct worker_claim *c, struct secret *ret_secret,
	char ret_text[WORKER_TEXT_SIZE]);

/* Tells how the trial went. 0 or -errno. */
int worker_tell(const struct worker_claim *c, bool right);

#endif

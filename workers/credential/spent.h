/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which connections have had a credential: each has it once, whatever asks
 * it for a second time.
 */
#ifndef JUMP_WORKERS_CREDENTIAL_SPENT_H
#define JUMP_WORKERS_CREDENTIAL_SPENT_H

#include <stdbool.h>

#include "base/name.h"

#define SPENT_DIR	 "/run/jump/spent"
#define SPENT_KEPT_SEC	 600 /* longer than any login lasts */
#define SPENT_SWEEP_MAX	 1024

struct spent {
	const char *conn;
	const char *credential; /* "maint@plc-gw" */
	const char *session;	/* uuid */
};

/* 0: it is spent now; -EEXIST: it was; another -errno. All errors: refuse. */
int spent_mark(const char *dir, const struct spent *s);

/* It has not had it after all: nothing was handed out. */
void spent_undo(const char *dir, const struct spent *s);

/* Was it spent by this very session? */
bool spent_by(const char *dir, const struct spent *s);

/*
 * Forgets what is older than SPENT_KEPT_SEC and whose connection is over:
 * a connection's name never comes again.
 */
void spent_sweep(const char *dir, const char *connections);

#endif

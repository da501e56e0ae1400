/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stored credential: the password or the private key of one account of
 * one target. The worker that holds it has no other.
 */
#ifndef JUMP_WORKERS_CREDENTIAL_KEEPER_H
#define JUMP_WORKERS_CREDENTIAL_KEEPER_H

#include <stddef.h>

#include "base/name.h"

#define KEEPER_NAME_SIZE    (2 * NAME_SIZE) /* "maint@plc-gw" */
#define KEEPER_PATH_SIZE    256
#define KEEPER_SECRET_MAX   16384
#define KEEPER_PASSWORD_MAX 127

struct keeper {
	char name[KEEPER_NAME_SIZE];
	char account[NAME_SIZE];
	char target[NAME_SIZE];
	char path[KEEPER_PATH_SIZE]; /* where systemd put it, in memory */
};

/* Takes "ACCOUNT@TARGET" apart. 0 or -EINVAL. */
int keeper_parse(const char *name, struct keeper *ret_keeper);

/*
 * The secret, to be given to keeper_forget() on every way out. is_key: it is
 * a private key in PEM; else one line, a password without its newline.
 */
struct keeper_secret {
	char *bytes;
	size_t len;
	int is_key;
};
int keeper_read(const struct keeper *k, struct keeper_secret *ret_secret);
void keeper_forget(struct keeper_secret *s);
#define _cleanup_secret_of_keeper_ __attribute__((cleanup(keeper_forget)))

#endif

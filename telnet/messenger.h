/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who goes to the credential worker. The process that hears the device can't
 * open a socket; so a second one is started before, which hears no byte of
 * the device, understands three words, and goes when the first one is gone.
 * The password is fetched when the device has asked for it as the policy
 * says, and not before.
 */
#ifndef JUMP_TELNET_MESSENGER_H
#define JUMP_TELNET_MESSENGER_H

#include <stdbool.h>

#include "base/secret.h"
#include "workers/askpass/worker.h"

/* Starts it. Returns the descriptor to it, or -errno. `c` is copied. */
int messenger_start(const struct worker_claim *c);

/*
 * Has the password fetched; it works once. 0 with the secret; -errno with a
 * sentence. Uses read, write and poll alone.
 */
int messenger_fetch(
	int fd, struct secret *ret_secret, char ret_text[WORKER_TEXT_SIZE]);

/* Has the worker told how the login went; does not wait for it. */
void messenger_tell(int fd, bool right);

#endif

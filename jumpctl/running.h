/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verbs about a running bastion share: its folder of state, records
 * read whole, the watch woken, the person who asks named.
 */
#ifndef JUMP_JUMPCTL_RUNNING_H
#define JUMP_JUMPCTL_RUNNING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keyfile.h"
#include "jumpctl/command.h"

#define RUNNING_DIR	  "/run/jump"
#define RUNNING_NAME_SIZE 64

/* The folder of --run, or /run/jump; owner of what is in it. */
struct running {
	const char *dir;
	int fd;
	uid_t owner;
};
void running_done(struct running *r);
#define _cleanup_running_ __attribute__((cleanup(running_done)))

/* EXIT_OK, or said on stderr and an exit code to return. */
int running_open(const struct invocation *in, const char *dir,
	struct running *ret_running);

/* Calls `take` for each whole record of a folder, in the order of names. */
typedef int running_take(
	const char *name, const struct keyfile *record, void *context);
int running_each(const struct running *r, const char *folder,
	running_take *take, void *context);

/* Text resp. number of a record; "" resp. 0 when it is not there. */
const char *record_text(const struct keyfile *k, const char *key);
uint64_t record_number(const struct keyfile *k, const char *key);

/* The person at the keyboard, by the audit login uid; "root" without one. */
void running_operator(char ret_name[RUNNING_NAME_SIZE]);

/* Lets jump-watch look at once. Of the host's folder only. */
void running_wake_watch(const struct running *r);

/* Asks `done` every 50 ms for up to wait_ms. */
typedef bool running_ask(const struct running *r, void *context);
bool running_await(
	const struct running *r, int wait_ms, running_ask *done, void *context);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a verb answers with --json: one value, indented, and a newline.
 */
#ifndef JUMP_JUMPCTL_JSON_H
#define JUMP_JUMPCTL_JSON_H

#include <jansson.h>

#include "jumpctl/command.h"

/*
 * Prints value on stdout and drops it. NULL means that it could not be built
 * for want of memory. Returns EXIT_OK or EXIT_FAILED.
 */
int command_json(const struct invocation *in, json_t *value);

#endif

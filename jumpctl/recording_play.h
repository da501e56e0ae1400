/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs that show a recording. */
#ifndef JUMP_JUMPCTL_RECORDING_PLAY_H
#define JUMP_JUMPCTL_RECORDING_PLAY_H

#include "jumpctl/command.h"

int recording_play_run(const struct invocation *in);
int recording_cat_run(const struct invocation *in);

#endif

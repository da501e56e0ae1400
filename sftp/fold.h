/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks and refusals come by the thousand. The first is told at once, those
 * that follow at most once a second, with their count and the last one's
 * name.
 */
#ifndef JUMP_SFTP_FOLD_H
#define JUMP_SFTP_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "sftp/control.h"

#define FOLD_EVERY_MS 1000

struct fold {
	int64_t told_ms; /* 0: never */
	uint32_t waiting;
	char name[CONTROL_NAME_SIZE]; /* the last that waits */
	char text[CONTROL_TEXT_SIZE];
};

/* True: tell it now, as so many times. False: it is counted. */
bool fold_now(struct fold *f, int64_t now_ms, const char *name,
	const char *text, uint32_t *ret_times);

/* True: what waits is to be told now. */
bool fold_due(struct fold *f, int64_t now_ms, uint32_t *ret_times);

/* When fold_due() is to be asked; -1: nothing waits. */
int64_t fold_when(const struct fold *f);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Size and SHA-256 of a command's standard input: what is kept of it.
 */
#ifndef JUMP_JUMPSHELL_INPUTSUM_H
#define JUMP_JUMPSHELL_INPUTSUM_H

#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

#define INPUTSUM_TEXT_SIZE 96 /* "SIZE 64 hex digits" */

struct inputsum {
	uint64_t bytes;
	struct sha256_ctx digest;
};

void inputsum_begin(struct inputsum *s);
void inputsum_add(struct inputsum *s, const void *bytes, size_t len);
/* Once, at the end. */
void inputsum_text(struct inputsum *s, char ret_text[INPUTSUM_TEXT_SIZE]);

#endif

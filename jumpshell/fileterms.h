/* SPDX-License-Identifier: BSD-2-Clause */
/* What a decision lets a file link carry. Pure. */
#ifndef JUMP_JUMPSHELL_FILETERMS_H
#define JUMP_JUMPSHELL_FILETERMS_H

#include "policy/decide.h"
#include "sftp/control.h"

/* A refusal gives nothing. begun: files that count against it already. */
void fileterms_of(
	const struct decision *d, uint32_t begun, struct file_terms *ret_terms);

/* Does `now` take something away that `before` had? The count is not looked
 * at: that of `before` is what was left of it. */
bool fileterms_narrower(
	const struct file_terms *now, const struct file_terms *before);

#endif

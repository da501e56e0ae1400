/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Talking to the person through sshd: the question for the code, the sentence
 * of a refusal, and the moment of an answer that tells nothing.
 */
#ifndef JUMP_PAM_PROMPT_H
#define JUMP_PAM_PROMPT_H

#include <stdint.h>
#include <security/pam_modules.h>

#include "base/secret.h"

/*
 * From the reply on, a refusal takes this long, whatever stands behind it. An
 * answer that took longer comes at the next multiple.
 */
#define PROMPT_ANSWER_MS 1500

/*
 * Asks for the code without echo. Blanks, as apps show them, are left out.
 * Returns 0 with what was typed (possibly nothing, possibly no code);
 * -EMSGSIZE: too long for one; -EIO: nobody to ask.
 */
int prompt_code(pam_handle_t *pamh, struct secret *ret_code);

/* Shows one line to the person. What can't be shown is left out. */
void prompt_tell(pam_handle_t *pamh, const char *line);

/* Sleeps until an answer to a reply of that BOOTTIME may be given. */
void prompt_hold_answer(int64_t reply_boot_ms);
/* When that is: the first multiple of PROMPT_ANSWER_MS after the reply that
 * is not over yet. */
int64_t prompt_answer_ms(int64_t reply_boot_ms, int64_t now_boot_ms);

#endif

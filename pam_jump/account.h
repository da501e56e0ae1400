/* SPDX-License-Identifier: BSD-2-Clause */
/* The account step: both factors proven, the access decided, and said why. */
#ifndef JUMP_PAM_ACCOUNT_H
#define JUMP_PAM_ACCOUNT_H

#include <stdbool.h>
#include <security/pam_modules.h>

#include "pam_jump/refusal.h"

/*
 * Public-key logins skip the auth step, so this is where a login without a
 * second factor ends. The reason is told, when `tell`, only to somebody who
 * has passed both.
 */
enum refusal account_check(pam_handle_t *pamh, bool tell);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session around pam_systemd: the time limit before it, the look that it
 * took and the record after it, the end.
 */
#ifndef JUMP_PAM_SESSION_H
#define JUMP_PAM_SESSION_H

#include <security/pam_modules.h>

#include "pam_jump/refusal.h"

/* Each judges the access once more; only REFUSAL_NONE is a yes. */
enum refusal session_bound(pam_handle_t *pamh);
enum refusal session_record(pam_handle_t *pamh);

/* Puts the end on record. REFUSAL_NONE, or what stood in the way. */
enum refusal session_end(pam_handle_t *pamh);

#endif

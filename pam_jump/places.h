/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the module looks. The tests build a second module whose root is a
 * folder of theirs and whose trusted owner is whoever runs them; what is
 * shipped has these constants and no switch.
 */
#ifndef JUMP_PAM_PLACES_H
#define JUMP_PAM_PLACES_H

#include "base/health.h"
#include "base/moment.h"
#include "grants/rights.h"

#ifndef PAM_JUMP_ROOT
#define PAM_JUMP_ROOT  ""
#define PAM_JUMP_OWNER ((uid_t)0)
#endif

#define PLACE_RIGHTS    PAM_JUMP_ROOT RIGHTS_DB
#define PLACE_CLOCK     PAM_JUMP_ROOT MOMENT_CLOCK_FILE
#define PLACE_HEALTH    PAM_JUMP_ROOT HEALTH_FILE
#define PLACE_SEEDS     PAM_JUMP_ROOT "/run/jump/seeds"
#define PLACE_SESSIONS  PAM_JUMP_ROOT "/run/jump/sessions"
#define PLACE_OTP       PAM_JUMP_ROOT "/var/lib/jump/otp"
#define PLACE_PASSWD    PAM_JUMP_ROOT "/etc/passwd"
#define PLACE_TRANSIENT PAM_JUMP_ROOT "/run/systemd/transient"
#define PLACE_CGROUPS   "/sys/fs/cgroup"

#endif

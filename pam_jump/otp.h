/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second factor: time-based one-time codes (RFC 6238), each good once.
 * doc/formats/otp.md has the two files.
 */
#ifndef JUMP_PAM_OTP_H
#define JUMP_PAM_OTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"

#define OTP_SKEW_STEPS   1
#define OTP_LOCK_WAIT_MS 3000

struct otp_seed {
	bool usable; /* zero: a seed that no code fits, at the same cost */
	bool sha256;
	unsigned digits;
	unsigned period;
	struct secret key;
};
void otp_seed_wipe(struct otp_seed *seed);
#define _cleanup_otp_seed_ __attribute__((cleanup(otp_seed_wipe)))

/*
 * Reads the seed of a uid. On any error the seed is one that costs the same
 * time and fits no code. Returns 0; -ENOENT: none is enrolled; -EBADMSG,
 * -EPERM ...: the file can't be believed. Context: root.
 */
int otp_seed_read(uint32_t uid, struct otp_seed *ret_seed);

/*
 * Does the code fit now, one step earlier or one later? ret_step is the
 * latest step that it fits. Always the same work. now_sec: trusted UTC.
 * Source: RFC 6238 section 5.2.
 */
bool otp_fits(const struct otp_seed *seed, const struct secret *code,
	int64_t now_sec, uint64_t *ret_step);

/*
 * Spends a step, for good: when this returns 0 it is on disk, and no other
 * login gets 0 for it or an earlier one. -EALREADY: it was used before;
 * -EBADMSG: the state is not what we wrote; another -errno: it can't be
 * locked, read or written. Anything but 0: no success. Source: threat
 * T-OTP-REPLAY.
 */
int otp_spend(uint32_t uid, uint64_t step, unsigned period);

#endif

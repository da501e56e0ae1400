/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seed of a user's one-time codes, between the snapshot's sealed form
 * (doc/formats/snapshot.md) and the file that pam_jump reads
 * (doc/formats/otp.md).
 */
#ifndef JUMP_GRANTS_SEED_H
#define JUMP_GRANTS_SEED_H

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "grants/fault.h"

#define SEED_BYTES_MIN 16
#define SEED_BYTES_MAX 64

enum seed_alg {
	SEED_NONE = 0,
	SEED_TOTP_SHA1 = 1,
	SEED_TOTP_SHA256 = 2,
};

struct seed {
	enum seed_alg alg;
	unsigned int digits;
	unsigned int period_sec;
	struct secret key;
};

void seed_wipe(struct seed *s);
#define _cleanup_seed_ __attribute__((cleanup(seed_wipe)))

/*
 * Reads the plaintext of a seal. It must name this bastion and this user.
 * Returns 0; -EBADMSG and a fault of word "seed". Source: threat T-SEED.
 */
int seed_parse(const char *json, size_t len, const char *bastion_id,
	const char *user, struct seed *ret_seed, struct fault *ret_fault);

/*
 * Writes dirfd/UID as the keyfile that pam_jump reads: 0600, by rename.
 * Returns 0 or -errno.
 */
int seed_store(int dirfd, uint32_t uid, const struct seed *seed);

#endif

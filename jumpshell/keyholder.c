/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-keypair: makes the key pair of one connection and holds the files that
 * ssh reads, all of them in memory, until its standard input ends.
 *
 * ssh closes every descriptor it inherits, so it can be given files without a
 * name only through somebody's /proc/PID/fd. That somebody can't be
 * jumpshell, which nobody may look into; and libcrypto, which makes the key,
 * shall not stay in each session's memory. Hence a program of its own that
 * lives for seconds.
 *
 * Descriptors: 0 ends it, 1 takes the public line, 3 is the empty private
 * file; what else jumpshell put there (host keys; certificate, configuration
 * and log of each hop) is only held.
 */
#include <openssl/evp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "jumpshell/keypair.h"
#include "jumpshell/sshkey.h"

#define HELD_FDS   (KEYPAIR_FDS - 3)

static int make(struct sshkey *k)
{
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	size_t seed_len = sizeof(k->seed), point_len = sizeof(k->point);
	int ok = pair &&
		 EVP_PKEY_get_raw_private_key(pair, k->seed, &seed_len) == 1 &&
		 EVP_PKEY_get_raw_public_key(pair, k->point, &point_len) == 1 &&
		 seed_len == sizeof(k->seed) && point_len == sizeof(k->point);

	EVP_PKEY_free(pair);
	return ok ? 0 : -EIO;
}

static int write_out(const struct sshkey *k)
{
	char private_text[SSHKEY_PRIVATE_SIZE];
	char public_text[SSHKEY_PUBLIC_SIZE];
	uint32_t check;
	size_t len;
	int r;

	if (getrandom(&check, sizeof(check), 0) != sizeof(check))
		return -errno;
	len = sshkey_private(k, check, private_text);
	r = fd_write_all(KEYPAIR_PRIVATE, private_text, len);
	explicit_bzero(private_text, sizeof(private_text));
	if (r < 0)
		return r;
	/* from here on ssh, of the same uid, may open what is held */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return -errno;
	len = sshkey_public(k, public_text);
	return fd_write_all(1, public_text, len);
}

int main(void)
{
	struct sshkey k;
	char byte;
	int r;

	if (proc_harden(HELD_FDS, NULL) < 0)
		return 1;
	r = make(&k);
	if (r == 0)
		r = write_out(&k);
	explicit_bzero(&k, sizeof(k));
	if (r < 0)
		return 1;
	(void)close(1);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}

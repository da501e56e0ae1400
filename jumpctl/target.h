/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One look at a machine's host keys, and its two forms of output.
 */
#ifndef JUMP_JUMPCTL_TARGET_H
#define JUMP_JUMPCTL_TARGET_H

#include "jumpctl/command.h"
#include "policy/policy.h"

#define SCAN_KEYS_MAX 8

struct scanned_key {
	char line[POLICY_HOSTKEY_SIZE]; /* "ssh-ed25519 AAAA..." */
	char fingerprint[64];		/* "SHA256:..." */
	bool pinned;			/* stands in the policy as it is */
};

struct scan {
	const struct target *target; /* or NULL: not in the policy yet */
	const struct zone *zone;
	struct address address;
	char host[ADDRESS_TEXT_SIZE];
	uint16_t port;
	size_t key_count;
	struct scanned_key keys[SCAN_KEYS_MAX];
};

/*
 * Takes whole and well-formed keys out of what ssh-keyscan printed, which is
 * cut up by it. Everything else is left out. Returns how many.
 * Source: ssh-keyscan(1); design rule "targets are hostile too".
 */
size_t scan_take_keys(char *output, struct scanned_key *ret_keys, size_t size);

int scan_print(const struct scan *s);
int scan_print_json(const struct invocation *in, const struct scan *s);

#endif

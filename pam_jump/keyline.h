/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options in front of a key (AUTHORIZED_KEYS in sshd(8)): what sshd may
 * forward for this login. It is the first fence; the relay is the wall.
 */
#ifndef JUMP_PAM_KEYLINE_H
#define JUMP_PAM_KEYLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grants/rights.h"

#define KEYLINE_SIZE      (256 * 1024)
#define KEYLINE_OPENS_MAX 2048 /* sshd takes 4096 a key */

struct keyline {
	size_t len;
	size_t opens;
	bool full;
	char text[KEYLINE_SIZE];
};

/*
 * Writes the options for a user at `now` into ret_line: "restrict,pty" while
 * no window is open, else with port-forwarding, permitopen= for each thing
 * that can be tunnelled, and expiry-time= of the window that lasts longest.
 * More than fits: no forwarding at all, and ret_line->full says so.
 *
 * sshd does not tell where the client is, so a grant's sources are set aside
 * in view (PAM and the relay look at them). A target that is refused on this
 * road only because it must be recorded stays listed for ssh: the relay then
 * refuses it with a sentence, where sshd would refuse it without one.
 */
void keyline_make(struct rights_view *view, const struct rights_user *user,
	int64_t now, struct keyline *ret_line);

/* The same for somebody whose rights can't be judged now. */
void keyline_closed(struct keyline *ret_line);

#endif

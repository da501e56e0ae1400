/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a target printed, made harmless for the terminal of whoever looks at
 * it later: it may draw, and nothing else. A recording is hostile input.
 */
#ifndef JUMP_JUMPCTL_TERMSAFE_H
#define JUMP_JUMPCTL_TERMSAFE_H

#include <stddef.h>
#include <stdint.h>

#define TERMSAFE_SEQUENCE_MAX 64

struct termsafe {
	uint8_t state;
	size_t len;
	uint8_t sequence[TERMSAFE_SEQUENCE_MAX]; /* held back until judged */
};

/*
 * Filters len bytes of UTF-8 into out, which has room for len +
 * TERMSAFE_SEQUENCE_MAX. Text and the control characters BEL, BS, TAB, LF, CR
 * pass; so do the control sequences that draw (cursor, erase, colours,
 * scrolling, and modes that concern the screen). Titles, the clipboard, reports
 * that the terminal would answer as if typed, device control, and all other
 * escape sequences vanish. Returns the length. Source: ECMA-48; CVE-2024-35164
 * is why.
 */
size_t termsafe_filter(
	struct termsafe *t, const uint8_t *in, size_t len, uint8_t *out);

/* Puts a screen in order after a recording that ended anywhere. */
extern const char termsafe_reset[];

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base64, strictly: one text for one byte string. No blanks, no other
 * alphabet, no missing or extra padding, no stray bits at the end.
 */
#ifndef JUMP_GRANTS_BASE64_H
#define JUMP_GRANTS_BASE64_H

#include <stddef.h>
#include <stdint.h>

enum base64_form {
	BASE64_URL,   /* RFC 4648 section 5, never padded (JOSE) */
	BASE64_PADDED /* RFC 4648 section 4, always padded (SSH keys) */
};

/* Room that the decoded bytes of a text may need. */
#define BASE64_ROOM(len) ((len) / 4 * 3 + 3)

/*
 * Decodes len characters into bytes, which has BASE64_ROOM(len). Returns 0,
 * or -EBADMSG. Source: RFC 4648 section 3.5; RFC 7515 section 2.
 */
int base64_decode(enum base64_form form, const char *text, size_t len,
	uint8_t *ret_bytes, size_t *ret_len);

#endif

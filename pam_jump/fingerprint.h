/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name of a public key as OpenSSH writes it in its logs, so that ours can
 * be joined with them.
 */
#ifndef JUMP_PAM_FINGERPRINT_H
#define JUMP_PAM_FINGERPRINT_H

#include <stddef.h>

#define FINGERPRINT_SIZE 51 /* "SHA256:" 43 characters and the NUL */

/*
 * base64 is the key blob in base64 with its padding (RFC 4648 section 4),
 * nothing around it. Returns 0; -EINVAL when it is none; -EIO when the digest
 * failed. Source: ssh-keygen(1) -l, RFC 4253 section 6.6.
 */
int fingerprint_make(const char *base64, char ret_text[FINGERPRINT_SIZE]);

#endif

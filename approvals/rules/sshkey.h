/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenSSH public keys as people paste them: "TYPE BASE64 comment". Only types
 * and lengths that snapshots may carry pass; options never do.
 */
#ifndef JUMP_APPROVALS_RULES_SSHKEY_H
#define JUMP_APPROVALS_RULES_SSHKEY_H

#include "approvals/rules/refusal.h"

#define SSHKEY_LINE_SIZE	1024 /* "TYPE BASE64" and its NUL */
#define SSHKEY_FINGERPRINT_SIZE 51   /* "SHA256:" and 43 of base64, NUL */
#define SSHKEY_TEXT_MAX		2048 /* of what is pasted */

struct sshkey {
	char line[SSHKEY_LINE_SIZE];
	char fingerprint[SSHKEY_FINGERPRINT_SIZE];
};

/*
 * Judges a pasted line (a last newline and a comment are let go). Returns 0,
 * or -EPERM with a refusal under `field` that says what is wrong.
 * Source: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4,
 * OpenSSH PROTOCOL.u2f; doc/formats/snapshot.md, users[].
 */
int sshkey_parse(const char *text, const char *field, struct sshkey *ret_key,
	struct refusal *ret_why);

#endif

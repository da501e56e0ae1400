/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenSSH public keys, as they may stand in a snapshot: "TYPE BASE64" of a
 * closed list of types, and a blob that is just such a key. What passes here
 * is printed to sshd, so nothing else may hide in it.
 */
#ifndef JUMP_GRANTS_SSHKEY_H
#define JUMP_GRANTS_SSHKEY_H

/*
 * Returns NULL when the line is a key that may be used here, else what is
 * wrong (static text). Source: RFC 4253 section 6.6, RFC 5656 section 3.1,
 * RFC 8709, OpenSSH PROTOCOL.u2f; threat T-KEYLINE.
 */
const char *sshkey_check(const char *line);

#endif

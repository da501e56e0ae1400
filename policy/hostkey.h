/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Public keys of hosts as OpenSSH writes them, looked into: a key that is
 * damaged would only be noticed when the first connection fails.
 */
#ifndef JUMP_POLICY_HOSTKEY_H
#define JUMP_POLICY_HOSTKEY_H

/*
 * Judges "TYPE BASE64", one blank between, nothing behind. Returns NULL when
 * it is a whole key of that type, else what is wrong with it (static text).
 * Source: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4.
 */
const char *hostkey_fault(const char *text);

#endif

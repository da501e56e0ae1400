/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A no in SFTP's own words: sshd drops the standard error of a subsystem, and
 * a client whose server hangs up without a word says "Connection closed".
 */
#ifndef JUMP_JUMPSHELL_FILEREFUSAL_H
#define JUMP_JUMPSHELL_FILEREFUSAL_H

/*
 * Answers the client's greeting on descriptors in and out, and its first
 * request with "permission denied" and this text. A client that says something
 * else, or nothing in time, hears nothing.
 */
void filerefusal_say(int in, int out, const char *text);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A refusal that an ssh client shows to the person: sshd has already said
 * yes to the tunnel when the relay says no, and "open failed" says nothing.
 */
#ifndef JUMP_WORKERS_RELAY_SSH_REFUSAL_H
#define JUMP_WORKERS_RELAY_SSH_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#define SSH_REFUSAL_TEXT_MAX 400
#define SSH_REFUSAL_SIZE     1024

/*
 * The bytes of an SSH server that identifies itself and then disconnects
 * with this text (printable ASCII; other bytes become '?', a longer text is
 * cut): the text as a line for those who look at the bare bytes (`ssh -W`;
 * clients pass over it), a version line, and one unencrypted
 * SSH_MSG_DISCONNECT, which clients show. A server may send all of them
 * before it has heard anything. Returns the length.
 * Source: RFC 4253 sections 4.2, 6, 11.1.
 */
size_t ssh_refusal(const char *text, uint8_t ret_bytes[SSH_REFUSAL_SIZE]);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A control message as bytes: apart from the socket, so that what the other
 * end may send can be tried without one.
 */
#ifndef JUMP_SFTP_CONTROL_WIRE_H
#define JUMP_SFTP_CONTROL_WIRE_H

#include <sys/types.h>

#include "sftp/control.h"

/* Two paths, and all else together. */
#define CONTROL_PACKET_MAX (2 * CONTROL_NAME_SIZE + 2048)

/* The length of the packet, or -EMSGSIZE: a text without its end. */
ssize_t control_encode(
	const struct control *c, uint8_t *ret_packet, size_t size);

/* 0, or -EBADMSG: no message of ours; ret_control is zero then. */
int control_decode(const void *packet, size_t len, struct control *ret_control);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SFTP version 3 as it is spoken: draft-ietf-secsh-filexfer-02, and what
 * OpenSSH's PROTOCOL file adds to it.
 */
#ifndef JUMP_SFTP_PROTOCOL_H
#define JUMP_SFTP_PROTOCOL_H

#define SFTP_VERSION 3

#define SFTP_FRAME_MAX	(256 * 1024 + 1024) /* without its length word */
#define SFTP_DATA_MAX	261120		    /* what OpenSSH's limits say */
#define SFTP_PACKET_MAX (256 * 1024)
#define SFTP_DATA_SURE	32768 /* what every server has to take */
#define SFTP_HANDLE_MAX 256

enum sftp_type {
	FXP_INIT = 1,
	FXP_VERSION = 2,
	FXP_OPEN = 3,
	FXP_CLOSE = 4,
	FXP_READ = 5,
	FXP_WRITE = 6,
	FXP_LSTAT = 7,
	FXP_FSTAT = 8,
	FXP_SETSTAT = 9,
	FXP_FSETSTAT = 10,
	FXP_OPENDIR = 11,
	FXP_READDIR = 12,
	FXP_REMOVE = 13,
	FXP_MKDIR = 14,
	FXP_RMDIR = 15,
	FXP_REALPATH = 16,
	FXP_STAT = 17,
	FXP_RENAME = 18,
	FXP_READLINK = 19,
	FXP_SYMLINK = 20,
	FXP_STATUS = 101,
	FXP_HANDLE = 102,
	FXP_DATA = 103,
	FXP_NAME = 104,
	FXP_ATTRS = 105,
	FXP_EXTENDED = 200,
	FXP_EXTENDED_REPLY = 201,
};

enum sftp_status {
	FX_OK = 0,
	FX_EOF = 1,
	FX_NO_SUCH_FILE = 2,
	FX_PERMISSION_DENIED = 3,
	FX_FAILURE = 4,
	FX_BAD_MESSAGE = 5,
	FX_NO_CONNECTION = 6,
	FX_CONNECTION_LOST = 7,
	FX_OP_UNSUPPORTED = 8,
};

enum sftp_open {
	FXF_READ = 0x01,
	FXF_WRITE = 0x02,
	FXF_APPEND = 0x04,
	FXF_CREAT = 0x08,
	FXF_TRUNC = 0x10,
	FXF_EXCL = 0x20,
	FXF_KNOWN = 0x3f,
};

#endif

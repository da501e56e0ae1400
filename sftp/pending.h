/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was asked of targets and is not answered yet. A target sees numbers
 * of the gate's own; an answer counts only when it is that link's, was asked
 * for, and is of a type that fits.
 */
#ifndef JUMP_SFTP_PENDING_H
#define JUMP_SFTP_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PENDING_MAX 512
#define PENDING_ROOM 64 /* so many free before the client is heard again */

enum pending_kind {
	PENDING_NONE = 0,
	PENDING_STATUS, /* done, or why not */
	PENDING_READ,
	PENDING_WRITE,
	PENDING_GROUP, /* a WRITE that was split; nothing is asked by it */
	PENDING_READDIR,
	PENDING_ATTRS,
	PENDING_REALPATH,
	PENDING_READLINK,
	PENDING_STATVFS,
	/* up to here the client is answered when the link is lost */
	PENDING_ANSWERED_LAST = PENDING_STATVFS,
	PENDING_PART, /* of a WRITE */
	PENDING_LOOK, /* the gate's LSTAT before an OPEN and the like */
	PENDING_OPEN,
	PENDING_OPENDIR,
	PENDING_SIZE, /* the gate's FSTAT before a CLOSE */
	PENDING_CLOSE,
	PENDING_LIMITS,	      /* the gate's, once a link */
	PENDING_RELEASE_OPEN, /* a file that was checked goes on its way */
	PENDING_RELEASE_WRITE,
	PENDING_RELEASE_SET,
	PENDING_RELEASE_CLOSE,
};

struct pending {
	uint8_t kind;
	uint8_t link;
	uint8_t parts;	 /* of a GROUP: still to be answered */
	uint32_t status; /* ... and the first failure */
	uint32_t group;	 /* of a PART: the id of its GROUP */
	uint32_t number; /* grows with each use of the slot */
	uint32_t client_id;
	uint32_t handle; /* of handle_ref(); 0: none */
	uint32_t len;
	uint64_t offset;
	char *path; /* READLINK: where the link is; owned */
};

struct pendings {
	struct pending slots[PENDING_MAX];
	uint16_t free[PENDING_MAX];
	size_t free_count;
};

void pendings_init(struct pendings *p);
void pendings_done(struct pendings *p);

/* NULL when all are in use. */
struct pending *pending_new(struct pendings *p, uint8_t kind, uint8_t link);
void pending_free(struct pendings *p, struct pending *one);

/* Its number on the wire, and back; NULL: nobody asked that. */
uint32_t pending_id(const struct pendings *p, const struct pending *one);
struct pending *pending_find(struct pendings *p, uint32_t id, uint8_t link);

#endif

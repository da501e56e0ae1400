/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes users.db: from the users that policy let in to the compiled file
 * that nss_jump reads. The reader is grants/lookup.h.
 */
#ifndef JUMP_GRANTS_USERS_WRITE_H
#define JUMP_GRANTS_USERS_WRITE_H

#include <stddef.h>
#include <stdint.h>

struct users_entry {
	const char *name;  /* name_valid() */
	uint32_t uid;	   /* within uid_min..uid_max */
	const char *gecos; /* at most LOOKUP_GECOS_SIZE - 1 bytes, may be "" */
};

struct users_list {
	uint64_t generation;
	uint32_t uid_min,
		uid_max;    /* of the policy; at least LOOKUP_UID_FLOOR */
	uint32_t users_gid; /* of group jump-users, not 0 */
	size_t count;
	const struct users_entry *users; /* in any order, borrowed */
};

/*
 * May this stand in the full name of a passwd entry: fits, no ':' and no
 * control byte? Checked where users are let in, so that one odd name is one
 * refused user and not a refused file.
 */
int users_gecos_check(const char *gecos); /* 0, -EINVAL or -EMSGSIZE */

/*
 * Writes the whole file to fd, which is empty and at offset 0; the caller
 * sets its mode and owner, syncs it where that matters and publishes it by
 * rename. Same list, same bytes. Returns 0 or -errno; -EINVAL: an entry or
 * bound out of shape; -EEXIST: a name or uid twice; -E2BIG: too many users;
 * -EXFULL: these names collide under every seed tried (no honest list does).
 * After an error the file is to be thrown away.
 */
int users_write(int fd, const struct users_list *list);

#endif

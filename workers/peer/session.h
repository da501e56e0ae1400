/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session record, as pam_jump wrote it: which login a process belongs to.
 * One uid can have several sessions with different keys, sources and
 * recordings; relay, recorder and certificate worker name the right one
 * through here.
 */
#ifndef JUMP_WORKERS_PEER_SESSION_H
#define JUMP_WORKERS_PEER_SESSION_H

#include <stdint.h>
#include <sys/types.h>

#include "base/name.h"
#include "policy/policy.h"

#define SESSION_DIR	    "/run/jump/sessions"
#define SESSION_CGROUP_ROOT "/sys/fs/cgroup"
#define SESSION_SCOPE_SIZE  48
#define SESSION_KEY_SIZE    136
#define SESSION_CGROUP_SIZE 256
#define SESSION_SCAN_MAX    8192

/* The keys of doc/architecture.md, "session". */
struct session_record {
	char scope[SESSION_SCOPE_SIZE]; /* "session-12.scope" */
	char uuid[UUID_SIZE];
	uint32_t uid;
	char user[NAME_SIZE];
	char key[SESSION_KEY_SIZE]; /* "SHA256:...", of the first factor */
	char source[ADDRESS_TEXT_SIZE];
	struct address source_address;
	uint16_t source_port;
	uint32_t auid;
	uint32_t ses;
	char cgroup[SESSION_CGROUP_SIZE]; /* "/user.slice/..." */
	uint64_t cgroup_id;		  /* inode of its folder */
	pid_t monitor;
	uint64_t monitor_start; /* clock ticks since boot */
	int64_t started;	/* UTC s */
};

/* Where records and cgroups are, and who must own the records. */
struct session_places {
	const char *records;
	const char *cgroups;
	uid_t owner;
};
extern const struct session_places session_places_host;

/*
 * Reads one record by the name of its scope ("session-12.scope"; anything of
 * another form is -EINVAL). Returns 0; -ENOENT: no such session; -EBADMSG:
 * the record is not whole. All errors: nobody's session, refuse.
 */
int session_read(const struct session_places *places, const char *scope,
	struct session_record *ret_session);

/*
 * The session of a process whose cgroup2 path is known. The record must name
 * that very path, and the folder's inode must be the recorded one, so that a
 * later session with a reused scope name is not taken for it. Same errors.
 */
int session_by_cgroup(const struct session_places *places, const char *cgroup,
	struct session_record *ret_session);

/*
 * The session whose cgroup folder has this inode (sock_diag's cgroup id).
 * Returns 0, -ENOENT, or -E2BIG when there are more than SESSION_SCAN_MAX.
 */
int session_by_cgroup_id(const struct session_places *places, uint64_t id,
	struct session_record *ret_session);

#endif

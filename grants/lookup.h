/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * users.db: who is enrolled at this bastion (name, uid, full name), public.
 * Through nss_jump its reader runs in every process of the host: so it needs
 * libc only, keeps nothing between calls, allocates nothing, maps nothing
 * (a truncated map would kill the host's process), bounds every walk and
 * believes no byte that its checksum does not cover. doc/formats/users.md
 * is the normative text of the format.
 */
#ifndef JUMP_GRANTS_LOOKUP_H
#define JUMP_GRANTS_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOOKUP_USERS_DB	     "/run/jump/db/current/users.db"
#define LOOKUP_MAGIC	     "JUMPUSR\n"
#define LOOKUP_VERSION	     1
#define LOOKUP_NAME_SIZE     32 /* base/name.h's NAME_SIZE */
#define LOOKUP_GECOS_SIZE    64 /* with its NUL */
#define LOOKUP_USERS_MAX     (1u << 22)
#define LOOKUP_SLOT_BITS_MAX 24
#define LOOKUP_PROBES_MAX    64		 /* slots that one lookup may look at */
#define LOOKUP_WINDOW	     8		 /* slots that one read takes */
#define LOOKUP_UID_FLOOR     65536u	 /* no uid of ours is below: no look */
#define LOOKUP_UID_CEILING   0xfffffff0u /* -1 and -2 mean something else */

/* On disk: little-endian, naturally aligned, unused bytes zero. */
struct lookup_disk_header {
	char magic[8];
	uint32_t version;
	uint32_t user_count;
	uint64_t generation;
	uint64_t seed; /* of both hashes */
	uint32_t slot_bits;
	uint32_t uid_min;
	uint32_t uid_max;
	uint32_t users_gid; /* of group jump-users */
	uint64_t file_size;
	uint64_t checksum;
};
struct lookup_disk_slot {
	uint32_t key;	 /* low half of the name hash, resp. the uid */
	uint32_t record; /* number of the record plus 1; 0: empty */
	uint64_t checksum;
};
struct lookup_disk_record {
	char name[LOOKUP_NAME_SIZE];
	char gecos[LOOKUP_GECOS_SIZE];
	uint32_t uid;
	uint32_t unused;
	uint64_t checksum;
};
_Static_assert(sizeof(struct lookup_disk_header) == 64, "on disk");
_Static_assert(sizeof(struct lookup_disk_slot) == 16, "on disk");
_Static_assert(sizeof(struct lookup_disk_record) == 112, "on disk");

/* What a checksum belongs to, so that no part can stand in for another. */
enum lookup_part {
	LOOKUP_PART_HEADER = 1,
	LOOKUP_PART_NAMES,
	LOOKUP_PART_UIDS,
	LOOKUP_PART_RECORDS,
};

struct lookup {
	int fd;
	uint32_t user_count;
	uint32_t slot_bits;
	uint32_t uid_min, uid_max;
	uint32_t users_gid;
	uint64_t generation;
	uint64_t seed;
};

struct lookup_user {
	char name[LOOKUP_NAME_SIZE];
	uint32_t uid;
	char gecos[LOOKUP_GECOS_SIZE];
};

/*
 * Opens path and judges file and header: regular, of `owner`, not writable
 * by group or others, of exactly the size that its header says. Returns 0
 * and an open lookup for lookup_close(), or -errno: -ENOENT nothing was
 * published; -EPERM wrong owner, mode or kind; -EBADMSG not whole; another.
 * All of them mean: nobody is known. Any process, any thread.
 * Source: open(2), fstat(2); threats T-NSS-TORN, T-NSS-SWAP.
 */
int lookup_open(const char *path, uid_t owner, struct lookup *ret_lookup);
void lookup_close(struct lookup *l);

/*
 * Finds one user. Returns 0; -ENOENT: enrolled is nobody of that name resp.
 * uid, which every slot on the way has proven; -EBADMSG: what had to be read
 * is corrupt; another -errno of pread(2). Source: threat T-NSS-FORGED.
 */
int lookup_by_name(
	const struct lookup *l, const char *name, struct lookup_user *ret_user);
int lookup_by_uid(
	const struct lookup *l, uint32_t uid, struct lookup_user *ret_user);

/*
 * Could this be one of ours at all? The same names as name_valid(); asked
 * before any file is opened, because most questions are about others.
 */
bool lookup_name_possible(const char *name);
static inline bool lookup_uid_possible(uint32_t uid)
{
	return uid >= LOOKUP_UID_FLOOR && uid < LOOKUP_UID_CEILING;
}

/* Shared with the writer: doc/formats/users.md, "Checksum" and "Tables". */
uint64_t lookup_mix(uint64_t seed, const void *words, size_t len_bytes);
uint64_t lookup_seal(enum lookup_part part, uint64_t generation, uint64_t index,
	const void *words, size_t len_bytes);
uint64_t lookup_name_hash(uint64_t seed, const char *name);
uint64_t lookup_uid_hash(uint64_t seed, uint32_t uid);
uint32_t lookup_home(uint64_t hash, uint32_t slot_bits);
/* Slots in each table: the last ones are there so that no walk wraps. */
static inline uint64_t lookup_table_slots(uint32_t slot_bits)
{
	return (UINT64_C(1) << slot_bits) + LOOKUP_PROBES_MAX;
}
uint64_t lookup_part_offset(enum lookup_part part, uint32_t slot_bits);
uint64_t lookup_file_size(uint32_t slot_bits, uint32_t user_count);

#endif

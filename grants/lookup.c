/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bounded reader of users.db. It stands in every process of the host:
 * see lookup.h for what it may not do. A lookup is three to four preads: the
 * header, a window of slots of a hash table, the record.
 */
#include "grants/lookup.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIX_FACTOR UINT64_C(0x9e3779b97f4a7c15) /* odd: a bijection */

/*
 * Each step is a bijection of the 64-bit state, so a change within a single
 * word always changes the result: no single-byte corruption goes unseen.
 */
uint64_t lookup_mix(uint64_t seed, const void *words, size_t len_bytes)
{
	const unsigned char *at = words;
	uint64_t h = seed ^ (len_bytes * MIX_FACTOR);

	for (size_t i = 0; i + 8 <= len_bytes; i += 8) {
		uint64_t word;

		memcpy(&word, at + i, sizeof(word));
		h = (h ^ le64toh(word)) * MIX_FACTOR;
		h ^= h >> 32;
	}
	h *= MIX_FACTOR;
	return h ^ (h >> 29);
}

uint64_t lookup_seal(enum lookup_part part, uint64_t generation, uint64_t index,
	const void *words, size_t len_bytes)
{
	const uint64_t where[3] = {
		htole64((uint64_t)part), htole64(generation), htole64(index)};

	return lookup_mix(lookup_mix(LOOKUP_VERSION, where, sizeof(where)),
		words, len_bytes);
}

bool lookup_name_possible(const char *name)
{
	size_t len = 0;

	if (!name || name[0] < 'a' || name[0] > 'z')
		return false;
	for (; name[len]; len++) {
		char c = name[len];

		if (len == LOOKUP_NAME_SIZE - 1 ||
			!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
				c == '_' || c == '-'))
			return false;
	}
	return true;
}

/* name is possible, so it fits with its NUL. */
uint64_t lookup_name_hash(uint64_t seed, const char *name)
{
	char padded[LOOKUP_NAME_SIZE] = {0};

	for (size_t i = 0; i < sizeof(padded) - 1 && name[i]; i++)
		padded[i] = name[i];
	return lookup_mix(seed, padded, sizeof(padded));
}

uint64_t lookup_uid_hash(uint64_t seed, uint32_t uid)
{
	const uint64_t word = htole64((uint64_t)uid);

	return lookup_mix(seed, &word, sizeof(word));
}

/* The home slot: the top bits of a well-mixed value. */
uint32_t lookup_home(uint64_t hash, uint32_t slot_bits)
{
	return slot_bits ? (uint32_t)(hash >> (64 - slot_bits)) : 0;
}

uint64_t lookup_part_offset(enum lookup_part part, uint32_t slot_bits)
{
	uint64_t table =
		lookup_table_slots(slot_bits) * sizeof(struct lookup_disk_slot);

	switch (part) {
	case LOOKUP_PART_NAMES:
		return sizeof(struct lookup_disk_header);
	case LOOKUP_PART_UIDS:
		return sizeof(struct lookup_disk_header) + table;
	case LOOKUP_PART_RECORDS:
		return sizeof(struct lookup_disk_header) + 2 * table;
	case LOOKUP_PART_HEADER:
	default:
		return 0;
	}
}

uint64_t lookup_file_size(uint32_t slot_bits, uint32_t user_count)
{
	return lookup_part_offset(LOOKUP_PART_RECORDS, slot_bits) +
	       (uint64_t)user_count * sizeof(struct lookup_disk_record);
}

/* All of it or an error: within the size that was judged, nothing is short. */
static int read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	ssize_t got;

	do
		got = pread(fd, buffer, size, (off_t)offset);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return (size_t)got == size ? 0 : -EBADMSG;
}

/* What the header says, when it may say that of a file of this size. */
static int header_take(const struct lookup_disk_header *h, uint64_t size,
	struct lookup *ret_lookup)
{
	struct lookup l = {.fd = -1};

	l.user_count = le32toh(h->user_count);
	l.slot_bits = le32toh(h->slot_bits);
	l.uid_min = le32toh(h->uid_min);
	l.uid_max = le32toh(h->uid_max);
	l.users_gid = le32toh(h->users_gid);
	l.generation = le64toh(h->generation);
	l.seed = le64toh(h->seed);
	if (memcmp(h->magic, LOOKUP_MAGIC, sizeof(h->magic)) != 0 ||
		le32toh(h->version) != LOOKUP_VERSION ||
		le64toh(h->checksum) !=
			lookup_seal(LOOKUP_PART_HEADER, l.generation, 0, h,
				offsetof(struct lookup_disk_header, checksum)))
		return -EBADMSG;
	if (l.user_count > LOOKUP_USERS_MAX ||
		l.slot_bits > LOOKUP_SLOT_BITS_MAX ||
		!lookup_uid_possible(l.uid_min) ||
		!lookup_uid_possible(l.uid_max) || l.uid_min > l.uid_max ||
		le64toh(h->file_size) != size ||
		lookup_file_size(l.slot_bits, l.user_count) != size)
		return -EBADMSG;
	*ret_lookup = l;
	return 0;
}

static int file_judge(int fd, uid_t owner, struct lookup *ret_lookup)
{
	struct lookup_disk_header header;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != owner ||
		(st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	r = read_at(fd, &header, sizeof(header), 0);
	if (r < 0)
		return r;
	return header_take(&header, (uint64_t)st.st_size, ret_lookup);
}

int lookup_open(const char *path, uid_t owner, struct lookup *ret_lookup)
{
	struct lookup l;
	int fd, r;

	fd = open(path,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	r = file_judge(fd, owner, &l);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	l.fd = fd;
	*ret_lookup = l;
	return 0;
}

void lookup_close(struct lookup *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
}

static int record_read(
	const struct lookup *l, uint32_t index, struct lookup_user *ret_user)
{
	struct lookup_disk_record d;
	int r;

	if (index >= l->user_count)
		return -EBADMSG;
	r = read_at(l->fd, &d, sizeof(d),
		lookup_part_offset(LOOKUP_PART_RECORDS, l->slot_bits) +
			(uint64_t)index * sizeof(d));
	if (r < 0)
		return r;
	if (le64toh(d.checksum) !=
		lookup_seal(LOOKUP_PART_RECORDS, l->generation, index, &d,
			offsetof(struct lookup_disk_record, checksum)))
		return -EBADMSG;
	/* A whole record may still say what no user of ours can be. */
	if (d.name[sizeof(d.name) - 1] || d.gecos[sizeof(d.gecos) - 1] ||
		!lookup_name_possible(d.name) || le32toh(d.uid) < l->uid_min ||
		le32toh(d.uid) > l->uid_max)
		return -EBADMSG;
	memcpy(ret_user->name, d.name, sizeof(d.name));
	memcpy(ret_user->gecos, d.gecos, sizeof(d.gecos));
	ret_user->uid = le32toh(d.uid);
	return 0;
}

/* The question of one lookup; name is NULL when it is by uid. */
struct wanted {
	enum lookup_part table;
	uint32_t home;
	uint32_t key;
	const char *name;
};

static bool user_matches(const struct lookup_user *u, const struct wanted *w)
{
	return w->name ? strcmp(u->name, w->name) == 0 : u->uid == w->key;
}

/* 1: go on with the next slot; 0: found; -ENOENT: the walk ends here. */
static int slot_try(const struct lookup *l, const struct wanted *w,
	uint64_t index, const struct lookup_disk_slot *slot,
	struct lookup_user *ret_user)
{
	struct lookup_user user;
	int r;

	if (le64toh(slot->checksum) !=
		lookup_seal(w->table, l->generation, index, slot,
			offsetof(struct lookup_disk_slot, checksum)))
		return -EBADMSG;
	if (slot->record == 0)
		return -ENOENT;
	if (le32toh(slot->key) != w->key)
		return 1;
	r = record_read(l, le32toh(slot->record) - 1, &user);
	if (r < 0)
		return r;
	if (!user_matches(&user, w))
		return w->name ? 1 : -EBADMSG;
	*ret_user = user;
	return 0;
}

static int table_walk(const struct lookup *l, const struct wanted *w,
	struct lookup_user *ret_user)
{
	const uint64_t table = lookup_part_offset(w->table, l->slot_bits);
	struct lookup_disk_slot window[LOOKUP_WINDOW];

	for (uint32_t probe = 0; probe < LOOKUP_PROBES_MAX; probe++) {
		uint64_t index = (uint64_t)w->home + probe;
		int r = 0;

		if (probe % LOOKUP_WINDOW == 0)
			r = read_at(l->fd, window, sizeof(window),
				table + index * sizeof(window[0]));
		if (r == 0)
			r = slot_try(l, w, index,
				&window[probe % LOOKUP_WINDOW], ret_user);
		if (r <= 0)
			return r;
	}
	return -EBADMSG; /* the writer never makes a walk this long */
}

int lookup_by_name(
	const struct lookup *l, const char *name, struct lookup_user *ret_user)
{
	struct wanted w = {.table = LOOKUP_PART_NAMES, .name = name};
	uint64_t hash;

	if (!lookup_name_possible(name))
		return -ENOENT;
	hash = lookup_name_hash(l->seed, name);
	w.key = (uint32_t)hash;
	w.home = lookup_home(hash, l->slot_bits);
	return table_walk(l, &w, ret_user);
}

int lookup_by_uid(
	const struct lookup *l, uint32_t uid, struct lookup_user *ret_user)
{
	struct wanted w = {.table = LOOKUP_PART_UIDS, .key = uid};

	if (uid < l->uid_min || uid > l->uid_max)
		return -ENOENT;
	w.home = lookup_home(lookup_uid_hash(l->seed, uid), l->slot_bits);
	return table_walk(l, &w, ret_user);
}

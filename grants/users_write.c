/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer of users.db: records sorted by name, two hash tables over them,
 * every part sealed. It chooses seed and table size so that no walk of the
 * reader is longer than LOOKUP_PROBES_MAX, whatever the names are.
 */
#include "grants/users_write.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/name.h"
#include "grants/lookup.h"

#define SEEDS_TRIED 32
#define GROW_TRIED  2

_Static_assert(LOOKUP_NAME_SIZE == NAME_SIZE, "one size of names");

struct image {
	const struct users_list *list;
	const struct users_entry **sorted; /* owned; by name */
	uint32_t count;
	uint32_t slot_bits;
	uint64_t seed;
	size_t size;
	unsigned char *bytes; /* owned */
};

static void image_done(struct image *m)
{
	free(m->sorted);
	free(m->bytes);
}

int users_gecos_check(const char *gecos)
{
	size_t len = strlen(gecos);

	if (len >= LOOKUP_GECOS_SIZE)
		return -EMSGSIZE;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)gecos[i];

		if (c < 0x20 || c == 0x7f || c == ':')
			return -EINVAL;
	}
	return 0;
}

static int list_check(const struct users_list *list)
{
	if (list->count > LOOKUP_USERS_MAX)
		return -E2BIG;
	if (!lookup_uid_possible(list->uid_min) ||
		!lookup_uid_possible(list->uid_max) ||
		list->uid_min > list->uid_max || list->users_gid == 0 ||
		list->users_gid >= LOOKUP_UID_CEILING)
		return -EINVAL;
	for (size_t i = 0; i < list->count; i++) {
		const struct users_entry *e = &list->users[i];

		if (!name_valid(e->name) || e->uid < list->uid_min ||
			e->uid > list->uid_max ||
			users_gecos_check(e->gecos) < 0)
			return -EINVAL;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct users_entry *const *x = a;
	const struct users_entry *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int image_sort(struct image *m)
{
	m->count = (uint32_t)m->list->count;
	m->sorted = calloc((size_t)m->count + 1, sizeof(*m->sorted));
	if (!m->sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->count; i++)
		m->sorted[i] = &m->list->users[i];
	qsort(m->sorted, m->count, sizeof(*m->sorted), by_name);
	for (uint32_t i = 1; i < m->count; i++)
		if (strcmp(m->sorted[i - 1]->name, m->sorted[i]->name) == 0)
			return -EEXIST;
	return 0;
}

static struct lookup_disk_slot *image_table(
	const struct image *m, enum lookup_part part)
{
	return (struct lookup_disk_slot *)(void *)(m->bytes +
						   lookup_part_offset(
							   part, m->slot_bits));
}

/* One slot taken for a record; the run it joins must stay short. */
static int slot_take(const struct image *m, enum lookup_part part,
	uint32_t home, uint32_t key, uint32_t record)
{
	struct lookup_disk_slot *table = image_table(m, part);

	for (uint32_t probe = 0; probe < LOOKUP_PROBES_MAX - 1; probe++) {
		struct lookup_disk_slot *s = &table[(uint64_t)home + probe];

		if (s->record == 0) {
			s->key = htole32(key);
			s->record = htole32(record + 1);
			return 0;
		}
		if (part == LOOKUP_PART_UIDS && le32toh(s->key) == key)
			return -EEXIST;
	}
	return -EXFULL;
}

/* A walk from any home must meet an empty slot in time, and not wrap. */
static bool runs_are_short(const struct image *m, enum lookup_part part)
{
	const struct lookup_disk_slot *table = image_table(m, part);
	uint64_t slots = lookup_table_slots(m->slot_bits);
	uint32_t run = 0;

	for (uint64_t i = 0; i < slots; i++) {
		run = table[i].record ? run + 1 : 0;
		if (run >= LOOKUP_PROBES_MAX)
			return false;
	}
	return run == 0;
}

static int tables_fill(struct image *m)
{
	size_t from = lookup_part_offset(LOOKUP_PART_NAMES, m->slot_bits);
	size_t to = lookup_part_offset(LOOKUP_PART_RECORDS, m->slot_bits);
	int r;

	memset(m->bytes + from, 0, to - from);
	for (uint32_t i = 0; i < m->count; i++) {
		const struct users_entry *e = m->sorted[i];
		uint64_t name = lookup_name_hash(m->seed, e->name);
		uint64_t uid = lookup_uid_hash(m->seed, e->uid);

		r = slot_take(m, LOOKUP_PART_NAMES,
			lookup_home(name, m->slot_bits), (uint32_t)name, i);
		if (r == 0)
			r = slot_take(m, LOOKUP_PART_UIDS,
				lookup_home(uid, m->slot_bits), e->uid, i);
		if (r < 0)
			return r;
	}
	return runs_are_short(m, LOOKUP_PART_NAMES) &&
			       runs_are_short(m, LOOKUP_PART_UIDS)
		       ? 0
		       : -EXFULL;
}

static int image_allocate(struct image *m)
{
	free(m->bytes);
	m->size = lookup_file_size(m->slot_bits, m->count);
	m->bytes = calloc(1, m->size);
	return m->bytes ? 0 : -ENOMEM;
}

/* At most half full; a seed is as good as another, so try some. */
static int image_place(struct image *m)
{
	const uint64_t generation = htole64(m->list->generation);
	uint32_t least = 1;
	int r = -EXFULL;

	while ((UINT64_C(1) << least) < 2 * (uint64_t)m->count)
		least++;
	for (uint32_t grow = 0; grow < GROW_TRIED && r == -EXFULL; grow++) {
		m->slot_bits = least + grow;
		r = image_allocate(m);
		if (r < 0)
			return r;
		r = -EXFULL;
		for (uint64_t t = 0; t < SEEDS_TRIED && r == -EXFULL; t++) {
			m->seed =
				lookup_mix(t, &generation, sizeof(generation));
			r = tables_fill(m);
		}
	}
	return r;
}

static void tables_seal(struct image *m, enum lookup_part part)
{
	struct lookup_disk_slot *table = image_table(m, part);
	uint64_t slots = lookup_table_slots(m->slot_bits);

	for (uint64_t i = 0; i < slots; i++)
		table[i].checksum = htole64(
			lookup_seal(part, m->list->generation, i, &table[i],
				offsetof(struct lookup_disk_slot, checksum)));
}

static void records_fill(struct image *m)
{
	struct lookup_disk_record *d =
		(void *)(m->bytes +
			 lookup_part_offset(LOOKUP_PART_RECORDS, m->slot_bits));

	for (uint32_t i = 0; i < m->count; i++, d++) {
		const struct users_entry *e = m->sorted[i];

		memcpy(d->name, e->name, strlen(e->name));
		memcpy(d->gecos, e->gecos, strlen(e->gecos));
		d->uid = htole32(e->uid);
		d->checksum = htole64(lookup_seal(LOOKUP_PART_RECORDS,
			m->list->generation, i, d,
			offsetof(struct lookup_disk_record, checksum)));
	}
}

static void header_fill(struct image *m)
{
	struct lookup_disk_header *h = (void *)m->bytes;

	memcpy(h->magic, LOOKUP_MAGIC, sizeof(h->magic));
	h->version = htole32(LOOKUP_VERSION);
	h->user_count = htole32(m->count);
	h->generation = htole64(m->list->generation);
	h->seed = htole64(m->seed);
	h->slot_bits = htole32(m->slot_bits);
	h->uid_min = htole32(m->list->uid_min);
	h->uid_max = htole32(m->list->uid_max);
	h->users_gid = htole32(m->list->users_gid);
	h->file_size = htole64(m->size);
	h->checksum =
		htole64(lookup_seal(LOOKUP_PART_HEADER, m->list->generation, 0,
			h, offsetof(struct lookup_disk_header, checksum)));
}

int users_write(int fd, const struct users_list *list)
{
	__attribute__((cleanup(image_done))) struct image m = {.list = list};
	int r;

	r = list_check(list);
	if (r == 0)
		r = image_sort(&m);
	if (r == 0)
		r = image_place(&m);
	if (r < 0)
		return r;
	records_fill(&m);
	tables_seal(&m, LOOKUP_PART_NAMES);
	tables_seal(&m, LOOKUP_PART_UIDS);
	header_fill(&m);
	return fd_write_all(fd, m.bytes, m.size);
}

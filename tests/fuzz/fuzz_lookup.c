/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * users.db from any bytes. As they come, most inputs fail at a checksum; so
 * each is tried a second time with the checksums made right, which takes
 * the fuzzer behind them. Whatever is answered must fit what was asked.
 */
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "grants/lookup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const char *path)
{
	static const char *const names[] = {"acme-tech1", "beta", "z"};
	struct lookup l;
	struct lookup_user u;

	if (lookup_open(path, geteuid(), &l) < 0)
		return;
	for (size_t i = 0; i < 3; i++)
		if (lookup_by_name(&l, names[i], &u) == 0 &&
			(strcmp(u.name, names[i]) != 0 || u.uid < l.uid_min ||
				u.uid > l.uid_max))
			abort();
	for (uint32_t uid = 1900000000; uid < 1900000010; uid++)
		if (lookup_by_uid(&l, uid, &u) == 0 &&
			(u.uid != uid || !lookup_name_possible(u.name) ||
				strlen(u.gecos) >= LOOKUP_GECOS_SIZE))
			abort();
	lookup_close(&l);
}

static void table_seal(
	uint8_t *data, size_t size, enum lookup_part part, uint32_t bits)
{
	const struct lookup_disk_header *h = (void *)data;
	uint64_t generation = le64toh(h->generation);
	uint64_t at = lookup_part_offset(part, bits);

	for (uint64_t i = 0; i < lookup_table_slots(bits); i++) {
		struct lookup_disk_slot s;

		if (at + (i + 1) * sizeof(s) > size)
			return;
		memcpy(&s, data + at + i * sizeof(s), sizeof(s));
		s.checksum = htole64(lookup_seal(part, generation, i, &s,
			offsetof(struct lookup_disk_slot, checksum)));
		memcpy(data + at + i * sizeof(s), &s, sizeof(s));
	}
}

static void seal(uint8_t *data, size_t size)
{
	struct lookup_disk_header *h = (void *)data;
	uint32_t bits = le32toh(h->slot_bits) % 6;
	uint64_t generation = le64toh(h->generation);
	uint64_t at = lookup_part_offset(LOOKUP_PART_RECORDS, bits);

	h->slot_bits = htole32(bits);
	h->file_size = htole64(size);
	if (size >= at)
		h->user_count =
			htole32((uint32_t)((size - at) /
					   sizeof(struct lookup_disk_record)));
	h->checksum = htole64(lookup_seal(LOOKUP_PART_HEADER, generation, 0, h,
		offsetof(struct lookup_disk_header, checksum)));
	table_seal(data, size, LOOKUP_PART_NAMES, bits);
	table_seal(data, size, LOOKUP_PART_UIDS, bits);
	for (uint64_t i = 0;; i++) {
		struct lookup_disk_record d;

		if (at + (i + 1) * sizeof(d) > size)
			return;
		memcpy(&d, data + at + i * sizeof(d), sizeof(d));
		d.checksum = htole64(
			lookup_seal(LOOKUP_PART_RECORDS, generation, i, &d,
				offsetof(struct lookup_disk_record, checksum)));
		memcpy(data + at + i * sizeof(d), &d, sizeof(d));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_Alignas(8) static uint8_t copy[1 << 16];
	char path[64];
	int fd;

	if (size > sizeof(copy))
		return 0;
	snprintf(path, sizeof(path), "/tmp/jump-fuzz-lookup-%d", (int)getpid());
	for (int pass = 0; pass < 2; pass++) {
		memcpy(copy, data, size);
		if (pass == 1 && size >= sizeof(struct lookup_disk_header))
			seal(copy, size);
		(void)unlink(path);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			return 0;
		if (fd_write_all(fd, copy, size) == 0)
			ask(path);
		(void)close(fd);
	}
	(void)unlink(path);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a user's own file, as they are and with their checksums put
 * right, asked for names in buffers of many sizes: an answer is of the name
 * that was asked for, and inside the buffer.
 */
#include "base/cleanup.h"
#include "nss_jump/hosts.c"
#include "tests/fuzz/cellfile.h"

#define ROOM 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is answered may point nowhere else. */
static void check(const void *at, const char *buffer)
{
	const char *p = at;

	if (p < buffer || p >= buffer + ROOM)
		abort();
}

static void answer(const struct known *k, size_t buflen)
{
	_cleanup_free_ char *buffer = malloc(ROOM);
	struct gaih_addrtuple *tuple = NULL;
	struct hostent host;

	if (!buffer)
		abort();
	if (hostent_fill(k, AF_INET, &host, buffer, buflen) == 0) {
		check(host.h_name, buffer);
		check(host.h_addr_list[0], buffer);
	}
	if (tuples_fill(k, &tuple, buffer, buflen) == 0)
		for (; tuple; tuple = tuple->next)
			check(tuple, buffer);
}

static void ask(int fd)
{
	static const char *const names[] = {"hmi-1", "plc-gw", "a", "zzz"};
	struct known k;
	struct cells c;

	if (cells_open(fd, &c) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (known_find(&c, names[i], &k) < 0)
			continue;
		if (strcmp(k.name, names[i]) != 0)
			abort();
		for (size_t len = 0; len <= ROOM; len += 16)
			answer(&k, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return cellfile_read(data, size, ask);
}

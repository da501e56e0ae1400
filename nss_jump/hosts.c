/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other half of libnss_jump: a supplier's process knows the targets that
 * it was granted by their names (ssh -L 3389:hmi-1:3389, ssh -J), without a
 * name service that would tell everybody what is in the plant. It reads the
 * file of its own user's rights, and no other process may. What is found is a
 * name: whether a connection is allowed the relay decides.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <nss.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/trusted.h"
#include "grants/cells.h"
#include "grants/lookup.h"
#include "grants/rights.h"

/* The tests build this file a second time, with a place of theirs. */
#ifndef NSS_JUMP_USER_FMT
#define NSS_JUMP_USER_FMT RIGHTS_USER_FMT
#define NSS_JUMP_UID	  getuid()
#define NSS_JUMP_OWNER	  0
#endif

#define NSS_EXPORT __attribute__((visibility("default")))

/* libc has no header for the entry points of a module. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

struct known {
	char name[NAME_SIZE];
	bool hop_only; /* another target is behind it: not granted */
	size_t count;
	struct address addresses[POLICY_ADDRS_MAX];
};

/* The head of a target's body, as far as its addresses. */
static int known_take(struct cursor *in, struct known *ret_known)
{
	struct known k = {0};
	size_t len = cursor_u16(in);
	const char *name = cursor_bytes(in, len);

	if (!name || len >= sizeof(k.name))
		return -EBADMSG;
	memcpy(k.name, name, len);
	k.hop_only = cursor_u8(in) != 0;
	(void)cursor_u32(in); /* its zone */
	k.count = cursor_u16(in);
	if (k.count > POLICY_ADDRS_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < k.count; i++) {
		uint8_t version = cursor_u8(in);
		const void *bytes =
			cursor_bytes(in, sizeof(k.addresses[i].bytes));

		if (!bytes || (version != 4 && version != 6))
			return -EBADMSG;
		k.addresses[i].family = version == 4 ? AF_INET : AF_INET6;
		memcpy(k.addresses[i].bytes, bytes,
			sizeof(k.addresses[i].bytes));
	}
	if (in->failed)
		return -EBADMSG;
	*ret_known = k;
	return 0;
}

static int known_read(
	const struct cells *c, uint32_t index, struct known *ret_known)
{
	uint8_t payload[CELL_PAYLOAD], body[CELL_BODY_MAX];
	struct cell_ref ref;
	struct cursor in;
	int r = cells_read(c, CELL_TARGETS, index, payload);

	if (r < 0)
		return r;
	cursor_init(&in, payload, sizeof(payload));
	ref.first = cursor_u32(&in);
	ref.len_bytes = cursor_u32(&in);
	r = cells_read_body(c, ref, body);
	if (r < 0)
		return r;
	cursor_init(&in, body, ref.len_bytes);
	return known_take(&in, ret_known);
}

/* The table is sorted by name. */
static int known_find(
	const struct cells *c, const char *name, struct known *ret_known)
{
	uint32_t low = 0, high = c->count[CELL_TARGETS];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order, r = known_read(c, middle, ret_known);

		if (r < 0)
			return r;
		order = strcmp(name, ret_known->name);
		if (order == 0)
			return ret_known->hop_only ? -ESRCH : 0;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -ESRCH;
}

/* 0; -ESRCH: no name of this process's user; another -errno: no answer. */
static int known_by_name(const char *name, struct known *ret_known)
{
	char path[sizeof(NSS_JUMP_USER_FMT) + 16];
	const uint32_t uid = NSS_JUMP_UID;
	struct cells c;
	int fd, r;

	/* Most processes of a host are others: no system call then. */
	if (!lookup_uid_possible(uid) || !lookup_name_possible(name))
		return -ESRCH;
	(void)snprintf(path, sizeof(path), NSS_JUMP_USER_FMT, uid);
	fd = trusted_open(AT_FDCWD, path, NSS_JUMP_OWNER, CELLS_MAX_BYTES);
	if (fd == -ENOENT || fd == -EACCES)
		return -ESRCH; /* a uid that is not ours */
	if (fd < 0)
		return fd;
	r = cells_open(fd, &c);
	if (r == 0 && (c.kind != CELL_KIND_USER || c.binding != uid))
		r = -EBADMSG;
	if (r == 0)
		r = known_find(&c, name, ret_known);
	(void)close(fd);
	return r;
}

static enum nss_status status_of(int r, int *errnop, int *h_errnop)
{
	switch (r) {
	case 0:
		*h_errnop = NETDB_SUCCESS;
		return NSS_STATUS_SUCCESS;
	case -ESRCH:
		*errnop = ENOENT;
		*h_errnop = HOST_NOT_FOUND;
		return NSS_STATUS_NOTFOUND;
	case -ENODATA: /* the name is known, not in this family */
		*errnop = ENOENT;
		*h_errnop = NO_DATA;
		return NSS_STATUS_NOTFOUND;
	case -ERANGE:
		*errnop = ERANGE;
		*h_errnop = NETDB_INTERNAL;
		return NSS_STATUS_TRYAGAIN;
	default:
		*errnop = ENOENT;
		*h_errnop = NO_RECOVERY;
		return NSS_STATUS_UNAVAIL;
	}
}

static size_t length_of(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* What a hostent points to, in the caller's buffer. */
struct hostroom {
	char *aliases[1], *addresses[2]; /* each ends with NULL */
	uint8_t address[16];
	char name[NAME_SIZE];
};

static int hostent_fill(const struct known *k, int family, struct hostent *h,
	char *buffer, size_t buflen)
{
	const size_t skip = -(uintptr_t)buffer % _Alignof(struct hostroom);
	struct hostroom *room = (void *)(buffer + skip);
	size_t i = 0;

	while (i < k->count && k->addresses[i].family != family)
		i++;
	if (i == k->count)
		return -ENODATA;
	if (buflen < skip + sizeof(*room))
		return -ERANGE;
	memset(room, 0, sizeof(*room));
	memcpy(room->name, k->name, sizeof(room->name));
	memcpy(room->address, k->addresses[i].bytes, length_of(family));
	room->addresses[0] = (char *)room->address;
	*h = (struct hostent){
		.h_name = room->name,
		.h_aliases = room->aliases,
		.h_addrtype = family,
		.h_length = (int)length_of(family),
		.h_addr_list = room->addresses,
	};
	return 0;
}

/* libc may bring the first element; the others are in the buffer. */
struct tupleroom {
	struct gaih_addrtuple tuples[POLICY_ADDRS_MAX];
	char name[NAME_SIZE];
};

static int tuples_fill(const struct known *k, struct gaih_addrtuple **at,
	char *buffer, size_t buflen)
{
	const size_t skip = -(uintptr_t)buffer % _Alignof(struct tupleroom);
	struct tupleroom *room = (void *)(buffer + skip);

	if (k->count == 0)
		return -ENODATA;
	if (buflen < skip + sizeof(*room))
		return -ERANGE;
	memset(room, 0, sizeof(*room));
	memcpy(room->name, k->name, sizeof(room->name));
	for (size_t i = 0; i < k->count; i++) {
		struct gaih_addrtuple *t = *at ? *at : &room->tuples[i];

		t->next = NULL;
		t->name = room->name;
		t->family = k->addresses[i].family;
		t->scopeid = 0;
		memset(t->addr, 0, sizeof(t->addr));
		memcpy(t->addr, k->addresses[i].bytes, length_of(t->family));
		*at = t;
		at = &t->next;
	}
	return 0;
}

NSS_EXPORT enum nss_status _nss_jump_gethostbyname4_r(const char *name,
	struct gaih_addrtuple **pat, char *buffer, size_t buflen, int *errnop,
	int *h_errnop, int32_t *ttlp)
{
	struct known k;
	int r = known_by_name(name, &k);

	if (r == 0)
		r = tuples_fill(&k, pat, buffer, buflen);
	if (r == 0 && ttlp)
		*ttlp = 0;
	return status_of(r, errnop, h_errnop);
}

NSS_EXPORT enum nss_status _nss_jump_gethostbyname2_r(const char *name,
	int family, struct hostent *result, char *buffer, size_t buflen,
	int *errnop, int *h_errnop)
{
	struct known k;
	int r = known_by_name(name, &k);

	if (r == 0)
		r = hostent_fill(&k, family, result, buffer, buflen);
	return status_of(r, errnop, h_errnop);
}

NSS_EXPORT enum nss_status _nss_jump_gethostbyname_r(const char *name,
	struct hostent *result, char *buffer, size_t buflen, int *errnop,
	int *h_errnop)
{
	return _nss_jump_gethostbyname2_r(
		name, AF_INET, result, buffer, buflen, errnop, h_errnop);
}

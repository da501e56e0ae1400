/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/name.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static bool lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool hex(char c)
{
	return digit(c) || (c >= 'a' && c <= 'f');
}

bool name_valid(const char *name)
{
	size_t len = strnlen(name, NAME_SIZE);

	if (len == 0 || len > NAME_MAX_LEN || !lower(name[0]))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!lower(name[i]) && !digit(name[i]) && name[i] != '-' &&
			name[i] != '_')
			return false;
	}
	return true;
}

static bool id_char(char c)
{
	return lower(c) || digit(c) || (c >= 'A' && c <= 'Z');
}

bool id_valid(const char *id)
{
	size_t len = strnlen(id, ID_SIZE);

	if (len == 0 || len >= ID_SIZE || !id_char(id[0]))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!id_char(id[i]) && !strchr("._:-", id[i]))
			return false;
	}
	return true;
}

bool uuid_valid(const char *uuid)
{
	if (strnlen(uuid, UUID_SIZE) != UUID_SIZE - 1)
		return false;
	for (size_t i = 0; i < UUID_SIZE - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? uuid[i] != '-' : !hex(uuid[i]))
			return false;
	}
	return true;
}

bool conn_valid(const char *conn)
{
	if (strnlen(conn, CONN_SIZE) != CONN_SIZE - 1)
		return false;
	for (size_t i = 0; i < CONN_SIZE - 1; i++) {
		if (!hex(conn[i]))
			return false;
	}
	return true;
}

static int random_bytes(void *bytes, size_t len)
{
	ssize_t n = getrandom(bytes, len, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int uuid_make(char ret_uuid[UUID_SIZE])
{
	uint8_t b[16];
	int r = random_bytes(b, sizeof(b));

	if (r < 0)
		return r;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* version 4 */
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80); /* RFC 9562 variant */
	snprintf(ret_uuid, UUID_SIZE,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		"%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		b[10], b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

int conn_make(char ret_conn[CONN_SIZE])
{
	uint64_t value;
	int r = random_bytes(&value, sizeof(value));

	if (r < 0)
		return r;
	snprintf(ret_conn, CONN_SIZE, "%016llx", (unsigned long long)value);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/hostkeys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpshell/memfile.h"

#define TARGET_MAX                                                             \
	(POLICY_HOSTKEYS_MAX * (POLICY_HOSTKEY_SIZE + NAME_SIZE + 2))

static int add(const struct target *t, char *text, size_t size, size_t *len)
{
	if (t->hostkey_count == 0)
		return -ENODATA;
	for (size_t i = 0; i < t->hostkey_count; i++) {
		const char *key = t->hostkeys[i];
		int n;

		if (i == POLICY_HOSTKEYS_MAX || strpbrk(key, "\r\n"))
			return -EBADMSG;
		n = snprintf(
			text + *len, size - *len, "%s %s\n", t->name, key);
		if (n < 0 || (size_t)n >= size - *len)
			return -EMSGSIZE;
		*len += (size_t)n;
	}
	return 0;
}

int hostkeys_write(
	const struct target *const *targets, size_t count, int memory_file)
{
	_cleanup_free_ char *text = malloc(count * TARGET_MAX);
	size_t len = 0;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int r = add(targets[i], text, count * TARGET_MAX, &len);

		if (r < 0)
			return r;
	}
	return memfile_fill(memory_file, text, len);
}

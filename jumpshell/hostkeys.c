/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/hostkeys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "jumpshell/memfile.h"

int hostkeys_write(const struct target *target, int memory_file)
{
	char text[POLICY_HOSTKEYS_MAX * (POLICY_HOSTKEY_SIZE + NAME_SIZE + 2)];
	size_t len = 0;

	if (target->hostkey_count == 0)
		return -ENODATA;
	for (size_t i = 0; i < target->hostkey_count; i++) {
		const char *key = target->hostkeys[i];
		int n;

		if (i == POLICY_HOSTKEYS_MAX || strpbrk(key, "\r\n"))
			return -EBADMSG;
		n = snprintf(text + len, sizeof(text) - len, "%s %s\n",
			target->name, key);
		if (n < 0 || (size_t)n >= sizeof(text) - len)
			return -EMSGSIZE;
		len += (size_t)n;
	}
	return memfile_fill(memory_file, text, len);
}

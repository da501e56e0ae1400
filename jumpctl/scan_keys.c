/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host keys out of what ssh-keyscan printed of a machine that nobody vouches
 * for: whole lines, known types, nothing but base64.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpctl/target.h"

static bool type_known(const char *type)
{
	static const char *const types[] = {"ssh-ed25519",
		"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
		"ecdsa-sha2-nistp521", "ssh-rsa"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(type, types[i]) == 0)
			return true;
	}
	return false;
}

static bool base64_only(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789+/");

	return len > 0 && strspn(text + len, "=") <= 2 &&
	       text[len + strspn(text + len, "=")] == '\0';
}

/*
 * "HOST TYPE BASE64": three words, of which we chose the first. The line is
 * cut into them.
 */
static bool take_key(char *line, struct scanned_key *ret_key)
{
	char *type = strchr(line, ' ');
	char *blob = type ? strchr(type + 1, ' ') : NULL;

	if (!blob)
		return false;
	*type++ = '\0';
	*blob++ = '\0';
	if (!type_known(type) || !base64_only(blob))
		return false;
	return snprintf(ret_key->line, sizeof(ret_key->line), "%s %s", type,
		       blob) < (int)sizeof(ret_key->line);
}

size_t scan_take_keys(char *output, struct scanned_key *ret_keys, size_t size)
{
	size_t count = 0;
	char *next;

	for (char *line = output; *line && count < size; line = next) {
		next = strchr(line, '\n');
		if (!next)
			break; /* cut short: not a whole key */
		*next++ = '\0';
		if (line[0] != '#' && take_key(line, &ret_keys[count]))
			count++;
	}
	return count;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* One pass over the passwd file. */
#include "pam_jump/local.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/number.h"
#include "base/trusted.h"

/*
 * NAME:PASSWORD:UID:... ; a line without a uid (as of NIS) has a name only, a
 * uid that is none makes the file one that can't be understood.
 */
static int line_is(
	const char *line, size_t len, const char *name, uint32_t uid)
{
	const char *field;
	char text[16];
	uint64_t number;
	size_t field_len = 0;
	struct cursor c;

	cursor_init(&c, line, len);
	field = cursor_until(&c, ':', len, &field_len);
	if (!field)
		return len == 0 || line[0] == '#' ? 0 : -EBADMSG;
	if (field_len == strlen(name) && memcmp(field, name, field_len) == 0)
		return 1;
	(void)cursor_until(&c, ':', len, &field_len);
	field = cursor_until(&c, ':', sizeof(text) - 1, &field_len);
	if (!field)
		return -EBADMSG;
	if (field_len == 0)
		return 0;
	memcpy(text, field, field_len);
	text[field_len] = '\0';
	if (number_parse(text, 0, UINT32_MAX, &number) < 0)
		return -EBADMSG;
	return number == uid;
}

int local_account(
	const char *passwd_file, uid_t owner, const char *name, uint32_t uid)
{
	_cleanup_free_ char *bytes = NULL;
	size_t len = 0;
	int r = trusted_read(AT_FDCWD, passwd_file, owner,
		LOCAL_PASSWD_MAX_BYTES, &bytes, &len);

	for (size_t at = 0; r == 0 && at < len;) {
		const char *end = memchr(bytes + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - bytes) - at : len - at;

		r = line_is(bytes + at, line_len, name, uid);
		at += line_len + 1;
	}
	return r;
}

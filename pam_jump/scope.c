/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the kernel's and systemd's view of this session. */
#include "pam_jump/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/number.h"
#include "base/proc.h"
#include "base/trusted.h"
#include "pam_jump/places.h"

#define UNIT_MAX_BYTES 65536

static const char letters_digits[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

int scope_parse(const char *cgroup, uint32_t uid, struct scope *ret_scope)
{
	static const char begin[] = "session-", end[] = ".scope";
	char slice[64];
	const char *name;
	size_t id_len;
	int slice_len = snprintf(slice, sizeof(slice),
		"/user.slice/user-%u.slice/", uid);

	if (strncmp(cgroup, slice, (size_t)slice_len) != 0)
		return -EBADMSG;
	name = cgroup + slice_len;
	if (strncmp(name, begin, sizeof(begin) - 1) != 0)
		return -EBADMSG;
	id_len = strspn(name + sizeof(begin) - 1, letters_digits);
	if (id_len == 0 || strcmp(name + sizeof(begin) - 1 + id_len, end) != 0)
		return -EBADMSG;
	if (strlen(name) >= sizeof(ret_scope->name) ||
		strlen(cgroup) >= sizeof(ret_scope->cgroup))
		return -EBADMSG;
	memcpy(ret_scope->name, name, strlen(name) + 1);
	memcpy(ret_scope->cgroup, cgroup, strlen(cgroup) + 1);
	return 0;
}

int scope_own(uint32_t uid, struct scope *ret_scope)
{
	char cgroup[SCOPE_CGROUP_SIZE];
	char folder[sizeof(PLACE_CGROUPS) + SCOPE_CGROUP_SIZE];
	struct stat st;
	int r = proc_cgroup(getpid(), cgroup, sizeof(cgroup));

	if (r == 0)
		r = scope_parse(cgroup, uid, ret_scope);
	if (r < 0)
		return r;
	(void)snprintf(folder, sizeof(folder), PLACE_CGROUPS "%s", cgroup);
	if (stat(folder, &st) < 0)
		return -errno;
	ret_scope->cgroup_id = (uint64_t)st.st_ino;
	return 0;
}

static int take_part(struct cursor *c, uint64_t *total_sec)
{
	static const struct {
		const char *unit;
		uint64_t sec;
	} units[] = {{"y", 31557600}, {"month", 2629800}, {"w", 604800},
		{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};
	const char *part = (const char *)c->at;
	size_t len = 0, digits = 0;
	char number[12];
	uint64_t value;

	while (len < cursor_left(c) && part[len] != ' ')
		len++;
	(void)cursor_bytes(c, len);
	while (digits < len && part[digits] >= '0' && part[digits] <= '9')
		digits++;
	if (digits == 0 || digits >= sizeof(number))
		return -EBADMSG;
	memcpy(number, part, digits);
	number[digits] = '\0';
	if (number_parse(number, 0, UINT32_MAX, &value) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strlen(units[i].unit) != len - digits ||
			memcmp(units[i].unit, part + digits, len - digits) != 0)
			continue;
		*total_sec += value * units[i].sec;
		return 0;
	}
	return -EBADMSG;
}

int scope_parse_span(const char *text, uint64_t *ret_sec)
{
	uint64_t total_sec = 0;
	struct cursor c;

	cursor_init(&c, text, strnlen(text, 128));
	do {
		if (take_part(&c, &total_sec) < 0)
			return -EBADMSG;
	} while (cursor_u8(&c) == ' ');
	if (cursor_left(&c) > 0)
		return -EBADMSG;
	*ret_sec = total_sec;
	return 0;
}

/* The last RuntimeMaxSec= line counts; it is alone where we set it. */
static int limit_of_unit(char *text, uint64_t *ret_sec)
{
	static const char key[] = "\nRuntimeMaxSec=";
	char *at, *value = NULL;

	for (at = text; (at = strstr(at, key)) != NULL; at = value)
		value = at + sizeof(key) - 1;
	if (!value)
		return -ENODATA;
	value[strcspn(value, "\n")] = '\0';
	return scope_parse_span(value, ret_sec);
}

int scope_limit(const char *scope, uint64_t max_sec)
{
	_cleanup_free_ char *text = NULL;
	char path[sizeof(PLACE_TRANSIENT) + SCOPE_NAME_SIZE + 1];
	size_t len = 0;
	uint64_t limit_sec = 0;
	int r;

	(void)snprintf(path, sizeof(path), PLACE_TRANSIENT "/%s", scope);
	r = trusted_read(AT_FDCWD, path, PAM_JUMP_OWNER, UNIT_MAX_BYTES, &text,
		&len);
	if (r == 0)
		r = limit_of_unit(text, &limit_sec);
	if (r < 0)
		return r;
	return limit_sec == 0 || limit_sec > max_sec ? -ERANGE : 0;
}

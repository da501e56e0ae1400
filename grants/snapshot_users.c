/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * users[] of a payload: one person, one name, one number, the keys.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "grants/snapshot_parse.h"
#include "grants/sshkey.h"

#define UID_FLOOR   1000
#define UID_CEILING 4294967293

/* Characters that show nothing, or turn what is beside them around. */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{0x0000, 0x001f},
	{0x003a, 0x003a}, /* ':' ends a field of passwd(5) */
	{0x007f, 0x009f},
	{0x00ad, 0x00ad},
	{0x061c, 0x061c},
	{0x200b, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x206f},
	{0xfeff, 0xfeff},
	{0xfff0, 0xfffb},
	{0xe0000, 0xe0fff},
};

/* The next code point of text that is known to be UTF-8. */
static uint32_t next_point(const unsigned char **text)
{
	unsigned char first = *(*text)++;
	uint32_t point = first;
	int more = 0;

	if (first >= 0xf0) {
		point = first & 0x07;
		more = 3;
	} else if (first >= 0xe0) {
		point = first & 0x0f;
		more = 2;
	} else if (first >= 0xc0) {
		point = first & 0x1f;
		more = 1;
	}
	while (more-- > 0 && **text)
		point = point << 6 | (*(*text)++ & 0x3f);
	return point;
}

static bool gecos_valid(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		uint32_t point = next_point(&at);

		for (size_t i = 0; i < ARRAY_LEN(unprintable); i++)
			if (point >= unprintable[i].first &&
				point <= unprintable[i].last)
				return false;
	}
	return true;
}

static void take_keys(struct json_reader *r, struct snapshot_user *u)
{
	const json_t *keys = json_reader_array(r, "keys", 0, RIGHTS_KEYS_MAX);
	size_t count = keys ? json_array_size(keys) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *line = json_reader_element(
			r, "keys", keys, i, 1, RIGHTS_KEY_SIZE - 1);
		const char *why = line ? sshkey_check(line) : NULL;

		if (!line)
			return;
		if (why)
			return json_reader_fail(r, "keys", why);
		for (size_t k = 0; k < i; k++)
			if (strcmp(u->keys[k], line) == 0)
				return json_reader_fail(
					r, "keys", "has a key twice");
		u->keys[u->key_count++] = line;
	}
}

/* Three parts are JWS, five are JWE; what is inside is for the seal. */
static void take_otp(struct json_reader *r, struct snapshot_user *u)
{
	u->otp = json_reader_text_opt(r, "otp", 1, SNAPSHOT_OTP_MAX);
	if (u->otp && u->otp[strspn(u->otp,
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz0123456789-_.")])
		json_reader_fail(r, "otp", "is no compact JWE");
}

static int parse_user(struct parse *p, const json_t *object, size_t index)
{
	struct snapshot_user *u = &p->s->users[index];
	struct json_reader r;

	json_reader_init(&r, object);
	u->name = take_name(&r, "name");
	u->uid = (uint32_t)json_reader_int(&r, "uid", UID_FLOOR, UID_CEILING);
	u->gecos = json_reader_text(&r, "gecos", 0, SNAPSHOT_GECOS_MAX);
	if (u->gecos && !gecos_valid(u->gecos))
		json_reader_fail(&r, "gecos", "has a character it must not");
	u->disabled = json_reader_bool(&r, "disabled");
	take_keys(&r, u);
	take_otp(&r, u);
	if (finish_object(p, &r, (struct spot){"users", index}) < 0)
		return -EBADMSG;
	if (index > 0 && strcmp(u[-1].name, u->name) >= 0)
		return fault_set(p->fault, "order",
			"users[%zu]: names are not strictly ascending", index);
	return 0;
}

static int compare_uid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int check_uids_unique(struct parse *p)
{
	size_t n = p->s->user_count;
	_cleanup_free_ uint32_t *uids = calloc(n ? n : 1, sizeof(*uids));

	if (!uids)
		return fault_errno(p->fault, -ENOMEM, "users");
	for (size_t i = 0; i < n; i++)
		uids[i] = p->s->users[i].uid;
	qsort(uids, n, sizeof(*uids), compare_uid);
	for (size_t i = 1; i < n; i++)
		if (uids[i - 1] == uids[i])
			return fault_set(p->fault, "value",
				"two users have the uid %u", uids[i]);
	return 0;
}

int parse_users(struct parse *p, const json_t *users)
{
	size_t n = json_array_size(users);

	p->s->users = calloc(n ? n : 1, sizeof(*p->s->users));
	if (!p->s->users)
		return fault_errno(p->fault, -ENOMEM, "users");
	for (size_t i = 0; i < n; i++) {
		int e = parse_user(p, json_array_get(users, i), i);

		if (e < 0)
			return e;
	}
	p->s->user_count = n;
	return check_uids_unique(p);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/credential/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/trusted.h"

int keeper_parse(const char *name, struct keeper *ret_keeper)
{
	const char *at = strchr(name, '@');
	struct keeper k = {0};
	size_t len = at ? (size_t)(at - name) : 0;

	if (!at || len >= NAME_SIZE || strlen(at + 1) >= NAME_SIZE)
		return -EINVAL;
	memcpy(k.account, name, len);
	memcpy(k.target, at + 1, strlen(at + 1));
	memcpy(k.name, name, strlen(name));
	if (!name_valid(k.account) || !name_valid(k.target))
		return -EINVAL;
	*ret_keeper = k;
	return 0;
}

void keeper_forget(struct keeper_secret *s)
{
	if (s->bytes) {
		explicit_bzero(s->bytes, s->len);
		free(s->bytes);
	}
	*s = (struct keeper_secret){0};
}

/* One line without anything that a prompt could take for something else. */
static int judge_password(struct keeper_secret *s)
{
	if (s->len > 0 && s->bytes[s->len - 1] == '\n')
		s->bytes[--s->len] = '\0';
	if (s->len == 0 || s->len > KEEPER_PASSWORD_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < s->len; i++) {
		unsigned char c = (unsigned char)s->bytes[i];

		if (c < 0x20 || c == 0x7f)
			return -EBADMSG;
	}
	return 0;
}

/* systemd makes the file ours, or root's with a list that lets us read it:
 * as the file system allows. */
static int read_file(const char *path, struct keeper_secret *s)
{
	int r = trusted_read(AT_FDCWD, path, geteuid(), KEEPER_SECRET_MAX,
		&s->bytes, &s->len);

	if (r == -EPERM)
		r = trusted_read(AT_FDCWD, path, 0, KEEPER_SECRET_MAX,
			&s->bytes, &s->len);
	return r;
}

int keeper_read(const struct keeper *k, struct keeper_secret *ret_secret)
{
	static const char pem[] = "-----BEGIN ";
	struct keeper_secret s = {0};
	int r = read_file(k->path, &s);

	if (r < 0)
		return r;
	s.is_key = s.len > strlen(pem) &&
		   memcmp(s.bytes, pem, strlen(pem)) == 0;
	r = s.is_key ? 0 : judge_password(&s);
	if (r < 0) {
		keeper_forget(&s);
		return r;
	}
	*ret_secret = s;
	return 0;
}

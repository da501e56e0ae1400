/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/credential/signing.h"

#include <string.h>

#include "base/cursor.h"

#define MESSAGE_SIGN	13
#define USERAUTH	50 /* SSH_MSG_USERAUTH_REQUEST */
#define SESSION_ID_MIN	20 /* of the oldest key exchange, SHA-1 */
#define SESSION_ID_MAX	64

struct piece {
	const uint8_t *bytes; /* NULL: there is none */
	size_t len;
};

/* A length in the network's order, and what it says. */
static struct piece take(struct cursor *c)
{
	const uint8_t *head = cursor_bytes(c, 4);
	struct piece p = {0};

	if (!head)
		return p;
	p.len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
		(size_t)head[2] << 8 | head[3];
	p.bytes = cursor_bytes(c, p.len);
	return p;
}

static bool is(const struct piece *p, const char *text)
{
	return p->bytes && p->len == strlen(text) &&
	       memcmp(p->bytes, text, p->len) == 0;
}

static bool take_text(struct cursor *c, const char *text)
{
	struct piece p = take(c);

	return is(&p, text);
}

/* Up to the key, which the agent compares; hostbound adds the host's. */
static bool is_request(const struct piece *signed_part, const char *account)
{
	struct cursor c;
	struct piece id, method;

	cursor_init(&c, signed_part->bytes, signed_part->len);
	id = take(&c);
	if (!id.bytes || id.len < SESSION_ID_MIN || id.len > SESSION_ID_MAX ||
		cursor_u8(&c) != USERAUTH || !take_text(&c, account) ||
		!take_text(&c, "ssh-connection"))
		return false;
	method = take(&c);
	if (!is(&method, "publickey") &&
		!is(&method, "publickey-hostbound-v00@openssh.com"))
		return false;
	return cursor_u8(&c) == 1 && !c.failed;
}

bool signing_is_login(
	const uint8_t *message, size_t len_bytes, const char *account)
{
	struct cursor c;
	struct piece key, signed_part;

	cursor_init(&c, message, len_bytes);
	if (cursor_u8(&c) != MESSAGE_SIGN)
		return false;
	key = take(&c);
	signed_part = take(&c);
	(void)cursor_u32(&c); /* flags */
	return key.bytes && signed_part.bytes && cursor_done(&c) &&
	       is_request(&signed_part, account);
}

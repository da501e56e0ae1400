/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes the blob apart field by field. Lengths are those of the type, so
 * that a key of another kind can't pass under this one's name.
 */
#include "grants/sshkey.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "grants/base64.h"
#include "grants/rights.h"

#define RSA_BITS_MIN 3072
#define RSA_BITS_MAX 4096

/* One string of the blob: big-endian length, then bytes. */
struct piece {
	const uint8_t *bytes;
	size_t len;
};

static struct piece take_piece(struct cursor *in)
{
	const uint8_t *size = cursor_bytes(in, 4);
	struct piece p = {0};

	if (!size)
		return p;
	p.len = (size_t)size[0] << 24 | (size_t)size[1] << 16 |
		(size_t)size[2] << 8 | size[3];
	p.bytes = cursor_bytes(in, p.len);
	if (!p.bytes)
		p.len = 0;
	return p;
}

static bool piece_is(struct piece p, const char *text)
{
	return p.bytes && p.len == strlen(text) &&
	       memcmp(p.bytes, text, p.len) == 0;
}

/* Uncompressed, of the curve's size. That the point is on the curve is
 * sshd's to find; a key that is none opens nothing. */
static bool take_point(struct cursor *in, const char *curve, size_t field_bytes)
{
	bool named = piece_is(take_piece(in), curve);
	struct piece point = take_piece(in);

	return named && point.len == 1 + 2 * field_bytes &&
	       point.bytes[0] == 0x04;
}

static bool take_ed25519(struct cursor *in)
{
	return take_piece(in).len == 32;
}

static bool take_nistp256(struct cursor *in)
{
	return take_point(in, "nistp256", 32);
}

static bool take_nistp384(struct cursor *in)
{
	return take_point(in, "nistp384", 48);
}

static bool take_nistp521(struct cursor *in)
{
	return take_point(in, "nistp521", 66);
}

/* The application a security key is bound to: "ssh:" and printable text. */
static bool take_application(struct cursor *in)
{
	struct piece p = take_piece(in);

	if (p.len < 4 || p.len > 64 || memcmp(p.bytes, "ssh:", 4) != 0)
		return false;
	for (size_t i = 0; i < p.len; i++)
		if (p.bytes[i] <= 0x20 || p.bytes[i] >= 0x7f)
			return false;
	return true;
}

static bool take_sk_ed25519(struct cursor *in)
{
	return take_ed25519(in) && take_application(in);
}

static bool take_sk_nistp256(struct cursor *in)
{
	return take_nistp256(in) && take_application(in);
}

/* A positive number without needless zeros; its bits, 0 when it is none. */
static size_t number_bits(struct piece p)
{
	size_t bits;
	uint8_t top;

	if (p.len == 0 || p.bytes[0] & 0x80)
		return 0;
	if (p.bytes[0] == 0) {
		if (p.len == 1 || !(p.bytes[1] & 0x80))
			return 0;
		p.bytes++;
		p.len--;
	}
	bits = (p.len - 1) * 8;
	for (top = p.bytes[0]; top; top >>= 1)
		bits++;
	return bits;
}

static bool take_rsa(struct cursor *in)
{
	struct piece e = take_piece(in), n = take_piece(in);
	size_t e_bits = number_bits(e), n_bits = number_bits(n);

	return e_bits >= 2 && e_bits <= 32 && (e.bytes[e.len - 1] & 1) &&
	       n_bits >= RSA_BITS_MIN && n_bits <= RSA_BITS_MAX &&
	       (n.bytes[n.len - 1] & 1);
}

static const struct {
	const char *name;
	bool (*take)(struct cursor *in);
} types[] = {
	{"ssh-ed25519", take_ed25519},
	{"ecdsa-sha2-nistp256", take_nistp256},
	{"ecdsa-sha2-nistp384", take_nistp384},
	{"ecdsa-sha2-nistp521", take_nistp521},
	{"sk-ssh-ed25519@openssh.com", take_sk_ed25519},
	{"sk-ecdsa-sha2-nistp256@openssh.com", take_sk_nistp256},
	{"ssh-rsa", take_rsa},
};

const char *sshkey_check(const char *line)
{
	const char *blank = strchr(line, ' ');
	uint8_t blob[BASE64_ROOM(RIGHTS_KEY_SIZE)];
	struct cursor in;
	size_t len;

	if (strlen(line) >= RIGHTS_KEY_SIZE)
		return "is too long for a key";
	if (!blank || blank == line)
		return "is not \"TYPE BASE64\"";
	if (base64_decode(BASE64_PADDED, blank + 1, strlen(blank + 1), blob,
		    &len) < 0)
		return "is a key whose blob is no base64";
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strlen(types[i].name) != (size_t)(blank - line) ||
			strncmp(line, types[i].name, (size_t)(blank - line)))
			continue;
		cursor_init(&in, blob, len);
		if (!piece_is(take_piece(&in), types[i].name))
			return "is a key of another type than it says";
		if (!types[i].take(&in) || !cursor_done(&in))
			return "is a key whose blob is malformed";
		return NULL;
	}
	return "is a key of a type that is not allowed";
}

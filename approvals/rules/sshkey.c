/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64, then the blob's parts by a table of types. */
#include "approvals/rules/sshkey.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cursor.h"

#define BLOB_MAX 768

enum part { PART_END = 0, PART_BYTES, PART_CURVE, PART_APPLICATION, PART_RSA };

static const struct {
	const char *type;
	enum part parts[4];
	size_t len;	   /* of PART_BYTES */
	const char *curve; /* of PART_CURVE */
} types[] = {
	{"ssh-ed25519", {PART_BYTES}, 32, NULL},
	{"ecdsa-sha2-nistp256", {PART_CURVE, PART_BYTES}, 65, "nistp256"},
	{"ecdsa-sha2-nistp384", {PART_CURVE, PART_BYTES}, 97, "nistp384"},
	{"ecdsa-sha2-nistp521", {PART_CURVE, PART_BYTES}, 133, "nistp521"},
	{"sk-ssh-ed25519@openssh.com", {PART_BYTES, PART_APPLICATION}, 32,
		NULL},
	{"sk-ecdsa-sha2-nistp256@openssh.com",
		{PART_CURVE, PART_BYTES, PART_APPLICATION}, 65, "nistp256"},
	{"ssh-rsa", {PART_RSA}, 0, NULL},
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
			       "nopqrstuvwxyz0123456789+/";

static int sextet(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Strict: padded, nothing else in it, unused bits zero. */
static ssize_t base64_decode(
	const char *text, size_t len, uint8_t *bytes, size_t size)
{
	size_t pad = 0, out = 0;
	uint32_t bits = 0;

	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	if (len == 0 || len % 4 != 0 || len / 4 * 3 - pad > size)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		int six = i < len - pad ? sextet(text[i]) : 0;

		if (six < 0)
			return -EINVAL;
		bits = (bits << 6) | (uint32_t)six;
		if (i % 4 != 3)
			continue;
		for (int shift = 16; shift >= 0; shift -= 8) {
			uint8_t byte = (uint8_t)(bits >> shift);

			if (out < len / 4 * 3 - pad)
				bytes[out++] = byte;
			else if (byte != 0)
				return -EINVAL;
		}
		bits = 0;
	}
	return (ssize_t)out;
}

/* An SSH string: 32-bit big-endian length and bytes, borrowed. */
static const uint8_t *take_string(struct cursor *c, size_t *ret_len)
{
	const uint8_t *n = cursor_bytes(c, 4);

	*ret_len = n ? (size_t)n[0] << 24 | (size_t)n[1] << 16 |
				   (size_t)n[2] << 8 | n[3]
		     : 0;
	return n ? cursor_bytes(c, *ret_len) : NULL;
}

static bool take_this(struct cursor *c, const char *expected)
{
	size_t len;
	const uint8_t *bytes = take_string(c, &len);

	return bytes && len == strlen(expected) &&
	       memcmp(bytes, expected, len) == 0;
}

/* A positive mpint in its shortest form; its length in bits, 0 if not. */
static size_t mpint_bits(const uint8_t *bytes, size_t len)
{
	size_t bits;

	if (len > 0 && bytes[0] == 0) {
		if (len < 2 || !(bytes[1] & 0x80))
			return 0;
		bytes++;
		len--;
	} else if (len == 0 || (bytes[0] & 0x80)) {
		return 0;
	}
	bits = len * 8;
	for (unsigned b = bytes[0]; !(b & 0x80); b <<= 1)
		bits--;
	return bits;
}

static bool take_rsa(struct cursor *c)
{
	size_t e_len, n_len, e_bits, n_bits;
	const uint8_t *e = take_string(c, &e_len);
	const uint8_t *n = take_string(c, &n_len);

	if (!e || !n)
		return false;
	e_bits = mpint_bits(e, e_len);
	n_bits = mpint_bits(n, n_len);
	if (e_bits < 2 || e_bits > 32 || !(e[e_len - 1] & 1))
		return false;
	return n_bits >= 3072 && n_bits <= 4096 && (n[n_len - 1] & 1);
}

/* Bastions refuse a snapshot with any other: doc/formats/snapshot.md. */
static bool application_valid(const uint8_t *bytes, size_t len)
{
	if (len < 4 || len > 64 || memcmp(bytes, "ssh:", 4) != 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (bytes[i] <= 0x20 || bytes[i] >= 0x7f)
			return false;
	return true;
}

static bool take_part(struct cursor *c, enum part part, size_t row)
{
	const uint8_t *bytes;
	size_t len;

	if (part == PART_CURVE)
		return take_this(c, types[row].curve);
	if (part == PART_RSA)
		return take_rsa(c);
	bytes = take_string(c, &len);
	if (part == PART_APPLICATION)
		return bytes && application_valid(bytes, len);
	/* A point on a NIST curve comes uncompressed. */
	return bytes && len == types[row].len &&
	       (!types[row].curve || bytes[0] == 0x04);
}

static bool blob_valid(const uint8_t *blob, size_t len, size_t row)
{
	struct cursor c;

	cursor_init(&c, blob, len);
	if (!take_this(&c, types[row].type))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(types[row].parts) &&
			   types[row].parts[i] != PART_END;
		i++)
		if (!take_part(&c, types[row].parts[i], row))
			return false;
	return cursor_done(&c);
}

static ssize_t row_of(const char *type, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strlen(types[i].type) == len &&
			memcmp(types[i].type, type, len) == 0)
			return (ssize_t)i;
	return -1;
}

/* "SHA256:" and unpadded base64, as ssh-keygen -l prints it. */
static int fingerprint(const uint8_t *blob, size_t len, struct sshkey *k)
{
	uint8_t digest[33] = {0}; /* one byte more: 33 is a multiple of 3 */
	char *at = k->fingerprint + strlen("SHA256:");

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, blob, len, digest) < 0)
		return -EIO;
	memcpy(k->fingerprint, "SHA256:", strlen("SHA256:"));
	for (size_t i = 0; i < sizeof(digest); i += 3) {
		uint32_t bits = (uint32_t)digest[i] << 16 |
				(uint32_t)digest[i + 1] << 8 | digest[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*at++ = alphabet[(bits >> shift) & 63];
	}
	at[-1] = '\0'; /* the character of the byte that was added */
	return 0;
}

/* A newline may only end the text. */
static bool one_line(const char *text)
{
	const char *newline = strchr(text, '\n');

	return !newline || newline[1] == '\0';
}

int sshkey_parse(const char *text, const char *field, struct sshkey *ret_key,
	struct refusal *ret_why)
{
	size_t type_len = strcspn(text, " \n");
	const char *base64 = text + type_len + (text[type_len] == ' ');
	size_t base64_len = strcspn(base64, " \n");
	ssize_t row = row_of(text, type_len), len;
	uint8_t blob[BLOB_MAX];
	struct sshkey k;

	if (row < 0)
		return refuse(ret_why, REFUSAL_INVALID, field,
			"a key line begins with ssh-ed25519, ssh-rsa, "
			"ecdsa-sha2-nistp256 (384, 521) or one of the sk- "
			"types; options are not taken");
	len = base64_decode(base64, base64_len, blob, sizeof(blob));
	if (len < 0 || !one_line(text))
		return refuse(ret_why, REFUSAL_INVALID, field,
			"the key is cut, longer than one line, or not base64");
	if (!blob_valid(blob, (size_t)len, (size_t)row))
		return refuse(ret_why, REFUSAL_INVALID, field,
			row_of("ssh-rsa", 7) == row
				? "an RSA key has 3072 to 4096 bits here"
				: "the key is not of the type in front of it");
	snprintf(k.line, sizeof(k.line), "%s %.*s", types[row].type,
		(int)base64_len, base64);
	if (fingerprint(blob, (size_t)len, &k) < 0)
		return -EIO;
	*ret_key = k;
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host key is base64 of length-prefixed strings: the type once more, then
 * what that type holds. All of it is checked, to the last byte.
 */
#include "policy/hostkey.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "policy/policy.h"

#define RSA_BITS_MIN 1024 /* what OpenSSH itself asks for at least */

struct key_type {
	const char *name;
	const char *curve; /* NULL: none */
	size_t point_bytes;
};

static const struct key_type types[] = {
	{"ssh-ed25519", NULL, 32},
	{"ecdsa-sha2-nistp256", "nistp256", 65},
	{"ecdsa-sha2-nistp384", "nistp384", 97},
	{"ecdsa-sha2-nistp521", "nistp521", 133},
	{"ssh-rsa", NULL, 0},
};

static int base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* RFC 4648 section 4, with padding, one spelling only. */
static bool base64_decode(
	const char *text, uint8_t *out, size_t size, size_t *ret_len)
{
	size_t text_len = strlen(text), len = 0;
	uint32_t bits = 0;
	unsigned pad = 0;

	if (text_len == 0 || text_len % 4 != 0)
		return false;
	for (size_t i = 0; i < text_len; i++) {
		int v = base64_value(text[i]);

		if (text[i] == '=' && i >= text_len - 2)
			pad++, v = 0;
		else if (v < 0 || pad > 0)
			return false;
		bits = (bits << 6) | (uint32_t)v;
		if (i % 4 != 3)
			continue;
		for (int shift = 16; shift >= 0; shift -= 8) {
			if (len == size)
				return false;
			out[len++] = (uint8_t)(bits >> shift);
		}
		bits = 0;
	}
	for (; pad > 0; pad--) {
		if (out[--len] != 0)
			return false;
	}
	*ret_len = len;
	return true;
}

static const uint8_t *take_string(struct cursor *c, size_t *ret_len)
{
	const uint8_t *n = cursor_bytes(c, 4);

	if (!n)
		return NULL;
	*ret_len = (size_t)n[0] << 24 | (size_t)n[1] << 16 | (size_t)n[2] << 8 |
		   n[3];
	return cursor_bytes(c, *ret_len);
}

static bool take_word(struct cursor *c, const char *word)
{
	size_t len = 0;
	const uint8_t *s = take_string(c, &len);

	return s && len == strlen(word) && memcmp(s, word, len) == 0;
}

/* A positive integer in its shortest form; 0 bits when it is none. */
static size_t take_mpint_bits(struct cursor *c)
{
	size_t len = 0, bits;
	const uint8_t *s = take_string(c, &len);

	if (!s || len == 0 || (s[0] & 0x80))
		return 0;
	if (s[0] == 0) {
		if (len < 2 || !(s[1] & 0x80))
			return 0;
		s++;
		len--;
	}
	bits = 8 * len;
	for (uint8_t top = s[0]; !(top & 0x80); top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

static const char *rsa_fault(struct cursor *c)
{
	size_t exponent = take_mpint_bits(c), modulus = take_mpint_bits(c);

	if (exponent < 2 || exponent > 64 || modulus == 0)
		return "the key is damaged";
	if (modulus < RSA_BITS_MIN)
		return "an RSA key below 1024 bits is refused by ssh itself";
	return NULL;
}

static const char *point_fault(struct cursor *c, const struct key_type *t)
{
	const uint8_t *point;
	size_t len = 0;

	if (t->curve && !take_word(c, t->curve))
		return "the key is damaged: its curve is another one";
	point = take_string(c, &len);
	if (!point || len != t->point_bytes)
		return "the key is damaged: its length is wrong";
	if (t->curve && point[0] != 4)
		return "the key is damaged: its point is not uncompressed";
	return NULL;
}

static const struct key_type *type_of(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strlen(types[i].name) == len &&
			memcmp(types[i].name, text, len) == 0)
			return &types[i];
	}
	return NULL;
}

const char *hostkey_fault(const char *text)
{
	size_t type_len = strcspn(text, " "), len = 0;
	const struct key_type *t = type_of(text, type_len);
	uint8_t blob[POLICY_HOSTKEY_SIZE];
	const char *what;
	struct cursor c;

	if (!t)
		return "the type is none of ssh-ed25519, ecdsa-sha2-nistp256, "
		       "-nistp384, -nistp521, ssh-rsa";
	if (text[type_len] != ' ')
		return "the key itself is missing behind its type";
	if (strchr(text + type_len + 1, ' '))
		return "leave out the comment behind the key";
	if (!base64_decode(text + type_len + 1, blob, sizeof(blob), &len))
		return "the key is no base64; was it cut?";
	cursor_init(&c, blob, len);
	if (!take_word(&c, t->name))
		return "the key is damaged or of another type than it says";
	what = strcmp(t->name, "ssh-rsa") == 0 ? rsa_fault(&c)
					       : point_fault(&c, t);
	if (what)
		return what;
	return cursor_done(&c) ? NULL : "the key has bytes behind its end";
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A seed lives in a struct secret and in one file; every other copy made on
 * the way is wiped.
 */
#include "grants/seed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/keyfile.h"
#include "base/name.h"
#include "json/strict.h"

#define PLAIN_MAX     1024
#define BASE32_MIN    26  /* 16 bytes */
#define BASE32_MAX    103 /* 64 bytes */
#define UID_TEXT_SIZE 11

void seed_wipe(struct seed *s)
{
	explicit_bzero(s, sizeof(*s));
}

static int base32_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

/* Without padding; unused bits at the end are zero. RFC 4648 section 6. */
static int base32_decode(const char *text, struct secret *ret)
{
	uint8_t bytes[SEED_BYTES_MAX + 1];
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t len = 0;
	int e = 0;

	for (; *text && e == 0; text++) {
		int value = base32_value(*text);

		if (value < 0 || len == sizeof(bytes)) {
			e = -EBADMSG;
			break;
		}
		bits = bits << 5 | (uint32_t)value;
		have += 5;
		if (have >= 8) {
			have -= 8;
			bytes[len++] = (uint8_t)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	if (have >= 5 || bits != 0 || len < SEED_BYTES_MIN ||
		len > SEED_BYTES_MAX)
		e = -EBADMSG;
	if (e == 0)
		e = secret_set(ret, bytes, len);
	explicit_bzero(bytes, sizeof(bytes));
	bits = 0;
	return e;
}

static enum seed_alg alg_of(const char *word)
{
	if (word && strcmp(word, "totp-sha1") == 0)
		return SEED_TOTP_SHA1;
	if (word && strcmp(word, "totp-sha256") == 0)
		return SEED_TOTP_SHA256;
	return SEED_NONE;
}

static unsigned int take_either(
	struct json_reader *r, const char *field, int64_t one, int64_t other)
{
	int64_t value = json_reader_int(r, field, one, other);

	if (value != one && value != other)
		json_reader_fail(r, field, "is not one of the two allowed");
	return (unsigned int)value;
}

static void take_owner(
	struct json_reader *r, const char *field, const char *expected)
{
	const char *name = json_reader_text(r, field, 1, NAME_MAX_LEN);

	if (name && strcmp(name, expected) != 0)
		json_reader_fail(r, field, "is another one");
}

static void take_secret(struct json_reader *r, struct seed *s)
{
	const char *text =
		json_reader_text(r, "secret", BASE32_MIN, BASE32_MAX);

	if (text && base32_decode(text, &s->key) < 0)
		json_reader_fail(r, "secret", "is no base32 of 16 to 64 bytes");
	if (text)
		explicit_bzero((char *)text, strlen(text));
}

int seed_parse(const char *json, size_t len, const char *bastion_id,
	const char *user, struct seed *ret_seed, struct fault *ret_fault)
{
	static const struct json_limits limits = {
		.max_bytes = PLAIN_MAX, .depth_max = 1, .values_max = 20};
	_cleanup_seed_ struct seed s = {0};
	_cleanup_json_ json_t *object = NULL;
	struct json_reader r;

	/* jansson's own words may quote what it read: not said here. */
	if (json_strict_parse(json, len, &limits, &object, NULL) < 0)
		return fault_set(ret_fault, "seed", "the seed is no JSON");
	json_reader_init(&r, object);
	(void)json_reader_int(&r, "v", 1, 1);
	take_owner(&r, "bastion", bastion_id);
	take_owner(&r, "user", user);
	s.alg = alg_of(json_reader_text(&r, "alg", 1, 16));
	if (s.alg == SEED_NONE)
		json_reader_fail(&r, "alg", "is not known here");
	s.digits = take_either(&r, "digits", 6, 8);
	s.period_sec = take_either(&r, "period", 30, 60);
	take_secret(&r, &s);
	if (!json_reader_done(&r))
		return fault_set(
			ret_fault, "seed", "seed: \"%s\" %s", r.field, r.why);
	*ret_seed = s;
	return 0;
}

int seed_store(int dirfd, uint32_t uid, const struct seed *seed)
{
	static const char digits[] = "0123456789abcdef";
	char name[UID_TEXT_SIZE], hex[2 * SEED_BYTES_MAX + 1];
	struct keyfile_writer w = {0};
	struct fd_replace how = {
		.name = name, .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};
	int e;

	if (seed->alg == SEED_NONE || seed->key.len > SEED_BYTES_MAX)
		return -EINVAL;
	(void)snprintf(name, sizeof(name), "%u", uid);
	for (size_t i = 0; i < seed->key.len; i++) {
		hex[2 * i] = digits[seed->key.bytes[i] >> 4];
		hex[2 * i + 1] = digits[seed->key.bytes[i] & 15];
	}
	hex[2 * seed->key.len] = '\0';
	keyfile_add(&w, "alg", seed->alg == SEED_TOTP_SHA1 ? "sha1" : "sha256");
	keyfile_add_number(&w, "digits", seed->digits);
	keyfile_add_number(&w, "period", seed->period_sec);
	keyfile_add(&w, "secret", hex);
	e = keyfile_writer_replace(&w, dirfd, &how);
	explicit_bzero(hex, sizeof(hex));
	explicit_bzero(&w, sizeof(w));
	return e;
}

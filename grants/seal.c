/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ECDH-ES+A256KW with A256GCM and nothing else. The parts have the lengths
 * that these algorithms give them, because libraries have failed on others.
 */
#include "grants/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <jose/jwe.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "grants/base64.h"

#define PARTS	      5
#define HEADER_MAX    768
#define WRAPPED_BYTES 40 /* AES-KW of a 256-bit key */
#define IV_BYTES      12
#define TAG_BYTES     16
#define CIPHER_MAX    1024

enum { HEADER, WRAPPED, IV, CIPHER, TAG };

struct part {
	const char *text;
	size_t len;
};

static int split(const char *text, struct part ret[PARTS], struct fault *f)
{
	size_t len = strnlen(text, SEAL_MAX + 1);
	const char *end = text + len;

	if (len > SEAL_MAX)
		return fault_set(f, "form", "the seal is too long");
	for (int i = 0; i < PARTS; i++) {
		const char *dot = memchr(text, '.', (size_t)(end - text));

		if ((dot != NULL) != (i < PARTS - 1))
			return fault_set(
				f, "form", "a compact JWE has five parts");
		ret[i].text = text;
		ret[i].len = (size_t)((dot ? dot : end) - text);
		text = dot ? dot + 1 : end;
	}
	return 0;
}

/* Decodes to bytes of room; the exact length unless max is less. */
static bool part_has(const struct part *p, size_t min, size_t max)
{
	uint8_t bytes[BASE64_ROOM(SEAL_MAX)];
	size_t len;

	return base64_decode(BASE64_URL, p->text, p->len, bytes, &len) == 0 &&
	       len >= min && len <= max;
}

static void must_be(
	struct json_reader *r, const char *field, const char *expected)
{
	const char *text = json_reader_text(r, field, 1, ID_SIZE - 1);

	if (text && strcmp(text, expected) != 0)
		json_reader_fail(r, field, "is not what it must be here");
}

/* The sender's ephemeral key: a point of 32-byte coordinates, no more. */
static int check_ephemeral(const json_t *epk, struct fault *f)
{
	static const char *const coordinates[] = {"x", "y"};
	struct json_reader r;

	json_reader_init(&r, epk);
	must_be(&r, "kty", "EC");
	must_be(&r, "crv", "P-256");
	for (size_t i = 0; i < ARRAY_LEN(coordinates); i++) {
		const char *text = json_reader_text(&r, coordinates[i], 43, 43);
		struct part p = {text, 43};

		if (text && !part_has(&p, 32, 32))
			json_reader_fail(&r, coordinates[i], "is no base64url");
	}
	if (!json_reader_done(&r))
		return fault_set(f, "header", "epk: \"%s\" %s", r.field, r.why);
	return 0;
}

static int check_header(
	const struct part *part, const char *kid, struct fault *f)
{
	static const struct json_limits limits = {
		.max_bytes = HEADER_MAX, .depth_max = 2, .values_max = 40};
	uint8_t bytes[BASE64_ROOM(HEADER_MAX)];
	_cleanup_json_ json_t *object = NULL;
	const json_t *epk;
	struct json_reader r;
	char why[JSON_WHY_SIZE];
	size_t len;

	if (part->len > HEADER_MAX)
		return fault_set(f, "header", "the header is too long");
	if (base64_decode(BASE64_URL, part->text, part->len, bytes, &len) < 0)
		return fault_set(f, "form", "the header is no base64url");
	if (json_strict_parse(bytes, len, &limits, &object, why) < 0)
		return fault_set(f, "header", "header: %s", why);
	json_reader_init(&r, object);
	must_be(&r, "alg", "ECDH-ES+A256KW");
	must_be(&r, "enc", "A256GCM");
	must_be(&r, "typ", SEAL_TYPE);
	must_be(&r, "kid", kid);
	epk = json_reader_object(&r, "epk");
	if (!json_reader_done(&r))
		return fault_set(
			f, "header", "header: \"%s\" %s", r.field, r.why);
	return check_ephemeral(epk, f);
}

static int check_parts(const struct part p[PARTS], struct fault *f)
{
	if (!part_has(&p[WRAPPED], WRAPPED_BYTES, WRAPPED_BYTES))
		return fault_set(f, "form", "the wrapped key is not 40 bytes");
	if (!part_has(&p[IV], IV_BYTES, IV_BYTES))
		return fault_set(f, "form", "the IV is not 12 bytes");
	if (!part_has(&p[CIPHER], 1, CIPHER_MAX))
		return fault_set(f, "form", "the ciphertext has no good form");
	if (!part_has(&p[TAG], TAG_BYTES, TAG_BYTES))
		return fault_set(f, "form", "the tag is not 16 bytes");
	return 0;
}

static json_t *flattened(const struct part p[PARTS])
{
	return json_pack("{s:s%,s:s%,s:s%,s:s%,s:s%}", "protected",
		p[HEADER].text, p[HEADER].len, "encrypted_key", p[WRAPPED].text,
		p[WRAPPED].len, "iv", p[IV].text, p[IV].len, "ciphertext",
		p[CIPHER].text, p[CIPHER].len, "tag", p[TAG].text, p[TAG].len);
}

int seal_key_load(const char *dir, uid_t owner, struct key *ret_key,
	struct fault *ret_fault)
{
	_cleanup_close_ int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		return fault_set(ret_fault, "key", "%s: %s", dir,
			strerrordesc_np(errno));
	return key_load(
		dirfd, SEAL_KEY_NAME, owner, &key_of_seal, ret_key, ret_fault);
}

int seal_open(const struct key *key, const char *jwe, const char *bastion_id,
	const char *user, struct seed *ret_seed, struct fault *ret_fault)
{
	jose_cfg_auto_t *cfg = key_quiet_cfg();
	_cleanup_json_ json_t *object = NULL;
	struct part parts[PARTS];
	size_t len = 0;
	char *plain;
	int e = split(jwe, parts, ret_fault);

	if (e == 0)
		e = check_header(&parts[HEADER], key->kid, ret_fault);
	if (e == 0)
		e = check_parts(parts, ret_fault);
	if (e < 0)
		return e;
	object = flattened(parts);
	if (!cfg || !object)
		return fault_errno(ret_fault, -ENOMEM, "seal");
	plain = jose_jwe_dec(cfg, object, NULL, key->jwk, &len);
	if (!plain)
		return fault_set(ret_fault, "seal", "it does not open");
	e = seed_parse(plain, len, bastion_id, user, ret_seed, ret_fault);
	explicit_bzero(plain, len);
	free(plain);
	return e;
}

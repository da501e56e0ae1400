/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verifying in the order of cost and trust: size, form, header, key, and
 * last the signature. Nothing of the payload is decoded before it stands.
 */
#include "grants/jws.h"

#include <errno.h>
#include <fcntl.h>
#include <jose/jws.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "grants/base64.h"
#include "grants/key.h"
#include "json/strict.h"

#define SIGNATURE_BYTES 64

/* A piece of the text between dots. */
struct part {
	const char *text;
	size_t len;
};

static int split(
	const char *text, size_t len, struct part ret_parts[3], struct fault *f)
{
	const char *end = text + len;

	for (int i = 0; i < 3; i++) {
		const char *dot = memchr(text, '.', (size_t)(end - text));

		if ((dot != NULL) != (i < 2))
			return fault_set(
				f, "form", "a compact JWS has three parts");
		ret_parts[i].text = text;
		ret_parts[i].len = (size_t)((dot ? dot : end) - text);
		if (ret_parts[i].len == 0)
			return fault_set(f, "form", "part %d is empty", i + 1);
		text = dot ? dot + 1 : end;
	}
	return 0;
}

static bool text_is(const char *text, const char *expected)
{
	return text && strcmp(text, expected) == 0;
}

/* Exactly alg, kid and typ: what is not understood is not overlooked. */
static int read_header(
	const json_t *object, char ret_kid[ID_SIZE], struct fault *f)
{
	struct json_reader r;
	const char *alg, *kid, *typ;

	json_reader_init(&r, object);
	alg = json_reader_text(&r, "alg", 1, 16);
	kid = json_reader_text(&r, "kid", 1, ID_SIZE - 1);
	typ = json_reader_text(&r, "typ", 1, 32);
	if (!json_reader_done(&r))
		return fault_set(
			f, "header", "header: \"%s\" %s", r.field, r.why);
	if (!text_is(alg, "ES256"))
		return fault_set(f, "header", "alg is not ES256");
	if (!text_is(typ, JWS_SNAPSHOT_TYPE))
		return fault_set(f, "header", "typ is not " JWS_SNAPSHOT_TYPE);
	if (!id_valid(kid))
		return fault_set(f, "header", "kid is no id");
	memcpy(ret_kid, kid, strlen(kid) + 1);
	return 0;
}

static int parse_header(
	const struct part *part, char ret_kid[ID_SIZE], struct fault *f)
{
	static const struct json_limits limits = {
		.max_bytes = JWS_HEADER_MAX, .depth_max = 2, .values_max = 16};
	uint8_t bytes[BASE64_ROOM(JWS_HEADER_MAX)];
	_cleanup_json_ json_t *object = NULL;
	char why[JSON_WHY_SIZE];
	size_t len;

	if (part->len > JWS_HEADER_MAX)
		return fault_set(f, "header", "the header is too long");
	if (base64_decode(BASE64_URL, part->text, part->len, bytes, &len) < 0)
		return fault_set(f, "form", "the header is no base64url");
	if (json_strict_parse(bytes, len, &limits, &object, why) < 0)
		return fault_set(f, "header", "header: %s", why);
	return read_header(object, ret_kid, f);
}

static int load_key(const char *trust_dir, uid_t owner, const char *kid,
	struct key *ret_key, struct fault *f)
{
	_cleanup_close_ int dirfd =
		open(trust_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[ID_SIZE + sizeof(".jwk")];

	if (dirfd < 0)
		return fault_set(
			f, "key", "%s: %s", trust_dir, strerrordesc_np(errno));
	(void)snprintf(name, sizeof(name), "%s.jwk", kid);
	return key_load(dirfd, name, owner, &key_of_signer, ret_key, f);
}

/* The two first parts and the dot between them are what was signed. */
static int check_signature(
	const struct part parts[3], const json_t *jwk, struct fault *f)
{
	uint8_t bytes[BASE64_ROOM(SIGNATURE_BYTES * 2)];
	_cleanup_json_ json_t *sig = NULL;
	jose_cfg_auto_t *cfg = key_quiet_cfg();
	jose_io_auto_t *io = NULL;
	size_t len;

	if (parts[2].len > SIGNATURE_BYTES * 2 ||
		base64_decode(BASE64_URL, parts[2].text, parts[2].len, bytes,
			&len) < 0 ||
		len != SIGNATURE_BYTES)
		return fault_set(f, "form", "the signature is not 64 bytes");
	sig = json_pack("{s:s%,s:s%}", "protected", parts[0].text, parts[0].len,
		"signature", parts[2].text, parts[2].len);
	if (!sig || !cfg)
		return fault_errno(f, -ENOMEM, "verify");
	io = jose_jws_ver_io(cfg, sig, NULL, jwk, true);
	if (!io || !io->feed(io, parts[1].text, parts[1].len) || !io->done(io))
		return fault_set(
			f, "signature", "the signature does not verify");
	return 0;
}

static int take_payload(
	const struct part *part, struct jws *ret_jws, struct fault *f)
{
	_cleanup_free_ char *bytes = malloc(BASE64_ROOM(part->len) + 1);
	size_t len;

	if (!bytes)
		return fault_errno(f, -ENOMEM, "payload");
	if (base64_decode(BASE64_URL, part->text, part->len, (uint8_t *)bytes,
		    &len) < 0)
		return fault_set(f, "form", "the payload is no base64url");
	bytes[len] = '\0';
	ret_jws->payload = TAKE_PTR(bytes);
	ret_jws->payload_len = len;
	return 0;
}

int jws_verify(const char *trust_dir, uid_t owner, const char *text, size_t len,
	struct jws *ret_jws, struct fault *ret_fault)
{
	_cleanup_key_ struct key key = {0};
	struct part parts[3];
	struct jws j = {0};
	int e;

	if (len > JWS_MAX_BYTES)
		return fault_set(ret_fault, "size", "more than 64 MiB");
	e = split(text, len, parts, ret_fault);
	if (e == 0)
		e = parse_header(&parts[0], j.kid, ret_fault);
	if (e == 0)
		e = load_key(trust_dir, owner, j.kid, &key, ret_fault);
	if (e == 0)
		e = check_signature(parts, key.jwk, ret_fault);
	if (e == 0)
		e = take_payload(&parts[1], &j, ret_fault);
	if (e == 0)
		*ret_jws = j;
	return e;
}

void jws_done(struct jws *j)
{
	free(j->payload);
	*j = (struct jws){0};
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done on the service's own host alone: tokens for bastions, people
 * and their certificates. Whoever may do this has the database anyway; it is
 * written to the same log.
 */
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/desk/desk.h"
#include "base/cleanup.h"

#define PART_BYTES 20 /* 160 bits of chance, and as many of the CA's digest */
#define PART_TEXT  (PART_BYTES / 5 * 8)

static void base32(const uint8_t bytes[PART_BYTES], char *ret_text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	for (size_t i = 0; i < PART_BYTES; i += 5) {
		uint64_t bits = 0;

		for (size_t j = 0; j < 5; j++)
			bits = bits << 8 | bytes[i + j];
		for (int shift = 35; shift >= 0; shift -= 5)
			*ret_text++ = alphabet[(bits >> shift) & 31];
	}
	*ret_text = '\0';
}

/* The digest's first bytes from its hexadecimal form. */
static void from_hex(const char *hex, uint8_t bytes[PART_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < PART_BYTES; i++)
		bytes[i] =
			(uint8_t)((strchr(digits, hex[2 * i]) - digits) << 4 |
				  (strchr(digits, hex[2 * i + 1]) - digits));
}

/* "J1-SECRET-CA": the bastion knows by the second part whom it talks to,
 * before it says the first. Only the whole is hashed and kept. */
static int make_token(const char *ca_pem, char *ret_token, size_t size)
{
	char fingerprint[PKI_FINGERPRINT_SIZE];
	char secret[PART_TEXT + 1], ca[PART_TEXT + 1];
	uint8_t bytes[PART_BYTES];
	int r, n;

	r = certificate_fingerprint(ca_pem, fingerprint);
	if (r < 0)
		return r;
	from_hex(fingerprint, bytes);
	base32(bytes, ca);
	if (gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof(bytes)) < 0)
		return -EIO;
	base32(bytes, secret);
	n = snprintf(ret_token, size, "J1-%s-%s", secret, ca);
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(secret, sizeof(secret));
	return n > 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

int desk_token(struct service *s, const struct caller *caller,
	const char *bastion, uint32_t life_sec, char *ret_token, size_t size)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	char hash[DIGEST_SIZE];
	int r;

	r = make_token(s->ca_pem, ret_token, size);
	if (r == 0)
		r = digest_hex(ret_token, strlen(ret_token), hash);
	if (r == 0)
		r = desk_begin(s, caller, &tx);
	if (r == 0)
		r = store_token_add(
			&tx.tx, hash, bastion, tx.now, tx.now + life_sec);
	if (r == 0)
		r = desk_note(&tx, "token", bastion,
			json_pack("{s:i}", "life_sec", (int)life_sec));
	if (r == 0)
		r = desk_commit(&tx);
	return r;
}

int desk_person(struct service *s, const struct caller *caller,
	const char *name, role_set roles, struct issued *ret_certificate)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	struct holder_of holder = {.kind = HOLDER_PERSON};
	struct certificate_wish wish = {
		.name = name,
		.unit = "person",
		.days = s->settings.client_days,
	};
	char text[ROLE_TEXT_SIZE];
	int r;

	if (!name_valid(name) || !role_set_valid(roles))
		return -EINVAL;
	snprintf(holder.name, NAME_SIZE, "%s", name);
	r = desk_begin(s, caller, &tx);
	wish.now = tx.now;
	if (r == 0)
		r = authority_issue(s->authority, &wish, ret_certificate);
	if (r == 0)
		r = store_person_put(&tx.tx, name, roles, tx.now);
	if (r == 0)
		r = store_certificate_add(&tx.tx, ret_certificate->fingerprint,
			&holder, tx.now, ret_certificate->expires);
	if (r == 0)
		r = desk_note(&tx, "person", name,
			json_pack("{s:s,s:s}", "roles",
				role_set_format(roles, text, sizeof(text)),
				"certificate", ret_certificate->fingerprint));
	if (r == 0)
		r = desk_commit(&tx);
	return r;
}

int desk_person_disable(
	struct service *s, const struct caller *caller, const char *name)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	int r;

	r = desk_begin(s, caller, &tx);
	if (r == 0)
		r = store_person_disable(&tx.tx, name);
	if (r == 0)
		r = desk_note(&tx, "person.disable", name, json_object());
	if (r == 0)
		r = desk_commit(&tx);
	return r;
}

int desk_bastion_revoke(
	struct service *s, const struct caller *caller, const char *name)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	struct holder_of holder = {.kind = HOLDER_BASTION};
	int r;

	snprintf(holder.name, NAME_SIZE, "%s", name);
	r = desk_begin(s, caller, &tx);
	if (r == 0)
		r = store_bastion_revoke(&tx.tx, name);
	if (r == 0)
		r = store_certificates_revoke(&tx.tx, &holder);
	if (r == 0)
		r = desk_note(&tx, "bastion.revoke", name, json_object());
	if (r == 0)
		r = desk_commit(&tx);
	return r;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 in the order of offsets. libcrypto and not nettle: where the
 * processor has instructions for it, it is twice as fast (1.9 to 1.05 GB/s),
 * and the sum is most of what the gate does with a byte.
 */
#include "sftp/sum.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct sum_piece {
	struct sum_piece *next;
	uint64_t offset;
	size_t len;
	uint8_t data[];
};

static EVP_MD *sha256;

int sum_setup(void)
{
	if (sha256)
		return 0;
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return -ENOSYS;
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	return sha256 ? 0 : -ENOSYS;
}

int sum_init(struct sum *s, size_t *ahead_bytes)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	if (!digest || !sha256 ||
		EVP_DigestInit_ex2(digest, sha256, NULL) != 1) {
		EVP_MD_CTX_free(digest);
		return -ENOMEM;
	}
	*s = (struct sum){.digest = digest, .ahead_bytes = ahead_bytes};
	return 0;
}

static void drop_first(struct sum *s)
{
	struct sum_piece *p = s->ahead;

	s->ahead = p->next;
	s->pieces--;
	*s->ahead_bytes -= p->len;
	free(p);
}

static void give_up(struct sum *s)
{
	s->broken = true;
	while (s->ahead)
		drop_first(s);
}

void sum_done(struct sum *s)
{
	give_up(s);
	EVP_MD_CTX_free(s->digest);
	s->digest = NULL;
}

static void add(struct sum *s, const void *data, size_t len)
{
	if (EVP_DigestUpdate(s->digest, data, len) != 1)
		give_up(s);
	s->next += len;
}

static void wait_for(
	struct sum *s, uint64_t offset, const void *data, size_t len)
{
	struct sum_piece **at = &s->ahead, *p;

	while (*at && (*at)->offset < offset)
		at = &(*at)->next;
	if (s->pieces == SUM_PIECES_MAX ||
		*s->ahead_bytes + len > SUM_AHEAD_MAX) {
		give_up(s);
		return;
	}
	p = malloc(sizeof(*p) + len);
	if (!p) {
		give_up(s);
		return;
	}
	*p = (struct sum_piece){.next = *at, .offset = offset, .len = len};
	memcpy(p->data, data, len);
	*at = p;
	s->pieces++;
	*s->ahead_bytes += len;
}

void sum_feed(struct sum *s, uint64_t offset, const void *data, size_t len)
{
	if (s->broken || !len)
		return;
	if (offset < s->next || len > UINT64_MAX - offset) {
		give_up(s);
		return;
	}
	if (offset > s->next) {
		wait_for(s, offset, data, len);
		return;
	}
	add(s, data, len);
	while (s->ahead && s->ahead->offset == s->next) {
		add(s, s->ahead->data, s->ahead->len);
		if (s->ahead)
			drop_first(s);
	}
	if (s->ahead && s->ahead->offset < s->next)
		give_up(s); /* the same bytes twice */
}

bool sum_final(struct sum *s, uint8_t ret_sum[SUM_BYTES])
{
	unsigned int len = 0;

	if (s->broken || s->ahead)
		return false;
	s->broken = true;
	return EVP_DigestFinal_ex(s->digest, ret_sum, &len) == 1 &&
		len == SUM_BYTES;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/apply/digest.h"

#include <endian.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct digest {
	EVP_MD_CTX *context;
	bool failed;
};

static void to_hex(const unsigned char *bytes, size_t len, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*ret++ = digits[bytes[i] >> 4];
		*ret++ = digits[bytes[i] & 15];
	}
	*ret = '\0';
}

struct digest *digest_new(void)
{
	struct digest *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->context = EVP_MD_CTX_new();
	d->failed = !d->context ||
		    EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) != 1;
	return d;
}

void digest_add(struct digest *d, const void *bytes, size_t len)
{
	const uint64_t le = htole64(len);

	d->failed = d->failed ||
		    EVP_DigestUpdate(d->context, &le, sizeof(le)) != 1 ||
		    EVP_DigestUpdate(d->context, bytes, len) != 1;
}

int digest_end(struct digest *d, char ret_hex[DIGEST_SIZE])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	bool failed = d->failed ||
		      EVP_DigestFinal_ex(d->context, bytes, &len) != 1 ||
		      len != 32;

	if (!failed)
		to_hex(bytes, len, ret_hex);
	EVP_MD_CTX_free(d->context);
	free(d);
	return failed ? -EIO : 0;
}

int digest_of(const void *bytes, size_t len, char ret_hex[DIGEST_SIZE])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int sum_len = 0;

	if (EVP_Digest(bytes, len, sum, &sum_len, EVP_sha256(), NULL) != 1 ||
		sum_len != 32)
		return -EIO;
	to_hex(sum, sum_len, ret_hex);
	return 0;
}

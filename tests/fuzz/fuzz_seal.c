/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as a sealed seed for one key, and as the plaintext of one. Nothing
 * opens but for the bastion and user that it names.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "grants/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key of this test alone. */
static const char key_text[] =
	"{\"kid\":\"seal-1\",\"kty\":\"EC\",\"crv\":\"P-256\","
	"\"d\":\"jlUd6rGn4-Qy4C4l06uPHf86UQ_c4tI0swrFC69Dz4g\","
	"\"x\":\"M6DPlZkflXpatWucX58TFqT7itxqeHMtb3SbSUgZLGg\","
	"\"y\":\"1vcarA1Lg7QrsKKqvDURN4q-gNyUhyJCuAAzKB_wKf8\"}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_key_ struct key key = {0};
	_cleanup_seed_ struct seed seed = {0};
	struct fault why = {0};
	_cleanup_free_ char *text = malloc(size + 1);

	if (!text || key_parse(key_text, strlen(key_text), "seal.jwk",
			     &key_of_seal, &key, &why) < 0)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (seal_open(&key, text, "bastion1", "acme-tech1", &seed, &why) < 0) {
		if (!why.word || seed.key.len != 0)
			__builtin_trap();
	} else if (seed.key.len < SEED_BYTES_MIN) {
		__builtin_trap();
	}
	why = (struct fault){0};
	if (seed_parse(text, size, "bastion1", "acme-tech1", &seed, &why) ==
			0 &&
		(seed.key.len < SEED_BYTES_MIN ||
			seed.key.len > SEED_BYTES_MAX))
		__builtin_trap();
	return 0;
}

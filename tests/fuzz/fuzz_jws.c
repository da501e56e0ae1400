/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as a snapshot's envelope, under one trusted key. Only what that
 * key signed may pass, and there is one such payload in the corpus.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "grants/jws.h"

#define SIGNED_PAYLOAD "{\"v\":1}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* tests/data/grants/trust, whoever unpacked the sources. */
static uid_t find_trust(char *path, size_t path_size)
{
	const char *root = getenv("JUMP_SRCDIR");
	struct stat st;
	char key[4096];

	(void)snprintf(path, path_size, "%s/tests/data/grants/trust",
		root ? root : ".");
	(void)snprintf(key, sizeof(key), "%s/k1.jwk", path);
	if (stat(key, &st) < 0)
		abort();
	return st.st_uid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char trust[2048];
	static uid_t owner;
	_cleanup_jws_ struct jws j = {0};
	struct fault why = {0};
	int e;

	if (!trust[0])
		owner = find_trust(trust, sizeof(trust));
	e = jws_verify(trust, owner, (const char *)data, size, &j, &why);
	if (e == 0 && strcmp(j.payload, SIGNED_PAYLOAD) != 0)
		__builtin_trap();
	if (e < 0 && (j.payload || !why.word))
		__builtin_trap();
	return 0;
}

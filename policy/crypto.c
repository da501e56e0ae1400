/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of old cryptography. A closed list, because each is a decision
 * that somebody has to be able to take back.
 */
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static const struct {
	enum crypto bit;
	const char *name;
} words[] = {
	{CRYPTO_LEGACY_DH1, "legacy-dh1"},
	{CRYPTO_LEGACY_RSA, "legacy-rsa"},
	{CRYPTO_LEGACY_DSS, "legacy-dss"},
	{CRYPTO_LEGACY_CBC, "legacy-cbc"},
	{CRYPTO_LEGACY_MAC, "legacy-mac"},
};

enum crypto crypto_at(size_t place)
{
	return place < ARRAY_LEN(words) ? words[place].bit : 0;
}

const char *crypto_name(enum crypto bit)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (words[i].bit == bit)
			return words[i].name;
	}
	return "";
}

const char *crypto_format(uint32_t set, char text[CRYPTO_TEXT_SIZE])
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!(set & words[i].bit))
			continue;
		len += (size_t)snprintf(text + len, CRYPTO_TEXT_SIZE - len,
			"%s%s", len ? " " : "", words[i].name);
	}
	return text;
}

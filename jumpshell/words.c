/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/words.h"

#include <errno.h>
#include <string.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blanks(const char *at, size_t len)
{
	size_t n = 0;

	while (n < len && blank(at[n]))
		n++;
	return n;
}

int words_take(const char *text, size_t len, size_t max, struct words *ret)
{
	struct words w = {.rest = text + len};
	size_t at = skip_blanks(text, len), n = 0;

	if (len > max)
		return -EMSGSIZE;
	if (at == len)
		return -ENODATA;
	while (at + n < len && !blank(text[at + n])) {
		if (text[at + n] < 0x21 || text[at + n] > 0x7e)
			return -EBADMSG;
		n++;
	}
	if (n >= sizeof(w.first))
		return -EMSGSIZE;
	memcpy(w.first, text + at, n);
	at += n;
	if (at < len)
		at++;
	if (skip_blanks(text + at, len - at) < len - at) {
		w.rest = text + at;
		w.rest_len = len - at;
	}
	*ret = w;
	return 0;
}

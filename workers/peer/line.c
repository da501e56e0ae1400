/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/peer/line.h"

#include <errno.h>
#include <string.h>

static int printable(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] < 0x20 || bytes[i] > 0x7e)
			return -EBADMSG;
	}
	return 0;
}

static int take_word(struct line *l, char *word)
{
	char *equals = strchr(word, '=');

	if (!equals || equals == word || !equals[1] ||
		l->count == LINE_WORDS_MAX)
		return -EBADMSG;
	*equals = '\0';
	if (strspn(word, "abcdefghijklmnopqrstuvwxyz_") != strlen(word) ||
		line_value(l, word))
		return -EBADMSG;
	l->word[l->count].key = word;
	l->word[l->count].value = equals + 1;
	l->count++;
	return 0;
}

int line_parse(const void *bytes, size_t len, struct line *ret_line)
{
	struct line *l = ret_line;
	char *at, *blank;

	l->count = 0;
	if (len < 2 || len > sizeof(l->bytes))
		return len > sizeof(l->bytes) ? -EMSGSIZE : -EBADMSG;
	memcpy(l->bytes, bytes, len);
	if (l->bytes[len - 1] != '\n' || printable(l->bytes, len - 1) < 0)
		return -EBADMSG;
	l->bytes[len - 1] = '\0';
	l->verb = l->bytes;
	at = strchr(l->bytes, ' ');
	if (at == l->bytes)
		return -EBADMSG;
	while (at) {
		*at++ = '\0';
		blank = strchr(at, ' ');
		if (blank)
			*blank = '\0';
		if (take_word(l, at) < 0)
			return -EBADMSG;
		at = blank;
	}
	return 0;
}

const char *line_value(const struct line *l, const char *key)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->word[i].key, key) == 0)
			return l->word[i].value;
	}
	return NULL;
}

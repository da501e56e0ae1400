/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client says first, and what workers answer: the rest must be a tail
 * of the line, and the first word must be what stands before it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpshell/ask.h"
#include "jumpshell/vtstate.h"
#include "jumpshell/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = malloc(size + 1);
	struct ask_answer answer;
	struct vtstate v = {0};
	struct words w;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	(void)ask_parse(text, size, &answer);
	vtstate_feed(&v, data, size);
	if (words_take(text, strlen(text), WORDS_LINE_MAX, &w) < 0)
		return 0;
	if (!w.first[0] || strpbrk(w.first, " \t\r\n") ||
		w.rest + w.rest_len != text + strlen(text) ||
		!strstr(text, w.first))
		abort();
	return 0;
}

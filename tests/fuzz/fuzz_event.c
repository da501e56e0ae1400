/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever stands in an outsider's string, the audit text keeps its fields
 * and the journal entry keeps its lines.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/table.h"

static void require(int holds)
{
	if (!holds)
		abort();
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[AUDIT_TEXT_SIZE], journal[JOURNAL_DATA_SIZE];
	char value[512];
	struct event e = {.id = EVENT_COMMAND,
		.user = value,
		.command = value,
		.target = value,
		.reason = value,
		.file = value,
		.by = value};
	size_t n = size < sizeof(value) ? size : sizeof(value) - 1;
	int len;

	memcpy(value, data, n);
	value[n] = '\0';
	if (event_format_audit(&e, text, sizeof(text)) == 0) {
		require(count(text, '=') == 7);
		require(count(text, ' ') == 6);
		require(count(text, '\'') == 0 && count(text, '\n') == 0);
	}
	len = event_format_journal(&e, "ok", journal, sizeof(journal));
	if (len > 0) {
		require((size_t)len == strlen(journal));
		require(count(journal, '\n') == 16);
	}
	return 0;
}

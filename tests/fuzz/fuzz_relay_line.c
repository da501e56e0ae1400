/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one line that a supplier's process can send to the relay. What is
 * accepted must be whole, and mean the same when it is said again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/relay/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line line, again;
	char text[LINE_MAX_BYTES];

	if (line_parse((const char *)data, size, &line) < 0)
		return 0;
	if (!conn_valid(line.conn))
		abort();
	if (line.verb == VERB_CONNECT) {
		if (!name_valid(line.target) || !proto_default_port(line.proto))
			abort();
		snprintf(text, sizeof(text),
			"connect conn=%s target=%s proto=%s", line.conn,
			line.target, proto_name(line.proto));
	} else {
		snprintf(text, sizeof(text), "status conn=%s", line.conn);
	}
	if (line_parse(text, strlen(text), &again) < 0 ||
		memcmp(&line, &again, sizeof(line)) != 0)
		abort();
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON on standard output. Whether it could be written shows at the end of
 * main(), for text and JSON alike.
 */
#include "jumpctl/json.h"

int command_json(const struct invocation *in, json_t *value)
{
	int r = value ? json_dumpf(value, stdout, JSON_INDENT(2)) : -1;

	putchar('\n');
	json_decref(value);
	return r < 0 ? command_failed(in, "the JSON could not be made")
		     : EXIT_OK;
}

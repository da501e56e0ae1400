/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes into the strict parse and the reader: what is accepted must be an
 * object within the limits, and the reader must keep its own promises.
 */
#include <stdint.h>
#include <string.h>

#include "json/strict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_members(const json_t *object)
{
	struct json_reader r;
	const json_t *list;
	const char *name;

	json_reader_init(&r, object);
	name = json_reader_text_opt(&r, "name", 1, 8);
	if (name && (strlen(name) < 1 || strlen(name) > 8))
		__builtin_trap();
	if (json_reader_int_opt(&r, "count", -5, 20, 0) > 20)
		__builtin_trap();
	(void)json_reader_bool_opt(&r, "on", false);
	list = json_reader_array_opt(&r, "list", 0, 3);
	for (size_t i = 0; list && i < json_array_size(list); i++)
		(void)json_reader_element(&r, "list", list, i, 0, 4);
	(void)json_reader_object_opt(&r, "sub");
	if (json_reader_done(&r) == r.failed)
		__builtin_trap();
	if (r.failed && !r.why)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct json_limits limits = {
		.max_bytes = 4096, .depth_max = 8};
	_cleanup_json_ json_t *object = NULL;
	char why[JSON_WHY_SIZE];

	if (json_strict_parse(data, size, &limits, &object, why) < 0)
		return 0;
	if (!json_is_object(object) || size > limits.max_bytes)
		__builtin_trap();
	read_members(object);
	return 0;
}

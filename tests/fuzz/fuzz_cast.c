/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording file as somebody else may have written it, and its text on a
 * terminal.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpctl/cast.h"
#include "jumpctl/termsafe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void filter(const void *bytes, size_t len)
{
	struct termsafe t = {0};
	uint8_t *out = malloc(len + TERMSAFE_SEQUENCE_MAX);

	if (out && termsafe_filter(&t, bytes, len, out) >
			   len + TERMSAFE_SEQUENCE_MAX)
		abort();
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_cast_ struct cast_reader r = {0};
	_cleanup_fclose_ FILE *f = NULL;
	struct cast_event ev;

	filter(data, size);
	if (size == 0)
		return 0;
	f = fmemopen((void *)data, size, "r");
	if (!f || cast_reader_begin(&r, f) < 0)
		return 0;
	while (cast_next(&r, &ev) == 1)
		filter(ev.text, ev.text_len);
	(void)cast_identity_text(&r, "user");
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a TZif file, and any instant asked of what was accepted. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/zoneinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zoneinfo zone;

	if (size > ZONEINFO_FILE_BYTES || zoneinfo_parse(data, size, &zone) < 0)
		return 0;
	for (int64_t at = -4000000000; at < 8000000000; at += 7654321) {
		int32_t offset = zoneinfo_offset(&zone, at);

		if (offset < -26 * 3600 || offset > 26 * 3600)
			abort();
	}
	(void)zoneinfo_offset(&zone, INT64_MAX);
	(void)zoneinfo_offset(&zone, INT64_MIN);
	return 0;
}

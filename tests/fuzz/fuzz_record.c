/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hostile jumpshell or target may send to the recorder: the request
 * line, sizes, and chunks of output cut anywhere. Whatever is written must be
 * read back as the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpctl/cast.h"
#include "workers/record/asciicast.h"
#include "workers/record/request.h"

static char file[CAST_BUF_SIZE];

static const struct cast_identity nobody = {
	.bastion = "",
	.session = "",
	.conn = "",
	.grant = "",
	.ticket = "",
	.user = "",
	.target = "",
	.proto = "",
	.zone = "",
	.account = "",
	.source = "",
	.key = "",
	.term = "",
};

static void must_read_back(size_t len, const uint8_t *data, size_t size)
{
	_cleanup_fclose_ FILE *f = fmemopen(file, len, "r");
	_cleanup_cast_ struct cast_reader r = {0};
	struct cast_event ev;
	size_t have = 0;

	if (!f || cast_reader_begin(&r, f) < 0)
		abort();
	while (cast_next(&r, &ev) == 1) {
		if (have + ev.len > size ||
			memcmp(data + have, ev.bytes, ev.len) != 0)
			abort();
		have += ev.len;
	}
	if (have != size || r.why[0])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record_request request;
	struct castbuf b;
	struct cast c = {0};
	unsigned cols, rows;

	(void)record_request_parse(data, size, &request);
	(void)record_size_parse((const char *)data, size, &cols, &rows);
	if (size > 4096)
		return 0;
	castbuf_init(&b, file, sizeof(file));
	cast_header(&b, &nobody);
	for (size_t at = 0; at < size;) {
		size_t n = 1 + data[at] % 61;

		n = n > size - at ? size - at : n;
		cast_output(&c, &b, at, data + at, n);
		at += n;
	}
	if (b.full)
		abort();
	must_read_back(b.len, data, size);
	return 0;
}

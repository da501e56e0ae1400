/* SPDX-License-Identifier: BSD-2-Clause */
/* libqrencode makes the modules; half blocks of UTF-8 show them. */
#include "jumpctl/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>

#include "base/cleanup.h"

#define QUIET 2 /* modules around it; the terminal's margin adds to them */

static void cleanup_code(QRcode **code)
{
	if (*code)
		QRcode_free(*code);
}

static bool dark(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width)
		return false;
	return code->data[y * code->width + x] & 1;
}

static const char *half_block(bool above, bool below)
{
	return above ? (below ? "\u2588" : "\u2580") : (below ? "\u2584" : " ");
}

int qr_print(FILE *out, const char *text)
{
	_cleanup_(cleanup_code) QRcode *code =
		QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);

	if (!code)
		return -EMSGSIZE;
	for (int y = -QUIET; y < code->width + QUIET; y += 2) {
		fputs("\033[30;107m", out); /* black on white */
		for (int x = -QUIET; x < code->width + QUIET; x++)
			fputs(half_block(
				      dark(code, x, y), dark(code, x, y + 1)),
				out);
		fputs("\033[0m\n", out);
	}
	return 0;
}

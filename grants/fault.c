/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One place that fills in a fault, so that the first one stays.
 */
#include "grants/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fault_set(struct fault *f, const char *word, const char *format, ...)
{
	va_list args;

	if (f->word)
		return -EBADMSG;
	f->word = word;
	va_start(args, format);
	(void)vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
	return -EBADMSG;
}

int fault_errno(struct fault *f, int e, const char *what)
{
	(void)fault_set(f, "error", "%s: %s", what, strerrordesc_np(-e));
	return e;
}

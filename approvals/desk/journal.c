/* SPDX-License-Identifier: BSD-2-Clause */
/* One write(2) a line, so that threads do not mix theirs. */
#include "approvals/desk/journal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/fd.h"

#define LINE_SIZE 1024

static bool interactive;

void journal_interactive(void)
{
	interactive = true;
	openlog("jump-approvals", LOG_PID, LOG_AUTHPRIV);
}

void journal_line(enum journal_level level, const char *format, ...)
{
	char line[LINE_SIZE];
	int prefix = 0, n;
	va_list ap;

	if (!interactive)
		prefix = snprintf(line, sizeof(line), "<%d>", (int)level);
	va_start(ap, format);
	n = vsnprintf(
		line + prefix, sizeof(line) - (size_t)prefix - 1, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	for (char *at = line; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	if (interactive && level == JOURNAL_NOTICE)
		syslog(LOG_NOTICE, "%s", line);
	n = (int)strlen(line);
	line[n] = '\n';
	(void)fd_write_all(STDERR_FILENO, line, (size_t)n + 1);
}

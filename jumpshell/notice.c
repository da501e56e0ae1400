/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/notice.h"

#include <stdio.h>
#include <string.h>

/* DECSTR last: it also resets what the others do not name. */
const char notice_reset[] = "\033[?1049l\033[?1000l\033[?1002l\033[?1003l"
			    "\033[?1006l\033[?2004l\033[?25h\033[!p\033[0m";

size_t notice_format(const char *text, unsigned cols, char ret[NOTICE_MAX])
{
	/* one column stays free: writing into the last one may scroll */
	size_t room = cols > 9 ? cols - 9 : 1, len = strlen(text);
	int n;

	if (len > room)
		len = room;
	n = snprintf(ret, NOTICE_MAX,
		"\0337\033[1;1H\033[0;7m jump: %.*s \033[0m\033[K\0338\a",
		(int)(len > 300 ? 300 : len), text);
	return n < 0 ? 0 : (size_t)n;
}

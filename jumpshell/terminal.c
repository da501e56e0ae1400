/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SIDE_MAX 4096

/* TERM is the client's word; it may only name an entry of terminfo. */
static void take_name(char ret_name[TERMINAL_NAME_SIZE])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789+-._";
	const char *name = getenv("TERM");
	size_t len = name ? strlen(name) : 0;

	if (len == 0 || len >= TERMINAL_NAME_SIZE || name[0] == '.' ||
		strspn(name, letters) != len) {
		name = "dumb";
		len = 4;
	}
	memcpy(ret_name, name, len + 1);
}

void terminal_size(struct terminal *t)
{
	struct winsize ws = {0};

	t->cols = 80;
	t->rows = 24;
	if (!t->is || ioctl(0, TIOCGWINSZ, &ws) < 0)
		return;
	if (ws.ws_col > 0 && ws.ws_col <= SIDE_MAX)
		t->cols = ws.ws_col;
	if (ws.ws_row > 0 && ws.ws_row <= SIDE_MAX)
		t->rows = ws.ws_row;
}

void terminal_look(struct terminal *t)
{
	*t = (struct terminal){0};
	t->is = isatty(0) && isatty(1) && tcgetattr(0, &t->before) == 0;
	take_name(t->name);
	terminal_size(t);
}

int terminal_raw(const struct terminal *t)
{
	struct termios raw = t->before;

	cfmakeraw(&raw);
	return tcsetattr(0, TCSANOW, &raw) < 0 ? -errno : 0;
}

void terminal_restore(const struct terminal *t)
{
	if (t->is)
		(void)tcsetattr(0, TCSANOW, &t->before);
}

int terminal_pair(const struct terminal *t, int *ret_outer, int *ret_inner)
{
	struct winsize ws = {
		.ws_col = (unsigned short)t->cols,
		.ws_row = (unsigned short)t->rows,
	};
	int outer, inner;

	if (openpty(&outer, &inner, NULL, &t->before, &ws) < 0)
		return -errno;
	(void)fcntl(outer, F_SETFD, FD_CLOEXEC);
	(void)fcntl(inner, F_SETFD, FD_CLOEXEC);
	*ret_outer = outer;
	*ret_inner = inner;
	return 0;
}

void terminal_resize_pair(const struct terminal *t, int outer)
{
	struct winsize ws = {
		.ws_col = (unsigned short)t->cols,
		.ws_row = (unsigned short)t->rows,
	};

	(void)ioctl(outer, TIOCSWINSZ, &ws);
}

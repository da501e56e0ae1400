/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libedit can run an editor (vi-histedit), read commands of its own
 * (ed-command, which can bind the former) and stop the process; none of them
 * may be reached from a key. So the map of keys is emptied first, and then
 * only the functions named here are bound.
 */
#include "jumpshell/line.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "jumpshell/complete.h"
#include "jumpshell/words.h"

#define HISTORY_LINES 100

struct line_editor {
	EditLine *el;
	History *history;
	HistEvent event;
	struct shell *shell;
	struct guard *session;
	const char *end_reason;
};

static const struct {
	const char *key;
	const char *function;
} keys[] = {
	{"^A", "ed-move-to-beg"},
	{"^B", "ed-prev-char"},
	{"^D", "em-delete-or-list"},
	{"^E", "ed-move-to-end"},
	{"^F", "ed-next-char"},
	{"^H", "em-delete-prev-char"},
	{"^?", "em-delete-prev-char"},
	{"^I", "jump-complete"},
	{"^J", "ed-newline"},
	{"^K", "ed-kill-line"},
	{"^L", "ed-clear-screen"},
	{"^M", "ed-newline"},
	{"^N", "ed-next-history"},
	{"^P", "ed-prev-history"},
	{"^U", "em-kill-line"},
	{"^W", "ed-delete-prev-word"},
	{"^Y", "em-yank"},
	{"\\e[A", "ed-prev-history"},
	{"\\e[B", "ed-next-history"},
	{"\\e[C", "ed-next-char"},
	{"\\e[D", "ed-prev-char"},
	{"\\e[H", "ed-move-to-beg"},
	{"\\e[F", "ed-move-to-end"},
	{"\\e[1~", "ed-move-to-beg"},
	{"\\e[3~", "ed-delete-next-char"},
	{"\\e[4~", "ed-move-to-end"},
	{"\\eOA", "ed-prev-history"},
	{"\\eOB", "ed-next-history"},
	{"\\eOC", "ed-next-char"},
	{"\\eOD", "ed-prev-char"},
	{"\\eb", "ed-prev-word"},
	{"\\ef", "em-next-word"},
};

static const char *prompt(EditLine *el)
{
	(void)el;
	return "jump> ";
}

static struct line_editor *of(EditLine *el)
{
	struct line_editor *l = NULL;

	(void)el_get(el, EL_CLIENTDATA, &l);
	return l;
}

/* A line above the prompt, and the prompt again as it was. */
static void say(EditLine *el, const char *text)
{
	printf("\r\033[K%s\r\n", text);
	(void)fflush(stdout);
	(void)el_set(el, EL_REFRESH);
}

/* libedit's own reader, with an eye on the window. -1 ends the line. */
static int get_char(EditLine *el, wchar_t *ret_char)
{
	struct line_editor *l = of(el);

	for (;;) {
		struct guard_step step = guard_look(l->session);
		struct pollfd p[] = {
			{.fd = 0, .events = POLLIN},
			{.fd = l->shell->access.inotify, .events = POLLIN},
		};
		unsigned char c;
		ssize_t n;

		if (step.text[0])
			say(el, step.text);
		if (step.end) {
			l->end_reason = step.reason;
			return 0;
		}
		if (poll(p, ARRAY_LEN(p), guard_wait_ms(l->session)) <= 0 ||
			!p[0].revents)
			continue;
		n = read(0, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		/* bytes above ASCII are no part of any word here */
		*ret_char = c < 0x80 ? c : '?';
		return 1;
	}
}

static unsigned char on_tab(EditLine *el, int c)
{
	struct line_editor *l = of(el);
	const LineInfo *info = el_line(el);
	char rest[COMPLETE_SIZE];
	size_t found = complete_line(l->shell, info->buffer,
		(size_t)(info->cursor - info->buffer), rest);

	(void)c;
	if (rest[0] && el_insertstr(el, rest) < 0)
		return CC_ERROR;
	return found == 1 || rest[0] ? CC_REFRESH : CC_REFRESH_BEEP;
}

static int bind_keys(EditLine *el)
{
	char key[2] = {0};

	/* every key of the map, then of the alternative map, to nothing */
	for (int c = 0; c < 256; c++) {
		key[0] = (char)c;
		if (c >= 0x20 && c < 0x7f)
			continue;
		(void)el_set(el, EL_BIND, "-r", key, NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (el_set(el, EL_BIND, keys[i].key, keys[i].function, NULL) <
			0)
			return -EINVAL;
	}
	return 0;
}

struct line_editor *line_open(struct shell *s, struct guard *session)
{
	struct line_editor *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->shell = s;
	l->session = session;
	l->el = el_init("jumpshell", stdin, stdout, stderr);
	l->history = history_init();
	if (!l->el || !l->history) {
		line_close(l);
		return NULL;
	}
	(void)history(l->history, &l->event, H_SETSIZE, HISTORY_LINES);
	(void)el_set(l->el, EL_CLIENTDATA, l);
	(void)el_set(l->el, EL_EDITOR, "emacs");
	(void)el_set(l->el, EL_SIGNAL, 0);
	(void)el_set(l->el, EL_HIST, history, l->history);
	(void)el_set(l->el, EL_PROMPT, prompt);
	(void)el_set(l->el, EL_GETCFN, get_char);
	(void)el_set(l->el, EL_ADDFN, "jump-complete", "targets", on_tab);
	if (bind_keys(l->el) < 0) {
		line_close(l);
		return NULL;
	}
	return l;
}

void line_close(struct line_editor *l)
{
	if (!l)
		return;
	if (l->el)
		el_end(l->el);
	if (l->history)
		history_end(l->history);
	free(l);
}

const char *line_read(
	struct line_editor *l, size_t *ret_len, const char **ret_reason)
{
	int count = 0;
	const char *line = el_gets(l->el, &count);

	*ret_reason = l->end_reason;
	if (!line || count <= 0 || l->end_reason)
		return NULL;
	if (count > 1)
		(void)history(l->history, &l->event, H_ENTER, line);
	*ret_len = strcspn(line, "\r\n");
	return line;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/fileevent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/utf8.h"

#define NAME_ALONE  380 /* of a command in an event */
#define NAME_OF_TWO 180

static const struct {
	enum event_id id;
	const char *word; /* of commands and lines; of transfers by direction */
} acts[FILE_ACTS] = {
	[FILE_ACT_BEGIN] = {EVENT_FILE_BEGIN, NULL},
	[FILE_ACT_TRANSFER] = {EVENT_FILE_TRANSFER, NULL},
	[FILE_ACT_REMOVE] = {EVENT_FILE_CHANGED, "remove"},
	[FILE_ACT_RENAME] = {EVENT_FILE_CHANGED, "rename"},
	[FILE_ACT_MKDIR] = {EVENT_FILE_CHANGED, "mkdir"},
	[FILE_ACT_RMDIR] = {EVENT_FILE_CHANGED, "rmdir"},
	[FILE_ACT_LINK] = {EVENT_FILE_CHANGED, "link"},
	[FILE_ACT_ATTRIBUTES] = {EVENT_FILE_CHANGED, "attributes"},
	[FILE_ACT_LIST] = {EVENT_FILE_LOOKED, "list"},
	[FILE_ACT_LOOK] = {EVENT_FILE_LOOKED, "look"},
	[FILE_ACT_DENIED] = {EVENT_FILE_DENIED, "refused"},
};

static const char *word_of(const struct file_event *f)
{
	if (acts[f->act].word)
		return acts[f->act].word;
	return f->direction == FILE_UP ? "put" : "get";
}

/* The beginning and the end of a name that is too long. */
static size_t put_cut(char *to, const char *name, size_t max)
{
	size_t len = strlen(name), head = max / 2, tail = max - head - 3;

	if (len <= max) {
		memcpy(to, name, len + 1);
		return len;
	}
	memcpy(to, name, head);
	memcpy(to + head, "...", 3);
	memcpy(to + head + 3, name + len - tail, tail + 1);
	return max;
}

static void put_command(const struct file_event *f, char *ret)
{
	size_t len = (size_t)snprintf(
		ret, FILEEVENT_COMMAND_SIZE, "%s ", word_of(f));

	if (!f->other[0]) {
		(void)put_cut(ret + len, f->name, NAME_ALONE);
		return;
	}
	len += put_cut(ret + len, f->name, NAME_OF_TWO);
	ret[len++] = ' ';
	(void)put_cut(ret + len, f->other, NAME_OF_TWO);
}

static void put_digest(const uint8_t sum[32], char *ret)
{
	int len = snprintf(ret, FILEEVENT_DIGEST_SIZE, "sha256:");

	for (int i = 0; i < 32; i++)
		len += snprintf(ret + len, FILEEVENT_DIGEST_SIZE - (size_t)len,
			"%02x", sum[i]);
}

static void describe_transfer(const struct file_event *f, struct fileevent *e)
{
	e->event.direction = f->direction == FILE_UP ? "up" : "down";
	if (f->act != FILE_ACT_TRANSFER)
		return;
	e->event.has_size = true;
	e->event.size = f->size;
	e->event.extent = f->whole ? "whole" : "part";
	if (!f->has_sum)
		return;
	put_digest(f->sum, e->digest);
	e->event.digest = e->digest;
}

int fileevent_make(const struct control *c, struct fileevent *ret_event)
{
	const struct file_event *f = &c->event;
	struct fileevent *e = ret_event;
	bool failed;

	if (f->act == FILE_ACT_NONE || f->act >= FILE_ACTS)
		return -EINVAL;
	memset(e, 0, sizeof(*e));
	failed = f->act == FILE_ACT_DENIED ||
		 (f->act == FILE_ACT_TRANSFER && !f->done);
	e->event.id = acts[f->act].id;
	e->event.outcome = failed ? OUTCOME_FAILURE : OUTCOME_SUCCESS;
	e->event.file = f->name[0] ? f->name : NULL;
	e->event.other = f->other[0] ? f->other : NULL;
	e->event.detail = c->text[0] ? c->text : NULL;
	if (f->act == FILE_ACT_DENIED)
		e->event.reason = "files";
	if (f->times > 1)
		e->event.count =
			f->act == FILE_ACT_DENIED ? f->times - 1 : f->times;
	put_command(f, e->command);
	e->event.command = e->command;
	if (f->act == FILE_ACT_BEGIN || f->act == FILE_ACT_TRANSFER)
		describe_transfer(f, e);
	return 0;
}

/* How many bytes at `at` are one letter that may be shown: 0 is none. */
static size_t letter(const char *at, size_t left)
{
	unsigned char c = (unsigned char)*at;
	size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (c < 0x20 || c == 0x7f || c == '\\' || len > left)
		return 0;
	return utf8_is_plain(at, len) ? len : 0;
}

size_t fileevent_escape(
	const char *bytes, size_t len, char *ret_text, size_t size)
{
	size_t out = 0;

	for (size_t i = 0; i < len && size - out > 4;) {
		size_t n = letter(bytes + i, len - i);

		if (n > 0) {
			memcpy(ret_text + out, bytes + i, n);
			out += n;
			i += n;
			continue;
		}
		out += (size_t)snprintf(ret_text + out, 5, "\\%03o",
			(unsigned)(unsigned char)bytes[i]);
		i++;
	}
	ret_text[out] = '\0';
	return out;
}

struct line {
	char *text;
	size_t len;
};

/* FILEEVENT_LINE_SIZE has room for all that is ever put. */
static void put_name(struct line *l, const char *before, const char *name)
{
	l->len += (size_t)snprintf(l->text + l->len, 64, "%s", before);
	l->len += fileevent_escape(
		name, strlen(name), l->text + l->len, 4 * CONTROL_NAME_SIZE);
}

__attribute__((format(printf, 2, 3))) static void put_words(
	struct line *l, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	l->len += (size_t)vsnprintf(l->text + l->len, 128, format, list);
	va_end(list);
}

static void put_transfer(struct line *l, const struct file_event *f)
{
	char digest[FILEEVENT_DIGEST_SIZE] = "";

	if (f->act == FILE_ACT_BEGIN) {
		put_words(l, " begins");
		return;
	}
	put_words(l, "%s: %" PRIu64 " bytes, %s", f->done ? "" : " failed",
		f->size, f->whole ? "whole" : "a part");
	if (!f->has_sum)
		return;
	put_digest(f->sum, digest);
	put_words(l, ", %s", digest);
}

size_t fileevent_line(const struct control *c, char line[FILEEVENT_LINE_SIZE])
{
	const struct file_event *f = &c->event;
	struct line l = {.text = line};

	put_words(&l, "%s", f->act < FILE_ACTS ? word_of(f) : "?");
	put_name(&l, " ", f->name);
	if (f->other[0])
		put_name(&l, " -> ", f->other);
	if (f->act == FILE_ACT_BEGIN || f->act == FILE_ACT_TRANSFER)
		put_transfer(&l, f);
	if (f->times > 1)
		put_words(&l, ", %" PRIu32 " times", f->times);
	if (c->text[0])
		put_name(&l, ": ", c->text);
	put_words(&l, "\r\n");
	return l.len;
}

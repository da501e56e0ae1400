/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpctl/cast.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/cleanup.h"

__attribute__((format(printf, 2, 3))) static int wrong(
	struct cast_reader *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(r->why, sizeof(r->why), format, args);
	va_end(args);
	return -EBADMSG;
}

/* 1: a whole line; 0: the end, perhaps torn. */
static int next_line(struct cast_reader *r, size_t *ret_len)
{
	ssize_t n = getline(&r->buffer, &r->buffer_size, r->file);

	if (n < 0)
		return ferror(r->file) ? wrong(r, "can't be read") : 0;
	r->line++;
	if (n > CAST_LINE_MAX)
		return wrong(r, "a line of %zd bytes", n);
	if (r->buffer[n - 1] != '\n') {
		r->torn = true;
		return 0;
	}
	*ret_len = (size_t)n - 1;
	return 1;
}

static int parse(struct cast_reader *r, size_t len, json_t **ret_value)
{
	json_error_t e;
	json_t *value = json_loadb(r->buffer, len, JSON_REJECT_DUPLICATES, &e);

	if (!value)
		return wrong(r, "not JSON: %s", e.text);
	*ret_value = value;
	return 0;
}

int cast_reader_begin(struct cast_reader *r, FILE *file)
{
	size_t len;
	int e;

	*r = (struct cast_reader){.file = file};
	e = next_line(r, &len);
	if (e < 0)
		return e;
	if (e == 0)
		return wrong(r, "no header");
	e = parse(r, len, &r->header);
	if (e < 0)
		return e;
	if (json_integer_value(json_object_get(r->header, "version")) != 2)
		return wrong(r, "not an asciicast of version 2");
	return 0;
}

void cast_reader_done(struct cast_reader *r)
{
	json_decref(r->header);
	json_decref(r->event);
	json_decref(r->bytes_event);
	free(r->buffer);
	free(r->exact);
	*r = (struct cast_reader){0};
}

static int take_time(
	struct cast_reader *r, const json_t *value, uint64_t *ret_us)
{
	double sec = json_number_value(value);

	if (!json_is_number(value) || sec < 0 || sec > 1e9)
		return wrong(r, "no time");
	*ret_us = (uint64_t)(sec * 1e6 + 0.5);
	if (*ret_us < r->last_us)
		return wrong(r, "time runs backwards");
	r->last_us = *ret_us;
	return 0;
}

/* One line as event; the JSON it points into is *keep. */
static int take_event(
	struct cast_reader *r, size_t len, json_t **keep, struct cast_event *ev)
{
	const json_t *code, *text;
	int e;

	json_decref(*keep);
	*keep = NULL;
	e = parse(r, len, keep);
	if (e < 0)
		return e;
	code = json_array_get(*keep, 1);
	text = json_array_get(*keep, 2);
	if (json_array_size(*keep) != 3 || json_string_length(code) != 1 ||
		!json_is_string(text))
		return wrong(r, "not an event");
	e = take_time(r, json_array_get(*keep, 0), &ev->t_us);
	if (e < 0)
		return e;
	ev->code = json_string_value(code)[0];
	ev->text = json_string_value(text);
	ev->text_len = json_string_length(text);
	ev->bytes = ev->text;
	ev->len = ev->text_len;
	return 0;
}

static int digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Four digits to up to three bytes; -1 when they are none. */
static int decode_four(const char *in, bool last, uint8_t *out)
{
	int a = digit(in[0]), b = digit(in[1]), c = digit(in[2]),
	    d = digit(in[3]);
	int n = 3;

	if (last && in[3] == '=') {
		d = 0;
		n = in[2] == '=' ? 1 : 2;
		c = n == 1 ? 0 : c;
	}
	if (a < 0 || b < 0 || c < 0 || d < 0)
		return -1;
	out[0] = (uint8_t)(a << 2 | b >> 4);
	out[1] = (uint8_t)(b << 4 | c >> 2);
	out[2] = (uint8_t)(c << 6 | d);
	return n;
}

static int decode(
	struct cast_reader *r, const char *text, size_t len, size_t *ret_len)
{
	size_t have = 0;

	free(r->exact);
	r->exact = malloc(len / 4 * 3 + 3);
	if (!r->exact)
		return -ENOMEM;
	if (len % 4 != 0)
		return wrong(r, "base64 of odd length");
	for (size_t i = 0; i < len; i += 4) {
		int n = decode_four(text + i, i + 4 == len, r->exact + have);

		if (n < 0)
			return wrong(r, "no base64");
		have += (size_t)n;
	}
	*ret_len = have;
	return 0;
}

/*
 * "b" says what the "o" after it really was. When the file was torn between
 * them the bytes count nevertheless: they were written.
 */
static int take_shown(struct cast_reader *r, struct cast_event *ev)
{
	struct cast_event shown;
	size_t len, exact_len = 0;
	int e = decode(r, ev->text, ev->text_len, &exact_len);

	if (e < 0)
		return e;
	e = next_line(r, &len);
	if (e < 0)
		return e;
	if (e > 0) {
		e = take_event(r, len, &r->bytes_event, &shown);
		if (e < 0)
			return e;
		if (shown.code != 'o')
			return wrong(r, "bytes without their text");
		*ev = shown;
	} else {
		ev->text = "";
		ev->text_len = 0;
	}
	ev->code = 'o';
	ev->bytes = r->exact;
	ev->len = exact_len;
	return 0;
}

int cast_next(struct cast_reader *r, struct cast_event *ret_event)
{
	size_t len;
	int e = r->torn ? 0 : next_line(r, &len);

	if (e <= 0)
		return e;
	if (r->ended)
		return wrong(r, "something after the end");
	e = take_event(r, len, &r->event, ret_event);
	if (e == 0 && ret_event->code == 'b')
		e = take_shown(r, ret_event);
	if (e < 0)
		return e;
	r->ended = ret_event->code == 'e';
	return 1;
}

const char *cast_identity_text(const struct cast_reader *r, const char *key)
{
	const json_t *jump = json_object_get(r->header, "jump");
	const char *text = json_string_value(json_object_get(jump, key));

	return text ? text : "";
}

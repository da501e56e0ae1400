/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the lines. Text is kept as text, so that any player shows it and
 * grep finds it; what is not UTF-8 is kept beside it as a "b" event that
 * comes first: a file that ends between the two still has the exact bytes.
 */
#include "workers/record/asciicast.h"

#include <string.h>

#include "workers/record/utf8.h"

/* Text shorter than this between two stretches of bytes belongs to them. */
#define CLEAN_MIN 64
/* Of a long stretch that is no text at all only the beginning is shown:
 * nobody reads more of it, and its escapes would take twice the room of the
 * bytes themselves. One in eight: text of an old character set has fewer. */
#define SHOW_MAX   256
#define JUNK_SHARE 8

static void put_identity(struct castbuf *b, const struct cast_identity *id)
{
	castbuf_text(b, ",\"jump\":{");
	castbuf_member_number(b, "format", CAST_FORMAT);
	castbuf_member(b, "bastion", id->bastion);
	castbuf_member(b, "session", id->session);
	castbuf_member(b, "conn", id->conn);
	castbuf_member(b, "grant", id->grant);
	castbuf_member(b, "ticket", id->ticket);
	castbuf_member(b, "user", id->user);
	castbuf_member_number(b, "uid", id->uid);
	castbuf_member(b, "target", id->target);
	castbuf_member(b, "proto", id->proto);
	castbuf_member(b, "zone", id->zone);
	castbuf_member(b, "account", id->account);
	if (id->via)
		castbuf_member(b, "via", id->via);
	castbuf_member(b, "source", id->source);
	castbuf_member_number(b, "source_port", id->source_port);
	castbuf_member(b, "key", id->key);
	castbuf_member_number(b, "auid", id->auid);
	castbuf_member_number(b, "ses", id->ses);
	castbuf_member_number(b, "window_end", (uint64_t)id->window_end);
	if (id->command) {
		castbuf_text(b, ",\"command\":");
		castbuf_base64(b, id->command, id->command_len);
	}
	castbuf_text(b, "}");
}

void cast_header(struct castbuf *b, const struct cast_identity *id)
{
	castbuf_text(b, "{");
	castbuf_member_number(b, "version", 2);
	castbuf_member_number(b, "width", id->cols);
	castbuf_member_number(b, "height", id->rows);
	castbuf_member_number(b, "timestamp", (uint64_t)id->started);
	if (id->command) {
		castbuf_text(b, ",\"command\":");
		castbuf_string(b, id->command, id->command_len);
	}
	castbuf_text(b, ",\"env\":{");
	if (id->term[0])
		castbuf_member(b, "TERM", id->term);
	castbuf_text(b, "}");
	put_identity(b, id);
	castbuf_text(b, "}\n");
}

static void event_open(struct castbuf *b, uint64_t t_us, char code)
{
	castbuf_text(b, "[");
	castbuf_time(b, t_us);
	castbuf_text(b, ",\"");
	castbuf_raw(b, &code, 1);
	castbuf_text(b, "\",");
}

static void event_close(struct castbuf *b)
{
	castbuf_text(b, "]\n");
}

void cast_event(struct castbuf *b, uint64_t t_us, char code, const char *text)
{
	event_open(b, t_us, code);
	castbuf_string(b, text, strlen(text));
	event_close(b);
}

static void put_text(
	struct castbuf *b, uint64_t t_us, const uint8_t *at, size_t len)
{
	event_open(b, t_us, 'o');
	castbuf_string(b, at, len);
	event_close(b);
}

/* The exact bytes, then what to show for them. */
static void put_bytes(struct castbuf *b, uint64_t t_us, const uint8_t *at,
	size_t len, const uint8_t *show, size_t show_len)
{
	event_open(b, t_us, 'b');
	castbuf_base64(b, at, len);
	event_close(b);
	put_text(b, t_us, show, show_len);
}

/* How much text stands at the beginning. */
static size_t clean_len(const uint8_t *at, size_t len)
{
	size_t n = 0, step;

	while (n < len) {
		if (at[n] > 0 && at[n] < 0x80)
			step = 1;
		else if (at[n] == 0 ||
			 utf8_next(at + n, len - n, &step) != UTF8_WHOLE)
			break;
		n += step;
	}
	return n;
}

/* How far bytes go on, short stretches of text among them included; how
 * many of them are worth showing. */
static size_t dirty_len(const uint8_t *at, size_t len, size_t *ret_show)
{
	size_t n = 0, junk = 0;

	while (n < len) {
		size_t clean = clean_len(at + n, len - n);

		if (clean >= CLEAN_MIN)
			break;
		n += clean;
		if (n < len) {
			n++;
			junk++;
		}
	}
	*ret_show = junk * JUNK_SHARE > n && n > SHOW_MAX ? SHOW_MAX : n;
	return n;
}

/* The length of a character's beginning at the very end, or 0. */
static size_t cut_at_end(const uint8_t *at, size_t len)
{
	for (size_t n = len < 3 ? len : 3; n > 0; n--) {
		size_t have;

		if (utf8_next(at + len - n, n, &have) == UTF8_CUT && have == n)
			return n;
	}
	return 0;
}

/*
 * A character came in two chunks. The first part is in the file as bytes; so
 * is the rest, and beside it the whole character to show. Returns how many
 * bytes of this chunk were used up.
 */
static size_t put_rest(struct cast *c, struct castbuf *b, uint64_t t_us,
	const uint8_t *at, size_t len)
{
	uint8_t whole[8];
	size_t take = len < 4 - c->cut_len ? len : 4 - c->cut_len, step;
	enum utf8 kind;

	memcpy(whole, c->cut, c->cut_len);
	memcpy(whole + c->cut_len, at, take);
	kind = utf8_next(whole, c->cut_len + take, &step);
	if (kind == UTF8_WHOLE) {
		take = step - c->cut_len;
		put_bytes(b, t_us, at, take, whole, step);
		c->cut_len = 0;
		return take;
	}
	if (kind == UTF8_CUT) {
		put_bytes(b, t_us, at, take, NULL, 0);
		memcpy(c->cut, whole, step);
		c->cut_len = step;
		return take;
	}
	c->cut_len = 0;
	return 0;
}

void cast_output(struct cast *c, struct castbuf *b, uint64_t t_us,
	const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	size_t used = 0, cut, show;

	if (c->cut_len > 0 && len > 0)
		used = put_rest(c, b, t_us, at, len);
	at += used;
	len -= used;
	if (len == 0)
		return;
	cut = cut_at_end(at, len);
	len -= cut;
	while (len > 0) {
		size_t n = clean_len(at, len);

		if (n > 0) {
			put_text(b, t_us, at, n);
		} else {
			n = dirty_len(at, len, &show);
			put_bytes(b, t_us, at, n, at, show);
		}
		at += n;
		len -= n;
	}
	if (cut > 0) {
		put_bytes(b, t_us, at, cut, NULL, 0);
		memcpy(c->cut, at, cut);
		c->cut_len = cut;
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events as text, for auditd and for the journal. The rule of both: what an
 * outsider chose can never look like a field of its own. The names of audit
 * fields avoid those that ausearch finds by substring (a field that ends in
 * res, acct, uid, addr, terminal ... would shadow the real one).
 */
#include <errno.h>
#include <inttypes.h>
#include <libaudit.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "audit/table.h"
#include "base/moment.h"

#define NAME_IN_AUDIT 300

struct text {
	char *bytes;
	size_t size, len;
	bool full;
	bool freestyle; /* a record whose every word ausearch may decode */
};

static void put(struct text *t, const char *bytes, size_t len)
{
	if (t->full || len >= t->size - t->len) {
		t->full = true;
		return;
	}
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
	t->bytes[t->len] = '\0';
}

static void puts_(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

static bool plain(const char *value)
{
	for (const char *p = value; *p; p++) {
		bool alnum = (*p >= 'a' && *p <= 'z') ||
			     (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9');

		if (!alnum && !strchr("._/:@+,-", *p))
			return false;
	}
	return value[0] != '\0';
}

static void put_hex(struct text *t, const char *value)
{
	static const char digits[] = "0123456789ABCDEF";

	for (const char *p = value; *p; p++) {
		const char pair[2] = {digits[(unsigned char)*p >> 4],
			digits[(unsigned char)*p & 15]};

		put(t, pair, 2);
	}
}

/* Only hexadecimal digits, and not a decimal number. */
static bool looks_encoded(const char *value)
{
	return !value[strspn(value, "0123456789abcdefABCDEF")] &&
	       value[strspn(value, "0123456789")];
}

/* name=value where we know the form: words, numbers, addresses, ids. */
static void bare(struct text *t, const char *name, const char *value)
{
	bool quoted;

	if (!value)
		return;
	if (t->len)
		puts_(t, " ");
	puts_(t, name);
	puts_(t, "=");
	if (plain(value)) {
		quoted = t->freestyle && looks_encoded(value);
		puts_(t, quoted ? "\"" : "");
		puts_(t, value);
		puts_(t, quoted ? "\"" : "");
	} else if (!value[0]) {
		puts_(t, "?");
	} else {
		put_hex(t, value);
	}
}

/* name="value" or name=HEX: names that ausearch -i decodes. */
static void encoded(struct text *t, const char *name, const char *value)
{
	if (!value)
		return;
	if (t->len)
		puts_(t, " ");
	puts_(t, name);
	puts_(t, "=");
	if (!plain(value)) {
		put_hex(t, value);
		return;
	}
	puts_(t, "\"");
	puts_(t, value);
	puts_(t, "\"");
}

/*
 * A long name is shown by its beginning and its end; the journal and the
 * recording have more of it. A whole record has 2 KiB, this at most 600 bytes.
 */
static void encoded_name(struct text *t, const char *name, const char *value)
{
	char cut[NAME_IN_AUDIT + 1];
	size_t len = value ? strlen(value) : 0, head = NAME_IN_AUDIT / 2;

	if (len <= NAME_IN_AUDIT) {
		encoded(t, name, value);
		return;
	}
	memcpy(cut, value, head);
	memcpy(cut + head, "...", 3);
	memcpy(cut + head + 3, value + len - (NAME_IN_AUDIT - head - 3),
		NAME_IN_AUDIT - head - 3 + 1);
	encoded(t, name, cut);
}

static void number(struct text *t, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	bare(t, name, text);
}

static void audit_connection(struct text *t, const struct event *e)
{
	bare(t, "conn", e->conn);
	bare(t, "target", e->target);
	bare(t, "daddr", e->address);
	if (e->port)
		number(t, "dport", e->port);
	bare(t, "app", e->proto);
	bare(t, "login", e->account);
	bare(t, "via", e->via);
	bare(t, "allowed", e->allowed);
	if (e->source_port)
		number(t, "rport", e->source_port);
	/* not fp: ausearch takes that for a file's capabilities, "none" */
	bare(t, "fingerprint", e->key);
	if (e->has_bytes) {
		number(t, "bytes_in", e->bytes_in);
		number(t, "bytes_out", e->bytes_out);
	}
	if (e->duration_ms)
		number(t, "ms", (uint64_t)e->duration_ms);
}

int event_format_audit(const struct event *e, char *text, size_t size)
{
	const struct event_row *row = event_row(e->id);
	struct text t = {.bytes = text, .size = size};

	if (!row || !size)
		return -EINVAL;
	t.freestyle = row->audit_type == AUDIT_TRUSTED_APP;
	text[0] = '\0';
	puts_(&t, "op=");
	/* aulast knows a login by this very word */
	puts_(&t, e->id == EVENT_SESSION_START ? "" : "jump:");
	puts_(&t, row->op);
	encoded(&t, "acct", e->user);
	if (e->id == EVENT_SESSION_START)
		number(&t, "id", e->uid);
	bare(&t, "uuid", e->session);
	bare(&t, "grant", e->grant);
	bare(&t, "reason", e->reason);
	audit_connection(&t, e);
	encoded(&t, "cmd", e->command);
	encoded_name(&t, "file", e->file);
	bare(&t, "direction", e->direction);
	bare(&t, "extent", e->extent);
	if (e->has_size)
		number(&t, "size", e->size);
	bare(&t, "digest", e->digest);
	bare(&t, "by", e->by);
	bare(&t, "ticket", e->ticket);
	if (e->window_start)
		number(&t, "from", (uint64_t)e->window_start);
	if (e->window_end)
		number(&t, "until", (uint64_t)e->window_end);
	if (e->serial)
		number(&t, "serial", e->serial);
	if (e->count)
		number(&t, "count", e->count);
	return t.full ? -EMSGSIZE : 0;
}

/* The journal wants UTF-8; other bytes and controls become "?". */
static size_t utf8_length(const unsigned char *p)
{
	size_t n = *p < 0x80		      ? 1
		   : *p >= 0xc2 && *p <= 0xdf ? 2
		   : *p >= 0xe0 && *p <= 0xef ? 3
		   : *p >= 0xf0 && *p <= 0xf4 ? 4
					      : 0;

	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((n == 3 && p[0] == 0xe0 && p[1] < 0xa0) ||
		(n == 3 && p[0] == 0xed && p[1] > 0x9f) ||
		(n == 4 && p[0] == 0xf0 && p[1] < 0x90) ||
		(n == 4 && p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n == 1 && (*p < 0x20 || *p == 0x7f) ? 0 : n;
}

static void put_clean(struct text *t, const char *value)
{
	const unsigned char *p = (const unsigned char *)value;
	size_t start = t->len;

	while (*p) {
		size_t n = utf8_length(p);

		if (t->len - start + (n ? n : 1) > JOURNAL_FIELD_MAX)
			return;
		put(t, n ? (const char *)p : "?", n ? n : 1);
		p += n ? n : 1;
	}
}

static void field(struct text *t, const char *name, const char *value)
{
	if (!value)
		return;
	puts_(t, name);
	puts_(t, "=");
	put_clean(t, value);
	puts_(t, "\n");
}

static void field_number(struct text *t, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	field(t, name, text);
}

static void field_time(struct text *t, const char *name, int64_t sec)
{
	char text[MOMENT_TEXT_SIZE];

	if (!sec)
		return;
	moment_format(sec, text);
	field(t, name, text);
}

static void message(
	struct text *t, const struct event *e, const struct event_row *row)
{
	const struct {
		const char *before, *value;
	} parts[] = {
		{": ", e->user},
		{" to ", e->target},
		{" from ", e->source},
		{", ", e->reason},
		{", ", e->detail},
	};

	puts_(t, "MESSAGE=");
	puts_(t, row->subject);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!parts[i].value)
			continue;
		puts_(t, parts[i].before);
		put_clean(t, parts[i].value);
	}
	puts_(t, "\n");
}

static void journal_who(struct text *t, const struct event *e)
{
	field(t, "JUMP_REASON", e->reason);
	field(t, "JUMP_SESSION", e->session);
	field(t, "JUMP_USER", e->user);
	if (e->uid)
		field_number(t, "JUMP_UID", e->uid);
	field(t, "JUMP_SRC_ADDR", e->source);
	if (e->source_port)
		field_number(t, "JUMP_SRC_PORT", e->source_port);
	field(t, "JUMP_KEY", e->key);
	field(t, "JUMP_GRANT", e->grant);
	field(t, "JUMP_TICKET", e->ticket);
	field(t, "JUMP_BY", e->by);
	field_time(t, "JUMP_WINDOW_START", e->window_start);
	field_time(t, "JUMP_WINDOW_END", e->window_end);
}

static void journal_what(struct text *t, const struct event *e)
{
	field(t, "JUMP_CONN", e->conn);
	field(t, "JUMP_TARGET", e->target);
	field(t, "JUMP_TARGET_ADDR", e->address);
	if (e->port)
		field_number(t, "JUMP_TARGET_PORT", e->port);
	field(t, "JUMP_PROTO", e->proto);
	field(t, "JUMP_TARGET_USER", e->account);
	field(t, "JUMP_VIA", e->via);
	field(t, "JUMP_ALLOWED", e->allowed);
	field(t, "JUMP_CMD", e->command);
	field(t, "JUMP_FILE", e->file);
	field(t, "JUMP_OTHER_FILE", e->other);
	field(t, "JUMP_DIRECTION", e->direction);
	field(t, "JUMP_EXTENT", e->extent);
	if (e->has_size)
		field_number(t, "JUMP_SIZE", e->size);
	field(t, "JUMP_DIGEST", e->digest);
	if (e->has_bytes) {
		field_number(t, "JUMP_BYTES_IN", e->bytes_in);
		field_number(t, "JUMP_BYTES_OUT", e->bytes_out);
	}
	if (e->duration_ms)
		field_number(t, "JUMP_DURATION_MS", (uint64_t)e->duration_ms);
	if (e->serial)
		field_number(t, "JUMP_SERIAL", e->serial);
	if (e->count)
		field_number(t, "JUMP_COUNT", e->count);
}

int event_format_journal(const struct event *e, const char *audit_result,
	char *data, size_t size)
{
	const struct event_row *row = event_row(e->id);
	struct text t = {.bytes = data, .size = size};
	bool ok = e->outcome == OUTCOME_SUCCESS;

	if (!row || !size)
		return -EINVAL;
	message(&t, e, row);
	field(&t, "MESSAGE_ID", row->message_id);
	field_number(&t, "PRIORITY",
		(uint64_t)(ok ? row->priority_success : row->priority_failure));
	field(&t, "SYSLOG_IDENTIFIER", "jump");
	field(&t, "SYSLOG_FACILITY", "10");
	field(&t, "DOCUMENTATION", "man:jump-events(7)");
	field(&t, "JUMP_SCHEMA", "1");
	field(&t, "JUMP_EVENT", row->name);
	field(&t, "JUMP_OUTCOME", ok ? "success" : "failure");
	journal_who(&t, e);
	journal_what(&t, e);
	field(&t, "JUMP_AUDIT", audit_result);
	return t.full ? -EMSGSIZE : (int)t.len;
}

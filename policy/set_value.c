/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Setters of keys that hold one thing: a number, a span, a name, a choice.
 */
#include "policy/set.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/zoneinfo.h"
#include "policy/suggest.h"
#include "policy/utf8.h"

static void store(struct draft *d, const struct key_row *row, uint64_t value)
{
	char *field = (char *)d->object + row->offset;
	uint32_t u32 = (uint32_t)value;
	uint16_t u16 = (uint16_t)value;
	uint8_t u8 = (uint8_t)value;

	if (row->width == 8)
		memcpy(field, &value, 8);
	else if (row->width == 4)
		memcpy(field, &u32, 4);
	else if (row->width == 2)
		memcpy(field, &u16, 2);
	else
		memcpy(field, &u8, 1);
}

SETTER(set_number)
{
	uint64_t number;

	if (number_parse(value, row->min, row->max, &number) < 0)
		return draft_refuse(d, line,
			"%s takes a whole number from %llu to %llu, such as "
			"%s; not \"%.40s\"",
			row->name, (unsigned long long)row->min,
			(unsigned long long)row->max, row->example, value);
	store(d, row, number);
	return true;
}

/* "8h": the largest unit that leaves nothing over. */
static const char *span_text(uint64_t sec, char text[24])
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (sec > 0 && sec % units[i].seconds == 0) {
			snprintf(text, 24, "%llu%c",
				(unsigned long long)(sec / units[i].seconds),
				units[i].letter);
			return text;
		}
	}
	return "0";
}

SETTER(set_span)
{
	char least[24], most[24];
	uint64_t sec;

	if (number_parse_span(value, row->max, &sec) < 0 || sec < row->min)
		return draft_refuse(d, line,
			"%s takes a span from %s to %s in s, m, h or d, such "
			"as %s; not \"%.40s\"",
			row->name, span_text(row->min, least),
			span_text(row->max, most), row->example, value);
	store(d, row, sec);
	return true;
}

/* "512M": bytes, in the largest unit that leaves nothing over. */
static const char *size_text(uint64_t bytes, char text[24])
{
	static const char letters[] = "TGMK";

	for (size_t i = 0; letters[i]; i++) {
		unsigned shift = 10 * (unsigned)(4 - i);

		if (bytes && bytes % (1ull << shift) == 0) {
			snprintf(text, 24, "%llu%c",
				(unsigned long long)(bytes >> shift),
				letters[i]);
			return text;
		}
	}
	snprintf(text, 24, "%llu", (unsigned long long)bytes);
	return text;
}

/* "64M"; a bare number counts in units of 1 << bare. */
static int size_parse(const char *value, unsigned bare, uint64_t *ret_bytes)
{
	static const char letters[] = "KMGT";
	size_t len = strnlen(value, 24);
	unsigned shift = bare;
	const char *letter;
	char digits[24];
	uint64_t number;

	if (len == 0 || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, value, len + 1);
	letter = strchr(letters, digits[len - 1]);
	if (letter) {
		shift = 10 * (unsigned)(letter - letters + 1);
		digits[len - 1] = '\0';
	}
	if (number_parse(digits, 0, UINT64_MAX >> shift, &number) < 0)
		return -EINVAL;
	*ret_bytes = number << shift;
	return 0;
}

static bool set_size_of(struct draft *d, const struct key_row *row,
	uint32_t line, const char *value, unsigned unit)
{
	const uint64_t min = row->min << unit, max = row->max << unit;
	char least[24], most[24];
	uint64_t bytes = 0;

	if (size_parse(value, unit, &bytes) < 0 || bytes < min || bytes > max ||
		bytes % (1ull << unit) != 0)
		return draft_refuse(d, line,
			"%s takes a size from %s to %s, such as %s; not "
			"\"%.40s\"",
			row->name, size_text(min, least), size_text(max, most),
			row->example, value);
	store(d, row, bytes >> unit);
	return true;
}

SETTER(set_mebibytes)
{
	return set_size_of(d, row, line, value, 20);
}

SETTER(set_bytes)
{
	return set_size_of(d, row, line, value, 0);
}

SETTER(set_name)
{
	char *field = (char *)d->object + row->offset;

	if (!ascii_is_plain(value) || !name_valid(value))
		return draft_refuse(d, line,
			"%s takes one name, such as %s: a to z first, then a "
			"to z, 0 to 9, \"-\" and \"_\", %d characters at most",
			row->name, row->example, NAME_MAX_LEN);
	memcpy(field, value, strlen(value) + 1);
	return true;
}

/* The line reader has seen to it that the text is plain UTF-8. */
SETTER(set_text)
{
	char *field = (char *)d->object + row->offset;
	size_t len = strlen(value);

	if (len >= row->width)
		return draft_refuse(d, line,
			"%s has %zu bytes; %zu are the most", row->name, len,
			row->width - 1);
	memcpy(field, value, len + 1);
	return true;
}

int set_choose(struct draft *d, const struct key_row *row, uint32_t line,
	const char *value, const char *const *choices)
{
	struct suggest s = {.word = value};
	char all[64] = "";

	for (int i = 0; choices[i]; i++) {
		size_t len = strlen(all);

		if (strcmp(value, choices[i]) == 0)
			return i;
		suggest_consider(&s, choices[i]);
		snprintf(all + len, sizeof(all) - len, "%s%s",
			!i		 ? ""
			: choices[i + 1] ? ", "
					 : " or ",
			choices[i]);
	}
	if (s.best)
		draft_refuse(d, line, "%s takes %s; did you mean \"%s\"?",
			row->name, all, s.best);
	else
		draft_refuse(d, line, "%s takes %s", row->name, all);
	return -1;
}

SETTER(set_audit)
{
	static const char *const choices[] = {"required", "optional", NULL};
	struct settings *s = d->object;
	int choice = set_choose(d, row, line, value, choices);

	if (choice < 0)
		return false;
	s->audit_optional = choice == 1;
	return true;
}

SETTER(set_record)
{
	static const char *const choices[] = {
		[RECORD_REQUIRED] = "required",
		[RECORD_OPTIONAL] = "optional",
		[RECORD_NONE] = "none",
		NULL,
	};
	struct conduit *c = d->object;
	int choice = set_choose(d, row, line, value, choices);

	if (choice < 0)
		return false;
	c->record = (enum record)choice;
	return true;
}

SETTER(set_time_zone)
{
	struct settings *s = d->object;
	size_t len = strlen(value);

	if (len >= sizeof(s->time_zone) || !zoneinfo_name_valid(value))
		return draft_refuse(d, line,
			"%s takes the name of a time zone, such as %s",
			row->name, row->example);
	memcpy(s->time_zone, value, len + 1);
	return true;
}

/* Host and optional port: no user, no query, nothing to be clever with. */
static bool url_plain(const char *url)
{
	static const char scheme[] = "https://";
	static const char hosts[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-[]:";
	const char *host = url + strlen(scheme);
	size_t len;

	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return false;
	len = strspn(host, hosts);
	return len > 0 && (host[len] == '\0' ||
				  (host[len] == '/' && host[len + 1] == '\0'));
}

SETTER(set_url)
{
	struct settings *s = d->object;
	size_t len = strlen(value);

	if (!url_plain(value) || len >= sizeof(s->approvals_url))
		return draft_refuse(d, line,
			"%s takes https://HOST or https://HOST:PORT, such as "
			"%s",
			row->name, row->example);
	while (value[len - 1] == '/')
		len--;
	memcpy(s->approvals_url, value, len);
	s->approvals_url[len] = '\0';
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The glue to inih. It pulls lines through next_line(), one call a line, so
 * the number of calls is the number of the line; a line that is refused
 * reaches inih as an empty one.
 */
#include "policy/ini.h"

#include "config.h"

#include <ini.h>
#include <stdbool.h>
#include <string.h>

#include "base/cursor.h"
#include "policy/utf8.h"

#define BLANKS " \t"
#define BOM    "\xef\xbb\xbf"

struct source {
	struct cursor in;
	uint32_t line;
	char section[INI_NAME_MAX_BYTES + 1];
	const struct ini_events *events;
	void *user;
	bool faulted; /* on this line */
};

static bool fault(struct source *s, const char *what)
{
	s->faulted = true;
	s->events->fault(s->user, s->line, what);
	return false;
}

/* A line of bytes that a person can see and that inih leaves whole. */
static bool line_is_text(struct source *s, const char *line, size_t len)
{
	if (s->line == 1 && len >= 3 && memcmp(line, BOM, strlen(BOM)) == 0)
		return fault(s, "the file begins with a byte order mark; "
				"save it as UTF-8 without one");
	if (len > 0 && line[len - 1] == '\r')
		return fault(s, "the line ends as on Windows; "
				"save the file with Unix line ends");
	if (!utf8_is_plain(line, len))
		return fault(s, "control characters or bytes that are not "
				"UTF-8 have no place here");
	return true;
}

static bool section_line(struct source *s, const char *line)
{
	size_t len = strlen(line);

	if (line[len - 1] != ']' || strcspn(line, "];") != len - 1)
		return fault(s, "a section is written [KIND NAME], and "
				"nothing may follow it on its line");
	if (len - 2 > INI_NAME_MAX_BYTES)
		return fault(s, "the section's name is too long; a name has "
				"31 characters at most");
	memcpy(s->section, line + 1, len - 2);
	s->section[len - 2] = '\0';
	s->events->section(s->user, s->line, s->section);
	return true;
}

static bool key_line(struct source *s, const char *line)
{
	size_t len = strcspn(line, "=:");

	if (line[len] != '=')
		return fault(s, "this is no section, no comment and no "
				"KEY = VALUE");
	if (len > INI_NAME_MAX_BYTES)
		return fault(s, "the key is too long");
	for (const char *p = line; (p = strchr(p, ';')); p++) {
		if (p > line && strchr(BLANKS, p[-1]))
			return fault(s, "a comment needs a line of its own");
	}
	return true;
}

/* line is terminated and has no blanks at its end. */
static bool line_is_sound(struct source *s, const char *line)
{
	if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
		return true;
	if (strchr(BLANKS, line[0]))
		return fault(s, "the line is indented; a value stands on one "
				"line, and keys begin a line");
	return line[0] == '[' ? section_line(s, line) : key_line(s, line);
}

/* Of a line that was refused: keys below it are not the last section's. */
static bool looks_like_section(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && strchr(BLANKS BOM, line[i]))
		i++;
	return i < len && line[i] == '[';
}

/* inih's reader, as fgets(3): a whole line and its newline, or NULL. */
static char *next_line(char *out, int size, void *stream)
{
	struct source *s = stream;
	const char *line;
	size_t len = 0, max = INI_LINE_MAX_BYTES;

	if (size < 3 || cursor_left(&s->in) == 0)
		return NULL;
	if (max > (size_t)size - 2)
		max = (size_t)size - 2;
	s->line++;
	s->faulted = false;
	line = (const char *)s->in.at;
	while (len < cursor_left(&s->in) && line[len] != '\n')
		len++;
	if (len == cursor_left(&s->in)) {
		fault(s, "the last line has no end; is the file complete?");
		(void)cursor_bytes(&s->in, len);
	} else {
		(void)cursor_bytes(&s->in, len + 1);
	}
	if (len > max && !s->faulted)
		fault(s, "the line is too long");
	if (!s->faulted && line_is_text(s, line, len)) {
		while (len > 0 && strchr(BLANKS, line[len - 1]))
			len--;
		memcpy(out, line, len);
		out[len] = '\0';
		if (line_is_sound(s, out)) {
			memcpy(out + len, "\n", 2);
			return out;
		}
	}
	memcpy(out, "\n", 2);
	if (looks_like_section(line, len))
		s->events->section(s->user, s->line, NULL);
	return out;
}

static int handle(
	void *user, const char *section, const char *key, const char *value)
{
	struct source *s = user;

	if (!key)
		return 1; /* some builds tell the beginning of a section */
	if (!value || strcmp(section, s->section) != 0)
		return 0;
	s->events->key(s->user, s->line, key, value);
	return 1;
}

void ini_read(const char *bytes, size_t len, const struct ini_events *events,
	void *user)
{
	struct source s = {.events = events, .user = user};

	cursor_init(&s.in, bytes, len);
#if HAVE_DECL_INI_MAX_LINE
	/* Host keys of RSA need more than inih's 200 bytes. */
	ini_max_line = INI_LINE_MAX_BYTES + 3;
#endif
	s.faulted = false;
	if (ini_parse_stream(next_line, &s, handle, &s) != 0) {
		/* Nothing that passed above should end here: refuse. */
		fault(&s, "the file can't be read as INI");
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpctl/namecheck.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define BLANK	  " \t\r"
#define LINE_SIZE 512
#define FILE_MAX  65536

__attribute__((format(printf, 2, 3))) static void fault(
	struct name_faults *f, const char *format, ...)
{
	va_list args;

	if (f->count == NAME_FAULTS_MAX)
		return;
	va_start(args, format);
	vsnprintf(f->text[f->count++], NAME_FAULT_SIZE, format, args);
	va_end(args);
}

/* The next line without its comment; false at the end. One that is too long
 * for us is cut: its beginning has all that is looked for. */
static bool next_line(const char **at, char line[LINE_SIZE])
{
	size_t whole = strcspn(*at, "\n"), len = whole;

	if (**at == '\0')
		return false;
	if (len >= LINE_SIZE)
		len = LINE_SIZE - 1;
	memcpy(line, *at, len);
	line[len] = '\0';
	line[strcspn(line, "#")] = '\0';
	*at += whole + ((*at)[whole] == '\n');
	return true;
}

/* The words behind "NAME:" of the first such line, or NULL. */
static const char *sources_of(
	const char *text, const char *name, char line[LINE_SIZE])
{
	size_t len = strlen(name);

	while (next_line(&text, line)) {
		const char *at = line + strspn(line, BLANK);

		if (strncmp(at, name, len) != 0)
			continue;
		at += len + strspn(at + len, BLANK);
		if (*at == ':')
			return at + 1;
	}
	return NULL;
}

/* Which word it is, from 1; 0: none of them. */
static int place_of(const char *words, const char *word)
{
	size_t len = strlen(word);
	int place = 0;

	for (;;) {
		size_t n;

		words += strspn(words, BLANK);
		n = strcspn(words, BLANK);
		if (n == 0)
			return 0;
		place++;
		if (n == len && strncmp(words, word, n) == 0)
			return place;
		words += n;
	}
}

void namecheck_switch(const char *text, struct name_faults *f)
{
	static const char *const names[] = {"passwd", "group", "hosts"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char line[LINE_SIZE];
		const char *words = sources_of(text, names[i], line);
		int jump = words ? place_of(words, "jump") : 0;
		int dns = words ? place_of(words, "dns") : 0;

		if (jump == 0 || jump < place_of(words, "files") ||
			(dns != 0 && dns < jump))
			fault(f,
				"%s: say \"%s: files jump ...\" in it, jump "
				"behind files and before dns",
				NAMECHECK_SWITCH, names[i]);
	}
}

void namecheck_cache(const char *text, struct name_faults *f)
{
	char line[LINE_SIZE];
	bool keeps = false; /* as nscd does that nobody told to */

	while (next_line(&text, line)) {
		if (place_of(line, "enable-cache") == 1 &&
			place_of(line, "hosts") == 2)
			keeps = place_of(line, "yes") == 3;
	}
	if (keeps)
		fault(f,
			"%s: say \"enable-cache hosts no\" in it and restart "
			"nscd; else no supplier knows a target by its name",
			NAMECHECK_CACHE);
}

static int read_text(const char *path, char text[FILE_MAX])
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = fd_read_full(fd, text, FILE_MAX - 1);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	return 0;
}

int namecheck_host(struct name_faults *ret)
{
	static char text[FILE_MAX];
	int r;

	ret->count = 0;
	r = read_text(NAMECHECK_SWITCH, text);
	if (r < 0)
		return r;
	namecheck_switch(text, ret);
	if (access(NAMECHECK_SOCKET, F_OK) < 0)
		return 0;
	r = read_text(NAMECHECK_CACHE, text);
	if (r == 0)
		namecheck_cache(text, ret);
	return r == -ENOENT ? 0 : r;
}

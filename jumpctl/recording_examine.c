/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a recording from its first byte to its last and says what it is
 * worth. Its digest is what the audit log's record.end must have.
 */
#include "jumpctl/recording.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define TAIL_SIZE 8192 /* the last events of ours are short */

static const char known_codes[] = "ormhxe";

static int digest_file(FILE *f, char ret_text[72])
{
	struct sha256_ctx ctx;
	uint8_t bytes[65536], raw[SHA256_DIGEST_SIZE];
	size_t n;

	sha256_init(&ctx);
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		sha256_update(&ctx, n, bytes);
	if (ferror(f))
		return -EIO;
	sha256_digest(&ctx, sizeof(raw), raw);
	memcpy(ret_text, "sha256:", 8);
	for (size_t i = 0; i < sizeof(raw); i++)
		(void)snprintf(ret_text + 7 + 2 * i, 3, "%02x", raw[i]);
	rewind(f);
	return 0;
}

static bool runs(const struct recording_ref *ref)
{
	char path[PATH_MAX];

	if (!ref->conn[0])
		return false;
	snprintf(path, sizeof(path), "%s/%s", RECORDING_LIVE, ref->conn);
	return access(path, F_OK) == 0;
}

/* The header must be of the file it stands in. */
static int check_header(
	const struct cast_reader *r, const struct recording_ref *ref)
{
	const json_t *jump = json_object_get(r->header, "jump");

	if (json_integer_value(json_object_get(jump, "format")) != 1)
		return -EBADMSG;
	if (ref->conn[0] &&
		(strcmp(cast_identity_text(r, "conn"), ref->conn) != 0 ||
			strcmp(cast_identity_text(r, "session"),
				ref->session) != 0))
		return -EBADMSG;
	return 0;
}

static int read_events(struct cast_reader *r, struct recording_state *s)
{
	struct cast_event ev;
	int e;

	while ((e = cast_next(r, &ev)) == 1) {
		if (!strchr(known_codes, ev.code)) {
			snprintf(s->why, sizeof(s->why), "an unknown event");
			return -EBADMSG;
		}
		s->events++;
		s->duration_us = ev.t_us;
		if (ev.code == 'o')
			s->shown_bytes += ev.len;
		if (ev.code == 'e')
			snprintf(s->reason, sizeof(s->reason), "%s", ev.text);
	}
	if (e < 0)
		snprintf(s->why, sizeof(s->why), "%s", r->why);
	return e;
}

int recording_examine(
	const struct recording_ref *ref, struct recording_state *ret_state)
{
	_cleanup_fclose_ FILE *f = recording_open(ref);
	_cleanup_cast_ struct cast_reader r = {0};
	struct recording_state s = {.word = "broken"};
	int e;

	if (!f)
		return -errno;
	e = digest_file(f, s.digest);
	if (e < 0)
		return e;
	e = cast_reader_begin(&r, f);
	if (e < 0)
		snprintf(s.why, sizeof(s.why), "%s", r.why);
	if (e == 0 && check_header(&r, ref) < 0) {
		snprintf(
			s.why, sizeof(s.why), "the header is not of this file");
		e = -EBADMSG;
	}
	if (e == 0)
		e = read_events(&r, &s);
	s.line = r.line;
	if (e == 0) {
		s.word = r.ended ? "whole" : r.torn ? "torn" : "killed";
		if (!r.ended && runs(ref))
			s.word = "running";
	}
	*ret_state = s;
	return 0;
}

/* The event on the last whole line of the tail; NULL when there is none. */
static json_t *last_event(char *tail, size_t len, bool *ret_torn)
{
	char *end = memrchr(tail, '\n', len), *begin;

	*ret_torn = !end || end + 1 != tail + len;
	if (!end)
		return NULL;
	begin = memrchr(tail, '\n', (size_t)(end - tail));
	begin = begin ? begin + 1 : tail;
	return json_loadb(begin, (size_t)(end - begin), 0, NULL);
}

int recording_glance(const struct recording_ref *ref, FILE *f,
	struct recording_state *ret_state)
{
	struct recording_state s = {.word = "killed"};
	char tail[TAIL_SIZE];
	const char *code;
	json_t *event;
	struct stat st;
	bool torn;
	size_t n;

	if (fstat(fileno(f), &st) < 0)
		return -errno;
	s.file_bytes = (uint64_t)st.st_size;
	s.changed_ns =
		(int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	if (fseeko(f, st.st_size > TAIL_SIZE ? -TAIL_SIZE : -st.st_size,
		    SEEK_END) < 0)
		return -errno;
	n = fread(tail, 1, sizeof(tail), f);
	event = last_event(tail, n, &torn);
	code = json_string_value(json_array_get(event, 1));
	s.duration_us =
		(uint64_t)(json_number_value(json_array_get(event, 0)) * 1e6);
	if (torn)
		s.word = "torn";
	else if (code && strcmp(code, "e") == 0 &&
		 json_is_string(json_array_get(event, 2))) {
		s.word = "whole";
		snprintf(s.reason, sizeof(s.reason), "%s",
			json_string_value(json_array_get(event, 2)));
	}
	if (strcmp(s.word, "whole") != 0 && runs(ref))
		s.word = "running";
	json_decref(event);
	*ret_state = s;
	return 0;
}

void recording_print_text(FILE *out, const char *text)
{
	for (; *text; text++)
		(void)fputc(*text >= 0x20 && *text <= 0x7e ? *text : '?', out);
}

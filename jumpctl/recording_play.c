/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpctl/recording_play.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "jumpctl/recording.h"
#include "jumpctl/termsafe.h"

#define SPEED_MAX    1000
#define IDLE_MAX_SEC 3600

struct playing {
	uint64_t speed, idle_us;
	uint64_t at_us;
	struct termsafe filter;
	bool safe;
	uint8_t *room;
	size_t room_size;
};

static void wait_until(struct playing *p, uint64_t t_us)
{
	uint64_t us = t_us - p->at_us;
	struct timespec t;

	p->at_us = t_us;
	if (p->speed == 0)
		return;
	if (us > p->idle_us)
		us = p->idle_us;
	us /= p->speed;
	t.tv_sec = (time_t)(us / 1000000);
	t.tv_nsec = (long)(us % 1000000 * 1000);
	(void)fflush(stdout);
	(void)nanosleep(&t, NULL);
}

static int show(struct playing *p, const void *bytes, size_t len)
{
	size_t need = len + TERMSAFE_SEQUENCE_MAX;

	if (!p->safe)
		return fwrite(bytes, 1, len, stdout) == len ? 0 : -EIO;
	if (need > p->room_size) {
		uint8_t *more = realloc(p->room, need);

		if (!more)
			return -ENOMEM;
		p->room = more;
		p->room_size = need;
	}
	len = termsafe_filter(&p->filter, bytes, len, p->room);
	return fwrite(p->room, 1, len, stdout) == len ? 0 : -EIO;
}

static int play(struct playing *p, struct cast_reader *r)
{
	struct cast_event ev;
	int e;

	while ((e = cast_next(r, &ev)) == 1) {
		wait_until(p, ev.t_us);
		if (ev.code == 'o' && p->safe)
			e = show(p, ev.text, ev.text_len);
		else if (ev.code == 'o')
			e = show(p, ev.bytes, ev.len);
		if (e < 0)
			return e;
	}
	return e;
}

static int open_named(
	const struct invocation *in, struct cast_reader *r, FILE **ret_file)
{
	struct recording_ref ref;
	int e = recording_find(RECORDING_FOLDER, in->argv[optind], &ref);

	if (e == -EEXIST)
		return command_usage(in,
			"%s has several recordings; name the connection",
			in->argv[optind]);
	if (e == 0) {
		*ret_file = recording_open(&ref);
		e = *ret_file ? 0 : -errno;
	}
	if (e < 0)
		return command_failed(
			in, "%s: %s", in->argv[optind], strerror(-e));
	if (cast_reader_begin(r, *ret_file) < 0)
		return command_failed(in, "%s: %s", in->argv[optind], r->why);
	return EXIT_OK;
}

static int run(const struct invocation *in, struct playing *p)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_cast_ struct cast_reader r = {0};
	int code, e;

	if (optind + 1 != in->argc)
		return command_usage(in, "name one RECORDING");
	code = open_named(in, &r, &f);
	if (code != EXIT_OK)
		return code;
	p->safe = isatty(STDOUT_FILENO) || p->speed != 0;
	e = play(p, &r);
	free(p->room);
	if (p->safe && isatty(STDOUT_FILENO))
		fputs(termsafe_reset, stdout);
	if (e < 0)
		return command_failed(in, "%s, line %u: %s", in->argv[optind],
			r.line, e == -EBADMSG ? r.why : strerror(-e));
	return EXIT_OK;
}

int recording_play_run(const struct invocation *in)
{
	static const struct option options[] = {
		{"speed", required_argument, NULL, 's'},
		{"idle", required_argument, NULL, 'i'}, {0}};
	struct playing p = {.speed = 1, .idle_us = 2000000};
	uint64_t idle_sec;
	int c;

	while ((c = command_option(in, options)) != -1) {
		if (c == 's' &&
			number_parse(optarg, 1, SPEED_MAX, &p.speed) < 0)
			return command_usage(
				in, "--speed is a number from 1 to 1000");
		if (c == 'i') {
			if (number_parse(optarg, 0, IDLE_MAX_SEC, &idle_sec) <
				0)
				return command_usage(
					in, "--idle is a number of seconds");
			p.idle_us = idle_sec * 1000000;
		}
		if (c == '?')
			return EXIT_USAGE;
	}
	return run(in, &p);
}

int recording_cat_run(const struct invocation *in)
{
	static const struct option options[] = {{0}};
	struct playing p = {0};

	if (command_option(in, options) != -1)
		return EXIT_USAGE;
	return run(in, &p);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/watch/clockfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/keyfile.h"
#include "base/moment.h"

#define CLOCK_NAME	   "clock"
#define HIGHWATER_NAME	   "clock"
#define CONFIRM_MAX_AGE_MS 60000

static int take_ms(const struct keyfile *k, const char *key, int64_t *ret)
{
	uint64_t value;

	if (keyfile_number(k, key, &value) < 0 || value > INT64_MAX / 4)
		return -EBADMSG;
	*ret = (int64_t)value;
	return 0;
}

static int take_bool(const struct keyfile *k, const char *key, bool *ret)
{
	uint64_t value;

	if (keyfile_number(k, key, &value) < 0 || value > 1)
		return -EBADMSG;
	*ret = value == 1;
	return 0;
}

int clockfile_read(const struct clock_places *p, struct clock_state *ret_state)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	struct clock_state s = {0};
	const char *why;
	int r = keyfile_read(p->run_fd, CLOCK_NAME, p->owner, &k);

	if (r < 0)
		return r;
	why = keyfile_text(&k, "why");
	if (!why || !why[0] || strlen(why) >= sizeof(s.why))
		return -EBADMSG;
	memcpy(s.why, why, strlen(why) + 1);
	if (take_bool(&k, "trusted", &s.trusted) < 0 ||
		take_bool(&k, "synced", &s.synced) < 0 ||
		take_ms(&k, "boot_ms", &s.boot_ms) < 0 ||
		take_ms(&k, "offset_ms", &s.offset_ms) < 0 ||
		take_ms(&k, "anchor_offset_ms", &s.anchor_offset_ms) < 0 ||
		take_ms(&k, "anchor_boot_ms", &s.anchor_boot_ms) < 0 ||
		take_ms(&k, "synced_boot_ms", &s.synced_boot_ms) < 0 ||
		take_ms(&k, "doubt_boot_ms", &s.doubt_boot_ms) < 0)
		return -EBADMSG;
	*ret_state = s;
	return 0;
}

/* A wall clock before 1970 plus BOOTTIME has no place in the file. */
static void add_ms(struct keyfile_writer *w, const char *key, int64_t ms)
{
	keyfile_add_number(w, key, ms < 0 ? 0 : (uint64_t)ms);
}

int clockfile_write(const struct clock_places *p, const struct clock_state *s)
{
	const struct fd_replace how = {
		.name = CLOCK_NAME, .mode = 0644, .uid = -1, .gid = -1};
	struct keyfile_writer w = {0};

	keyfile_add_number(&w, "trusted", s->trusted && s->offset_ms >= 0);
	add_ms(&w, "offset_ms", s->offset_ms);
	keyfile_add(&w, "why", s->why);
	add_ms(&w, "boot_ms", s->boot_ms);
	keyfile_add_number(&w, "synced", s->synced);
	add_ms(&w, "anchor_offset_ms", s->anchor_offset_ms);
	add_ms(&w, "anchor_boot_ms", s->anchor_boot_ms);
	add_ms(&w, "synced_boot_ms", s->synced_boot_ms);
	add_ms(&w, "doubt_boot_ms", s->doubt_boot_ms);
	return keyfile_writer_replace(&w, p->run_fd, &how);
}

int highwater_read(const struct clock_places *p, int64_t *ret_utc_ms)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	int r = keyfile_read(p->state_fd, HIGHWATER_NAME, p->owner, &k);

	if (r == -ENOENT) {
		*ret_utc_ms = 0;
		return 0;
	}
	return r < 0 ? r : take_ms(&k, "utc_ms", ret_utc_ms);
}

int highwater_raise(const struct clock_places *p, int64_t old_ms,
	int64_t now_ms, bool force)
{
	const struct fd_replace how = {.name = HIGHWATER_NAME,
		.mode = 0600,
		.uid = -1,
		.gid = -1,
		.durable = 1};
	struct keyfile_writer w = {0};

	if (!force && now_ms < old_ms + CLOCK_HIGHWATER_STEP_MS)
		return 0;
	add_ms(&w, "utc_ms", now_ms);
	return keyfile_writer_replace(&w, p->state_fd, &how);
}

int confirm_take(const struct clock_places *p, const struct clock_look *look)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	int64_t boot_ms, offset_ms, age_ms;
	int r = keyfile_read(p->run_fd, CLOCK_CONFIRM_FILE, p->owner, &k);

	if (r == -ENOENT)
		return 0;
	if (unlinkat(p->run_fd, CLOCK_CONFIRM_FILE, 0) < 0)
		return -errno; /* it must not count twice */
	if (r < 0)
		return r;
	if (take_ms(&k, "boot_ms", &boot_ms) < 0 ||
		take_ms(&k, "offset_ms", &offset_ms) < 0)
		return -EBADMSG;
	age_ms = look->boot_ms - boot_ms;
	if (age_ms < 0 || age_ms > CONFIRM_MAX_AGE_MS)
		return 0;
	return llabs(look->wall_ms - look->boot_ms - offset_ms) <=
	       MOMENT_STEP_MAX_MS;
}

struct clock_look clock_look_now(void)
{
	struct timex t = {0};
	int state = adjtimex(&t);

	return (struct clock_look){
		.wall_ms = moment_wall_ms(),
		.boot_ms = moment_boot_ms(),
		.synced = state >= 0 && state != TIME_ERROR &&
			  !(t.status & STA_UNSYNC),
	};
}

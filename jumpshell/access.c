/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/access.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/health.h"

/* Which generation is current; "" when there is none. */
static void generation_now(char ret_text[ACCESS_GENERATION_SIZE])
{
	ssize_t n =
		readlink(RIGHTS_CURRENT, ret_text, ACCESS_GENERATION_SIZE - 1);

	ret_text[n < 0 ? 0 : n] = '\0';
}

static int load(struct access *a)
{
	_cleanup_rights_ struct rights *rights = NULL;
	struct rights_view view = {0};
	struct rights_user user;
	char path[PATH_MAX], generation[ACCESS_GENERATION_SIZE];
	int r;

	generation_now(generation);
	snprintf(path, sizeof(path), RIGHTS_USER_FMT, a->uid);
	r = rights_open(path, 0, &rights);
	if (r < 0)
		return r;
	r = rights_user_by_uid(rights, a->uid, &user);
	if (r < 0)
		return r;
	if (user.disabled)
		return -EACCES;
	r = rights_view_load(rights, a->uid, &view);
	if (r < 0)
		return r;
	rights_view_done(&a->view);
	a->view = view;
	a->info = *rights_info(rights);
	memcpy(a->user, user.name, sizeof(a->user));
	memcpy(a->generation, generation, sizeof(a->generation));
	return 0;
}

int access_begin(struct access *a, uint32_t uid, const struct address *source)
{
	*a = (struct access){.uid = uid, .source = *source};
	a->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (a->inotify >= 0 &&
		inotify_add_watch(a->inotify, RIGHTS_DIR,
			IN_MOVED_TO | IN_CREATE | IN_ONLYDIR) < 0) {
		/* the look each second is enough */
		close(a->inotify);
		a->inotify = -1;
	}
	return load(a);
}

void access_done(struct access *a)
{
	rights_view_done(&a->view);
	cleanup_close(&a->inotify);
	a->inotify = -1;
}

int access_refresh(struct access *a)
{
	char events[512], generation[ACCESS_GENERATION_SIZE];
	int r = -EIO;

	while (a->inotify >= 0 && read(a->inotify, events, sizeof(events)) > 0)
		;
	generation_now(generation);
	if (strcmp(generation, a->generation) == 0)
		return 0;
	/* a folder may be cleared away between the link and the file */
	for (int i = 0; i < ACCESS_TRIES; i++) {
		r = load(a);
		if (r == 0)
			return 1;
	}
	return r;
}

int64_t access_now_ms(struct access *a)
{
	struct moment_clock clock;

	if (moment_clock_read(&clock) == 0) {
		a->clock = clock;
		a->clock_known = true;
	}
	return a->clock_known ? moment_now_ms(&a->clock) : INT64_MAX;
}

const char *access_not_now(struct access *a)
{
	int64_t now_ms = access_now_ms(a);
	struct health health;

	if (!a->clock_known || !a->clock.trusted)
		return "clock";
	if (now_ms / 1000 >= a->info.expires)
		return "stale";
	if (a->info.settings.audit_optional)
		return NULL;
	if (health_read(HEALTH_FILE, 0, a->info.settings.health_max_age_sec,
		    &health) < 0 ||
		health_audit_ill(&health))
		return "audit";
	return NULL;
}

static struct decision decide(struct access *a, const struct request *q)
{
	return rights_decide(&a->view, q, access_now_ms(a) / 1000);
}

struct decision access_login(struct access *a)
{
	const struct request q = {
		.user = a->user,
		.uid = a->uid,
		.channel = CHANNEL_LOGIN,
		.source = a->source,
	};

	return decide(a, &q);
}

struct decision access_target(struct access *a, enum channel channel,
	const char *target, enum proto proto)
{
	return access_offer(a, channel, target, (struct offer){.proto = proto});
}

struct decision access_offer(struct access *a, enum channel channel,
	const char *target, struct offer offer)
{
	const struct request q = {
		.user = a->user,
		.uid = a->uid,
		.channel = channel,
		.target = target,
		.proto = offer.proto,
		.port = offer.port,
		.source = a->source,
		.recording = channel == CHANNEL_BROKERED,
	};

	return decide(a, &q);
}

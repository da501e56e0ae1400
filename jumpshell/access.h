/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this user may do, as the published generation says it; read again
 * whenever a new one is published.
 */
#ifndef JUMP_JUMPSHELL_ACCESS_H
#define JUMP_JUMPSHELL_ACCESS_H

#include "base/moment.h"
#include "grants/rights.h"

#define ACCESS_GENERATION_SIZE 64

struct access {
	uint32_t uid;
	char user[NAME_SIZE];
	struct address source;
	char generation[ACCESS_GENERATION_SIZE];
	struct rights_info info;
	struct rights_view view;
	struct moment_clock clock;
	bool clock_known;
	int inotify; /* readable when something was published; or -1 */
};

/*
 * Reads the rights of uid. Returns 0, or -errno: there are none (-ENOENT: no
 * generation, or not enrolled here), and nothing may be done.
 */
int access_begin(struct access *a, uint32_t uid, const struct address *source);
void access_done(struct access *a);

/*
 * Reads them again when another generation is current. Returns 0: as before,
 * 1: read anew, or -errno after ACCESS_TRIES tries: end what runs.
 */
#define ACCESS_TRIES 3
int access_refresh(struct access *a);

/* Trusted UTC in ms: the last known offset goes on when the file is gone. */
int64_t access_now_ms(struct access *a);

/* May anything new begin? NULL: yes; else one word: clock, stale, audit. */
const char *access_not_now(struct access *a);

/* The one decision. Brokered requests count as recorded here: that there is
 * a recording is then seen to. */
struct decision access_login(struct access *a);
struct decision access_target(struct access *a, enum channel channel,
	const char *target, enum proto proto);
/* The same of one port: of tcp/PORT, or one of several. */
struct decision access_offer(struct access *a, enum channel channel,
	const char *target, struct offer offer);

#endif

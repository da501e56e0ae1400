/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does jump-apply have something to do? A window that opens needs it, to
 * bring the window into the filter; and a path unit misses what happens to
 * its file while the service runs, and fails for good when the host is out of
 * inotify instances. jump-apply leaves word of what it has seen; this starts
 * it when that is no longer so.
 */
#ifndef JUMP_WORKERS_WATCH_WAKE_H
#define JUMP_WORKERS_WATCH_WAKE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/moment.h"

#define WAKE_APPLY_FILE "apply" /* in /run/jump, by jump-apply */
#define WAKE_FILE	"wake"	/* in /run/jump: when it was started last */
#define WAKE_INBOX	"/var/lib/jump/inbox/snapshot.jws"
#define WAKE_PAUSE_MS	4000 /* between two wakings with the same inbox */
#define WAKE_SOON_MS	200  /* the first few times, with news in it */
#define WAKE_FEW	3
#define WAKE_FACE_SIZE	96

struct wake {
	int run_fd; /* /run/jump */
	uid_t owner;
	const char *inbox;
	const char *lock; /* jump-apply has it while it runs; NULL: not asked */
	const char *const *start; /* the command that starts jump-apply */
};
extern const char *const wake_start_host[];

/*
 * Starts jump-apply when the opening it told of has come, or when the inbox
 * is not what it saw last (a run that failed leaves no word). One that is at
 * it is left alone: it takes news before it goes. Says at which BOOTTIME to
 * come again: when an opening will come, or soon, to see what became of news
 * (INT64_MAX: nothing is known). 0 or -errno.
 */
int wake_apply_when_due(const struct wake *w, int64_t now_ms,
	int64_t now_boot_ms, int64_t *ret_next_boot_ms);

/* What a file looks like from outside: "" when there is none. */
void wake_face(const char *path, char ret_face[WAKE_FACE_SIZE]);

#endif

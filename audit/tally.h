/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refusals without a flood: of one user and reason the first ones of a minute
 * are told one by one, the rest is counted and told in one record. Whoever
 * refuses again and again on somebody's behalf keeps one of these.
 */
#ifndef JUMP_AUDIT_TALLY_H
#define JUMP_AUDIT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/name.h"

#define TALLY_FIRST	  20 /* told one by one, of a user and reason */
#define TALLY_SPAN_MS	  60000
#define TALLY_ROWS	  256 /* users and reasons in one span */
#define TALLY_REASON_SIZE 24
/* The reason of those that found no row: all users and reasons in one. */
#define TALLY_SEVERAL "several"

/* Texts may be NULL or empty: not known. What is too long is cut. */
struct tally_who {
	uint32_t uid; /* 0: nobody knows */
	const char *user, *session;
};

struct tally_row {
	bool used;
	uint32_t uid;
	char reason[TALLY_REASON_SIZE];
	char user[NAME_SIZE];	 /* of the last one that was known */
	char session[UUID_SIZE]; /* the same */
	int64_t since_ms;	 /* BOOTTIME of the first */
	uint64_t told, held;
};

/* Zero-initialised: nothing has happened. */
struct tally {
	struct tally_row row[TALLY_ROWS];
};

/*
 * Is one more of these to be told by a record of its own? Changes nothing, so
 * that a process may ask its copy of somebody else's tally.
 */
bool tally_tells(const struct tally *t, uint32_t uid, const char *reason,
	int64_t now_ms);

/* One more, which was told, or held back to be told by its count. */
void tally_add(struct tally *t, const struct tally_who *who, const char *reason,
	bool told, int64_t now_ms);

/*
 * Takes out a row whose time is over (all: any) and which has held some back;
 * the caller tells its count. False: there is none. Call it until then: now
 * and then, and with `all` before the tally goes.
 */
bool tally_take(
	struct tally *t, bool all, int64_t now_ms, struct tally_row *ret_row);

/* Is something held back that has to be told some time? */
bool tally_holds(const struct tally *t);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plays sshd: a PAM transaction for authentication and account as its child
 * makes it, and another one for the session, with the shipped stack.
 */
#ifndef JUMP_TESTS_PAMPLAY_H
#define JUMP_TESTS_PAMPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <security/pam_appl.h>

#include "tests/unit/pam_faults.h"

#define PLAY_USER   "acme-tech1"
#define PLAY_UID    1900000001u
#define PLAY_SOURCE "192.0.2.7"

struct play {
	const char *user;   /* NULL: PLAY_USER */
	const char *code;   /* NULL: nobody answers */
	const char *source; /* NULL: PLAY_SOURCE */
	const char *key;    /* NULL: the enrolled one; "" none */
	void (*between)(void); /* between auth and account */
	bool skip_auth;     /* as a public-key login would */
	bool open;          /* the session too */

	int auth, account, session; /* PAM codes; -1: not reached */
	int asked;
	int64_t answer_ms; /* from the reply to the end of auth */
	char said[2048];   /* one line a message */
};

/* From now until the rights are stale, for the next play_world(). */
extern long play_life_sec;

/* Puts policy, rights, seeds, clock, health and stack into the root. */
void play_world(const char *conduit_lines, const char *grants);
/* A grant of all targets: from and to in minutes from now. */
const char *play_grant(const char *id, const char *user, long from_min,
	long to_min, bool revoked, const char *sources);
void play_seed(uint32_t uid);
void play(struct play *p);
/* The code of now plus that many steps, of the seed of play_seed(). */
const char *play_code(int steps);
const char *play_key(void);
struct pam_test *play_control(void);
/* The events so far, and none from here on. */
const char *play_events(void);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ssh says of a connection that did not come about. It says it into a
 * file in memory, not into the terminal, where a target's words are; so what
 * stands there is ssh's own, and can be acted upon.
 */
#ifndef JUMP_JUMPSHELL_SSHLOG_H
#define JUMP_JUMPSHELL_SSHLOG_H

#include <stddef.h>

#include "policy/policy.h"

#define SSHLOG_MAX	  65536 /* ssh may write no more of it */
#define SSHLOG_TEXT_SIZE  4096	/* that is looked at */
#define SSHLOG_OFFER_SIZE 256

enum sshlog_kind {
	SSHLOG_OTHER = 0,
	SSHLOG_REFUSED, /* the login was not accepted */
	SSHLOG_OFFER,	/* no algorithm in common */
};

struct sshlog {
	enum sshlog_kind kind;
	char text[SSHLOG_TEXT_SIZE]; /* printable, lines end in \n */
	const char *about; /* SSHLOG_OFFER: "key exchange", a constant */
	enum crypto needs; /* the word that would allow it; 0: none does */
	char offer[SSHLOG_OFFER_SIZE]; /* SSHLOG_OFFER: "a,b,c" */
};

/* Looks through what ssh wrote; pure. */
void sshlog_parse(const char *bytes, size_t len, struct sshlog *ret_log);

/* The same of the memory file, from its beginning; empty when unreadable. */
void sshlog_read(int fd, struct sshlog *ret_log);

#endif

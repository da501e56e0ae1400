/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks the certificate worker of a zone to sign the key of one connection. */
#ifndef JUMP_JUMPSHELL_CERTIFICATE_H
#define JUMP_JUMPSHELL_CERTIFICATE_H

#include "jumpshell/ask.h"
#include "policy/policy.h"

#define CERTIFICATE_MAX 8192

struct certificate_request {
	const char *conn;
	const char *target;
	const char *hop; /* NULL, or on the way to target: the one it is for */
	const char *account;
	enum proto proto;
	const char *public_line; /* with its newline */
};

/* A connection to the worker, made early so that it is awake in time. */
int certificate_connect(const char *zone);

/*
 * Sends the request and puts the certificate into the memory file. Returns
 * 0; -EACCES with the reason; another -errno.
 */
int certificate_get(int sock, const struct certificate_request *q,
	int memory_file, struct ask_answer *ret_answer);

#endif

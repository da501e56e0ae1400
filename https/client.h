/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One HTTPS call to the approvals service: its own CA and nobody else's, name
 * and chain verified, a client certificate where there is one, no proxy, no
 * redirect, bounded in size and time.
 */
#ifndef JUMP_HTTPS_CLIENT_H
#define JUMP_HTTPS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define HTTPS_URL_SIZE	512
#define HTTPS_WHY_SIZE	256
#define HTTPS_ETAG_SIZE 80
#define HTTPS_TYPE_SIZE 64

struct https_call {
	const char *method;	       /* "GET", "POST", "PUT" */
	const char *base;	       /* "https://host:8443" */
	const char *path;	       /* "/v1/…" */
	const char *ca;		       /* PEM file of the only CA that counts */
	const char *certificate, *key; /* PEM files; NULL: none is shown */
	const char *type;	       /* of the body */
	const void *body;	       /* NULL: none */
	size_t body_len;
	const char *etag;  /* If-None-Match, NULL: none */
	unsigned wait_sec; /* Prefer: wait=, 0: none */
	size_t answer_max;
	long timeout_ms; /* of the whole call */
	/*
	 * Verifies nothing: to fetch what the caller verifies by other means.
	 * Refused together with a certificate or a body. Source: threat
	 * A-JOIN.
	 */
	bool unverified;
};

struct https_answer {
	long status;
	char *bytes; /* owned, a NUL behind it */
	size_t len;
	char etag[HTTPS_ETAG_SIZE]; /* "" when there was none, or too long */
	char type[HTTPS_TYPE_SIZE]; /* Content-Type, likewise */
};
void https_answer_done(struct https_answer *a);
#define _cleanup_https_answer_ __attribute__((cleanup(https_answer_done)))

/*
 * Returns 0 when an answer came, whatever its status; -EHOSTUNREACH: no
 * connection; -ETIMEDOUT; -EKEYREJECTED: TLS refused, either side; -EMSGSIZE;
 * -EINVAL: not an https URL; -EIO. why (HTTPS_WHY_SIZE) says more.
 */
int https_call(const struct https_call *call, struct https_answer *ret_answer,
	char *ret_why);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instance's own small certificate authority: it knows bastions and
 * people of this service and nobody else. P-256 throughout, no intermediate,
 * no name taken from a request: the service says who someone is.
 */
#ifndef JUMP_APPROVALS_PKI_AUTHORITY_H
#define JUMP_APPROVALS_PKI_AUTHORITY_H

#include <stddef.h>
#include <stdint.h>

#include "approvals/rules/refusal.h"
#include "base/name.h"

#define PKI_PEM_MAX	     16384
#define PKI_FINGERPRINT_SIZE 65 /* SHA-256 of the DER in hex, and its NUL */

struct authority; /* certificate and key of the CA, in memory */
void authority_close(struct authority *a);
static inline void cleanup_authority(struct authority **a)
{
	authority_close(*a);
}
#define _cleanup_authority_ __attribute__((cleanup(cleanup_authority)))

/* A certificate, and its key when it was made here; both PEM, owned. */
struct issued {
	char *certificate;
	char *key; /* a secret; NULL when the holder has it */
	char fingerprint[PKI_FINGERPRINT_SIZE];
	int64_t expires; /* UTC s */
};
void issued_done(struct issued *i);
#define _cleanup_issued_ __attribute__((cleanup(issued_done)))

/* Makes a new authority called `name`, self-signed, for `days`. */
int authority_make(
	const char *name, int64_t now, unsigned days, struct issued *ret_ca);

/* 0; -EBADMSG: not a CA certificate and its key. */
int authority_open(const char *certificate, const char *key,
	struct authority **ret_authority);

/*
 * A certificate for TLS under a new key made here. names: DNS names and
 * addresses of a server; NULL for a client, whose subject is CN=name,
 * OU=unit.
 */
struct certificate_wish {
	const char *name;
	const char *unit;
	const char *const *names; /* NULL-terminated */
	int64_t now;
	unsigned days;
};
int authority_issue(const struct authority *a,
	const struct certificate_wish *wish, struct issued *ret_issued);

/*
 * The same for a key that its holder keeps: a certificate request (PEM,
 * PKCS #10) signed by it. Of the request only the key is taken. -EPERM: it is
 * refused. Source: RFC 2986; threat A-CSR.
 */
int authority_sign(const struct authority *a,
	const struct certificate_wish *wish, const char *request,
	struct issued *ret_issued, struct refusal *ret_why);

/* Fingerprints of certificates. pem may hold one certificate only. */
int certificate_fingerprint(
	const char *pem, char ret_fingerprint[PKI_FINGERPRINT_SIZE]);
int certificate_fingerprint_der(const void *der, size_t len,
	char ret_fingerprint[PKI_FINGERPRINT_SIZE]);

#endif

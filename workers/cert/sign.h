/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The certificate itself, made by ssh-keygen: the tool that targets' sshd
 * was tested with.
 */
#ifndef JUMP_WORKERS_CERT_SIGN_H
#define JUMP_WORKERS_CERT_SIGN_H

#include <stddef.h>

#include "workers/cert/request.h"
#include "workers/peer/admit.h"

#define SIGN_CERT_SIZE	  4096
#define SIGN_VALID_SEC	  300
#define SIGN_SOURCES_SIZE 1792 /* the networks of two zones */

/*
 * The addresses from which this host would reach the target, as ssh-keygen's
 * source-address takes them ("10.20.0.1/32,fd00:20::1/128"); for what stands
 * behind a hop, the networks that the hop can come from. Nothing is sent. -ENETUNREACH when there is no way to it.
 */
int sign_sources(const struct admission *a, char ret_text[SIGN_SOURCES_SIZE]);

/*
 * Signs the request's key with the CA at ca_path: principal the granted
 * account, from one minute ago for five minutes (but not past the window),
 * only from `sources`, only a terminal allowed; on a hop only the forwarding
 * of a connection. Returns 0 with the line of
 * the certificate, or -errno.
 */
struct sign {
	const char *ca_path;
	const struct cert_request *request;
	const struct admission *admission;
	const char *sources;
};
int sign_certificate(const struct sign *s, char ret_line[SIGN_CERT_SIZE]);

#endif

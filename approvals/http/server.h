/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HTTPS server: libmicrohttpd with a thread for each connection and its
 * own TLS, which asks for client certificates.
 */
#ifndef JUMP_APPROVALS_HTTP_SERVER_H
#define JUMP_APPROVALS_HTTP_SERVER_H

#include "approvals/desk/service.h"

struct server;

/* Serves connections of this listening socket, which it takes over. */
int server_start(
	struct service *service, int listen_fd, struct server **ret_server);

/* Ends waits, lets running calls finish, closes. NULL is fine. */
void server_stop(struct server *server);

#endif

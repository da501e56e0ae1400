/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a worker that systemd starts when somebody knocks: each
 * connection gets a process of its own, so that one that dawdles keeps nobody
 * waiting; the one in front stays for some seconds, because starting a unit
 * takes 10 to 20 ms and an engineer's next connection comes soon, and then is
 * gone, so that no secret is at hand while nobody needs it.
 */
#ifndef JUMP_WORKERS_PEER_FRONT_H
#define JUMP_WORKERS_PEER_FRONT_H

/* The first descriptor of socket activation. */
#define FRONT_LISTEN_FD 3

/*
 * Serves what knocks at FRONT_LISTEN_FD until nobody did for five seconds.
 * `serve` runs in a child with the accepted socket, which does not wait, and
 * returns its exit status. Returns 0.
 */
int front_run(int (*serve)(int fd, const void *context), const void *context);

#endif

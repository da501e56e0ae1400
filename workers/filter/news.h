/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's news of its packet filter, by a netlink socket that systemd
 * listens at. Which change it was does not matter: the table is looked at.
 */
#ifndef JUMP_WORKERS_FILTER_NEWS_H
#define JUMP_WORKERS_FILTER_NEWS_H

#include <stdbool.h>

/*
 * How many sockets systemd has handed to this process: 0, 1, or -EINVAL.
 * Before proc_harden(), which takes the environment away.
 */
int news_sockets(void);

/* Takes in all that is there to read. True: there was something. */
bool news_take(void);

/*
 * After a look that news brought about: a busy host changes its filter many
 * times in a second, and once in half a second is often enough.
 */
void news_rest(void);

#endif

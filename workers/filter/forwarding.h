/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bastion routes nothing: everything that crosses it ends in the relay.
 */
#ifndef JUMP_WORKERS_FILTER_FORWARDING_H
#define JUMP_WORKERS_FILTER_FORWARDING_H

#include <stddef.h>

/*
 * Looks through the kernel's switches of IPv4 and IPv6 forwarding, of all
 * interfaces. Returns how many are on, with the first one's name
 * ("ipv4/conf/eth1/forwarding") in ret_first; -errno when they can't be read.
 * root is "/proc/sys/net" unless a test says otherwise.
 */
int forwarding_count(const char *root, char *ret_first, size_t size);

#endif

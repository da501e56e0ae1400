/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does this host ask nss_jump, in its place, and does nothing stand between?
 * Looked at in the text of nsswitch.conf(5) and nscd.conf(5).
 */
#ifndef JUMP_JUMPCTL_NAMECHECK_H
#define JUMP_JUMPCTL_NAMECHECK_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_FAULT_SIZE	 160
#define NAME_FAULTS_MAX	 4
#define NAMECHECK_SWITCH "/etc/nsswitch.conf"
#define NAMECHECK_CACHE	 "/etc/nscd.conf"
#define NAMECHECK_SOCKET "/run/nscd/socket"

struct name_faults {
	size_t count;
	char text[NAME_FAULTS_MAX][NAME_FAULT_SIZE]; /* what to do */
};

/* Adds what is wrong in the text of nsswitch.conf: for each of passwd, group
 * and hosts, `jump` has to stand behind `files`, and before `dns`. */
void namecheck_switch(const char *text, struct name_faults *f);

/* Adds a fault when nscd keeps hosts: it asks as itself, who is granted
 * nothing, and then no supplier's process knows a target by name. */
void namecheck_cache(const char *text, struct name_faults *f);

/* Both, of this host; the cache's only while an nscd runs. 0 or -errno. */
int namecheck_host(struct name_faults *ret);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The health file: how a gate that can't ask the kernel itself learns whether
 * what evidence depends on works. The root worker writes it every few
 * seconds; one that is old says nothing good.
 */
#ifndef JUMP_BASE_HEALTH_H
#define JUMP_BASE_HEALTH_H

#include <stdint.h>
#include <sys/types.h>

#define HEALTH_FILE	 "/run/jump/health"
#define HEALTH_WORD_SIZE 24

/* Each word is "ok" or says in one word why not; never empty. */
struct health {
	int64_t boot_ms; /* BOOTTIME of the look */
	uint64_t lost_count;
	char audit[HEALTH_WORD_SIZE];
	char auditd[HEALTH_WORD_SIZE];
	char lost[HEALTH_WORD_SIZE];
	char clock[HEALTH_WORD_SIZE];
	char disk[HEALTH_WORD_SIZE];
	char recorder[HEALTH_WORD_SIZE];
};

/*
 * Reads it. Returns 0; -ENOENT: nobody looked since boot; -ESTALE: the look
 * is older than max_age_sec (or of the future); -EBADMSG: not whole; another
 * -errno. Every error counts as unwell.
 */
int health_read(const char *path, uid_t owner, uint32_t max_age_sec,
	struct health *ret_health);

/* NULL when events reach the audit log, else the first word that says why. */
const char *health_audit_ill(const struct health *h);

#endif

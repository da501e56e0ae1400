/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/health.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/keyfile.h"
#include "base/moment.h"

static int take_word(const struct keyfile *k, const char *key,
	char ret_word[HEALTH_WORD_SIZE])
{
	const char *word = keyfile_text(k, key);

	if (!word || !word[0] || strlen(word) >= HEALTH_WORD_SIZE)
		return -EBADMSG;
	memcpy(ret_word, word, strlen(word) + 1);
	return 0;
}

static int take(const struct keyfile *k, struct health *h)
{
	uint64_t boot_ms;

	if (keyfile_number(k, "boot_ms", &boot_ms) < 0 || boot_ms > INT64_MAX ||
		keyfile_number(k, "lost_count", &h->lost_count) < 0)
		return -EBADMSG;
	h->boot_ms = (int64_t)boot_ms;
	if (take_word(k, "audit", h->audit) < 0 ||
		take_word(k, "auditd", h->auditd) < 0 ||
		take_word(k, "lost", h->lost) < 0 ||
		take_word(k, "clock", h->clock) < 0 ||
		take_word(k, "disk", h->disk) < 0 ||
		take_word(k, "recorder", h->recorder) < 0)
		return -EBADMSG;
	return 0;
}

int health_read(const char *path, uid_t owner, uint32_t max_age_sec,
	struct health *ret_health)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	struct health h = {0};
	int64_t age_ms;
	int r = keyfile_read(AT_FDCWD, path, owner, &k);

	if (r < 0)
		return r;
	r = take(&k, &h);
	if (r < 0)
		return r;
	age_ms = moment_boot_ms() - h.boot_ms;
	if (age_ms < 0 || age_ms > (int64_t)max_age_sec * 1000)
		return -ESTALE;
	*ret_health = h;
	return 0;
}

const char *health_audit_ill(const struct health *h)
{
	const char *const words[] = {h->audit, h->auditd, h->lost};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i], "ok") != 0)
			return words[i];
	}
	return NULL;
}

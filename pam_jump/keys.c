/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-keys: sshd's AuthorizedKeysCommand. Prints the key that was offered,
 * when its user is enrolled with it, and what may be forwarded. Runs as its
 * own user and reads rights.db; a second factor is still to pass.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/number.h"
#include "base/proc.h"
#include "pam_jump/keyline.h"
#include "pam_jump/local.h"
#include "pam_jump/places.h"

#define USAGE "usage: jump-keys USER UID KEYTYPE BASE64 (%u %U %t %k of sshd)\n"

struct offered_key {
	const char *user;
	uint32_t uid;
	char key[RIGHTS_KEY_SIZE]; /* "ssh-ed25519 AAAA..." */
};

static int offer_parse(int argc, char **argv, struct offered_key *ret_offer)
{
	uint64_t uid;
	int n;

	if (argc != 5 || !name_valid(argv[1]) ||
		number_parse(argv[2], 1, UINT32_MAX - 1, &uid) < 0 ||
		!argv[3][0] || strpbrk(argv[3], " \"\n") || !argv[4][0] ||
		strpbrk(argv[4], " \"\n"))
		return -EINVAL;
	ret_offer->user = argv[1];
	ret_offer->uid = (uint32_t)uid;
	n = snprintf(ret_offer->key, sizeof(ret_offer->key), "%s %s", argv[3],
		argv[4]);
	return n < 0 || (size_t)n >= sizeof(ret_offer->key) ? -EMSGSIZE : 0;
}

static bool has_key(const struct rights_user *user, const char *key)
{
	for (size_t i = 0; i < user->key_count && i < RIGHTS_KEYS_MAX; i++) {
		if (strcmp(user->keys[i], key) == 0)
			return true;
	}
	return false;
}

/* Ours, enrolled, and nobody local: 1; 0 not; -errno can't say. */
static int offer_is_ours(struct rights *rights, const struct offered_key *offer,
	struct rights_user *user)
{
	const struct settings *s = &rights_info(rights)->settings;
	int r = rights_user_by_name(rights, offer->user, user);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (user->uid != offer->uid || user->uid < s->uid_min ||
		user->uid > s->uid_max || !has_key(user, offer->key))
		return 0;
	r = local_account(
		PLACE_PASSWD, PAM_JUMP_OWNER, offer->user, offer->uid);
	return r < 0 ? r : r == 0;
}

/* While time or rights are in doubt the key opens nothing but PAM's door,
 * where the person hears why. */
static int options(struct rights *rights, const struct rights_user *user,
	struct keyline *line)
{
	_cleanup_rights_view_ struct rights_view view = {0};
	struct moment_clock clock;
	int r;

	keyline_closed(line);
	if (moment_clock_read_at(PLACE_CLOCK, PAM_JUMP_OWNER, &clock) < 0 ||
		!clock.trusted ||
		moment_now_sec(&clock) >= rights_info(rights)->expires)
		return 0;
	r = rights_view_load(rights, user->uid, &view);
	if (r < 0)
		return r;
	keyline_make(&view, user, moment_now_sec(&clock), line);
	if (line->full)
		syslog(LOG_AUTHPRIV | LOG_WARNING,
			"%s: more than %u forwardings: none is offered",
			user->name, KEYLINE_OPENS_MAX);
	return 0;
}

static int keys_print(const struct offered_key *offer)
{
	_cleanup_rights_ struct rights *rights = NULL;
	_cleanup_free_ struct keyline *line = calloc(1, sizeof(*line));
	_cleanup_free_ struct rights_user *user = calloc(1, sizeof(*user));
	int r;

	if (!line || !user)
		return -ENOMEM;
	r = rights_open(PLACE_RIGHTS, PAM_JUMP_OWNER, &rights);
	if (r == 0)
		r = offer_is_ours(rights, offer, user);
	if (r <= 0)
		return r;
	r = options(rights, user, line);
	if (r < 0)
		return r;
	r = fd_write_all(STDOUT_FILENO, line->text, line->len);
	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, " ", 1);
	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, offer->key, strlen(offer->key));
	return r < 0 ? r : fd_write_all(STDOUT_FILENO, "\n", 1);
}

int main(int argc, char **argv)
{
	struct offered_key offer = {0};
	int r;

	if (proc_harden(0, NULL) < 0)
		return EXIT_FAILURE;
	if (offer_parse(argc, argv, &offer) < 0) {
		(void)fputs(USAGE, stderr);
		return EXIT_FAILURE;
	}
	r = keys_print(&offer);
	if (r < 0)
		syslog(LOG_AUTHPRIV | LOG_ERR, "no keys for %s: %s", offer.user,
			strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

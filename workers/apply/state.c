/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/apply/state.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/keyfile.h"

static bool take_digest(
	const struct keyfile *k, const char *key, char ret[DIGEST_SIZE])
{
	const char *text = keyfile_text(k, key);
	size_t len = text ? strlen(text) : 0;

	if (!text || (len != 0 && len != DIGEST_SIZE - 1))
		return false;
	memcpy(ret, text, len + 1);
	return true;
}

int accepted_read(int state_fd, uid_t owner, struct accepted *ret_accepted)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	struct accepted a = {0};
	int r = keyfile_read(state_fd, STATE_ACCEPTED, owner, &k);

	if (r == -ENOENT) {
		*ret_accepted = a;
		return 0;
	}
	if (r < 0)
		return r;
	if (keyfile_number(&k, "serial", &a.serial) < 0 ||
		!take_digest(&k, "sha256", a.digest) || !a.digest[0])
		return -EBADMSG;
	*ret_accepted = a;
	return 0;
}

int accepted_write(
	int state_fd, const struct accepted *a, const char *text, size_t len)
{
	const struct fd_replace snapshot = {.name = STATE_SNAPSHOT,
		.mode = 0600,
		.uid = -1,
		.gid = -1,
		.durable = 1};
	const struct fd_replace accepted = {.name = STATE_ACCEPTED,
		.mode = 0600,
		.uid = -1,
		.gid = -1,
		.durable = 1};
	struct keyfile_writer w = {0};
	int r = fd_replace_file(state_fd, &snapshot, text, len);

	if (r < 0)
		return r;
	keyfile_add_number(&w, "serial", a->serial);
	keyfile_add(&w, "sha256", a->digest);
	return keyfile_writer_replace(&w, state_fd, &accepted);
}

void applied_read(int run_fd, uid_t owner, struct applied *ret_applied)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	struct applied a = {0};
	const char *inbox;
	uint64_t next_open = 0;

	memset(ret_applied, 0, sizeof(*ret_applied));
	if (keyfile_read(run_fd, WAKE_APPLY_FILE, owner, &k) < 0)
		return;
	inbox = keyfile_text(&k, "inbox");
	if (!inbox || strlen(inbox) >= sizeof(a.inbox) ||
		keyfile_number(&k, "generation", &a.generation) < 0 ||
		keyfile_number(&k, "serial", &a.serial) < 0 ||
		keyfile_number(&k, "next_open", &next_open) < 0 ||
		next_open > INT64_MAX ||
		!take_digest(&k, "snapshot", a.snapshot) ||
		!take_digest(&k, "policy", a.policy) ||
		!take_digest(&k, "locals", a.locals) ||
		!take_digest(&k, "refused", a.refused) ||
		!take_digest(&k, "bad_policy", a.bad_policy))
		return;
	memcpy(a.inbox, inbox, strlen(inbox) + 1);
	a.next_open = (int64_t)next_open;
	*ret_applied = a;
}

int applied_write(int run_fd, const struct applied *a)
{
	const struct fd_replace how = {
		.name = WAKE_APPLY_FILE, .mode = 0644, .uid = -1, .gid = -1};
	struct keyfile_writer w = {0};

	keyfile_add_number(&w, "generation", a->generation);
	keyfile_add_number(&w, "serial", a->serial);
	keyfile_add_number(&w, "next_open", (uint64_t)a->next_open);
	keyfile_add(&w, "inbox", a->inbox);
	keyfile_add(&w, "snapshot", a->snapshot);
	keyfile_add(&w, "policy", a->policy);
	keyfile_add(&w, "locals", a->locals);
	keyfile_add(&w, "refused", a->refused);
	keyfile_add(&w, "bad_policy", a->bad_policy);
	return keyfile_writer_replace(&w, run_fd, &how);
}

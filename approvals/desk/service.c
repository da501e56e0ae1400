/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and closing: database first, because it can say "later version". */
#include "approvals/desk/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/desk/keys.h"
#include "approvals/desk/journal.h"
#include "base/cleanup.h"

static int open_database(struct service *s)
{
	char path[sizeof(s->settings.state_dir) + 32];
	int r;

	snprintf(path, sizeof(path), "%s/%s", s->settings.state_dir,
		STATE_FILE_DATABASE);
	r = db_open(path, &s->db);
	if (r == 0)
		r = store_migrate(s->db);
	if (r == -EPROTO)
		journal_line(JOURNAL_ERROR,
			"%s: of a later version than this program", path);
	else if (r < 0)
		journal_line(JOURNAL_ERROR, "%s: %s%s%s", path, strerror(-r),
			s->db ? ": " : "", s->db ? db_error(s->db) : "");
	return r < 0 ? r : 0;
}

int service_open(
	const struct approvals_settings *settings, struct service *ret_service)
{
	int r;

	*ret_service = (struct service){.settings = *settings};
	r = watch_init(&ret_service->watch);
	if (r == 0)
		r = open_database(ret_service);
	if (r == 0)
		r = keys_open(ret_service);
	if (r < 0)
		service_close(ret_service);
	return r;
}

static void wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void service_close(struct service *s)
{
	inventories_free(s->inventories);
	s->inventories = NULL;
	db_close(s->db);
	s->db = NULL;
	signer_done(&s->signer);
	authority_close(s->authority);
	s->authority = NULL;
	wipe(&s->ca_pem);
	wipe(&s->server_pem);
	wipe(&s->server_key_pem);
	watch_done(&s->watch);
}

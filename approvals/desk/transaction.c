/* SPDX-License-Identifier: BSD-2-Clause */
/* The desk's transaction: change, log row, journal line, and waking. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "approvals/desk/service.h"
#include "approvals/store/log.h"
#include "approvals/desk/journal.h"
#include "base/cleanup.h"
#include "base/moment.h"
#include "json/strict.h"

int64_t service_now(void)
{
	return moment_wall_ms() / 1000;
}

static struct desk_tx tx_now(struct service *s, const struct caller *caller)
{
	struct desk_tx tx = {.service = s, .caller = caller};

	tx.now_ms = moment_wall_ms();
	tx.now = tx.now_ms / 1000;
	return tx;
}

int desk_begin(
	struct service *s, const struct caller *caller, struct desk_tx *ret_tx)
{
	*ret_tx = tx_now(s, caller);
	return db_begin(s->db, &ret_tx->tx);
}

int desk_begin_read(
	struct service *s, const struct caller *caller, struct desk_tx *ret_tx)
{
	*ret_tx = tx_now(s, caller);
	return db_begin_read(s->db, &ret_tx->tx);
}

static const char *who(const struct caller *c)
{
	return c->holder.kind == HOLDER_NONE ? "nobody" : c->holder.name;
}

int desk_note(struct desk_tx *tx, const char *what, const char *object,
	json_t *detail)
{
	_cleanup_json_ json_t *taken = detail;
	struct log_fact fact = {
		.at = tx->now,
		.who = who(tx->caller),
		.source = tx->caller->source,
		.what = what,
		.object = object,
		.detail = taken,
	};
	char hash[DIGEST_SIZE];
	int r;

	if (!taken)
		return -ENOMEM;
	r = store_log_append(&tx->tx, &fact, hash);
	if (r < 0)
		return r;
	snprintf(tx->line, sizeof(tx->line),
		"decision: %s %s by %s from %s, log head %s", what, object,
		who(tx->caller), tx->caller->source, hash);
	return 0;
}

int desk_touch(struct desk_tx *tx, const char *bastion)
{
	int r = store_bastion_touch(&tx->tx, bastion);

	if (r < 0)
		return r;
	tx->wake_all |= tx->wake && strcmp(tx->wake_bastion, bastion) != 0;
	tx->wake = true;
	snprintf(tx->wake_bastion, NAME_SIZE, "%s", bastion);
	return 0;
}

int desk_touch_of(struct desk_tx *tx, const char *supplier)
{
	tx->wake = tx->wake_all = true;
	return store_bastions_touch_of(&tx->tx, supplier);
}

int desk_commit(struct desk_tx *tx)
{
	int r = db_commit(&tx->tx);

	if (r < 0)
		return r;
	if (tx->line[0])
		journal_line(JOURNAL_NOTICE, "%s", tx->line);
	if (tx->wake)
		watch_wake(&tx->service->watch,
			tx->wake_all ? NULL : tx->wake_bastion);
	return 0;
}

void desk_tx_done(struct desk_tx *tx)
{
	db_tx_done(&tx->tx);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The running service: settings, database, keys, and who waits for news. The
 * desk is what people and bastions do with it: each operation is one
 * transaction over rules and store, written into the decision log.
 */
#ifndef JUMP_APPROVALS_DESK_SERVICE_H
#define JUMP_APPROVALS_DESK_SERVICE_H

#include <jansson.h>
#include <stdbool.h>

#include "approvals/desk/settings.h"
#include "approvals/desk/watch.h"
#include "approvals/pki/authority.h"
#include "approvals/rules/refusal.h"
#include "approvals/sign/signer.h"
#include "approvals/store/bastions.h"
#include "approvals/store/people.h"
#include "approvals/store/store.h"
#include "policy/policy.h"

struct inventories; /* parsed, by bastion; used under the database's lock */

struct service {
	struct approvals_settings settings;
	struct db *db;
	struct signer signer;
	struct authority *authority;
	char *ca_pem, *server_pem, *server_key_pem;
	struct watch watch;
	struct inventories *inventories;
};

/* Opens database and keys under the settings' folders; migrates. 0/-errno,
 * and one line on stderr that says what is missing. */
int service_open(
	const struct approvals_settings *settings, struct service *ret_service);
void service_close(struct service *s);

/* UTC seconds of the wall clock: what this host's NTP says. */
int64_t service_now(void);

/* Who calls: a person with roles, a bastion, or nobody (HOLDER_NONE). */
#define SOURCE_SIZE 64
struct caller {
	struct holder_of holder;
	role_set roles;
	char source[SOURCE_SIZE]; /* address, or "local" */
};

/* What an operation gets: parts of the path, query, body. */
struct desk_input {
	const char *id;			   /* first {…} of the path */
	const char *part;		   /* second one */
	const json_t *body;		   /* an object, or NULL */
	const char *state, *after, *limit; /* query, NULL when not given */
};

/*
 * One operation. 0 and an answer (which may stay NULL: nothing to say);
 * -EPERM: refused, *ret_why says so; another -errno: a fault of ours.
 */
typedef int (*desk_operation)(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why);

/*
 * A transaction with its log: what desk_note() writes goes to the decision
 * log with it, and as a line to the journal once it is committed. Whom it
 * concerns is woken then.
 */
struct desk_tx {
	struct service *service;
	const struct caller *caller;
	struct db_tx tx;
	int64_t now_ms, now;
	char line[512];
	bool wake, wake_all;
	char wake_bastion[NAME_SIZE];
};
int desk_begin(
	struct service *s, const struct caller *caller, struct desk_tx *ret_tx);
/* The same for one that only looks: nothing to note, nothing to commit. */
int desk_begin_read(
	struct service *s, const struct caller *caller, struct desk_tx *ret_tx);
/* detail is taken over; NULL: no memory, refused. */
int desk_note(struct desk_tx *tx, const char *what, const char *object,
	json_t *detail);
/* Its snapshot is to say something else; NULL: wake all who wait. */
int desk_touch(struct desk_tx *tx, const char *bastion);
int desk_touch_of(struct desk_tx *tx, const char *supplier);
int desk_commit(struct desk_tx *tx);
void desk_tx_done(struct desk_tx *tx);
#define _cleanup_desk_tx_ __attribute__((cleanup(desk_tx_done)))

/* The parsed inventory of a bastion, kept between calls; borrowed until the
 * transaction ends. -EPERM: it has none, or is not enrolled (any longer). */
int desk_inventory(struct desk_tx *tx, const char *bastion,
	const struct policy **ret_inventory, struct refusal *ret_why);
void inventories_free(struct inventories *i);

#endif

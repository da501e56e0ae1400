/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All operations of the desk. Those of people come with a role that has been
 * looked at (approvals/http/route.c); those of bastions with a name that came
 * from their certificate, never from a body.
 */
#ifndef JUMP_APPROVALS_DESK_DESK_H
#define JUMP_APPROVALS_DESK_DESK_H

#include "approvals/desk/service.h"
#include "approvals/store/snapshots.h"

#define DESK_OPERATION(name)                                                   \
	int name(struct service *s, const struct caller *caller,               \
		const struct desk_input *in, json_t **ret_answer,              \
		struct refusal *ret_why)

/* visits */
DESK_OPERATION(desk_visit_request);
DESK_OPERATION(desk_visit_approve);
DESK_OPERATION(desk_visit_deny);
DESK_OPERATION(desk_visit_revoke);
DESK_OPERATION(desk_visit_extend);
DESK_OPERATION(desk_visit_get);
DESK_OPERATION(desk_visit_list);

/* suppliers' users */
DESK_OPERATION(desk_user_add);
DESK_OPERATION(desk_user_get);
DESK_OPERATION(desk_user_list);
DESK_OPERATION(desk_user_disable);
DESK_OPERATION(desk_user_enable);
DESK_OPERATION(desk_key_add);
DESK_OPERATION(desk_key_remove);
DESK_OPERATION(desk_otp_reset);

/* bastions */
DESK_OPERATION(desk_bastion_enrol);
DESK_OPERATION(desk_bastion_list);
DESK_OPERATION(desk_inventory_put);
DESK_OPERATION(desk_inventory_get);

/* and the rest */
DESK_OPERATION(desk_self);
DESK_OPERATION(desk_log_list);

/*
 * The snapshot of a bastion as it is to be now: the one kept, or a new one
 * when what it says changed, its key changed, or half of its life is over.
 * -EPERM: no such bastion is enrolled. head_only leaves its text out.
 */
int desk_snapshot(struct service *s, const char *bastion, bool head_only,
	struct snapshot_row *ret_snapshot, struct refusal *ret_why);

/* Administration on the service's own host (approvals/admin.c). */
int desk_token(struct service *s, const struct caller *caller,
	const char *bastion, uint32_t life_sec, char *ret_token, size_t size);
int desk_person(struct service *s, const struct caller *caller,
	const char *name, role_set roles, struct issued *ret_certificate);
int desk_person_disable(
	struct service *s, const struct caller *caller, const char *name);
int desk_bastion_revoke(
	struct service *s, const struct caller *caller, const char *name);
#define TOKEN_SIZE 80

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may do what at the service: one table from roles to actions. A person
 * can have several roles, but the one who keeps users and bastions is never
 * the one who approves.
 */
#ifndef JUMP_APPROVALS_RULES_ROLE_H
#define JUMP_APPROVALS_RULES_ROLE_H

#include <stdbool.h>
#include <stddef.h>

enum role { /* bits; the value is stored: never renumber */
	ROLE_NONE = 0,
	ROLE_REQUESTER = 1,
	ROLE_APPROVER = 2,
	ROLE_ADMIN = 4,
	ROLE_AUDITOR = 8,
	ROLE_ALL = 15,
};
typedef unsigned role_set;

enum action {
	ACTION_NONE = 0, /* nobody may */
	ACTION_REQUEST,
	ACTION_APPROVE, /* and deny */
	ACTION_REVOKE,	/* requesters: their own */
	ACTION_EXTEND,	/* requesters: their own */
	ACTION_SEE_REQUESTS,
	ACTION_SEE_INVENTORY,
	ACTION_SEE_USERS,
	ACTION_EDIT_USERS,
	ACTION_SEE_BASTIONS,
	ACTION_SEE_LOG,
	ACTION_SEE_SELF,
	ACTION_COUNT
};

bool role_may(role_set roles, enum action action);

/* Roles that may stand together; an empty set may not. */
bool role_set_valid(role_set roles);

enum role role_from_name(const char *name); /* ROLE_NONE when unknown */
/* "approver requester" into text; returns it. ROLE_TEXT_SIZE always fits. */
#define ROLE_TEXT_SIZE 64
const char *role_set_format(role_set roles, char *text, size_t size);

#endif

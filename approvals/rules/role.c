/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of roles and actions. */
#include "approvals/rules/role.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static const role_set allowed[ACTION_COUNT] = {
	[ACTION_REQUEST] = ROLE_REQUESTER,
	[ACTION_APPROVE] = ROLE_APPROVER,
	[ACTION_REVOKE] = ROLE_REQUESTER | ROLE_APPROVER,
	[ACTION_EXTEND] = ROLE_REQUESTER | ROLE_APPROVER,
	[ACTION_SEE_REQUESTS] = ROLE_ALL,
	[ACTION_SEE_INVENTORY] = ROLE_ALL,
	[ACTION_SEE_USERS] = ROLE_ALL,
	[ACTION_EDIT_USERS] = ROLE_ADMIN,
	[ACTION_SEE_BASTIONS] = ROLE_ALL,
	[ACTION_SEE_LOG] = ROLE_AUDITOR | ROLE_ADMIN,
	[ACTION_SEE_SELF] = ROLE_ALL,
};

static const struct {
	enum role role;
	const char *name;
} names[] = {
	{ROLE_REQUESTER, "requester"},
	{ROLE_APPROVER, "approver"},
	{ROLE_ADMIN, "admin"},
	{ROLE_AUDITOR, "auditor"},
};

bool role_may(role_set roles, enum action action)
{
	if (action <= ACTION_NONE || action >= ACTION_COUNT)
		return false;
	return (roles & allowed[action]) != 0;
}

bool role_set_valid(role_set roles)
{
	if (roles == ROLE_NONE || (roles & ~(role_set)ROLE_ALL))
		return false;
	return !((roles & ROLE_ADMIN) && (roles & ROLE_APPROVER));
}

enum role role_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].role;
	return ROLE_NONE;
}

const char *role_set_format(role_set roles, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int n = 0;

		if (roles & names[i].role)
			n = snprintf(text + at, size - at, "%s%s",
				at ? " " : "", names[i].name);
		if (n < 0 || (size_t)n >= size - at)
			break;
		at += (size_t)n;
	}
	return text;
}

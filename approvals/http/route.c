/* SPDX-License-Identifier: BSD-2-Clause */
/* The table, and how a path is matched against it. */
#include "approvals/http/route.h"

#include <stdio.h>
#include <string.h>

#include "approvals/http/call.h"
#include "approvals/rules/inventory.h"
#include "base/cleanup.h"

#define BODY_SMALL (64u << 10)

static const struct route routes[] = {
	{"GET", "/healthz", WHO_ANYONE, 0, NULL, call_health, 200, 0},
	{"GET", "/ca.pem", WHO_ANYONE, 0, NULL, call_ca, 200, 0},
	{"GET", "/problems/{id}", WHO_ANYONE, 0, NULL, call_problem_help, 200,
		0},

	{"POST", "/v1/enroll", WHO_ANYONE, 0, desk_bastion_enrol, NULL, 201,
		BODY_SMALL},
	{"GET", "/v1/snapshot", WHO_BASTION, 0, NULL, call_snapshot, 200, 0},
	{"PUT", "/v1/inventory", WHO_BASTION, 0, desk_inventory_put, NULL, 200,
		INVENTORY_MAX_BYTES},

	{"GET", "/v1/me", WHO_PERSON, ACTION_SEE_SELF, desk_self, NULL, 200, 0},
	{"GET", "/v1/requests", WHO_PERSON, ACTION_SEE_REQUESTS,
		desk_visit_list, NULL, 200, 0},
	{"POST", "/v1/requests", WHO_PERSON, ACTION_REQUEST, desk_visit_request,
		NULL, 201, BODY_SMALL},
	{"GET", "/v1/requests/{id}", WHO_PERSON, ACTION_SEE_REQUESTS,
		desk_visit_get, NULL, 200, 0},
	{"POST", "/v1/requests/{id}/approve", WHO_PERSON, ACTION_APPROVE,
		desk_visit_approve, NULL, 200, BODY_SMALL},
	{"POST", "/v1/requests/{id}/deny", WHO_PERSON, ACTION_APPROVE,
		desk_visit_deny, NULL, 200, BODY_SMALL},
	{"POST", "/v1/requests/{id}/revoke", WHO_PERSON, ACTION_REVOKE,
		desk_visit_revoke, NULL, 200, BODY_SMALL},
	{"POST", "/v1/requests/{id}/extend", WHO_PERSON, ACTION_EXTEND,
		desk_visit_extend, NULL, 200, BODY_SMALL},

	{"GET", "/v1/users", WHO_PERSON, ACTION_SEE_USERS, desk_user_list, NULL,
		200, 0},
	{"POST", "/v1/users", WHO_PERSON, ACTION_EDIT_USERS, desk_user_add,
		NULL, 201, BODY_SMALL},
	{"GET", "/v1/users/{id}", WHO_PERSON, ACTION_SEE_USERS, desk_user_get,
		NULL, 200, 0},
	{"POST", "/v1/users/{id}/disable", WHO_PERSON, ACTION_EDIT_USERS,
		desk_user_disable, NULL, 200, BODY_SMALL},
	{"POST", "/v1/users/{id}/enable", WHO_PERSON, ACTION_EDIT_USERS,
		desk_user_enable, NULL, 200, BODY_SMALL},
	{"POST", "/v1/users/{id}/keys", WHO_PERSON, ACTION_EDIT_USERS,
		desk_key_add, NULL, 201, BODY_SMALL},
	{"POST", "/v1/users/{id}/keys/remove", WHO_PERSON, ACTION_EDIT_USERS,
		desk_key_remove, NULL, 200, BODY_SMALL},
	{"POST", "/v1/users/{id}/otp", WHO_PERSON, ACTION_EDIT_USERS,
		desk_otp_reset, NULL, 201, BODY_SMALL},

	{"GET", "/v1/bastions", WHO_PERSON, ACTION_SEE_BASTIONS,
		desk_bastion_list, NULL, 200, 0},
	{"GET", "/v1/bastions/{id}/inventory", WHO_PERSON, ACTION_SEE_INVENTORY,
		desk_inventory_get, NULL, 200, 0},
	{"GET", "/v1/log", WHO_PERSON, ACTION_SEE_LOG, desk_log_list, NULL, 200,
		0},
};

const struct route *route_table(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(routes);
	return routes;
}

static bool take_part(struct route_parts *parts, const char *text, size_t len)
{
	char *into = parts->id[0] ? parts->part : parts->id;

	if (len == 0 || len >= ROUTE_PART_SIZE || into[0])
		return false;
	memcpy(into, text, len);
	into[len] = '\0';
	return true;
}

static bool matches(
	const char *pattern, const char *path, struct route_parts *ret_parts)
{
	*ret_parts = (struct route_parts){0};
	while (*pattern == '/' && *path == '/') {
		size_t want = strcspn(++pattern, "/");
		size_t have = strcspn(++path, "/");

		if (pattern[0] == '{') {
			if (!take_part(ret_parts, path, have))
				return false;
		} else if (want != have || memcmp(pattern, path, want) != 0) {
			return false;
		}
		pattern += want;
		path += have;
	}
	return *pattern == '\0' && *path == '\0';
}

const struct route *route_find(const char *method, const char *path,
	struct route_parts *ret_parts, const char **ret_allow)
{
	static __thread char allow[64];
	size_t at = 0;

	*ret_allow = NULL;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!matches(routes[i].path, path, ret_parts))
			continue;
		if (strcmp(routes[i].method, method) == 0)
			return &routes[i];
		at += (size_t)snprintf(allow + at, sizeof(allow) - at, "%s%s",
			at ? ", " : "", routes[i].method);
		*ret_allow = allow;
		if (at >= sizeof(allow))
			break;
	}
	return NULL;
}

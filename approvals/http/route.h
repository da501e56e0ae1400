/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that can be asked of the service over HTTP, as one table: method
 * and address, who may, what is done, how large a body may be.
 */
#ifndef JUMP_APPROVALS_HTTP_ROUTE_H
#define JUMP_APPROVALS_HTTP_ROUTE_H

#include "approvals/desk/desk.h"

enum who {
	WHO_NOBODY = 0, /* the zero value: this row is for no one */
	WHO_ANYONE,
	WHO_BASTION,
	WHO_PERSON, /* with a role that may `action` */
};

struct call;
struct route {
	const char *method;
	const char *path; /* "/v1/requests/{id}/approve" */
	enum who who;
	enum action action;
	desk_operation operation;	 /* or: */
	void (*special)(struct call *c); /* answers by itself */
	unsigned status;		 /* of success */
	size_t body_max;
};

#define ROUTE_PART_SIZE 65
struct route_parts {
	char id[ROUTE_PART_SIZE], part[ROUTE_PART_SIZE];
};

/*
 * The row of this method and path; NULL with *ret_allow NULL: no such
 * address; NULL with *ret_allow "GET, PUT": it takes other methods (the text
 * is static until the next call of this thread).
 */
const struct route *route_find(const char *method, const char *path,
	struct route_parts *ret_parts, const char **ret_allow);

/* For tests: the table itself. */
const struct route *route_table(size_t *ret_count);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why the service says no, in a closed set of kinds and a sentence for the
 * person who asked. Rules and desk fill it; http alone knows status codes.
 */
#ifndef JUMP_APPROVALS_RULES_REFUSAL_H
#define JUMP_APPROVALS_RULES_REFUSAL_H

#include "json/strict.h"

enum refusal_kind {
	REFUSAL_INTERNAL = 0, /* the zero value: nobody said why */
	REFUSAL_MALFORMED,    /* not what this operation takes */
	REFUSAL_INVALID,      /* well-formed, but a value can't be */
	REFUSAL_POLICY,	      /* outside what the bastion would let in */
	REFUSAL_FORBIDDEN,    /* this role may not */
	REFUSAL_OWN_REQUEST,  /* nobody decides about what is theirs */
	REFUSAL_NOT_FOUND,
	REFUSAL_EXISTS,
	REFUSAL_STATE,	 /* not in this state of it */
	REFUSAL_CHANGED, /* it is no longer what the caller looked at */
	REFUSAL_TOKEN,	 /* enrolment token unknown, used or expired */
	REFUSAL_LIMIT,	 /* more than we keep */
	REFUSAL_COUNT
};

#define REFUSAL_DETAIL_SIZE 320
struct refusal {
	enum refusal_kind kind;
	char field[JSON_FIELD_SIZE]; /* "": none */
	char detail[REFUSAL_DETAIL_SIZE];
};

/*
 * Says no: fills *ret and returns -EPERM, the one errno that means "refused,
 * and the refusal says why"; any other errno is a fault of ours. An over-long
 * detail is cut. field may be NULL.
 */
__attribute__((format(printf, 4, 5))) int refuse(struct refusal *ret,
	enum refusal_kind kind, const char *field, const char *format, ...);

/* The refusal that a failed reader amounts to. */
int refuse_reader(struct refusal *ret, const struct json_reader *r);

#endif

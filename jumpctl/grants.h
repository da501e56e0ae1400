/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A listing of published rights, and its two forms: for people, and JSON.
 */
#ifndef JUMP_JUMPCTL_GRANTS_H
#define JUMP_JUMPCTL_GRANTS_H

#include "grants/rights.h"
#include "jumpctl/json.h"

struct listing {
	const char *path;
	const char *user; /* NULL: all */
	int64_t at;
	struct rights *rights;
};

/* "open", "early", "ended", "revoked". */
const char *grant_state(const struct grant *g, int64_t now);

void grants_print_head(const struct listing *l);
void grants_print_user(const struct listing *l, const struct rights_user *u,
	const struct rights_view *v);

/* Both take over resp. append; 0 or -ENOMEM, NULL without memory. */
json_t *grants_json_head(const struct listing *l, json_t *users);
int grants_json_user(const struct listing *l, const struct rights_user *u,
	const struct rights_view *v, json_t *users);

#endif

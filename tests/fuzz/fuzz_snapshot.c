/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a payload. What is taken is compiled against a small policy
 * and arranged into files, and nothing may come out that the policy does not
 * carry.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "grants/arrange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct zone zone = {.name = "cell-a"};
static struct target target = {
	.name = "plc-gw",
	.zone = "cell-a",
	.protocols = {.named = 1u << PROTO_SSH},
	.port = {[PROTO_SSH] = {22}},
	.account_count = 1,
	.accounts = {"maint"},
};
static struct conduit conduit = {
	.name = "vendors",
	.user_count = 1,
	.users = {"acme-*"},
	.zone_count = 1,
	.zones = {"cell-a"},
	.protocols = {.named = 1u << PROTO_SSH},
	.max_window_sec = 8 * 3600,
	.approvals = 1,
};
static const struct policy policy = {
	.settings = {.bastion_id = "bastion1",
		.uid_min = POLICY_DEFAULT_UID_MIN,
		.uid_max = POLICY_DEFAULT_UID_MAX},
	.zone_count = 1,
	.target_count = 1,
	.conduit_count = 1,
	.zones = &zone,
	.targets = &target,
	.conduits = &conduit,
};

static void check(const struct compiled *c)
{
	for (size_t i = 0; i < c->user_count; i++)
		if (strncmp(c->users[i].from->name, "acme-", 5) != 0 ||
			c->users[i].from->uid < POLICY_DEFAULT_UID_MIN)
			__builtin_trap();
	for (size_t i = 0; i < c->grant_count; i++) {
		const struct grant *g = c->grants[i];

		if (g->target_count != 1 || strcmp(g->targets[0], "plc-gw"))
			__builtin_trap();
		if (!g->revoked && g->not_after > c->snapshot->iat &&
			(g->protocols.named != 1u << PROTO_SSH ||
				g->protocols.port_count ||
				g->not_after - g->not_before > 8 * 3600))
			__builtin_trap();
	}
}

static void arrange(const struct compiled *c)
{
	_cleanup_image_ struct image image = {0};
	uint8_t *bytes = NULL;
	size_t room = 0, len;

	arrange_info(c, 7, &image);
	if (image_flatten(&image, &bytes, &room, &len) < 0)
		__builtin_trap();
	arrange_all(c, 7, &image);
	if (image_flatten(&image, &bytes, &room, &len) < 0)
		__builtin_trap();
	for (size_t i = 0; i < c->user_count; i++)
		if (arrange_user(c, &c->users[i], &image) < 0 ||
			image_flatten(&image, &bytes, &room, &len) < 0)
			__builtin_trap();
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct locals nobody = {0};
	_cleanup_snapshot_ struct snapshot s = {0};
	_cleanup_compiled_ struct compiled c = {0};
	struct fault why = {0};

	if (snapshot_parse((const char *)data, size, &s, &why) < 0) {
		if (!why.word || s.json)
			__builtin_trap();
		return 0;
	}
	(void)snapshot_check(&s, "bastion1", 3, 1795464000, &why);
	if (compiled_make(&s, &policy, &nobody, &c) < 0)
		return 0;
	check(&c);
	arrange(&c);
	return 0;
}

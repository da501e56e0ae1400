/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/route.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "jumpshell/hostkeys.h"

static int fill(struct hop *h, const struct target *t, const char *account)
{
	char text[ADDRESS_TEXT_SIZE];

	*h = (struct hop){.crypto = t->crypto,
		.crypto_until = t->crypto_until,
		.credential = t->credential,
		.port = target_port(t, PROTO_SSH, 0)};
	if (t->address_count == 0 || !account[0])
		return -ENOENT;
	memcpy(h->name, t->name, sizeof(h->name));
	memcpy(h->zone, t->zone, sizeof(h->zone));
	snprintf(h->account, sizeof(h->account), "%s", account);
	(void)address_format(&t->addresses[0], text, sizeof(text));
	snprintf(h->address, sizeof(h->address),
		t->addresses[0].family == AF_INET6 ? "[%s]" : "%s", text);
	return 0;
}

int route_find(const struct policy *policy, const struct decision *d,
	struct route *ret_route)
{
	struct route r = {0};
	struct way w;
	int e = way_find(policy, d->target, &w);

	for (size_t i = 0; e == 0 && i < w.count; i++)
		e = fill(&r.hop[i], w.hop[i],
			i + 1 < w.count ? way_account(w.hop[i])
					: d->grant->account);
	if (e < 0)
		return e;
	r.count = w.count;
	(void)way_text(&w, r.via);
	*ret_route = r;
	return 0;
}

int route_hostkeys(
	const struct policy *policy, const struct route *r, int memory_file)
{
	const struct target *targets[WAY_MAX];

	for (size_t i = 0; i < r->count; i++) {
		targets[i] = policy_target(policy, r->hop[i].name);
		if (!targets[i])
			return -ENOENT;
	}
	return hostkeys_write(targets, r->count, memory_file);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/reach.h"

#include <stdio.h>
#include <string.h>

#define LOCAL_OFFSET 10000u /* 3389 becomes 13389 on the person's machine */
#define LOCAL_LOWEST 1024u  /* below, one has to be an administrator there */

void reach_look(const struct shell *s, struct reach *ret_reach)
{
	const struct witness *w = &s->witness;
	struct reach r = {.port = w->server_port ? w->server_port : 22};

	snprintf(r.host, sizeof(r.host), "%s",
		w->server[0] ? w->server : "BASTION");
	snprintf(r.login, sizeof(r.login), "%s@%s", s->access.user, r.host);
	if (r.port != 22) {
		snprintf(r.ssh_port, sizeof(r.ssh_port), "-p %u ", r.port);
		snprintf(r.plink_port, sizeof(r.plink_port), "-P %u ", r.port);
	}
	*ret_reach = r;
}

static bool is_taken(const struct forward *list, size_t count, unsigned port)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].local == port)
			return true;
	}
	return port == REACH_SOCKS_PORT;
}

static uint16_t free_port(
	const struct forward *list, size_t count, uint16_t port)
{
	unsigned local = (port + LOCAL_OFFSET) % 65536u;

	while (local < LOCAL_LOWEST || is_taken(list, count, local))
		local = (local + 1) % 65536u;
	return (uint16_t)local;
}

static void fill(const struct target *t, struct offer offer,
	const struct forward *before, size_t count, struct forward *ret)
{
	char text[ADDRESS_TEXT_SIZE];
	const struct address *a = &t->addresses[0];

	*ret = (struct forward){
		.target = t, .proto = offer.proto, .port = offer.port};
	ret->local = free_port(before, count, ret->port);
	(void)address_format(a, text, sizeof(text));
	snprintf(ret->address, sizeof(ret->address),
		a->family == AF_INET6 ? "[%s]" : "%s", text);
}

size_t reach_forwards(struct shell *s, struct forward *ret, size_t max)
{
	struct listing_row row;
	size_t n = 0;

	for (size_t at = 0; listing_row(s, at, &row); at++) {
		struct offer list[TARGET_OFFERS_MAX];
		const size_t count = target_offers(row.target, list);

		for (size_t i = 0; i < count && n < max; i++) {
			if (!proto_set_has(&row.tunnelled, list[i].proto,
				    list[i].port) ||
				row.target->address_count == 0)
				continue;
			fill(row.target, list[i], ret, n, &ret[n]);
			n++;
		}
	}
	return n;
}

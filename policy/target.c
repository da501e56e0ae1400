/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a target offers, and at which ports: the one place that knows of
 * defaults, of several ports of one protocol, and that sftp is in ssh.
 */
#include "policy/policy.h"

static size_t ports_of(
	const struct target *t, enum proto p, uint16_t ret[POLICY_PORTS_MAX])
{
	/* SFTP is a subsystem of ssh: one port. */
	const uint16_t *ports = t->port[p == PROTO_SFTP ? PROTO_SSH : p];
	size_t n = 0;

	while (n < POLICY_PORTS_MAX && ports[n]) {
		ret[n] = ports[n];
		n++;
	}
	if (n == 0)
		ret[n++] = proto_default_port(p);
	return n;
}

size_t target_offers(const struct target *t, struct offer ret[TARGET_OFFERS_MAX])
{
	struct offer at = {0};
	size_t n = 0;

	while (proto_set_next(&t->protocols, &at)) {
		uint16_t ports[POLICY_PORTS_MAX];
		size_t count;

		if (at.proto == PROTO_TCP) {
			ret[n++] = at;
			continue;
		}
		count = ports_of(t, at.proto, ports);
		for (size_t i = 0; i < count; i++)
			ret[n++] = (struct offer){at.proto, ports[i]};
	}
	return n;
}

uint16_t target_port(const struct target *t, enum proto p, uint16_t port)
{
	uint16_t ports[POLICY_PORTS_MAX];
	size_t count;

	if (!proto_set_has(&t->protocols, p, port))
		return 0;
	if (p == PROTO_TCP)
		return port;
	count = ports_of(t, p, ports);
	for (size_t i = 0; i < count; i++) {
		if (port == 0 || ports[i] == port)
			return ports[i];
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever stands in the files: a whole policy that keeps its promises, or at
 * least one complaint with a text.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/decide.h"
#include "tests/unit/policy_case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool true_or_bug)
{
	if (!true_or_bug)
		abort();
}

static void check_ports(const struct target *t)
{
	for (unsigned proto = 1; proto < PROTO_TCP; proto++)
		must(!proto_set_has(&t->protocols, (enum proto)proto, 0) ||
			t->port[proto][0]);
	must(!t->protocols.any_port);
	for (size_t i = 0; i < t->protocols.port_count; i++)
		must(t->protocols.ports[i] &&
			(i == 0 || t->protocols.ports[i - 1] <
					   t->protocols.ports[i]));
}

static void check_hops(const struct policy *p, const struct target *t)
{
	for (int n = 0; t->via[0]; n++) {
		must(n < POLICY_HOPS_MAX);
		t = policy_target(p, t->via);
		must(t && proto_set_has(&t->protocols, PROTO_SSH, 0));
	}
}

static void check_targets(const struct policy *p)
{
	for (size_t i = 0; i < p->target_count; i++) {
		const struct target *t = &p->targets[i];
		const struct zone *z = policy_zone(p, t->zone);

		must(name_valid(t->name) && policy_target(p, t->name) == t);
		must(z && t->address_count > 0 &&
			!proto_set_empty(&t->protocols));
		must(t->origin.line > 0 && t->origin.file[0]);
		for (size_t a = 0; a < t->address_count; a++) {
			bool inside = false;

			for (size_t n = 0; n < z->network_count; n++)
				inside |= network_has(
					&z->networks[n], &t->addresses[a]);
			must(inside);
		}
		check_ports(t);
		if (proto_set_has(&t->protocols, PROTO_SSH, 0))
			must(t->hostkey_count && t->account_count);
		must(!t->crypto == !t->crypto_until);
		check_hops(p, t);
	}
}

static void check_conduits(const struct policy *p)
{
	for (size_t i = 0; i < p->conduit_count; i++) {
		const struct conduit *c = &p->conduits[i];

		must(c->user_count && c->zone_count &&
			!proto_set_empty(&c->protocols));
		must(!c->file_check[0] || c->file_check[0] == '/');
		must(c->approvals > 0 && c->max_window_sec > 0);
		for (size_t u = 0; u < c->user_count; u++)
			must(pattern_valid(c->users[u]));
		for (size_t z = 0; z < c->zone_count; z++)
			must(policy_zone(p, c->zones[z]) != NULL);
	}
}

static void check_errors(const struct policy_errors *e)
{
	must(e->count > 0);
	for (size_t i = 0; i < e->count && i < POLICY_ERRORS_MAX; i++) {
		must(e->error[i].origin.file[0] && e->error[i].text[0]);
		must(memchr(e->error[i].text, '\0', sizeof(e->error[i].text)) !=
			NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy_errors errors;
	_cleanup_policy_ struct policy p = {0};
	struct policy_case c;
	int r;

	policy_case_split((const char *)data, size, &c);
	r = policy_parse(c.text, c.count, &p, &errors);
	if (r < 0) {
		must(r == -ENOMEM || r == -EINVAL);
		must(p.zone_count == 0 && p.targets == NULL);
		check_errors(&errors);
		return 0;
	}
	must(errors.count == 0 && name_valid(p.settings.bastion_id));
	check_targets(&p);
	check_conduits(&p);
	return 0;
}

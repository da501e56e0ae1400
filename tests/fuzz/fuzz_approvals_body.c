/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies of the service's operations: the first byte picks what the rest is
 * read as. What is accepted must keep the promises that later code relies on.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/rules/proposal.h"
#include "approvals/rules/inventory.h"
#include "approvals/rules/sshkey.h"
#include "approvals/rules/text.h"
#include "base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1795464000

static void must(bool promise)
{
	if (!promise)
		__builtin_trap();
}

static void try_proposal(const json_t *body)
{
	struct refusal why = {0};
	struct proposal d;

	if (proposal_parse(body, NOW, &d, &why) < 0) {
		must(why.kind != REFUSAL_INTERNAL && why.detail[0]);
		return;
	}
	must(name_valid(d.user) && text_plain(d.purpose));
	must(d.target_count >= 1 && d.target_count <= PROPOSAL_TARGETS_MAX);
	must(!proto_set_empty(&d.protocols) && d.not_before < d.not_after);
	for (size_t i = 0; i < d.target_count; i++)
		must(name_valid(d.targets[i]));
	must(!d.ticket[0] || id_valid(d.ticket));
}

static void try_inventory(const json_t *body)
{
	_cleanup_policy_ struct policy p = {0};
	struct refusal why = {0};

	if (inventory_parse(body, &p, &why) < 0) {
		must(why.kind != REFUSAL_INTERNAL && why.detail[0]);
		return;
	}
	for (size_t i = 0; i < p.target_count; i++)
		must(policy_zone(&p, p.targets[i].zone) != NULL &&
			policy_target(&p, p.targets[i].name) == &p.targets[i]);
	for (size_t i = 0; i < p.conduit_count; i++)
		must(p.conduits[i].approvals >= 1);
}

static void try_key(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct refusal why = {0};
	struct sshkey k;

	if (!text || sshkey_parse(text, "key", &k, &why) < 0)
		return;
	must(strlen(k.line) < SSHKEY_LINE_SIZE);
	must(strlen(k.fingerprint) == SSHKEY_FINGERPRINT_SIZE - 1);
	must(!strpbrk(strchr(k.line, ' ') + 1, " \n\r\t\""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct json_limits limits = {
		.max_bytes = 1 << 16, .depth_max = 8};
	_cleanup_json_ json_t *body = NULL;

	if (size == 0)
		return 0;
	if (data[0] == 'k') {
		try_key(data + 1, size - 1);
		return 0;
	}
	if (json_strict_parse(data + 1, size - 1, &limits, &body, NULL) < 0)
		return 0;
	if (data[0] == 'd')
		try_proposal(body);
	else
		try_inventory(body);
	return 0;
}

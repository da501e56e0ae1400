/* SPDX-License-Identifier: BSD-2-Clause */
/* From proposal to visit, and back to be judged again. */
#include "approvals/desk/judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/store/suppliers.h"
#include "base/cleanup.h"

#define PROTOCOLS_SIZE 64

static char *join_targets(const struct proposal *p)
{
	char *text = calloc(p->target_count ? p->target_count : 1, NAME_SIZE);
	char *at = text;

	for (size_t i = 0; text && i < p->target_count; i++)
		at += snprintf(
			at, NAME_SIZE + 1, "%s%s", i ? " " : "", p->targets[i]);
	return text;
}

static char *join_sources(const struct proposal *p)
{
	char *text = calloc(GRANT_SOURCES_MAX, ADDRESS_TEXT_SIZE + 8);
	char *at = text;

	for (size_t i = 0; text && i < p->source_count; i++) {
		char address[ADDRESS_TEXT_SIZE];

		address_format(
			&p->sources[i].address, address, sizeof(address));
		at += snprintf(at, ADDRESS_TEXT_SIZE + 8, "%s%s/%u",
			i ? " " : "", address, p->sources[i].prefix);
	}
	return text;
}

int visit_from_proposal(const struct proposal *p, struct visit *ret_visit)
{
	char protocols[PROTOCOLS_SIZE];
	struct visit v = {
		.state = VISIT_PENDING,
		.targets = join_targets(p),
		.protocols = strdup(proto_set_format(
			&p->protocols, protocols, sizeof(protocols))),
		.not_before = p->not_before,
		.not_after = p->not_after,
		.purpose = strdup(p->purpose),
		.record = p->record,
		.files = p->files,
		.sources = join_sources(p),
		.reason = strdup(""),
		.extend_reason = strdup(""),
	};

	if (!v.targets || !v.protocols || !v.purpose || !v.sources ||
		!v.reason || !v.extend_reason) {
		visit_done(&v);
		return -ENOMEM;
	}
	memcpy(v.bastion, p->bastion, NAME_SIZE);
	memcpy(v.supplier, p->user, NAME_SIZE);
	memcpy(v.account, p->account, NAME_SIZE);
	memcpy(v.ticket, p->ticket, ID_SIZE);
	*ret_visit = v;
	return 0;
}

static int split_targets(const char *words, struct proposal *p)
{
	while (*words) {
		size_t len = strcspn(words, " ");

		if (p->target_count == PROPOSAL_TARGETS_MAX || len == 0 ||
			len >= NAME_SIZE)
			return -EBADMSG;
		memcpy(p->targets[p->target_count++], words, len);
		words += len;
		words += *words == ' ';
	}
	return 0;
}

int visit_judge(struct desk_tx *tx, const struct visit *v, int64_t not_after,
	unsigned *ret_needed, struct refusal *ret_why)
{
	const struct policy *inventory = NULL;
	struct proposal p = {
		.not_before = v->not_before,
		.not_after = not_after,
		.record = v->record,
		.files = v->files,
	};
	int r;

	memcpy(p.user, v->supplier, NAME_SIZE);
	memcpy(p.account, v->account, NAME_SIZE);
	r = split_targets(v->targets, &p);
	if (r == 0 && proto_set_parse(v->protocols, &p.protocols) < 0)
		r = -EBADMSG;
	if (r == 0)
		r = desk_inventory(tx, v->bastion, &inventory, ret_why);
	if (r == 0)
		r = proposal_check(&p, inventory, ret_needed, ret_why);
	return r;
}

static int found(
	void *arg, const char *supplier, const char *bastion, const char *otp)
{
	(void)supplier, (void)bastion, (void)otp;
	*(bool *)arg = true;
	return 0;
}

int supplier_check(struct desk_tx *tx, const char *supplier,
	const char *bastion, struct refusal *ret_why)
{
	struct supplier s;
	bool enrolled = false;
	int r;

	r = store_supplier_get(&tx->tx, supplier, &s);
	if (r == -ENOENT)
		return refuse(ret_why, REFUSAL_INVALID, "user",
			"no user %s is known here", supplier);
	if (r < 0)
		return r;
	if (s.disabled)
		return refuse(ret_why, REFUSAL_STATE, "user", "%s is disabled",
			supplier);
	r = store_enrolment_list(&tx->tx, supplier, bastion, found, &enrolled);
	if (r < 0)
		return r;
	if (!enrolled)
		return refuse(ret_why, REFUSAL_POLICY, "user",
			"%s is not enrolled at %s: jumpctl user otp reset %s "
			"--bastion %s",
			supplier, bastion, supplier, bastion);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/gate.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/health.h"

void gate_done(struct gate *g)
{
	rights_close(g->rights);
	g->rights = NULL;
}

static bool audit_works(const struct settings *s)
{
	struct health h;

	return health_read(HEALTH_FILE, 0, s->health_max_age_sec, &h) == 0 &&
	       health_audit_ill(&h) == NULL;
}

static const char *judge(
	const struct rights_info *info, const struct identity *who)
{
	const struct settings *s = &info->settings;
	uint32_t uid = who->session.uid;

	if (uid == 0 || uid < s->uid_min || uid > s->uid_max)
		return "peer";
	/* Rights may go stale under a running session, which keeps its
	 * deadline; one that began after it should never have begun. */
	if (who->session.started >= info->expires)
		return "stale";
	if (!s->audit_optional && !audit_works(s))
		return "audit";
	return NULL;
}

const char *gate_open(const struct identity *who, struct gate *ret_gate)
{
	_cleanup_gate_ struct gate g = {0};
	const char *reason;

	if (who->error != 0)
		return "peer";
	if (moment_clock_read(&g.clock) < 0 || !g.clock.trusted)
		return "clock";
	if (rights_open(RIGHTS_DB, 0, &g.rights) < 0)
		return "error";
	reason = judge(rights_info(g.rights), who);
	if (reason)
		return reason;
	g.audit_optional = rights_info(g.rights)->settings.audit_optional;
	g.bastion = rights_info(g.rights)->settings.bastion_id;
	*ret_gate = g;
	g.rights = NULL;
	return NULL;
}

const char *gate_sentence(const char *reason)
{
	static const struct {
		const char *reason, *sentence;
	} sentences[] = {
		{"peer", "This connection belongs to no session."},
		{"clock", "The clock of this host is in doubt; an operator "
			  "has to look at it."},
		{"stale", "This host has not heard from the approvals service "
			  "for too long."},
		{"audit", "This host can't write its audit log now; an "
			  "operator has to look at it."},
	};

	for (size_t i = 0; i < ARRAY_LEN(sentences); i++) {
		if (strcmp(sentences[i].reason, reason) == 0)
			return sentences[i].sentence;
	}
	return "No rights are published on this host.";
}

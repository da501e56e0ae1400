/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/permit.h"

#include <string.h>

#include "base/cleanup.h"
#include "policy/way.h"

static void set_text(char *to, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(to, text, len);
	to[len] = '\0';
}

struct permit permit_no(const char *reason, const char *sentence)
{
	struct permit p = {.sentence = sentence};

	set_text(p.reason, sizeof(p.reason), reason);
	return p;
}

/* The words of the request that the address alone does not say. */
static bool complete(const struct rights_view *view, const struct ask *ask,
	struct request *request)
{
	const struct target *t;

	if (ask->channel == CHANNEL_BROKERED) {
		request->target = ask->target;
		request->proto = ask->proto;
		return true;
	}
	t = rights_target_at(
		view, &ask->at.address, ask->at.port, &request->proto);
	if (!t)
		return false;
	request->target = t->name;
	request->port = ask->at.port;
	return true;
}

/*
 * What vouches for a recording is that of jumpshell's own ssh, and it names
 * the protocol: it says nothing of another one of the same session.
 */
static bool is_recorded(const struct ask *ask, enum proto proto)
{
	return ask->recording && proto_has_account(proto);
}

/* A tunnel goes where it was going; a brokered one where the target is, or
 * the first of those that it stands behind. */
static void take_addresses(const struct ask *ask, const struct decision *d,
	const struct policy *view, struct permit *p)
{
	const struct target *first;
	struct way w;

	if (ask->channel == CHANNEL_TUNNEL) {
		p->addresses[0] = ask->at.address;
		p->address_count = 1;
		p->port = ask->at.port;
		return;
	}
	if (!d->target || way_find(view, d->target, &w) < 0)
		return;
	first = w.hop[0];
	p->port = w.count > 1 ? target_port(first, PROTO_SSH, 0) : d->port;
	for (size_t i = 0; i < first->address_count && i < POLICY_ADDRS_MAX;
		i++)
		p->addresses[p->address_count++] = first->addresses[i];
	(void)way_text(&w, p->via);
}

static void describe(const struct ask *ask, const struct request *request,
	const struct policy *view, const struct decision *d, struct permit *p)
{
	set_text(p->target, sizeof(p->target), request->target);
	p->proto = request->proto;
	if (d->grant) {
		set_text(p->grant, sizeof(p->grant), d->grant->id);
		set_text(p->account, sizeof(p->account), d->grant->account);
	}
	take_addresses(ask, d, view, p);
	p->until = d->until;
	p->grace_sec = d->grace_sec;
	p->max_connections = d->max_connections;
	p->max_sessions = d->max_sessions;
	p->must_record = d->record == RECORD_REQUIRED;
}

struct permit permit_from_view(
	const struct rights_view *view, const struct ask *ask, int64_t now)
{
	struct request request = {
		.user = ask->session->user,
		.uid = ask->session->uid,
		.channel = ask->channel,
		.source = ask->session->source_address,
	};
	struct decision d;
	struct permit p;

	if (!complete(view, ask, &request))
		return permit_no(
			reason_word(view->grant_count ? REASON_TARGET
						      : REASON_NO_GRANT),
			reason_sentence(view->grant_count ? REASON_TARGET
							  : REASON_NO_GRANT));
	request.recording = is_recorded(ask, request.proto);
	d = rights_decide(view, &request, now);
	p = permit_no(reason_word(d.reason), reason_sentence(d.reason));
	describe(ask, &request, &view->policy, &d, &p);
	if (d.allow && p.via[0] && p.proto != PROTO_SSH &&
		p.proto != PROTO_SFTP) {
		set_text(p.reason, sizeof(p.reason), "via");
		p.sentence = "What is behind another target is reached by "
			     "ssh alone.";
		return p;
	}
	p.allow = d.allow && p.address_count > 0 && p.port != 0;
	return p;
}

struct permit permit_from_rights(
	struct rights *rights, const struct ask *ask, int64_t now)
{
	_cleanup_rights_view_ struct rights_view view = {0};

	if (rights_view_load(rights, ask->session->uid, &view) < 0)
		return permit_no("error", "The rights can't be read.");
	return permit_from_view(&view, ask, now);
}

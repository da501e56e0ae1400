/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second half of `policy explain`: what the published rights say now.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "jumpctl/explain.h"

void answer_done(struct answer *a)
{
	rights_view_done(&a->view);
}

static void unknown(struct answer *a, const char *why)
{
	a->rights_known = false;
	a->unknown = why;
}

/* Rights that can't be read, where this can be known, are a no. */
static void open_fault(struct answer *a, int r)
{
	if (r == -ENOENT) {
		unknown(a, "no rights are published on this host");
		return;
	}
	if (r == -EACCES) {
		unknown(a, "the rights of this host are for root to read");
		return;
	}
	a->rights_known = true;
	a->now = (struct decision){.reason = REASON_UNSPECIFIED};
	a->now_word = "rights";
	a->now_text = r == -EBADMSG
			      ? "The published rights are damaged; gates "
				"refuse until the next snapshot is applied."
			      : "The published rights can't be read; gates "
				"refuse.";
}

/* What refuses before any grant is looked at. */
static const char *refused_before(const struct question *q,
	const struct rights_info *info, const struct rights_user *user,
	const char **ret_text)
{
	struct moment_clock clock = {0};

	if (user->disabled) {
		*ret_text = "The user is disabled.";
		return "disabled";
	}
	if (q->at >= info->expires) {
		*ret_text = "The snapshot has expired: no new sessions until "
			    "the service signs another.";
		return "stale";
	}
	if (!q->rights && !q->at_given &&
		(moment_clock_read(&clock) < 0 || !clock.trusted)) {
		*ret_text = "The clock is not trusted: no new sessions.";
		return "clock";
	}
	return NULL;
}

static int ask(const struct question *q, struct rights *r, struct answer *a)
{
	struct rights_user user;
	struct request request = question_request(q);
	const char *before;
	int code = rights_user_by_name(r, q->user, &user);

	if (code == -ENOENT) {
		a->now.reason = REASON_NO_GRANT;
		a->now_word = "unknown_user";
		a->now_text = "Nobody of this name is enrolled here.";
		return 0;
	}
	if (code == 0)
		code = rights_view_load(r, user.uid, &a->view);
	if (code < 0)
		return code;
	request.uid = user.uid;
	a->now = rights_decide(&a->view, &request, q->at);
	a->now_word = reason_word(a->now.reason);
	a->now_text = reason_sentence(a->now.reason);
	before = refused_before(q, rights_info(r), &user, &a->now_text);
	if (before) {
		a->now.allow = false;
		a->now_word = before;
	}
	return 0;
}

void explain_rights(const struct question *q, struct answer *a)
{
	_cleanup_rights_ struct rights *rights = NULL;
	int r;

	/* A draft of a policy says nothing about the rights of this host. */
	if (strcmp(q->dir, POLICY_DIR) != 0 && !q->rights) {
		unknown(a, "another policy was asked about");
		return;
	}
	r = rights_open(q->rights ? q->rights : RIGHTS_DB,
		q->rights ? geteuid() : 0, &rights);
	if (r == 0)
		r = ask(q, rights, a);
	if (r < 0)
		open_fault(a, r);
	else
		a->rights_known = true;
}

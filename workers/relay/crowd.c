/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/crowd.h"

#include <unistd.h>

struct crowd_count crowd_with(
	const struct crowd *c, uint32_t uid, uint64_t session)
{
	struct crowd_count n = {
		.all = c->count + 1,
		.all_of_uid = 1,
		.of_uid = 1,
		.of_session = 1,
	};

	for (size_t i = 0; i < c->count; i++) {
		const struct crowd_member *m = &c->member[i];

		n.all_of_uid += m->uid == uid;
		if (m->over)
			continue;
		n.of_uid += m->uid == uid;
		n.of_session += session != 0 && m->session == session;
	}
	return n;
}

bool crowd_full(const struct crowd_count *n)
{
	return n->all > CROWD_MAX || n->all_of_uid > CROWD_UID_MAX;
}

bool crowd_add(struct crowd *c, const struct crowd_member *m)
{
	if (c->count == CROWD_MAX)
		return false;
	c->member[c->count++] = *m;
	return true;
}

bool crowd_over(struct crowd *c, pid_t pid)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->member[i].pid == pid)
			return c->member[i].over = true;
	}
	return false;
}

void crowd_tell_over(const struct crowd_count *n)
{
	if (n->listener > 1 && getppid() == n->listener)
		(void)kill(n->listener, CROWD_OVER_SIGNAL);
}

bool crowd_remove(struct crowd *c, pid_t pid, struct crowd_member *ret_member)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->member[i].pid != pid)
			continue;
		*ret_member = c->member[i];
		c->member[i] = c->member[--c->count];
		return true;
	}
	return false;
}

static struct crowd_pace *find_pace(
	struct crowd *c, uint32_t uid, int64_t now_ms)
{
	struct crowd_pace *oldest = &c->pace[0];

	for (size_t i = 0; i < CROWD_UIDS; i++) {
		struct crowd_pace *p = &c->pace[i];

		if (p->uid == uid && p->seen_ms > 0)
			return p;
		if (p->seen_ms < oldest->seen_ms)
			oldest = p;
	}
	*oldest = (struct crowd_pace){
		.uid = uid,
		.tokens_milli = CROWD_BURST * 1000,
		.seen_ms = now_ms,
	};
	return oldest;
}

bool crowd_may_knock(struct crowd *c, uint32_t uid, int64_t now_ms)
{
	struct crowd_pace *p = find_pace(c, uid, now_ms);
	int64_t since_ms = now_ms - p->seen_ms;
	uint64_t tokens = p->tokens_milli;

	if (since_ms > 0)
		tokens += (uint64_t)since_ms * CROWD_PER_SEC;
	if (tokens > CROWD_BURST * 1000)
		tokens = CROWD_BURST * 1000;
	p->seen_ms = now_ms;
	p->tokens_milli = (uint32_t)tokens;
	if (tokens < 1000)
		return false;
	p->tokens_milli -= 1000;
	return true;
}

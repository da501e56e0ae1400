/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines, sorted by their first two words:
 *   g ID UID NOT_BEFORE NOT_AFTER REVOKED CONTENT USER
 *   r HASH
 *   u NAME UID
 * CONTENT is a hash of all else that a grant says, HASH of a refusal.
 */
#include "workers/apply/known.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "grants/lookup.h"

#define HEADER "jump-known 1\n"

/* Not against people: to see that something is another than it was. */
static uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
	uint64_t tail = 0;

	memcpy(&tail, (const char *)bytes + len / 8 * 8, len % 8);
	seed = lookup_mix(seed, bytes, len / 8 * 8);
	return lookup_mix(seed ^ len, &tail, sizeof(tail));
}

static uint64_t hash_text(uint64_t seed, const char *text)
{
	return hash_bytes(seed, text, strlen(text));
}

static uint64_t hash_grant(const struct grant *g)
{
	const struct proto_set *p = &g->protocols;
	const uint32_t numbers[] = {p->named, (uint32_t)g->record, g->files,
		(uint32_t)g->approver_count};
	uint64_t h = hash_bytes(0, numbers, sizeof(numbers));

	if (p->port_count > 0)
		h = hash_bytes(h, p->ports, p->port_count * sizeof(*p->ports));

	for (size_t i = 0; i < g->target_count; i++)
		h = hash_text(h, g->targets[i]);
	for (size_t i = 0; i < g->approver_count; i++)
		h = hash_text(h, g->approvers[i]);
	for (size_t i = 0; i < g->source_count; i++)
		h = hash_bytes(h, &g->sources[i], sizeof(g->sources[i]));
	h = hash_text(h, g->account);
	return hash_text(h, g->ticket);
}

static uint64_t hash_refusal(const struct grant_refusal *r)
{
	uint64_t h = hash_text(
		(uint64_t)r->offer.proto | (uint64_t)r->offer.port << 16,
		r->word);

	h = hash_text(h, r->user);
	h = hash_text(h, r->target);
	return hash_text(h, r->grant ? r->grant->id : "");
}

static int by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static size_t kept_refusals(const struct compiled *c)
{
	return c->refusal_count < COMPILE_REFUSALS_MAX ? c->refusal_count
						       : COMPILE_REFUSALS_MAX;
}

/* The snapshot's own order is by id resp. name: marks keep it. */
static int put_grants(FILE *f, const struct compiled *c)
{
	const struct snapshot *s = c->snapshot;
	_cleanup_free_ bool *in = calloc(s->grant_count + 1, sizeof(*in));

	if (!in)
		return -ENOMEM;
	for (size_t i = 0; i < c->grant_count; i++)
		in[c->grants[i] - s->grants] = true;
	for (size_t i = 0; i < s->grant_count; i++) {
		const struct grant *g = &s->grants[i];

		if (in[i])
			fprintf(f,
				"g %s %u %" PRId64 " %" PRId64 " %d %016" PRIx64
				" %s\n",
				g->id, g->uid, g->not_before, g->not_after,
				g->revoked, hash_grant(g), g->user);
	}
	return 0;
}

static int put_refusals(FILE *f, const struct compiled *c)
{
	size_t count = kept_refusals(c);
	_cleanup_free_ uint64_t *hashes = calloc(count + 1, sizeof(*hashes));

	if (!hashes)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		hashes[i] = hash_refusal(&c->refusals[i]);
	qsort(hashes, count, sizeof(*hashes), by_hash);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || hashes[i] != hashes[i - 1])
			fprintf(f, "r %016" PRIx64 "\n", hashes[i]);
	}
	return 0;
}

static int put_users(FILE *f, const struct compiled *c)
{
	const struct snapshot *s = c->snapshot;
	_cleanup_free_ bool *in = calloc(s->user_count + 1, sizeof(*in));

	if (!in)
		return -ENOMEM;
	for (size_t i = 0; i < c->user_count; i++)
		in[c->users[i].from - s->users] = true;
	for (size_t i = 0; i < s->user_count; i++) {
		if (in[i])
			fprintf(f, "u %s %u\n", s->users[i].name,
				s->users[i].uid);
	}
	return 0;
}

char *known_text(const struct compiled *c, size_t *ret_len)
{
	_cleanup_free_ char *text = NULL;
	FILE *f = open_memstream(&text, ret_len);
	bool failed;

	if (!f)
		return NULL;
	fputs(HEADER, f);
	failed = put_grants(f, c) < 0 || put_refusals(f, c) < 0 ||
		 put_users(f, c) < 0 || ferror(f);
	failed = fclose(f) != 0 || failed;
	return failed ? NULL : TAKE_PTR(text);
}

/* A line, borrowed from a text; the key is its first two words. */
struct line {
	const char *at;
	size_t key_len, len;
};

struct lines {
	const char *at, *end;
};

static struct lines lines_of(const char *text, size_t len)
{
	const size_t head = strlen(HEADER);
	struct lines l = {text, text + len};

	if (len < head || memcmp(text, HEADER, head) != 0 ||
		text[len - 1] != '\n')
		l.at = l.end;
	else
		l.at += head;
	return l;
}

static bool next_line(struct lines *l, struct line *ret)
{
	const char *newline, *blank;

	if (l->at >= l->end)
		return false;
	newline = memchr(l->at, '\n', (size_t)(l->end - l->at));
	if (!newline)
		return false;
	ret->at = l->at;
	ret->len = (size_t)(newline - l->at);
	blank = ret->len > 2 ? memchr(l->at + 2, ' ', ret->len - 2) : NULL;
	ret->key_len = blank ? (size_t)(blank - l->at) : ret->len;
	l->at = newline + 1;
	return true;
}

static int key_order(const struct line *a, const struct line *b)
{
	size_t len = a->key_len < b->key_len ? a->key_len : b->key_len;
	int r = memcmp(a->at, b->at, len);

	return r ? r : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

/* The words of a line, cut apart in a copy. */
#define WORDS_MAX 8
struct words {
	char copy[512];
	const char *word[WORDS_MAX];
	size_t count;
};

static bool cut(const struct line *line, struct words *ret)
{
	char *rest = ret->copy;

	ret->count = 0;
	if (line->len >= sizeof(ret->copy))
		return false;
	memcpy(ret->copy, line->at, line->len);
	ret->copy[line->len] = '\0';
	for (char *w; ret->count < WORDS_MAX && (w = strsep(&rest, " "));)
		ret->word[ret->count++] = w;
	return rest == NULL;
}

static bool number_of(const char *text, uint64_t *ret)
{
	return number_parse(text, 0, INT64_MAX, ret) == 0;
}

struct comparison {
	const struct compiled *c;
	int64_t now;
	news_tell *tell;
	void *context;
};

static const struct grant *grant_by_id(const struct compiled *c, const char *id)
{
	size_t low = 0, high = c->snapshot->grant_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct grant *g = &c->snapshot->grants[middle];
		int order = strcmp(id, g->id);

		if (order == 0)
			return g;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void tell_grant(
	const struct comparison *x, enum news kind, const struct words *w)
{
	const struct grant *g = grant_by_id(x->c, w->word[1]);
	struct news_item item = {
		.kind = kind, .grant_id = w->word[1], .grant = g};
	uint64_t uid = 0;

	(void)number_of(w->word[2], &uid);
	item.user = w->word[7];
	item.uid = (uint32_t)uid;
	x->tell(&item, x->context);
}

static void tell_user(
	const struct comparison *x, enum news kind, const struct words *w)
{
	struct news_item item = {.kind = kind, .user = w->word[1]};
	uint64_t uid = 0;

	(void)number_of(w->word[2], &uid);
	item.uid = (uint32_t)uid;
	x->tell(&item, x->context);
}

/* Hashes are few and refusals are rare: a walk will do. */
static void tell_refusals(const struct comparison *x, const struct words *w)
{
	char hash[17];

	for (size_t i = 0; i < kept_refusals(x->c); i++) {
		const struct grant_refusal *r = &x->c->refusals[i];
		const struct news_item item = {.kind = NEWS_REFUSED,
			.user = r->user,
			.uid = r->uid,
			.grant_id = r->grant ? r->grant->id : NULL,
			.grant = r->grant,
			.refusal = r};

		snprintf(hash, sizeof(hash), "%016" PRIx64, hash_refusal(r));
		if (strcmp(hash, w->word[1]) == 0)
			x->tell(&item, x->context);
	}
}

static void tell_added(const struct comparison *x, const struct line *line)
{
	struct words w;

	if (!cut(line, &w))
		return;
	if (w.word[0][0] == 'g' && w.count == 8)
		tell_grant(x,
			w.word[5][0] == '1' ? NEWS_GRANT_REVOKED
					    : NEWS_GRANT_ADDED,
			&w);
	else if (w.word[0][0] == 'u' && w.count == 3)
		tell_user(x, NEWS_USER_ADDED, &w);
	else if (w.word[0][0] == 'r' && w.count == 2)
		tell_refusals(x, &w);
}

static void tell_removed(const struct comparison *x, const struct line *line)
{
	struct words w;
	uint64_t not_after;

	if (!cut(line, &w))
		return;
	if (w.word[0][0] == 'u' && w.count == 3)
		tell_user(x, NEWS_USER_REMOVED, &w);
	else if (w.word[0][0] == 'g' && w.count == 8 && w.word[5][0] == '0' &&
		 number_of(w.word[4], &not_after) &&
		 (int64_t)not_after > x->now)
		tell_grant(x, NEWS_GRANT_DROPPED, &w);
}

static void tell_changed(const struct comparison *x, const struct line *was,
	const struct line *is)
{
	struct words a, b;
	uint64_t end_a = 0, end_b = 0;
	enum news kind = NEWS_GRANT_NARROWED;

	if (!cut(was, &a) || !cut(is, &b) || a.count != b.count)
		return;
	if (a.word[0][0] == 'u' && a.count == 3) { /* the uid is another */
		tell_user(x, NEWS_USER_REMOVED, &a);
		tell_user(x, NEWS_USER_ADDED, &b);
		return;
	}
	if (a.word[0][0] != 'g' || a.count != 8)
		return;
	(void)number_of(a.word[4], &end_a);
	(void)number_of(b.word[4], &end_b);
	if (a.word[5][0] != '1' && b.word[5][0] == '1')
		kind = NEWS_GRANT_REVOKED;
	else if (a.word[5][0] == '1' && b.word[5][0] != '1')
		kind = NEWS_GRANT_ADDED;
	else if (end_b > end_a)
		kind = NEWS_GRANT_EXTENDED;
	tell_grant(x, kind, &b);
}

static bool same(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

int known_compare(const char *old_text, size_t old_len, const char *new_text,
	size_t new_len, const struct compiled *c, int64_t now, news_tell *tell,
	void *context)
{
	const struct comparison x = {c, now, tell, context};
	struct lines old = lines_of(old_text, old_len);
	struct lines new = lines_of(new_text, new_len);
	struct line was, is;
	bool a = next_line(&old, &was), b = next_line(&new, &is);

	while (a || b) {
		int order = !a ? 1 : !b ? -1 : key_order(&was, &is);

		if (order < 0)
			tell_removed(&x, &was);
		else if (order > 0)
			tell_added(&x, &is);
		else if (!same(&was, &is))
			tell_changed(&x, &was, &is);
		if (order <= 0)
			a = next_line(&old, &was);
		if (order >= 0)
			b = next_line(&new, &is);
	}
	return 0;
}

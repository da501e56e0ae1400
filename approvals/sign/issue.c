/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text is written straight: at 50,000 grants a tree of JSON values would
 * cost more than signing them. Strings pass one escaping function.
 */
#include "approvals/sign/issue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static void fail(struct issue *w, int error)
{
	if (w->error == 0)
		w->error = error;
}

static void put(struct issue *w, const char *text)
{
	if (fputs_unlocked(text, w->out) < 0)
		fail(w, -ENOMEM);
}

/* A JSON string. The bytes are valid UTF-8: all of them came from JSON. */
static void put_bytes(struct issue *w, const char *text, size_t len)
{
	putc_unlocked('"', w->out);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20) {
			fail(w, -EINVAL);
			return;
		}
		if (c == '"' || c == '\\')
			putc_unlocked('\\', w->out);
		putc_unlocked(c, w->out);
	}
	putc_unlocked('"', w->out);
}

static void put_string(struct issue *w, const char *label, const char *text)
{
	put(w, label);
	put_bytes(w, text, strlen(text));
}

static void put_number(struct issue *w, const char *label, int64_t number)
{
	char text[32];

	if (number < 0)
		fail(w, -EINVAL);
	snprintf(text, sizeof(text), "%" PRId64, number);
	put(w, label);
	put(w, text);
}

/* Words into an array: "a b" becomes ["a","b"]. */
static void put_words(struct issue *w, const char *label, const char *words,
	size_t min, size_t max)
{
	size_t count = 0;

	put(w, label);
	putc_unlocked('[', w->out);
	for (const char *at = words; *at; count++) {
		size_t len = strcspn(at, " ");

		if (count)
			putc_unlocked(',', w->out);
		put_bytes(w, at, len);
		at += len;
		at += *at == ' ';
	}
	putc_unlocked(']', w->out);
	if (count < min || count > max)
		fail(w, -EINVAL);
}

static void put_list(struct issue *w, const char *label,
	const char *const *texts, size_t count)
{
	put(w, label);
	for (size_t i = 0; i < count; i++)
		put_string(w, i ? "," : "[", texts[i]);
	put(w, count ? "]" : "[]");
}

/* Ascending bytewise, or two of the same: both are errors of ours. */
static void check_order(struct issue *w, const char *next)
{
	if (w->last[0] && strcmp(w->last, next) >= 0)
		fail(w, -EINVAL);
	snprintf(w->last, sizeof(w->last), "%s", next);
}

int issue_begin(struct issue *w, const struct issue_head *h)
{
	*w = (struct issue){0};
	if (!name_valid(h->issuer) || !name_valid(h->audience) ||
		h->serial < 1 || h->expires_at <= h->issued_at ||
		h->expires_at - h->issued_at > ISSUE_LIFE_MAX_SEC)
		return -EINVAL;
	w->out = open_memstream(&w->text, &w->len);
	if (!w->out)
		return -ENOMEM;
	put_number(w, "{\"v\":", 1);
	put_string(w, ",\"iss\":", h->issuer);
	put_string(w, ",\"aud\":", h->audience);
	put_number(w, ",\"iat\":", h->issued_at);
	put_number(w, ",\"exp\":", h->expires_at);
	put_number(w, ",\"serial\":", h->serial);
	put(w, ",\"users\":[");
	return 0;
}

void issue_user(struct issue *w, const struct issue_user *u)
{
	if (w->error < 0)
		return;
	if (w->in_grants || !name_valid(u->name) || u->key_count > 8 ||
		w->users == ISSUE_USERS_MAX) {
		fail(w, -EINVAL);
		return;
	}
	check_order(w, u->name);
	put_string(w, w->users++ ? ",{\"name\":" : "{\"name\":", u->name);
	put_number(w, ",\"uid\":", u->uid);
	put_string(w, ",\"gecos\":", u->gecos);
	put(w, u->disabled ? ",\"disabled\":true" : ",\"disabled\":false");
	put_list(w, ",\"keys\":", u->keys, u->key_count);
	if (u->otp[0])
		put_string(w, ",\"otp\":", u->otp);
	put(w, "}");
}

void issue_grants_begin(struct issue *w)
{
	if (w->in_grants)
		fail(w, -EINVAL);
	w->in_grants = true;
	w->last[0] = '\0';
	if (w->error == 0)
		put(w, "],\"grants\":[");
}

static const char *record_member(enum record record)
{
	switch (record) {
	case RECORD_NONE:
		return ",\"record\":\"none\"";
	case RECORD_OPTIONAL:
		return ",\"record\":\"optional\"";
	default:
		return ",\"record\":\"required\"";
	}
}

static const char *files_member(uint8_t files)
{
	static const char *const members[] = {
		",\"files\":[]",
		",\"files\":[\"up\"]",
		",\"files\":[\"down\"]",
		",\"files\":[\"up\",\"down\"]",
	};

	return members[files & (FILES_UP | FILES_DOWN)];
}

void issue_grant(struct issue *w, const struct issue_grant *g)
{
	if (w->error < 0)
		return;
	if (!w->in_grants || !id_valid(g->id) || !name_valid(g->user) ||
		g->approver_count < 1 || g->approver_count > 8 ||
		g->not_before >= g->not_after ||
		w->grants == ISSUE_GRANTS_MAX) {
		fail(w, -EINVAL);
		return;
	}
	check_order(w, g->id);
	put_string(w, w->grants++ ? ",{\"id\":" : "{\"id\":", g->id);
	put_string(w, ",\"user\":", g->user);
	put_words(w, ",\"targets\":", g->targets, 1, 64);
	put_words(w, ",\"protocols\":", g->protocols, 1, PROTO_WORDS_MAX);
	put_string(w, ",\"account\":", g->account);
	put_number(w, ",\"not_before\":", g->not_before);
	put_number(w, ",\"not_after\":", g->not_after);
	put(w, g->revoked ? ",\"revoked\":true" : ",\"revoked\":false");
	put_list(w, ",\"approved_by\":", g->approvers, g->approver_count);
	put_string(w, ",\"ticket\":", g->ticket);
	put(w, record_member(g->record));
	put(w, files_member(g->files));
	put_words(w, ",\"sources\":", g->sources, 0, 8);
	put(w, "}");
}

int issue_end(struct issue *w, char **ret_payload, size_t *ret_len)
{
	bool whole;

	if (!w->in_grants)
		fail(w, -EINVAL);
	if (w->error < 0)
		return w->error;
	put(w, "]}");
	whole = ferror(w->out) == 0;
	whole &= fclose(TAKE_PTR(w->out)) == 0;
	if (!whole || w->error < 0)
		return -ENOMEM;
	*ret_len = w->len;
	*ret_payload = TAKE_PTR(w->text);
	return 0;
}

void issue_done(struct issue *w)
{
	if (w->out)
		(void)fclose(w->out);
	free(w->text);
	w->out = NULL;
	w->text = NULL;
}

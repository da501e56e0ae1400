/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answers of `policy explain` as text and as JSON.
 */
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "jumpctl/command.h"
#include "jumpctl/explain.h"

static const char *const record_words[] = {
	[RECORD_REQUIRED] = "required",
	[RECORD_OPTIONAL] = "optional",
	[RECORD_NONE] = "none",
};

static const char *files_words(uint8_t files)
{
	static const char *const words[] = {"none", "up", "down", "up down"};

	return words[files & (FILES_UP | FILES_DOWN)];
}

static const char *channel_word(enum channel c)
{
	return c == CHANNEL_TUNNEL ? "tunnel" : "brokered";
}

/* "8h", "90m", "45s" */
static void print_span(uint32_t sec)
{
	if (sec && sec % 86400 == 0)
		printf("%ud", sec / 86400);
	else if (sec && sec % 3600 == 0)
		printf("%uh", sec / 3600);
	else if (sec && sec % 60 == 0)
		printf("%um", sec / 60);
	else
		printf("%us", sec);
}

static void print_verdict(const char *what, bool allow, const char *word)
{
	printf("%-8s%s%s%s", what,
		command_colour(allow ? COLOUR_GOOD : COLOUR_BAD),
		allow ? "yes" : "no", command_colour(COLOUR_OFF));
	if (!allow)
		printf(", %s", word);
	putchar('\n');
}

static void print_origin(
	const char *what, const char *name, const struct origin *o)
{
	printf("  %-9s %s", what, name);
	if (o->file[0])
		printf("  (%s:%u)", o->file, o->line);
	putchar('\n');
}

static void print_target(const struct target *t, uint16_t port)
{
	char text[ADDRESS_TEXT_SIZE];

	print_origin("target", t->name, &t->origin);
	printf("  %-9s %s\n", "zone", t->zone);
	printf("  %-9s", "address");
	for (size_t i = 0; i < t->address_count; i++)
		printf(" %s",
			address_format(&t->addresses[i], text, sizeof(text)));
	if (port)
		printf(" port %u", port);
	putchar('\n');
}

static void print_limits(const struct decision *d)
{
	const struct conduit *c = d->conduit;

	printf("  %-9s up to ", "window");
	print_span(c->max_window_sec);
	printf(", %u approval%s\n", c->approvals, c->approvals == 1 ? "" : "s");
	printf("  %-9s %s\n", "record", record_words[d->record]);
	printf("  %-9s %s\n", "files", files_words(d->files));
	printf("  %-9s %u session%s of the user, %u connection%s of a "
	       "session\n",
		"limits", c->max_sessions, c->max_sessions == 1 ? "" : "s",
		c->max_connections, c->max_connections == 1 ? "" : "s");
}

static void print_policy(const struct answer *a)
{
	const struct decision *d = &a->policy;

	print_verdict("policy", d->allow, reason_word(d->reason));
	if (d->allow) {
		print_origin("conduit", d->conduit->name, &d->conduit->origin);
		print_target(d->target, d->port);
		print_limits(d);
		return;
	}
	printf("  %-9s %s\n", "because", a->why);
	if (d->origin.file[0])
		printf("  %-9s %s:%u\n", "line", d->origin.file,
			d->origin.line);
}

static void print_time(const char *what, int64_t sec)
{
	char text[MOMENT_TEXT_SIZE];

	moment_format(sec, text);
	printf("  %-9s %s\n", what, text);
}

static void print_now(const struct question *q, const struct answer *a)
{
	if (!a->rights_known) {
		printf("%-8s%snot known: %s%s\n", "now",
			command_colour(COLOUR_DIM), a->unknown,
			command_colour(COLOUR_OFF));
		return;
	}
	print_verdict(q->at_given ? "then" : "now", a->now.allow, a->now_word);
	print_time("at", q->at);
	if (!a->now.allow)
		printf("  %-9s %s\n", "because", a->now_text);
	if (a->now.grant && a->now.grant->id[0])
		printf("  %-9s %s\n", "grant", a->now.grant->id);
	if (a->now.allow)
		print_time("until", a->now.until);
	if (!a->now.allow && a->now.next_open)
		print_time("opens", a->now.next_open);
	if (a->now.origin.file[0])
		printf("  %-9s %s:%u\n", "line", a->now.origin.file,
			a->now.origin.line);
}

void answer_print(const struct question *q, const struct answer *a)
{
	char proto[PROTO_TEXT_SIZE];

	printf("%s to %s by %s, %s\n", q->user, q->target,
		proto_text(q->offer.proto, q->offer.port, proto),
		channel_word(q->channel));
	print_policy(a);
	print_now(q, a);
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(
		object, key, text && *text ? json_string(text) : json_null());
}

static void set_time(json_t *object, const char *key, int64_t sec)
{
	char text[MOMENT_TEXT_SIZE];

	moment_format(sec, text);
	set_text(object, key, sec ? text : NULL);
}

static void set_origin(json_t *object, const struct origin *o)
{
	set_text(object, "file", o->file);
	json_object_set_new(object, "line",
		o->file[0] ? json_integer(o->line) : json_null());
}

static json_t *files_json(uint8_t files)
{
	json_t *list = json_array();

	if (files & FILES_UP)
		json_array_append_new(list, json_string("up"));
	if (files & FILES_DOWN)
		json_array_append_new(list, json_string("down"));
	return list;
}

static json_t *policy_json(const struct answer *a)
{
	const struct decision *d = &a->policy;
	json_t *out = json_object(), *addresses = json_array();
	char text[ADDRESS_TEXT_SIZE];

	json_object_set_new(out, "allow", json_boolean(d->allow));
	set_text(out, "reason", reason_word(d->reason));
	set_text(out, "why", a->why);
	set_origin(out, &d->origin);
	if (!d->allow) {
		json_decref(addresses);
		return out;
	}
	set_text(out, "conduit", d->conduit->name);
	set_text(out, "zone", d->target->zone);
	for (size_t i = 0; i < d->target->address_count; i++)
		json_array_append_new(addresses,
			json_string(address_format(
				&d->target->addresses[i], text, sizeof(text))));
	json_object_set_new(out, "addresses", addresses);
	json_object_set_new(out, "port", json_integer(d->port));
	json_object_set_new(out, "max_window_sec",
		json_integer(d->conduit->max_window_sec));
	json_object_set_new(
		out, "approvals", json_integer(d->conduit->approvals));
	set_text(out, "record", record_words[d->record]);
	json_object_set_new(out, "files", files_json(d->files));
	return out;
}

static json_t *now_json(const struct answer *a)
{
	json_t *out = json_object();

	json_object_set_new(out, "known", json_boolean(a->rights_known));
	if (!a->rights_known) {
		set_text(out, "why", a->unknown);
		return out;
	}
	json_object_set_new(out, "allow", json_boolean(a->now.allow));
	set_text(out, "reason", a->now_word);
	set_text(out, "why", a->now.allow ? NULL : a->now_text);
	set_text(out, "grant", a->now.grant ? a->now.grant->id : NULL);
	set_time(out, "until", a->now.allow ? a->now.until : 0);
	set_time(out, "next_open", a->now.allow ? 0 : a->now.next_open);
	set_origin(out, &a->now.origin);
	return out;
}

json_t *answer_json(const struct question *q, const struct answer *a)
{
	json_t *out = json_object();
	char proto[PROTO_TEXT_SIZE];

	set_text(out, "user", q->user);
	set_text(out, "target", q->target);
	set_text(out, "protocol", proto_text(q->offer.proto, q->offer.port, proto));
	set_text(out, "channel", channel_word(q->channel));
	set_time(out, "at", q->at);
	json_object_set_new(out, "policy", policy_json(a));
	json_object_set_new(out, "now", now_json(a));
	return out;
}

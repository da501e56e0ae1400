/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/listing.h"

#include <stdio.h>
#include <string.h>

#include "jumpshell/texts.h"

static void take_offer(struct shell *s, struct listing_row *row, struct offer offer,
	enum channel channel, struct proto_set *to)
{
	struct decision d =
		access_offer(&s->access, channel, row->target->name, offer);

	if (!d.allow)
		return;
	/* it may be there: by another port */
	(void)proto_set_add(to, offer.proto, offer.port);
	if (d.until > row->until)
		row->until = d.until;
}

/* Is anything open to this target? jumpshell itself brokers ssh and files. */
static bool look(
	struct shell *s, const struct target *t, struct listing_row *ret_row)
{
	struct listing_row row = {.target = t};
	struct offer list[TARGET_OFFERS_MAX];
	const size_t count = target_offers(t, list);

	take_offer(s, &row, (struct offer){PROTO_SSH, 0}, CHANNEL_BROKERED,
		&row.brokered);
	take_offer(s, &row, (struct offer){PROTO_TELNET, 0}, CHANNEL_BROKERED,
		&row.brokered);
	take_offer(s, &row, (struct offer){PROTO_SFTP, 0}, CHANNEL_BROKERED,
		&row.brokered);
	for (size_t i = 0; i < count; i++)
		take_offer(s, &row, list[i], CHANNEL_TUNNEL, &row.tunnelled);
	if (proto_set_empty(&row.brokered) && proto_set_empty(&row.tunnelled))
		return false;
	*ret_row = row;
	return true;
}

bool listing_row(struct shell *s, size_t at, struct listing_row *ret_row)
{
	const struct policy *p = &s->access.view.policy;

	for (size_t i = 0; i < p->target_count; i++) {
		if (look(s, &p->targets[i], ret_row) && at-- == 0)
			return true;
	}
	return false;
}

static void print_row(struct shell *s, size_t number, struct listing_row *row)
{
	char until[TEXT_WHEN_SIZE], left[TEXT_LEFT_SIZE];
	char ways[PROTO_SET_TEXT_SIZE], tunnels[PROTO_SET_TEXT_SIZE];
	struct proto_set others = row->tunnelled;

	others.named &= ~row->brokered.named;
	text_when(&s->access, row->until, until);
	text_left(&s->access, row->until, left);
	proto_set_format(&row->brokered, ways, sizeof(ways));
	proto_set_format(&others, tunnels, sizeof(tunnels));
	printf(" %2zu  %-16s %s%s%s%s\n     until %s, %s left\n", number,
		row->target->name, ways, ways[0] && tunnels[0] ? ", " : "",
		tunnels[0] ? "by tunnel: " : "", tunnels, until, left);
}

static void print_next(struct shell *s)
{
	struct decision d = access_login(&s->access);
	char when[TEXT_WHEN_SIZE];

	if (d.allow || d.next_open <= 0)
		return;
	text_when(&s->access, d.next_open, when);
	printf("Your next window opens %s.\n", when);
}

void listing_print(struct shell *s)
{
	struct listing_row row;
	size_t n = 0;

	s->listed_count = 0;
	while (n < SHELL_LISTED_MAX && listing_row(s, n, &row)) {
		if (n == 0)
			printf("Open now:\n");
		memcpy(s->listed[n], row.target->name, NAME_SIZE);
		print_row(s, ++n, &row);
	}
	s->listed_count = n;
	if (n == 0) {
		printf("Nothing is open to you now.\n");
		print_next(s);
	}
}

static void print_grant(struct shell *s, const struct grant *g)
{
	char from[TEXT_WHEN_SIZE], to[TEXT_WHEN_SIZE];
	char protocols[PROTO_SET_TEXT_SIZE];
	int64_t now = access_now_ms(&s->access) / 1000;
	const char *state = "open";

	if (g->revoked)
		state = "taken back";
	else if (now < g->not_before)
		state = "to come";
	else if (now >= g->not_after)
		state = "over";
	text_when(&s->access, g->not_before, from);
	text_when(&s->access, g->not_after, to);
	proto_set_format(&g->protocols, protocols, sizeof(protocols));
	printf("%s (%s)\n  from  %s\n  until %s\n  %s, to:", g->id, state, from,
		to, protocols);
	for (size_t i = 0; i < g->target_count; i++)
		printf(" %.*s", NAME_MAX_LEN, g->targets[i]);
	printf("\n");
}

void listing_windows(struct shell *s)
{
	const struct rights_view *v = &s->access.view;

	printf("You are %s at %s.\n", s->access.user,
		s->access.info.settings.bastion_id);
	if (s->witness.session[0])
		printf("Session %s, from %s.\n", s->witness.session,
			s->witness.source[0] ? s->witness.source : "unknown");
	if (v->grant_count == 0)
		printf("No window has been approved for you.\n");
	for (size_t i = 0; i < v->grant_count; i++)
		print_grant(s, &v->grants[i]);
}

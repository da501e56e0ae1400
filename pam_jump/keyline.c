/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the options; each is asked of the one decision function. */
#include "pam_jump/keyline.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/moment.h"

#define TEXT_CLOSED "restrict,pty"

static __attribute__((format(printf, 2, 3))) void add(
	struct keyline *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->len, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		line->full = true;
	else
		line->len += (size_t)n;
}

void keyline_closed(struct keyline *ret_line)
{
	bool full = ret_line->full;

	ret_line->len = ret_line->opens = 0;
	add(ret_line, TEXT_CLOSED);
	ret_line->full = full;
}

static void add_open(struct keyline *line, const char *host, uint16_t port)
{
	if (line->opens == KEYLINE_OPENS_MAX)
		line->full = true;
	if (line->full)
		return;
	if (line->opens == 0)
		add(line, ",port-forwarding");
	add(line, ",permitopen=\"%s:%u\"", host, port);
	line->opens++;
}

static void add_target(
	struct keyline *line, const struct target *t, uint16_t port)
{
	char address[ADDRESS_TEXT_SIZE], host[ADDRESS_TEXT_SIZE + 2];

	add_open(line, t->name, port);
	for (size_t i = 0; i < t->address_count; i++) {
		const struct address *a = &t->addresses[i];

		(void)address_format(a, address, sizeof(address));
		(void)snprintf(host, sizeof(host),
			a->family == AF_INET6 ? "[%s]" : "%s", address);
		add_open(line, host, port);
	}
}

/* May sshd try it? Yes, and also where the relay shall say why not. */
static bool worth_listing(const struct decision *d, enum proto proto)
{
	return d->allow ||
	       (proto == PROTO_SSH && d->reason == REASON_RECORDING);
}

static void add_forwarding(struct keyline *line, const struct rights_view *view,
	const struct rights_user *user, int64_t now)
{
	for (size_t i = 0; i < view->policy.target_count; i++) {
		const struct target *t = &view->policy.targets[i];
		struct offer list[TARGET_OFFERS_MAX];
		const size_t count = target_offers(t, list);

		for (size_t k = 0; k < count; k++) {
			const struct request request = {
				.user = user->name,
				.uid = user->uid,
				.channel = CHANNEL_TUNNEL,
				.target = t->name,
				.proto = list[k].proto,
				.port = list[k].port,
			};
			struct decision d = rights_decide(view, &request, now);

			if (worth_listing(&d, list[k].proto))
				add_target(line, t, list[k].port);
		}
	}
}

/* "2026-11-23T18:00:00Z" is YYYYMMDDHHMMSSZ to sshd. */
static void add_expiry(struct keyline *line, int64_t until)
{
	char text[MOMENT_TEXT_SIZE], digits[MOMENT_TEXT_SIZE];
	size_t len = 0;

	moment_format(until, text);
	for (const char *at = text; *at; at++)
		if (*at >= '0' && *at <= '9')
			digits[len++] = *at;
	digits[len] = '\0';
	add(line, ",expiry-time=\"%sZ\"", digits);
}

void keyline_make(struct rights_view *view, const struct rights_user *user,
	int64_t now, struct keyline *ret_line)
{
	const struct request login = {
		.user = user->name,
		.uid = user->uid,
		.channel = CHANNEL_LOGIN,
	};
	struct decision d;

	ret_line->full = false;
	keyline_closed(ret_line);
	for (size_t i = 0; i < view->grant_count; i++)
		view->grants[i].source_count = 0;
	d = rights_decide(view, &login, now);
	if (!d.allow || user->disabled)
		return;
	add_forwarding(ret_line, view, user, now);
	if (ret_line->full)
		keyline_closed(ret_line);
	add_expiry(ret_line, d.until);
}

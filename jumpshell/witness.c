/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static uint16_t take_port(const char *text)
{
	uint64_t port;

	return number_parse(text, 1, UINT16_MAX, &port) < 0 ? 0
							    : (uint16_t)port;
}

/* "CLIENT PORT SERVER PORT", as sshd sets it. */
static void take_connection(struct witness *w, const char *text)
{
	char copy[160], *word[4] = {NULL}, *at = copy, *save = NULL;
	struct address server;

	if (strlen(text) >= sizeof(copy))
		return;
	memcpy(copy, text, strlen(text) + 1);
	for (int i = 0; i < 4; i++, at = NULL) {
		word[i] = strtok_r(at, " ", &save);
		if (!word[i])
			return;
	}
	if (address_parse(word[0], &w->source_address) < 0)
		return;
	(void)address_format(&w->source_address, w->source, sizeof(w->source));
	w->source_port = take_port(word[1]);
	if (address_parse(word[2], &server) < 0)
		return;
	(void)address_format(&server, w->server, sizeof(w->server));
	w->server_port = take_port(word[3]);
}

void witness_begin(struct witness *w, uint32_t uid)
{
	const char *connection = getenv("SSH_CONNECTION");
	const char *session = getenv("JUMP_SESSION");

	*w = (struct witness){.uid = uid};
	if (connection)
		take_connection(w, connection);
	if (session && uuid_valid(session))
		memcpy(w->session, session, UUID_SIZE);
}

int witness_emit(const struct witness *w, struct event *e)
{
	e->user = w->user[0] ? w->user : NULL;
	e->uid = w->uid;
	e->session = w->session[0] ? w->session : NULL;
	e->source = w->source[0] ? w->source : NULL;
	e->source_port = w->source_port;
	return event_emit(e);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/witness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "jumpshell/ask.h"
#include "jumpshell/places.h"

#define COUNT_WAIT_MS 2000

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

/* 0: held, and counted; else it is ours to tell. */
static int ask_to_hold(const char *reason)
{
	_cleanup_close_ int fd =
		ask_connect(PLACE_RELAY_SOCK, SOCK_STREAM | SOCK_NONBLOCK);
	struct ask_answer answer = {0};
	char line[64];
	int n = snprintf(line, sizeof(line), "refused reason=%s\n", reason);
	ssize_t len;

	if (fd < 0 || n < 0 || (size_t)n >= sizeof(line) ||
		send(fd, line, (size_t)n, MSG_NOSIGNAL) != n ||
		ask_wait(fd, COUNT_WAIT_MS) < 0)
		return -EIO;
	len = recv(fd, line, sizeof(line), 0);
	if (len <= 0)
		return -EIO;
	switch (ask_parse(line, (size_t)len, &answer)) {
	case 0:
		return strcmp(answer.text, "held") == 0 ? 0 : -EAGAIN;
	case -EACCES: /* knocked too often: that was counted */
		return strcmp(answer.reason, "pace") == 0 ? 0 : -EAGAIN;
	default:
		return -EIO;
	}
}

void witness_refused(const struct witness *w, struct event *e)
{
	if (!e->reason || ask_to_hold(e->reason) < 0)
		(void)witness_emit(w, e);
}

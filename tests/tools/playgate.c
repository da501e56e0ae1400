/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of jump-sftp: says to the broker what the test types, one
 * question a line, and prints what it answers. So the broker can be met by a
 * gate that has been taken over.
 *   list | open TARGET | close LINK | init LINK (speaks to the target)
 *   event LINK ACT DIRECTION NAME [OTHER] | check LINK NAME CONTENT
 *   raw BYTES | wait
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "sftp/control.h"

static struct control q, a;
static int pipes[CONTROL_LINKS_MAX][2];
static char words[6][512];

static void take_words(char *text)
{
	char *save = NULL, *w = strtok_r(text, " \n", &save);

	memset(words, 0, sizeof(words));
	for (size_t i = 0; w && i < ARRAY_LEN(words); i++) {
		snprintf(words[i], sizeof(words[i]), "%s", w);
		w = strtok_r(NULL, " \n", &save);
	}
}

static uint8_t number(const char *text)
{
	uint64_t n = 0;

	(void)number_parse(text, 0, 255, &n);
	return (uint8_t)n;
}

static void print(void)
{
	switch (a.kind) {
	case CONTROL_TARGET:
		printf("target %s\n", a.target);
		break;
	case CONTROL_OPENED:
		printf("opened %u directions=%u checked=%d size=%llu "
		       "spool=%llu count=%u patterns=%u\n",
			a.link, a.terms.directions, a.terms.checked,
			(unsigned long long)a.terms.size_max,
			(unsigned long long)a.terms.spool_max,
			a.terms.count_max, a.terms.pattern_count);
		break;
	case CONTROL_DONE:
		printf("done\n");
		break;
	case CONTROL_REFUSED:
		printf("refused %s\n", a.text);
		break;
	case CONTROL_OVER:
		printf("over %u %s\n", a.link, a.text);
		break;
	default:
		printf("kind %u\n", a.kind);
	}
	(void)fflush(stdout);
}

static int hear(void)
{
	int fds[2] = {-1, -1}, r = control_receive(CONTROL_FD, &a, fds);

	if (r < 0)
		return r;
	if (a.kind == CONTROL_OPENED)
		memcpy(pipes[a.link], fds, sizeof(fds));
	print();
	return 0;
}

/* Up to the answer; what is unasked comes in between. */
static int ask(const int fds[2])
{
	int r = control_send(CONTROL_FD, &q, fds);

	do {
		if (r == 0)
			r = hear();
	} while (
		r == 0 && (a.kind == CONTROL_OVER || a.kind == CONTROL_TARGET));
	return r;
}

static int check(void)
{
	_cleanup_close_ int fd = memfd_create("file", MFD_ALLOW_SEALING);
	int fds[2] = {fd, -1};

	if (fd < 0 || write(fd, words[3], strlen(words[3])) < 0 ||
		fcntl(fd, F_ADD_SEALS,
			F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
				F_SEAL_SEAL) < 0)
		return -errno;
	q.event.act = FILE_ACT_TRANSFER;
	q.event.direction = FILE_UP;
	snprintf(q.event.name, sizeof(q.event.name), "%s", words[2]);
	return ask(fds);
}

static int event(void)
{
	q.event.act = number(words[2]);
	q.event.direction = number(words[3]);
	snprintf(q.event.name, sizeof(q.event.name), "%s", words[4]);
	snprintf(q.event.other, sizeof(q.event.other), "%s", words[5]);
	return ask(NULL);
}

static int say_to_target(void)
{
	const int *p = pipes[number(words[1]) % CONTROL_LINKS_MAX];
	char answer[256];
	ssize_t n;

	/* SSH_FXP_INIT, version 3 */
	if (write(p[1], "\0\0\0\5\1\0\0\0\3", 9) != 9)
		return -errno;
	do
		n = read(p[0], answer, sizeof(answer));
	while (n < 0 && errno == EAGAIN);
	printf("heard %zd %d\n", n, n > 4 ? answer[4] : -1);
	(void)fflush(stdout);
	return 0;
}

static int step(char *text)
{
	memset(&q, 0, sizeof(q));
	take_words(text);
	q.link = number(words[1]);
	if (strcmp(words[0], "wait") == 0)
		return hear();
	if (strcmp(words[0], "raw") == 0)
		return send(CONTROL_FD, words[1], strlen(words[1]), 0) < 0 ||
				       hear() < 0
			       ? -EPIPE
			       : 0;
	if (strcmp(words[0], "init") == 0)
		return say_to_target();
	if (strcmp(words[0], "list") == 0) {
		q.kind = CONTROL_LIST;
		q.link = 0;
		return ask(NULL);
	}
	if (strcmp(words[0], "open") == 0) {
		q.kind = CONTROL_OPEN;
		q.link = 0;
		snprintf(q.target, sizeof(q.target), "%.31s", words[1]);
		return ask(NULL);
	}
	if (strcmp(words[0], "close") == 0) {
		q.kind = CONTROL_CLOSE;
		close(pipes[q.link % CONTROL_LINKS_MAX][0]);
		close(pipes[q.link % CONTROL_LINKS_MAX][1]);
		return ask(NULL);
	}
	q.kind = strcmp(words[0], "check") == 0 ? CONTROL_CHECK : CONTROL_EVENT;
	return q.kind == CONTROL_CHECK ? check() : event();
}

int main(void)
{
	char text[2048];

	while (fgets(text, sizeof(text), stdin)) {
		if (step(text) < 0) {
			printf("gone\n");
			return 1;
		}
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of jumpshell: starts the gate with our standard input and
 * output as its client, and for each target that it opens a real sftp-server.
 * What the gate tells is written to a file, a line an event, before it is
 * answered.
 *   playbroker [-u] [-d] [-s SIZE] [-n COUNT] [-p PATTERN] [-c WORD] \
 *              [-r NAME] GATE SERVER EVENTS TARGET...
 * -u, -d: up, down; -c: uploads are checked, and refused when WORD is in them;
 * -r: events about this name are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sftp/control.h"

#define BIG ((uint64_t)1 << 40)

static struct control q, a;
static uint32_t begun; /* files; one target is enough for us */
static struct file_terms terms = {
	.size_max = BIG, .spool_max = 64 << 20, .count_max = UINT32_MAX};
static const char *server, *bad_word, *bad_name;
static char **targets;
static FILE *events;
static const char *const acts[FILE_ACTS] = {"none", "begin", "transfer",
	"remove", "rename", "mkdir", "rmdir", "link", "attributes", "list",
	"look", "denied"};

static void answer(int fd, enum control_kind kind, const int fds[2])
{
	a.kind = (uint8_t)kind;
	if (control_send(fd, &a, fds) < 0)
		exit(3);
	memset(&a, 0, sizeof(a));
}

static void refuse(int fd, const char *text)
{
	snprintf(a.text, sizeof(a.text), "%s", text);
	answer(fd, CONTROL_REFUSED, NULL);
}

static void start_server(int ret_fds[2])
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		exit(3);
	if (fork() == 0) {
		if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
			_exit(3);
		execl(server, server, (char *)NULL);
		_exit(3);
	}
	close(in[0]);
	close(out[1]);
	ret_fds[0] = out[0];
	ret_fds[1] = in[1];
}

static void open_target(int fd)
{
	static uint8_t next;
	int fds[2];

	for (char **t = targets; *t; t++) {
		if (strcmp(*t, q.target) != 0)
			continue;
		start_server(fds);
		a.link = next++ % CONTROL_LINKS_MAX;
		a.terms = terms;
		a.terms.count_max -= begun;
		answer(fd, CONTROL_OPENED, fds);
		close(fds[0]);
		close(fds[1]);
		return;
	}
	refuse(fd, "not granted");
}

static void print_event(void)
{
	const struct file_event *e = &q.event;

	fprintf(events, "%s %s %d %d %llu ", acts[e->act],
		e->direction == FILE_UP	    ? "up"
		: e->direction == FILE_DOWN ? "down"
					    : "-",
		e->done, e->whole, (unsigned long long)e->size);
	for (size_t i = 0; e->has_sum && i < sizeof(e->sum); i++)
		fprintf(events, "%02x", e->sum[i]);
	fprintf(events, "%s %u %s %s %s\n", e->has_sum ? "" : "-", e->times,
		e->name, e->other[0] ? e->other : "-", q.text);
	fflush(events);
}

static void check(int fd, int file)
{
	struct stat st;
	void *map = MAP_FAILED;
	bool bad = true;

	if (file >= 0 && fstat(file, &st) == 0)
		bad = false;
	if (!bad && st.st_size > 0) {
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
			file, 0);
		bad = map == MAP_FAILED ||
		      memmem(map, (size_t)st.st_size, bad_word,
			      strlen(bad_word));
	}
	if (map != MAP_FAILED)
		munmap(map, (size_t)st.st_size);
	if (bad)
		refuse(fd, "the check found something");
	else
		answer(fd, CONTROL_DONE, NULL);
}

static void take(int fd, int file)
{
	switch (q.kind) {
	case CONTROL_LIST:
		for (char **t = targets; *t; t++) {
			snprintf(a.target, sizeof(a.target), "%s", *t);
			answer(fd, CONTROL_TARGET, NULL);
		}
		answer(fd, CONTROL_DONE, NULL);
		break;
	case CONTROL_OPEN:
		open_target(fd);
		break;
	case CONTROL_EVENT:
		print_event();
		begun += q.event.act == FILE_ACT_BEGIN;
		if (bad_name && strcmp(bad_name, q.event.name) == 0)
			refuse(fd, "audit is ill");
		else
			answer(fd, CONTROL_DONE, NULL);
		break;
	case CONTROL_CHECK:
		check(fd, file);
		break;
	default:
		answer(fd, CONTROL_DONE, NULL);
	}
	if (file >= 0)
		close(file);
}

static void options(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "uds:n:p:c:r:")) != -1;) {
		switch (c) {
		case 'u':
			terms.directions |= FILE_UP;
			break;
		case 'd':
			terms.directions |= FILE_DOWN;
			break;
		case 's':
			terms.size_max = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			terms.count_max = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			snprintf(terms.patterns[terms.pattern_count++],
				CONTROL_PATTERN_SIZE, "%s", optarg);
			break;
		case 'c':
			terms.checked = true;
			bad_word = optarg;
			break;
		case 'r':
			bad_name = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind < 4)
		exit(2);
}

int main(int argc, char **argv)
{
	int pair[2], null, status;
	pid_t gate;

	options(argc, argv);
	argv += optind;
	server = argv[1];
	targets = argv + 3;
	events = fopen(argv[2], "ae");
	if (!events ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return 3;
	gate = fork();
	if (gate == 0) {
		if (dup2(pair[1], CONTROL_FD) < 0)
			_exit(3);
		execl(argv[0], argv[0], (char *)NULL);
		_exit(3);
	}
	close(pair[1]);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return 3;
	for (;;) {
		int fds[2] = {-1, -1};

		if (control_receive(pair[0], &q, fds) < 0)
			break;
		take(pair[0], fds[0]);
	}
	if (waitpid(gate, &status, 0) != gate)
		return 3;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

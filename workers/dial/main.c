/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-dial CONN TARGET PROTO: the ProxyCommand of jumpshell's ssh, with
 * ProxyUseFdpass. It asks the relay, keeps its socket until the relay has
 * said whose it is, hands it to ssh and is gone. It is also the "shell" that
 * ssh starts its helpers with, and knows no other command than those. It runs with the supplier's
 * uid and believes nothing but the relay's answer.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/name.h"
#include "base/proc.h"
#include "policy/policy.h"
#include "workers/dial/relay.h"

static int pass_on(int out, int fd)
{
	char byte = 0;
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(out, &message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static int run(char **argv)
{
	const struct relay_question q = {
		.conn = argv[1], .target = argv[2], .proto = argv[3]};
	char text[RELAY_ANSWER_MAX];
	_cleanup_close_ int fd = relay_ask(&q, text);

	if (fd < 0) {
		fprintf(stderr, "%s\n", text);
		return 1;
	}
	if (pass_on(STDOUT_FILENO, fd) < 0) {
		fprintf(stderr, "relay connection can't be handed to ssh\n");
		return 1;
	}
	return 0;
}

/*
 * ssh starts its helpers as "$SHELL -c 'exec COMMAND'". jumpshell sets SHELL to
 * this program, so that no shell is needed for it: the words are taken apart
 * here, by single blanks and by nothing else. What may be started so is this
 * program, the ssh of a hop, and what tells how a login went.
 */
#define SHELL_WORDS_MAX 16

static int take_apart(char *command, char *words[SHELL_WORDS_MAX + 1])
{
	char *at = command;
	int n = 0;

	while (at && n < SHELL_WORDS_MAX) {
		words[n++] = at;
		at = strchr(at, ' ');
		if (at)
			*at++ = '\0';
	}
	words[n] = NULL;
	return at || n < 2 || strcmp(words[0], "exec") != 0 ? -EINVAL : n;
}

static int usage(void)
{
	fprintf(stderr, "usage: jump-dial CONN TARGET PROTO\n");
	return 64;
}

static int dial_words(int argc, char **argv)
{
	if (argc != 4 || !conn_valid(argv[1]) || !name_valid(argv[2]) ||
		proto_from_name(argv[3]) == PROTO_NONE)
		return usage();
	return run(argv);
}

static int as_shell(char *command)
{
	static const char *const others[] = {
		"/usr/bin/ssh", JUMP_LIBEXECDIR "/jump-askpass"};
	char *words[SHELL_WORDS_MAX + 1];
	int n = take_apart(command, words);

	if (n < 0)
		return usage();
	if (strcmp(words[1], JUMP_LIBEXECDIR "/jump-dial") == 0)
		return dial_words(n - 1, words + 1);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (strcmp(words[1], others[i]) == 0) {
			(void)execve(others[i], words + 1, environ);
			return 127;
		}
	}
	return usage();
}

int main(int argc, char **argv)
{
	/* what the ssh of a hop needs, and what it asks for a password */
	static const char *const keep[] = {"HOME", "SHELL", "SSH_ASKPASS",
		"SSH_ASKPASS_REQUIRE", "JUMP_CONN", "JUMP_TARGET", NULL};

	if (proc_harden(0, keep) < 0)
		return 1;
	if (argc == 3 && strcmp(argv[1], "-c") == 0)
		return as_shell(argv[2]);
	return dial_words(argc, argv);
}

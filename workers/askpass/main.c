/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-askpass: what ssh asks for a password on a connection whose target has
 * a stored one. It fetches that from jump-credential, prints it to ssh and is
 * gone; ssh's question is its only argument, connection and target are in its
 * environment, and neither is a secret.
 *
 * When there is no answer, ssh would send an empty password and try on. So
 * ssh, our parent, is ended then: the device has been asked nothing more.
 *
 * Asked with the words "right" or "wrong" it tells how the trial went.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/name.h"
#include "base/proc.h"
#include "workers/askpass/worker.h"

#define WORDS_MAX 1024

/* "ACCOUNT@TARGET" up to `end`. */
static int take_who(const char *at, const char *end, struct worker_claim *c)
{
	const char *sign = memchr(at, '@', (size_t)(end - at));

	if (!sign || sign - at >= NAME_SIZE || end - sign - 1 >= NAME_SIZE)
		return -EINVAL;
	memcpy(c->account, at, (size_t)(sign - at));
	memcpy(c->holder, sign + 1, (size_t)(end - sign - 1));
	return name_valid(c->account) && name_valid(c->holder) ? 0 : -EINVAL;
}

/* A device that asks by keyboard-interactive may ask for anything. */
static bool asks_for_password(const char *text)
{
	static const char *const words[] = {
		"password", "passwort", "passcode", "kennwort"};
	char small[WORDS_MAX];
	size_t len = 0;

	for (; *text && len < sizeof(small) - 1; text++)
		small[len++] = (char)tolower((unsigned char)*text);
	small[len] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strstr(small, words[i]))
			return true;
	}
	return false;
}

/*
 * ssh's own words for the method password, "ACCOUNT@TARGET's password: ", or
 * the device's behind "(ACCOUNT@TARGET) ". Nothing else is answered.
 */
static int take_question(const char *question, struct worker_claim *ret)
{
	static const char own[] = "'s password: ";
	size_t len = strlen(question);
	const char *end;

	if (getenv("SSH_ASKPASS_PROMPT"))
		return -EINVAL; /* a yes or no, or only to be shown */
	if (question[0] == '(') {
		end = strstr(question, ") ");
		if (!end || !asks_for_password(end + 2))
			return -EINVAL;
		return take_who(question + 1, end, ret);
	}
	if (len < strlen(own) || strcmp(question + len - strlen(own), own) != 0)
		return -EINVAL;
	return take_who(question, question + len - strlen(own), ret);
}

static int fetch(const struct worker_claim *c)
{
	_cleanup_secret_ struct secret secret = {0};
	char text[WORKER_TEXT_SIZE];
	int r = worker_fetch(c, &secret, text);

	if (r < 0) {
		fprintf(stderr, "%s@%s: %s\n", c->account, c->holder, text);
		return r;
	}
	r = fd_write_all(STDOUT_FILENO, secret.bytes, secret.len);
	return r < 0 ? r : fd_write_all(STDOUT_FILENO, "\n", 1);
}

static int answer_question(const char *question)
{
	struct worker_claim c = {
		.conn = getenv("JUMP_CONN"), .target = getenv("JUMP_TARGET")};

	if (!c.conn || !c.target || !conn_valid(c.conn) ||
		!name_valid(c.target))
		return -EINVAL;
	if (take_question(question, &c) == 0)
		return fetch(&c);
	fprintf(stderr,
		"%s: The target asks for something other than a password. It "
		"is not answered.\n",
		c.target);
	return -EINVAL;
}

/* right|wrong CONN TARGET ACCOUNT@HOLDER */
static int tell(char **argv)
{
	struct worker_claim c = {.conn = argv[2], .target = argv[3]};

	if (!conn_valid(c.conn) || !name_valid(c.target) ||
		take_who(argv[4], argv[4] + strlen(argv[4]), &c) < 0)
		return -EINVAL;
	return worker_tell(&c, strcmp(argv[1], "right") == 0);
}

static int end_ssh(void)
{
	(void)kill(getppid(), SIGTERM);
	return 1;
}

int main(int argc, char **argv)
{
	static const char *const keep[] = {
		"JUMP_CONN", "JUMP_TARGET", "SSH_ASKPASS_PROMPT", NULL};

	if (proc_harden(0, keep) < 0)
		return argc == 2 ? end_ssh() : 1;
	if (argc == 5 && (strcmp(argv[1], "right") == 0 ||
				 strcmp(argv[1], "wrong") == 0))
		return tell(argv) < 0;
	if (argc != 2) {
		fprintf(stderr, "jump-askpass is started by ssh.\n");
		return 64;
	}
	return answer_question(argv[1]) == 0 ? 0 : end_ssh();
}

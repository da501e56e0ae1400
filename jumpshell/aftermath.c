/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/aftermath.h"

#include <stdio.h>

#include "base/proc.h"
#include "jumpshell/places.h"
#include "jumpshell/sshlog.h"

#define STATUS_OF_SSH 255 /* its own failures; all else is the target's */
#define TELL_WAIT_MS  5000
#define WHO_SIZE      (2 * NAME_SIZE)

/* Not when nothing was sent: a device may refuse a key by its public half. */
static bool tell_wrong(const struct link *l, const struct hop *h)
{
	char who[WHO_SIZE];
	const char *const argv[] = {
		PLACE_ASKPASS, "wrong", l->conn, l->q.target, who, NULL};
	static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
	const struct proc_run run = {.argv = argv,
		.envp = envp,
		.timeout_ms = TELL_WAIT_MS,
		.no_stderr = true};

	snprintf(who, sizeof(who), "%s@%s", h->account, h->name);
	return proc_run(&run) == 0;
}

static void say_refused(const struct link *l, const struct hop *h)
{
	const char *what;

	if (h->credential == CREDENTIAL_CERTIFICATE) {
		fprintf(stderr,
			"%s: The target does not let %s in. Does it trust the "
			"bastion's authority for zone %s, and may that account "
			"log in?\n",
			h->name, h->account, h->zone);
		return;
	}
	what = h->credential == CREDENTIAL_KEY ? "key" : "password";
	if (tell_wrong(l, h))
		fprintf(stderr,
			"%s: The target did not take the stored %s of %s. It "
			"is not tried again before an operator stores the "
			"right one.\n",
			h->name, what, h->account);
	else
		fprintf(stderr,
			"%s: The stored %s of %s was not taken, or can't be "
			"had now. Ask the operator of the bastion.\n",
			h->name, what, h->account);
}

/* For the operator, in the log, and for who may ask the operator. */
static void say_offer(
	const struct link *l, const struct hop *h, const struct sshlog *log)
{
	struct event e = link_event(l, EVENT_CONN_LEGACY);
	char words[CRYPTO_TEXT_SIZE], detail[SSHLOG_OFFER_SIZE + 32];

	snprintf(detail, sizeof(detail), "%s: %s", log->about, log->offer);
	e.target = h->name;
	e.account = h->account;
	e.reason = "offer";
	e.detail = detail;
	e.allowed = h->crypto ? crypto_format(h->crypto, words) : NULL;
	witness_refused(l->q.witness, &e);
	fprintf(stderr,
		"%s: The target offers only cryptography that is not allowed "
		"(%s: %s).\n",
		h->name, log->about, log->offer);
	if (!log->needs)
		return;
	fprintf(stderr,
		"The operator can allow it for this target alone, with these "
		"lines of its policy:\n\t[target %s]\n\tCrypto = %s\n\t"
		"CryptoUntil = YYYY-MM-DD\n",
		h->name, crypto_format(h->crypto | log->needs, words));
}

void aftermath(const struct link *l, int status)
{
	static struct sshlog log; /* too large for a stack */

	for (size_t i = 0; i < l->route.count; i++) {
		const struct hop *h = &l->route.hop[i];

		sshlog_read(l->keys.hop[i].log, &log);
		(void)fputs(log.text, stderr);
		if (status != STATUS_OF_SSH)
			continue;
		if (log.kind == SSHLOG_REFUSED)
			say_refused(l, h);
		else if (log.kind == SSHLOG_OFFER)
			say_offer(l, h, &log);
	}
}

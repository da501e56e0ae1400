/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking the relay for a connection: the one question that clients of ours
 * begin with, on the brokered road.
 */
#ifndef JUMP_WORKERS_DIAL_RELAY_H
#define JUMP_WORKERS_DIAL_RELAY_H

#define RELAY_ANSWER_MAX 512

struct relay_question {
	const char *conn;
	const char *target;
	const char *proto;
};

/*
 * Asks, and waits until the relay has said whose this process is and that
 * the target has answered. Returns a connected socket of which nothing but
 * that line was read: the target's first bytes are still in it. -EACCES: it
 * refused, and ret_text is its sentence, printable ASCII; another -errno, and
 * ret_text says what to tell people.
 */
int relay_ask(const struct relay_question *q, char ret_text[RELAY_ANSWER_MAX]);

#endif

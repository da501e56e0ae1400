/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a snapshot was refused: one word of a closed set for the event, one
 * line for people. The words are those of doc/formats/snapshot.md.
 */
#ifndef JUMP_GRANTS_FAULT_H
#define JUMP_GRANTS_FAULT_H

#define FAULT_TEXT_SIZE 200

struct fault {
	const char *word; /* static; NULL: no fault */
	char text[FAULT_TEXT_SIZE];
};

/* Keeps the first fault; always returns -EBADMSG. */
int fault_set(struct fault *f, const char *word, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Memory or files failed, not the input: word "error". Returns e. */
int fault_errno(struct fault *f, int e, const char *what);

#endif

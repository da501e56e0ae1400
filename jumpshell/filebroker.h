/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of the broker of files, and its parts: files.c is the loop,
 * filequestion.c answers the gate, filewrite.c writes down, filecheck.c has
 * files judged.
 */
#ifndef JUMP_JUMPSHELL_FILEBROKER_H
#define JUMP_JUMPSHELL_FILEBROKER_H

#include "audit/tally.h"
#include "jumpshell/fileevent.h"
#include "jumpshell/filegate.h"
#include "jumpshell/filelink.h"
#include "jumpshell/shell.h"

#define BROKER_TARGETS_MAX 64 /* whose files are counted */

struct moved {
	char target[NAME_SIZE];
	uint32_t begun;
};

struct broker {
	struct shell *s;
	struct filegate gate;
	struct filelink link[CONTROL_LINKS_MAX];
	struct moved moved[BROKER_TARGETS_MAX];
	struct guard guard; /* of the session as a whole */
	struct tally tally;
	struct control asked, answer; /* large, and there is one of each */
	int checker, check_link;      /* -1: nothing is being checked */
	int64_t check_ms;
	int signals;
	bool due;	  /* something says to look at everything */
	int64_t look_ms;  /* BOOTTIME of the next look */
	bool broken;	  /* the gate's end of the talk makes no sense */
	int64_t until_ms; /* 0: nothing says that the session ends */
};

/* filequestion.c: takes one question of the gate and answers it, or has it
 * answered later. */
void broker_take_question(struct broker *f);

bool broker_open_for_files(struct shell *s, const char *target);

/* Answers. A gate that can't be answered is the end of the session. */
void broker_done(struct broker *f);
void broker_refuse(struct broker *f, const char *text);
/* Unasked: that link is over. */
void broker_tell_over(struct broker *f, size_t link, const char *text);

/* The link of what is asked, or NULL. */
struct filelink *broker_link_asked(struct broker *f);

/* filewrite.c: an event of what is asked, and of a link where there is one.
 * As event_emit(). */
int broker_emit(struct broker *f, const struct filelink *l, struct event *e);
/* What is asked, as a line of the recording. False: it must not go on. */
bool broker_record_asked(struct broker *f, struct filelink *l);
/* What is asked, said to people. */
void broker_say_asked(const struct broker *f, const struct filelink *l);
/* Writes the event that was asked about down, and answers. */
void broker_write_asked(struct broker *f, struct filelink *l, struct event *e);
/* Refusals that were counted; all: the session ends. */
void broker_tell_held(struct broker *f, bool all);

/* filecheck.c: gives the file to the check; its verdict is the answer. */
void broker_begin_check(struct broker *f, int file);
void broker_look_at_check(struct broker *f);
void broker_end_check(struct broker *f);

#endif

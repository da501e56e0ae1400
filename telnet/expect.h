/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The login dialogue of a device, answered from the credential: account at
 * the first prompt for one, password at the first prompt for that, once, and
 * nothing else ever. Whatever comes in another order ends it. A state machine
 * without I/O: bytes, quiet and the clock come in, what to show and what to
 * send comes out.
 *
 * A prompt is the text of a rule at the end of what has come, with blanks
 * behind it at most, and EXPECT_QUIET_MS of silence after it: a prompt that
 * stands in a banner has something behind it.
 *
 * From the password on until the device is ready, what it says is shown as
 * plain text, without the rest of the prompt's line and with one character in
 * the place of the password wherever that stands in it, in one piece or with
 * control characters and line ends between. What could become the password is
 * held back.
 *
 * Source: threats T-TEL-*.
 */
#ifndef JUMP_TELNET_EXPECT_H
#define JUMP_TELNET_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "telnet/negotiate.h"

#define EXPECT_RULE_SIZE 65  /* with its NUL */
#define EXPECT_TAIL	 256 /* of the line that stands last */
#define EXPECT_QUIET_MS	 300
#define EXPECT_STEP_MS	 30000 /* from one prompt to the next */
#define EXPECT_BYTES_MAX 65536 /* of a device before it is ready */

/* "" in user: the device asks for no account; in failed: it just asks again. */
struct expect_rules {
	char user[EXPECT_RULE_SIZE];
	char password[EXPECT_RULE_SIZE];
	char ready[EXPECT_RULE_SIZE];
	char failed[EXPECT_RULE_SIZE];
};

enum expect_state {
	EXPECT_OVER = 0, /* the zero value sends nothing */
	EXPECT_USER,
	EXPECT_PASSWORD,
	EXPECT_READY,
	EXPECT_DONE, /* the person's turn */
};

enum expect_end {
	EXPECT_END_NONE = 0,
	EXPECT_END_FAILED, /* account or password is wrong */
	EXPECT_END_ORDER,  /* something came that has no place there */
	EXPECT_END_SLOW,   /* a prompt did not come */
	EXPECT_END_MUCH,   /* too many bytes without one */
	EXPECT_END_RULES,  /* see expect_arm() */
};

enum expect_act {
	EXPECT_WAIT = 0,
	EXPECT_SEND_ACCOUNT,
	EXPECT_SEND_PASSWORD, /* returned once in the life of a struct */
	EXPECT_LET_IN,	      /* connect the keyboard */
	EXPECT_GIVE_UP,	      /* end says why */
};

struct expect {
	enum expect_state state;
	enum expect_end end;
	struct expect_rules rules;
	struct secret
		secret;	  /* empty until it is needed; wiped at DONE, OVER */
	int64_t until_ms; /* of this step */
	int64_t heard_ms; /* when something came last */
	bool fresh;	  /* something came since the last look */
	bool sent;	  /* the password, if ever */
	bool skipping;	  /* the rest of the prompt's line */
	bool refused;	  /* a line ended as rules.failed has it */
	uint8_t sequence; /* within ESC ... of a terminal */
	uint8_t mask;	  /* is shown for the secret */
	size_t bytes;
	size_t held;   /* so much of the secret may just be coming */
	size_t hidden; /* so much of that is not shown if it is not */
	size_t tail_len;
	char tail[EXPECT_TAIL]; /* printable characters of the last line */
};

/*
 * Takes a copy of the rules. Returns 0; -EINVAL: a rule is missing, or ends as
 * another one does. On error the state is OVER.
 */
int expect_begin(
	struct expect *e, const struct expect_rules *rules, int64_t now_ms);
void expect_done(struct expect *e);
#define _cleanup_expect_ __attribute__((cleanup(expect_done)))

/*
 * Takes data of the device; what may be shown and recorded is added to
 * `shown`, which needs room for len + SECRET_CAPACITY bytes, else
 * -ENOSPC. In state DONE everything is. Returns 0; -EINVAL: expect_arm() was
 * left out.
 */
int expect_take(struct expect *e, const uint8_t *bytes, size_t len,
	int64_t now_ms, struct telnet_bytes *shown);

/*
 * Looks at what has come; call it after each take and when wait_ms is over.
 * The caller does what is returned before it takes more.
 */
enum expect_act expect_look(struct expect *e, int64_t now_ms);

/*
 * The password that EXPECT_SEND_PASSWORD asked for, which has to be there
 * before it is sent; a copy is kept, for its echo to be found, until LET_IN or
 * GIVE_UP. Returns 0; -EINVAL: it is empty or has control characters;
 * -EEXIST: an end of rules.ready is a beginning of it, so that an echo in
 * pieces could not be told from being ready. On error the state is OVER.
 */
int expect_arm(struct expect *e, const struct secret *secret);

/* How long until the next look, -1: for ever. */
int expect_wait_ms(const struct expect *e, int64_t now_ms);

const char *expect_sentence(enum expect_end end);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is asking: what sshd put into this PAM transaction. None of it comes
 * from the client unchecked: the name was authenticated by a key, and the
 * environment here is PAM's own, which no client can write to.
 */
#ifndef JUMP_PAM_WHO_H
#define JUMP_PAM_WHO_H

#include <stdbool.h>
#include <stdint.h>
#include <security/pam_modules.h>

#include "base/name.h"
#include "grants/rights.h"
#include "pam_jump/fingerprint.h"
#include "pam_jump/refusal.h"

struct who {
	char user[NAME_SIZE];
	struct address source;
	char source_text[ADDRESS_TEXT_SIZE]; /* "" unknown */
	uint16_t source_port;
	char key[RIGHTS_KEY_SIZE];           /* "ssh-ed25519 AAAA...", "" none */
	char key_name[FINGERPRINT_SIZE];     /* of it, "" none */
	bool second_method; /* sshd counts a method after the key as passed */
	char session[UUID_SIZE]; /* from PAM's environment, "" none */
};

/*
 * Fills ret_who. Returns REFUSAL_NONE, or why nothing can be said of the
 * caller: then what could be found is filled in none the less, for the log.
 * A missing key is none of these; its absence shows in the fields.
 */
enum refusal who_read(pam_handle_t *pamh, struct who *ret_who);

/*
 * Takes the lines of SSH_AUTH_INFO_0 apart ("publickey TYPE BASE64",
 * "keyboard-interactive/pam"). 0 or -EBADMSG: more than one key, an over-long
 * line or field. Source: sshd(8), ExposeAuthInfo in sshd_config(5).
 */
int who_parse_methods(const char *text, struct who *who);

/* "192.0.2.1 50000 192.0.2.9 22" (SSH_CONNECTION, ssh(1)). 0 or -EBADMSG. */
int who_parse_connection(const char *text, struct who *who);

/* Keeps the session's uuid, makes it when there is none yet. 0 or -errno. */
int who_name_session(pam_handle_t *pamh, struct who *who);

/*
 * REFUSAL_NONE when name and uid belong to no line of the local passwd file
 * and the host's name service gives the name this very uid: a session runs as
 * what getpwnam() says, not as what we meant. Everything else refuses.
 */
enum refusal who_is_ours(
	pam_handle_t *pamh, const struct who *who, uint32_t uid);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every path that jumpshell uses. There is no other, and no way to say one.
 */
#ifndef JUMP_JUMPSHELL_PLACES_H
#define JUMP_JUMPSHELL_PLACES_H

#define PLACE_SSH	  "/usr/bin/ssh"
#define PLACE_SSH_CONFIG  JUMP_LIBEXECDIR "/ssh_config"
#define PLACE_TELNET	  JUMP_LIBEXECDIR "/jump-telnet"
#define PLACE_DIAL	  JUMP_LIBEXECDIR "/jump-dial"
#define PLACE_KEYPAIR	  JUMP_LIBEXECDIR "/jump-keypair"
#define PLACE_SFTP	  JUMP_LIBEXECDIR "/jump-sftp"
#define PLACE_CHECK_SOCK  "/run/jump/check.sock"
#define PLACE_RELAY_SOCK  "/run/jump/relay.sock"
#define PLACE_ASKPASS	  JUMP_LIBEXECDIR "/jump-askpass"
#define PLACE_RECORD_SOCK "/run/jump/record.sock"
#define PLACE_CERT_FMT	  "/run/jump/cert/%s.sock" /* by zone */
#define PLACE_CREDENTIAL_FMT                                                   \
	"/run/jump/credential/%s@%s.sock" /* by account, target */

#endif

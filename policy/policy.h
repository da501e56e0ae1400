/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local policy in memory: zones, targets and conduits (IEC 62443), and
 * the settings of this bastion. It says what may be granted at all; a grant
 * says what is granted now; policy_decide() says what follows of both.
 */
#ifndef JUMP_POLICY_POLICY_H
#define JUMP_POLICY_POLICY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/name.h"

#define POLICY_DIR          "/etc/jump"
#define POLICY_NETWORKS_MAX 16
#define POLICY_PREFIX_MIN   8 /* of a zone: wider is no plant */
#define POLICY_PATTERNS_MAX 16
#define POLICY_ACCOUNTS_MAX 8
#define POLICY_HOSTKEYS_MAX 4
#define POLICY_ADDRS_MAX    2    /* one IPv4 and one IPv6 at most */
#define POLICY_HOSTKEY_SIZE 1024 /* "ssh-ed25519 AAAA..." and its NUL */
#define POLICY_TEXT_SIZE    96
#define POLICY_DEFAULT_UID_MIN 1900000000u
#define POLICY_DEFAULT_UID_MAX 1909999999u

/* Where a rule stands: "policy.d/cells.conf" and the line of its section. */
#define ORIGIN_FILE_SIZE 56
struct origin {
	char file[ORIGIN_FILE_SIZE];
	uint32_t line;
};

/* Protocols a target may offer. The value is on disk: never renumber. */
enum proto {
	PROTO_NONE = 0,
	PROTO_SSH = 1,
	PROTO_SFTP = 2,
	PROTO_RDP = 3,
	PROTO_VNC = 4,
	PROTO_HTTP = 5,
	PROTO_HTTPS = 6,
	PROTO_TELNET = 7,
	PROTO_TCP = 8, /* one port, and a label alone: "tcp/502" */
	PROTO_COUNT
};

/* A protocol at a port. "tcp/502" is PROTO_TCP with 502; of the others the
 * word says no port. */
struct offer {
	enum proto proto;
	uint16_t port;
};
#define PROTO_TEXT_SIZE 16 /* "tcp/65535" */

const char *proto_name(enum proto p); /* "tcp"; "none" when unknown */
/* PROTO_NONE when unknown; "tcp" without a port is. */
enum proto proto_from_name(const char *name);
uint16_t proto_default_port(enum proto p); /* 0: PROTO_TCP, or unknown */
/* Does one log in to an account of the target by it (ssh, sftp, telnet)? */
bool proto_has_account(enum proto p);
/* Does the bastion itself speak it to the target (sftp, telnet)? Then no
 * tunnel goes there. */
bool proto_is_brokered_only(enum proto p);
/* Is the set's word of it the name alone, or a name and a port? */
bool proto_sane(enum proto p, uint16_t port);
/* "ssh", "tcp/502" into text; returns it. */
const char *proto_text(
	enum proto p, uint16_t port, char text[PROTO_TEXT_SIZE]);
/* One such word; the port is 0 but for PROTO_TCP. 0 or -EINVAL. */
int proto_parse(const char *word, struct offer *ret_offer);

/* Some protocols, and some single TCP ports. */
#define PROTO_PORTS_MAX	    16 /* of tcp/PORT */
#define PROTO_WORDS_MAX	    (PROTO_COUNT - 2 + PROTO_PORTS_MAX)
#define PROTO_SET_TEXT_SIZE 256
#define PROTO_NAMED_ALL	    (((1u << PROTO_TCP) - 1) & ~1u)
struct proto_set {
	uint32_t named; /* bit (1u << proto) of all but PROTO_TCP */
	bool any_port;  /* "tcp/" and "*": of a conduit alone */
	uint16_t port_count;
	uint16_t ports[PROTO_PORTS_MAX]; /* of tcp/PORT, ascending */
};

/* The port is looked at for PROTO_TCP alone. false when unknown. */
bool proto_set_has(const struct proto_set *set, enum proto p, uint16_t port);
bool proto_set_empty(const struct proto_set *set);
/* Is any of both in the other? */
bool proto_set_meets(const struct proto_set *a, const struct proto_set *b);
/* 0; -EEXIST: it is there; -ENOSPC: too many ports; -EINVAL */
int proto_set_add(struct proto_set *set, enum proto p, uint16_t port);
/* Steps through the words of a set, from {0}; false at the end. */
bool proto_set_next(const struct proto_set *set, struct offer *at);
/* "ssh sftp tcp/502"; returns text. PROTO_SET_TEXT_SIZE always fits. */
const char *proto_set_format(
	const struct proto_set *set, char *text, size_t size);
/* Such words, blanks between them, at least one, none twice; 0 or -EINVAL */
int proto_set_parse(const char *text, struct proto_set *ret_set);
/* All there are, for people: "ssh sftp ... tcp/PORT". */
const char *proto_all(char text[PROTO_SET_TEXT_SIZE]);

/* family 0 is "no address". IPv4 stands in the first 4 bytes. */
struct address {
	uint8_t family; /* AF_INET, AF_INET6 or 0 */
	uint8_t bytes[16];
};
struct network {
	struct address address;
	uint8_t prefix;
};
#define ADDRESS_TEXT_SIZE 46
int address_parse(const char *text, struct address *ret_address);
const char *address_format(const struct address *a, char *text, size_t size);
bool address_equal(const struct address *a, const struct address *b);
int network_parse(const char *text, struct network *ret_network);
bool network_has(const struct network *n, const struct address *a);
/* IPv4-mapped IPv6 becomes IPv4. 0 or -EAFNOSUPPORT. */
int address_from_sockaddr(const struct sockaddr *sa, struct address *ret);

enum files { FILES_NONE = 0, FILES_UP = 1, FILES_DOWN = 2 }; /* bits */

enum record { /* the zero value is the strictest */
	RECORD_REQUIRED = 0,
	RECORD_OPTIONAL = 1,
	RECORD_NONE = 2,
};

struct zone {
	char name[NAME_SIZE];
	char description[POLICY_TEXT_SIZE];
	uint8_t level;
	size_t network_count;
	struct network networks[POLICY_NETWORKS_MAX];
	struct origin origin;
};

/*
 * Old cryptography that a target may be allowed, by words of a closed list;
 * the value is on disk. Source: OpenSSH 9.2, what it has and does not offer.
 */
enum crypto {
	CRYPTO_LEGACY_DH1 = 1, /* key exchange with SHA-1 */
	CRYPTO_LEGACY_RSA = 2, /* ssh-rsa: signatures with SHA-1 */
	CRYPTO_LEGACY_DSS = 4, /* ssh-dss host keys */
	CRYPTO_LEGACY_CBC = 8, /* aes*-cbc, 3des-cbc */
	CRYPTO_LEGACY_MAC = 16, /* hmac-sha1-96, hmac-md5 */
	CRYPTO_ALL = 31,
};
/* The bit at a place, from 0; 0: no more. Its word is crypto_name(). */
enum crypto crypto_at(size_t place);
const char *crypto_name(enum crypto bit); /* "legacy-dh1"; "" when unknown */
#define CRYPTO_TEXT_SIZE 64
/* "legacy-dh1 legacy-rsa", whole words; returns text. */
const char *crypto_format(uint32_t set, char text[CRYPTO_TEXT_SIZE]);

/* By what the bastion logs in to a target. The value is on disk. */
enum credential {
	CREDENTIAL_CERTIFICATE = 0, /* of minutes: nothing is kept */
	CREDENTIAL_PASSWORD = 1,
	CREDENTIAL_KEY = 2,
};

/* What a telnet target takes as the end of a line. The value is on disk. */
enum line_end {
	LINE_END_CR_NUL = 0, /* Source: RFC 854, "NVT printer" */
	LINE_END_CR = 1,
	LINE_END_CRLF = 2,
	LINE_END_LF = 3,
};

#define POLICY_PORTS_MAX  4 /* of one web protocol of a target */
#define POLICY_HOPS_MAX	  3 /* a target behind a target behind ... */
#define POLICY_LOGIN_SIZE 65

struct target {
	char name[NAME_SIZE];
	char zone[NAME_SIZE];
	size_t address_count;
	struct address addresses[POLICY_ADDRS_MAX];
	struct proto_set protocols;
	/* By enum proto, the first one first, 0 behind the last; SFTP's is
	 * SSH's; PROTO_TCP's stand in protocols. */
	uint16_t port[PROTO_COUNT][POLICY_PORTS_MAX];
	size_t account_count;
	char accounts[POLICY_ACCOUNTS_MAX][NAME_SIZE];
	size_t hostkey_count;
	char (*hostkeys)[POLICY_HOSTKEY_SIZE]; /* owned by the policy */
	uint32_t crypto;      /* bits of enum crypto; 0: none that is old */
	int64_t crypto_until; /* UTC s, not used from then on; 0: no crypto */
	char via[NAME_SIZE];  /* the target that it is behind; "": none */
	enum credential credential;
	/* Telnet: what a line ends in, blanks at its end left out; "": none */
	char login_user[POLICY_LOGIN_SIZE];
	char login_password[POLICY_LOGIN_SIZE];
	char login_ready[POLICY_LOGIN_SIZE];
	char login_failed[POLICY_LOGIN_SIZE];
	enum line_end line_end;
	/* Rights: nobody was granted it, a target that was is behind it. */
	bool hop_only;
	struct origin origin;
};

/* All that a target offers, with its ports, in the order of enum proto. */
#define TARGET_OFFERS_MAX (PROTO_COUNT * POLICY_PORTS_MAX + PROTO_PORTS_MAX)
size_t target_offers(
	const struct target *t, struct offer ret[TARGET_OFFERS_MAX]);
/* The port of a protocol that is offered: `port` when it is one of them, 0
 * when it is not; the first one for 0. */
uint16_t target_port(const struct target *t, enum proto p, uint16_t port);

#define POLICY_FILE_PATTERNS_MAX 8
#define POLICY_FILE_PATTERN_SIZE 64
#define POLICY_FILE_CHECK_SIZE	 256

struct conduit {
	char name[NAME_SIZE];
	size_t user_count;
	char users[POLICY_PATTERNS_MAX][NAME_SIZE]; /* "acme-*" or a name */
	size_t zone_count;
	char zones[POLICY_PATTERNS_MAX][NAME_SIZE];
	struct proto_set protocols;
	uint32_t max_window_sec;
	uint32_t grace_sec;     /* after the end of a window, before the cut */
	uint32_t otp_grace_sec; /* 0: each login asks for a code */
	uint16_t approvals;     /* distinct people; at least 1 */
	uint16_t max_sessions;  /* at a time and user */
	uint16_t max_connections; /* relayed, at a time and session */
	enum record record;
	uint8_t files; /* bits of enum files */
	uint64_t file_size_max;  /* bytes of one file */
	uint32_t file_count_max; /* of one session and target */
	size_t file_pattern_count; /* 0: any name */
	char file_patterns[POLICY_FILE_PATTERNS_MAX][POLICY_FILE_PATTERN_SIZE];
	char file_check[POLICY_FILE_CHECK_SIZE]; /* program, args; "": none */
	uint64_t file_check_max; /* bytes of a file that is to be checked */
	struct origin origin;
};

/*
 * How many ports the relay listens at. The kernel turns connections to many
 * targets to one address; two that chose one source port would be one
 * connection there, and have to be told apart by the port. (It would change
 * the source port else, by which the relay asks whose the connection is.)
 */
#define POLICY_RELAY_PORTS 8

/* jump.conf [bastion]. What gates need of it travels in rights.db. */
struct settings {
	char bastion_id[NAME_SIZE];
	uint32_t uid_min;
	uint32_t uid_max;
	bool audit_optional;         /* zero: Audit = required */
	uint32_t health_max_age_sec; /* older counts as unhealthy */
	uint32_t clock_unsynced_max_sec;
	uint32_t disk_reserve_mib;
	char time_zone[48]; /* IANA name, for texts to people beside UTC */
	uint16_t relay_port; /* the first of POLICY_RELAY_PORTS */
	uint16_t sessions_max; /* of all suppliers together */
	char approvals_url[256];
};

struct policy {
	struct settings settings;
	size_t zone_count, target_count, conduit_count;
	struct zone *zones;       /* sorted by name, owned */
	struct target *targets;   /* sorted by name, owned */
	struct conduit *conduits; /* in the order of files and lines, owned */
};

void policy_done(struct policy *p);
#define _cleanup_policy_ __attribute__((cleanup(policy_done)))

const struct zone *policy_zone(const struct policy *p, const char *name);
const struct target *policy_target(const struct policy *p, const char *name);

/*
 * Patterns of users: a name, or the beginning of names and one "*" at the
 * end. The part without "*" is a valid name of at least
 * POLICY_PATTERN_PREFIX_MIN characters. Source: threat T-ENROL.
 */
#define POLICY_PATTERN_PREFIX_MIN 3
bool pattern_valid(const char *pattern);
bool pattern_matches(const char *pattern, const char *name);
bool conduit_has_user(const struct conduit *c, const char *user);
bool conduit_has_zone(const struct conduit *c, const char *zone);

/*
 * The first conduit whose Users match: NULL means that this name must not be
 * enrolled at this bastion at all.
 */
const struct conduit *policy_conduit_of_user(
	const struct policy *p, const char *user);

/*
 * One complaint of the loader: where, what is wrong, what would be right.
 */
struct policy_error {
	struct origin origin;
	char text[256];
};
#define POLICY_ERRORS_MAX 32
struct policy_errors {
	size_t count; /* may exceed what is kept */
	struct policy_error error[POLICY_ERRORS_MAX];
};

/*
 * One file's text in memory; bytes need no NUL. file is what origins show:
 * "jump.conf", or "policy.d/NAME.conf".
 */
struct policy_text {
	const char *file;
	const char *bytes;
	size_t len;
};

/*
 * Makes a policy of these texts and checks it as a whole; touches no file.
 * Returns 0 with an owned policy; -EINVAL with at least one error, sorted by
 * file and line; -ENOMEM. Never a partial policy.
 */
int policy_parse(const struct policy_text *texts, size_t count,
	struct policy *ret_policy, struct policy_errors *ret_errors);

/*
 * Reads DIR/jump.conf and DIR/policy.d/(*).conf (sorted by name), all of them
 * trusted files of `owner`, and checks them as a whole. Returns 0 with an
 * owned policy; -EINVAL with at least one error; another -errno when a file
 * could not be read (errors says which). Never a partial policy.
 */
int policy_load(const char *dir, uid_t owner, struct policy *ret_policy,
	struct policy_errors *ret_errors);

#endif

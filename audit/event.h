/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events: what happened, to whom, with what result, written to auditd and to
 * the journal from one table (audit/events.def). An event is written before
 * its effect; the caller looks at the result, because where audit is required
 * "not written" means "not done".
 */
#ifndef JUMP_AUDIT_EVENT_H
#define JUMP_AUDIT_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* One row each in events.def: name, audit type, op, MESSAGE_ID, priority,
 * catalogue text. */
enum event_id {
	EVENT_NONE = 0,
	EVENT_AUTH_OTP_FAILED,    /* USER_AUTH res=failed */
	EVENT_AUTH_LOCKED,        /* ANOM_LOGIN_FAILURES, RESP_ACCT_LOCK_TIMED */
	EVENT_ACCESS_CHECK,       /* USER_ACCT; + ANOM_LOGIN_* when denied */
	EVENT_SESSION_START,      /* USER_LOGIN */
	EVENT_SESSION_END,        /* USER_LOGOUT; PAM has its USER_END */
	EVENT_SESSION_TERMINATED, /* RESP_TERM_ACCESS, with who cut it (by) */
	EVENT_CONN_OPEN,          /* USER_START, not from the monitor's pid */
	EVENT_CONN_CLOSE,         /* USER_END */
	EVENT_CONN_DENIED,        /* USER_ACCT res=failed */
	EVENT_COMMAND,            /* USER_CMD */
	EVENT_RECORD_START,       /* TRUSTED_APP */
	EVENT_RECORD_END,         /* TRUSTED_APP, digest */
	EVENT_CERT_ISSUED,        /* CRYPTO_KEY_USER */
	EVENT_SNAPSHOT_ACCEPTED,  /* USYS_CONFIG */
	EVENT_SNAPSHOT_REFUSED,   /* USYS_CONFIG res=failed */
	EVENT_GRANT_ADDED,        /* USER_MGMT */
	EVENT_GRANT_CHANGED,      /* USER_MGMT: extended, narrowed */
	EVENT_GRANT_REVOKED,      /* USER_MGMT */
	EVENT_GRANT_REFUSED,      /* USER_MGMT: outside local policy */
	EVENT_USER_ADDED,         /* ADD_USER */
	EVENT_USER_REMOVED,       /* DEL_USER */
	EVENT_USER_REFUSED,       /* ADD_USER res=failed */
	EVENT_POLICY_LOADED,      /* USYS_CONFIG */
	EVENT_POLICY_REFUSED,     /* USYS_CONFIG res=failed */
	EVENT_HEALTH_BAD,         /* journal (audit may be what is ill) */
	EVENT_HEALTH_GOOD,
	EVENT_CLOCK_DOUBT,        /* USYS_CONFIG */
	EVENT_CLOCK_TRUSTED,
	EVENT_WINDOW_WARNING,     /* journal */
	EVENT_TARGET_SCAN,        /* USYS_CONFIG */
	EVENT_SELFTEST,           /* TEST */
	EVENT_CONN_LEGACY,        /* CRYPTO_SESSION: old algorithms */
	EVENT_CREDENTIAL_USED,    /* CRYPTO_KEY_USER */
	EVENT_CREDENTIAL_WRONG,   /* CRYPTO_KEY_USER res=failed */
	EVENT_CREDENTIAL_CHANGED, /* USYS_CONFIG */
	EVENT_FILE_BEGIN,         /* USER_CMD "put /x", "get /x" */
	EVENT_FILE_TRANSFER,      /* USER_CMD, digest */
	EVENT_FILE_CHANGED,       /* USER_CMD "rename /a /b" */
	EVENT_FILE_LOOKED,        /* journal */
	EVENT_FILE_DENIED,        /* USER_ACCT res=failed */
	EVENT_FILE_CHECKED,       /* USER_CMD, the verdict */
	EVENT_LOGIN_BROKEN,       /* USER_ERR: of a telnet device */
	EVENT_COUNT
};

enum outcome { OUTCOME_FAILURE = 0, OUTCOME_SUCCESS = 1 };

/*
 * Zero-initialise, set what is known; NULL and 0 are left out. Strings are
 * borrowed, and any bytes may stand in them: the sinks encode.
 */
struct event {
	enum event_id id;
	enum outcome outcome;
	const char *reason;  /* one word of a closed set */
	const char *user;    /* login name -> acct */
	uid_t uid;           /* 0: unknown */
	const char *session; /* uuid */
	const char *grant;
	const char *conn;    /* 16 hex digits */
	const char *target;  /* name in policy */
	const char *address; /* of the target, numeric */
	uint16_t port;
	const char *proto;
	const char *account;    /* on the target */
	const char *via;        /* the target that this one stands behind */
	const char *allowed;    /* old algorithms, "legacy-dh1,legacy-cbc" */
	const char *source;     /* client address, numeric */
	uint16_t source_port;
	const char *terminal;   /* NULL: "ssh" */
	const char *key;        /* fingerprint of the first factor */
	const char *command;
	const char *file;       /* recording or transferred file */
	const char *other;      /* its new name, or what a link points to */
	const char *direction;  /* of a file: "up" to the target, "down" */
	const char *extent;     /* of a transfer: "whole", "part" */
	const char *digest;     /* "sha256:..." */
	const char *by;         /* approver, operator, or enforcer */
	const char *ticket;
	const char *detail;     /* free words for the journal's MESSAGE only */
	int64_t window_start, window_end; /* UTC s */
	bool has_size; /* of a file */
	uint64_t size;
	bool has_bytes;
	uint64_t bytes_in, bytes_out; /* from resp. to the target */
	int64_t duration_ms;
	uint64_t serial; /* of a snapshot */
	uint64_t count;	 /* so many are told by this one (audit/tally.h) */
};

/* What became of the two copies; both are tried, always. */
enum event_sink { EVENT_SINK_AUDIT = 1, EVENT_SINK_JOURNAL = 2 };

/*
 * Writes it. Returns 0 when audit took it (or the table gives it no audit
 * record and the journal took it); -EPERM, -ENOTCONN ... when audit did not:
 * the caller refuses where audit is required. Safe in a PAM module: opens,
 * sends, closes; no statics, no environment, no locale.
 */
int event_emit(const struct event *e);

/* "access.check"; "none" for anything unknown. */
const char *event_name(enum event_id id);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plain lines for the journal, on stderr, with the level that systemd reads
 * from "<5>" in front; a person at a terminal sees them without. What an
 * administrator decides on the host goes to the system's log as well.
 */
#ifndef JUMP_APPROVALS_DESK_JOURNAL_H
#define JUMP_APPROVALS_DESK_JOURNAL_H

enum journal_level { /* as syslog(3) */
	JOURNAL_ERROR = 3,
	JOURNAL_NOTICE = 5,
	JOURNAL_INFO = 6,
	JOURNAL_DEBUG = 7,
};

/* Once, before any thread: on the command line rather than as a service. */
void journal_interactive(void);

/* One line; control characters in it are shown as "?". */
__attribute__((format(printf, 2, 3))) void journal_line(
	enum journal_level level, const char *format, ...);

#endif

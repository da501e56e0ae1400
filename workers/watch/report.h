/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The events of the enforcer, from its cases.
 */
#ifndef JUMP_WORKERS_WATCH_REPORT_H
#define JUMP_WORKERS_WATCH_REPORT_H

#include "workers/watch/cases.h"

/* Before the effect. What can't be written is cut all the same. */
void report_session_cut(const struct session_case *s, const char *by);
void report_connection_cut(const struct connection_case *c, const char *by);
void report_orphan_cut(const struct orphan_case *o, const char *by);

/* For those that could not say it themselves any more. */
void report_session_end(
	const struct session_case *s, const char *by, int64_t now_sec);
void report_connection_end(
	const struct connection_case *c, const char *by, int64_t now_sec);

#endif

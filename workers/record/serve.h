/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recorder's loop: packets in, lines in the file, acknowledgements out.
 */
#ifndef JUMP_WORKERS_RECORD_SERVE_H
#define JUMP_WORKERS_RECORD_SERVE_H

#include "workers/record/recording.h"

struct serve {
	int sock;   /* SOCK_SEQPACKET to jumpshell */
	int signal; /* signalfd with SIGTERM, or -1 */
	uint64_t reserve_mib;
	struct recording *recording;
};

/*
 * Records until the end and returns why it ended, a word of a closed set:
 * "closed" (the exit status came: the whole connection is in the file),
 * "gone" (jumpshell is), "disk", "stopped", "protocol", "error". The file is
 * still open then.
 */
const char *serve(struct serve *s);

#endif

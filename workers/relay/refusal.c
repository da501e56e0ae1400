/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/refusal.h"

#include <string.h>

#include "base/cleanup.h"
#include "policy/decide.h"

/* Other ends of a process are below; a status has eight bits. */
#define HELD	 64
#define TOLD	 128
#define EACH_MAX 64

/* What gates say beside the policy. The first is for all else. */
static const char *const words[] = {"error", "peer", "clock", "stale", "audit",
	"limit", "pace", "hostkey", "recorder", "certificate", "disk",
	"credential", "crypto", "via"};

_Static_assert(REASON_COUNT + sizeof(words) / sizeof(words[0]) <= EACH_MAX,
	"all reasons fit into an exit status");

static int number_of(const char *reason)
{
	for (int r = REASON_OK + 1; r < REASON_COUNT; r++) {
		if (strcmp(reason_word((enum reason)r), reason) == 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i], reason) == 0)
			return REASON_COUNT + (int)i;
	}
	return -1;
}

bool refusal_known(const char *reason)
{
	return number_of(reason) >= 0;
}

int refusal_status(const char *reason, bool told)
{
	int number = number_of(reason);

	return (told ? TOLD : HELD) + (number < 0 ? REASON_COUNT : number);
}

const char *refusal_of_status(int exit_status, bool *ret_told)
{
	int number = exit_status % EACH_MAX;

	if (exit_status < HELD || exit_status >= TOLD + EACH_MAX)
		return NULL;
	*ret_told = exit_status >= TOLD;
	if (number < REASON_COUNT)
		return reason_word((enum reason)number);
	number -= REASON_COUNT;
	return words[(size_t)number < ARRAY_LEN(words) ? number : 0];
}

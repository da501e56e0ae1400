/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/fileterms.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

_Static_assert((int)FILES_UP == FILE_UP && (int)FILES_DOWN == FILE_DOWN,
	"a grant's bits are the gate's");

void fileterms_of(
	const struct decision *d, uint32_t begun, struct file_terms *ret_terms)
{
	const struct conduit *c = d->conduit;
	struct file_terms t = {0};

	if (!d->allow || !c) {
		*ret_terms = t;
		return;
	}
	t.directions = d->files & (FILES_UP | FILES_DOWN);
	t.checked = c->file_check[0] != '\0';
	t.size_max = c->file_size_max;
	t.spool_max = c->file_check_max;
	t.count_max = c->file_count_max > begun ? c->file_count_max - begun : 0;
	for (size_t i = 0;
		i < c->file_pattern_count && i < ARRAY_LEN(t.patterns); i++)
		snprintf(t.patterns[t.pattern_count++], CONTROL_PATTERN_SIZE,
			"%s", c->file_patterns[i]);
	*ret_terms = t;
}

bool fileterms_narrower(
	const struct file_terms *now, const struct file_terms *before)
{
	if ((before->directions & ~now->directions) ||
		(now->checked && !before->checked) ||
		now->size_max < before->size_max ||
		now->spool_max < before->spool_max ||
		now->pattern_count != before->pattern_count)
		return true;
	return memcmp(now->patterns, before->patterns, sizeof(now->patterns)) !=
	       0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two forms of a scan: lines that can stand in the policy as they are,
 * with what to compare as comments between them; or JSON.
 */
#include "jumpctl/target.h"

#include <jansson.h>
#include <stdio.h>

#include "jumpctl/json.h"

static bool is_pinned_at_all(const struct scan *s)
{
	return s->target && s->target->hostkey_count > 0;
}

static void print_key(const struct scan *s, const struct scanned_key *k)
{
	printf("# %s%s%s", command_colour(COLOUR_GOOD), k->fingerprint,
		command_colour(COLOUR_OFF));
	if (k->pinned)
		printf("  (the policy has this one)");
	else if (is_pinned_at_all(s))
		printf("  %s(NOT in the policy)%s", command_colour(COLOUR_BAD),
			command_colour(COLOUR_OFF));
	printf("\nHostKey = %s\n", k->line);
}

int scan_print(const struct scan *s)
{
	size_t pinned = 0;

	printf("# %s, zone %s, %s port %u\n",
		s->target ? s->target->name : "no target yet", s->zone->name,
		s->host, s->port);
	printf("# Compare the fingerprints with the machine itself or its "
	       "papers, then\n# put the lines into its [target] section.\n");
	for (size_t i = 0; i < s->key_count; i++) {
		print_key(s, &s->keys[i]);
		pinned += s->keys[i].pinned;
	}
	if (is_pinned_at_all(s) && pinned == 0)
		printf("# %sNone of them is the one in the policy: the machine "
		       "was replaced, or this is\n# not that machine.%s\n",
			command_colour(COLOUR_BAD), command_colour(COLOUR_OFF));
	return EXIT_OK;
}

int scan_print_json(const struct invocation *in, const struct scan *s)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < s->key_count; i++)
		json_array_append_new(keys,
			json_pack("{s:s, s:s, s:b}", "line", s->keys[i].line,
				"fingerprint", s->keys[i].fingerprint, "pinned",
				s->keys[i].pinned));
	return command_json(
		in, json_pack("{s:s?, s:s, s:s, s:i, s:o}", "target",
			    s->target ? s->target->name : NULL, "zone",
			    s->zone->name, "address", s->host, "port",
			    (int)s->port, "keys", keys));
}

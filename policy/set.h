/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The setters of the key tables: each judges one value and puts it into the
 * section being read, or complains and leaves it. Inside policy/ only.
 */
#ifndef JUMP_POLICY_SET_H
#define JUMP_POLICY_SET_H

#include "policy/draft.h"

#define SETTER(name)                                                      \
	bool name(struct draft *d, const struct key_row *row, uint32_t line, \
		const char *value)

/* set_value.c: one word or number */
SETTER(set_number);
SETTER(set_span);
SETTER(set_mebibytes); /* min and max, too, are MiB */
SETTER(set_bytes);
SETTER(set_name);
SETTER(set_text);
SETTER(set_audit);
SETTER(set_record);
SETTER(set_time_zone);
SETTER(set_url);

/* set_list.c: blank-separated lists, and HostKey */
SETTER(set_networks);
SETTER(set_addresses);
SETTER(set_users);
SETTER(set_zones);
SETTER(set_accounts);
SETTER(set_hostkey);

/* set_proto.c */
SETTER(set_protocols);
SETTER(set_port);

/* set_device.c */
SETTER(set_crypto);
SETTER(set_crypto_until);
SETTER(set_credential);
SETTER(set_line_end);
SETTER(set_literal);

/* set_files.c */
SETTER(set_files);
SETTER(set_file_names);
SETTER(set_file_check);

/* The index of value in choices (NULL-terminated), or -1 and a complaint. */
int set_choose(struct draft *d, const struct key_row *row, uint32_t line,
	const char *value, const char *const *choices);

/*
 * The next blank-separated word at *at, cut to fit; false at the end. A word
 * that does not fit, or ends in a comma, is complained about: *ret_bad.
 */
#define SET_WORD_SIZE 64
bool set_next_word(struct draft *d, const struct key_row *row, uint32_t line,
	const char **at, char word[SET_WORD_SIZE], bool *ret_bad);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nft(8) as a child: fixed arguments, text on its stdin, a bounded answer.
 */
#ifndef JUMP_WORKERS_FILTER_NFT_H
#define JUMP_WORKERS_FILTER_NFT_H

#include <stddef.h>

/*
 * Runs the text as one transaction: all of it or nothing. Returns 0, -EIO
 * when nft refuses (it has said why on stderr), another -errno.
 */
int nft_apply(const char *text, size_t len);

/*
 * Lists our table as this nft words it: every definition and rule, and the
 * zones' networks; not what changes by itself (granted elements, counters).
 * Returns 0 with an owned text; -ENOENT: no such table; another -errno.
 */
int nft_listing(char **ret_text);

/*
 * The same listing of a table that would be made by `text` from nothing: it
 * is loaded into a network namespace of its own, which is gone afterwards.
 * The caller's namespace is the old one again, or the process has ended.
 */
int nft_listing_of(const char *text, size_t len, char **ret_text);

#endif

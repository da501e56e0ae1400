/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/filter/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/trusted.h"
#include "workers/filter/nft.h"
#include "workers/filter/text.h"

#define LOADED_MAX_BYTES (1u << 20)

/* A convenience for the next look; without it that one loads again. */
static void note_loaded(const char *text, size_t len)
{
	_cleanup_close_ int dirfd =
		open("/run/jump", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct fd_replace how = {
		.name = "filter", .mode = 0600, .uid = -1, .gid = -1};

	if (dirfd >= 0)
		(void)fd_replace_file(dirfd, &how, text, len);
}

bool table_loaded_was(const struct filter_plan *plan)
{
	_cleanup_free_ char *text = NULL, *loaded = NULL;
	size_t len, loaded_len;

	if (filter_text(plan, FILTER_UPDATE, &text, &len) < 0 ||
		trusted_read(AT_FDCWD, TABLE_LOADED, 0, LOADED_MAX_BYTES,
			&loaded, &loaded_len) < 0)
		return false;
	return len == loaded_len && memcmp(text, loaded, len) == 0;
}

static int apply(const struct filter_plan *plan, enum filter_way way)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = filter_text(plan, way, &text, &len);

	return r < 0 ? r : nft_apply(text, len);
}

int table_there(void)
{
	_cleanup_free_ char *live = NULL;

	return nft_listing(&live);
}

int table_compare(const struct filter_plan *plan)
{
	_cleanup_free_ char *text = NULL, *live = NULL, *expected = NULL;
	size_t len;
	int r = filter_text(plan, FILTER_UPDATE, &text, &len);

	if (r == 0)
		r = nft_listing(&live);
	if (r == 0)
		r = nft_listing_of(text, len, &expected);
	if (r < 0)
		return r;
	return strcmp(live, expected) == 0 ? 0 : -ESTALE;
}

/*
 * A table of another version can't be updated in place, or keeps chains that
 * are no more: then anew. -EIO: nft refused; -ESTALE: it reads otherwise.
 */
int table_load(const struct filter_plan *plan)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = apply(plan, FILTER_UPDATE);

	if (r == 0)
		r = table_compare(plan);
	if (r == -EIO || r == -ESTALE) {
		fprintf(stderr, "jump-filter: loading the whole table anew\n");
		r = apply(plan, FILTER_REPLACE);
		if (r == 0)
			r = table_compare(plan);
	}
	if (r == 0 && filter_text(plan, FILTER_UPDATE, &text, &len) == 0)
		note_loaded(text, len);
	return r;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/apply/granted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "workers/filter/nft.h"
#include "workers/filter/text.h"

#define NFT	       "/usr/sbin/nft"
/* a cold and busy machine loads its modules first */
#define NFT_TIMEOUT_MS 60000
#define LISTING_SIZE   ((size_t)32 << 20)

static const char *const nft_env[] = {
	"PATH=/usr/sbin:/usr/bin", "LC_ALL=C", NULL};

static int run(const char *const *argv, char *out, size_t size)
{
	const struct proc_run nft = {
		.argv = argv,
		.envp = nft_env,
		.timeout_ms = NFT_TIMEOUT_MS,
		.ret_output = out,
		.output_size = size,
	};
	int r = proc_run(&nft);

	return r > 0 ? -EIO : r;
}

static int table_there(char *out, size_t size)
{
	static const char *const argv[] = {NFT, "list", "tables", "inet", NULL};
	int r = run(argv, out, size);

	if (r < 0)
		return r;
	return strstr(out, "table inet " FILTER_TABLE "\n") ? 0 : -ENOENT;
}

int granted_live(struct elements *ret_live)
{
	static const char *const sets[][8] = {
		{NFT, "-j", "list", "set", "inet", FILTER_TABLE, "granted4"},
		{NFT, "-j", "list", "set", "inet", FILTER_TABLE, "granted6"},
	};
	_cleanup_elements_ struct elements live = {0};
	_cleanup_free_ char *out = malloc(LISTING_SIZE);
	int r;

	if (!out)
		return -ENOMEM;
	r = table_there(out, LISTING_SIZE);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(sets); i++) {
		r = run(sets[i], out, LISTING_SIZE);
		if (r == 0)
			r = elements_listed(out, strlen(out), &live);
	}
	if (r < 0)
		return r;
	elements_sort(&live);
	*ret_live = live;
	memset(&live, 0, sizeof(live));
	return 0;
}

int granted_change(const char *text)
{
	return text[0] ? nft_apply(text, strlen(text)) : 0;
}

int granted_empty(void)
{
	static const char text[] = "flush set inet " FILTER_TABLE " granted4\n"
				   "flush set inet " FILTER_TABLE " granted6\n";

	return nft_apply(text, sizeof(text) - 1);
}

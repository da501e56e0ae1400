/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/filter/nft.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "workers/filter/text.h"

#define NFT	       "/usr/sbin/nft"
/* a cold and busy machine loads its modules first */
#define NFT_TIMEOUT_MS 60000
#define LISTING_SIZE   (1u << 20)

static const char *const nft_env[] = {
	"PATH=/usr/sbin:/usr/bin", "LC_ALL=C", NULL};

/* nft's own word for failure is 1; anything else is a broken nft. */
static int run(const char *const *argv, const char *text, size_t len,
	char *ret_output, size_t size)
{
	const struct proc_run nft = {
		.argv = argv,
		.envp = nft_env,
		.input = text,
		.input_len = len,
		.timeout_ms = NFT_TIMEOUT_MS,
		.ret_output = ret_output,
		.output_size = size,
	};
	int r = proc_run(&nft);

	return r > 0 ? -EIO : r;
}

int nft_apply(const char *text, size_t len)
{
	static const char *const argv[] = {NFT, "-f", "-", NULL};

	return run(argv, text, len, NULL, 0);
}

static int table_there(void)
{
	static const char *const argv[] = {NFT, "list", "tables", "inet", NULL};
	_cleanup_free_ char *out = malloc(LISTING_SIZE);
	int r;

	if (!out)
		return -ENOMEM;
	r = run(argv, NULL, 0, out, LISTING_SIZE);
	if (r < 0)
		return r;
	return strstr(out, "table inet " FILTER_TABLE "\n") ? 0 : -ENOENT;
}

/* One listing more, behind what is there. */
static int list_more(const char *const *argv, char *out)
{
	size_t len = strlen(out);

	return run(argv, NULL, 0, out + len, LISTING_SIZE - len);
}

int nft_listing(char **ret_text)
{
	static const char *const table[] = {
		NFT, "-s", "-t", "list", "table", "inet", FILTER_TABLE, NULL};
	/* One by one: nft 1.0.6 does not find the first of two in a file. */
	static const char *const ot4[] = {
		NFT, "list", "set", "inet", FILTER_TABLE, "ot4", NULL};
	static const char *const ot6[] = {
		NFT, "list", "set", "inet", FILTER_TABLE, "ot6", NULL};
	_cleanup_free_ char *out = calloc(1, LISTING_SIZE);
	int r;

	if (!out)
		return -ENOMEM;
	r = table_there();
	if (r == 0)
		r = list_more(table, out);
	if (r == 0)
		r = list_more(ot4, out);
	if (r == 0)
		r = list_more(ot6, out);
	if (r < 0)
		return r;
	*ret_text = TAKE_PTR(out);
	return 0;
}

int nft_listing_of(const char *text, size_t len, char **ret_text)
{
	_cleanup_close_ int home =
		open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int r;

	if (home < 0)
		return -errno;
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	r = nft_apply(text, len);
	if (r == 0)
		r = nft_listing(ret_text);
	if (setns(home, CLONE_NEWNET) < 0)
		_exit(70); /* what follows would be about another network */
	return r;
}

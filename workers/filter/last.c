/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/filter/last.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/fd.h"
#include "base/number.h"
#include "base/trusted.h"

#define LAST_MAX_BYTES (PLAN_NETWORKS_MAX * 64)
#define LINE_MAX_BYTES 80

static int take_range(char *words, struct filter_plan *plan)
{
	char *blank = strchr(words, ' ');
	uint64_t min, max;

	if (!blank)
		return -EBADMSG;
	*blank = '\0';
	if (number_parse(words, 1, UINT32_MAX - 1, &min) < 0 ||
		number_parse(blank + 1, min, UINT32_MAX - 1, &max) < 0)
		return -EBADMSG;
	return filter_plan_range(plan, (uint32_t)min, (uint32_t)max);
}

static int take_line(char *line, struct filter_plan *plan)
{
	struct network n;

	if (strncmp(line, "range ", 6) == 0)
		return take_range(line + 6, plan);
	if (strncmp(line, "network ", 8) != 0 ||
		network_parse(line + 8, &n) < 0)
		return -EBADMSG;
	return filter_plan_network(plan, &n);
}

int filter_last_parse(const char *text, size_t len, struct filter_plan *plan)
{
	struct cursor c;

	cursor_init(&c, text, len);
	while (cursor_left(&c) > 0) {
		char line[LINE_MAX_BYTES + 1];
		size_t line_len;
		const char *at =
			cursor_until(&c, '\n', LINE_MAX_BYTES, &line_len);
		int r;

		if (!at || memchr(at, '\0', line_len))
			return -EBADMSG;
		memcpy(line, at, line_len);
		line[line_len] = '\0';
		r = take_line(line, plan);
		if (r < 0)
			return r;
	}
	return 0;
}

int filter_last_add(const char *path, uid_t owner, struct filter_plan *plan)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = trusted_read(
		AT_FDCWD, path, owner, LAST_MAX_BYTES, &text, &len);

	return r < 0 ? r : filter_last_parse(text, len, plan);
}

static int write_lines(FILE *f, const struct filter_plan *plan)
{
	char text[ADDRESS_TEXT_SIZE];
	bool failed;

	for (size_t i = 0; i < plan->range_count; i++)
		fprintf(f, "range %u %u\n", plan->ranges[i].min,
			plan->ranges[i].max);
	for (size_t i = 0; i < plan->network_count; i++)
		fprintf(f, "network %s/%u\n",
			address_format(
				&plan->networks[i].address, text, sizeof(text)),
			plan->networks[i].prefix);
	failed = ferror(f);
	return fclose(f) != 0 || failed ? -ENOMEM : 0;
}

int filter_last_save(const char *path, const struct filter_plan *plan)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder = NULL, *text = NULL;
	_cleanup_close_ int dirfd = -1;
	struct fd_replace how = {
		.mode = 0600, .uid = -1, .gid = -1, .durable = 1};
	size_t len = 0;
	FILE *f;
	int r;

	if (!slash || !slash[1])
		return -EINVAL;
	how.name = slash + 1;
	folder = strndup(path, (size_t)(slash - path));
	f = open_memstream(&text, &len);
	if (!folder || !f)
		return -ENOMEM; /* and the process ends */
	r = write_lines(f, plan);
	if (r < 0)
		return r;
	dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return -errno;
	return fd_replace_file(dirfd, &how, text, len);
}

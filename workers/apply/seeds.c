/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/apply/seeds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/fd.h"
#include "base/number.h"
#include "base/trusted.h"
#include "grants/siphash.h"

#define INDEX_MAX_BYTES ((size_t)4 << 20)
#define INDEX_LINE_MAX	64

/* Which seal a seed file was made of. */
struct entry {
	uint32_t uid;
	char seal[33]; /* hex of a hash of its text */
	bool bad;      /* it did not open, which has been told */
};

struct index {
	size_t count;
	struct entry *of; /* owned; by uid */
};

static void index_done(struct index *x)
{
	free(x->of);
}

static int by_uid(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static const struct entry *index_find(const struct index *x, uint32_t uid)
{
	const struct entry key = {.uid = uid};

	return x->count ? bsearch(&key, x->of, x->count, sizeof(key), by_uid)
			: NULL;
}

static int index_line(struct index *x, const char *line, size_t len)
{
	char copy[INDEX_LINE_MAX + 1], *blank;
	struct entry one = {0};
	uint64_t uid;

	memcpy(copy, line, len);
	copy[len] = '\0';
	blank = strchr(copy, ' ');
	if (!blank)
		return -EBADMSG;
	*blank++ = '\0';
	one.bad = *blank == '!';
	if (strlen(blank + one.bad) != sizeof(one.seal) - 1)
		return -EBADMSG;
	if (number_parse(copy, 1, UINT32_MAX, &uid) < 0)
		return -EBADMSG;
	one.uid = (uint32_t)uid;
	memcpy(one.seal, blank + one.bad, sizeof(one.seal));
	if (x->count > 0 && x->of[x->count - 1].uid >= one.uid)
		return -EBADMSG;
	x->of[x->count++] = one;
	return 0;
}

/* One that is missing or damaged is empty: all seals are opened anew. */
static void index_read(const struct seeds_places *places, struct index *ret)
{
	_cleanup_free_ char *text = NULL;
	struct index x = {0};
	struct cursor c;
	size_t len;

	*ret = x;
	if (trusted_read(places->dir_fd, SEEDS_INDEX, places->owner,
		    INDEX_MAX_BYTES, &text, &len) < 0)
		return;
	x.of = calloc(len / 34 + 1, sizeof(*x.of));
	cursor_init(&c, text, len);
	while (x.of && cursor_left(&c) > 0) {
		size_t line_len;
		const char *line =
			cursor_until(&c, '\n', INDEX_LINE_MAX, &line_len);

		if (!line || index_line(&x, line, line_len) < 0) {
			index_done(&x);
			return;
		}
	}
	if (x.of)
		*ret = x;
}

static int index_write(const struct seeds_places *places, const struct index *x)
{
	const struct fd_replace how = {
		.name = SEEDS_INDEX, .mode = 0600, .uid = -1, .gid = -1};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool failed;

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < x->count; i++)
		fprintf(f, "%u %s%s\n", x->of[i].uid, x->of[i].bad ? "!" : "",
			x->of[i].seal);
	failed = ferror(f);
	failed = fclose(f) != 0 || failed;
	return failed ? -ENOMEM
		      : fd_replace_file(places->dir_fd, &how, text, len);
}

/* A seal is for one user of one name; so is its mark. */
static void seal_mark(const struct snapshot_user *u, char ret[33])
{
	uint64_t h[2];

	for (uint64_t i = 0; i < 2; i++) {
		h[i] = siphash(i, 1, u->name, strlen(u->name));
		h[i] = siphash(i, h[i], u->otp, strlen(u->otp));
	}
	snprintf(ret, 33, "%016" PRIx64 "%016" PRIx64, h[0], h[1]);
}

static void file_name(uint32_t uid, char ret[16])
{
	snprintf(ret, 16, "%u", uid);
}

struct bringing {
	const struct seeds_places *places;
	const char *bastion_id;
	struct key key;
	int key_error;
	bool key_tried;
	struct index old, new;
	seeds_tell *tell;
	void *context;
	struct seeds_count count;
};

static void bringing_done(struct bringing *b)
{
	index_done(&b->old);
	index_done(&b->new);
	key_done(&b->key);
}

/* The key is read when the first seal needs it. */
static int need_key(struct bringing *b)
{
	struct fault fault = {0};

	if (!b->key_tried)
		b->key_error = seal_key_load(
			b->places->key_dir, b->places->owner, &b->key, &fault);
	if (!b->key_tried && b->key_error < 0)
		fprintf(stderr, "jump-apply: the bastion's key: %s\n",
			fault.text);
	b->key_tried = true;
	return b->key_error;
}

static void remember(struct bringing *b, const struct entry *entry)
{
	b->new.of[b->new.count++] = *entry;
}

static int bring_one(struct bringing *b, const struct snapshot_user *u)
{
	_cleanup_seed_ struct seed seed = {0};
	struct entry entry = {.uid = u->uid};
	const struct entry *had = index_find(&b->old, u->uid);
	struct fault fault = {0};
	char name[16];
	int r;

	seal_mark(u, entry.seal);
	file_name(u->uid, name);
	if (had && strcmp(had->seal, entry.seal) == 0 &&
		(had->bad ||
			faccessat(b->places->dir_fd, name, F_OK, 0) == 0)) {
		entry.bad = had->bad;
		*(had->bad ? &b->count.failed : &b->count.kept) += 1;
		remember(b, &entry);
		return 0;
	}
	r = need_key(b);
	if (r < 0)
		return r;
	r = seal_open(&b->key, u->otp, b->bastion_id, u->name, &seed, &fault);
	if (r == -ENOMEM)
		return r;
	if (r < 0) { /* the old one is not what the service means */
		(void)unlinkat(b->places->dir_fd, name, 0);
		b->count.failed++;
		b->tell(u, fault.word ? fault.word : "seal", b->context);
		entry.bad = true;
		remember(b, &entry);
		return 0;
	}
	r = seed_store(b->places->dir_fd, u->uid, &seed);
	if (r == 0) {
		b->count.opened++;
		remember(b, &entry);
	}
	return r;
}

static bool has_seed(const struct snapshot_user *u)
{
	return u->otp && !u->disabled;
}

int seeds_bring(const struct seeds_places *places, const struct compiled *c,
	seeds_tell *tell, void *context, struct seeds_count *ret_count)
{
	__attribute__((cleanup(bringing_done))) struct bringing b = {
		.places = places,
		.bastion_id = c->policy->settings.bastion_id,
		.tell = tell,
		.context = context,
	};
	int r = 0, q;

	index_read(places, &b.old);
	b.new.of = calloc(c->user_count + 1, sizeof(*b.new.of));
	if (!b.new.of)
		return -ENOMEM;
	/* By uid, as the index is. */
	for (size_t i = 0; i < c->user_count; i++) {
		const struct snapshot_user *u = c->users[i].from;

		q = has_seed(u) ? bring_one(&b, u) : 0;
		r = r < 0 ? r : q;
	}
	q = index_write(places, &b.new);
	*ret_count = b.count;
	return r < 0 ? r : q;
}

static bool wanted(const struct compiled *c, const char *name)
{
	size_t low = 0, high = c->user_count;
	uint64_t uid;

	if (strcmp(name, SEEDS_INDEX) == 0)
		return true;
	if (number_parse(name, 1, UINT32_MAX, &uid) < 0)
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct snapshot_user *u = c->users[middle].from;

		if (u->uid == uid)
			return has_seed(u);
		if (u->uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int seeds_clear(const struct seeds_places *places, const struct compiled *c,
	struct seeds_count *count)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd =
		openat(places->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		cleanup_close(&fd);
		return -ENOMEM;
	}
	for (const struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.' &&
			(e->d_name[1] == '\0' || e->d_name[1] == '.'))
			continue;
		if (wanted(c, e->d_name))
			continue;
		if (unlinkat(fd, e->d_name, 0) < 0)
			r = -errno;
		else
			count->removed++;
	}
	return r;
}

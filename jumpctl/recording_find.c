/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpctl/recording.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

static bool day_valid(const char *name)
{
	static const char form[] = "dddd-dd-dd";

	if (strlen(name) != strlen(form))
		return false;
	for (size_t i = 0; form[i]; i++) {
		if (form[i] == 'd' ? name[i] < '0' || name[i] > '9'
				   : name[i] != '-')
			return false;
	}
	return true;
}

/* "SESSION.CONN.cast" */
static bool take_name(const char *name, struct recording_ref *ref)
{
	static const char suffix[] = ".cast";
	size_t want = UUID_SIZE + CONN_SIZE - 1 + strlen(suffix);

	if (strlen(name) != want || name[UUID_SIZE - 1] != '.' ||
		strcmp(name + UUID_SIZE + CONN_SIZE - 1, suffix) != 0)
		return false;
	memcpy(ref->session, name, UUID_SIZE - 1);
	ref->session[UUID_SIZE - 1] = '\0';
	memcpy(ref->conn, name + UUID_SIZE, CONN_SIZE - 1);
	ref->conn[CONN_SIZE - 1] = '\0';
	return uuid_valid(ref->session) && conn_valid(ref->conn);
}

static int of_day(const char *folder, const char *day,
	int (*each)(const struct recording_ref *ref, void *context),
	void *context)
{
	struct dirent **names = NULL;
	char path[PATH_MAX];
	int count, r = 0;

	if (snprintf(path, sizeof(path), "%s/%s", folder, day) >= PATH_MAX)
		return -ENAMETOOLONG;
	count = scandir(path, &names, NULL, alphasort);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		struct recording_ref ref = {0};

		if (r == 0 && take_name(names[i]->d_name, &ref) &&
			snprintf(ref.path, sizeof(ref.path), "%s/%s/%s", folder,
				day, names[i]->d_name) < PATH_MAX) {
			memcpy(ref.day, day, sizeof(ref.day));
			r = each(&ref, context);
		}
		free(names[i]);
	}
	free(names);
	return r;
}

int recording_each(const char *folder, const char *day,
	int (*each)(const struct recording_ref *ref, void *context),
	void *context)
{
	struct dirent **days = NULL;
	int count, r = 0;

	if (day)
		return day_valid(day) ? of_day(folder, day, each, context)
				      : -EINVAL;
	count = scandir(folder, &days, NULL, alphasort);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		if (r == 0 && day_valid(days[i]->d_name))
			r = of_day(folder, days[i]->d_name, each, context);
		free(days[i]);
	}
	free(days);
	return r;
}

struct search {
	const char *word;
	struct recording_ref found;
	unsigned count;
};

static int compare(const struct recording_ref *ref, void *context)
{
	struct search *s = context;

	if (strcmp(ref->conn, s->word) != 0 &&
		(strlen(s->word) < 4 ||
			strncmp(ref->session, s->word, strlen(s->word)) != 0))
		return 0;
	s->found = *ref;
	s->count++;
	return 0;
}

static int take_path(const char *path, struct recording_ref *ret_ref)
{
	const char *name = strrchr(path, '/') + 1;
	struct recording_ref ref = {0};

	if (strlen(path) >= sizeof(ref.path))
		return -ENAMETOOLONG;
	memcpy(ref.path, path, strlen(path) + 1);
	(void)take_name(name, &ref); /* a copy may be called anything */
	if (access(path, F_OK) < 0)
		return -errno;
	*ret_ref = ref;
	return 0;
}

int recording_find(
	const char *folder, const char *word, struct recording_ref *ret_ref)
{
	struct search s = {.word = word};
	int r;

	if (strchr(word, '/'))
		return take_path(word, ret_ref);
	r = recording_each(folder, NULL, compare, &s);
	if (r < 0)
		return r;
	if (s.count != 1)
		return s.count ? -EEXIST : -ENOENT;
	*ret_ref = s.found;
	return 0;
}

FILE *recording_open(const struct recording_ref *ref)
{
	_cleanup_close_ int fd =
		open(ref->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	FILE *f;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = EPERM;
		return NULL;
	}
	f = fdopen(fd, "r");
	if (f)
		fd = -1;
	return f;
}

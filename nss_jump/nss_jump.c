/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libnss_jump: libc asks who a supplier is. It runs inside every process of
 * the host, so it is a thin coat over the bounded reader of users.db: no
 * state, no configuration, no environment, nothing allocated but the group
 * array that libc hands to initgroups_dyn to grow.
 *
 * A user has a private group (gid = uid, same name), home "/", and a
 * password that no password can match. Names that the local passwd has are
 * never answered, whatever users.db says.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grants/lookup.h"

/* The tests build this file a second time, with paths of theirs. */
#ifndef NSS_JUMP_USERS_DB
#define NSS_JUMP_USERS_DB LOOKUP_USERS_DB
#define NSS_JUMP_PASSWD	  "/etc/passwd"
#define NSS_JUMP_OWNER	  0
#endif

#define NSS_EXPORT	 __attribute__((visibility("default")))
#define GID_UNSAID	 ((gid_t)-1)
#define PASSWD_CHUNK	 2048
#define PASSWD_MAX_BYTES (4u << 20) /* above: not looked through, no answer */

/* libc has no header for the entry points of a module. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

struct answer {
	struct lookup_user user;
	uint32_t users_gid;
};

/*
 * -errno to what libc understands, and the only place that does so. Where no
 * answer is possible errno says ENOENT, which getpwnam(3) lists as "not
 * found": a host whose users.db is missing or broken goes on without us.
 */
static enum nss_status status_of(int r, int *errnop)
{
	switch (r) {
	case 0:
		return NSS_STATUS_SUCCESS;
	case -ESRCH:
		*errnop = ENOENT;
		return NSS_STATUS_NOTFOUND;
	case -ERANGE:
	case -ENOMEM:
		*errnop = -r;
		return NSS_STATUS_TRYAGAIN;
	default:
		*errnop = ENOENT;
		return NSS_STATUS_UNAVAIL;
	}
}

/*
 * One step of the look through passwd: is there a line that begins with
 * "name:"? *at is how much of that the current line has matched, or
 * SIZE_MAX when this line is another's; it lives on into the next chunk.
 */
static int passwd_chunk_has(
	const char *chunk, size_t len, const char *name, size_t *at)
{
	const char *p = chunk, *end = chunk + len;

	while (p < end) {
		if (*at == SIZE_MAX) {
			p = memchr(p, '\n', (size_t)(end - p));
			if (!p)
				return 0;
			p++;
			*at = 0;
		} else if (name[*at] == '\0' && *p == ':') {
			return 1;
		} else if (name[*at] != '\0' && name[*at] == *p) {
			p++;
			(*at)++;
		} else {
			*at = SIZE_MAX; /* p stays: it may be the newline */
		}
	}
	return 0;
}

/* 0: the local passwd has no such name; -ESRCH: it has; else: can't tell. */
static int passwd_lacks_fd(int fd, const char *name)
{
	char chunk[PASSWD_CHUNK];
	size_t at = 0, total = 0;

	while (total <= PASSWD_MAX_BYTES) {
		ssize_t got = read(fd, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		if (passwd_chunk_has(chunk, (size_t)got, name, &at))
			return -ESRCH;
		total += (size_t)got;
	}
	return -EFBIG;
}

static int passwd_lacks(const char *name)
{
	int r, fd = open(NSS_JUMP_PASSWD,
		       O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	r = passwd_lacks_fd(fd, name);
	(void)close(fd);
	return r;
}

/*
 * Who is that name, or (name NULL) that uid? 0; -ESRCH: nobody of ours;
 * another -errno: no answer.
 */
static int who_is(const char *name, uint32_t uid, struct answer *ret_answer)
{
	struct lookup l;
	int r;

	/* Most questions of a host are about others: no system call then. */
	if (name ? !lookup_name_possible(name) : !lookup_uid_possible(uid))
		return -ESRCH;
	r = lookup_open(NSS_JUMP_USERS_DB, NSS_JUMP_OWNER, &l);
	if (r < 0)
		return r;
	ret_answer->users_gid = l.users_gid;
	r = name ? lookup_by_name(&l, name, &ret_answer->user)
		 : lookup_by_uid(&l, uid, &ret_answer->user);
	lookup_close(&l);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	return passwd_lacks(ret_answer->user.name);
}

/* Takes the text into the caller's buffer, which was measured before. */
static char *text_put(char **at, const char *text)
{
	char *start = *at;
	size_t size = strlen(text) + 1;

	memcpy(start, text, size);
	*at = start + size;
	return start;
}

static int passwd_fill(const struct lookup_user *u, struct passwd *pw,
	char *buffer, size_t buflen)
{
	static const char password[] = "*", dir[] = "/",
			  shell[] = JUMP_LIBEXECDIR "/jumpshell";
	const size_t size = strlen(u->name) + 1 + strlen(u->gecos) + 1 +
			    sizeof(password) + sizeof(dir) + sizeof(shell);
	char *at = buffer;

	if (buflen < size)
		return -ERANGE;
	pw->pw_name = text_put(&at, u->name);
	pw->pw_passwd = text_put(&at, password);
	pw->pw_uid = u->uid;
	pw->pw_gid = u->uid;
	pw->pw_gecos = text_put(&at, u->gecos);
	pw->pw_dir = text_put(&at, dir);
	pw->pw_shell = text_put(&at, shell);
	return 0;
}

/* The private group; its user is in it by pw_gid and not by a list. */
static int group_fill(const struct lookup_user *u, struct group *gr,
	char *buffer, size_t buflen)
{
	static const char password[] = "x";
	const size_t skip = -(uintptr_t)buffer % _Alignof(char *);
	const size_t size =
		skip + sizeof(char *) + strlen(u->name) + 1 + sizeof(password);
	char *at;

	if (buflen < size)
		return -ERANGE;
	gr->gr_mem = (char **)(void *)(buffer + skip);
	gr->gr_mem[0] = NULL;
	at = buffer + skip + sizeof(char *);
	gr->gr_name = text_put(&at, u->name);
	gr->gr_passwd = text_put(&at, password);
	gr->gr_gid = u->uid;
	return 0;
}

static int passwd_answer(const char *name, uint32_t uid, struct passwd *pw,
	char *buffer, size_t buflen)
{
	struct answer a;
	int r = who_is(name, uid, &a);

	return r < 0 ? r : passwd_fill(&a.user, pw, buffer, buflen);
}

static int group_answer(const char *name, uint32_t uid, struct group *gr,
	char *buffer, size_t buflen)
{
	struct answer a;
	int r = who_is(name, uid, &a);

	return r < 0 ? r : group_fill(&a.user, gr, buffer, buflen);
}

/* What libc handed to initgroups_dyn; it is malloc's and may be grown. */
struct grouplist {
	long *start, *size, limit;
	gid_t **gids;
};

static int grouplist_add(const struct grouplist *g, gid_t gid)
{
	for (long i = 0; i < *g->start; i++)
		if ((*g->gids)[i] == gid)
			return 0;
	if (*g->start == *g->size) {
		gid_t *grown;

		if (g->limit > 0 && *g->size >= g->limit)
			return 0; /* libc's way: what fits counts */
		grown = realloc(
			*g->gids, ((size_t)*g->size + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		*g->gids = grown;
		(*g->size)++;
	}
	(*g->gids)[(*g->start)++] = gid;
	return 0;
}

NSS_EXPORT enum nss_status _nss_jump_getpwnam_r(const char *name,
	struct passwd *pw, char *buffer, size_t buflen, int *errnop)
{
	return status_of(passwd_answer(name, 0, pw, buffer, buflen), errnop);
}

NSS_EXPORT enum nss_status _nss_jump_getpwuid_r(
	uid_t uid, struct passwd *pw, char *buffer, size_t buflen, int *errnop)
{
	return status_of(passwd_answer(NULL, uid, pw, buffer, buflen), errnop);
}

NSS_EXPORT enum nss_status _nss_jump_getgrnam_r(const char *name,
	struct group *gr, char *buffer, size_t buflen, int *errnop)
{
	return status_of(group_answer(name, 0, gr, buffer, buflen), errnop);
}

NSS_EXPORT enum nss_status _nss_jump_getgrgid_r(
	gid_t gid, struct group *gr, char *buffer, size_t buflen, int *errnop)
{
	return status_of(group_answer(NULL, gid, gr, buffer, buflen), errnop);
}

/*
 * Membership of jump-users. A process that asks with another primary group
 * than the user's own is not a login of ours: it gets nothing. nscd says
 * none, because it asks for all of them.
 */
NSS_EXPORT enum nss_status _nss_jump_initgroups_dyn(const char *name, gid_t gid,
	long *start, long *size, gid_t **gids, long limit, int *errnop)
{
	const struct grouplist list = {start, size, limit, gids};
	struct answer a;
	int r = -ESRCH;

	if (gid == GID_UNSAID || lookup_uid_possible(gid))
		r = who_is(name, 0, &a);
	if (r == 0 && gid != GID_UNSAID && gid != a.user.uid)
		r = -ESRCH;
	if (r == 0)
		r = grouplist_add(&list, a.users_gid);
	return status_of(r, errnop);
}

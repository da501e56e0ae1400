/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a question to nss_jump cost? Its own getpwnam_r with a million
 * enrolled users, over nss_files' own with ten lines, in turns within one
 * run; and the whole chain of a stock host with and without us beside it.
 * Prints "NAME OURS FILES" a pair, in us; "NAME TIME" where there is no pair.
 *
 * Runs as root in a mount namespace of its own: a tmpfs on /run/jump, ten
 * lines on /etc/passwd. argv[1] is the module; LD_LIBRARY_PATH names its
 * folder, so that libc finds it for the chain.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <nss.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/name.h"
#include "grants/users_write.h"

#define USERS	    1000000u
#define UID0	    1900000000u
#define ROUNDS	    15
#define CALLS	    20000
#define CHAIN_CALLS 2000

typedef enum nss_status question(
	const char *, struct passwd *, char *, size_t, int *);

static void die(const char *what)
{
	fprintf(stderr, "bench nss: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The user asked for in turn i: all over the file, so no page stays hot. */
static uint32_t user_number(unsigned i)
{
	return (uint32_t)(((uint64_t)i * 2654435761u) % USERS);
}

static void users_publish(void)
{
	struct users_entry *users = calloc(USERS, sizeof(*users));
	char(*names)[NAME_SIZE] = calloc(USERS, sizeof(*names));
	struct users_list list = {.generation = 1,
		.uid_min = UID0,
		.uid_max = UID0 + 9999999,
		.users_gid = 990,
		.count = USERS,
		.users = users};
	_cleanup_close_ int fd = -1;

	if (!users || !names)
		die("memory");
	for (uint32_t i = 0; i < USERS; i++) {
		snprintf(names[i], sizeof(names[i]), "vendor%u-tech%u", i / 100,
			i % 100);
		users[i] = (struct users_entry){
			names[i], UID0 + i, "Full Name, Vendor Ltd."};
	}
	if (mkdir("/run/jump/db", 0755) < 0 ||
		mkdir("/run/jump/db/1", 0755) < 0 ||
		symlink("1", "/run/jump/db/current") < 0)
		die("/run/jump/db");
	fd = open("/run/jump/db/1/users.db",
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || users_write(fd, &list) < 0)
		die("users.db");
	free(users);
	free(names);
}

static void bind_text(const char *text, const char *over)
{
	char path[] = "/run/jump/XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 ||
		fchmod(fd, 0644) < 0 || close(fd) < 0 ||
		mount(path, over, NULL, MS_BIND, NULL) < 0)
		die(over);
}

static void world_make(void)
{
	(void)mkdir("/run/jump", 0755);
	if (unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("tmpfs", "/run/jump", "tmpfs", 0, "mode=0755,size=512m") <
			0)
		die("mount namespace (run it as root)");
	bind_text("root:x:0:0:root:/root:/bin/bash\n"
		  "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
		  "bin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
		  "sys:x:3:3:sys:/dev:/usr/sbin/nologin\n"
		  "sync:x:4:65534:sync:/bin:/bin/sync\n"
		  "games:x:5:60:games:/usr/games:/usr/sbin/nologin\n"
		  "man:x:6:12:man:/var/cache/man:/usr/sbin/nologin\n"
		  "lp:x:7:7:lp:/var/spool/lpd:/usr/sbin/nologin\n"
		  "mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n"
		  "news:x:9:9:news:/var/spool/news:/usr/sbin/nologin\n",
		"/etc/passwd");
}

static double ask(question *q, int calls, bool files, bool hit)
{
	static unsigned turn;
	char name[NAME_SIZE], buffer[1024];
	struct passwd pw;
	double start = now_us();
	int e;

	for (int i = 0; i < calls; i++) {
		uint32_t n = user_number(turn++);

		snprintf(name, sizeof(name),
			hit ? "vendor%u-tech%u" : "absent%u-tech%u", n / 100,
			n % 100);
		if (q(files && hit ? "games" : name, &pw, buffer,
			    sizeof(buffer), &e) !=
			(hit ? NSS_STATUS_SUCCESS : NSS_STATUS_NOTFOUND))
			die("unexpected answer");
	}
	return (now_us() - start) / calls;
}

/* The chain of nsswitch.conf, through libc's own front. */
static enum nss_status chain(const char *name, struct passwd *pw, char *buffer,
	size_t size, int *errnop)
{
	struct passwd *result = NULL;

	*errnop = getpwnam_r(name, pw, buffer, size, &result);
	return result ? NSS_STATUS_SUCCESS : NSS_STATUS_NOTFOUND;
}

static void pair(const char *name, question *ours, question *files, bool hit)
{
	(void)ask(ours, CALLS, false, hit); /* warm */
	(void)ask(files, CALLS, true, hit);
	for (int i = 0; i < ROUNDS; i++) {
		double ours_us = ask(ours, CALLS, false, hit);

		printf("%s %.4f %.4f\n", name, ours_us,
			ask(files, CALLS, true, hit));
	}
}

static void chain_show(const char *name, const char *services, bool hit)
{
	char line[128];

	snprintf(line, sizeof(line), "passwd: %s\n", services);
	bind_text(line, "/etc/nsswitch.conf");
	for (int i = 0; i < ROUNDS; i++)
		printf("%s %.4f\n", name,
			ask(chain, CHAIN_CALLS, !strstr(services, "jump"),
				hit));
}

int main(int argc, char **argv)
{
	void *module = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
	question *ours, *files;

	if (!module) {
		fprintf(stderr, "usage: bench-nss MODULE (%s)\n", dlerror());
		return 2;
	}
	ours = (question *)dlsym(module, "_nss_jump_getpwnam_r");
	/* Since glibc 2.34 nss_files lives in libc itself. */
	files = (question *)dlsym(RTLD_DEFAULT, "_nss_files_getpwnam_r");
	if (!ours || !files)
		die("no entry point");
	world_make();
	users_publish();
	pair("nss-hit-1m", ours, files, true);
	pair("nss-miss-1m", ours, files, false);
	chain_show("nss-chain-stock-hit", "files systemd", true);
	chain_show("nss-chain-hit-1m", "files systemd jump", true);
	chain_show("nss-chain-stock-miss", "files systemd", false);
	chain_show("nss-chain-miss-1m", "files systemd jump", false);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Enters jumpshell's fence and then tries what an attacker inside would:
 * fenced FOLDER PROGRAM. Exits 0 when each was refused, else with the number
 * of the first that was not; 77 on a kernel without Landlock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jumpshell/fence.h"

static int runs(const char *program)
{
	char *const argv[] = {(char *)program, NULL};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execv(program, argv);
		_exit(errno == EACCES ? 113 : 114);
	}
	return waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	       WEXITSTATUS(status) != 113;
}

static int try_all(const char *folder, const char *program)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/x", folder);
	if (runs(program))
		return 1;
	if (runs("/usr/bin/id") || runs("/usr/bin/python3"))
		return 2;
	if (open(path, O_CREAT | O_WRONLY, 0600) >= 0)
		return 3;
	if (mkdir(path, 0700) == 0)
		return 4;
	if (symlink("/etc/passwd", path) == 0)
		return 5;
	if (mkfifo(path, 0600) == 0)
		return 6;
	if (open("/tmp", O_TMPFILE | O_WRONLY, 0600) >= 0)
		return 7;
	if (link("/etc/passwd", path) == 0)
		return 8;
	if (!runs("/usr/bin/ssh"))
		return 9; /* this one must run */
	return 0;
}

int main(int argc, char **argv)
{
	int r;

	if (argc != 3)
		return 99;
	r = fence_enter();
	if (r == -EOPNOTSUPP)
		return 77;
	return r < 0 ? 98 : try_all(argv[1], argv[2]);
}

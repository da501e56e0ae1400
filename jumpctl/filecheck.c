/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpctl/filecheck.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *fault_of(const char *path, uid_t owner)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is no file";
	if (st.st_uid != owner)
		return "it is not root's";
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return "others may write to it";
	return st.st_mode & S_IXOTH ? NULL : "jump-check may not run it";
}

bool filecheck_fault(const struct conduit *c, uid_t owner,
	char ret_text[FILECHECK_FAULT_SIZE])
{
	char path[POLICY_FILE_CHECK_SIZE];
	size_t len = strcspn(c->file_check, " \t");
	const char *fault;

	if (!c->file_check[0])
		return false;
	memcpy(path, c->file_check, len);
	path[len] = '\0';
	fault = fault_of(path, owner);
	if (!fault)
		return false;
	snprintf(ret_text, FILECHECK_FAULT_SIZE,
		"%s:%u: [conduit %s] FileCheck: %s: %s; until it is, nothing "
		"can be uploaded",
		c->origin.file, c->origin.line, c->name, path, fault);
	return true;
}

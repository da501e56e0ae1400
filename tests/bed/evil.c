/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an attacker would like to have loaded: leaves a mark when it is. The
 * escape tests offer it in every place a library could be named.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void loaded(void)
{
	(void)close(open(JUMP_MARK "/loaded", O_CREAT | O_WRONLY, 0666));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second wall behind the code: from here on the kernel lets this process
 * and all that it starts run only the programs that an onward connection
 * needs, and write to no file that has a name.
 */
#ifndef JUMP_JUMPSHELL_FENCE_H
#define JUMP_JUMPSHELL_FENCE_H

/*
 * Sets no_new_privs and a Landlock domain. Returns 0; -EOPNOTSUPP on a
 * kernel without Landlock (the code's own wall stands alone then); another
 * -errno: don't go on. Source: landlock(7).
 */
int fence_enter(void);

#endif

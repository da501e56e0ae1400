/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The folder of generations: their names, the link to the published one, and
 * the removal of old ones. doc/formats/rights.md, section 1.
 */
#ifndef JUMP_GRANTS_GENERATIONS_H
#define JUMP_GRANTS_GENERATIONS_H

#include <stdint.h>

#define GENERATION_NAME_SIZE 21 /* digits of a uint64_t and a NUL */
#define GENERATION_USERS     "users"

void generation_name(uint64_t generation, char ret_name[GENERATION_NAME_SIZE]);

/* What `current` in the folder names; 0: nothing. 0 or -errno. */
int generations_current(int dir, uint64_t *ret_generation);

/* The highest number that any folder has, published or not. */
int generations_highest(int dir, uint64_t *ret_generation);

/* `current` names this one from now on, by one rename. */
int generations_switch(int dir, uint64_t generation);

/* Removes one resp. all but these two; what is not a generation stays. */
int generations_remove(int dir, uint64_t generation);
int generations_keep(int dir, uint64_t one, uint64_t other);

#endif

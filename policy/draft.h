/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy while it is being read: each section with the line of each of its
 * keys, so that a complaint of the whole-policy checks, too, can point at the
 * line that has to change. Inside policy/ only.
 */
#ifndef JUMP_POLICY_DRAFT_H
#define JUMP_POLICY_DRAFT_H

#include "policy/policy.h"

#define DRAFT_KEYS_MAX     48
#define DRAFT_ZONES_MAX    1024
#define DRAFT_TARGETS_MAX  20000
#define DRAFT_CONDUITS_MAX 1024

enum section_kind {
	SECTION_NONE = 0, /* none yet, or one whose keys are skipped */
	SECTION_BASTION,
	SECTION_ZONE,
	SECTION_TARGET,
	SECTION_CONDUIT,
	SECTION_COUNT
};

struct draft_section {
	enum section_kind kind;
	uint32_t order; /* of reading */
	bool broken; /* a key was refused: what follows from it is noise */
	struct origin origin;
	uint32_t key_line[DRAFT_KEYS_MAX]; /* 0: not given; by row of keys */
};

/* Each begins with its section, so that one list code serves all. */
struct zone_draft {
	struct draft_section section;
	struct zone zone;
};
struct target_draft {
	struct draft_section section;
	struct target target;
};
struct conduit_draft {
	struct draft_section section;
	struct conduit conduit;
};

struct draft_list {
	void *items;
	size_t count, capacity, item_size, max;
};

struct draft {
	struct policy_errors *errors;
	bool no_memory;
	const char *file; /* being read */
	struct draft_section *current;
	void *object; /* struct zone, target, conduit or settings of it */
	bool skip; /* keys of a refused section are not complained about */
	bool section_lost; /* a line that began a section was refused */
	uint32_t order;
	struct draft_section bastion;
	struct settings settings;
	struct draft_list zones, targets, conduits;
};

/* What stands in a row of a key table. */
struct key_row {
	const char *name;
	const char *example; /* what a right line has behind the "=" */
	bool (*set)(struct draft *d, const struct key_row *row, uint32_t line,
		const char *value);
	size_t offset; /* of the field in the object */
	size_t width;  /* of a number: 1, 2 or 4 bytes */
	uint64_t min, max;
	bool required;
	bool repeat; /* may stand more than once */
};

/* The rows of a kind, ended by one without name; NULL for SECTION_NONE. */
const struct key_row *keys_of(enum section_kind kind);
/* What holds for a section of that kind before its first key. */
void keys_defaults(enum section_kind kind, void *object);
const char *section_kind_name(enum section_kind kind);

/* One complaint; what is said has to say what would be right. */
void draft_complain(struct draft *d, const struct origin *origin,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same about a line of the section that is being read: it is broken. */
bool draft_refuse(struct draft *d, uint32_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Where a key of a section stands; the section itself when it is not given. */
struct origin draft_key_origin(
	const struct draft_section *s, const char *key);
bool draft_key_given(const struct draft_section *s, const char *key);

/* Takes one file's text. */
void draft_read(struct draft *d, const char *file, const char *bytes,
	size_t len);
/* Missing keys, references, overlaps: what only the whole can show. */
void draft_check(struct draft *d);

static inline struct zone_draft *draft_zone(const struct draft *d, size_t i)
{
	return (struct zone_draft *)d->zones.items + i;
}
static inline struct target_draft *draft_target(
	const struct draft *d, size_t i)
{
	return (struct target_draft *)d->targets.items + i;
}
static inline struct conduit_draft *draft_conduit(
	const struct draft *d, size_t i)
{
	return (struct conduit_draft *)d->conduits.items + i;
}

#endif

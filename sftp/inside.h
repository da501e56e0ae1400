/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate's inside: what its parts know of each other. The parts are: gate
 * (frames in), request, change, open and held (what a client asks), reply
 * (what a target answers), link, transfer, checked, root, ask (the broker),
 * tell (events).
 */
#ifndef JUMP_SFTP_INSIDE_H
#define JUMP_SFTP_INSIDE_H

#include "sftp/attrs.h"
#include "sftp/fold.h"
#include "sftp/frame.h"
#include "sftp/gate.h"
#include "sftp/pending.h"
#include "sftp/place.h"
#include "sftp/protocol.h"
#include "sftp/spool.h"
#include "sftp/sum.h"

#define HANDLES_MAX	256
#define TARGETS_MAX	256
#define QUEUE_FULL	(1 << 20)
#define START_WAIT_MS	15000 /* for a target's first words */
#define STALL_WAIT_MS	60000 /* for one that takes nothing */
#define HOLD_MS		1000  /* what was refused is not asked again */
#define LIST_FRESH_MS	1000
#define HEAD_BYTES	1024	/* a frame without paths or payload */
#define PATHS_BYTES	(20480) /* a frame with two paths */
#define LINK_FOLDS	3

enum handle_kind {
	HANDLE_FREE = 0,
	HANDLE_FILE,
	HANDLE_FOLDER,
	HANDLE_ROOT,
	HANDLE_SPOOL, /* an upload that is to be checked */
	HANDLE_DEAD,  /* its link is gone; only CLOSE is left */
};

enum handle_state {
	STATE_OPENING = 0,
	STATE_OPEN,
	STATE_CLOSING,
	STATE_RELEASING,
};

struct handle {
	uint8_t kind, state, link;
	uint8_t directions; /* bits of enum file_direction: begun */
	bool for_setstat;   /* no handle at all: a SETSTAT that waits */
	uint8_t for_rename; /* ... or a rename: its type, or 0 */
	bool failed, resized, has_size;
	bool root_listed;
	uint32_t number; /* grows with each use */
	uint32_t open_flags;
	uint32_t client_id;	/* OPEN resp. CLOSE that waits */
	uint32_t inflight;	/* reads and writes */
	uint32_t release_status; /* the first failure of a release */
	uint64_t final_size;
	uint64_t end_at; /* where the target said "end"; UINT64_MAX: not */
	uint64_t moved[2]; /* bytes up, down */
	uint64_t sent; /* bytes that the target was asked to write */
	uint32_t set_flags; /* of attrs: for after a release */
	struct attrs attrs;
	struct sum sums[2];
	bool has_sum[2];
	struct spool *spool;
	char *path; /* inner; DEAD: why */
	char *other; /* the new name, of a rename that waits */
	uint16_t remote_len;
	uint8_t remote[SFTP_HANDLE_MAX];
};

enum link_state { LINK_NONE = 0, LINK_INIT, LINK_LIMITS, LINK_UP };

struct link {
	uint8_t state;
	bool over;	     /* the broker said so: to be ended soon */
	bool ending;
	bool served;	     /* something was asked of it for the client */
	bool posix_rename, fsync, statvfs, hardlink; /* what it can */
	uint32_t write_max;
	uint32_t uses;	  /* handles and pending ones */
	int64_t since_ms; /* of its start; of its last use */
	int64_t stalled_ms; /* 0: it takes what it gets */
	size_t stalled_at;  /* bytes that waited then */
	char target[NAME_SIZE];
	char text[CONTROL_TEXT_SIZE]; /* why it is over */
	struct file_terms terms;
	struct fold *folds; /* LIST, LOOK, DENIED */
	struct outq out;
};

struct target {
	char name[NAME_SIZE];
	bool listed;
	uint32_t files;	 /* begun on its link */
	int64_t held_ms; /* until then: refused with that text */
	uint32_t held_code;
	char held_text[CONTROL_TEXT_SIZE];
};

struct gate {
	struct gate_ways ways;
	int error;
	bool spoke; /* INIT was there */
	int64_t now_ms;
	int64_t listed_ms; /* 0: never */
	size_t target_count;
	size_t ahead_bytes;
	unsigned spools;
	struct outq out;
	struct link links[CONTROL_LINKS_MAX];
	struct fold *rootless; /* DENIED without a link */
	char why[CONTROL_TEXT_SIZE];
	uint32_t why_code; /* of link_get() */
	struct control question, answer;
	struct target *targets;
	uint8_t *scratch; /* SFTP_FRAME_MAX: NAME replies */
	struct pendings pendings;
	struct pending nobody;
	struct handle handles[HANDLES_MAX];
};

/* How a request went. Before WAIT nothing may have happened. */
enum step { STEP_DONE = 0, STEP_WAIT, STEP_MALFORMED };

struct request {
	uint8_t type;
	uint32_t id;
	struct cursor in;
};

/* gate.c: frames out. */
void send_client(struct gate *g, struct build *b, const void *body, size_t len);
void send_link(struct gate *g, unsigned link, struct build *b,
	const void *body, size_t len);
void send_status(struct gate *g, uint32_t id, uint32_t code, const char *text);
void send_errno(struct gate *g, uint32_t id, int r);
void send_handle(struct gate *g, uint32_t id, const struct handle *h);
void send_attrs(struct gate *g, uint32_t id, const struct attrs *a);

/* A text for g->why; of a link: with its target's name before it. */
const char *why(struct gate *g, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* request.c: what a client asks of paths. */
enum step request_take(struct gate *g, struct request *q);
/* READY: *ret_link has it. REFUSED: the client is answered. */
enum link_get request_reach(struct gate *g, uint32_t id,
	const struct place *at, unsigned *ret_link);
bool request_place(
	struct gate *g, uint32_t id, struct bytes path, struct place *ret);
/* A frame of one path, then attributes where there are some. */
void request_send(struct gate *g, uint8_t type, struct pending *p,
	const char *path, const struct attrs *a);

/* change.c: requests that change what lies on a target. */
enum step change_take(struct gate *g, struct request *q);
enum step change_two(struct gate *g, struct request *q, uint8_t type);
bool change_on_target(struct gate *g, uint32_t id, const struct place *at);
bool change_may(
	struct gate *g, unsigned link, uint32_t id, const char *inner);
void change_looked(struct gate *g, const struct handle *h);

/* open.c: OPEN, SETSTAT and renames, which may need a look first. */
enum step open_file(struct gate *g, struct request *q);
enum step open_folder(struct gate *g, struct request *q);
enum step open_setstat(struct gate *g, struct request *q);
/* after the look: FX_OK and attributes, or the status it got */
void open_looked(struct gate *g, struct handle *h, uint32_t status,
	const struct attrs *a);

void open_rename(struct gate *g, uint32_t id, unsigned link, uint8_t type,
	const struct place *from, const char *to);
void open_release(struct gate *g, const struct handle *h);
const char *open_size_refusal(
	struct gate *g, unsigned link, const struct attrs *a);

/* held.c: requests that name a handle. */
enum step held_take(struct gate *g, struct request *q);
enum step held_extended(struct gate *g, struct request *q, bool sync);
void held_send(struct gate *g, uint8_t type, struct pending *p,
	const struct handle *h, const struct attrs *a);
void held_send_write(struct gate *g, struct pending *p,
	const struct handle *h, uint64_t offset, struct bytes data);

/* reply.c: what a target answers. False: the link has ended. */
bool reply_take(struct gate *g, unsigned link, struct frame *f);

/* handle.c */
struct handle *handle_new(struct gate *g, uint8_t kind, uint8_t link);
void handle_free(struct gate *g, struct handle *h);
/* Its link is gone; text: why, for who uses it yet. */
void handle_kill(struct gate *g, struct handle *h, const char *text);
const char *handle_death(const struct handle *h);
uint32_t handle_ref(const struct gate *g, const struct handle *h);
struct handle *handle_by_ref(struct gate *g, uint32_t ref);
struct handle *handle_of_client(struct gate *g, struct bytes name);
struct pending *pend(struct gate *g, uint8_t kind, unsigned link,
	uint32_t client_id, const struct handle *h);
void unpend(struct gate *g, struct pending *p);

/* link.c */
enum link_get { LINK_GET_REFUSED = 0, LINK_GET_READY, LINK_GET_WAIT };
/* REFUSED: the text is in g->why. */
enum link_get link_get(
	struct gate *g, const char *target, unsigned *ret_link);
bool link_takes(struct gate *g, unsigned link);
void link_version(struct gate *g, unsigned link, struct cursor *in);
void link_limits(struct gate *g, unsigned link, struct cursor *in);
void link_lost(struct gate *g, unsigned link, const char *text);
void links_sweep(struct gate *g);
void links_tick(struct gate *g, int64_t *ret_next_ms);

/* transfer.c: its events and its end. */
const char *transfer_refusal(struct gate *g, unsigned link,
	const struct place *at, uint32_t open_flags);
bool transfer_begin(struct gate *g, struct handle *h);
bool transfer_wants_size(const struct handle *h);
bool transfer_end(
	struct gate *g, struct handle *h, bool done, const char *text);

/* checked.c: uploads that are judged first. */
bool checked_begin(struct gate *g, struct handle *h);
void checked_write(struct gate *g, struct handle *h, uint32_t id,
	uint64_t offset, struct bytes data);
void checked_close(struct gate *g, struct handle *h);
void checked_fstat(struct gate *g, const struct handle *h, uint32_t id);
void checked_fsetstat(struct gate *g, struct handle *h, uint32_t id,
	const struct attrs *a);
void checked_reply(struct gate *g, struct handle *h, uint8_t kind,
	uint32_t status, struct bytes remote);

/* root.c: "/" and what is known of targets without asking them. */
bool root_refresh(struct gate *g);
struct target *root_target(struct gate *g, const char *name);
void root_opendir(struct gate *g, uint32_t id);
void root_readdir(struct gate *g, struct handle *h, uint32_t id);
void root_stat(struct gate *g, uint32_t id, const struct place *at);
void root_realpath(struct gate *g, uint32_t id, const struct place *at);
void root_statvfs(struct gate *g, uint32_t id);

/* ask.c: the broker. False: refused (g->why has the text) or the end. */
bool ask_open(struct gate *g, struct target *t, unsigned *ret_link);
bool ask_list(struct gate *g);
bool ask_check(struct gate *g, struct handle *h);
void ask_close(struct gate *g, unsigned link);

/* tell.c: events. False: it could not be written, so don't. */
struct file_event *tell_new(struct gate *g, unsigned link, uint8_t act,
	const char *name);
bool tell(struct gate *g);
bool tell_act(struct gate *g, unsigned link, uint8_t act, const char *name,
	const char *other);
bool tell_attrs(struct gate *g, unsigned link, const char *name,
	const struct attrs *a);
bool tell_folded(struct gate *g, unsigned link, uint8_t act, const char *name);
/* Sends "permission denied" with this text, and tells (folded). */
void deny(struct gate *g, unsigned link, uint32_t id, const char *name,
	const char *text);
void tell_tick(struct gate *g, int64_t *ret_next_ms);
void tell_rest(struct gate *g, unsigned link);
int ask(struct gate *g, const int fds[2], int ret_fds[2]);

#endif

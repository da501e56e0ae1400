/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/apply/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/trusted.h"

void candidate_done(struct candidate *c)
{
	free(c->text);
	snapshot_done(&c->snapshot);
	memset(c, 0, sizeof(*c));
}

/*
 * Once, into memory: whoever owns the file may change it while we look. It
 * may be anybody's, because only a signature makes it count.
 */
static int read_once(const char *path, char **ret_text, size_t *ret_len)
{
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	ssize_t len;

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EPERM;
	if (st.st_size < 0 || (uint64_t)st.st_size > JWS_MAX_BYTES)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	len = fd_read_full(fd, text, (size_t)st.st_size);
	if (len < 0)
		return (int)len;
	text[len] = '\0';
	*ret_text = TAKE_PTR(text);
	*ret_len = (size_t)len;
	return 0;
}

/* From text to snapshot: everything but whether it is news. */
static int verify(const struct accept_places *places, struct candidate *c,
	struct fault *fault)
{
	_cleanup_jws_ struct jws jws = {0};
	int r = jws_verify(
		places->trust_dir, places->owner, c->text, c->len, &jws, fault);

	if (r < 0)
		return r;
	memcpy(c->kid, jws.kid, sizeof(c->kid));
	return snapshot_parse(
		jws.payload, jws.payload_len, &c->snapshot, fault);
}

static int check(const struct accept_terms *terms, const struct candidate *c,
	struct fault *fault)
{
	const struct snapshot *s = &c->snapshot;
	/* In doubt about the time, a revocation must still get through. */
	int64_t now = terms->clock_trusted ? terms->now : s->iat;
	int r = snapshot_check(
		s, terms->bastion_id, terms->last.serial, now, fault);

	if (r == 0 && s->serial == terms->last.serial)
		return fault_set(fault, "serial",
			"serial %llu was accepted with other bytes",
			(unsigned long long)s->serial);
	return r;
}

enum inbox accept_inbox(const struct accept_places *places,
	const struct accept_terms *terms, struct candidate *ret_candidate,
	struct fault *ret_fault)
{
	struct candidate *c = ret_candidate;
	int r = read_once(places->inbox, &c->text, &c->len);

	if (r == -ENOENT)
		return INBOX_EMPTY;
	if (r == 0)
		r = digest_of(c->text, c->len, c->digest);
	if (r < 0) {
		if (r == -EFBIG)
			(void)fault_set(ret_fault, "size", "it is too big");
		else
			(void)fault_errno(ret_fault, r, places->inbox);
		return INBOX_REFUSED;
	}
	if (strcmp(c->digest, terms->last.digest) == 0)
		return INBOX_KNOWN;
	r = verify(places, c, ret_fault);
	if (r == 0)
		r = check(terms, c, ret_fault);
	return r < 0 ? INBOX_REFUSED : INBOX_NEWS;
}

int accept_stored(const struct accept_places *places,
	const struct accept_terms *terms, struct candidate *ret_candidate,
	struct fault *ret_fault)
{
	_cleanup_candidate_ struct candidate c = {0};
	int r = trusted_read(places->state_fd, STATE_SNAPSHOT, places->owner,
		JWS_MAX_BYTES, &c.text, &c.len);

	if (r == -ENOENT && terms->last.serial == 0)
		return r;
	if (r == -ENOENT)
		r = -ENODATA; /* there was one: that is a fault */
	if (r < 0)
		return fault_errno(ret_fault, r, STATE_SNAPSHOT);
	r = digest_of(c.text, c.len, c.digest);
	if (r == 0)
		r = verify(places, &c, ret_fault);
	if (r == 0)
		r = snapshot_check(&c.snapshot, terms->bastion_id,
			terms->last.serial, c.snapshot.iat, ret_fault);
	if (r < 0)
		return r;
	*ret_candidate = c;
	memset(&c, 0, sizeof(c));
	return 0;
}

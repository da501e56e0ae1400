/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/filerefusal.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/moment.h"

/* Source: draft-ietf-secsh-filexfer-02 */
#define FXP_INIT	     1
#define FXP_VERSION	     2
#define FXP_STATUS	     101
#define FX_PERMISSION_DENIED 3
#define SFTP_VERSION	     3
#define HEAD_BYTES	     9 /* length, type, id or version */
#define FRAME_MAX	     34000
#define TEXT_MAX	     255
#define WAIT_MS		     5000

struct head {
	uint8_t type;
	uint8_t id[4];
};

static bool take(int fd, uint8_t *bytes, size_t len, int64_t end_ms)
{
	for (size_t have = 0; have < len;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = end_ms - moment_boot_ms();
		ssize_t n;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0)
			return false;
		n = read(fd, bytes + have, len - have);
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return false;
		have += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* What a frame begins with; the rest of it is read and forgotten. */
static bool take_frame(int fd, struct head *ret_head, int64_t end_ms)
{
	uint8_t bytes[HEAD_BYTES], sink[512];
	uint32_t len;

	if (!take(fd, bytes, sizeof(bytes), end_ms))
		return false;
	len = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	      (uint32_t)bytes[2] << 8 | bytes[3];
	if (len < HEAD_BYTES - 4 || len > FRAME_MAX)
		return false;
	ret_head->type = bytes[4];
	memcpy(ret_head->id, bytes + 5, 4);
	for (len -= HEAD_BYTES - 4; len > 0;) {
		size_t part = len < sizeof(sink) ? len : sizeof(sink);

		if (!take(fd, sink, part, end_ms))
			return false;
		len -= (uint32_t)part;
	}
	return true;
}

/* STATUS: id, code, text, and no language. */
static void put_status(int fd, const struct head *h, const char *text)
{
	size_t len = strnlen(text, TEXT_MAX);
	uint8_t bytes[HEAD_BYTES + 8 + TEXT_MAX + 4] = {0};

	bytes[3] = (uint8_t)(17 + len);
	bytes[2] = (uint8_t)((17 + len) >> 8);
	bytes[4] = FXP_STATUS;
	memcpy(bytes + 5, h->id, 4);
	bytes[12] = FX_PERMISSION_DENIED;
	bytes[16] = (uint8_t)len;
	memcpy(bytes + 17, text, len);
	(void)fd_write_all(fd, bytes, 21 + len);
}

void filerefusal_say(int in, int out, const char *text)
{
	static const uint8_t version[] = {
		0, 0, 0, 5, FXP_VERSION, 0, 0, 0, SFTP_VERSION};
	int64_t end_ms = moment_boot_ms() + WAIT_MS;
	struct head h;

	if (!take_frame(in, &h, end_ms) || h.type != FXP_INIT ||
		fd_write_all(out, version, sizeof(version)) < 0)
		return;
	if (take_frame(in, &h, end_ms))
		put_status(out, &h, text);
}

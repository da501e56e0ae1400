/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seed, code and the state that makes a code good once. The state is replaced
 * by rename while a lock on a file beside it is held: the lock must not move
 * with the file that it guards.
 */
#include "pam_jump/otp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <liboath/oath.h>

#include "base/cleanup.h"
#include "base/keyfile.h"
#include "base/moment.h"
#include "base/number.h"
#include "pam_jump/places.h"

#define CODE_SIZE     16
#define SEED_MIN_LEN  16
#define SEED_MAX_LEN  64
#define LOCK_NAP_MS   5

void otp_seed_wipe(struct otp_seed *seed)
{
	explicit_bzero(seed, sizeof(*seed));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int take_secret(const char *hex, struct secret *ret)
{
	size_t len = hex ? strlen(hex) : 0;

	if (len % 2 || len < SEED_MIN_LEN * 2 || len > SEED_MAX_LEN * 2)
		return -EBADMSG;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		ret->bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	ret->len = len / 2;
	return 0;
}

static int take_seed(const struct keyfile *k, struct otp_seed *seed)
{
	const char *alg = keyfile_text(k, "alg");
	uint64_t digits = 0, period = 0;

	if (k->count != 4 || !alg ||
		keyfile_number(k, "digits", &digits) < 0 ||
		keyfile_number(k, "period", &period) < 0 ||
		(digits != 6 && digits != 8) || (period != 30 && period != 60))
		return -EBADMSG;
	seed->sha256 = strcmp(alg, "sha256") == 0;
	if (!seed->sha256 && strcmp(alg, "sha1") != 0)
		return -EBADMSG;
	seed->digits = (unsigned)digits;
	seed->period = (unsigned)period;
	return take_secret(keyfile_text(k, "secret"), &seed->key);
}

static int dir_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

int otp_seed_read(uint32_t uid, struct otp_seed *ret_seed)
{
	static const struct otp_seed blank = {
		.digits = 6, .period = 30, .key = {.len = 20}};
	_cleanup_keyfile_ struct keyfile k = {0};
	_cleanup_otp_seed_ struct otp_seed seed = {0};
	_cleanup_close_ int dir = dir_open(PLACE_SEEDS);
	char name[16];
	int r = dir < 0 ? dir : 0;

	*ret_seed = blank;
	(void)snprintf(name, sizeof(name), "%u", uid);
	if (r == 0)
		r = keyfile_read(dir, name, PAM_JUMP_OWNER, &k);
	if (r == 0)
		r = take_seed(&k, &seed);
	if (r < 0)
		return r;
	*ret_seed = seed;
	ret_seed->usable = true;
	return 0;
}

/* One step's code against the given one, in time that depends on neither. */
static bool step_fits(
	const struct otp_seed *seed, const char code[CODE_SIZE], uint64_t step)
{
	char want[CODE_SIZE] = {0};
	bool fits;

	if (oath_totp_generate2((const char *)seed->key.bytes, seed->key.len,
		    (time_t)(step * seed->period), seed->period, 0,
		    seed->digits, seed->sha256 ? OATH_TOTP_HMAC_SHA256 : 0,
		    want) != OATH_OK)
		want[0] = '!';
	fits = secret_equal(want, sizeof(want), code, CODE_SIZE);
	explicit_bzero(want, sizeof(want));
	return fits;
}

bool otp_fits(const struct otp_seed *seed, const struct secret *code,
	int64_t now_sec, uint64_t *ret_step)
{
	char given[CODE_SIZE] = {0};
	uint64_t now_step, found = 0;
	bool fits = false;

	if (now_sec < 0 || seed->period == 0)
		return false;
	now_step = (uint64_t)now_sec / seed->period;
	if (code->len < sizeof(given))
		memcpy(given, code->bytes, code->len);
	for (int i = -OTP_SKEW_STEPS; i <= OTP_SKEW_STEPS; i++) {
		uint64_t step = now_step + (uint64_t)(int64_t)i;
		bool here = step_fits(seed, given, step);

		found = here ? step : found;
		fits |= here;
	}
	explicit_bzero(given, sizeof(given));
	if (!fits || !seed->usable || code->len != seed->digits)
		return false;
	*ret_step = found;
	return true;
}

/* An exclusive lock, waited for with an end: a stuck disk is no deadlock. */
static int lock_take(int dir, uint32_t uid)
{
	const struct timespec nap = {.tv_nsec = LOCK_NAP_MS * 1000000L};
	int64_t deadline_ms = moment_boot_ms() + OTP_LOCK_WAIT_MS;
	_cleanup_close_ int fd = -1;
	char name[24];

	(void)snprintf(name, sizeof(name), "%u.lock", uid);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		0600);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (moment_boot_ms() >= deadline_ms)
			return -ETIMEDOUT;
		(void)nanosleep(&nap, NULL);
	}
	return TAKE_FD(fd);
}

/* When the last accepted step ended, UTC seconds; 0 when none ever was. */
static int state_read(int dir, const char *name, uint64_t *ret_used_sec)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	uint64_t step = 0, period = 0;
	int r = keyfile_read(dir, name, PAM_JUMP_OWNER, &k);

	if (r == -ENOENT) {
		*ret_used_sec = 0;
		return 0;
	}
	if (r < 0)
		return r;
	if (k.count != 2 || keyfile_number(&k, "step", &step) < 0 ||
		keyfile_number(&k, "period", &period) < 0 || period == 0 ||
		period > 3600 || step > UINT32_MAX)
		return -EBADMSG;
	*ret_used_sec = (step + 1) * period;
	return 0;
}

int otp_spend(uint32_t uid, uint64_t step, unsigned period)
{
	_cleanup_close_ int dir = dir_open(PLACE_OTP);
	_cleanup_close_ int lock = -1;
	struct keyfile_writer w = {0};
	char name[16];
	uint64_t used_sec = 0;
	const struct fd_replace how = {
		.name = name,
		.mode = 0600,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.durable = 1,
	};
	int r;

	if (dir < 0)
		return dir;
	(void)snprintf(name, sizeof(name), "%u", uid);
	lock = lock_take(dir, uid);
	if (lock < 0)
		return lock;
	r = state_read(dir, name, &used_sec);
	if (r < 0)
		return r;
	if (step * period < used_sec)
		return -EALREADY;
	keyfile_add_number(&w, "step", step);
	keyfile_add_number(&w, "period", period);
	return keyfile_writer_replace(&w, dir, &how);
}

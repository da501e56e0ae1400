/* SPDX-License-Identifier: BSD-2-Clause */
/* The conversation; replies are bounded, wiped and freed. */
#include "pam_jump/prompt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <security/pam_ext.h>

#include "base/moment.h"

int prompt_code(pam_handle_t *pamh, struct secret *ret_code)
{
	char *reply = NULL;
	size_t len, kept = 0;
	int r = 0;

	secret_wipe(ret_code);
	if (pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &reply, "One-time code: ") !=
			PAM_SUCCESS ||
		!reply)
		r = -EIO;
	len = reply ? strnlen(reply, PAM_MAX_RESP_SIZE) : 0;
	for (size_t i = 0; i < len && r == 0; i++) {
		if (reply[i] == ' ')
			continue;
		if (kept == sizeof(ret_code->bytes))
			r = -EMSGSIZE;
		else
			ret_code->bytes[kept++] = (uint8_t)reply[i];
	}
	ret_code->len = r == 0 ? kept : 0;
	if (reply)
		explicit_bzero(reply, strlen(reply));
	free(reply);
	return r;
}

void prompt_tell(pam_handle_t *pamh, const char *line)
{
	(void)pam_info(pamh, "%s", line);
}

int64_t prompt_answer_ms(int64_t reply_boot_ms, int64_t now_boot_ms)
{
	int64_t past = now_boot_ms - reply_boot_ms;

	if (past < 0)
		past = 0;
	return reply_boot_ms +
	       (past / PROMPT_ANSWER_MS + 1) * (int64_t)PROMPT_ANSWER_MS;
}

void prompt_hold_answer(int64_t reply_boot_ms)
{
	int64_t at = prompt_answer_ms(reply_boot_ms, moment_boot_ms());
	const struct timespec until = {
		.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};

	while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL) ==
		EINTR)
		;
}

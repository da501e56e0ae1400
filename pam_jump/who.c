/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the caller out of a PAM transaction. */
#include "pam_jump/who.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <security/pam_ext.h>
#include <security/pam_modutil.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/number.h"
#include "base/trusted.h"
#include "pam_jump/local.h"
#include "pam_jump/places.h"

#define ENV_MAX_BYTES 8192
#define LINE_MAX_LEN  2048

static int copy_text(const char *from, size_t len, char *to, size_t size)
{
	if (len == 0 || len >= size)
		return -EBADMSG;
	memcpy(to, from, len);
	to[len] = '\0';
	return 0;
}

/* "publickey TYPE BASE64": the first factor, of which there is one. */
static int take_key(const char *line, size_t len, struct who *who)
{
	const char *blob;

	if (who->key[0] || copy_text(line, len, who->key, sizeof(who->key)) < 0)
		return -EBADMSG;
	blob = strchr(who->key, ' ');
	if (!blob || strchr(blob + 1, ' ') ||
		fingerprint_make(blob + 1, who->key_name) < 0) {
		who->key[0] = '\0';
		return -EBADMSG;
	}
	return 0;
}

int who_parse_methods(const char *text, struct who *who)
{
	static const char publickey[] = "publickey ";
	const size_t skip = sizeof(publickey) - 1;
	size_t total = strnlen(text, ENV_MAX_BYTES);
	struct cursor c;

	who->key[0] = who->key_name[0] = '\0';
	who->second_method = false;
	if (total >= ENV_MAX_BYTES)
		return -EBADMSG;
	cursor_init(&c, text, total);
	while (cursor_left(&c) > 0) {
		size_t len = 0;
		const char *line = cursor_until(&c, '\n', LINE_MAX_LEN, &len);

		if (!line)
			return -EBADMSG;
		if (len > skip && memcmp(line, publickey, skip) == 0) {
			if (take_key(line + skip, len - skip, who) < 0)
				return -EBADMSG;
		} else if (len > 0) {
			who->second_method = true;
		}
	}
	return 0;
}

/* An address on a link carries its interface: "fe80::1%eth0". */
static int take_source(const char *text, size_t len, struct who *who)
{
	char address[ADDRESS_TEXT_SIZE];
	const char *link = memchr(text, '%', len);

	if (copy_text(text, link ? (size_t)(link - text) : len, address,
		    sizeof(address)) < 0 ||
		address_parse(address, &who->source) < 0)
		return -EBADMSG;
	(void)address_format(
		&who->source, who->source_text, sizeof(who->source_text));
	return 0;
}

int who_parse_connection(const char *text, struct who *who)
{
	size_t len = strnlen(text, ENV_MAX_BYTES), field_len = 0;
	char port[8];
	const char *field;
	uint64_t number;
	struct cursor c;

	if (len >= ENV_MAX_BYTES)
		return -EBADMSG;
	cursor_init(&c, text, len);
	field = cursor_until(&c, ' ', ADDRESS_TEXT_SIZE + 16, &field_len);
	if (!field || take_source(field, field_len, who) < 0)
		return -EBADMSG;
	field = cursor_until(&c, ' ', sizeof(port) - 1, &field_len);
	if (!field || copy_text(field, field_len, port, sizeof(port)) < 0 ||
		number_parse(port, 1, UINT16_MAX, &number) < 0)
		return -EBADMSG;
	who->source_port = (uint16_t)number;
	return 0;
}

enum refusal who_read(pam_handle_t *pamh, struct who *ret_who)
{
	const void *item = NULL;
	const char *text;

	memset(ret_who, 0, sizeof(*ret_who));
	if (pam_get_item(pamh, PAM_USER, &item) != PAM_SUCCESS || !item)
		return REFUSAL_SYSTEM;
	if (!name_valid(item))
		return REFUSAL_NOT_OURS;
	(void)snprintf(ret_who->user, sizeof(ret_who->user), "%s",
		(const char *)item);
	text = pam_getenv(pamh, "JUMP_SESSION");
	if (text && uuid_valid(text))
		memcpy(ret_who->session, text, UUID_SIZE);
	text = pam_getenv(pamh, "SSH_CONNECTION");
	if (!text || who_parse_connection(text, ret_who) < 0)
		return REFUSAL_SYSTEM;
	text = pam_getenv(pamh, "SSH_AUTH_INFO_0");
	if (text && who_parse_methods(text, ret_who) < 0)
		return REFUSAL_KEY;
	return REFUSAL_NONE;
}

int who_name_session(pam_handle_t *pamh, struct who *who)
{
	char setting[sizeof("JUMP_SESSION=") + UUID_SIZE];
	int r;

	if (who->session[0])
		return 0;
	r = uuid_make(who->session);
	if (r < 0)
		return r;
	(void)snprintf(
		setting, sizeof(setting), "JUMP_SESSION=%s", who->session);
	return pam_putenv(pamh, setting) == PAM_SUCCESS ? 0 : -ENOMEM;
}

enum refusal who_is_ours(
	pam_handle_t *pamh, const struct who *who, uint32_t uid)
{
	const struct passwd *pw;
	int r = local_account(PLACE_PASSWD, PAM_JUMP_OWNER, who->user, uid);

	if (r < 0)
		return REFUSAL_SYSTEM;
	if (r > 0)
		return REFUSAL_NOT_OURS;
	pw = pam_modutil_getpwnam(pamh, who->user);
	if (!pw)
		return REFUSAL_SYSTEM;
	return pw->pw_uid == uid ? REFUSAL_NONE : REFUSAL_NOT_OURS;
}

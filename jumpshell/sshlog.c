/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/sshlog.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

/* ssh's own words. Source: OpenSSH 9.2 packet.c, ssherr.c, sshconnect2.c. */
/* Lines of what LogVerbose in ssh_config lets through begin with their place. */
static const char forced[] = "packet.c:sshpkt_vfatal():";
static const char forced_end[] = "): ";
static const char unable[] = "Unable to negotiate with ";
static const char offers[] = " found. Their offer: ";
static const char denied[] = ": Permission denied (";
static const char failures[] = "Too many authentication failures";

/* Which word of the policy allows which algorithm. */
static const struct {
	const char *algorithm;
	enum crypto word;
} olds[] = {
	{"diffie-hellman-group1-sha1", CRYPTO_LEGACY_DH1},
	{"diffie-hellman-group14-sha1", CRYPTO_LEGACY_DH1},
	{"diffie-hellman-group-exchange-sha1", CRYPTO_LEGACY_DH1},
	{"ssh-rsa", CRYPTO_LEGACY_RSA},
	{"ssh-dss", CRYPTO_LEGACY_DSS},
	{"aes128-cbc", CRYPTO_LEGACY_CBC},
	{"aes192-cbc", CRYPTO_LEGACY_CBC},
	{"aes256-cbc", CRYPTO_LEGACY_CBC},
	{"3des-cbc", CRYPTO_LEGACY_CBC},
	{"hmac-sha1-96", CRYPTO_LEGACY_MAC},
	{"hmac-md5", CRYPTO_LEGACY_MAC},
	{"hmac-md5-96", CRYPTO_LEGACY_MAC},
};

static const char *about_of(const char *line)
{
	static const struct {
		const char *words, *about;
	} kinds[] = {
		{"no matching key exchange method", "key exchange"},
		{"no matching host key type", "host key"},
		{"no matching cipher", "cipher"},
		{"no matching MAC", "MAC"},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strstr(line, kinds[i].words))
			return kinds[i].about;
	}
	return NULL;
}

/* The first one in the list that a word of ours allows. */
static enum crypto word_for(const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ",");

		for (size_t i = 0; i < ARRAY_LEN(olds); i++) {
			if (strlen(olds[i].algorithm) == len &&
				memcmp(olds[i].algorithm, list, len) == 0)
				return olds[i].word;
		}
		list += len + (list[len] == ',');
	}
	return 0;
}

/* ssh fills lines of this kind with the target's words only behind its own. */
static void look_at_offer(struct sshlog *log, const char *line)
{
	const char *at = strstr(line, offers);

	if (strncmp(line, unable, strlen(unable)) != 0 || !at ||
		!about_of(line))
		return;
	log->kind = SSHLOG_OFFER;
	log->about = about_of(line);
	snprintf(log->offer, sizeof(log->offer), "%s", at + strlen(offers));
	log->needs = word_for(log->offer);
}

/* Is it one to be shown? */
static bool look_at_line(struct sshlog *log, const char *line)
{
	const char *end;

	if (strncmp(line, forced, strlen(forced)) == 0) {
		end = strstr(line, forced_end);
		if (end)
			look_at_offer(log, end + strlen(forced_end));
		return false;
	}
	if (strstr(line, denied) || strstr(line, failures))
		log->kind = SSHLOG_REFUSED;
	return true;
}

/* Lines end in \r\n there; what can't be shown is shown as "?". */
static size_t clean(const char *bytes, size_t len, char *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < SSHLOG_TEXT_SIZE - 2; i++) {
		char c = bytes[i];

		if (c == '\r' && i + 1 < len && bytes[i + 1] == '\n')
			continue;
		ret[n++] = c == '\n' || (c >= 0x20 && c <= 0x7e) ? c : '?';
	}
	if (n > 0 && ret[n - 1] != '\n')
		ret[n++] = '\n';
	ret[n] = '\0';
	return n;
}

void sshlog_parse(const char *bytes, size_t len, struct sshlog *ret_log)
{
	char *at = ret_log->text, *kept = ret_log->text;

	*ret_log = (struct sshlog){0};
	(void)clean(bytes, len, ret_log->text);
	while (*at) {
		size_t line = strcspn(at, "\n");
		bool shown;

		at[line] = '\0';
		shown = look_at_line(ret_log, at);
		at[line++] = '\n';
		if (shown) {
			memmove(kept, at, line);
			kept += line;
		}
		at += line;
	}
	*kept = '\0';
}

void sshlog_read(int fd, struct sshlog *ret_log)
{
	char bytes[SSHLOG_TEXT_SIZE];
	ssize_t n = fd < 0 ? 0 : pread(fd, bytes, sizeof(bytes), 0);

	sshlog_parse(bytes, n < 0 ? 0 : (size_t)n, ret_log);
}

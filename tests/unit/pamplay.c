/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/pamplay.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <liboath/oath.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"
#include "base/proc.h"
#include "tests/unit/pamroot.h"

#define SECRET "a secret of 20 bytes"
#define KEY                                                                    \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIDVJTsD/r7zzQcxpqZ0ub02HvziyzrPiDFe05/2Txb7u"

long play_life_sec = 86400;

const char *play_key(void)
{
	return KEY;
}

static const char *build_path(const char *path)
{
	static char text[4096];
	const char *dir = getenv("JUMP_BUILDDIR");

	snprintf(text, sizeof(text), "%s/%s", dir ? dir : ".", path);
	return text;
}

/* The shipped stack, with the module under test and the lockout's folder of
 * this root; without the lines that need a host. */
static void put_stack(void)
{
	char path[4096], module[4096], line[512], out[8192] = "";
	_cleanup_fclose_ FILE *f = NULL;

	snprintf(module, sizeof(module), "%s",
		build_path(".libs/pam_jump_test.so"));
	snprintf(path, sizeof(path), "%s/packaging/sshd/pam.d/jump-sshd",
		getenv("JUMP_SRCDIR"));
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		size_t len = strlen(out);
		char *ours = strstr(line, "pam_jump.so");
		char *conf = strstr(line, "/etc/jump/faillock.conf");

		if (strstr(line, "pam_loginuid") || strstr(line, "pam_keyinit") ||
			strstr(line, "pam_systemd") ||
			strstr(line, "pam_nologin"))
			continue;
		if (conf)
			*conf = '\0';
		if (ours)
			*ours = '\0';
		snprintf(out + len, sizeof(out) - len, "%s%s%s", line,
			ours ? module : "",
			ours   ? ours + strlen("pam_jump.so")
			: conf ? PAM_JUMP_ROOT "/etc/faillock.conf\n"
			       : "");
	}
	pamroot_write("etc/pam.d/jump-sshd", out, 0644);
	pamroot_write("etc/faillock.conf",
		"dir = " PAM_JUMP_ROOT "/var/lib/jump/faillock\n"
		"deny = 3\nunlock_time = 900\nfail_interval = 900\nsilent\n"
		"nodelay\n",
		0644);
}

static void put_policy(const char *conduit_lines)
{
	char text[4096];

	snprintf(text, sizeof(text),
		"[bastion]\nId = bastion-1\nTimeZone = Europe/Berlin\n"
		"MaxSessions = 3\n"
		"[zone cell-a]\nNetworks = 10.20.0.0/24 fd00:20::/64\n"
		"[target plc-gw]\nZone = cell-a\n"
		"Address = 10.20.0.10 fd00:20::10\n"
		"Protocols = ssh sftp rdp tcp/502 tcp/4840\n"
		"HostKey = %s\nAccounts = maint\n"
		"[target hmi-1]\nZone = cell-a\nAddress = 10.20.0.11\n"
		"Protocols = vnc https\nPort.https = 443 8443\n"
		"[conduit vendors]\nUsers = acme-*\nTo = cell-a\n"
		"Protocols = ssh sftp rdp vnc https tcp/*\n%s",
		KEY,
		conduit_lines ? conduit_lines
			      : "MaxWindow = 8h\nApprovals = 1\n"
				"Record = optional\nMaxSessions = 2\n"
				"Grace = 5m\n");
	pamroot_write("etc/jump/jump.conf", text, 0644);
}

static void put_rights(const char *grants)
{
	char payload[16384], policy[] = PAM_JUMP_ROOT "/etc/jump",
				 json[] = PAM_JUMP_ROOT "/payload.json",
				 db[] = PAM_JUMP_ROOT "/run/jump/db",
				 tool[4096], output[4096] = "";
	const char *const argv[] = {tool, policy, json, db, NULL};
	const char *const envp[] = {"PATH=/usr/bin", NULL};
	const struct proc_run run = {.argv = argv,
		.envp = envp,
		.timeout_ms = 20000,
		.ret_output = output,
		.output_size = sizeof(output)};
	long long now = moment_wall_ms() / 1000;

	snprintf(tool, sizeof(tool), "%s", build_path("tests/tools/mkrights"));
	snprintf(payload, sizeof(payload),
		"{\"v\":1,\"iss\":\"approvals\",\"aud\":\"bastion-1\","
		"\"iat\":%lld,\"exp\":%lld,\"serial\":7,\"users\":["
		"{\"name\":\"acme-off\",\"uid\":1900000002,\"gecos\":\"\","
		"\"disabled\":true,\"keys\":[\"" KEY "\"]},"
		"{\"name\":\"acme-tech1\",\"uid\":1900000001,\"gecos\":\"\","
		"\"disabled\":false,\"keys\":[\"" KEY "\"]}],"
		"\"grants\":[%s]}",
		now - 60, now + play_life_sec, grants ? grants : "");
	pamroot_write("payload.json", payload, 0600);
	if (proc_run(&run) != 0)
		fail_msg("mkrights: %s", output);
}

void play_seed(uint32_t uid)
{
	char name[64], text[256] = "alg=sha1\ndigits=6\nperiod=30\nsecret=";

	for (const char *at = SECRET; *at; at++)
		snprintf(text + strlen(text), 8, "%02x", *at);
	snprintf(text + strlen(text), 2, "\n");
	snprintf(name, sizeof(name), "run/jump/seeds/%u", uid);
	pamroot_write(name, text, 0600);
}

const char *play_code(int steps)
{
	static char code[4][16];
	static unsigned next;
	char *text = code[next++ % 4];

	assert_int_equal(
		oath_totp_generate(SECRET, strlen(SECRET),
			(time_t)(moment_wall_ms() / 1000 + steps * 30), 30, 0,
			6, text),
		OATH_OK);
	return text;
}

const char *play_grant(const char *id, const char *user, long from_min,
	long to_min, bool revoked, const char *sources)
{
	static char text[8][1024];
	static unsigned next;
	char *grant = text[next++ % 8];
	long long now = moment_wall_ms() / 1000;

	snprintf(grant, sizeof(text[0]),
		"{\"id\":\"%s\",\"user\":\"%s\",\"targets\":[\"plc-gw\","
		"\"hmi-1\"],\"protocols\":[\"ssh\",\"rdp\",\"vnc\"],"
		"\"account\":\"maint\",\"not_before\":%lld,\"not_after\":%lld,"
		"\"revoked\":%s,\"approved_by\":[\"olga\"],"
		"\"ticket\":\"CHG0042\",\"record\":\"optional\",\"files\":[],"
		"\"sources\":[%s]}",
		id, user, now + from_min * 60, now + to_min * 60,
		revoked ? "true" : "false", sources ? sources : "");
	return grant;
}

void play_world(const char *conduit_lines, const char *grants)
{
	struct pam_test *control;

	pamroot_make();
	put_stack();
	put_policy(conduit_lines);
	put_rights(grants);
	pamroot_clock(1, 0);
	pamroot_health("ok", 0);
	pamroot_write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n", 0644);
	pamroot_write("nss-passwd",
		"root:x:0:0:root:/root:/bin/bash\n"
		"acme-tech1:*:1900000001:1900000001::/:/bin/false\n"
		"acme-off:*:1900000002:1900000002::/:/bin/false\n",
		0644);
	play_seed(PLAY_UID);
	control = play_control();
	memset(control, 0, sizeof(*control));
	control->hurry = 1;
}

struct pam_test *play_control(void)
{
	static void *module; /* kept, so that libpam's copy is this one */
	struct pam_test *control;

	if (!module)
		module = dlopen(build_path(".libs/pam_jump_test.so"),
			RTLD_NOW | RTLD_LOCAL);
	if (!module)
		fail_msg("%s", dlerror());
	control = dlsym(module, "pam_test_control");
	assert_non_null(control);
	return control;
}

const char *play_events(void)
{
	static char text[16384];
	_cleanup_close_ int fd = open(
		PAM_JUMP_ROOT "/events", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ssize_t n = fd_read_full(fd, text, sizeof(text) - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_int_equal(ftruncate(fd, 0), 0);
	return text;
}

static int64_t replied_ms;

static int converse(int count, const struct pam_message **messages,
	struct pam_response **ret, void *data)
{
	struct play *p = data;
	struct pam_response *replies = calloc((size_t)count, sizeof(*replies));

	for (int i = 0; replies && i < count; i++) {
		const struct pam_message *m = messages[i];
		size_t len = strlen(p->said);

		if (m->msg_style == PAM_PROMPT_ECHO_OFF) {
			p->asked++;
			if (!p->code) {
				free(replies);
				return PAM_CONV_ERR;
			}
			replies[i].resp = strdup(p->code);
			replied_ms = moment_boot_ms();
		}
		snprintf(p->said + len, sizeof(p->said) - len, "%s\n", m->msg);
	}
	*ret = replies;
	return replies ? PAM_SUCCESS : PAM_BUF_ERR;
}

static pam_handle_t *start(struct play *p, bool second_done, char **env)
{
	const struct pam_conv conv = {.conv = converse, .appdata_ptr = p};
	const char *key = p->key ? p->key : KEY;
	pam_handle_t *pamh = NULL;
	char text[2048];

	assert_int_equal(
		pam_start_confdir("jump-sshd", p->user ? p->user : PLAY_USER,
			&conv, PAM_JUMP_ROOT "/etc/pam.d", &pamh),
		PAM_SUCCESS);
	for (char **at = env; at && *at; at++)
		assert_int_equal(pam_putenv(pamh, *at), PAM_SUCCESS);
	snprintf(text, sizeof(text), "SSH_CONNECTION=%s 50123 192.0.2.1 22",
		p->source ? p->source : PLAY_SOURCE);
	assert_int_equal(pam_putenv(pamh, text), PAM_SUCCESS);
	snprintf(text, sizeof(text), "SSH_AUTH_INFO_0=%s%s%s%s",
		key[0] ? "publickey " : "", key, key[0] ? "\n" : "",
		second_done ? "keyboard-interactive/pam\n" : "");
	assert_int_equal(pam_putenv(pamh, text), PAM_SUCCESS);
	return pamh;
}

static void play_session(struct play *p, char **env)
{
	pam_handle_t *pamh = start(p, true, env);

	assert_int_equal(pam_setcred(pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	p->session = pam_open_session(pamh, 0);
	pam_end(pamh, p->session);
}

void play(struct play *p)
{
	pam_handle_t *pamh;
	char **env;

	p->auth = p->account = p->session = -1;
	p->said[0] = '\0';
	p->asked = 0;
	pamh = start(p, false, NULL);
	replied_ms = moment_boot_ms();
	p->auth = p->skip_auth ? PAM_SUCCESS : pam_authenticate(pamh, 0);
	p->answer_ms = moment_boot_ms() - replied_ms;
	if (p->auth == PAM_SUCCESS) {
		if (p->between)
			p->between();
		p->account = pam_acct_mgmt(pamh, 0);
	}
	env = pam_getenvlist(pamh);
	pam_end(pamh, p->auth);
	if (p->account == PAM_SUCCESS && p->open)
		play_session(p, env);
	for (char **at = env; at && *at; at++)
		free(*at);
	free(env);
}

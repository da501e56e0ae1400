/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Administration on the service's host. Started by root, it becomes the owner
 * of the state folder first, so that no file there is ever made by root.
 */
#include "approvals/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "approvals/desk/desk.h"
#include "approvals/desk/keys.h"
#include "approvals/http/listen.h"
#include "approvals/http/server.h"
#include "approvals/store/log.h"
#include "approvals/desk/journal.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/number.h"

#define NAMES_MAX      16
#define TOKEN_LIFE_SEC 3600
#define TOKEN_LIFE_MAX (7 * 86400)

static int failed(const char *what, int error)
{
	journal_line(JOURNAL_ERROR, "%s: %s", what, strerror(-error));
	return 1;
}

static int off(const char *what)
{
	fprintf(stderr, "%s\n", what);
	return 2;
}

static int load_settings(
	const struct admin *a, struct approvals_settings *ret_settings)
{
	struct settings_error error;
	int r;

	/* root's, or that of whoever runs an instance of their own */
	r = approvals_settings_load(a->config, 0, ret_settings, &error);
	if (r == -EPERM && geteuid() != 0)
		r = approvals_settings_load(
			a->config, geteuid(), ret_settings, &error);
	if (r == -EINVAL)
		journal_line(JOURNAL_ERROR, "%s:%u: %s", a->config, error.line,
			error.text);
	else if (r < 0)
		journal_line(JOURNAL_ERROR, "%s: %s", a->config, strerror(-r));
	return r;
}

static int become_owner(const char *dir)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (stat(dir, &st) < 0)
		return -errno;
	if (st.st_uid == 0)
		return 0; /* an instance that root runs, in tests */
	if (setgroups(0, NULL) < 0 || setgid(st.st_gid) < 0 ||
		setuid(st.st_uid) < 0)
		return -errno;
	return 0;
}

/* The folder of an instance that never ran: for the service's user. */
static int make_state_dir(const char *dir)
{
	const struct passwd *owner = getpwnam("jump-approvals");

	if (mkdir(dir, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	if (geteuid() != 0 || !owner)
		return 0;
	return chown(dir, owner->pw_uid, owner->pw_gid) < 0 ? -errno : 0;
}

static int begin(const struct admin *a, struct approvals_settings *settings)
{
	int r = load_settings(a, settings);

	if (r < 0)
		return r;
	r = become_owner(settings->state_dir);
	if (r < 0)
		failed(settings->state_dir, r);
	return r;
}

static int open_service(const struct admin *a, struct service *ret_service)
{
	struct approvals_settings settings;
	int r = begin(a, &settings);

	return r < 0 ? r : service_open(&settings, ret_service);
}

static const struct caller administrator = {
	.holder = {.kind = HOLDER_PERSON, .name = "administrator"},
	.source = "local",
};

/* ---- serve ---- */

static int listening_socket(
	const struct admin *a, const struct approvals_settings *settings)
{
	char host[LISTEN_HOST_SIZE];
	uint16_t port;

	if (a->passed_fds > 1)
		return -E2BIG;
	if (a->passed_fds == 1)
		return 3;
	if (listen_parse(settings->listen, host, &port) < 0)
		return -EINVAL;
	return listen_open(host, port);
}

static int serve_until_signal(struct service *service, int fd)
{
	struct server *server = NULL;
	sigset_t ends;
	int signal_number, r;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	r = server_start(service, fd, &server);
	if (r < 0)
		return failed("can't serve", r);
	journal_line(JOURNAL_INFO, "serving as %s, key %s",
		service->settings.issuer, service->signer.kid);
	listen_notify("READY=1");
	(void)sigwait(&ends, &signal_number);
	listen_notify("STOPPING=1");
	server_stop(server);
	return 0;
}

int admin_serve(const struct admin *a, int argc, char **argv)
{
	struct service service = {0};
	int fd, r;

	(void)argv;
	if (argc != 1)
		return off("serve takes no arguments");
	r = open_service(a, &service);
	if (r < 0)
		return 1;
	fd = listening_socket(a, &service.settings);
	r = fd < 0 ? failed(service.settings.listen, fd)
		   : serve_until_signal(&service, fd);
	service_close(&service);
	return r;
}

/* ---- init ---- */

/* The host in "https://[::1]:8443/x" or "https://host". */
static int host_of(const char *url, char *ret_host, size_t size)
{
	const char *host = url + strlen("https://");
	size_t len =
		host[0] == '[' ? strcspn(++host, "]") : strcspn(host, ":/");

	if (len == 0 || len >= size)
		return -EINVAL;
	memcpy(ret_host, host, len);
	ret_host[len] = '\0';
	return 0;
}

int admin_init(const struct admin *a, int argc, char **argv)
{
	static const struct option options[] = {
		{"name", required_argument, NULL, 'n'}, {0}};
	const char *names[NAMES_MAX + 2] = {NULL};
	struct approvals_settings settings;
	struct service service = {0};
	char host[256];
	size_t count = 1;
	int o, r;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != 'n' || count > NAMES_MAX)
			return off("init takes --name HOST");
		names[count++] = optarg;
	}
	if (load_settings(a, &settings) < 0)
		return 1;
	r = make_state_dir(settings.state_dir);
	if (r < 0)
		return failed(settings.state_dir, r);
	if (begin(a, &settings) < 0)
		return 1;
	if (host_of(settings.url, host, sizeof(host)) < 0)
		return off("Url has no host");
	names[0] = host;
	if (keys_make(&settings, names, service_now()) < 0 ||
		service_open(&settings, &service) < 0)
		return 1;
	printf("%s is ready: key %s, state in %s\n", settings.issuer,
		service.signer.kid, settings.state_dir);
	service_close(&service);
	return 0;
}

/* ---- token ---- */

int admin_token(const struct admin *a, int argc, char **argv)
{
	static const struct option options[] = {
		{"life", required_argument, NULL, 'l'}, {0}};
	struct service service = {0};
	uint64_t life = TOKEN_LIFE_SEC;
	char token[TOKEN_SIZE];
	int o, r;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (o != 'l' ||
			number_parse_span(optarg, TOKEN_LIFE_MAX, &life) < 0)
			return off("--life takes a span up to 7d");
	if (optind + 1 != argc || !name_valid(argv[optind]))
		return off("token takes the bastion's name: [bastion] Id");
	if (open_service(a, &service) < 0)
		return 1;
	r = desk_token(&service, &administrator, argv[optind], (uint32_t)life,
		token, sizeof(token));
	if (r == 0)
		printf("%s\n", token);
	if (r == 0 && isatty(STDOUT_FILENO))
		fprintf(stderr, "on %s, as root: jumpctl join %s --token %s\n",
			argv[optind], service.settings.url, token);
	explicit_bzero(token, sizeof(token));
	service_close(&service);
	return r < 0 ? failed("token", r) : 0;
}

/* ---- people ---- */

enum bundle_file { FILE_CA, FILE_CERTIFICATE, FILE_KEY, FILE_URL, FILE_COUNT };

/*
 * What holds nothing is what an attempt that failed has left, and is taken;
 * anything else is somebody's and stays.
 */
static int open_empty(int dirfd, const char *name)
{
	_cleanup_close_ int fd = openat(dirfd, name,
		O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_size != 0 ||
		st.st_uid != geteuid() || (st.st_mode & 077))
		return -EEXIST;
	return TAKE_FD(fd);
}

/* Opened as who called, before becoming the service's user. */
static int open_bundle(const char *out, int fds[FILE_COUNT])
{
	static const char *const names[FILE_COUNT] = {
		"ca.crt", "client.crt", "client.key", "url"};
	_cleanup_close_ int dirfd = -1;

	if (mkdir(out, 0700) < 0 && errno != EEXIST)
		return -errno;
	dirfd = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return -errno;
	for (size_t i = 0; i < FILE_COUNT; i++) {
		fds[i] = open_empty(dirfd, names[i]);
		if (fds[i] < 0)
			return fds[i];
	}
	return 0;
}

static int write_bundle(const struct service *s, const struct issued *c,
	const int fds[FILE_COUNT])
{
	const char *const texts[FILE_COUNT] = {
		s->ca_pem, c->certificate, c->key, s->settings.url};
	int r = 0;

	for (size_t i = 0; r == 0 && i < FILE_COUNT; i++)
		r = fd_write_all(fds[i], texts[i], strlen(texts[i]));
	return r;
}

static int read_client(int argc, char **argv, role_set *ret_roles,
	const char **ret_out, const char **ret_name)
{
	static const struct option options[] = {
		{"role", required_argument, NULL, 'r'},
		{"out", required_argument, NULL, 'o'},
		{0},
	};
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 'o')
			*ret_out = optarg;
		else if (o == 'r' && role_from_name(optarg) != ROLE_NONE)
			*ret_roles |= role_from_name(optarg);
		else
			return off("--role takes requester, approver, admin "
				   "or auditor");
	}
	if (optind + 1 != argc || !name_valid(argv[optind]))
		return off("client takes one name: a-z, 0-9, - and _");
	if (!*ret_out)
		return off("--out DIR says where the files go");
	if (!role_set_valid(*ret_roles))
		return off("--role is missing, or admin and approver are one "
			   "person");
	*ret_name = argv[optind];
	return 0;
}

static int make_client(const struct admin *a, const char *name, role_set roles,
	const int fds[FILE_COUNT])
{
	_cleanup_issued_ struct issued certificate = {0};
	struct service service = {0};
	int r;

	if (open_service(a, &service) < 0)
		return 1;
	r = desk_person(&service, &administrator, name, roles, &certificate);
	if (r == 0)
		r = write_bundle(&service, &certificate, fds);
	service_close(&service);
	return r < 0 ? failed(name, r) : 0;
}

int admin_client(const struct admin *a, int argc, char **argv)
{
	const char *out = NULL, *name = NULL;
	int fds[FILE_COUNT] = {-1, -1, -1, -1};
	role_set roles = ROLE_NONE;
	int r;

	r = read_client(argc, argv, &roles, &out, &name);
	if (r)
		return r;
	r = open_bundle(out, fds);
	r = r < 0 ? failed(out, r) : make_client(a, name, roles, fds);
	for (size_t i = 0; i < FILE_COUNT; i++)
		cleanup_close(&fds[i]);
	return r;
}

/* ---- ending access, and the log ---- */

static int end_access(const struct admin *a, int argc, char **argv,
	int (*end)(struct service *, const struct caller *, const char *))
{
	struct service service = {0};
	int r;

	if (argc != 2 || !name_valid(argv[1]))
		return off("one name is wanted");
	if (open_service(a, &service) < 0)
		return 1;
	r = end(&service, &administrator, argv[1]);
	service_close(&service);
	return r < 0 ? failed(argv[1], r) : 0;
}

int admin_client_disable(const struct admin *a, int argc, char **argv)
{
	return end_access(a, argc, argv, desk_person_disable);
}

int admin_bastion_revoke(const struct admin *a, int argc, char **argv)
{
	return end_access(a, argc, argv, desk_bastion_revoke);
}

int admin_verify_log(const struct admin *a, int argc, char **argv)
{
	struct service service = {0};
	struct db_tx tx = {0};
	int64_t seq = 0;
	int r;

	(void)argv;
	if (argc != 1)
		return off("verify-log takes no arguments");
	if (open_service(a, &service) < 0)
		return 1;
	r = db_begin_read(service.db, &tx);
	if (r == 0)
		r = store_log_verify(&tx, &seq);
	db_tx_done(&tx);
	service_close(&service);
	if (r == -EBADMSG)
		printf("row %lld does not fit the chain\n", (long long)seq);
	else if (r == 0)
		printf("%lld rows, whole\n", (long long)seq);
	return r == 0 ? 0 : r == -EBADMSG ? 1 : failed("log", r);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot of 10,000 users and 50,000 grants, 500 windows open, one grant
 * changed since the last one, over verifying and parsing the same bytes with
 * libjose and jansson alone. In turns; each turn of each is a process of its
 * own, as jump-apply is. Prints a line a pair: ours and theirs, in ms.
 *
 *   whole  all of jump-apply: from the inbox to published rights, the kernel's
 *          sets and what is synced to disk. As root, in a network namespace
 *          of its own. What is told of the first snapshot is written
 *          beforehand, so that no flood of events goes to the audit of the
 *          host that measures.
 *   core   what grants/ does of it: verify, read, compile, publish.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"
#include "base/trusted.h"
#include "grants/jws.h"
#include "grants/publish.h"
#include "json/strict.h"
#include "tests/bench/large.h"
#include "workers/apply/apply.h"
#include "workers/apply/known.h"
#include "workers/filter/nft.h"
#include "workers/filter/text.h"

#define TURNS 9

static char run_dir[64] = "/dev/shm/bench-apply-XXXXXX";
static char disk_dir[64] = "./bench-apply-XXXXXX";
static int64_t now_sec;
static struct policy policy;

static void die(const char *what)
{
	fprintf(stderr, "bench apply: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void path_of(char path[192], const char *name)
{
	bool on_disk = strncmp(name, "state", 5) == 0;

	snprintf(path, 192, "%s/%s", on_disk ? disk_dir : run_dir, name);
}

static void make(const char *name)
{
	char path[192];

	path_of(path, name);
	if (mkdir(path, 0755) < 0)
		die(path);
}

static void put(const char *name, const char *bytes, size_t len, mode_t mode)
{
	char path[192], fresh[200];
	int fd;

	path_of(path, name);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 || fchmod(fd, mode) < 0 ||
		fd_write_all(fd, bytes, len) < 0 || close(fd) < 0 ||
		rename(fresh, path) < 0)
		die(path);
}

static char *sign(json_t *tree, const json_t *jwk)
{
	_cleanup_free_ char *text = json_dumps(tree, JSON_COMPACT);
	_cleanup_json_ json_t *jws =
		json_pack("{s:o}", "payload", jose_b64_enc(text, strlen(text)));
	_cleanup_json_ json_t *sig = json_pack("{s:{s:s,s:s,s:s}}", "protected",
		"alg", "ES256", "kid", "k1", "typ", JWS_SNAPSHOT_TYPE);
	char *compact = NULL;

	json_decref(tree);
	if (!jose_jws_sig(NULL, jws, sig, jwk) ||
		asprintf(&compact, "%s.%s.%s",
			json_string_value(json_object_get(jws, "protected")),
			json_string_value(json_object_get(jws, "payload")),
			json_string_value(json_object_get(jws, "signature"))) <
			0)
		die("sign");
	return compact;
}

static void put_json(const char *name, const json_t *tree, mode_t mode)
{
	_cleanup_free_ char *text = json_dumps(tree, JSON_COMPACT);

	put(name, text, strlen(text), mode);
}

static void put_policy(void)
{
	_cleanup_free_ char *text = NULL;
	static const char conf[] = "[bastion]\nId = bastion1\n";
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		die("memory");
	large_policy(f);
	(void)fclose(f);
	put("etc/policy.d/large.conf", text, len, 0644);
	put("etc/jump.conf", conf, sizeof(conf) - 1, 0644);
}

static void put_clock(void)
{
	char text[256];
	int len = snprintf(text, sizeof(text),
		"trusted=1\noffset_ms=%lld\nwhy=ok\nboot_ms=%lld\nsynced=1\n",
		(long long)(moment_wall_ms() - moment_boot_ms()),
		(long long)moment_boot_ms());

	put("run/clock", text, (size_t)len, 0644);
}

static json_t *make_key(void)
{
	json_t *jwk = json_pack("{s:s,s:s}", "kty", "EC", "crv", "P-256");

	if (!jose_jwk_gen(NULL, jwk))
		die("key");
	return jwk;
}

static void load_table(void)
{
	_cleanup_plan_ struct filter_plan plan = {
		.open = true, .relay_uid = 990, .relay_port = PLAN_RELAY_PORT};
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (unshare(CLONE_NEWNET) < 0)
		die("network namespace (run it as root)");
	if (filter_plan_range(&plan, POLICY_DEFAULT_UID_MIN,
		    POLICY_DEFAULT_UID_MAX) < 0 ||
		filter_text(&plan, FILTER_REPLACE, &text, &len) < 0 ||
		nft_apply(text, len) < 0)
		die("the table");
}

static char paths[10][192];
static struct enforce_places places;

static struct apply site(void)
{
	static const char *const names[] = {"inbox", "trust", "etc", "state",
		"bastion", "run/db", "run/enforce.lock", "run/clock",
		"run/sessions", "run/seeds"};
	struct apply a = {.passwd = "/etc/passwd",
		.group = "/etc/group",
		.filter = apply_filter_kernel};
	static char rights[192];
	char path[192];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		path_of(paths[i], names[i]);
	path_of(rights, "run/db/current/rights.db");
	places = (struct enforce_places){
		.sessions = {.records = paths[8], .cgroups = paths[8]},
		.connections = paths[8],
		.rights = rights,
		.ends = paths[8]};
	path_of(path, "run");
	a.run_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	a.accept.inbox = paths[0];
	a.accept.trust_dir = paths[1];
	a.accept.state_fd = open(paths[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	a.policy.dir = paths[2];
	a.policy.state = paths[3];
	a.seeds.key_dir = paths[4];
	a.seeds.dir_fd = open(paths[9], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	a.publish.dir = paths[5];
	a.publish.give = true;
	a.publish.gates_gid = 65534;
	a.publish.users_gid = 65533;
	a.enforce_lock = paths[6];
	a.clock = paths[7];
	a.enforcer.places = &places;
	a.enforcer.by = "bench";
	return a;
}

static void silent(
	const struct snapshot_user *user, const char *word, void *context)
{
	(void)user;
	(void)word;
	(void)context;
}

static void load_policy(void)
{
	static struct policy_errors errors;
	char etc[192];

	path_of(etc, "etc");
	if (policy_load(etc, geteuid(), &policy, &errors) < 0)
		die(errors.error[0].text);
}

/* What was told and tried of the first snapshot, without telling it. */
static void know_first(json_t *tree)
{
	_cleanup_snapshot_ struct snapshot snapshot = {0};
	_cleanup_compiled_ struct compiled compiled = {0};
	_cleanup_locals_ struct locals locals = {0};
	_cleanup_free_ char *payload = json_dumps(tree, JSON_COMPACT);
	_cleanup_free_ char *known = NULL;
	struct seeds_count count;
	struct fault fault = {0};
	struct apply a = site();
	size_t len;

	if (snapshot_parse(payload, strlen(payload), &snapshot, &fault) < 0)
		die(fault.text);
	if (locals_load("/etc/passwd", "/etc/group", 0, &locals) < 0 ||
		compiled_make(&snapshot, &policy, &locals, &compiled) < 0 ||
		compiled.refusal_count > 0 ||
		compiled.grant_count != LARGE_GRANTS)
		die("compile");
	known = known_text(&compiled, &len);
	if (!known)
		die("memory");
	put("state/known", known, len, 0600);
	if (seeds_bring(&a.seeds, &compiled, silent, NULL, &count) < 0)
		die("seeds");
	apply_done(&a);
	json_decref(tree);
}

static void alone(const char *text)
{
	_cleanup_free_ char *jwk_bytes = NULL, *payload = NULL;
	_cleanup_json_ json_t *jws = NULL, *jwk = NULL, *parsed = NULL;
	char path[192];
	const char *first = strchr(text, '.'), *second = strchr(first + 1, '.');
	size_t len;

	path_of(path, "trust/k1.jwk");
	if (trusted_read(AT_FDCWD, path, geteuid(), 4096, &jwk_bytes, &len) < 0)
		die(path);
	jwk = json_loads(jwk_bytes, 0, NULL);
	jws = json_pack("{s:s%,s:s%,s:s}", "protected", text,
		(size_t)(first - text), "payload", first + 1,
		(size_t)(second - first - 1), "signature", second + 1);
	if (!jose_jws_ver(NULL, jws, NULL, jwk, true))
		die("verify");
	len = jose_b64_dec(json_object_get(jws, "payload"), NULL, 0);
	payload = malloc(len);
	if (!payload || jose_b64_dec(json_object_get(jws, "payload"), payload,
				len) != len)
		die("decode");
	parsed = json_loadb(payload, len, JSON_REJECT_DUPLICATES, NULL);
	if (!parsed)
		die("parse");
}

static void whole(const char *text)
{
	struct apply a = site();

	(void)text;
	if (apply_run(&a) < 0)
		die("apply");
	apply_done(&a);
}

static void core(const char *text)
{
	_cleanup_jws_ struct jws jws = {0};
	_cleanup_locals_ struct locals locals = {0};
	_cleanup_snapshot_ struct snapshot s = {0};
	_cleanup_compiled_ struct compiled c = {0};
	struct fault why = {0};
	struct published done = {0};
	char trust[192], db[192];
	const struct publish how = {.dir = db,
		.owner = geteuid(),
		.give = geteuid() == 0,
		.gates_gid = 65534,
		.users_gid = 65533};

	path_of(trust, "trust");
	path_of(db, "run/db");
	if (locals_load("/etc/passwd", "/etc/group", 0, &locals) < 0)
		die("/etc/passwd");
	if (jws_verify(trust, geteuid(), text, strlen(text), &jws, &why) < 0 ||
		snapshot_parse(jws.payload, jws.payload_len, &s, &why) < 0 ||
		snapshot_check(&s, "bastion1", 1, now_sec, &why) < 0)
		die(why.text);
	if (compiled_make(&s, &policy, &locals, &c) < 0 ||
		c.refusal_count > 0 || c.grant_count != LARGE_GRANTS)
		die("compile");
	if (publish_generation(&how, &c, &done) < 0)
		die("publish");
}

static double turn(void (*way)(const char *), const char *text)
{
	double start = now_ms();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		way(text);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		die("turn");
	return now_ms() - start;
}

static int remove_one(
	const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void make_site(json_t *signer)
{
	static const char *const folders[] = {"etc", "etc/policy.d", "trust",
		"bastion", "state", "run", "run/db", "run/seeds",
		"run/sessions"};
	_cleanup_json_ json_t *seal = make_key();

	if (!mkdtemp(run_dir) || !mkdtemp(disk_dir))
		die("folder");
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		make(folders[i]);
	put_policy();
	put_clock();
	json_object_set_new(seal, "kid", json_string("seal-1"));
	put_json("bastion/seal.jwk", seal, 0600);
	{
		_cleanup_json_ json_t *public = json_deep_copy(signer);

		if (!jose_jwk_pub(NULL, public))
			die("key");
		put_json("trust/k1.jwk", public, 0644);
	}
	load_policy();
}

static void measure(void (*ours)(const char *), const json_t *signer)
{
	for (int i = 0; i < TURNS + 1; i++) {
		_cleanup_free_ char *text =
			sign(large_snapshot(i + 1, now_sec, i * 60), signer);
		double ours_ms, base_ms;

		put("inbox", text, strlen(text), 0644);
		base_ms = turn(alone, text);
		ours_ms = turn(ours, text);
		if (i > 0) /* the first is the one before the first */
			printf("%.3f %.3f\n", ours_ms, base_ms);
	}
}

int main(int argc, char **argv)
{
	_cleanup_json_ json_t *signer = make_key();
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "whole") != 0 && strcmp(what, "core") != 0) {
		fprintf(stderr, "usage: bench-apply whole|core\n");
		return 2;
	}
	now_sec = moment_wall_ms() / 1000;
	make_site(signer);
	if (strcmp(what, "whole") == 0) {
		load_table();
		know_first(large_snapshot(1, now_sec, 0));
		measure(whole, signer);
	} else {
		measure(core, signer);
	}
	policy_done(&policy);
	(void)nftw(run_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	(void)nftw(disk_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does grants/ add to libjose and jansson? A snapshot of 10,000 users
 * and 50,000 grants, 500 windows open, one grant changed since the last one:
 * reading, verifying, compiling and publishing it, over verifying and parsing
 * the same bytes with libjose and jansson alone. Each turn of each is a
 * process of its own, as jump-apply is.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/trusted.h"
#include "grants/jws.h"
#include "grants/publish.h"
#include "json/strict.h"
#include "tests/bench/large.h"

#define TURNS 9
#define GOAL  2.0
#define NOW   INT64_C(1795464000)

static char folder[96];

static void die(const char *what)
{
	(void)fprintf(
		stderr, "bench apply-core: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void path_of(char path[160], const char *name)
{
	(void)snprintf(path, 160, "%s/%s", folder, name);
}

/* --- the policy ------------------------------------------------------- */

static void make_targets(struct policy *p)
{
	p->targets = calloc(LARGE_TARGETS, sizeof(*p->targets));
	for (int i = 0; p->targets && i < LARGE_TARGETS; i++) {
		struct target *t = &p->targets[p->target_count++];
		char text[32];

		(void)snprintf(t->name, NAME_SIZE, "target-%04d", i);
		(void)snprintf(
			t->zone, NAME_SIZE, "zone-%02d", i % LARGE_ZONES);
		(void)snprintf(text, sizeof(text), "10.%d.0.%d",
			i % LARGE_ZONES, i / LARGE_ZONES + 1);
		(void)address_parse(text, &t->addresses[0]);
		t->address_count = 1;
		t->protocols = 1u << PROTO_SSH | 1u << PROTO_SFTP;
		t->port[PROTO_SSH] = 22;
		t->account_count = 1;
		(void)snprintf(t->accounts[0], NAME_SIZE, "maint");
		t->hostkeys = calloc(1, sizeof(*t->hostkeys));
		t->hostkey_count = 1;
		(void)snprintf(t->hostkeys[0], sizeof(t->hostkeys[0]),
			"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvu5xJPs5YvEy4S"
			"BjJplBHbwNlDrUNr2dyF4czi1Ot+");
	}
}

static void make_policy(struct policy *p)
{
	p->settings.uid_min = POLICY_DEFAULT_UID_MIN;
	p->settings.uid_max = POLICY_DEFAULT_UID_MAX;
	(void)snprintf(p->settings.bastion_id, NAME_SIZE, "bastion1");
	p->zones = calloc(LARGE_ZONES, sizeof(*p->zones));
	p->conduits = calloc(LARGE_SUPPLIERS, sizeof(*p->conduits));
	if (!p->zones || !p->conduits)
		die("memory");
	for (int i = 0; i < LARGE_ZONES; i++) {
		struct zone *z = &p->zones[p->zone_count++];
		char text[32];

		(void)snprintf(z->name, NAME_SIZE, "zone-%02d", i);
		(void)snprintf(text, sizeof(text), "10.%d.0.0/16", i);
		(void)network_parse(text, &z->networks[0]);
		z->network_count = 1;
	}
	make_targets(p);
	for (int i = 0; i < LARGE_SUPPLIERS; i++) {
		struct conduit *c = &p->conduits[p->conduit_count++];

		(void)snprintf(c->name, NAME_SIZE, "conduit-%02d", i);
		(void)snprintf(c->users[0], NAME_SIZE, "vendor%02d-*", i);
		c->user_count = 1;
		for (int z = 0; z < POLICY_PATTERNS_MAX; z++)
			(void)snprintf(c->zones[c->zone_count++], NAME_SIZE,
				"zone-%02d", (i + z) % LARGE_ZONES);
		c->protocols = 1u << PROTO_SSH | 1u << PROTO_SFTP;
		c->max_window_sec = 8 * 3600;
		c->approvals = 1;
	}
}

static void write_file(const char *name, const char *bytes, size_t len)
{
	_cleanup_close_ int fd = -1;
	char path[160];

	path_of(path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || fchmod(fd, 0644) < 0 || fd_write_all(fd, bytes, len) < 0)
		die(path);
}

static void sign(json_t *tree, const json_t *jwk, const char *name)
{
	_cleanup_free_ char *text = json_dumps(tree, JSON_COMPACT);
	_cleanup_json_ json_t *jws =
		json_pack("{s:o}", "payload", jose_b64_enc(text, strlen(text)));
	json_t *sig = json_pack("{s:{s:s,s:s,s:s}}", "protected", "alg",
		"ES256", "kid", "k1", "typ", JWS_SNAPSHOT_TYPE);
	char *compact = NULL;
	int n;

	if (!jose_jws_sig(NULL, jws, sig, jwk))
		die("sign");
	n = asprintf(&compact, "%s.%s.%s",
		json_string_value(json_object_get(jws, "protected")),
		json_string_value(json_object_get(jws, "payload")),
		json_string_value(json_object_get(jws, "signature")));
	if (n < 0)
		die("memory");
	write_file(name, compact, (size_t)n);
	free(compact);
	json_decref(sig);
	json_decref(tree);
}

static void make_inputs(void)
{
	_cleanup_json_ json_t *jwk = json_pack("{s:s}", "alg", "ES256");
	char path[160], *text;

	if (!jose_jwk_gen(NULL, jwk))
		die("key");
	sign(large_snapshot(1, NOW, 0), jwk, "before.jws");
	sign(large_snapshot(2, NOW, 600), jwk, "now.jws");
	if (!jose_jwk_pub(NULL, jwk))
		die("key");
	path_of(path, "trust");
	if (mkdir(path, 0755) < 0)
		die(path);
	path_of(path, "db");
	if (mkdir(path, 0755) < 0)
		die(path);
	text = json_dumps(jwk, JSON_COMPACT);
	write_file("trust/k1.jwk", text, strlen(text));
	free(text);
}

/* --- the two ways ----------------------------------------------------- */

static void alone(const char *name)
{
	_cleanup_free_ char *bytes = NULL, *jwk_bytes = NULL, *payload = NULL;
	_cleanup_json_ json_t *jws = NULL, *jwk = NULL, *parsed = NULL;
	char path[160], *first, *second;
	size_t len;

	path_of(path, "trust/k1.jwk");
	if (trusted_read(AT_FDCWD, path, geteuid(), 4096, &jwk_bytes, &len) < 0)
		die(path);
	jwk = json_loads(jwk_bytes, 0, NULL);
	path_of(path, name);
	if (trusted_read(
		    AT_FDCWD, path, geteuid(), JWS_MAX_BYTES, &bytes, &len) < 0)
		die(path);
	first = strchr(bytes, '.');
	second = strchr(first + 1, '.');
	jws = json_pack("{s:s%,s:s%,s:s}", "protected", bytes,
		(size_t)(first - bytes), "payload", first + 1,
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

static void show(const char *what, double *since)
{
	double now = now_ms();

	if (getenv("BENCH_PHASES"))
		(void)fprintf(stderr, "%10s %7.1f ms\n", what, now - *since);
	*since = now_ms();
}

static void whole(const char *name)
{
	_cleanup_free_ char *bytes = NULL;
	_cleanup_jws_ struct jws jws = {0};
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_locals_ struct locals locals = {0};
	_cleanup_snapshot_ struct snapshot s = {0};
	_cleanup_compiled_ struct compiled c = {0};
	struct fault why = {0};
	struct published done = {0};
	char path[160], trust[160], db[160];
	struct publish how = {.dir = db,
		.owner = geteuid(),
		.give = geteuid() == 0,
		.gates_gid = 65534,
		.users_gid = 65533};
	size_t len;
	double since = now_ms();

	path_of(path, name);
	path_of(trust, "trust");
	path_of(db, "db");
	make_policy(&policy);
	if (locals_load("/etc/passwd", "/etc/group", 0, &locals) < 0)
		die("/etc/passwd");
	if (trusted_read(
		    AT_FDCWD, path, geteuid(), JWS_MAX_BYTES, &bytes, &len) < 0)
		die(path);
	show("read", &since);
	if (jws_verify(trust, geteuid(), bytes, len, &jws, &why) < 0)
		die(why.text);
	show("verify", &since);
	if (snapshot_parse(jws.payload, jws.payload_len, &s, &why) < 0 ||
		snapshot_check(&s, "bastion1", 1, NOW, &why) < 0)
		die(why.text);
	show("parse", &since);
	if (compiled_make(&s, &policy, &locals, &c) < 0 || c.refusal_count)
		die("compile");
	show("compile", &since);
	if (publish_generation(&how, &c, &done) < 0)
		die("publish");
	show("publish", &since);
	if (c.grant_count != LARGE_GRANTS)
		die("grants");
}

static double turn(void (*way)(const char *), const char *name)
{
	double start = now_ms();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		way(name);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		die("turn");
	return now_ms() - start;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int remove_one(
	const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int main(void)
{
	double ratio[TURNS], base[TURNS], ours[TURNS];

	(void)snprintf(folder, sizeof(folder), "/dev/shm/bench-apply-XXXXXX");
	if (!mkdtemp(folder))
		die(folder);
	make_inputs();
	(void)turn(alone, "before.jws");
	for (int i = 0; i < TURNS; i++) {
		(void)turn(whole, "before.jws");
		base[i] = turn(alone, "now.jws");
		ours[i] = turn(whole, "now.jws");
		ratio[i] = ours[i] / base[i];
	}
	qsort(ratio, TURNS, sizeof(*ratio), compare);
	qsort(base, TURNS, sizeof(*base), compare);
	qsort(ours, TURNS, sizeof(*ours), compare);
	(void)printf("apply-core %.2f ratio goal %.1f %s (spread %.2f to "
		     "%.2f; %.0f ms over %.0f ms)\n",
		ratio[TURNS / 2], GOAL,
		ratio[TURNS / 2] <= GOAL ? "met" : "short", ratio[0],
		ratio[TURNS - 1], ours[TURNS / 2], base[TURNS / 2]);
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}

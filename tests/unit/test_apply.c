/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-apply, whole runs in a folder and a network namespace of their own:
 * signed snapshots in, generations, filter, seeds and state out; refusals;
 * and a run that is killed at any instant, after which nothing may be
 * allowed that was taken away, and the next run does the rest.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/keyfile.h"
#include "base/moment.h"
#include "base/proc.h"
#include "tests/unit/grants_fixture.h"
#include "tests/unit/jws_fixture.h"
#include "workers/apply/apply.h"
#include "workers/apply/granted.h"
#include "workers/filter/nft.h"
#include "workers/filter/text.h"

#define UID  FIXTURE_UID
#define JOSE "/usr/bin/jose"

static const char policy_text[] =
	"[zone cell-a]\nDescription = x\nNetworks = 10.20.0.0/24\n"
	"[target plc-gw]\nZone = cell-a\nAddress = 10.20.0.10\n"
	"Protocols = rdp vnc\n"
	"[target hmi-1]\nZone = cell-a\nAddress = 10.20.0.11\n"
	"Protocols = rdp\n"
	"[conduit c]\nUsers = acme-*\nTo = cell-a\nProtocols = rdp vnc\n"
	"MaxWindow = 8h\nApprovals = 1\nRecord = optional\n";

static char folder[64];
static EVP_PKEY *signer;
static char seal_public[1024];
static int64_t now_sec; /* of the wall clock, when the test began */

static void path_of(char path[192], const char *name)
{
	snprintf(path, 192, "%s/%s", folder, name);
}

static void put(const char *name, const char *text, mode_t mode)
{
	char path[192], fresh[200];
	int fd;

	path_of(path, name);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, mode);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
	assert_int_equal(rename(fresh, path), 0);
}

static void make(const char *name, mode_t mode)
{
	char path[192];

	path_of(path, name);
	assert_int_equal(mkdir(path, mode), 0);
}

static bool there(const char *name)
{
	char path[192];

	path_of(path, name);
	return access(path, F_OK) == 0;
}

static void run(
	const char *const *argv, const char *input, char *output, size_t size)
{
	const struct proc_run r = {.argv = argv,
		.envp = (const char *const[]){"PATH=/usr/bin:/bin", NULL},
		.input = input,
		.input_len = input ? strlen(input) : 0,
		.timeout_ms = 20000,
		.ret_output = output,
		.output_size = size};

	assert_int_equal(proc_run(&r), 0);
}

static void make_seal_key(void)
{
	char secret[1024], with_kid[1100];

	run((const char *const[]){JOSE, "jwk", "gen", "-i",
		    "{\"kty\":\"EC\",\"crv\":\"P-256\"}", NULL},
		NULL, secret, sizeof(secret));
	snprintf(with_kid, sizeof(with_kid), "{\"kid\":\"seal-1\",%s",
		strchr(secret, '{') + 1);
	put("bastion/seal.jwk", with_kid, 0600);
	run((const char *const[]){JOSE, "jwk", "pub", "-i", "-", NULL},
		with_kid, seal_public, sizeof(seal_public));
	put("public.jwk", seal_public, 0600);
}

static void seal(const char *user, const char *secret, char jwe[2048])
{
	char plain[512], spare[192], key[192];

	snprintf(plain, sizeof(plain),
		"{\"v\":1,\"bastion\":\"bastion1\",\"user\":\"%s\","
		"\"alg\":\"totp-sha1\",\"digits\":6,\"period\":30,"
		"\"secret\":\"%s\"}",
		user, secret);
	put("plain", plain, 0600);
	path_of(spare, "plain");
	path_of(key, "public.jwk");
	run((const char *const[]){JOSE, "jwe", "enc", "-I", spare, "-k", key,
		    "-i",
		    "{\"protected\":{\"alg\":\"ECDH-ES+A256KW\",\"enc\":"
		    "\"A256GCM\",\"typ\":\"jump-seed+jwe\",\"kid\":"
		    "\"seal-1\"}}",
		    "-c", NULL},
		NULL, jwe, 2048);
	jwe[strcspn(jwe, "\n")] = '\0';
}

static json_t *grant(
	const char *id, const char *target, int64_t from, int64_t to)
{
	return json_pack("{s:s,s:s,s:[s],s:[s],s:s,s:I,s:I,s:b,s:[s],s:s,s:s,"
			 "s:[],s:[]}",
		"id", id, "user", "acme-tech1", "targets", target, "protocols",
		"rdp", "account", "", "not_before", (json_int_t)from,
		"not_after", (json_int_t)to, "revoked", 0, "approved_by",
		"anna", "ticket", "", "record", "none", "files", "sources");
}

/* Serial, and two grants: G-1 on hmi-1, G-2 on plc-gw, both open. */
static json_t *snapshot(uint64_t serial)
{
	json_t *tree = json_pack("{s:i,s:s,s:s,s:I,s:I,s:I,s:[o],s:[o,o]}", "v",
		1, "iss", "approvals", "aud", "bastion1", "iat",
		(json_int_t)now_sec - 5, "exp", (json_int_t)now_sec + 86400,
		"serial", (json_int_t)serial, "users",
		fixture_user("acme-tech1", UID), "grants",
		grant("G-1", "hmi-1", now_sec - 60, now_sec + 3600),
		grant("G-2", "plc-gw", now_sec - 60, now_sec + 3600));

	assert_non_null(tree);
	return tree;
}

static json_t *part(json_t *tree, const char *list, size_t i)
{
	return json_array_get(json_object_get(tree, list), i);
}

static void deliver(json_t *tree)
{
	_cleanup_free_ char *payload = json_dumps(tree, JSON_COMPACT);
	_cleanup_free_ char *text =
		signer_sign(signer, JWS_HEADER("k1"), payload);

	put("inbox/snapshot.jws", text, 0644);
	json_decref(tree);
}

static void set_clock(bool trusted)
{
	char text[256];

	snprintf(text, sizeof(text),
		"trusted=%d\noffset_ms=%lld\nwhy=ok\nboot_ms=%lld\nsynced=1\n",
		trusted, (long long)(moment_wall_ms() - moment_boot_ms()),
		(long long)moment_boot_ms());
	put("run/clock", text, 0644);
}

static void load_table(void)
{
	_cleanup_plan_ struct filter_plan plan = {
		.open = true, .relay_uid = 990, .relay_port = PLAN_RELAY_PORT};
	_cleanup_free_ char *text = NULL;
	size_t len;

	assert_int_equal(filter_plan_range(&plan, 1900000000, 1909999999), 0);
	assert_int_equal(filter_text(&plan, FILTER_REPLACE, &text, &len), 0);
	assert_int_equal(nft_apply(text, len), 0);
}

static int make_site(void **state)
{
	static const char *const folders[] = {"etc", "etc/policy.d", "trust",
		"bastion", "inbox", "state", "run", "run/db", "run/seeds",
		"run/sessions", "run/connections", "run/ends", "cgroup"};
	_cleanup_free_ char *jwk = NULL;

	(void)state;
	folder[0] = '\0';
	if (geteuid() != 0 || access("/usr/sbin/nft", X_OK) < 0 ||
		unshare(CLONE_NEWNET) < 0)
		return 0;
	now_sec = moment_wall_ms() / 1000;
	fixture_folder(folder);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		make(folders[i], 0755);
	put("etc/jump.conf", "[bastion]\nId = bastion1\n", 0644);
	put("etc/policy.d/a.conf", policy_text, 0644);
	put("passwd", "root:x:0:0:root:/root:/bin/sh\n", 0644);
	put("group", "root:x:0:\n", 0644);
	signer = signer_new("P-256");
	jwk = signer_jwk(signer, "");
	put("trust/k1.jwk", jwk, 0644);
	make_seal_key();
	set_clock(true);
	load_table();
	return 0;
}

static int drop_site(void **state)
{
	(void)state;
	if (folder[0]) {
		EVP_PKEY_free(signer);
		fixture_remove(folder);
	}
	return 0;
}

#define NEEDS_SITE()                                                           \
	do {                                                                   \
		if (!folder[0]) {                                              \
			print_message("needs root and nft\n");                 \
			skip();                                                \
		}                                                              \
	} while (0)

static char paths[12][192];

static struct apply site_apply(struct enforce_places *places)
{
	static const char *const names[] = {"inbox/snapshot.jws", "trust",
		"etc", "state", "bastion", "run/db", "run/enforce.lock",
		"passwd", "group", "run/clock", "run/sessions",
		"run/connections"};
	static char rights[192], ends[192], cgroups[192];
	struct apply a = {.filter = apply_filter_kernel};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		path_of(paths[i], names[i]);
	path_of(rights, "run/db/current/rights.db");
	path_of(ends, "run/ends");
	path_of(cgroups, "cgroup");
	*places = (struct enforce_places){
		.sessions = {.records = paths[10], .cgroups = cgroups},
		.connections = paths[11],
		.rights = rights,
		.ends = ends};
	a.accept.inbox = paths[0];
	a.accept.trust_dir = paths[1];
	a.accept.state_fd = open(paths[3], O_RDONLY | O_DIRECTORY);
	a.policy.dir = paths[2];
	a.policy.state = paths[3];
	a.seeds.key_dir = paths[4];
	path_of(paths[3], "run/seeds");
	a.seeds.dir_fd = open(paths[3], O_RDONLY | O_DIRECTORY);
	path_of(paths[3], "run");
	a.run_fd = open(paths[3], O_RDONLY | O_DIRECTORY);
	path_of(paths[3], "state");
	a.publish.dir = paths[5];
	a.publish.users_gid = 4242;
	a.enforce_lock = paths[6];
	a.passwd = paths[7];
	a.group = paths[8];
	a.clock = paths[9];
	a.enforcer.places = places;
	a.enforcer.by = "test";
	return a;
}

static int apply(void)
{
	struct enforce_places places;
	struct apply a = site_apply(&places);
	int r = apply_run(&a);

	apply_done(&a);
	return r;
}

static uint64_t generation(void)
{
	char path[192];
	uint64_t g = 0;

	path_of(path, "run/db");
	assert_int_equal(publish_current(path, &g), 0);
	return g;
}

static uint64_t serial(void)
{
	_cleanup_rights_ struct rights *rights = NULL;
	char path[192];

	path_of(path, "run/db/current/rights.db");
	return rights_open(path, geteuid(), &rights) < 0
		       ? 0
		       : rights_info(rights)->serial;
}

/* What the gates would say now about a tunnel to this target. */
static bool gate_allows(const char *target)
{
	_cleanup_rights_ struct rights *rights = NULL;
	_cleanup_rights_view_ struct rights_view view = {0};
	const struct request q = {.user = "acme-tech1",
		.uid = UID,
		.channel = CHANNEL_TUNNEL,
		.target = target,
		.proto = PROTO_RDP};
	char path[192];

	path_of(path, "run/db/current/rights.db");
	if (rights_open(path, geteuid(), &rights) < 0 ||
		rights_view_load(rights, UID, &view) < 0)
		return false;
	return rights_decide(&view, &q, moment_wall_ms() / 1000).allow;
}

/* Is this address in the kernel's set? How long still? 0: no. */
static int64_t filter_has(const char *address)
{
	_cleanup_elements_ struct elements live = {0};
	struct address a;

	assert_int_equal(address_parse(address, &a), 0);
	assert_int_equal(granted_live(&live), 0);
	for (size_t i = 0; i < live.count; i++) {
		if (live.of[i].uid == UID && live.of[i].port == 3389 &&
			address_equal(&live.of[i].address, &a))
			return live.of[i].left_sec;
	}
	return 0;
}

#define HMI "10.20.0.11"
#define PLC "10.20.0.10"

static uint64_t noted(const char *key)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	uint64_t value = 0;
	char path[192];

	path_of(path, "run/apply");
	assert_int_equal(keyfile_read(AT_FDCWD, path, geteuid(), &k), 0);
	assert_int_equal(keyfile_number(&k, key, &value), 0);
	return value;
}

static void a_snapshot_comes_into_force(void **state)
{
	json_t *tree;

	NEEDS_SITE();
	assert_int_equal(apply(), 0); /* nothing there: nobody, no fault */
	assert_int_equal(generation(), 0);
	deliver(snapshot(7));
	assert_int_equal(apply(), 0);
	assert_int_equal(serial(), 7);
	assert_true(gate_allows("hmi-1") && gate_allows("plc-gw"));
	assert_in_range(filter_has(HMI), 3590, 3600);
	assert_in_range(filter_has(PLC), 3590, 3600);
	assert_int_equal(noted("next_open"), 0);
	/* The same again changes nothing. */
	{
		uint64_t before = generation();

		assert_int_equal(apply(), 0);
		assert_int_equal(generation(), before);
	}
	/* Revoked, shortened, one to come. */
	tree = snapshot(8);
	json_object_set_new(part(tree, "grants", 0), "revoked", json_true());
	json_object_set_new(part(tree, "grants", 1), "not_after",
		json_integer(now_sec + 600));
	json_array_append_new(json_object_get(tree, "grants"),
		grant("G-3", "hmi-1", now_sec + 1800, now_sec + 3600));
	deliver(tree);
	assert_int_equal(apply(), 0);
	assert_int_equal(serial(), 8);
	assert_false(gate_allows("hmi-1"));
	assert_int_equal(filter_has(HMI), 0);
	assert_in_range(filter_has(PLC), 590, 600);
	assert_int_equal(noted("next_open"), now_sec + 1800);
	/* Extended. */
	deliver(snapshot(9));
	assert_int_equal(apply(), 0);
	assert_in_range(filter_has(PLC), 3590, 3600);
	assert_true(gate_allows("hmi-1"));
}

static void expect_refused(json_t *tree, uint64_t stays)
{
	deliver(tree);
	assert_int_equal(apply(), 0);
	assert_int_equal(serial(), stays);
	assert_true(gate_allows("plc-gw"));
	assert_true(filter_has(PLC) > 0);
}

static void what_may_not_be_is_refused(void **state)
{
	json_t *tree;
	EVP_PKEY *mine = signer;

	NEEDS_SITE();
	deliver(snapshot(20));
	assert_int_equal(apply(), 0);
	expect_refused(snapshot(19), 20);
	tree = snapshot(20); /* same serial, other bytes */
	json_array_remove(json_object_get(tree, "grants"), 1);
	expect_refused(tree, 20);
	tree = snapshot(21);
	json_object_set_new(tree, "aud", json_string("bastion2"));
	expect_refused(tree, 20);
	tree = snapshot(21);
	json_object_set_new(tree, "exp", json_integer(now_sec - 1));
	expect_refused(tree, 20);
	tree = snapshot(21);
	json_object_set_new(tree, "iat", json_integer(now_sec + 600));
	expect_refused(tree, 20);
	tree = snapshot(21);
	json_object_set_new(tree, "surprise", json_true());
	expect_refused(tree, 20);
	signer = signer_new("P-256"); /* another key, the same name */
	expect_refused(snapshot(21), 20);
	EVP_PKEY_free(signer);
	signer = mine;
	put("inbox/snapshot.jws", "garbage", 0644);
	assert_int_equal(apply(), 0);
	assert_int_equal(serial(), 20);
	{
		char path[192];

		path_of(path, "inbox/snapshot.jws");
		assert_int_equal(unlink(path), 0);
		assert_int_equal(symlink("/etc/shadow", path), 0);
		assert_int_equal(apply(), 0);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(mkfifo(path, 0644), 0);
		assert_int_equal(apply(), 0);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(serial(), 20);
	deliver(snapshot(21));
	assert_int_equal(apply(), 0);
	assert_int_equal(serial(), 21);
}

/* In doubt about the time a revocation still gets through. */
static void a_doubtful_clock_delays_no_revocation(void **state)
{
	json_t *tree = snapshot(2);

	NEEDS_SITE();
	deliver(snapshot(1));
	assert_int_equal(apply(), 0);
	set_clock(false);
	json_array_remove(json_object_get(tree, "grants"), 1);
	json_object_set_new(tree, "exp", json_integer(now_sec - 1));
	deliver(tree);
	assert_int_equal(apply(), 0);
	assert_int_equal(serial(), 2);
	assert_false(gate_allows("plc-gw"));
	assert_int_equal(filter_has(PLC), 0);
}

static void after_a_power_cut_the_stored_one_serves(void **state)
{
	char run_dir[192];

	NEEDS_SITE();
	deliver(snapshot(5));
	assert_int_equal(apply(), 0);
	/* /run is gone, the inbox is back at an older one. */
	path_of(run_dir, "run");
	fixture_remove(run_dir);
	make("run", 0755);
	make("run/db", 0755);
	make("run/seeds", 0700);
	make("run/sessions", 0755);
	make("run/connections", 0755);
	make("run/ends", 0755);
	assert_int_equal(granted_empty(), 0);
	assert_int_equal(serial(), 0);
	deliver(snapshot(4));
	assert_int_equal(apply(), 0); /* without a clock file, too */
	assert_int_equal(serial(), 5);
	assert_true(filter_has(HMI) > 0);
	/* A stored one that is older than the accepted: nobody. */
	put("state/accepted", "serial=6\nsha256=", 0600);
	assert_true(apply() < 0);
	put("state/accepted",
		"serial=6\nsha256="
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
		"abcdef\n",
		0600);
	assert_true(apply() < 0);
}

static void a_broken_policy_stops_no_revocation(void **state)
{
	json_t *tree = snapshot(2);

	NEEDS_SITE();
	deliver(snapshot(1));
	assert_int_equal(apply(), 0);
	put("etc/policy.d/a.conf", "[zone\n", 0644);
	json_object_set_new(part(tree, "grants", 0), "revoked", json_true());
	deliver(tree);
	assert_int_equal(apply(), 0);
	assert_int_equal(serial(), 2);
	assert_false(gate_allows("hmi-1"));
	assert_true(gate_allows("plc-gw"));
	/* Mended, and narrower: without a new snapshot. */
	put("etc/policy.d/a.conf",
		"[zone cell-a]\nDescription = x\nNetworks = 10.20.0.0/24\n",
		0644);
	assert_int_equal(apply(), 0);
	assert_false(gate_allows("plc-gw"));
	assert_int_equal(filter_has(PLC), 0);
}

static void a_local_name_is_not_enrolled(void **state)
{
	NEEDS_SITE();
	deliver(snapshot(1));
	assert_int_equal(apply(), 0);
	assert_true(gate_allows("hmi-1"));
	put("passwd",
		"root:x:0:0:root:/root:/bin/sh\n"
		"acme-tech1:x:1000:1000::/home/a:/bin/sh\n",
		0644);
	assert_int_equal(apply(), 0);
	assert_false(gate_allows("hmi-1"));
	assert_int_equal(filter_has(HMI), 0);
}

static void seeds_follow_their_seals(void **state)
{
	static const char one[] = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
	static const char two[] = "MEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
	char jwe[2048], name[32], path[192];
	struct stat first, second;
	json_t *tree;

	NEEDS_SITE();
	snprintf(name, sizeof(name), "run/seeds/%u", UID);
	path_of(path, name);
	seal("acme-tech1", one, jwe);
	for (uint64_t i = 1; i <= 2; i++) {
		tree = snapshot(i);
		json_object_set_new(
			part(tree, "users", 0), "otp", json_string(jwe));
		deliver(tree);
		assert_int_equal(apply(), 0);
		assert_int_equal(stat(path, i == 1 ? &first : &second), 0);
	}
	/* Not opened again, and nobody's but root's. */
	assert_true(first.st_ino == second.st_ino);
	assert_int_equal(first.st_mode & 07777, 0600);
	seal("acme-tech1", two, jwe);
	tree = snapshot(3);
	json_object_set_new(part(tree, "users", 0), "otp", json_string(jwe));
	deliver(tree);
	assert_int_equal(apply(), 0);
	assert_int_equal(stat(path, &second), 0);
	assert_true(first.st_ino != second.st_ino);
	/* Another user's seal gives no seed, and takes the old one away. */
	seal("acme-tech2", one, jwe);
	tree = snapshot(4);
	json_object_set_new(part(tree, "users", 0), "otp", json_string(jwe));
	deliver(tree);
	assert_int_equal(apply(), 0);
	assert_false(there(name));
	assert_int_equal(serial(), 4);
	seal("acme-tech1", one, jwe);
	tree = snapshot(5);
	json_object_set_new(part(tree, "users", 0), "otp", json_string(jwe));
	deliver(tree);
	assert_int_equal(apply(), 0);
	assert_true(there(name));
	/* A user who has none, or is no more, has none. */
	deliver(snapshot(6));
	assert_int_equal(apply(), 0);
	assert_false(there(name));
}

/* No filter: the rights are published all the same, and it is a fault. */
static void without_a_filter_rights_still_go(void **state)
{
	static const char gone[] = "delete table inet " FILTER_TABLE "\n";
	json_t *tree = snapshot(2);

	NEEDS_SITE();
	deliver(snapshot(1));
	assert_int_equal(apply(), 0);
	assert_int_equal(nft_apply(gone, strlen(gone)), 0);
	json_object_set_new(part(tree, "grants", 0), "revoked", json_true());
	deliver(tree);
	assert_true(apply() < 0);
	assert_false(gate_allows("hmi-1"));
	load_table();
	assert_int_equal(apply(), 0);
	assert_int_equal(filter_has(HMI), 0);
	assert_true(filter_has(PLC) > 0);
}

static json_t *meanwhile;
static int meanwhile_fails;

/* The filter is looked at in the middle of a run. */
static int live_and_deliver(struct elements *ret_live)
{
	json_t *news = meanwhile;

	meanwhile = NULL;
	if (news)
		deliver(news);
	return news && meanwhile_fails ? meanwhile_fails
				       : apply_filter_kernel.live(ret_live);
}

/* systemd's path unit does not see what comes while the service runs: a
 * revocation then must not wait for the watch. */
static void news_that_comes_meanwhile_is_taken_too(void **state)
{
	struct enforce_places places;
	struct apply a;

	NEEDS_SITE();
	for (uint64_t i = 1; i < 5; i += 2) {
		meanwhile_fails = i == 1 ? 0 : -EIO; /* the first run of two */
		deliver(snapshot(i));
		meanwhile = snapshot(i + 1);
		json_object_set_new(
			part(meanwhile, "grants", 0), "revoked", json_true());
		a = site_apply(&places);
		a.filter.live = live_and_deliver;
		assert_int_equal(apply_run(&a), 0);
		apply_done(&a);
		assert_int_equal(serial(), i + 1);
		assert_false(gate_allows("hmi-1"));
		assert_int_equal(filter_has(HMI), 0);
		assert_true(gate_allows("plc-gw"));
	}
}

static void pause_us(long us)
{
	const struct timespec t = {.tv_nsec = us * 1000};

	(void)nanosleep(&t, NULL);
}

/*
 * Each round takes one grant away and gives the other back, and the run is
 * killed somewhere in it. What gate or filter still allow then is what the
 * old or the new snapshot says, the filter never more than the new one once
 * the gates have it; and one more run brings all in line.
 */
static void killed_anywhere_nothing_is_left_open(void **state)
{
	NEEDS_SITE();
	deliver(snapshot(1));
	assert_int_equal(apply(), 0);
	for (uint64_t i = 2; i < 42; i++) {
		size_t off = i % 2;
		const char *target = off ? "plc-gw" : "hmi-1";
		const char *address = off ? PLC : HMI;
		json_t *tree = snapshot(i);
		uint64_t seen;
		pid_t pid;

		json_object_set_new(
			part(tree, "grants", off), "revoked", json_true());
		deliver(tree);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(apply() < 0);
		pause_us((long)((i * 7919) % 40) * 1000);
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		pause_us(20000); /* a child nft may still be at it */
		seen = serial();
		assert_true(seen == i || seen == i - 1);
		if (seen == i) {
			assert_false(gate_allows(target));
			assert_int_equal(filter_has(address), 0);
		}
		assert_int_equal(apply(), 0);
		assert_int_equal(serial(), i);
		assert_false(gate_allows(target));
		assert_int_equal(filter_has(address), 0);
		assert_true(gate_allows(off ? "hmi-1" : "plc-gw"));
		assert_true(filter_has(off ? HMI : PLC) > 0);
	}
}

#define AT_SITE(test)                                                          \
	cmocka_unit_test_setup_teardown(test, make_site, drop_site)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_SITE(a_snapshot_comes_into_force),
		AT_SITE(what_may_not_be_is_refused),
		AT_SITE(a_doubtful_clock_delays_no_revocation),
		AT_SITE(after_a_power_cut_the_stored_one_serves),
		AT_SITE(a_broken_policy_stops_no_revocation),
		AT_SITE(a_local_name_is_not_enrolled),
		AT_SITE(seeds_follow_their_seals),
		AT_SITE(without_a_filter_rights_still_go),
		AT_SITE(news_that_comes_meanwhile_is_taken_too),
		AT_SITE(killed_anywhere_nothing_is_left_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

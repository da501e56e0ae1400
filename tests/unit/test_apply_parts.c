/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parts of jump-apply: what the filter is to have and how it gets there (also
 * in a kernel's real sets), what is told of changes, the last good policy.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "tests/unit/grants_fixture.h"
#include "workers/apply/elements.h"
#include "workers/apply/granted.h"
#include "workers/apply/known.h"
#include "workers/apply/lastpolicy.h"
#include "workers/filter/nft.h"
#include "workers/filter/text.h"

#define NOW  (FIXTURE_NOW + 60)
#define ENDS (FIXTURE_NOW + 4 * 3600)

static struct element element(
	uint32_t uid, const char *address, uint16_t port, int64_t left_sec)
{
	struct element e = {.uid = uid, .port = port, .left_sec = left_sec};

	assert_int_equal(address_parse(address, &e.address), 0);
	return e;
}

static struct elements list_of(const struct element *of, size_t count)
{
	struct elements e = {.count = count, .room = count};

	e.of = calloc(count + 1, sizeof(*of));
	assert_non_null(e.of);
	if (count > 0)
		memcpy(e.of, of, count * sizeof(*of));
	elements_sort(&e);
	return e;
}

static void check_difference(const struct element *live, size_t live_count,
	const struct element *desired, size_t desired_count, const char *remove,
	const char *put)
{
	_cleanup_elements_ struct elements l = list_of(live, live_count);
	_cleanup_elements_ struct elements d = list_of(desired, desired_count);
	_cleanup_free_ char *r = NULL, *p = NULL;

	assert_int_equal(elements_difference(&l, &d, &r, &p), 0);
	assert_string_equal(r, remove);
	assert_string_equal(p, put);
}

#define SET4	"element inet jumphost granted4 { "
#define A_PLACE "1900000001 . 10.20.0.10 . 22"
#define A_GOES	"add " SET4 A_PLACE " timeout 60s }\ndelete " SET4 A_PLACE " }\n"

static void differences_in_words(void **state)
{
	const struct element a = element(1900000001, "10.20.0.10", 22, 3600);
	const struct element nearly =
		element(1900000001, "10.20.0.10", 22, 3598);
	const struct element longer =
		element(1900000001, "10.20.0.10", 22, 7200);
	const struct element six = element(1900000001, "fd00:20::10", 22, 60);

	(void)state;
	check_difference(NULL, 0, NULL, 0, "", "");
	check_difference(&a, 1, &a, 1, "", "");
	check_difference(&a, 1, &nearly, 1, "", "");
	check_difference(&a, 1, NULL, 0, A_GOES, "");
	check_difference(NULL, 0, &a, 1, "",
		A_GOES "add " SET4 A_PLACE " timeout 3600s }\n");
	/* Extended: replaced in one go, after the publication. */
	check_difference(&a, 1, &longer, 1, "",
		A_GOES "add " SET4 A_PLACE " timeout 7200s }\n");
	/* Shortened: away before it, back after it. */
	check_difference(&longer, 1, &a, 1, A_GOES,
		A_GOES "add " SET4 A_PLACE " timeout 3600s }\n");
	check_difference(&six, 1, NULL, 0,
		"add element inet jumphost granted6 { 1900000001 . "
		"fd00:20::10 . 22 timeout 60s }\n"
		"delete element inet jumphost granted6 { 1900000001 . "
		"fd00:20::10 . 22 }\n",
		"");
}

static void of_two_at_one_place_the_longer_stays(void **state)
{
	const struct element of[] = {element(7, "10.0.0.1", 22, 10),
		element(7, "10.0.0.1", 22, 30), element(7, "10.0.0.1", 22, 20),
		element(7, "10.0.0.1", 23, 5)};
	_cleanup_elements_ struct elements e = list_of(of, 4);

	(void)state;
	assert_int_equal(e.count, 2);
	assert_int_equal(e.of[0].left_sec, 30);
	assert_int_equal(e.of[1].port, 23);
}

static void listings_are_read_whole_or_not(void **state)
{
	static const char *const bad[] = {"", "[]", "{}",
		"{\"nftables\": [{\"set\": {\"elem\": [7]}}]}",
		"{\"nftables\": [{\"set\": {\"elem\": [{\"elem\": {\"val\": "
		"{\"concat\": [1, \"x\", 22]}}}]}}]}",
		"{\"nftables\": [{\"set\": {\"elem\": [{\"elem\": {\"val\": "
		"{\"concat\": [-1, \"10.0.0.1\", 22]}}}]}}]}",
		"{\"nftables\": [{\"set\": {\"elem\": [{\"elem\": {\"val\": "
		"{\"concat\": [1, \"10.0.0.1\", 70000]}}}]}}]}",
		"{\"nftables\": [{\"set\": {\"elem\": [{\"elem\": {\"val\": "
		"{\"concat\": [1, \"10.0.0.1\"]}}}]}}]}"};
	static const char good[] =
		"{\"nftables\": [{\"metainfo\": {}}, {\"set\": {\"elem\": ["
		"{\"elem\": {\"val\": {\"concat\": [5, \"10.0.0.1\", 22]}, "
		"\"timeout\": 9, \"expires\": 8}}, "
		"{\"concat\": [6, \"fd00::1\", 443]}]}}]}";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_elements_ struct elements e = {0};

		assert_int_equal(
			elements_listed(bad[i], strlen(bad[i]), &e), -EBADMSG);
	}
	{
		_cleanup_elements_ struct elements e = {0};

		assert_int_equal(elements_listed(good, strlen(good), &e), 0);
		assert_int_equal(e.count, 2);
		assert_int_equal(e.of[0].left_sec, 8);
		assert_true(e.of[1].left_sec == ELEMENTS_LEFT_MAX);
	}
}

/* A compiled world from the fixture, with what a test changes. */
struct world {
	struct policy policy;
	struct snapshot snapshot;
	struct compiled compiled;
};

static void world_make(struct world *w, json_t *tree)
{
	memset(w, 0, sizeof(*w));
	fixture_policy(&w->policy);
	w->policy.conduits[0].grace_sec = 100;
	fixture_parse(tree, &w->snapshot);
	json_decref(tree);
	assert_int_equal(compiled_make(&w->snapshot, &w->policy,
				 &fixture_no_locals, &w->compiled),
		0);
}

static void world_done(struct world *w)
{
	compiled_done(&w->compiled);
	snapshot_done(&w->snapshot);
	policy_done(&w->policy);
}

static json_t *grant_in(json_t *tree, size_t i)
{
	return json_array_get(json_object_get(tree, "grants"), i);
}

static void open_windows_are_desired(void **state)
{
	struct world w;
	int64_t next = -1;
	size_t addresses = 0;

	(void)state;
	world_make(&w, fixture_snapshot());
	for (size_t i = 0; i < w.policy.target_count; i++) {
		const char *name = w.policy.targets[i].name;

		if (strcmp(name, "hmi-1") == 0 || strcmp(name, "plc-gw") == 0)
			addresses += w.policy.targets[i].address_count;
	}
	assert_true(addresses >= 2);
	{
		/* ssh and sftp are one port: one element an address. */
		_cleanup_elements_ struct elements e = {0};

		assert_int_equal(
			elements_desired(&w.compiled, NOW, &e, &next), 0);
		assert_int_equal(e.count, 2 * addresses);
		assert_int_equal(next, 0);
		for (size_t i = 0; i < e.count; i++)
			assert_int_equal(e.of[i].left_sec, ENDS + 100 - NOW);
	}
	{
		_cleanup_elements_ struct elements e = {0};

		assert_int_equal(elements_desired(&w.compiled, FIXTURE_NOW - 1,
					 &e, &next),
			0);
		assert_int_equal(e.count, 0);
		assert_int_equal(next, FIXTURE_NOW);
	}
	{
		_cleanup_elements_ struct elements e = {0};

		assert_int_equal(
			elements_desired(&w.compiled, ENDS, &e, &next), 0);
		assert_int_equal(e.count, 0);
		assert_int_equal(next, 0);
	}
	world_done(&w);
}

static size_t at_port(const struct elements *e, uint16_t port)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++)
		n += e->of[i].port == port;
	return n;
}

static void offer_ports(struct policy *p)
{
	for (size_t i = 0; i < p->target_count; i++) {
		p->targets[i].port[PROTO_HTTPS][1] = 8443;
		assert_int_equal(proto_set_parse("ssh https tcp/502 tcp/4840",
					 &p->targets[i].protocols),
			0);
	}
	p->conduits[0].protocols = p->targets[0].protocols;
	p->conduits[0].record = RECORD_OPTIONAL;
}

/* Each port that was granted, and none beside it. */
static void single_ports_are_desired(void **state)
{
	json_t *tree = fixture_snapshot(),
	       *words = json_pack("[ss]", "https", "tcp/502");
	_cleanup_elements_ struct elements e = {0};
	struct world w;
	int64_t next;

	(void)state;
	json_object_set_new(grant_in(tree, 0), "protocols", words);
	json_object_set_new(
		grant_in(tree, 0), "targets", json_pack("[s]", "hmi-1"));
	json_object_set_new(grant_in(tree, 0), "files", json_array());
	json_object_set_new(
		grant_in(tree, 0), "record", json_string("optional"));
	json_object_set_new(grant_in(tree, 1), "revoked", json_true());
	memset(&w, 0, sizeof(w));
	fixture_policy(&w.policy);
	offer_ports(&w.policy);
	fixture_parse(tree, &w.snapshot);
	json_decref(tree);
	assert_int_equal(compiled_make(&w.snapshot, &w.policy,
				 &fixture_no_locals, &w.compiled),
		0);
	assert_int_equal(elements_desired(&w.compiled, NOW, &e, &next), 0);
	assert_true(at_port(&e, 502) > 0);
	assert_int_equal(at_port(&e, 502), at_port(&e, 443));
	assert_int_equal(at_port(&e, 502), at_port(&e, 8443));
	assert_int_equal(e.count, 3 * at_port(&e, 502));
	world_done(&w);
}

static void what_is_revoked_or_from_elsewhere(void **state)
{
	json_t *tree = fixture_snapshot();
	struct world w;
	int64_t next;
	_cleanup_elements_ struct elements e = {0};

	(void)state;
	json_object_set_new(grant_in(tree, 0), "revoked", json_true());
	json_object_set_new(grant_in(tree, 1), "sources",
		json_pack("[s]", "198.51.100.0/24"));
	world_make(&w, tree);
	assert_int_equal(elements_desired(&w.compiled, NOW, &e, &next), 0);
	assert_true(e.count > 0);
	for (size_t i = 0; i < e.count; i++)
		assert_int_equal(e.of[i].uid, FIXTURE_UID + 1);
	world_done(&w);
}

/* ---- a kernel's real sets ---- */

static bool have_kernel(void)
{
	return geteuid() == 0 && access("/usr/sbin/nft", X_OK) == 0 &&
	       unshare(CLONE_NEWNET) == 0;
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

static void bring(const struct element *of, size_t count, bool keep_removal)
{
	_cleanup_elements_ struct elements live = {0};
	_cleanup_elements_ struct elements after = {0};
	_cleanup_elements_ struct elements desired = list_of(of, count);
	_cleanup_free_ char *remove = NULL, *put = NULL;

	assert_int_equal(granted_live(&live), 0);
	assert_int_equal(
		elements_difference(&live, &desired, &remove, &put), 0);
	/* As if what is to go had timed out before nft came to it. */
	if (!keep_removal)
		assert_int_equal(granted_empty(), 0);
	assert_int_equal(granted_change(remove), 0);
	assert_int_equal(granted_change(put), 0);
	assert_int_equal(granted_live(&after), 0);
	if (!keep_removal)
		return;
	assert_int_equal(after.count, desired.count);
	for (size_t i = 0; i < after.count; i++) {
		assert_int_equal(after.of[i].uid, desired.of[i].uid);
		assert_int_equal(after.of[i].port, desired.of[i].port);
		assert_true(address_equal(
			&after.of[i].address, &desired.of[i].address));
		assert_in_range(after.of[i].left_sec,
			desired.of[i].left_sec - 2, desired.of[i].left_sec);
	}
}

static void the_kernel_follows(void **state)
{
	const struct element first[] = {
		element(1900000001, "10.20.0.10", 22, 3600),
		element(1900000001, "fd00:20::10", 22, 3600),
		element(1900000002, "10.20.0.11", 3389, 60)};
	const struct element second[] = {
		element(1900000001, "10.20.0.10", 22, 7200), /* extended */
		element(1900000001, "fd00:20::10", 22, 600), /* shortened */
		element(1900000003, "10.20.0.11", 443, 60)};
	_cleanup_elements_ struct elements none = {0};

	(void)state;
	if (!have_kernel()) {
		print_message("needs root and nft\n");
		skip();
	}
	assert_int_equal(granted_live(&none), -ENOENT);
	load_table();
	bring(first, 3, true);
	bring(first, 3, true);
	bring(second, 3, true);
	bring(first, 2, true);
	bring(second, 3, false);
	bring(NULL, 0, true);
	bring(second, 3, true);
	assert_int_equal(granted_empty(), 0);
	assert_int_equal(granted_live(&none), 0);
	assert_int_equal(none.count, 0);
}

/* ---- what is told ---- */

static char told[2048];

static void note(const struct news_item *item, void *context)
{
	static const char *const words[] = {"user+", "user-", "grant+",
		"longer", "narrower", "revoked", "dropped", "refused"};
	size_t len = strlen(told);

	(void)context;
	snprintf(told + len, sizeof(told) - len, "%s:%s ", words[item->kind],
		item->refusal	 ? item->refusal->word
		: item->grant_id ? item->grant_id
				 : item->user);
}

static char *text_of(json_t *tree, struct world *w, size_t *ret_len)
{
	char *text;

	world_make(w, tree);
	text = known_text(&w->compiled, ret_len);
	assert_non_null(text);
	return text;
}

static void check_news(json_t *before, json_t *after, const char *want)
{
	struct world a, b;
	size_t a_len, b_len;
	_cleanup_free_ char *was = text_of(before, &a, &a_len);
	_cleanup_free_ char *is = text_of(after, &b, &b_len);

	told[0] = '\0';
	assert_int_equal(known_compare(was, a_len, is, b_len, &b.compiled, NOW,
				 note, NULL),
		0);
	assert_string_equal(told, want);
	told[0] = '\0';
	assert_int_equal(known_compare(is, b_len, is, b_len, &b.compiled, NOW,
				 note, NULL),
		0);
	assert_string_equal(told, "");
	world_done(&a);
	world_done(&b);
}

static json_t *with(const char *member, json_t *value)
{
	json_t *tree = fixture_snapshot();

	json_object_set_new(grant_in(tree, 0), member, value);
	return tree;
}

static void changes_are_told_once(void **state)
{
	json_t *tree;

	(void)state;
	check_news(fixture_snapshot(), fixture_snapshot(), "");
	check_news(fixture_snapshot(),
		with("not_after", json_integer(ENDS + 1)), "longer:G-1 ");
	check_news(fixture_snapshot(),
		with("not_after", json_integer(ENDS - 1)), "narrower:G-1 ");
	check_news(fixture_snapshot(),
		with("targets", json_pack("[s]", "hmi-1")), "narrower:G-1 ");
	check_news(fixture_snapshot(), with("revoked", json_true()),
		"revoked:G-1 ");
	tree = fixture_snapshot();
	json_array_remove(json_object_get(tree, "grants"), 0);
	check_news(json_deep_copy(tree), fixture_snapshot(), "grant+:G-1 ");
	check_news(fixture_snapshot(), json_deep_copy(tree), "dropped:G-1 ");
	json_array_remove(json_object_get(tree, "users"), 0);
	check_news(fixture_snapshot(), tree, "dropped:G-1 user-:acme-tech1 ");
	/* What was over already goes in silence. */
	check_news(with("not_after", json_integer(FIXTURE_NOW + 30)),
		with("not_after", json_integer(FIXTURE_NOW + 30)), "");
	tree = fixture_snapshot();
	json_array_insert_new(json_object_get(tree, "users"), 2,
		fixture_user("sudo", FIXTURE_UID + 5));
	check_news(fixture_snapshot(), tree, "refused:name ");
}

static void a_damaged_memory_is_none(void **state)
{
	struct world w;
	size_t len;
	_cleanup_free_ char *text = text_of(fixture_snapshot(), &w, &len);

	(void)state;
	for (size_t cut = 0; cut < len; cut += 7) {
		told[0] = '\0';
		assert_int_equal(known_compare(text, cut, text, len,
					 &w.compiled, NOW, note, NULL),
			0);
		if (cut < 10)
			assert_string_equal(told,
				"grant+:G-1 grant+:G-2 user+:acme-tech1 "
				"user+:acme-tech2 ");
	}
	for (size_t i = 0; i < len; i++) {
		text[i] ^= 0x15;
		(void)known_compare(
			text, len, text, len, &w.compiled, NOW, note, NULL);
		text[i] ^= 0x15;
	}
	world_done(&w);
}

/* ---- the last good policy ---- */

static void put(const char *folder, const char *name, const char *text)
{
	char path[256];
	_cleanup_close_ int fd = -1;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static enum policy_source load(
	const struct policy_places *places, struct policy *ret, char *digest)
{
	static struct policy_errors errors;

	memset(&errors, 0, sizeof(errors));
	return lastpolicy_load(places, ret, &errors, digest);
}

#define ZONE(name) "[zone " name "]\nDescription = x\nNetworks = 10.20.0.0/24\n"

static void the_last_good_policy_stays(void **state)
{
	char folder[64], etc[96], keep[96];
	char one[DIGEST_SIZE], two[DIGEST_SIZE];
	const struct policy_places places = {
		.dir = etc, .state = keep, .owner = geteuid()};
	struct policy p;

	(void)state;
	fixture_folder(folder);
	snprintf(etc, sizeof(etc), "%s/etc", folder);
	snprintf(keep, sizeof(keep), "%s/state", folder);
	assert_int_equal(mkdir(etc, 0755), 0);
	assert_int_equal(mkdir(keep, 0700), 0);
	memset(&p, 0, sizeof(p));
	assert_int_equal(load(&places, &p, one), POLICY_NONE);
	put(etc, "jump.conf", "[bastion]\nId = bastion1\n");
	{
		char d[128];

		snprintf(d, sizeof(d), "%s/policy.d", etc);
		assert_int_equal(mkdir(d, 0755), 0);
	}
	put(etc, "policy.d/a.conf", ZONE("cell-a"));
	assert_int_equal(load(&places, &p, one), POLICY_CURRENT);
	assert_int_equal(p.zone_count, 1);
	policy_done(&p);
	assert_int_equal(load(&places, &p, two), POLICY_CURRENT);
	assert_string_equal(one, two);
	policy_done(&p);
	put(etc, "policy.d/a.conf", ZONE("cell-b"));
	assert_int_equal(load(&places, &p, two), POLICY_CURRENT);
	assert_string_equal(p.zones[0].name, "cell-b");
	assert_string_not_equal(one, two);
	policy_done(&p);
	/* From here on it is broken, in three ways. */
	put(etc, "policy.d/a.conf", ZONE("cell-c") "Nonsense = 1\n");
	assert_int_equal(load(&places, &p, two), POLICY_LAST_GOOD);
	assert_string_equal(p.zones[0].name, "cell-b");
	policy_done(&p);
	put(etc, "policy.d/a.conf", ZONE("cell-d"));
	put(etc, "jump.conf", "[bastion\n");
	assert_int_equal(load(&places, &p, two), POLICY_LAST_GOOD);
	assert_string_equal(p.zones[0].name, "cell-b");
	policy_done(&p);
	{
		char moved[128];

		snprintf(moved, sizeof(moved), "%s.gone", etc);
		assert_int_equal(rename(etc, moved), 0);
	}
	assert_int_equal(load(&places, &p, two), POLICY_LAST_GOOD);
	assert_string_equal(p.zones[0].name, "cell-b");
	assert_string_equal(two, "");
	policy_done(&p);
	fixture_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_in_words),
		cmocka_unit_test(of_two_at_one_place_the_longer_stays),
		cmocka_unit_test(listings_are_read_whole_or_not),
		cmocka_unit_test(open_windows_are_desired),
		cmocka_unit_test(single_ports_are_desired),
		cmocka_unit_test(what_is_revoked_or_from_elsewhere),
		cmocka_unit_test(changes_are_told_once),
		cmocka_unit_test(a_damaged_memory_is_none),
		cmocka_unit_test(the_last_good_policy_stays),
		cmocka_unit_test(the_kernel_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

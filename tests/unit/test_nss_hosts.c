/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names half of the module as libc calls it, over a published generation
 * in a folder of this test. The process is taken for acme-tech1's, who was
 * granted hmi-1 (here of both families) and plc-gw (IPv4 alone).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <nss.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "tests/unit/grants_fixture.h"

#define DB    NSS_HOSTS_TEST_DIR
#define OWN   DB "/current/users/1900000001"
#define OTHER DB "/current/users/1900000002"
#define ROOM  512

typedef enum nss_status status;
static status (*by_name4)(const char *, struct gaih_addrtuple **, char *,
	size_t, int *, int *, int32_t *);
static status (*by_name2)(
	const char *, int, struct hostent *, char *, size_t, int *, int *);
static status (*by_name)(
	const char *, struct hostent *, char *, size_t, int *, int *);

static void give_address(struct target *t, const char *text)
{
	struct address *a = &t->addresses[t->address_count++];

	assert_int_equal(address_parse(text, a), 0);
}

static int each_setup(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_snapshot_ struct snapshot s = {0};
	_cleanup_compiled_ struct compiled c = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	struct published done;

	(void)state;
	fixture_remove(DB);
	assert_int_equal(mkdir(DB, 0755), 0);
	fixture_policy(&policy);
	for (size_t i = 0; i < policy.target_count; i++) {
		struct target *t = &policy.targets[i];

		if (strcmp(t->name, "hmi-1") != 0 &&
			strcmp(t->name, "plc-gw") != 0)
			continue;
		/* What it is behind was not granted, and stays unknown. */
		if (t->name[0] == 'p')
			memcpy(t->via, "hmi-2", sizeof("hmi-2"));
		t->address_count = 0;
		give_address(
			t, t->name[0] == 'h' ? "10.20.0.11" : "10.20.0.10");
		if (t->name[0] == 'h')
			give_address(t, "fd00:20::11");
	}
	fixture_parse(tree, &s);
	assert_int_equal(compiled_make(&s, &policy, &fixture_no_locals, &c), 0);
	fixture_publish(DB, &c, &done);
	return 0;
}

static int each_teardown(void **state)
{
	(void)state;
	fixture_remove(DB);
	return 0;
}

struct heard {
	status is;
	int e, h;
	struct hostent host;
	char buffer[ROOM];
};

static const struct heard *ask(const char *name, int family)
{
	static struct heard heard;

	heard = (struct heard){.e = -1, .h = -1};
	heard.is = by_name2(name, family, &heard.host, heard.buffer,
		sizeof(heard.buffer), &heard.e, &heard.h);
	return &heard;
}

static void expect_address(const char *name, int family, const char *address)
{
	const struct heard *heard = ask(name, family);
	char text[INET6_ADDRSTRLEN];

	assert_int_equal(heard->is, NSS_STATUS_SUCCESS);
	assert_int_equal(heard->h, NETDB_SUCCESS);
	assert_string_equal(heard->host.h_name, name);
	assert_null(heard->host.h_aliases[0]);
	assert_int_equal(heard->host.h_addrtype, family);
	assert_int_equal(heard->host.h_length, family == AF_INET ? 4 : 16);
	assert_string_equal(inet_ntop(family, heard->host.h_addr_list[0], text,
				    sizeof(text)),
		address);
	assert_null(heard->host.h_addr_list[1]);
}

static void granted_names_are_known(void **state)
{
	struct hostent host;
	char buffer[ROOM];
	int e, h;

	(void)state;
	expect_address("hmi-1", AF_INET, "10.20.0.11");
	expect_address("hmi-1", AF_INET6, "fd00:20::11");
	expect_address("plc-gw", AF_INET, "10.20.0.10");
	assert_int_equal(
		by_name("plc-gw", &host, buffer, sizeof(buffer), &e, &h),
		NSS_STATUS_SUCCESS);
	assert_int_equal(host.h_addrtype, AF_INET);
}

static void other_names_are_not(void **state)
{
	/* of the plant and not granted, of nobody, and no names at all */
	static const char *const names[] = {"historian", "drive-9", "hmi-2",
		"nowhere", "localhost", "", ".", "hmi-1.", "HMI-1", "hmi-1\n",
		"../plc-gw", "10.20.0.10", "fd00:20::11",
		"a-name-that-is-longer-than-any-name-may-be-and-goes-on"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct heard *heard = ask(names[i], AF_INET);

		if (heard->is != NSS_STATUS_NOTFOUND ||
			heard->h != HOST_NOT_FOUND)
			fail_msg("%s: %d", names[i], heard->is);
	}
	assert_int_equal(ask("plc-gw", AF_INET6)->is, NSS_STATUS_NOTFOUND);
	assert_int_equal(ask("plc-gw", AF_INET6)->h, NO_DATA);
	assert_int_equal(ask("plc-gw", AF_UNIX)->is, NSS_STATUS_NOTFOUND);
}

static void both_families_at_once(void **state)
{
	struct gaih_addrtuple first = {0}, *at = &first, *none = NULL;
	char buffer[ROOM];
	int32_t ttl = -1;
	int e, h;

	(void)state;
	assert_int_equal(
		by_name4("hmi-1", &at, buffer, sizeof(buffer), &e, &h, &ttl),
		NSS_STATUS_SUCCESS);
	assert_ptr_equal(at, &first);
	assert_string_equal(first.name, "hmi-1");
	assert_int_equal(first.family, AF_INET);
	assert_int_equal(first.addr[0], inet_addr("10.20.0.11"));
	assert_int_equal(first.next->family, AF_INET6);
	assert_null(first.next->next);
	assert_int_equal(ttl, 0);
	assert_int_equal(
		by_name4("plc-gw", &none, buffer, sizeof(buffer), &e, &h, NULL),
		NSS_STATUS_SUCCESS);
	assert_int_equal(none->addr[0], inet_addr("10.20.0.10"));
	assert_null(none->next);
}

/* Too little room is said, at every length and alignment, and not used. */
static void no_room_is_said(void **state)
{
	char buffer[ROOM];
	struct hostent host;
	size_t enough = 0;

	(void)state;
	for (size_t shift = 0; shift < 16; shift++) {
		for (size_t len = 0; len + shift < sizeof(buffer); len++) {
			struct gaih_addrtuple *at = NULL;
			int e = 0, h = 0;
			status is2, is4;

			memset(buffer, 0x5a, sizeof(buffer));
			is2 = by_name2("hmi-1", AF_INET6, &host, buffer + shift,
				len, &e, &h);
			assert_true(
				is2 == NSS_STATUS_SUCCESS ||
				(is2 == NSS_STATUS_TRYAGAIN && e == ERANGE &&
					h == NETDB_INTERNAL));
			is4 = by_name4("hmi-1", &at, buffer + shift, len, &e,
				&h, NULL);
			assert_true(is4 == NSS_STATUS_SUCCESS || !at);
			enough += is2 == NSS_STATUS_SUCCESS &&
				  is4 == NSS_STATUS_SUCCESS;
			for (size_t i = shift + len; i < sizeof(buffer); i++)
				assert_int_equal(buffer[i], 0x5a);
		}
	}
	assert_true(enough > 0);
}

static void only_the_own_file_counts(void **state)
{
	(void)state;
	assert_int_equal(chmod(OWN, 0460), 0);
	assert_int_equal(ask("hmi-1", AF_INET)->is, NSS_STATUS_UNAVAIL);
	assert_int_equal(unlink(OWN), 0);
	assert_int_equal(ask("hmi-1", AF_INET)->is, NSS_STATUS_NOTFOUND);
	assert_int_equal(rename(OTHER, OWN), 0);
	assert_int_equal(ask("hmi-1", AF_INET)->is, NSS_STATUS_UNAVAIL);
	assert_int_equal(unlink(OWN), 0);
	assert_int_equal(symlink("../rights.db", OWN), 0);
	assert_int_equal(ask("hmi-1", AF_INET)->is, NSS_STATUS_UNAVAIL);
}

static size_t own_bytes(uint8_t bytes[65536])
{
	_cleanup_close_ int fd = open(OWN, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd_read_full(fd, bytes, 65536);

	assert_true(n > 0 && n < 65536);
	return (size_t)n;
}

static void own_becomes(const uint8_t *bytes, size_t len)
{
	_cleanup_close_ int fd = -1;

	(void)unlink(OWN);
	fd = open(OWN, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0440);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, len), 0);
}

/* What was true, or nothing. */
static void expect_truth(const char *name, const char *address)
{
	const struct heard *heard = ask(name, AF_INET);
	char text[INET6_ADDRSTRLEN];

	if (heard->is != NSS_STATUS_SUCCESS)
		return;
	assert_non_null(address);
	assert_string_equal(inet_ntop(AF_INET, heard->host.h_addr_list[0], text,
				    sizeof(text)),
		address);
}

static void no_corruption_invents_a_name(void **state)
{
	static uint8_t bytes[65536];
	size_t len = own_bytes(bytes);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= 0x41;
		own_becomes(bytes, len);
		expect_truth("hmi-1", "10.20.0.11");
		expect_truth("plc-gw", "10.20.0.10");
		expect_truth("historian", NULL);
		bytes[i] ^= 0x41;
	}
	for (size_t i = 0; i < len; i++) {
		own_becomes(bytes, i);
		assert_int_not_equal(
			ask("hmi-1", AF_INET)->is, NSS_STATUS_SUCCESS);
	}
	own_becomes(bytes, len);
	expect_address("hmi-1", AF_INET, "10.20.0.11");
}

static int load(void **state)
{
	void *module = dlopen(NSS_TEST_MODULE, RTLD_NOW | RTLD_LOCAL);

	(void)state;
	if (!module) {
		fprintf(stderr, "%s\n", dlerror());
		return -1;
	}
	*(void **)&by_name4 = dlsym(module, "_nss_jump_gethostbyname4_r");
	*(void **)&by_name2 = dlsym(module, "_nss_jump_gethostbyname2_r");
	*(void **)&by_name = dlsym(module, "_nss_jump_gethostbyname_r");
	return by_name4 && by_name2 && by_name ? 0 : -1;
}

#define EACH(test)                                                             \
	cmocka_unit_test_setup_teardown(test, each_setup, each_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(granted_names_are_known),
		EACH(other_names_are_not),
		EACH(both_families_at_once),
		EACH(no_room_is_said),
		EACH(only_the_own_file_counts),
		EACH(no_corruption_invents_a_name),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A way counts as closed only when it is known what closed it: that nothing
 * answered, or that something said no, might be the machine at the other end.
 * So the filter's own counters are read around each try.
 */
#include "jumpctl/routes.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/proc.h"

#define NOBODY	  65534
#define SERVICE	  1 /* daemon: a local account that is nobody's */
#define CERT_DIR  "/run/jump/cert"
#define NFT	  "/usr/sbin/nft"
#define LIST_SIZE 8192

static const char *const sockets[] = {
	"/run/jump/relay.sock", "/run/jump/record.sock"};

const char *closer_word(enum closer c)
{
	static const char *const words[] = {
		"nothing", "filter", "permission", "no-route"};

	return (size_t)c < ARRAY_LEN(words) ? words[c] : words[0];
}

void routes_done(struct routes *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->list[i].probe.way == WAY_SOCKET)
			free((char *)r->list[i].probe.path);
	}
	free(r->list);
	memset(r, 0, sizeof(*r));
}

static struct route *add(
	struct routes *r, const char *who, uid_t uid, enum way way)
{
	struct route *one;

	if (r->count == r->capacity) {
		size_t more = r->capacity ? 2 * r->capacity : 64;
		struct route *list = reallocarray(r->list, more, sizeof(*list));

		if (!list)
			return NULL;
		r->list = list;
		r->capacity = more;
	}
	one = &r->list[r->count++];
	*one = (struct route){.who = who, .probe = {.uid = uid, .way = way}};
	return one;
}

static int add_address(struct routes *r, const char *who, uid_t uid,
	enum way way, const struct address *to, uint16_t port,
	const char *where)
{
	struct route *one = add(r, who, uid, way);

	if (!one)
		return -ENOMEM;
	one->probe.address = *to;
	one->probe.port = port;
	snprintf(one->where, sizeof(one->where), "%s", where);
	return 0;
}

static int add_text(struct routes *r, const char *who, uid_t uid, enum way way,
	const char *to, uint16_t port, const char *where)
{
	struct address a;

	if (address_parse(to, &a) < 0)
		return -EINVAL;
	return add_address(r, who, uid, way, &a, port, where);
}

/* The first host of a network; a target would do as well. */
static struct address host_in(const struct network *n)
{
	struct address a = n->address;
	size_t last = a.family == AF_INET ? 3 : 15;

	if (n->prefix < 8 * (last + 1))
		a.bytes[last] |= 1;
	return a;
}

static int add_zones(struct routes *r, const struct policy *p, const char *who,
	uid_t uid, bool tcp)
{
	int e = 0;

	for (size_t z = 0; z < p->zone_count; z++) {
		const struct zone *zone = &p->zones[z];
		char where[64];

		snprintf(where, sizeof(where), "zone %s", zone->name);
		for (size_t i = 0; e == 0 && i < zone->network_count; i++) {
			struct address a = host_in(&zone->networks[i]);

			if (tcp)
				e = add_address(
					r, who, uid, WAY_TCP, &a, 22, where);
			if (e == 0)
				e = add_address(
					r, who, uid, WAY_UDP, &a, 161, where);
			if (e == 0)
				e = add_address(
					r, who, uid, WAY_ICMP, &a, 0, where);
		}
	}
	return e;
}

/* Documentation addresses: nobody lives there. */
static int add_outside(struct routes *r, const char *who, uid_t uid)
{
	static const struct {
		enum way way;
		const char *to;
		uint16_t port;
		const char *where;
	} ways[] = {
		{WAY_TCP, "192.0.2.1", 22, "outside"},
		{WAY_TCP, "2001:db8::1", 22, "outside"},
		{WAY_UDP, "192.0.2.1", 53, "outside"},
		{WAY_UDP, "2001:db8::1", 53, "outside"},
		{WAY_ICMP, "192.0.2.1", 0, "outside"},
		{WAY_ICMP, "2001:db8::1", 0, "outside"},
		{WAY_TCP, "127.0.0.1", 22, "this host"},
		{WAY_TCP, "::1", 22, "this host"},
	};
	int e = 0;

	for (size_t i = 0; e == 0 && i < ARRAY_LEN(ways); i++)
		e = add_text(r, who, uid, ways[i].way, ways[i].to, ways[i].port,
			ways[i].where);
	return e;
}

/* The first and the last: the filter knows them as one range. */
static int add_relay_ports(
	struct routes *r, const char *who, uid_t uid, uint16_t first)
{
	static const char *const hosts[] = {"127.0.0.1", "::1"};
	const uint16_t ports[] = {first, first + POLICY_RELAY_PORTS - 1};
	int e = 0;

	for (size_t i = 0; e == 0 && i < 4; i++)
		e = add_text(r, who, uid, WAY_TCP, hosts[i / 2], ports[i % 2],
			"relay port");
	return e;
}

static int add_socket(
	struct routes *r, const char *who, uid_t uid, const char *path)
{
	struct route *one = add(r, who, uid, WAY_SOCKET);
	char *copy = strdup(path);

	if (!one || !copy) {
		free(copy);
		return -ENOMEM;
	}
	one->probe.path = copy;
	return 0;
}

/* Sockets of zones are as many as there are zones with a CA. */
static int add_sockets(struct routes *r, const char *who, uid_t uid)
{
	_cleanup_closedir_ DIR *dir = opendir(CERT_DIR);
	int e = 0;

	for (size_t i = 0; e == 0 && i < ARRAY_LEN(sockets); i++)
		e = add_socket(r, who, uid, sockets[i]);
	for (const struct dirent *d; e == 0 && dir && (d = readdir(dir));) {
		char path[320];

		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), CERT_DIR "/%s", d->d_name);
		e = add_socket(r, who, uid, path);
	}
	return e;
}

static int add_jumpshell(struct routes *r, const char *who, uid_t uid)
{
	struct route *one = add(r, who, uid, WAY_EXEC);

	if (!one)
		return -ENOMEM;
	one->probe.path = JUMP_LIBEXECDIR "/jumpshell";
	return 0;
}

static int list_outsider(
	struct routes *r, const struct policy *p, const char *who, uid_t uid)
{
	int e = add_zones(r, p, who, uid, true);

	if (e == 0)
		e = add_relay_ports(r, who, uid, p->settings.relay_port);
	if (e == 0)
		e = add_sockets(r, who, uid);
	return e < 0 ? e : add_jumpshell(r, who, uid);
}

int routes_list(const struct policy *p, struct routes *ret_routes)
{
	_cleanup_routes_ struct routes r = {0};
	const struct passwd *relay = getpwnam("jump-relay");
	uid_t supplier = p->settings.uid_max; /* most likely nobody's */
	int e = add_zones(&r, p, "supplier", supplier, true);

	if (e == 0)
		e = add_outside(&r, "supplier", supplier);
	if (e == 0)
		e = add_relay_ports(
			&r, "supplier", supplier, p->settings.relay_port);
	if (e == 0)
		e = list_outsider(&r, p, "nobody", NOBODY);
	if (e == 0)
		e = list_outsider(&r, p, "service", SERVICE);
	if (e == 0 && relay)
		e = add_zones(&r, p, "relay", relay->pw_uid, false);
	if (e == 0 && relay)
		e = add_outside(&r, "relay", relay->pw_uid);
	if (e < 0)
		return e;
	*ret_routes = r;
	memset(&r, 0, sizeof(r));
	return 0;
}

/* "counter packets N bytes M" of one of the chains that refuse. */
static int read_counter(const char *chain, uint64_t *ret_packets)
{
	static const char *const env[] = {"LC_ALL=C", NULL};
	const char *const argv[] = {
		NFT, "list", "chain", "inet", "jumphost", chain, NULL};
	char out[LIST_SIZE], *at, *end;
	const struct proc_run run = {
		.argv = argv,
		.envp = env,
		.timeout_ms = 5000,
		.ret_output = out,
		.output_size = sizeof(out),
	};

	if (proc_run(&run) != 0)
		return -ENOENT;
	at = strstr(out, "counter packets ");
	if (!at)
		return -EBADMSG;
	at += strlen("counter packets ");
	end = strchr(at, ' ');
	if (!end)
		return -EBADMSG;
	*end = '\0';
	return number_parse(at, 0, UINT64_MAX, ret_packets);
}

static int read_counters(uint64_t *ret_packets)
{
	uint64_t supplier = 0, other = 0;
	int r = read_counter("refuse_supplier", &supplier);

	if (r == 0)
		r = read_counter("refuse_other", &other);
	if (r == 0)
		*ret_packets = supplier + other;
	return r;
}

enum closer route_judge(enum way way, enum met met, bool counted)
{
	switch (met) {
	case MET_REFUSED:
	case MET_DENIED:
	case MET_SILENT:
		return counted ? CLOSER_FILTER : CLOSER_NONE;
	case MET_NO_ROUTE:
		/* the refusal by ICMP looks like a missing route */
		return counted ? CLOSER_FILTER : CLOSER_NO_ROUTE;
	case MET_PERMISSION:
		/* the refusal by ICMPv6 looks like a missing permission */
		if (counted)
			return CLOSER_FILTER;
		return way == WAY_SOCKET || way == WAY_EXEC || way == WAY_ICMP
			       ? CLOSER_PERMISSION
			       : CLOSER_NONE;
	default:
		return CLOSER_NONE;
	}
}

static int try_one(struct route *one)
{
	uint64_t before = 0, after = 0;
	int r = read_counters(&before);

	if (r < 0)
		return r;
	one->met = probe_try(&one->probe);
	r = read_counters(&after);
	if (r < 0)
		return r;
	one->closer = route_judge(one->probe.way, one->met, after > before);
	return 0;
}

int routes_try(struct routes *routes)
{
	for (size_t i = 0; i < routes->count; i++) {
		int r = try_one(&routes->list[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

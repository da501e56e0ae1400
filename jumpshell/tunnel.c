/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/tunnel.h"

#include <stdio.h>
#include <string.h>

#include "jumpshell/listing.h"

#define LOCAL_OFFSET 10000u /* 3389 becomes 13389 on the person's machine */

/* What to start there once the tunnel is up. */
static const struct {
	enum proto proto;
	const char *before, *after; /* the local port */
} uses[] = {
	{PROTO_RDP, "mstsc /v:localhost:", ""},
	{PROTO_VNC, "vncviewer localhost::", ""},
	{PROTO_HTTP, "http://localhost:", "/ in a browser"},
	{PROTO_HTTPS, "https://localhost:", "/ in a browser"},
	{PROTO_SSH, "ssh -p ", " localhost"},
};

struct place {
	char login[NAME_SIZE + ADDRESS_TEXT_SIZE + 2];
	char port[16]; /* "-p 2222 ", or "" */
	unsigned number;
};

static void look_where(struct shell *s, struct place *p)
{
	const struct witness *w = &s->witness;

	p->number = w->server_port ? w->server_port : 22;
	snprintf(p->login, sizeof(p->login), "%s@%s", s->access.user,
		w->server[0] ? w->server : "BASTION");
	p->port[0] = '\0';
	if (p->number != 22)
		snprintf(p->port, sizeof(p->port), "-p %u ", p->number);
}

static unsigned local_port(uint16_t port)
{
	return port < 1024 ? LOCAL_OFFSET + port
			   : (port + LOCAL_OFFSET) % 65536u;
}

static void print_use(const struct place *p, const struct target *t, size_t use,
	const char *address)
{
	enum proto proto = uses[use].proto;
	uint16_t port = t->port[proto];
	unsigned local = local_port(port);
	bool six = strchr(address, ':');

	printf("  %s: ssh -N -L %u:%s%s%s:%u %s%s\n        then "
	       "%s%u%s\n",
		proto_name(proto), local, six ? "[" : "", address,
		six ? "]" : "", port, p->port, p->login, uses[use].before,
		local, uses[use].after);
	printf("        PuTTY, WinSCP: Connection > SSH > Tunnels (WinSCP: "
	       "Connection > Tunnel),\n        source port %u, destination "
	       "%s%s%s:%u\n",
		local, six ? "[" : "", address, six ? "]" : "", port);
}

static void print_target(const struct place *p, const struct listing_row *row)
{
	char address[ADDRESS_TEXT_SIZE];

	if (row->target->address_count == 0)
		return;
	(void)address_format(
		&row->target->addresses[0], address, sizeof(address));
	printf("%s\n", row->target->name);
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (row->tunnelled & 1u << uses[i].proto)
			print_use(p, row->target, i, address);
	}
}

void tunnel_print(struct shell *s)
{
	struct listing_row row;
	struct place p;
	size_t shown = 0;

	look_where(s, &p);
	printf("A tunnel carries one port of one target. Type this on your own "
	       "machine, leave it open,\nand use the second line beside it.\n");
	for (size_t i = 0; listing_row(s, i, &row); i++) {
		if (!row.tunnelled)
			continue;
		print_target(&p, &row);
		shown++;
	}
	if (shown == 0)
		printf("No tunnel is open to you now. Targets that must be "
		       "recorded are reached with\n'connect TARGET', or "
		       "'ssh %s%s TARGET'.\n",
			p.port, p.login);
	printf("A window that opened after you logged in needs a new login "
	       "for tunnels.\n");
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines are typed as they stand: the lab takes them from here and runs
 * them.
 */
#include "jumpshell/tunnel.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpshell/reach.h"
#include "jumpshell/texts.h"

/* What is started beside the tunnel; the local port stands between. */
static const struct {
	enum proto proto;
	const char *where, *before, *after;
} programs[] = {
	{PROTO_RDP, "Windows", "mstsc /v:localhost:", ""},
	{PROTO_RDP, "FreeRDP", "xfreerdp /v:localhost:", ""},
	{PROTO_RDP, "Remmina", "remmina -c rdp://localhost:", ""},
	{PROTO_VNC, "TigerVNC", "vncviewer localhost::", ""},
	{PROTO_VNC, "Remmina", "remmina -c vnc://localhost:", ""},
	{PROTO_TCP, "Program", "device address localhost, port ", ""},
};

static void print_forward(const struct reach *r, const struct forward *f)
{
	printf("  %-9s ssh -N -L %u:%s:%u %s%s\n", "OpenSSH", f->local,
		f->address, f->port, r->ssh_port, r->login);
	printf("  %-9s plink -N -L %u:%s:%u %s%s\n", "plink", f->local,
		f->address, f->port, r->plink_port, r->login);
	printf("  %-9s Connection > SSH > Tunnels: source port %u, "
	       "destination %s:%u\n",
		"PuTTY", f->local, f->address, f->port);
	printf("  %-9s Advanced > Connection > Tunnel: the same two\n",
		"WinSCP");
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		if (programs[i].proto == f->proto)
			printf("  %-9s %s%u%s\n", programs[i].where,
				programs[i].before, f->local,
				programs[i].after);
	}
}

static void print_proxy(const struct reach *r)
{
	printf("  %-9s ssh -N -D %u %s%s\n", "OpenSSH", REACH_SOCKS_PORT,
		r->ssh_port, r->login);
	printf("  %-9s plink -N -D %u %s%s\n", "plink", REACH_SOCKS_PORT,
		r->plink_port, r->login);
	printf("  %-9s Connection > SSH > Tunnels: source port %u, Dynamic\n",
		"PuTTY", REACH_SOCKS_PORT);
}

/* By its name through a proxy: then the certificate is that of the name. */
static void print_page(const struct forward *f)
{
	const char *scheme = proto_name(f->proto);
	char port[8] = "";

	if (f->port != proto_default_port(f->proto))
		snprintf(port, sizeof(port), ":%u", f->port);
	/* one that runs already would take the address and forget the proxy */
	printf("  %-9s chromium --user-data-dir=%s "
	       "--proxy-server=socks5://localhost:%u %s://%s%s/\n",
		"Chromium", f->target->name, REACH_SOCKS_PORT, scheme,
		f->target->name, port);
	printf("  %-9s Settings > Network: SOCKS v5 localhost port %u, Proxy "
	       "DNS; %s://%s%s/\n",
		"Firefox", REACH_SOCKS_PORT, scheme, f->target->name, port);
}

static void print_ssh(
	struct shell *s, const struct reach *r, const struct forward *f)
{
	struct decision d = access_target(
		&s->access, CHANNEL_TUNNEL, f->target->name, f->proto);
	const char *account =
		d.grant && d.grant->account[0] ? d.grant->account : "ACCOUNT";
	bool six = strchr(r->host, ':');

	printf("  %-9s ssh -J %s@%s%s%s:%u %s@%s\n", "OpenSSH", s->access.user,
		six ? "[" : "", r->host, six ? "]" : "", r->port, account,
		f->target->name);
	printf("  %-9s plink -proxycmd \"plink -nc %%host:%%port %s%s\" "
	       "%s@%s\n",
		"plink", r->plink_port, r->login, account, f->target->name);
}

/* Pages at several ports of one target: one proxy leads to all of them. */
static bool goes_on(const struct forward *list, size_t at)
{
	return at > 0 && reach_is_web(list[at].proto) &&
	       list[at - 1].proto == list[at].proto &&
	       list[at - 1].target == list[at].target;
}

static void explain(struct shell *s, const struct reach *r,
	const struct forward *list, size_t at)
{
	const struct forward *f = &list[at];
	char proto[PROTO_TEXT_SIZE];

	if (!goes_on(list, at)) {
		printf("%s %s\n", f->target->name,
			proto_text(f->proto, f->port, proto));
		if (reach_is_web(f->proto))
			print_proxy(r);
	}
	if (reach_is_web(f->proto))
		print_page(f);
	else if (f->proto == PROTO_SSH)
		print_ssh(s, r, f);
	else
		print_forward(r, f);
}

static int nothing_of(
	struct shell *s, const char *target, const struct offer *only)
{
	const struct decision d = access_offer(&s->access, CHANNEL_TUNNEL,
		target, only ? *only : (struct offer){PROTO_SSH, 0});

	if (d.allow)
		fprintf(stderr, "%s: no tunnel can be made to it.\n", target);
	else
		text_denied(&s->access, target, &d);
	return SHELL_REFUSED;
}

/* A word for a port is no look at what goes through it. */
static void print_label(const struct forward *f)
{
	if (f->proto == PROTO_TCP)
		printf("  tcp/%u is a label: it opens this port, and nothing "
		       "looks into what goes through it.\n",
			f->port);
}

static bool is_wanted(
	const struct forward *f, const char *target, const struct offer *only)
{
	if (strcmp(f->target->name, target) != 0)
		return false;
	return !only || (f->proto == only->proto &&
				(only->port == 0 || f->port == only->port));
}

int tunnel_explain(
	struct shell *s, const char *target, const struct offer *only)
{
	struct forward list[REACH_FORWARDS_MAX];
	size_t count = reach_forwards(s, list, ARRAY_LEN(list)), shown = 0;
	bool web = false;
	struct reach r;

	reach_look(s, &r);
	for (size_t i = 0; i < count; i++) {
		if (!is_wanted(&list[i], target, only))
			continue;
		if (shown++ == 0)
			printf("On your own machine: one line to stay open, "
			       "one to look beside it.\n");
		explain(s, &r, list, i);
		print_label(&list[i]);
		web |= reach_is_web(list[i].proto);
	}
	if (web)
		printf("What is not in your window does not open: the browser "
		       "says that the proxy or\nSOCKS connection failed, ssh "
		       "'administratively prohibited'. 'list' says what is.\n");
	return shown ? 0 : nothing_of(s, target, only);
}

void tunnel_list(struct shell *s)
{
	struct forward list[REACH_FORWARDS_MAX];
	size_t count = reach_forwards(s, list, ARRAY_LEN(list));
	char proto[PROTO_TEXT_SIZE];
	struct reach r;

	reach_look(s, &r);
	printf("A tunnel carries one port of one target. Type this on your own "
	       "machine and leave it\nopen; 'tunnel TARGET' says it for "
	       "PuTTY, WinSCP and others, and what to start then.\n");
	for (size_t i = 0; i < count; i++)
		printf("  %-16s %-9s  ssh -N -L %u:%s:%u %s%s\n",
			list[i].target->name,
			proto_text(list[i].proto, list[i].port, proto),
			list[i].local, list[i].address, list[i].port,
			r.ssh_port, r.login);
	if (count == 0)
		printf("No tunnel is open to you now. Targets that must be "
		       "recorded are reached with\n'connect TARGET', or "
		       "'ssh %s%s TARGET'.\n",
			r.ssh_port, r.login);
	printf("A window that opened after you logged in needs a new login "
	       "for tunnels.\n");
}

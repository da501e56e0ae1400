/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "ssh BASTION config": what ~/.ssh/config needs so that each target that is
 * open has its name there. `ssh plc-gw` is the brokered road or the tunnelled
 * one, as the window allows.
 */
#include "jumpshell/clientconfig.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpshell/reach.h"
#include "jumpshell/texts.h"

static void print_bastion(
	struct shell *s, const struct reach *r, const char *more)
{
	printf("\nHost %s%s\n\tHostName %s\n\tPort %u\n\tUser %s\n",
		s->access.info.settings.bastion_id, more, r->host, r->port,
		s->access.user);
}

/* Forwards of their own name: an ssh for something else leaves ports alone. */
static void print_tunnels(struct shell *s, const struct reach *r,
	const struct forward *list, size_t count)
{
	char proto[PROTO_TEXT_SIZE];
	bool web = false;

	print_bastion(s, r, "-tunnels");
	printf("\tSessionType none\n\tExitOnForwardFailure yes\n");
	for (size_t i = 0; i < count; i++) {
		if (list[i].proto == PROTO_SSH)
			continue;
		web |= reach_is_web(list[i].proto);
		printf("\t# %s %s\n\tLocalForward %u %s:%u\n",
			list[i].target->name,
			proto_text(list[i].proto, list[i].port, proto),
			list[i].local, list[i].address, list[i].port);
	}
	if (web)
		printf("\t# a browser's SOCKS proxy, with names\n"
		       "\tDynamicForward %u\n",
			REACH_SOCKS_PORT);
}

static void print_target(
	struct shell *s, const struct reach *r, const struct listing_row *row)
{
	const bool tunnelled = proto_set_has(&row->tunnelled, PROTO_SSH, 0);
	const char *name = row->target->name;
	struct decision d;

	if (!tunnelled && !proto_set_has(&row->brokered, PROTO_SSH, 0))
		return;
	if (!tunnelled) {
		printf("\nHost %s\n\tHostName %s\n\tPort %u\n\tUser %s\n"
		       "\tRequestTTY yes\n\tRemoteCommand %s\n",
			name, r->host, r->port, s->access.user, name);
		return;
	}
	d = access_target(&s->access, CHANNEL_TUNNEL, name, PROTO_SSH);
	printf("\nHost %s\n\tProxyJump %s\n", name,
		s->access.info.settings.bastion_id);
	if (d.grant && d.grant->account[0])
		printf("\tUser %s\n", d.grant->account);
}

void clientconfig_print(struct shell *s)
{
	struct forward list[REACH_FORWARDS_MAX];
	size_t count = reach_forwards(s, list, ARRAY_LEN(list));
	struct listing_row row;
	struct reach r;

	reach_look(s, &r);
	printf("# For ~/.ssh/config: what is open to %s at %s now.\n"
	       "# ssh TARGET; for RDP, VNC, web and TCP: ssh %s-tunnels\n",
		s->access.user, s->access.info.settings.bastion_id,
		s->access.info.settings.bastion_id);
	print_bastion(s, &r, "");
	print_tunnels(s, &r, list, count);
	for (size_t at = 0; listing_row(s, at, &row); at++)
		print_target(s, &r, &row);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "workers/peer/peer.h"

/* linux/netfilter_ipv4.h and ..._ipv6/ip6_tables.h clash with libc's. */
#define ORIGINAL_DST4 80
#define ORIGINAL_DST6 80

static int to_endpoint(
	const struct sockaddr_storage *ss, struct endpoint *ret_endpoint)
{
	struct endpoint e = {0};
	int r = address_from_sockaddr((const void *)ss, &e.address);

	if (r < 0)
		return r;
	if (ss->ss_family == AF_INET)
		e.port = ntohs(((const struct sockaddr_in *)ss)->sin_port);
	else
		e.port = ntohs(((const struct sockaddr_in6 *)ss)->sin6_port);
	*ret_endpoint = e;
	return 0;
}

static int own_endpoint(int fd, struct endpoint *ret)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (void *)&ss, &len) < 0)
		return -errno;
	return to_endpoint(&ss, ret);
}

static int peer_endpoint(int fd, struct endpoint *ret)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);

	if (getpeername(fd, (void *)&ss, &len) < 0)
		return -errno;
	return to_endpoint(&ss, ret);
}

/* What the peer's connect(2) asked for, before the kernel turned it here. */
static int asked_endpoint(int fd, int family, struct endpoint *ret)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);
	int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	int name = family == AF_INET ? ORIGINAL_DST4 : ORIGINAL_DST6;

	if (getsockopt(fd, level, name, &ss, &len) < 0)
		return -errno;
	return to_endpoint(&ss, ret);
}

/* A peer that was not turned here came on no road of ours. */
static int turned_here(
	int fd, struct endpoint *ret_peer, struct endpoint *ret_asked)
{
	struct endpoint own = {0};
	int r = own_endpoint(fd, &own);

	if (r == 0)
		r = peer_endpoint(fd, ret_peer);
	if (r == 0)
		r = asked_endpoint(fd, own.address.family, ret_asked);
	if (r < 0)
		return r;
	if (ret_asked->port == own.port &&
		address_equal(&ret_asked->address, &own.address))
		return -EPERM;
	return 0;
}

static int ask_tunnel(int fd, struct identity *identity)
{
	struct endpoint peer;
	struct owner owner;
	int r = turned_here(fd, &peer, &identity->target);

	if (r == 0)
		r = diag_owner(&peer, &identity->target, &owner);
	if (r < 0)
		return r;
	identity->uid = owner.uid;
	identity->cgroup_id = owner.cgroup_id;
	return 0;
}

static int ask_brokered(int fd, struct identity *identity)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	identity->uid = cred.uid;
	return 0;
}

void identity_ask(int fd, struct identity *ret_identity)
{
	struct identity identity = {.error = -EPERM};
	int family = 0, r = -EPERM;
	socklen_t len = sizeof(family);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0)
		family = 0;
	if (family == AF_UNIX) {
		identity.channel = CHANNEL_BROKERED;
		r = ask_brokered(fd, &identity);
	} else if (family == AF_INET || family == AF_INET6) {
		identity.channel = CHANNEL_TUNNEL;
		r = ask_tunnel(fd, &identity);
	}
	identity.error = r < 0 ? r : -EINPROGRESS;
	*ret_identity = identity;
}

static int take_session(int fd, const struct session_places *places,
	const struct identity *identity, struct session_record *ret_session)
{
	return identity->channel == CHANNEL_TUNNEL
		       ? session_by_cgroup_id(
				 places, identity->cgroup_id, ret_session)
		       : peer_session(fd, places, ret_session);
}

void identity_take(int fd, const struct session_places *places,
	struct identity *identity)
{
	struct session_record session;

	if (identity->error != -EINPROGRESS)
		return;
	if (!places)
		places = &session_places_host;
	identity->error = take_session(fd, places, identity, &session);
	if (identity->error < 0)
		return;
	identity->session = session;
	if (session.uid != identity->uid)
		identity->error = -EPERM;
}

bool identity_gone(int fd, const struct identity *identity)
{
	struct endpoint peer;
	struct owner owner;

	if (identity->channel != CHANNEL_TUNNEL)
		return false;
	if (peer_endpoint(fd, &peer) < 0)
		return true;
	return diag_owner(&peer, &identity->target, &owner) == -ESRCH;
}

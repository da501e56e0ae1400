/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One question and one answer over NETLINK_SOCK_DIAG. The question carries
 * the whole 4-tuple, so the kernel looks into its hash table and walks
 * nothing; the answer is compared with the question before it is believed.
 */
#include "workers/relay/diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/cleanup.h"

#define WAIT_SEC    1
#define ANSWER_SIZE 4096

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 body;
};

static int open_netlink(void)
{
	const struct timeval wait = {.tv_sec = WAIT_SEC};
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static struct question make_question(
	const struct endpoint *local, const struct endpoint *remote)
{
	struct question q = {
		.head =
			{
				.nlmsg_len = sizeof(q),
				.nlmsg_type = SOCK_DIAG_BY_FAMILY,
				.nlmsg_flags = NLM_F_REQUEST,
				.nlmsg_seq = 1,
			},
		.body =
			{
				.sdiag_family = local->address.family,
				.sdiag_protocol = IPPROTO_TCP,
				/* class and cgroup ids travel under this bit */
				.idiag_ext = 1u << (INET_DIAG_TCLASS - 1),
				.idiag_states = ~0u,
			},
	};
	struct inet_diag_sockid *id = &q.body.id;

	id->idiag_sport = htons(local->port);
	id->idiag_dport = htons(remote->port);
	memcpy(id->idiag_src, local->address.bytes, sizeof(id->idiag_src));
	memcpy(id->idiag_dst, remote->address.bytes, sizeof(id->idiag_dst));
	id->idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return q;
}

static bool same_socket(
	const struct inet_diag_sockid *a, const struct inet_diag_sockid *b)
{
	return a->idiag_sport == b->idiag_sport &&
	       a->idiag_dport == b->idiag_dport &&
	       memcmp(a->idiag_src, b->idiag_src, sizeof(a->idiag_src)) == 0 &&
	       memcmp(a->idiag_dst, b->idiag_dst, sizeof(a->idiag_dst)) == 0;
}

/* 0 when the message has none. */
static uint64_t find_cgroup(const struct nlmsghdr *head)
{
	const struct inet_diag_msg *msg = NLMSG_DATA(head);
	int left = (int)(head->nlmsg_len - NLMSG_LENGTH(sizeof(*msg)));

	for (const struct rtattr *a = (const void *)(msg + 1); RTA_OK(a, left);
		a = RTA_NEXT(a, left)) {
		uint64_t id;

		if (a->rta_type != INET_DIAG_CGROUP_ID ||
			RTA_PAYLOAD(a) != sizeof(id))
			continue;
		memcpy(&id, RTA_DATA(a), sizeof(id));
		return id;
	}
	return 0;
}

static int take_error(const struct nlmsghdr *head)
{
	const struct nlmsgerr *e = NLMSG_DATA(head);

	if (head->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) || e->error >= 0)
		return -EBADMSG;
	return e->error == -ENOENT ? -ESRCH : e->error;
}

static int take_answer(const struct nlmsghdr *head, size_t len,
	const struct question *q, struct owner *ret_owner)
{
	const struct inet_diag_msg *msg = NLMSG_DATA(head);
	struct owner owner;

	if (!NLMSG_OK(head, len) || head->nlmsg_seq != q->head.nlmsg_seq)
		return -EBADMSG;
	if (head->nlmsg_type == NLMSG_ERROR)
		return take_error(head);
	if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
		head->nlmsg_len < NLMSG_LENGTH(sizeof(*msg)) ||
		!same_socket(&msg->id, &q->body.id))
		return -EBADMSG;
	owner.uid = msg->idiag_uid;
	owner.cgroup_id = find_cgroup(head);
	if (owner.uid == 0 || owner.cgroup_id == 0 || msg->idiag_inode == 0)
		return -ESRCH;
	*ret_owner = owner;
	return 0;
}

int diag_owner(const struct endpoint *local, const struct endpoint *remote,
	struct owner *ret_owner)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	_cleanup_close_ int fd = -1;
	struct sockaddr_nl from = {0};
	socklen_t from_len = sizeof(from);
	struct question q;
	union {
		struct nlmsghdr head;
		char bytes[ANSWER_SIZE];
	} answer;
	ssize_t n;

	if (local->address.family != remote->address.family)
		return -EINVAL;
	fd = open_netlink();
	if (fd < 0)
		return fd;
	q = make_question(local, remote);
	if (sendto(fd, &q, sizeof(q), 0, (const void *)&kernel,
		    sizeof(kernel)) != sizeof(q))
		return -EIO;
	n = recvfrom(
		fd, answer.bytes, sizeof(answer), 0, (void *)&from, &from_len);
	if (n < 0)
		return -errno;
	if (from.nl_pid != 0) /* not the kernel */
		return -EBADMSG;
	return take_answer(&answer.head, (size_t)n, &q, ret_owner);
}

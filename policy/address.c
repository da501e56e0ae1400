/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses and networks in one form for IPv4 and IPv6, so that a comparison
 * can't be evaded by another spelling: an IPv4-mapped IPv6 address is the
 * IPv4 address, wherever it comes from.
 */
#include "policy/policy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/number.h"

static size_t family_bytes(uint8_t family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

static void from_ipv6(const uint8_t bytes[16], struct address *ret)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	*ret = (struct address){0};
	if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		ret->family = AF_INET;
		memcpy(ret->bytes, bytes + 12, 4);
		return;
	}
	ret->family = AF_INET6;
	memcpy(ret->bytes, bytes, 16);
}

int address_parse(const char *text, struct address *ret_address)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1) {
		*ret_address = (struct address){.family = AF_INET};
		memcpy(ret_address->bytes, bytes, 4);
		return 0;
	}
	if (inet_pton(AF_INET6, text, bytes) == 1) {
		from_ipv6(bytes, ret_address);
		return 0;
	}
	return -EINVAL;
}

const char *address_format(const struct address *a, char *text, size_t size)
{
	if (size == 0)
		return "";
	if (family_bytes(a->family) == 0 ||
		!inet_ntop(a->family, a->bytes, text, (socklen_t)size))
		text[0] = '\0';
	return text;
}

bool address_equal(const struct address *a, const struct address *b)
{
	size_t len = family_bytes(a->family);

	return len > 0 && a->family == b->family &&
	       memcmp(a->bytes, b->bytes, len) == 0;
}

/* The first `bits` bits of a and b are the same. */
static bool prefix_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

static bool host_bits_clear(const struct network *n)
{
	static const uint8_t zero[16];
	struct address rest = n->address;

	for (unsigned bit = 0; bit < n->prefix; bit++)
		rest.bytes[bit / 8] &= (uint8_t) ~(0x80u >> (bit % 8));
	return memcmp(rest.bytes, zero, sizeof(zero)) == 0;
}

int network_parse(const char *text, struct network *ret_network)
{
	const char *slash = strchr(text, '/');
	struct network n = {0};
	char head[ADDRESS_TEXT_SIZE];
	uint64_t prefix;
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (len >= sizeof(head))
		return -EINVAL;
	memcpy(head, text, len);
	head[len] = '\0';
	if (address_parse(head, &n.address) < 0)
		return -EINVAL;
	/* A prefix counted on the mapped form would mean something else. */
	if (n.address.family == AF_INET && strchr(head, ':'))
		return -EINVAL;
	prefix = 8 * family_bytes(n.address.family);
	if (slash && number_parse(slash + 1, 0, prefix, &prefix) < 0)
		return -EINVAL;
	n.prefix = (uint8_t)prefix;
	if (!host_bits_clear(&n))
		return -EINVAL;
	*ret_network = n;
	return 0;
}

bool network_has(const struct network *n, const struct address *a)
{
	size_t len = family_bytes(n->address.family);

	return len > 0 && n->address.family == a->family &&
	       n->prefix <= 8 * len &&
	       prefix_equal(n->address.bytes, a->bytes, n->prefix);
}

int address_from_sockaddr(const struct sockaddr *sa, struct address *ret)
{
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		*ret = (struct address){.family = AF_INET};
		memcpy(ret->bytes, &in->sin_addr, 4);
		return 0;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		from_ipv6(in6->sin6_addr.s6_addr, ret);
		return 0;
	}
	return -EAFNOSUPPORT;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket between the gate of files and its broker: what is sent
 * comes back the same, and nothing else is taken for a message.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "sftp/control_wire.h"
#include "tests/unit/scratch.h"

static struct control an_event(void)
{
	struct control c = {.kind = CONTROL_EVENT, .link = 3};

	FILL(c.target, "plc-gw");
	c.event.act = FILE_ACT_TRANSFER;
	c.event.direction = FILE_UP;
	c.event.done = c.event.whole = c.event.has_sum = true;
	c.event.size = UINT64_C(0x123456789a);
	c.event.times = 7;
	memset(c.event.sum, 0xab, sizeof(c.event.sum));
	FILL(c.event.name, "/etc/\x01 a");
	FILL(c.event.other, "/b");
	return c;
}

static struct control an_opened(void)
{
	struct control c = {.kind = CONTROL_OPENED, .link = 15};

	c.terms.directions = FILE_UP | FILE_DOWN;
	c.terms.checked = true;
	c.terms.size_max = UINT64_MAX;
	c.terms.spool_max = 1;
	c.terms.count_max = UINT32_MAX;
	c.terms.pattern_count = 2;
	FILL(c.terms.patterns[0], "*.bin");
	FILL(c.terms.patterns[1], "[a-z]*");
	return c;
}

static void comes_back(const struct control *c)
{
	uint8_t packet[CONTROL_PACKET_MAX];
	struct control back;
	ssize_t len = control_encode(c, packet, sizeof(packet));

	assert_true(len > 0);
	assert_int_equal(control_decode(packet, (size_t)len, &back), 0);
	assert_memory_equal(c, &back, sizeof(back));
}

static void each_kind_comes_back(void **state)
{
	(void)state;
	for (uint8_t kind = 1; kind < CONTROL_KINDS; kind++) {
		struct control c = kind == CONTROL_OPENED ? an_opened()
							  : an_event();

		c.kind = kind;
		FILL(c.text, "why");
		if (kind != CONTROL_EVENT && kind != CONTROL_CHECK)
			memset(&c.event, 0, sizeof(c.event));
		comes_back(&c);
	}
}

static void an_event_may_be_about_no_link(void **state)
{
	uint8_t packet[CONTROL_PACKET_MAX];
	struct control c = an_event(), back;
	ssize_t len;

	(void)state;
	c.link = CONTROL_NO_LINK;
	comes_back(&c);
	c.kind = CONTROL_CHECK;
	len = control_encode(&c, packet, sizeof(packet));
	assert_int_equal(control_decode(packet, (size_t)len, &back), -EBADMSG);
}

static void neither_cut_nor_longer(void **state)
{
	const struct control all[] = {an_event(), an_opened()};
	uint8_t packet[CONTROL_PACKET_MAX + 1];
	struct control back;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		ssize_t len = control_encode(&all[i], packet, sizeof(packet));

		for (ssize_t cut = 0; cut < len; cut++)
			assert_int_equal(
				control_decode(packet, (size_t)cut, &back),
				-EBADMSG);
		packet[len] = 0;
		assert_int_equal(control_decode(packet, (size_t)len + 1, &back),
			-EBADMSG);
	}
}

static void refused(struct control c)
{
	uint8_t packet[CONTROL_PACKET_MAX];
	struct control back;
	ssize_t len = control_encode(&c, packet, sizeof(packet));

	assert_true(len > 0);
	assert_int_equal(control_decode(packet, (size_t)len, &back), -EBADMSG);
	assert_int_equal(back.kind, CONTROL_NONE);
}

static void what_can_not_be_is_refused(void **state)
{
	struct control c;

	(void)state;
	c = an_event(), c.kind = CONTROL_NONE, refused(c);
	c = an_event(), c.kind = CONTROL_KINDS, refused(c);
	c = an_event(), c.link = CONTROL_LINKS_MAX, refused(c);
	c = an_event(), c.event.act = FILE_ACT_NONE, refused(c);
	c = an_event(), c.event.act = FILE_ACTS, refused(c);
	c = an_event(), c.event.direction = 3, refused(c);
	c = an_event(), FILL(c.target, "../x"), refused(c);
	c = an_opened(), c.terms.directions = 4, refused(c);
	c = an_opened();
	memset(c.text, 'x', sizeof(c.text));
	assert_int_equal(control_encode(&c, (uint8_t[CONTROL_PACKET_MAX]){0},
				 CONTROL_PACKET_MAX),
		-EMSGSIZE);
}

static int sockets[2];

static void make_sockets(void)
{
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, sockets),
		0);
}

static void descriptors_travel(void **state)
{
	const struct control opened = an_opened();
	struct control back;
	int ends[2], got[2] = {-1, -1};
	char byte = 0;

	(void)state;
	make_sockets();
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(control_receive(sockets[1], &back, got), -EAGAIN);
	assert_int_equal(control_send(sockets[0], &opened, ends), 0);
	assert_int_equal(control_receive(sockets[1], &back, got), 0);
	assert_memory_equal(&opened, &back, sizeof(back));
	assert_true(got[0] > 2 && got[1] > 2 && got[0] != ends[0]);
	assert_int_equal(write(got[1], "x", 1), 1);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(got[i]);
	}
	close(sockets[0]);
	assert_int_equal(control_receive(sockets[1], &back, got), -EPIPE);
	close(sockets[1]);
}

/* Descriptors that were not asked for are closed, not kept. */
static void uninvited_descriptors_are_refused(void **state)
{
	const struct control opened = an_opened(), event = an_event();
	struct control back;
	int ends[2], got[2] = {-1, -1}, lowest;

	(void)state;
	make_sockets();
	assert_int_equal(pipe(ends), 0);
	lowest = dup(0);
	close(lowest);
	assert_int_equal(control_send(sockets[0], &event, ends), -EINVAL);
	assert_int_equal(control_send(sockets[0], &opened, NULL), -EINVAL);
	assert_int_equal(control_send(sockets[0], &opened, ends), 0);
	assert_int_equal(control_receive(sockets[1], &back, NULL), -EBADMSG);
	assert_int_equal(dup(0), lowest);
	close(lowest);
	assert_int_equal(send(sockets[0], "rubbish", 7, 0), 7);
	assert_int_equal(control_receive(sockets[1], &back, got), -EBADMSG);
	assert_int_equal(got[0], -1);
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(sockets[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_comes_back),
		cmocka_unit_test(an_event_may_be_about_no_link),
		cmocka_unit_test(neither_cut_nor_longer),
		cmocka_unit_test(what_can_not_be_is_refused),
		cmocka_unit_test(descriptors_travel),
		cmocka_unit_test(uninvited_descriptors_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

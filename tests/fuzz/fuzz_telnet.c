/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device's bytes through the negotiation, and the same bytes as if a person
 * had typed them. In one piece or in many, the outcome is one; replies are
 * well-formed and bounded, and what is so already gets none; what is typed
 * comes out at the other end, and nothing of it is a command but what an escape
 * asked for.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "telnet/keyboard.h"
#include "telnet/negotiate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 4096

static void must(bool promise)
{
	if (!promise)
		abort();
}

static struct side {
	struct negotiate n;
	uint8_t data_room[4 * INPUT_MAX + 8];
	uint8_t reply_room[NEGOTIATE_REPLIES_MAX];
	struct telnet_bytes data, reply;
} one, other;

static void begin(struct side *s, unsigned cols)
{
	negotiate_begin(&s->n, cols, 24);
	s->data = (struct telnet_bytes){
		.at = s->data_room, .size = sizeof(s->data_room)};
	s->reply = (struct telnet_bytes){
		.at = s->reply_room, .size = sizeof(s->reply_room)};
}

static int take(struct side *s, const uint8_t *bytes, size_t len)
{
	return negotiate_take(&s->n, bytes, len, &s->data, &s->reply);
}

static bool same(const struct telnet_bytes *a, const struct telnet_bytes *b)
{
	return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

/* Only answers, each of them whole. */
static void replies_are_telnet(const struct telnet_bytes *reply)
{
	const uint8_t *at = reply->at, *end = at + reply->len;

	while (at < end) {
		must(end - at >= 3 && *at++ == TELNET_IAC);
		must(*at >= TELNET_SB && *at <= TELNET_DONT);
		if (*at != TELNET_SB) {
			at += 2;
			continue;
		}
		must(at[1] == TELNET_NAWS || at[1] == TELNET_TTYPE);
		at += 2;
		while (end - at >= 2 &&
			!(at[0] == TELNET_IAC && at[1] == TELNET_SE))
			at += at[0] == TELNET_IAC ? 2 : 1;
		must(end - at >= 2);
		at += 2;
	}
}

/* RFC 1143: what is so already gets no answer. */
static void no_answer_to_what_is_so(void)
{
	one.n.state = 0; /* the last command may be half there */
	one.n.count = 0;
	one.reply.len = 0;
	for (unsigned option = 0; option < 40; option++) {
		uint32_t bit = option < 32 ? 1u << option : 0;
		const uint8_t his[] = {TELNET_IAC,
			one.n.options_him & bit ? TELNET_WILL : TELNET_WONT,
			(uint8_t)option};
		const uint8_t ours[] = {TELNET_IAC,
			one.n.options_us & bit ? TELNET_DO : TELNET_DONT,
			(uint8_t)option};

		must(take(&one, his, sizeof(his)) == 0);
		must(take(&one, ours, sizeof(ours)) == 0);
	}
	must(one.reply.len == 0);
}

static void negotiation(const uint8_t *bytes, size_t len, size_t step)
{
	int r, s = 0;

	begin(&one, 0xff00 | (unsigned)step);
	begin(&other, 0xff00 | (unsigned)step);
	r = take(&one, bytes, len);
	for (size_t at = 0; s == 0 && at < len; at += step)
		s = take(&other, bytes + at, len - at < step ? len - at : step);
	must(r == s && (r == 0 || r == -EPROTO));
	must((r < 0) == (one.n.fault != NEGOTIATE_FINE));
	must(same(&one.data, &other.data) && same(&one.reply, &other.reply));
	must(one.data.len <= len && one.n.count <= NEGOTIATE_MAX);
	replies_are_telnet(&one.reply);
	if (r == 0 && negotiate_resize(&one.n, 255, 255, &one.reply) == 0)
		replies_are_telnet(&one.reply);
	if (r == 0)
		no_answer_to_what_is_so();
}

/* What is typed without escapes is what the other end has as data. */
static void typed_file(const uint8_t *bytes, size_t len, bool binary)
{
	struct keyboard k = {.line_end = LINE_END_CR_NUL};
	size_t at = 0;

	begin(&one, 80);
	begin(&other, 80);
	if (binary)
		other.n.options_him |= 1u << TELNET_BINARY;
	for (size_t i = 0; i < len; i++)
		must(keyboard_take(&k, bytes[i], binary, &one.data) ==
			KEYBOARD_GO);
	must(take(&other, one.data.at, one.data.len) == 0);
	must(other.reply.len == 0 && other.n.count == 0);
	for (size_t i = 0; i < len; i++) {
		uint8_t want = bytes[i];

		if (want == '\n' && i > 0 && bytes[i - 1] == '\r')
			continue;
		must(at < other.data.len);
		must(other.data.at[at++] == (want == '\n' ? '\r' : want));
	}
	must(at == other.data.len);
}

static void typed_keys(const uint8_t *bytes, size_t len, uint8_t how)
{
	struct keyboard k = {.terminal = true, .line_end = how % 4};

	begin(&one, 80);
	for (size_t i = 0; i < len; i++) {
		size_t before = one.data.len;
		int r = keyboard_take(&k, bytes[i], how & 4, &one.data);

		must(r >= 0 && one.data.len - before <= KEYBOARD_GROWTH);
		if (r == KEYBOARD_LEAVE)
			break;
	}
	for (size_t i = 0; i < one.data.len; i++) {
		if (one.data.at[i] != TELNET_IAC)
			continue;
		must(++i < one.data.len);
		must(one.data.at[i] == TELNET_IAC ||
			one.data.at[i] == TELNET_BREAK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > INPUT_MAX)
		return 0;
	negotiation(data + 1, size - 1, 1 + data[0] % 16);
	typed_file(data + 1, size - 1, data[0] & 16);
	typed_keys(data + 1, size - 1, data[0] >> 5);
	return 0;
}

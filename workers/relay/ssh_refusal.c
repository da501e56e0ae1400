/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/ssh_refusal.h"

#include <string.h>

#define MSG_DISCONNECT	  1
#define BY_APPLICATION	  11
#define BLOCK_BYTES	  8
#define PADDING_BYTES_MIN 4
#define PACKET_HEAD_BYTES 5 /* packet_length and padding_length */

static const char version[] = "SSH-2.0-jump\r\n";

static uint8_t *put_u32(uint8_t *at, size_t value)
{
	*at++ = (uint8_t)(value >> 24);
	*at++ = (uint8_t)(value >> 16);
	*at++ = (uint8_t)(value >> 8);
	*at++ = (uint8_t)value;
	return at;
}

static uint8_t *put_text(uint8_t *at, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		*at++ = text[i] >= 0x20 && text[i] <= 0x7e ? (uint8_t)text[i]
							   : '?';
	return at;
}

/* What begins so would be taken for a version. */
static uint8_t *put_line(uint8_t *at, const char *text, size_t len)
{
	if (len == 0 || strncmp(text, "SSH-", 4) == 0)
		return at;
	at = put_text(at, text, len);
	*at++ = '\r';
	*at++ = '\n';
	return at;
}

size_t ssh_refusal(const char *text, uint8_t ret_bytes[SSH_REFUSAL_SIZE])
{
	size_t text_len = strnlen(text, SSH_REFUSAL_TEXT_MAX);
	size_t payload = 1 + 4 + 4 + text_len + 4;
	size_t padding =
		BLOCK_BYTES - (PACKET_HEAD_BYTES + payload) % BLOCK_BYTES;
	uint8_t *at = ret_bytes;

	if (padding < PADDING_BYTES_MIN)
		padding += BLOCK_BYTES;
	at = put_line(at, text, text_len);
	memcpy(at, version, sizeof(version) - 1);
	at += sizeof(version) - 1;
	at = put_u32(at, 1 + payload + padding);
	*at++ = (uint8_t)padding;
	*at++ = MSG_DISCONNECT;
	at = put_u32(at, BY_APPLICATION);
	at = put_u32(at, text_len);
	at = put_text(at, text, text_len);
	at = put_u32(at, 0); /* language tag */
	memset(at, 0, padding);
	return (size_t)(at + padding - ret_bytes);
}

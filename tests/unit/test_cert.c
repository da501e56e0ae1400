/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What jump-cert is asked: whole, of known words, for a way in by ssh. Who may
 * ask is tests/bed's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "workers/cert/request.h"

#define ASK "sign conn=0123456789abcdef target=plc-gw account=maint"
#define HEAD "AAAAC3NzaC1lZDI1NTE5AAAAI"
#define KEY                                                                    \
	"ssh-ed25519 " HEAD "0123456789012345678901234567890123456789012\n"

static int ask(const char *text, struct cert_request *q)
{
	return cert_request_parse(text, strlen(text), q);
}

static void requests(void **state)
{
	struct cert_request q;

	(void)state;
	assert_int_equal(ask(ASK "\n" KEY, &q), 0);
	assert_int_equal(q.proto, PROTO_SSH);
	assert_string_equal(q.target, "plc-gw");
	assert_string_equal(q.account, "maint");
	assert_string_equal(q.hop, "");
	assert_string_equal(q.key, KEY);
	assert_int_equal(ask(ASK " hop=first proto=sftp\n" KEY, &q), 0);
	assert_int_equal(q.proto, PROTO_SFTP);
	assert_string_equal(q.hop, "first");
	assert_int_equal(ask(ASK "\n", &q), -EAGAIN);
	assert_int_equal(ask(ASK, &q), -EAGAIN);
}

static void others(void **state)
{
	static const char *const wrong[] = {"\n" KEY, "give" ASK "\n" KEY,
		ASK " more=1\n" KEY, ASK " account=root\n" KEY,
		ASK " hop=../x\n" KEY, ASK " hop=\n" KEY,
		ASK " proto=rdp\n" KEY, ASK " proto=telnet\n" KEY,
		ASK " proto=tcp\n" KEY, ASK "\n" KEY KEY,
		ASK "\nssh-rsa " HEAD "\n", ASK "\n-oProxyCommand=x\n"};
	struct cert_request q;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(ask(wrong[i], &q), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

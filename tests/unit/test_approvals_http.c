/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Heads, routes and problems as pure functions; what the library makes of
 * bytes on a wire is test_approvals.sh's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "approvals/http/problem.h"
#include "approvals/http/route.h"
#include "approvals/http/strict.h"
#include "base/cleanup.h"
#include "json/strict.h"

/* Bytes as the library leaves them: parsed in place, NUL where CR LF were. */
static char wire[8192];

static void head_of(const char *method, const char *version,
	const char *const *lines, struct head *ret_head)
{
	size_t at = 0;

	memset(wire, 0, sizeof(wire));
	*ret_head = (struct head){.method = wire};
	at += (size_t)snprintf(wire, 64, "%s", method) + 1;
	ret_head->target = wire + at;
	at += (size_t)snprintf(wire + at, sizeof(wire) - at, "/v1/me");
	ret_head->target_end = wire + at++;
	ret_head->version = wire + at;
	at += (size_t)snprintf(wire + at, sizeof(wire) - at, "%s", version) + 2;
	for (size_t i = 0; lines[i]; i += 2) {
		struct field *f = &ret_head->fields[ret_head->count++];

		f->name = wire + at;
		f->name_len = strlen(lines[i]);
		at += (size_t)snprintf(
			      wire + at, sizeof(wire) - at, "%s", lines[i]) +
		      1;
		f->value = wire + at;
		f->value_len = strlen(lines[i + 1]);
		at += (size_t)snprintf(wire + at, sizeof(wire) - at, "%s",
			      lines[i + 1]) +
		      2;
	}
}

static void test_strict(void **state)
{
#define LEN  "Content-Length"
#define TYPE "Content-Type", "application/json"
#define HOST "Host", "x"
	static const struct {
		const char *method, *version;
		const char *lines[12];
		unsigned status;
	} rows[] = {
		{"GET", "HTTP/1.1", {HOST}, 0},
		{"GET", "HTTP/1.1", {"hOsT", "x"}, 0},
		{"GET", "HTTP/1.1", {HOST, LEN, "0"}, 0},
		{"GET", "HTTP/1.1", {HOST, LEN, "1"}, 400},
		{"GET", "HTTP/1.1", {"X", "y"}, 400},
		{"GET", "HTTP/1.1", {HOST, HOST}, 400},
		{"GET", "HTTP/1.1", {HOST, "X Y", "y"}, 400},
		{"GET", "HTTP/1.1", {HOST, "", "y"}, 400},
		{"GET", "HTTP/1.1", {HOST, "X", "a\x01"}, 400},
		{"GET", "HTTP/1.1", {HOST, "X", "a\tb"}, 0},
		{"GET", "HTTP/1.1",
			{HOST, "If-None-Match", "\"1\"", "if-none-match",
				"\"2\""},
			400},
		{"GET", "HTTP/1.0", {HOST}, 505},
		{"GET", "HTTP/1.1x", {HOST}, 505},
		{"POST", "HTTP/1.1", {HOST, TYPE, LEN, "2"}, 0},
		{"POST", "HTTP/1.1", {HOST, TYPE}, 411},
		{"POST", "HTTP/1.1", {HOST, TYPE, LEN, "2", LEN, "2"}, 400},
		{"POST", "HTTP/1.1", {HOST, TYPE, LEN, "2, 2"}, 400},
		{"POST", "HTTP/1.1", {HOST, TYPE, LEN, "-2"}, 400},
		{"POST", "HTTP/1.1", {HOST, TYPE, LEN, "0x2"}, 400},
		{"POST", "HTTP/1.1", {HOST, TYPE, LEN, "9223372036854775808"},
			400},
		{"POST", "HTTP/1.1",
			{HOST, TYPE, LEN, "2", "Transfer-Encoding", "identity"},
			400},
		{"POST", "HTTP/1.1", {HOST, LEN, "2"}, 415},
		{"POST", "HTTP/1.1",
			{HOST, LEN, "2", "Content-Type", "text/plain"}, 415},
		{"PUT", "HTTP/1.1",
			{HOST, LEN, "2", "Content-Type",
				"application/json; charset=utf-8"},
			0},
		{"POST", "HTTP/1.1",
			{HOST, TYPE, LEN, "2", "Expect", "100-continue"}, 0},
		{"POST", "HTTP/1.1", {HOST, TYPE, LEN, "2", "Expect", "x"},
			417},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct strict_request got = {0};
		const char *why = NULL;
		struct head head;
		unsigned status;

		head_of(rows[i].method, rows[i].version, rows[i].lines, &head);
		status = strict_judge(&head, &got, &why);
		if (status != rows[i].status || (status && !why))
			fail_msg("row %zu: %u: %s", i, status, why);
	}
}

static void test_gaps(void **state)
{
	static const char *const lines[] = {"Host", "x", "X", "y", NULL};
	struct head head;

	(void)state;
	head_of("GET", "HTTP/1.1", lines, &head);
	assert_true(strict_contiguous(&head));
	head.fields[1].name++;
	assert_false(strict_contiguous(&head));
	head_of("GET", "HTTP/1.1", lines, &head);
	head.fields[0].value_len--;
	assert_false(strict_contiguous(&head));
	head_of("GET", "HTTP/1.1", lines, &head);
	head.fields[1].value_len--; /* something stands behind the last one */
	assert_false(strict_contiguous(&head));
	head_of("GET", "HTTP/1.1", lines, &head);
	head.target_end--;
	assert_false(strict_contiguous(&head));
	head_of("GET", "HTTP/1.1", lines, &head);
	head.target++;
	assert_false(strict_contiguous(&head));
}

static void test_too_many(void **state)
{
	static struct head head;
	struct strict_request got;
	const char *why;

	(void)state;
	head = (struct head){.method = "GET", .version = "HTTP/1.1"};
	head.count = STRICT_FIELDS_MAX + 1;
	assert_int_equal(strict_judge(&head, &got, &why), 431);
}

static void test_paths(void **state)
{
	(void)state;
	assert_true(strict_path("/v1/requests/01M84ZWWG0/approve"));
	assert_false(strict_path("v1"));
	assert_false(strict_path("/v1/%2e"));
	assert_false(strict_path("/v1/a b"));
	assert_false(strict_path("/v1?x"));
	assert_false(strict_path("/v1/\xc3\xbc"));
	assert_true(strict_query_value("01M84-x_.~:"));
	assert_false(strict_query_value(""));
	assert_false(strict_query_value("a/b"));
	assert_false(strict_query_value(NULL));
}

static void test_routes(void **state)
{
	struct route_parts parts;
	const char *allow;
	const struct route *r;

	(void)state;
	r = route_find("POST", "/v1/requests/ID/approve", &parts, &allow);
	assert_non_null(r);
	assert_string_equal(parts.id, "ID");
	assert_int_equal(r->action, ACTION_APPROVE);
	assert_null(
		route_find("GET", "/v1/requests/ID/approve", &parts, &allow));
	assert_string_equal(allow, "POST");
	assert_null(route_find("PATCH", "/v1/requests", &parts, &allow));
	assert_string_equal(allow, "GET, POST");
	assert_null(route_find("GET", "/v1/requests/", &parts, &allow));
	assert_null(allow);
	assert_null(route_find("GET", "/v1//me", &parts, &allow));
	assert_null(route_find("GET", "/v1/me/", &parts, &allow));
	assert_null(route_find("GET", "/", &parts, &allow));
	assert_null(route_find("GET", "", &parts, &allow));
	assert_null(allow);
}

/* Each row of the table is for someone, and changes nothing without a body
 * and a role. */
static void test_route_table(void **state)
{
	size_t count;
	const struct route *rows = route_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct route *r = &rows[i];

		assert_true(r->who != WHO_NOBODY);
		assert_true((r->operation != NULL) != (r->special != NULL));
		assert_true((r->body_max > 0) == (r->method[0] == 'P'));
		assert_true(
			(r->who == WHO_PERSON) == (r->action != ACTION_NONE));
		if (r->who == WHO_ANYONE && r->method[0] == 'P')
			assert_string_equal(r->path, "/v1/enroll");
		if (r->who == WHO_PERSON)
			assert_false(role_may(ROLE_NONE, r->action));
	}
}

static void test_problems(void **state)
{
	static const unsigned statuses[] = {
		400, 403, 404, 405, 411, 413, 415, 417, 431, 505, 503};

	(void)state;
	for (int kind = -1; kind <= REFUSAL_COUNT; kind++) {
		struct refusal why = {.kind = (enum refusal_kind)kind,
			.field = "f",
			.detail = "secret"};
		_cleanup_json_ json_t *json = NULL;
		struct problem p;

		problem_of_refusal(&why, &p);
		json = problem_json(&p);
		assert_non_null(json);
		assert_true(p.status >= 400 && p.status <= 599);
		assert_non_null(problem_help(p.type));
		if (kind <= REFUSAL_INTERNAL || kind == REFUSAL_COUNT) {
			assert_int_equal(p.status, 500);
			assert_null(strstr(p.detail, "secret"));
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct problem p;

		problem_of_status(statuses[i], NULL, &p);
		assert_int_equal(p.status, statuses[i]);
		assert_true(p.detail[0]);
		problem_of_status(777, "x", &p);
		assert_int_equal(p.status, 500);
	}
	assert_null(problem_help("../x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_route_table),
		cmocka_unit_test(test_problems),
	};

	return cmocka_run_group_tests_name("approvals-http", tests, NULL, NULL);
}

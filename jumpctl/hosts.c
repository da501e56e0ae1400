/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl policy hosts`: the targets' names and addresses as /etc/hosts has
 * them. sshd resolves the names of -J, -W and -L on the bastion; where no
 * name service there knows the machines of the plant, these lines do.
 */
#include <errno.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "jumpctl/json.h"
#include "jumpctl/policy.h"

static json_t *hosts_json(const struct policy *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->target_count; i++) {
		const struct target *t = &p->targets[i];
		json_t *addresses = json_array();
		char text[ADDRESS_TEXT_SIZE];

		for (size_t a = 0; a < t->address_count; a++)
			json_array_append_new(addresses,
				json_string(address_format(
					&t->addresses[a], text, sizeof(text))));
		json_array_append_new(
			list, json_pack("{s:s, s:o}", "name", t->name,
				      "addresses", addresses));
	}
	return json_pack("{s:o}", "hosts", list);
}

static void hosts_text(const struct policy *p)
{
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < p->target_count; i++) {
		const struct target *t = &p->targets[i];

		for (size_t a = 0; a < t->address_count; a++)
			printf("%s %s\n",
				address_format(
					&t->addresses[a], text, sizeof(text)),
				t->name);
	}
}

int policy_hosts(const struct invocation *in)
{
	static struct policy_errors errors;
	_cleanup_policy_ struct policy p = {0};
	const char *dir;
	int r = policy_words(in, &dir);

	if (r != EXIT_OK)
		return r;
	r = policy_read(dir, &p, &errors);
	if (r < 0) {
		policy_errors_print(stderr, &errors);
		return r == -EINVAL ? EXIT_NO : EXIT_FAILED;
	}
	if (in->json)
		return command_json(in, hosts_json(&p));
	hosts_text(&p);
	return EXIT_OK;
}

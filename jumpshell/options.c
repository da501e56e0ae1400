/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpshell/memfile.h"
#include "jumpshell/places.h"

#define CONFIG_MAX 8192

__attribute__((format(printf, 2, 3))) static void add(
	struct options *o, const char *format, ...)
{
	va_list ap;
	int n;

	if (o->count == OPTIONS_MAX) {
		o->full = true;
		return;
	}
	va_start(ap, format);
	n = vsnprintf(o->text[o->count], OPTION_SIZE, format, ap);
	va_end(ap);
	o->full = o->full || n < 0 || n >= OPTION_SIZE;
	o->count++;
}

static void add_file(struct options *o, const char *name,
	const struct keypair *k, int which)
{
	char path[KEYPAIR_PATH_SIZE];

	keypair_path(k, which, path);
	add(o, "%s=%s", name, path);
}

/* The first hop is the relay's to open; each other is reached through the
 * hop before it, by an ssh of that hop's configuration. */
static void add_way(
	struct options *o, const struct options_request *q, size_t at)
{
	const struct hop *h = &q->route->hop[at];
	char config[KEYPAIR_PATH_SIZE], log[KEYPAIR_PATH_SIZE];

	if (at == 0) {
		add(o, "ProxyCommand=%s %s %s %s", PLACE_DIAL, q->conn,
			q->target, proto_name(q->proto));
		return;
	}
	keypair_path(q->keys, KEYPAIR_CONFIG(at - 1), config);
	keypair_path(q->keys, KEYPAIR_LOG(at - 1), log);
	add(o, "ProxyUseFdpass=no");
	add(o, "ProxyCommand=%s -F %s -E %s -W %s:%u %s", PLACE_SSH, config,
		log, h->address, h->port, q->route->hop[at - 1].name);
}

/* A login tells how it went as soon as it has gone well. */
static void add_telling(struct options *o, const struct options_request *q,
	const struct hop *h)
{
	add(o, "PermitLocalCommand=yes");
	add(o, "LocalCommand=exec %s right %s %s %s@%s", PLACE_ASKPASS, q->conn,
		q->target, h->account, h->name);
}

/* Tried once, whichever of the two ways the device asks. */
static void add_password(struct options *o)
{
	add(o, "IdentityFile=none");
	add(o, "PubkeyAuthentication=no");
	add(o, "PasswordAuthentication=yes");
	add(o, "KbdInteractiveAuthentication=yes");
	add(o, "PreferredAuthentications=password,keyboard-interactive");
	add(o, "NumberOfPasswordPrompts=1");
	add(o, "BatchMode=no");
}

static void add_stored_key(struct options *o, const struct hop *h)
{
	add(o, "IdentityFile=none");
	add(o, "IdentitiesOnly=no");
	add(o, "IdentityAgent=" PLACE_CREDENTIAL_FMT, h->account, h->name);
}

static void add_identity(
	struct options *o, const struct options_request *q, size_t at)
{
	const struct hop *h = &q->route->hop[at];

	switch (h->credential) {
	case CREDENTIAL_PASSWORD:
		add_password(o);
		add_telling(o, q, h);
		return;
	case CREDENTIAL_KEY:
		add_stored_key(o, h);
		add_telling(o, q, h);
		return;
	case CREDENTIAL_CERTIFICATE:
		add_file(o, "IdentityFile", q->keys, KEYPAIR_PRIVATE);
		add_file(o, "CertificateFile", q->keys,
			KEYPAIR_CERTIFICATE(at));
		return;
	}
	o->full = true; /* no such kind: don't start */
}

/* Added to what OpenSSH offers by itself, behind it, for this hop alone. */
static void add_crypto(struct options *o, uint32_t set)
{
	static const char *const types[] = {
		"", "ssh-rsa", "ssh-dss", "ssh-rsa,ssh-dss"};
	unsigned type = ((set & CRYPTO_LEGACY_RSA) ? 1u : 0u) |
			((set & CRYPTO_LEGACY_DSS) ? 2u : 0u);

	if (set & CRYPTO_LEGACY_DH1)
		add(o, "KexAlgorithms=+diffie-hellman-group14-sha1,"
		       "diffie-hellman-group-exchange-sha1,"
		       "diffie-hellman-group1-sha1");
	if (type)
		add(o, "HostKeyAlgorithms=+%s", types[type]);
	if (set & CRYPTO_LEGACY_RSA)
		add(o, "PubkeyAcceptedAlgorithms=+ssh-rsa");
	if (set & CRYPTO_LEGACY_CBC)
		add(o, "Ciphers=+aes256-cbc,aes192-cbc,aes128-cbc,3des-cbc");
	if (set & CRYPTO_LEGACY_MAC)
		add(o, "MACs=+hmac-sha1-96,hmac-md5,hmac-md5-96");
}

void options_of_hop(
	struct options *o, const struct options_request *q, size_t at)
{
	const struct hop *h = &q->route->hop[at];

	*o = (struct options){0};
	add_way(o, q, at);
	add_identity(o, q, at);
	add_file(o, "UserKnownHostsFile", q->keys, KEYPAIR_HOSTS);
	add(o, "User=%s", h->account);
	add_crypto(o, h->crypto);
}

static int write_hop(const struct options_request *q, size_t at)
{
	static struct options o; /* too large for a stack */
	char text[CONFIG_MAX];
	size_t len = (size_t)snprintf(text, sizeof(text), "Host *\n");

	options_of_hop(&o, q, at);
	if (o.full)
		return -EMSGSIZE;
	for (size_t i = 0; i < o.count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
			"\t%s\n", o.text[i]);
	len += (size_t)snprintf(text + len, sizeof(text) - len,
		"\tInclude %s\n", PLACE_SSH_CONFIG);
	return memfile_fill(q->keys->hop[at].config, text, len);
}

_Static_assert(OPTIONS_MAX *(OPTION_SIZE + 2) + 256 < CONFIG_MAX,
	"a configuration has room for all options");

int options_write_hops(const struct options_request *q)
{
	for (size_t i = 0; i + 1 < q->route->count; i++) {
		int r = write_hop(q, i);

		if (r < 0)
			return r;
	}
	return 0;
}

bool options_need_password(const struct route *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->hop[i].credential == CREDENTIAL_PASSWORD)
			return true;
	}
	return false;
}

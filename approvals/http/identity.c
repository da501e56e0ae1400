/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libmicrohttpd asks for a client certificate and does not look at it: that
 * is done here, for every request, chain and purpose first, then the row in
 * the database that says whose it is and whether it is still good.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "approvals/http/call.h"
#include "base/cleanup.h"

static void set_source(
	struct MHD_Connection *connection, struct caller *ret_caller)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct address address;
	char text[ADDRESS_TEXT_SIZE];

	snprintf(ret_caller->source, SOURCE_SIZE, "unknown");
	if (!info || !info->client_addr ||
		address_from_sockaddr(info->client_addr, &address) < 0)
		return;
	snprintf(ret_caller->source, SOURCE_SIZE, "%s",
		address_format(&address, text, sizeof(text)));
}

static bool chain_good(gnutls_session_t session)
{
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT,
	};
	unsigned status = ~0u;

	/* Both count: 0 is returned for a self-signed one as well, and only
	 * the status says that nobody vouches for it. */
	return gnutls_certificate_verify_peers(session, &purpose, 1, &status) ==
		       0 &&
	       status == 0;
}

static int find_holder(struct db_tx *tx, const char *fingerprint, int64_t now,
	struct caller *ret_caller)
{
	struct person person;
	int r;

	r = store_certificate_find(tx, fingerprint, now, &ret_caller->holder);
	if (r < 0)
		return r == -ENOENT ? -EACCES : r;
	if (ret_caller->holder.kind != HOLDER_PERSON)
		return 0;
	r = store_person_get(tx, ret_caller->holder.name, &person);
	if (r < 0)
		return r == -ENOENT ? -EACCES : r;
	if (!person.active)
		return -EACCES;
	ret_caller->roles = person.roles;
	return 0;
}

int identity_find(struct service *s, struct MHD_Connection *connection,
	struct caller *ret_caller)
{
	_cleanup_db_tx_ struct db_tx tx = {0};
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_session_t session = info ? info->tls_session : NULL;
	const gnutls_datum_t *peers;
	struct caller caller = {0};
	char fingerprint[PKI_FINGERPRINT_SIZE];
	unsigned count = 0;
	int r;

	set_source(connection, ret_caller);
	peers = session ? gnutls_certificate_get_peers(session, &count) : NULL;
	if (!peers || count == 0)
		return 0;
	if (!chain_good(session))
		return -EACCES;
	r = certificate_fingerprint_der(
		peers[0].data, peers[0].size, fingerprint);
	if (r == 0)
		r = db_begin_read(s->db, &tx);
	if (r == 0)
		r = find_holder(&tx, fingerprint, service_now(), &caller);
	if (r < 0)
		return r;
	ret_caller->holder = caller.holder;
	ret_caller->roles = caller.roles;
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the table. How it works, in the order of a packet's way out:
 *
 * A connection that was let in carries a bit of the conntrack mark and stays
 * in by it: a closed socket has lost its uid, so rules that ask for the uid
 * may look at the first packet only, or the last bytes of a transfer are cut.
 * A new one of a supplier is good when the nat chain has turned it to the
 * relay, and for nothing else. A new one of the relay is good towards the
 * zones' networks over TCP. Nobody else may knock at the relay's port, or
 * open anything towards the zones.
 *
 * Link-local IPv6 belongs to no zone and reaches every neighbour, so nothing
 * is opened over it in either direction; neighbour discovery, which IPv6
 * can't live without, is untracked and passes.
 */
#include "workers/filter/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"

/*
 * Protocols of the rules at the ends of put_leave() and put_enter() are
 * numbers, TCP and ICMPv6: their names need a file that a small host lacks.
 */

/*
 * The relay paces each uid and tells of it (workers/relay/crowd.h); this is
 * the wall behind that, for floods that would keep it busy with refusing.
 */
#define PACE_PER_SECOND 200
#define PACE_BURST	400

/* The first and the last port of the relay, for "%u-%u". */
#define PORTS(plan)                                                            \
	(plan)->relay_port, (plan)->relay_port + POLICY_RELAY_PORTS - 1

static void put_networks(FILE *f, const struct filter_plan *plan, int family)
{
	const char *before = "\t\telements = {\n\t\t\t";
	char text[ADDRESS_TEXT_SIZE];
	bool any = false;

	for (size_t i = 0; i < plan->network_count; i++) {
		const struct network *n = &plan->networks[i];

		if (n->address.family != family)
			continue;
		fprintf(f, "%s%s/%u", any ? ",\n\t\t\t" : before,
			address_format(&n->address, text, sizeof(text)),
			n->prefix);
		any = true;
	}
	if (any)
		fputs("\n\t\t}\n", f);
}

/* Without a plan the sets alone: they must be there to be flushed. */
static void put_sets(FILE *f, const struct filter_plan *plan)
{
	for (int six = 0; six < 2; six++)
		fprintf(f,
			"\tset granted%s {\n"
			"\t\ttypeof meta skuid . %s daddr . tcp dport\n"
			"\t\tflags timeout\n"
			"\t}\n",
			six ? "6" : "4", six ? "ip6" : "ip");
	for (int six = 0; six < 2; six++) {
		fprintf(f,
			"\tset ot%s {\n"
			"\t\ttypeof %s daddr\n"
			"\t\tflags interval\n",
			six ? "6" : "4", six ? "ip6" : "ip");
		if (plan)
			put_networks(f, plan, six ? AF_INET6 : AF_INET);
		fputs("\t}\n", f);
	}
	for (int i = 0; i < 2; i++)
		fprintf(f,
			"\tset %s {\n"
			"\t\ttypeof meta skuid\n"
			"\t\tsize 65535\n"
			"\t\tflags dynamic,timeout\n"
			"\t\ttimeout 1m\n"
			"\t}\n",
			i ? "logged" : "pace");
}

/* The jump to a chain with both verdicts: a TCP reset refuses TCP only. */
static void put_refusals(FILE *f)
{
	fputs("\tchain refuse {\n"
	      "\t\tmeta l4proto tcp reject with tcp reset\n"
	      "\t\treject with icmpx admin-prohibited\n"
	      "\t}\n"
	      "\tchain refuse_supplier {\n"
	      "\t\tcounter\n"
	      "\t\tadd @logged { meta skuid limit rate 6/minute burst 6 "
	      "packets } log prefix \"jump-direct \" level notice flags "
	      "skuid\n"
	      "\t\tgoto refuse\n"
	      "\t}\n"
	      "\tchain refuse_other {\n"
	      "\t\tcounter\n"
	      "\t\tlimit rate 30/minute burst 10 packets log prefix "
	      "\"jump-other \" level notice flags skuid\n"
	      "\t\tgoto refuse\n"
	      "\t}\n",
		f);
}

static void put_supplier(FILE *f, const struct filter_plan *plan)
{
	fputs("\tchain knock {\n", f);
	if (plan->open)
		fprintf(f,
			"\t\tadd @pace { meta skuid limit rate over %u/second "
			"burst %u packets } goto refuse_supplier\n"
			"\t\tct mark set ct mark | 0x%x accept\n",
			PACE_PER_SECOND, PACE_BURST, FILTER_MARK);
	fputs("\t\tgoto refuse_supplier\n\t}\n\tchain supplier {\n", f);
	if (plan->open)
		fprintf(f,
			"\t\tct status dnat ip daddr 127.0.0.1 tcp dport %u-%u "
			"goto knock\n"
			"\t\tct status dnat ip6 daddr ::1 tcp dport %u-%u "
			"goto knock\n",
			PORTS(plan), PORTS(plan));
	fputs("\t\tgoto refuse_supplier\n\t}\n", f);
}

static void put_relay(FILE *f, const struct filter_plan *plan)
{
	fputs("\tchain relay {\n", f);
	if (plan->open)
		fprintf(f,
			"\t\tip daddr @ot4 meta l4proto tcp "
			"ct mark set ct mark | 0x%x accept\n"
			"\t\tip6 daddr @ot6 meta l4proto tcp "
			"ct mark set ct mark | 0x%x accept\n",
			FILTER_MARK, FILTER_MARK);
	fputs("\t\tgoto refuse_other\n\t}\n", f);
}

static void put_turn(FILE *f, const struct filter_plan *plan)
{
	fputs("\tchain turn {\n"
	      "\t\ttype nat hook output priority -100; policy accept;\n",
		f);
	if (plan->open)
		fprintf(f,
			"\t\tmeta skuid . ip daddr . tcp dport @granted4 "
			"redirect to :%u-%u\n"
			"\t\tmeta skuid . ip6 daddr . tcp dport @granted6 "
			"redirect to :%u-%u\n",
			PORTS(plan), PORTS(plan));
	fputs("\t}\n", f);
}

static void put_stays(FILE *f)
{
	fputs("\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } "
	      "ip6 hoplimit 255 accept\n",
		f);
	fprintf(f,
		"\t\tct mark & 0x%x == 0x%x "
		"ct state established,related accept\n",
		FILTER_MARK, FILTER_MARK);
}

static void put_leave(FILE *f, const struct filter_plan *plan)
{
	fputs("\tchain leave {\n"
	      "\t\ttype filter hook output priority filter; policy accept;\n",
		f);
	put_stays(f);
	for (size_t i = 0; i < plan->range_count; i++)
		fprintf(f, "\t\tct state new meta skuid %u-%u goto supplier\n",
			plan->ranges[i].min, plan->ranges[i].max);
	if (plan->relay_uid > 0)
		fprintf(f, "\t\tct state new meta skuid %u goto relay\n",
			plan->relay_uid);
	fprintf(f,
		"\t\tct state new ip daddr 127.0.0.1 tcp dport %u-%u "
		"goto refuse_other\n"
		"\t\tct state new ip6 daddr ::1 tcp dport %u-%u "
		"goto refuse_other\n",
		PORTS(plan), PORTS(plan));
	fputs("\t\toif \"lo\" accept\n"
	      "\t\tip daddr @ot4 goto refuse_other\n"
	      "\t\tip6 daddr @ot6 goto refuse_other\n"
	      "\t\tip6 daddr fe80::/10 ct state new udp dport != 547 "
	      "goto refuse_other\n"
	      "\t\tip6 daddr fe80::/10 ct state new meta l4proto "
	      "{ 6, 58 } goto refuse_other\n"
	      "\t}\n",
		f);
}

static void put_enter(FILE *f)
{
	fputs("\tchain enter {\n"
	      "\t\ttype filter hook input priority filter; policy accept;\n"
	      "\t\tiif \"lo\" accept\n"
	      "\t\tip daddr 127.0.0.0/8 drop\n"
	      "\t\tip6 daddr ::1 drop\n",
		f);
	put_stays(f);
	fputs("\t\tip saddr @ot4 goto knock_from_ot\n"
	      "\t\tip6 saddr @ot6 goto knock_from_ot\n"
	      "\t\tip6 saddr fe80::/10 ct state new udp dport != 546 "
	      "goto knock_from_ot\n"
	      "\t\tip6 saddr fe80::/10 ct state new meta l4proto "
	      "{ 6, 58 } goto knock_from_ot\n"
	      "\t}\n"
	      "\tchain cross {\n"
	      "\t\ttype filter hook forward priority filter; policy accept;\n"
	      "\t\tip saddr @ot4 goto knock_from_ot\n"
	      "\t\tip6 saddr @ot6 goto knock_from_ot\n"
	      "\t\tip daddr @ot4 goto refuse_other\n"
	      "\t\tip6 daddr @ot6 goto refuse_other\n"
	      "\t}\n",
		f);
}

/* Silence towards OT: a device must not learn that somebody is here. */
static void put_from_ot(FILE *f)
{
	fputs("\tchain knock_from_ot {\n"
	      "\t\tcounter\n"
	      "\t\tlimit rate 12/minute burst 6 packets log prefix "
	      "\"jump-from-ot \" level notice\n"
	      "\t\tdrop\n"
	      "\t}\n",
		f);
}

/*
 * However it is brought about, sets and chains are made in one order: it is
 * the order in which nft lists them, and listings are compared.
 */
static void put_head(FILE *f, enum filter_way way)
{
	fputs("table inet " FILTER_TABLE "\n", f);
	if (way == FILTER_REPLACE) {
		fputs("delete table inet " FILTER_TABLE "\n", f);
		return;
	}
	fputs("flush table inet " FILTER_TABLE "\n"
	      "table inet " FILTER_TABLE " {\n",
		f);
	put_sets(f, NULL);
	fputs("}\n"
	      "flush set inet " FILTER_TABLE " ot4\n"
	      "flush set inet " FILTER_TABLE " ot6\n",
		f);
}

int filter_text(const struct filter_plan *plan, enum filter_way way,
	char **ret_text, size_t *ret_len)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool failed;

	if (!f)
		return -ENOMEM;
	put_head(f, way);
	fputs("table inet " FILTER_TABLE " {\n", f);
	put_sets(f, plan);
	put_refusals(f);
	put_supplier(f, plan);
	put_relay(f, plan);
	put_from_ot(f);
	put_turn(f, plan);
	put_leave(f, plan);
	put_enter(f);
	fputs("}\n", f);
	failed = ferror(f);
	if (fclose(f) != 0 || failed)
		return -ENOMEM;
	*ret_text = TAKE_PTR(text);
	*ret_len = len;
	return 0;
}

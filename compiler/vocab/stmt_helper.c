// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connection tracking helpers, which read a protocol to know which further
 * connections belong to it. Only a connection's first packet can be given one;
 * the kernel passes over a connection of another protocol than the object's.
 */
#include <linux/in.h>
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

static const struct ct_helper helpers[] = {
	{ "ftp", "ftp", IPPROTO_TCP, 0 },
	{ "sip", "sip", IPPROTO_UDP, IPPROTO_TCP },
	{ "tftp", "tftp", IPPROTO_UDP, 0 },
	{ "irc", "irc", IPPROTO_TCP, 0 },
	{ "pptp", "pptp", IPPROTO_TCP, 0 },
	{ "h323", "Q.931", IPPROTO_TCP, 0 },
	{ "h323-ras", "RAS", IPPROTO_UDP, 0 },
	{ "amanda", "amanda", IPPROTO_UDP, 0 },
	{ "netbios-ns", "netbios-ns", IPPROTO_UDP, 0 },
	{ "snmp", "snmp", IPPROTO_UDP, 0 },
	{ "sane", "sane", IPPROTO_TCP, 0 },
};

const struct ct_helper *ct_helper_at(size_t i)
{
	return i < sizeof(helpers) / sizeof(helpers[0]) ? &helpers[i] : NULL;
}

static void print(struct buf *out, const struct stmt *stmt)
{
	object_print(out, "ct helper set", stmt->object);
}

static void json(struct json *out, const struct stmt *stmt)
{
	object_json(out, "ct helper", stmt->object);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	object_linear(out, NFT_OBJECT_CT_HELPER, stmt->object);
}

const struct stmt_ops stmt_helper = {
	.name = "ct helper",
	.doc = DOC("Gives the connection a helper, which reads all of it."),
	.later = LATER_ALL,
	.print = print,
	.json = json,
	.linear = linear,
};

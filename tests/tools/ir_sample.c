// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two tables made by hand of everything that the IR can say, to be had as nft
 * text or JSON or sent to the kernel of this network namespace as netlink:
 *
 *	ir_sample [--flowtable] [--second] --text|--json
 *	ir_sample [--flowtable] [--second] [--over=first|second] --send
 *
 * Whichever way the first table came, `nft list ruleset` has to answer the
 * same bytes. --over says which of the two is there already.
 *
 * What must stay true: a key, a kind of op, a statement or a kind of set that
 * is added to the vocabulary appears in the first table; keys and statements
 * are counted, and the program fails when one is missing. The flowtable is
 * apart because not every kernel has them.
 */
#include <errno.h>
#include <getopt.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <syslog.h>

#include "emit/batch.h"
#include "emit/json.h"
#include "emit/text.h"

static const struct span nowhere;

/* ---- Values ---- */

struct value {
	uint8_t v[WIRE_MAX];
};

static struct value number(enum wire_id type, uint64_t n)
{
	struct value value = { { 0 } };

	wire_put(type, n, value.v);
	return value;
}

static struct value device(const char *name)
{
	struct value value;

	wire_ifname(name, strlen(name), value.v);
	return value;
}

static struct value ip(unsigned int a, unsigned int b, unsigned int c,
		       unsigned int d)
{
	return number(WIRE_IPV4, a << 24 | b << 16 | c << 8 | d);
}

/* 2001:db8::n */
static struct value ip6(unsigned int n)
{
	struct value value = { { 0x20, 0x01, 0x0d, 0xb8 } };

	value.v[14] = (uint8_t)(n >> 8);
	value.v[15] = (uint8_t)n;
	return value;
}

/* ---- Sets ---- */

static uint8_t *next_key(struct ir *ir, struct ir_set *set)
{
	size_t stride = ir_set_stride(set);

	set->keys = arena_grow(ir->arena, set->keys, set->nelems * stride,
			       (set->nelems + 1) * stride);
	return set->keys + set->nelems++ * stride;
}

/* One element: the first and, of intervals, last values of its fields. */
static void element(struct ir *ir, struct ir_set *set, const struct value *lo,
		    const struct value *hi)
{
	uint8_t *key = next_key(ir, set);
	size_t at = 0;

	for (unsigned int i = 0; i < set->nfields; i++) {
		size_t len = wire_type(set->fields[i])->len;

		memcpy(key + at, lo[i].v, len);
		if (set->interval && hi)
			memcpy(key + set->klen + at, hi[i].v, len);
		at += ir_field_len(set, i);
	}
}

static void verdict(struct ir *ir, struct ir_set *set, enum verdict code,
		    const char *chain)
{
	size_t n = set->nelems, size = sizeof(*set->verdicts);

	set->verdicts =
		arena_grow(ir->arena, set->verdicts, (n - 1) * size, n * size);
	set->verdicts[n - 1] = (struct ir_verdict){ code, chain };
}

static struct ir_set *new_set(struct ir *ir, const char *name, bool interval,
			      enum wire_id a, enum wire_id b, enum wire_id c)
{
	const enum wire_id fields[] = { a, b, c };
	struct ir_set *set = ir_set_add(ir, name, nowhere);

	set->interval = interval;
	for (size_t i = 0; i < 3 && fields[i]; i++)
		ir_set_field(set, fields[i]);
	return set;
}

static void one(struct ir *ir, struct ir_set *set, struct value value)
{
	element(ir, set, &value, &value);
}

static void range(struct ir *ir, struct ir_set *set, struct value lo,
		  struct value hi)
{
	element(ir, set, &lo, &hi);
}

static void wildcard(struct ir *ir, struct ir_set *set, const char *prefix)
{
	struct value lo, hi;

	wire_ifname_prefix(prefix, strlen(prefix), lo.v, hi.v);
	element(ir, set, &lo, &hi);
}

/* ---- Rules ---- */

static void add(struct ir_build *b, struct ir_chain *chain)
{
	ir_rule_add(b, chain, nowhere, NULL);
}

static void lookup(struct ir_build *b, struct ir_set *set, enum key_id k1,
		   enum key_id k2, enum key_id k3)
{
	const enum key_id keys[] = { k1, k2, k3 };
	struct ir_op *op = ir_op(b, set->verdicts ? IR_OP_VMAP : IR_OP_SET);

	op->set = set;
	while (op->nkeys < 3 && keys[op->nkeys]) {
		op->keys[op->nkeys] = (uint8_t)keys[op->nkeys];
		op->nkeys++;
	}
}

static void bits(struct ir_build *b, enum ir_op_kind kind, enum key_id id,
		 uint64_t lo, uint64_t hi, bool neg)
{
	struct ir_op *op = ir_op(b, kind);

	op->keys[0] = (uint8_t)id;
	op->nkeys = 1;
	op->neg = neg;
	wire_put(key(id)->type, lo, op->lo);
	wire_put(key(id)->type, hi, op->hi);
}

static void ranges(struct ir_build *b, enum key_id id, struct value a,
		   struct value a2, struct value c, struct value c2, bool neg)
{
	size_t len = wire_type(key(id)->type)->len;
	uint8_t packed[4 * WIRE_MAX];
	bool both = memcmp(a.v, c.v, len) != 0;

	memcpy(packed, a.v, len);
	memcpy(packed + len, a2.v, len);
	memcpy(packed + 2 * len, c.v, len);
	memcpy(packed + 3 * len, c2.v, len);
	ir_in_ranges(b, id, packed, both ? 2 : 1, neg);
}

static void within(struct ir_build *b, enum key_id id, struct value lo,
		   struct value hi, bool neg)
{
	ranges(b, id, lo, hi, lo, hi, neg);
}

/* Two ascending values of each key, and whether nft can order them. */
struct example {
	uint64_t a, b;
	bool ordered;
};

static const struct example examples[KEY_IDS] = {
	[KEY_NFPROTO] = { NFPROTO_IPV4, NFPROTO_IPV6, false },
	[KEY_L4PROTO] = { 6, 17, true },
	[KEY_IIFNAME] = { 1, 2, false },
	[KEY_OIFNAME] = { 1, 2, false },
	[KEY_IP_SADDR] = { 0x01020304, 0x0a000001, true },
	[KEY_IP_DADDR] = { 0xc0a80101, 0xffffffff, true },
	[KEY_IP6_SADDR] = { 1, 2, true },
	[KEY_IP6_DADDR] = { 1, 0xff00, true },
	[KEY_TH_SPORT] = { 1024, 65535, true },
	[KEY_TH_DPORT] = { 53, 80, true },
	[KEY_ICMP_TYPE] = { 0, 8, true },
	[KEY_ICMPV6_TYPE] = { 128, 135, true },
	[KEY_TCP_FLAGS] = { 0x02, 0x12, false },
	[KEY_CT_MARK] = { 0x10, 0x01000000, true },
	[KEY_CT_STATE] = { 2, 6, false },
	[KEY_CT_DIRECTION] = { 0, 1, false },
	[KEY_CT_STATUS] = { 16, 48, false },
	[KEY_CT_PACKETS] = { 16, 20, true },
	[KEY_CT_BYTES] = { 1000000, 5000000000, true },
	[KEY_FIB_DADDR_TYPE] = { 2, 3, false },
	[KEY_FIB_DADDR_IIF_TYPE] = { 1, 5, false },
	[KEY_MARK] = { 0x10, 0x20, true },
	[KEY_FIB_SADDR_IIF_OIF] = { 0, 1, false },
	[KEY_FIB_DADDR_OIFNAME] = { 1, 2, false },
	[KEY_IIFTYPE] = { 1, 772, false },
	[KEY_IP_DSCP] = { 8 << 2, 46 << 2, false },
	[KEY_IP6_DSCP] = { 8 << 6, 46 << 6, false },
	[KEY_ETHER_SADDR] = { 0x021122334455, 0x0266778899aa, true },
	[KEY_LENGTH] = { 64, 1500, true },
	[KEY_HOUR] = { 28800, 61200, true },
	[KEY_DAY] = { 1, 5, true },
	[KEY_CT_HELPER] = { 1, 2, false },
	[KEY_TIME] = { 1711846800000000000, 1729990800000000000, true },
	[KEY_SKUID] = { 33, 1000, true },
	[KEY_SECPATH] = { 0, 1, false },
	[KEY_RT_IPSEC] = { 0, 1, false },
};

static struct value example(enum key_id id, uint64_t n)
{
	enum wire_id type = key(id)->type;

	if (type == WIRE_IFNAME)
		return device(n == 1 ? "br-lan" : "eth0.2");
	if (type == WIRE_HELPER)
		return device(n == 1 ? "ftp" : "sip");
	if (type == WIRE_IPV6)
		return ip6((unsigned int)n);
	return number(type, n);
}

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "ir_sample: %s\n", what);
	exit(EXIT_FAILURE);
}

/* Every key, in each way that its type can be tested. */
static void key_rules(struct ir *ir, struct ir_chain *chain, enum key_id id)
{
	const struct example *e = &examples[id];
	struct value a = example(id, e->a), b = example(id, e->b);
	struct ir_build build = ir_build(ir);
	bool flags = wire_type(key(id)->type)->flags;

	require(e->b, "a key has no example");
	for (unsigned int cmp = NFT_CMP_EQ; cmp <= NFT_CMP_GTE; cmp++) {
		if (cmp > NFT_CMP_NEQ && !e->ordered)
			break;
		ir_cmp(&build, id, cmp, a.v);
		add(&build, chain);
	}
	if (key(id)->type == WIRE_EXISTS)
		return; /* nft has no sets of it */
	for (int neg = 0; neg < 2; neg++) {
		if (flags)
			bits(&build, IR_OP_FLAGS, id, e->b, 0, neg);
		else if (key(id)->type == WIRE_COUNT64)
			within(&build, id, a, b, neg);
		else
			ranges(&build, id, a, a, b, b, neg);
		add(&build, chain);
		if (e->ordered)
			within(&build, id, a, b, neg);
		else if (flags)
			bits(&build, IR_OP_MASK, id, e->a, e->b, neg);
		else
			ir_is(&build, KEY_CT_DIRECTION, 1);
		add(&build, chain);
	}
}

static void address_rules(struct ir *ir, struct ir_chain *chain)
{
	struct ir_build b = ir_build(ir);
	struct value all = { { 0 } }, ones, lo, hi;

	memset(ones.v, 0xff, sizeof(ones.v));
	for (int neg = 0; neg < 2; neg++) {
		within(&b, KEY_IP_SADDR, ip(10, 0, 0, 0), ip(10, 255, 255, 255),
		       neg);
		within(&b, KEY_IP_DADDR, ip(172, 16, 0, 0),
		       ip(172, 31, 255, 255), neg);
		add(&b, chain);
		within(&b, KEY_IP6_SADDR, ip6(0x100), ip6(0x1ff), neg);
		within(&b, KEY_IP6_DADDR, ip6(0x100), ip6(0x10f), neg);
		add(&b, chain);
		within(&b, KEY_IP_SADDR, all, ones, neg);
		add(&b, chain);
		within(&b, KEY_IP6_DADDR, all, ones, neg);
		add(&b, chain);
		wire_ifname_prefix("wlan", 4, lo.v, hi.v);
		within(&b, KEY_IIFNAME, lo, hi, neg);
		within(&b, KEY_OIFNAME, device("eth1"), device("eth1"), neg);
		add(&b, chain);
		ranges(&b, KEY_IP_SADDR, ip(10, 0, 0, 0), ip(10, 255, 255, 255),
		       ip(192, 168, 0, 1), ip(192, 168, 0, 9), neg);
		add(&b, chain);
		ranges(&b, KEY_IP6_SADDR, ip6(1), ip6(1), ip6(0x200),
		       ip6(0x2ff), neg);
		add(&b, chain);
		ranges(&b, KEY_IIFNAME, device("lan"), device("lan"), lo, hi,
		       neg);
		add(&b, chain);
	}
	/* v4-mapped, two runs of zeros, none: what IPv6 text is about */
	ir_cmp(&b, KEY_IP6_SADDR, NFT_CMP_EQ,
	       (const uint8_t[WIRE_MAX]){ [10] = 0xff, 0xff, 1, 2, 3, 4 });
	ir_cmp(&b, KEY_IP6_DADDR, NFT_CMP_EQ,
	       (const uint8_t[WIRE_MAX]){ [1] = 1, [7] = 1, [15] = 1 });
	add(&b, chain);
	ir_cmp(&b, KEY_IP6_SADDR, NFT_CMP_EQ,
	       (const uint8_t[WIRE_MAX]){ 0xfe, 0x80 });
	ir_cmp(&b, KEY_IP6_DADDR, NFT_CMP_NEQ, all.v);
	add(&b, chain);
}

/* Which tests of protocols nft adds, and which it leaves out. */
static void protocol_rules(struct ir *ir, struct ir_chain *chain)
{
	struct value tcp = number(WIRE_INET_PROTO, 6);
	struct value udp = number(WIRE_INET_PROTO, 17);
	struct ir_build b = ir_build(ir);

	ir_is(&b, KEY_L4PROTO, 6);
	ir_is(&b, KEY_TH_DPORT, 80);
	add(&b, chain);
	ir_is(&b, KEY_L4PROTO, 6);
	ir_is(&b, KEY_TH_SPORT, 1024);
	ir_is(&b, KEY_IP_SADDR, 0x01020304);
	ir_is(&b, KEY_TH_DPORT, 80);
	add(&b, chain);
	ir_is(&b, KEY_L4PROTO, 17);
	ir_is(&b, KEY_TH_DPORT, 53);
	ir_is(&b, KEY_TH_SPORT, 53);
	add(&b, chain);
	ranges(&b, KEY_L4PROTO, tcp, tcp, udp, udp, false);
	ir_is(&b, KEY_TH_DPORT, 53);
	add(&b, chain);
	ir_is(&b, KEY_NFPROTO, NFPROTO_IPV4);
	ir_is(&b, KEY_L4PROTO, 132);
	within(&b, KEY_TH_DPORT, number(WIRE_PORT, 0), number(WIRE_PORT, 65535),
	       false);
	add(&b, chain);
	ir_is(&b, KEY_NFPROTO, NFPROTO_IPV4);
	ir_is(&b, KEY_IP_SADDR, 0x01020304);
	ir_is(&b, KEY_L4PROTO, 47);
	add(&b, chain);
	ir_is(&b, KEY_L4PROTO, 6);
	ir_cmp(&b, KEY_IIFNAME, NFT_CMP_EQ, device("lan").v);
	ir_is(&b, KEY_TH_DPORT, 22);
	bits(&b, IR_OP_FLAGS, KEY_TCP_FLAGS, 2, 0, false);
	add(&b, chain);
	for (int known = 0; known < 4; known++) {
		if (known & 1)
			ir_is(&b, KEY_NFPROTO, NFPROTO_IPV4);
		if (known & 2)
			ir_is(&b, KEY_L4PROTO, 1);
		ir_is(&b, KEY_ICMP_TYPE, 8);
		ir_is(&b, KEY_IP_DADDR, 0x01020304);
		add(&b, chain);
	}
	ir_is(&b, KEY_L4PROTO, 58);
	ir_cmp(&b, KEY_IP6_SADDR, NFT_CMP_EQ, ip6(1).v);
	ir_is(&b, KEY_ICMPV6_TYPE, 135);
	add(&b, chain);
}

/* Each kind of set once, and a rule that looks into it. */
static void plain_sets(struct ir *ir, struct ir_chain *chain)
{
	struct ir_build b = ir_build(ir);
	struct ir_set *set;

	set = new_set(ir, "blocked.4", true, WIRE_IPV4, 0, 0);
	range(ir, set, ip(0, 0, 0, 0), ip(0, 255, 255, 255));
	one(ir, set, ip(1, 2, 3, 4));
	range(ir, set, ip(10, 0, 0, 0), ip(10, 255, 255, 255));
	range(ir, set, ip(11, 0, 0, 0), ip(11, 0, 0, 9));
	range(ir, set, ip(240, 0, 0, 0), ip(255, 255, 255, 255));
	lookup(&b, set, KEY_IP_SADDR, 0, 0);
	ir_verdict(&b, VERDICT_DROP, NULL);
	add(&b, chain);
	set = new_set(ir, "blocked.6", true, WIRE_IPV6, 0, 0);
	for (unsigned int i = 1; i < 40; i++)
		range(ir, set, ip6(i << 8), ip6(i << 8 | (i * 7 & 255)));
	lookup(&b, set, KEY_IP6_SADDR, 0, 0);
	add(&b, chain);
	set = new_set(ir, "admins", false, WIRE_IPV4, 0, 0);
	one(ir, set, ip(192, 168, 1, 2));
	one(ir, set, ip(192, 168, 1, 3));
	set->size = 100;
	lookup(&b, set, KEY_IP_SADDR, 0, 0);
	b.ops[0].neg = true;
	add(&b, chain);
	set = new_set(ir, "marks", false, WIRE_MARK, 0, 0);
	one(ir, set, number(WIRE_MARK, 0x01000000));
	one(ir, set, number(WIRE_MARK, 0x02000001));
	lookup(&b, set, KEY_CT_MARK, 0, 0);
	add(&b, chain);
	set = new_set(ir, "mark-ranges", true, WIRE_MARK, 0, 0);
	range(ir, set, number(WIRE_MARK, 1), number(WIRE_MARK, 0x1ff));
	range(ir, set, number(WIRE_MARK, 0x01000000),
	      number(WIRE_MARK, UINT32_MAX));
	lookup(&b, set, KEY_CT_MARK, 0, 0);
	add(&b, chain);
	set = new_set(ir, "dev-names", true, WIRE_IFNAME, 0, 0);
	wildcard(ir, set, "eth");
	one(ir, set, device("lan"));
	wildcard(ir, set, "wlan");
	lookup(&b, set, KEY_IIFNAME, 0, 0);
	add(&b, chain);
	set = new_set(ir, "low-ports", true, WIRE_PORT, 0, 0);
	range(ir, set, number(WIRE_PORT, 1), number(WIRE_PORT, 1023));
	one(ir, set, number(WIRE_PORT, 65535));
	ir_is(&b, KEY_L4PROTO, 17);
	lookup(&b, set, KEY_TH_DPORT, 0, 0);
	add(&b, chain);
	set = new_set(ir, "empty", true, WIRE_IPV4, 0, 0);
	lookup(&b, set, KEY_IP_DADDR, 0, 0);
	add(&b, chain);
}

static void small_sets(struct ir *ir, struct ir_chain *chain)
{
	static const struct {
		enum key_id key;
		const char *name;
	} rows[] = {
		{ KEY_NFPROTO, "families" },
		{ KEY_L4PROTO, "protocols" },
		{ KEY_ICMP_TYPE, "icmp-types" },
		{ KEY_ICMPV6_TYPE, "icmpv6-types" },
		{ KEY_CT_DIRECTION, "directions" },
		{ KEY_FIB_DADDR_TYPE, "fib-types" },
		{ KEY_OIFNAME, "out-devices" },
		{ KEY_IP6_DADDR, "hosts.6" },
		{ KEY_TH_DPORT, "services" },
	};
	struct ir_build b = ir_build(ir);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum key_id id = rows[i].key;
		struct ir_set *set =
			new_set(ir, rows[i].name, false, key(id)->type, 0, 0);

		one(ir, set, example(id, examples[id].a));
		one(ir, set, example(id, examples[id].b));
		lookup(&b, set, id, 0, 0);
		add(&b, chain);
	}
}

static void concatenations(struct ir *ir, struct ir_chain *chain)
{
	struct value tcp = number(WIRE_INET_PROTO, 6);
	struct value lo[3], hi[3];
	struct ir_build b = ir_build(ir);
	struct ir_set *set;

	set = new_set(ir, "endpoints", false, WIRE_IPV4, WIRE_INET_PROTO,
		      WIRE_PORT);
	element(ir, set,
		(struct value[]){ ip(1, 2, 3, 4), tcp, number(WIRE_PORT, 80) },
		NULL);
	lookup(&b, set, KEY_IP_DADDR, KEY_L4PROTO, KEY_TH_DPORT);
	add(&b, chain);
	set = new_set(ir, "endpoint-ranges", true, WIRE_IPV4, WIRE_INET_PROTO,
		      WIRE_PORT);
	lo[0] = ip(10, 0, 0, 0);
	hi[0] = ip(10, 255, 255, 255);
	lo[1] = hi[1] = tcp;
	lo[2] = number(WIRE_PORT, 80);
	hi[2] = number(WIRE_PORT, 90);
	element(ir, set, lo, hi);
	lo[0] = ip(192, 168, 1, 1);
	hi[0] = ip(192, 168, 1, 5);
	hi[2] = lo[2];
	element(ir, set, lo, hi);
	lookup(&b, set, KEY_IP_DADDR, KEY_L4PROTO, KEY_TH_DPORT);
	add(&b, chain);
	set = new_set(ir, "marked", true, WIRE_IPV6, WIRE_MARK, 0);
	lo[0] = ip6(0x100);
	hi[0] = ip6(0x1ff);
	lo[1] = number(WIRE_MARK, 1);
	hi[1] = number(WIRE_MARK, 0x500);
	element(ir, set, lo, hi);
	lookup(&b, set, KEY_IP6_SADDR, KEY_CT_MARK, 0);
	add(&b, chain);
	set = new_set(ir, NULL, false, WIRE_IPV6, WIRE_PORT, 0);
	element(ir, set, (struct value[]){ ip6(1), number(WIRE_PORT, 443) },
		NULL);
	ir_is(&b, KEY_L4PROTO, 6);
	lookup(&b, set, KEY_IP6_DADDR, KEY_TH_DPORT, 0);
	add(&b, chain);
	set = new_set(ir, NULL, false, WIRE_PORT, WIRE_IPV4, 0);
	element(ir, set,
		(struct value[]){ number(WIRE_PORT, 443), ip(1, 2, 3, 4) },
		NULL);
	ir_is(&b, KEY_L4PROTO, 17);
	lookup(&b, set, KEY_TH_DPORT, KEY_IP_DADDR, 0);
	add(&b, chain);
}

static void dynamic_sets(struct ir *ir, struct ir_chain *chain)
{
	struct ir_build b = ir_build(ir);
	struct ir_set *set;

	set = new_set(ir, "suspect", false, WIRE_IPV4, 0, 0);
	set->dynamic = true;
	set->timeout = 3600 * 1000;
	lookup(&b, set, KEY_IP_SADDR, 0, 0);
	add(&b, chain);
	set = new_set(ir, "suspect-nets", true, WIRE_IPV6, 0, 0);
	set->dynamic = true;
	set->timeout = 90000;
	lookup(&b, set, KEY_IP6_SADDR, 0, 0);
	add(&b, chain);
	set = new_set(ir, "by-hand", true, WIRE_IPV4, 0, 0);
	set->dynamic = true;
	one(ir, set, ip(9, 9, 9, 9));
	lookup(&b, set, KEY_IP_SADDR, 0, 0);
	add(&b, chain);
}

static struct ir_set *pair_map(struct ir *ir, const char *name,
			       const char *leaf)
{
	struct ir_set *set =
		new_set(ir, name, false, WIRE_IFNAME, WIRE_IFNAME, 0);

	element(ir, set, (struct value[]){ device("br-lan"), device("eth1") },
		NULL);
	verdict(ir, set, VERDICT_JUMP, leaf);
	element(ir, set, (struct value[]){ device("eth1"), device("br-lan") },
		NULL);
	verdict(ir, set, VERDICT_GOTO, leaf);
	element(ir, set, (struct value[]){ device("eth1"), device("eth1") },
		NULL);
	verdict(ir, set, VERDICT_DROP, NULL);
	return set;
}

static struct ir_set *prefix_pair_map(struct ir *ir, const char *name,
				      const char *leaf)
{
	struct ir_set *set =
		new_set(ir, name, true, WIRE_IFNAME, WIRE_IFNAME, 0);
	struct value lo[2], hi[2];

	wire_ifname_prefix("wlan", 4, lo[0].v, hi[0].v);
	lo[1] = hi[1] = device("eth1");
	element(ir, set, lo, hi);
	verdict(ir, set, VERDICT_ACCEPT, NULL);
	wire_ifname_prefix("ppp", 3, lo[1].v, hi[1].v);
	lo[0] = hi[0] = device("br-lan");
	element(ir, set, lo, hi);
	verdict(ir, set, VERDICT_JUMP, leaf);
	return set;
}

static struct ir_set *mark_map(struct ir *ir, const char *name,
			       const char *leaf)
{
	struct ir_set *set = new_set(ir, name, false, WIRE_MARK, 0, 0);

	set->epoch = true;
	for (uint32_t i = 0; i < ir->mark.count; i++) {
		one(ir, set,
		    number(WIRE_MARK, (ir->mark.epoch + i) << ir->mark.shift));
		verdict(ir, set, i ? VERDICT_ACCEPT : VERDICT_GOTO,
			i ? NULL : leaf);
	}
	return set;
}

static struct ir_set *net_map(struct ir *ir, const char *name, const char *leaf)
{
	struct ir_set *set = new_set(ir, name, true, WIRE_IPV4, 0, 0);

	range(ir, set, ip(10, 0, 0, 0), ip(10, 255, 255, 255));
	verdict(ir, set, VERDICT_JUMP, leaf);
	range(ir, set, ip(11, 0, 0, 0), ip(11, 255, 255, 255));
	verdict(ir, set, VERDICT_RETURN, NULL);
	one(ir, set, ip(255, 255, 255, 255));
	verdict(ir, set, VERDICT_DROP, NULL);
	return set;
}

static void maps(struct ir *ir, struct ir_chain *chain, const char *leaf)
{
	static const char *const names[][2] = {
		{ "pairs", NULL },
		{ "prefix-pairs", NULL },
		{ "epochs", NULL },
		{ "nets", NULL },
	};
	struct ir_build b = ir_build(ir);
	struct ir_set *set;

	for (int i = 0; i < 2; i++) {
		lookup(&b, pair_map(ir, names[0][i], leaf), KEY_IIFNAME,
		       KEY_OIFNAME, 0);
		add(&b, chain);
		lookup(&b, prefix_pair_map(ir, names[1][i], leaf), KEY_IIFNAME,
		       KEY_OIFNAME, 0);
		add(&b, chain);
		lookup(&b, mark_map(ir, names[2][i], leaf), KEY_CT_MARK, 0, 0);
		b.ops[0].masked = true;
		wire_put(WIRE_MARK, ir->mark.mask, b.ops[0].hi);
		add(&b, chain);
		lookup(&b, net_map(ir, names[3][i], leaf), KEY_IP_DADDR, 0, 0);
		add(&b, chain);
	}
	set = new_set(ir, NULL, false, WIRE_CT_STATE, 0, 0);
	one(ir, set, number(WIRE_CT_STATE, 1));
	verdict(ir, set, VERDICT_DROP, NULL);
	lookup(&b, set, KEY_CT_STATE, 0, 0);
	add(&b, chain);
}

static void mark_rules(struct ir *ir, struct ir_chain *chain)
{
	static const uint32_t writes[][2] = {
		{ 0, 5 },
		{ 0x00ffffff, 0 },
		{ UINT32_MAX, 0x01000000 },
		{ 0x00ffffff, 0x01000000 },
		{ 0xffffff1f, 0x10 },
	};
	struct ir_build b = ir_build(ir);

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		struct stmt *stmt = ir_stmt(&b, &stmt_ct_mark);

		stmt->ct_mark.keep = writes[i][0];
		stmt->ct_mark.set = writes[i][1];
		add(&b, chain);
	}
	for (int neg = 0; neg < 2; neg++) {
		bits(&b, IR_OP_MASK, KEY_CT_MARK, 0x01000000, 0xff000000, neg);
		add(&b, chain);
		bits(&b, IR_OP_FLAGS, KEY_CT_MARK, 0x05, 0, neg);
		add(&b, chain);
		bits(&b, IR_OP_MASK, KEY_TCP_FLAGS, 0, 0x17, neg);
		add(&b, chain);
	}
	ir_stmt(&b, &stmt_ct_mark)->ct_mark.set = ir->mark.epoch
						  << ir->mark.shift;
	b.ops[0].epoch = true;
	add(&b, chain);
}

static void logs(struct ir *ir, struct ir_chain *chain)
{
	struct ir_build b = ir_build(ir);
	struct stmt *stmt;

	for (unsigned int level = LOG_EMERG; level <= LOG_DEBUG; level++) {
		stmt = ir_stmt(&b, &stmt_log);
		stmt->log.prefix = level % 2 ? "dropped: " : NULL;
		stmt->log.group = -1;
		stmt->log.level = level;
		add(&b, chain);
	}
	for (unsigned int snaplen = 0; snaplen < 2; snaplen++) {
		stmt = ir_stmt(&b, &stmt_log);
		stmt->log.prefix = "every lan to wan: ";
		stmt->log.group = 5 + (int)snaplen;
		stmt->log.snaplen = 128 * snaplen;
		add(&b, chain);
	}
}

static void limits(struct ir *ir, struct ir_chain *chain, const char *shared)
{
	static const uint64_t units[] = { 1, 60, 3600, 86400, 604800 };
	struct ir_build b = ir_build(ir);
	struct stmt *stmt;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		stmt = ir_stmt(&b, &stmt_limit);
		stmt->limit.rate = 10 + i;
		stmt->limit.unit = units[i];
		stmt->limit.burst = (uint32_t)(5 + 5 * i);
		add(&b, chain);
	}
	ir_stmt(&b, &stmt_limit)->limit.name = shared;
	ir_stmt(&b, &stmt_counter);
	ir_verdict(&b, VERDICT_ACCEPT, NULL);
	ir_rule_add(&b, chain, nowhere, "accept from lan to router");
}

static void rejects(struct ir *ir, struct ir_chain *chain)
{
	struct ir_build b = ir_build(ir);

	ir_is(&b, KEY_L4PROTO, 6);
	ir_stmt(&b, &stmt_reject)->reject = REJECT_TCP_RESET;
	add(&b, chain);
	for (enum reject_kind kind = 0; kind < REJECT_TCP_RESET; kind++) {
		ir_stmt(&b, &stmt_reject)->reject = kind;
		add(&b, chain);
	}
}

static void counts(struct ir *ir, struct ir_chain *chain)
{
	struct ir_object *object;
	struct ir_build b = ir_build(ir);

	ir_object_add(ir, NFT_OBJECT_COUNTER, "count.web", nowhere);
	object = ir_object_add(ir, NFT_OBJECT_QUOTA, "quota.web", nowhere);
	object->bytes = UINT64_C(10000000000);
	object = ir_object_add(ir, NFT_OBJECT_CT_HELPER, "helper.ftp", nowhere);
	object->helper = "ftp";
	object->proto = 6;
	ir_stmt(&b, &stmt_counter)->object = "count.web";
	add(&b, chain);
	ir_stmt(&b, &stmt_quota)->object = "quota.web";
	add(&b, chain);
	ir_stmt(&b, &stmt_helper)->object = "helper.ftp";
	add(&b, chain);
}

static void packet_marks(struct ir *ir, struct ir_chain *chain)
{
	struct ir_build b = ir_build(ir);
	struct stmt *stmt;

	for (unsigned int keep = 0; keep < 2; keep++) {
		stmt = ir_stmt(&b, &stmt_mark);
		stmt->mark.keep = keep ? 0xffffff00 : 0;
		stmt->mark.set = 0x10;
		add(&b, chain);
	}
}

static void classes(struct ir *ir, struct ir_chain *chain)
{
	struct ir_build b = ir_build(ir);

	for (uint8_t value = 0; value < 64; value++) {
		struct stmt *stmt =
			ir_stmt_on(&b, &stmt_dscp,
				   value % 2 ? KEY_IP_SADDR : KEY_IP6_SADDR);

		stmt->dscp.family = value % 2 ? NFPROTO_IPV4 : NFPROTO_IPV6;
		stmt->dscp.value = value;
		add(&b, chain);
	}
}

static void updates(struct ir *ir, struct ir_chain *chain)
{
	struct ir_set *set = new_set(ir, "seen", false, WIRE_IPV4, 0, 0);
	struct ir_build b = ir_build(ir);

	set->dynamic = true;
	set->timeout = 60000;
	for (unsigned int what = 0; what < 8; what++) {
		struct stmt *stmt = ir_stmt_on(&b, &stmt_update, KEY_IP_SADDR);

		stmt->update.set = set->name;
		stmt->update.key = what & 1 ? KEY_IP_SADDR : KEY_IP_DADDR;
		stmt->update.refresh = what & 2;
		stmt->update.timeout = what & 4 ? 93784000 : 0;
		if (what % 3 == 1) {
			stmt->update.rate = 10;
			stmt->update.unit = 60;
			stmt->update.burst = 20;
		}
		add(&b, chain);
	}
	set = new_set(ir, "open", false, WIRE_IPV4, 0, 0);
	set->dynamic = true;
	set = new_set(ir, "everyone", false, WIRE_MARK, 0, 0);
	set->dynamic = true;
	for (unsigned int all = 0; all < 2; all++) {
		enum key_id id = all ? KEY_MARK : KEY_IP_SADDR;
		struct stmt *stmt = ir_stmt_on(&b, &stmt_update, id);

		stmt->update.set = all ? "everyone" : "open";
		stmt->update.key = id;
		stmt->update.constant = all;
		stmt->update.connections = 7;
		add(&b, chain);
	}
}

static void queues(struct ir *ir, struct ir_chain *chain)
{
	struct ir_build b = ir_build(ir);

	for (unsigned int what = 0; what < 6; what++) {
		struct stmt *stmt = ir_stmt(&b, &stmt_queue);

		stmt->queue.lo = 5;
		stmt->queue.hi = what & 1 ? 8 : 5;
		stmt->queue.bypass = what & 2;
		stmt->queue.fanout = what & 4 && what & 1;
		add(&b, chain);
	}
}

static void clamp(struct ir *ir, struct ir_chain *chain)
{
	struct ir_build b = ir_build(ir);

	ir_cmp(&b, KEY_OIFNAME, NFT_CMP_EQ, device("eth1").v);
	bits(&b, IR_OP_FLAGS, KEY_TCP_FLAGS, 2, 0, false);
	ir_stmt(&b, &stmt_mss);
	ir_rule_add(&b, chain, nowhere, "clamp-mss wan");
	ir_is(&b, KEY_L4PROTO, 6);
	ir_stmt(&b, &stmt_mss)->mss = 1400;
	add(&b, chain);
}

static void nat(struct ir_build *b, struct ir_chain *chain, bool source,
		bool v6, unsigned int what)
{
	struct stmt *stmt;

	ir_is(b, KEY_NFPROTO, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	ir_is(b, KEY_L4PROTO, 6);
	stmt = ir_stmt(b, &stmt_nat);
	stmt->nat.source = source;
	stmt->nat.family = v6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	memcpy(stmt->nat.lo, v6 ? ip6(1).v : ip(10, 0, 0, 1).v, WIRE_MAX);
	memcpy(stmt->nat.hi, stmt->nat.lo, WIRE_MAX);
	if (what & 1)
		stmt->nat.hi[v6 ? 15 : 3] = 9;
	if (what & 2)
		stmt->nat.port_lo = stmt->nat.port_hi = 8443;
	if (what & 4)
		stmt->nat.port_hi = 8500;
	stmt->nat.persistent = what & 8;
	add(b, chain);
}

static void nats(struct ir *ir, struct ir_chain *chain, bool source)
{
	struct ir_build b = ir_build(ir);

	for (unsigned int what = 0; what < 16; what++) {
		if ((what & 6) == 4)
			continue; /* an end of ports without their beginning */
		nat(&b, chain, source, false, what);
		nat(&b, chain, source, true, what);
	}
}

static void prefixes(struct ir *ir, struct ir_chain *chain, bool source)
{
	struct ir_build b = ir_build(ir);
	struct stmt *stmt;

	for (int v6 = 0; v6 < 2; v6++) {
		ir_is(&b, KEY_NFPROTO, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
		stmt = ir_stmt(&b, &stmt_nat);
		stmt->nat.source = source;
		stmt->nat.prefix = true;
		stmt->nat.family = v6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
		memcpy(stmt->nat.lo, v6 ? ip6(0).v : ip(10, 0, 0, 16).v,
		       WIRE_MAX);
		memcpy(stmt->nat.hi, stmt->nat.lo, WIRE_MAX);
		stmt->nat.hi[v6 ? 15 : 3] |= 15;
		add(&b, chain);
	}
}

static struct ir_set *port_map(struct ir *ir)
{
	struct ir_set *set = ir_set_add(ir, "port-map", nowhere);

	ir_set_field(set, WIRE_PORT);
	set->data_type = WIRE_PORT;
	set->nelems = set->size = 20;
	set->keys = arena_array(ir->arena, set->nelems, set->klen);
	set->data = arena_array(ir->arena, set->nelems, set->klen);
	for (size_t i = 0; i < set->nelems; i++) {
		wire_put(WIRE_PORT, 100 + i, set->keys + 2 * i);
		wire_put(WIRE_PORT, 65535 - i, set->data + 2 * i);
	}
	return set;
}

/* Of a redirection or a masquerade: each way to choose a port. */
static void ports(struct ir *ir, struct ir_chain *chain,
		  const struct stmt_ops *ops)
{
	struct ir_build b = ir_build(ir);
	struct stmt *stmt;

	for (unsigned int what = 0; what < 16; what++) {
		if ((what & 3) == 2)
			continue; /* an end without its beginning */
		ir_is(&b, KEY_L4PROTO, what & 8 ? 17 : 6);
		stmt = ir_stmt(&b, ops);
		if (what & 1)
			stmt->nat.port_lo = stmt->nat.port_hi = 1024;
		if (what & 2)
			stmt->nat.port_hi = 65535;
		stmt->nat.random = what & 4;
		stmt->nat.persistent = what & 8;
		add(&b, chain);
	}
}

static void mapped_ports(struct ir *ir, struct ir_chain *chain)
{
	struct ir_set *map = port_map(ir);
	struct ir_build b = ir_build(ir);
	struct stmt *stmt;

	for (unsigned int what = 0; what < 8; what++) {
		ir_is(&b, KEY_NFPROTO, what & 1 ? NFPROTO_IPV6 : NFPROTO_IPV4);
		ir_is(&b, KEY_L4PROTO, 17);
		stmt = ir_stmt(&b, what & 4 ? &stmt_redirect : &stmt_nat);
		stmt->nat.family = what & 1 ? NFPROTO_IPV6 : NFPROTO_IPV4;
		memcpy(stmt->nat.lo, what & 1 ? ip6(1).v : ip(10, 0, 0, 1).v,
		       WIRE_MAX);
		memcpy(stmt->nat.hi, stmt->nat.lo, WIRE_MAX);
		if (what & 2)
			stmt->nat.hi[what & 1 ? 15 : 3] = 9;
		stmt->nat.ports = map;
		stmt->nat.ports_name = map->name;
		stmt->nat.l4proto = 17;
		add(&b, chain);
	}
}

static void masquerade(struct ir *ir, struct ir_chain *chain)
{
	struct ir_build b = ir_build(ir);

	ir_cmp(&b, KEY_OIFNAME, NFT_CMP_EQ, device("eth1").v);
	ir_stmt(&b, &stmt_masquerade);
	ir_rule_add(&b, chain, nowhere, "masquerade wan");
	ports(ir, chain, &stmt_masquerade);
}

static void verdicts(struct ir *ir, struct ir_chain *chain, const char *leaf)
{
	static const enum verdict codes[] = { VERDICT_JUMP, VERDICT_GOTO,
					      VERDICT_RETURN, VERDICT_ACCEPT,
					      VERDICT_DROP };
	struct ir_build b = ir_build(ir);

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		ir_verdict(&b, codes[i],
			   verdict_has_chain(codes[i]) ? leaf : NULL);
		ir_rule_add(&b, chain, nowhere, "a comment with: odd/(chars)");
	}
}

/* ---- The tables ---- */

static struct ir_chain *base(struct ir *ir, const char *name, const char *type,
			     enum ir_hook hook, int priority,
			     const char *priority_text)
{
	struct ir_chain *chain = ir_chain_add(ir, name, nowhere);

	chain->type = type;
	chain->hook = hook;
	chain->priority = priority;
	chain->priority_text = priority_text;
	chain->policy_drop = !strcmp(type, "filter");
	return chain;
}

static void jump(struct ir *ir, struct ir_chain *from,
		 const struct ir_chain *to)
{
	struct ir_build b = ir_build(ir);

	ir_verdict(&b, VERDICT_JUMP, to->name);
	add(&b, from);
}

static void offload(struct ir *ir, struct ir_chain *chain)
{
	static const char *devices[] = { "dummy0", "dummy1", "wlan*" };
	struct ir_flowtable *flowtable = ir_flowtable_add(ir, "fast", nowhere);
	struct ir_build b = ir_build(ir);

	flowtable->counter = true;
	flowtable->devices = devices;
	flowtable->ndevices = sizeof(devices) / sizeof(devices[0]);
	ir_is(&b, KEY_CT_DIRECTION, 0);
	ir_stmt(&b, &stmt_flow_add)->flowtable = flowtable->name;
	add(&b, chain);
}

static void limit_object(struct ir *ir, const char *name, uint64_t rate)
{
	struct ir_limit *limit = ir_limit_add(ir, name, nowhere);

	limit->rate = rate;
	limit->unit = 1;
	limit->burst = 20;
}

static struct ir *first(struct arena *arena, bool flowtable)
{
	struct ir *ir = ir_new(arena, "first");
	struct ir_chain *forward, *before, *after, *tests, *does, *leaf;
	struct ir_build raw = ir_build(ir);

	ir->mark = (struct ir_mark){ 0xff000000, 24, 1, 4 };
	forward = base(ir, "forward", "filter", IR_HOOK_FORWARD, 0, "filter");
	base(ir, "input", "filter", IR_HOOK_INPUT, 0, "filter");
	base(ir, "output", "filter", IR_HOOK_OUTPUT, -5, "filter - 5");
	before = base(ir, "prerouting", "nat", IR_HOOK_PREROUTING, -100,
		      "dstnat");
	after = base(ir, "postrouting", "nat", IR_HOOK_POSTROUTING, 100,
		     "srcnat");
	leaf = ir_chain_add(ir, "from-lan-to-wan.re", nowhere);
	tests = ir_chain_add(ir, "tests", nowhere);
	does = ir_chain_add(ir, "does", nowhere);
	limit_object(ir, "lim-shared", 10);
	jump(ir, forward, tests);
	jump(ir, forward, does);
	for (enum key_id id = 1; id < KEY_IDS; id++)
		key_rules(ir, id == KEY_FIB_DADDR_OIFNAME ? before : tests, id);
	address_rules(ir, tests);
	protocol_rules(ir, tests);
	plain_sets(ir, tests);
	small_sets(ir, tests);
	concatenations(ir, tests);
	dynamic_sets(ir, tests);
	maps(ir, does, leaf->name);
	mark_rules(ir, does);
	logs(ir, does);
	limits(ir, does, "lim-shared");
	rejects(ir, does);
	clamp(ir, does);
	counts(ir, does);
	packet_marks(ir, does);
	classes(ir, does);
	updates(ir, does);
	ir_stmt(&raw, &stmt_notrack);
	add(&raw, base(ir, "raw", "filter", IR_HOOK_PREROUTING, -300, "raw"));
	verdicts(ir, does, leaf->name);
	nats(ir, before, false);
	prefixes(ir, before, false);
	mapped_ports(ir, before);
	ports(ir, before, &stmt_redirect);
	nats(ir, after, true);
	prefixes(ir, after, true);
	masquerade(ir, after);
	if (flowtable) {
		offload(ir, forward);
		queues(ir, does);
	}
	ir_settle_sets(ir);
	return ir;
}

/* What the first table becomes when much of its policy goes. */
static struct ir *second(struct arena *arena, bool flowtable)
{
	struct ir *ir = ir_new(arena, "second");
	struct ir_chain *forward, *tests, *leaf;

	ir->mark = (struct ir_mark){ 0xff000000, 24, 5, 2 };
	forward = base(ir, "forward", "filter", IR_HOOK_FORWARD, 0, "filter");
	base(ir, "output", "filter", IR_HOOK_OUTPUT, 5, "filter + 5");
	leaf = ir_chain_add(ir, "leaf", nowhere);
	tests = ir_chain_add(ir, "tests", nowhere);
	limit_object(ir, "lim-shared", 30);
	jump(ir, forward, tests);
	dynamic_sets(ir, tests);
	ir->sets->next->timeout = 1000;
	maps(ir, tests, leaf->name);
	limits(ir, tests, "lim-shared");
	if (flowtable)
		offload(ir, forward);
	ir_settle_sets(ir);
	return ir;
}

/* ---- Nothing was forgotten ---- */

static void check_complete(const struct ir *ir, bool flowtable)
{
	bool used[KEY_IDS] = { false };
	struct buf seen = { 0 };

	for (const struct ir_chain *c = ir->chains; c; c = c->next)
		for (const struct ir_rule *r = c->rules; r; r = r->next)
			for (uint32_t i = 0; i < r->nops; i++) {
				const struct ir_op *op = &r->ops[i];

				for (unsigned int k = 0; k < op->nkeys; k++)
					used[op->keys[k]] = true;
				if (op->stmt)
					buf_add(&seen, &op->stmt->ops,
						sizeof(op->stmt->ops));
			}
	for (unsigned int id = 1; id < KEY_IDS; id++)
		require(used[id], "a key is not used");
	for (const struct stmt_ops *const *ops = stmt_all; *ops; ops++)
		require(memmem(seen.p, seen.n, ops, sizeof(*ops)) ||
				(!flowtable && (*ops == &stmt_flow_add ||
						*ops == &stmt_queue)),
			"a statement is not used");
	buf_free(&seen);
}

/* ---- Sending ---- */

/* What a table that was sent before holds, without asking the kernel. */
static struct table_names *names_of(struct arena *arena, const struct ir *ir)
{
	struct table_names *names = arena_new_object(arena, struct table_names);
	VEC(struct table_chain) chains = { 0 };
	VEC(struct table_set) sets = { 0 };
	VEC(struct table_object) objects = { 0 };
	VEC(const char *) limit_names = { 0 }, flowtables = { 0 };

	for (const struct ir_chain *c = ir->chains; c; c = c->next)
		*vec_push(arena, &chains) =
			(struct table_chain){ c->name, c->type, c->hook,
					      c->priority };
	for (const struct ir_set *s = ir->sets; s; s = s->next)
		*vec_push(arena, &sets) = (struct table_set){
			.name = s->name,
			.flags = ir_set_flags(s),
			.key_type = wire_type(s->fields[0])->nft_id,
			.key_len = s->klen,
			.size = ir_set_size(s),
			.timeout = s->timeout,
		};
	for (const struct ir_limit *l = ir->limits; l; l = l->next)
		*vec_push(arena, &limit_names) = l->name;
	for (const struct ir_flowtable *f = ir->flowtables; f; f = f->next)
		*vec_push(arena, &flowtables) = f->name;
	for (const struct ir_object *o = ir->objects; o; o = o->next)
		*vec_push(arena, &objects) =
			(struct table_object){ o->name, o->type };
	*names = (struct table_names){
		.exists = true,
		.chains = chains.v,
		.nchains = chains.n,
		.flowtables = flowtables.v,
		.nflowtables = flowtables.n,
		.limits = limit_names.v,
		.nlimits = limit_names.n,
		.objects = objects.v,
		.nobjects = objects.n,
		.sets = sets.v,
		.nsets = sets.n,
	};
	return names;
}

/* Says what the kernel refused; returns how much. */
static int print_errors(struct mnl_socket *nl, const struct batch *batch)
{
	static char answer[1 << 16];
	ssize_t n;
	int errors = 0;

	while ((n = recv(mnl_socket_get_fd(nl), answer, sizeof(answer),
			 MSG_DONTWAIT)) > 0) {
		const struct nlmsghdr *nlh = (const void *)answer;
		int len = (int)n;

		for (; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

			if (nlh->nlmsg_type != NLMSG_ERROR || !err->error)
				continue;
			errors++;
			fprintf(stderr, "ir_sample: %s: %s\n",
				batch->messages[nlh->nlmsg_seq - 1].what,
				strerror(-err->error));
		}
	}
	return errors;
}

static int send_batch(const struct batch *batch)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	int room = (int)batch->bytes.n + (1 << 16), errors = 1;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		perror("ir_sample: socket");
		return EXIT_FAILURE;
	}
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_SNDBUFFORCE, &room,
		   sizeof(room));
	if (mnl_socket_sendto(nl, batch->bytes.p, batch->bytes.n) < 0)
		perror("ir_sample: send");
	else
		errors = print_errors(nl, batch);
	mnl_socket_close(nl);
	return errors ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int send_ir(struct arena *arena, const struct ir *ir,
		   const struct ir *over)
{
	struct batch_options options = {
		.now = over ? names_of(arena, over) : NULL,
	};
	struct batch batch;
	int status = EXIT_FAILURE;

	if (batch_build(&batch, ir, &options))
		fprintf(stderr, "ir_sample: %s is too large\n",
			batch.messages[batch.n - 1].what);
	else
		status = send_batch(&batch);
	batch_free(&batch);
	return status;
}

static void print_text(const struct ir *ir)
{
	struct buf text = { 0 };

	emit_text(&text, ir);
	fwrite(text.p, 1, text.n, stdout);
	buf_free(&text);
}

static void print_json(struct arena *arena, const struct ir *ir)
{
	struct buf text = { 0 };
	struct sources sources;

	sources_init(&sources, arena);
	emit_json(&text, ir, diags_new(arena, &sources));
	fwrite(text.p, 1, text.n, stdout);
	buf_free(&text);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "text", no_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "send", no_argument, NULL, 's' },
		{ "flowtable", no_argument, NULL, 'f' },
		{ "second", no_argument, NULL, '2' },
		{ "over", required_argument, NULL, 'o' },
		{ 0 },
	};
	struct arena *arena = arena_new();
	bool text = false, json = false, flowtable = false, is_second = false;
	const char *over = NULL;
	struct ir *irs[2];
	int c, status = EXIT_SUCCESS;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		require(c != '?', "see the beginning of its source");
		text |= c == 't';
		json |= c == 'j';
		flowtable |= c == 'f';
		is_second |= c == '2';
		over = c == 'o' ? optarg : over;
	}
	irs[0] = first(arena, flowtable);
	irs[1] = second(arena, flowtable);
	check_complete(irs[0], flowtable);
	if (text)
		print_text(irs[is_second]);
	else if (json)
		print_json(arena, irs[is_second]);
	else
		status = send_ir(arena, irs[is_second],
				 over ? irs[!strcmp(over, "second")] : NULL);
	arena_free(arena);
	return status;
}

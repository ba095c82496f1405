// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vocabulary of nf_tables, the IR, and what is emitted of it.
 *
 * Every row of the key table and every statement has to have an example here;
 * each example is compared byte for byte as nft text and as bytecode, in the
 * spelling of `nft --debug=netlink`, so that a golden can be checked against
 * nft by pasting its text. What the kernel makes of both is compared by
 * tests/tools/ir_sample.
 */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <syslog.h>

#include "emit/batch.h"
#include "emit/text.h"
#include "suites.h"

static const struct span nowhere;
static struct arena *arena;
static struct ir *ir;
static struct ir_build b;
static struct ir_chain *chain;
static struct buf out;

static void set_up(void)
{
	arena = arena_new();
	ir = ir_new(arena, "test");
	b = ir_build(ir);
	chain = ir_chain_add(ir, "c", nowhere);
	out = (struct buf){ 0 };
}

static void tear_down(void)
{
	buf_free(&out);
	arena_free(arena);
}

/* What was printed since the last time. */
static const char *printed(void)
{
	char *text = arena_strndup(arena, out.p ? out.p : "", out.n);

	out.n = 0;
	return text;
}

/* ---- Bytecode as nft --debug=netlink prints it, a blank for a newline ---- */

static void print_data(const uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i += 4) {
		uint8_t bytes[4] = { 0 };
		uint32_t word;

		memcpy(bytes, data + i, len - i < 4 ? len - i : 4);
		memcpy(&word, bytes, sizeof(word));
		buf_printf(&out, " 0x%08x", word);
	}
}

static void print_load(const struct expr *e)
{
	static const char *const bases[] = { "link", "network", "transport" };
	const char *text = e->key->text;

	if (e->key->load == LOAD_PAYLOAD)
		buf_printf(&out, "payload load %ub @ %s header + %u", e->len,
			   bases[e->key->base], e->key->offset);
	else if (e->key->load == LOAD_FIB)
		buf_puts(&out, text);
	else if (e->key->load == LOAD_CT)
		buf_printf(&out, "ct load %s", text + strlen("ct "));
	else if (e->key->load == LOAD_RT)
		buf_printf(&out, "rt load %s", text + strlen("rt "));
	else
		buf_printf(&out, "meta load %s",
			   strchr(text, ' ') ? strchr(text, ' ') + 1 : text);
	buf_printf(&out, " => reg %u", e->reg);
}

static void print_bitwise(const struct expr *e)
{
	buf_printf(&out, "bitwise reg %u = ( reg %u &", e->reg, e->reg);
	print_data(e->data, e->len);
	buf_puts(&out, " ) ^");
	print_data(e->data2, e->len);
}

static void print_lookup(const struct expr *e)
{
	buf_printf(&out, "lookup reg %u set %s", e->reg,
		   e->set->name	    ? e->set->name :
		   e->set->verdicts ? "__map%d" :
				      "__set%d");
	if (e->set->verdicts)
		buf_puts(&out, " dreg 0");
	if (e->reg2)
		buf_printf(&out, " dreg %u", e->reg2);
	if (e->flags)
		buf_printf(&out, " 0x%x", e->flags);
}

static void print_verdict(const struct expr *e)
{
	const char *word = e->arg == NF_DROP		 ? "drop" :
			   e->arg == NF_ACCEPT		 ? "accept" :
			   (int32_t)e->arg == NFT_RETURN ? "return" :
			   (int32_t)e->arg == NFT_JUMP	 ? "jump" :
							   "goto";

	buf_printf(&out, "immediate reg 0 %s", word);
	if (e->name)
		buf_printf(&out, " -> %s", e->name);
}

static void print_log(const struct expr *e)
{
	buf_puts(&out, "log");
	if (e->name)
		buf_printf(&out, " prefix %s", e->name);
	if (e->log.group >= 0)
		buf_printf(&out, " group %d snaplen %u qthreshold 0",
			   e->log.group, e->log.snaplen);
	else if (e->log.level != LOG_WARNING)
		buf_printf(&out, " level %u", e->log.level);
}

static void print_limit(const struct expr *e)
{
	const char *unit = e->limit.unit == 1	 ? "second" :
			   e->limit.unit == 60	 ? "minute" :
			   e->limit.unit == 3600 ? "hour" :
						   "longer";

	buf_printf(&out, "limit rate %u/%s burst %u type packets flags 0x0",
		   (unsigned int)e->limit.rate, unit, e->limit.burst);
}

static void print_nat(const struct expr *e)
{
	buf_printf(&out, "nat %s %s addr_min reg %u",
		   e->arg == NFT_NAT_SNAT ? "snat" : "dnat",
		   e->nat.family == NFPROTO_IPV6 ? "ip6" : "ip", e->reg);
	if (e->reg2)
		buf_printf(&out, " addr_max reg %u", e->reg2);
	if (e->nat.port)
		buf_printf(&out, " proto_min reg %u", e->nat.port);
	if (e->nat.port2)
		buf_printf(&out, " proto_max reg %u", e->nat.port2);
	if (e->flags)
		buf_printf(&out, " flags 0x%x", e->flags);
}

static void print_ports(const char *name, const struct expr *e)
{
	buf_puts(&out, name);
	if (e->reg)
		buf_printf(&out, " proto_min reg %u", e->reg);
	if (e->reg2)
		buf_printf(&out, " proto_max reg %u", e->reg2);
	if (e->flags)
		buf_printf(&out, " flags 0x%x", e->flags);
}

static const char *const cmps[] = { "eq", "neq", "lt", "lte", "gt", "gte" };

static void print_cmp(const struct expr *e)
{
	buf_printf(&out, "cmp %s reg %u", cmps[e->op], e->reg);
	print_data(e->data, e->len);
}

static void print_range(const struct expr *e)
{
	buf_printf(&out, "range %s reg %u", cmps[e->op], e->reg);
	print_data(e->data, e->len);
	print_data(e->data2, e->len);
}

static void print_byteorder(const struct expr *e)
{
	buf_printf(&out, "byteorder reg %u = hton(reg %u, %u, %u)", e->reg,
		   e->reg, e->arg, e->len);
}

static void print_immediate(const struct expr *e)
{
	buf_printf(&out, "immediate reg %u", e->reg);
	print_data(e->data, e->len);
}

static void print_ct_set(const struct expr *e)
{
	buf_printf(&out, "ct set mark with reg %u", e->reg);
}

static void print_objref(const struct expr *e)
{
	buf_printf(&out, "objref type %u name %s", e->arg, e->name);
}

static void print_counter(const struct expr *e)
{
	(void)e;
	buf_puts(&out, "counter pkts 0 bytes 0");
}

static void print_reject(const struct expr *e)
{
	buf_printf(&out, "reject type %u code %u", e->arg, e->flags);
}

static void print_masq(const struct expr *e)
{
	print_ports("masq", e);
}

static void print_redir(const struct expr *e)
{
	print_ports("redir", e);
}

static void print_flow(const struct expr *e)
{
	buf_printf(&out, "flow add %s", e->name);
}

static void print_rt(const struct expr *e)
{
	buf_printf(&out, "rt load tcpmss => reg %u", e->reg);
}

static void print_tcpopt(const struct expr *e)
{
	buf_printf(&out, "exthdr write tcpopt reg %u => %ub @ %u + %u", e->reg,
		   e->len, e->arg, e->tcpopt.offset);
}

static void print_meta_set(const struct expr *e)
{
	buf_printf(&out, "meta set mark with reg %u", e->reg);
}

static void print_payload_set(const struct expr *e)
{
	buf_printf(&out,
		   "payload write reg %u => %ub @ network header + %u "
		   "csum_type %u csum_off %u csum_flags 0x0",
		   e->reg, e->len, e->key->offset, e->payload.csum,
		   e->payload.csum_offset);
}

static void print_notrack(const struct expr *e)
{
	(void)e;
	buf_puts(&out, "notrack");
}

static void print_queue(const struct expr *e)
{
	buf_printf(&out, "queue num %u", e->arg);
	if (e->len > 1)
		buf_printf(&out, "-%u", e->arg + e->len - 1);
	if (e->flags & NFT_QUEUE_FLAG_BYPASS)
		buf_puts(&out, " bypass");
	if (e->flags & NFT_QUEUE_FLAG_CPU_FANOUT)
		buf_puts(&out, " fanout");
}

static void print_dynset(const struct expr *e)
{
	buf_printf(&out, "dynset %s reg_key %u set %s",
		   e->arg == NFT_DYNSET_OP_ADD ? "add" : "update", e->reg,
		   e->name);
	if (e->dynset.timeout)
		buf_printf(&out, " timeout %ums",
			   (unsigned int)e->dynset.timeout);
	if (e->dynset.rate)
		buf_printf(&out,
			   " expr [ limit rate %u/second burst %u type packets "
			   "flags 0x0 ]",
			   (unsigned int)e->dynset.rate, e->dynset.burst);
	if (e->dynset.connections)
		buf_printf(&out, " expr [ connlimit count %u flags 0 ]",
			   e->dynset.connections);
}

static void (*const printers[])(const struct expr *e) = {
	[EXPR_LOAD] = print_load,
	[EXPR_CMP] = print_cmp,
	[EXPR_RANGE] = print_range,
	[EXPR_BITWISE] = print_bitwise,
	[EXPR_BYTEORDER] = print_byteorder,
	[EXPR_LOOKUP] = print_lookup,
	[EXPR_IMMEDIATE] = print_immediate,
	[EXPR_VERDICT] = print_verdict,
	[EXPR_CT_SET] = print_ct_set,
	[EXPR_LOG] = print_log,
	[EXPR_LIMIT] = print_limit,
	[EXPR_OBJREF] = print_objref,
	[EXPR_COUNTER] = print_counter,
	[EXPR_META_SET] = print_meta_set,
	[EXPR_PAYLOAD_SET] = print_payload_set,
	[EXPR_NOTRACK] = print_notrack,
	[EXPR_QUEUE] = print_queue,
	[EXPR_DYNSET] = print_dynset,
	[EXPR_REJECT] = print_reject,
	[EXPR_NAT] = print_nat,
	[EXPR_MASQ] = print_masq,
	[EXPR_REDIR] = print_redir,
	[EXPR_FLOW] = print_flow,
	[EXPR_RT_LOAD] = print_rt,
	[EXPR_TCPOPT_SET] = print_tcpopt,
};

static void print_expr(const struct expr *e)
{
	buf_puts(&out, "[ ");
	printers[e->kind](e);
	buf_puts(&out, " ]\n");
}

/* Takes what was built and compares it both ways. */
static void expect(const char *text, const char *code)
{
	struct ir_rule *rule = ir_rule_add(&b, chain, nowhere, NULL);
	struct exprs exprs = { .arena = arena };

	emit_text_rule(&out, rule);
	ck_assert_str_eq(printed(), text);
	ir_linear(&exprs, rule);
	for (size_t i = 0; i < exprs.list.n; i++)
		print_expr(&exprs.list.v[i]);
	ck_assert_str_eq(printed(), code);
}

/* What many begin with. */
#define NFPROTO "[ meta load nfproto => reg 1 ]\n"
#define L4PROTO "[ meta load l4proto => reg 1 ]\n"
#define IPV4 NFPROTO "[ cmp eq reg 1 0x00000002 ]\n"
#define IPV6 NFPROTO "[ cmp eq reg 1 0x0000000a ]\n"
#define TCP L4PROTO "[ cmp eq reg 1 0x00000006 ]\n"
#define ICMP L4PROTO "[ cmp eq reg 1 0x00000001 ]\n"
#define ICMPV6 L4PROTO "[ cmp eq reg 1 0x0000003a ]\n"
#define SADDR4 "[ payload load 4b @ network header + 12 => reg 1 ]\n"
#define SADDR4_3 "[ payload load 3b @ network header + 12 => reg 1 ]\n"
#define DADDR4 "[ payload load 4b @ network header + 16 => reg 1 ]\n"
#define SADDR6 "[ payload load 16b @ network header + 8 => reg 1 ]\n"
#define DADDR6 "[ payload load 16b @ network header + 24 => reg 1 ]\n"
#define SPORT "[ payload load 2b @ transport header + 0 => reg 1 ]\n"
#define DPORT "[ payload load 2b @ transport header + 2 => reg 1 ]\n"
#define ICMP_TYPE "[ payload load 1b @ transport header + 0 => reg 1 ]\n"
#define TCP_FLAGS "[ payload load 1b @ transport header + 13 => reg 1 ]\n"
#define PORTS "[ payload load 4b @ transport header + 0 => reg 1 ]\n"
#define ZEROS3 " 0x00000000 0x00000000 0x00000000"

/* ---- Types ---- */

static const char *shown(enum wire_id type, uint64_t number)
{
	uint8_t value[WIRE_MAX];

	wire_put(type, number, value);
	ck_assert_uint_eq(wire_get(type, value), number);
	wire_print(&out, type, value);
	return printed();
}

/* The value 2 of each; of names, one. */
static const char *const wire_examples[WIRE_IDS] = {
	[WIRE_NFPROTO] = "ipv4",
	[WIRE_IPV4] = "0.0.0.2",
	[WIRE_IPV6] = "::2",
	[WIRE_INET_PROTO] = "igmp",
	[WIRE_PORT] = "2",
	[WIRE_ICMP_TYPE] = "2",
	[WIRE_ICMPV6_TYPE] = "packet-too-big",
	[WIRE_MARK] = "0x00000002",
	[WIRE_IFNAME] = "\"eth0\"",
	[WIRE_CT_STATE] = "established",
	[WIRE_CT_DIR] = "2",
	[WIRE_CT_STATUS] = "seen-reply",
	[WIRE_FIB_TYPE] = "local",
	[WIRE_EXISTS] = "2",
	[WIRE_TCP_FLAGS] = "syn",
	[WIRE_COUNT64] = "2",
	[WIRE_ETHER] = "00:00:00:00:00:02",
	[WIRE_DSCP] = "cs0", /* 2 is a bit of another field */
	[WIRE_DSCP6] = "cs0",
	[WIRE_LENGTH] = "2",
	[WIRE_HOUR] = "2",
	[WIRE_DAY] = "\"Tuesday\"",
	[WIRE_HELPER] = "\"eth0\"",
	[WIRE_TIME] = "0", /* nanoseconds */
	[WIRE_UID] = "2",
	[WIRE_BOOLEAN] = "2",
	[WIRE_ARPHRD] = "2",
};

START_TEST(every_type_prints)
{
	for (enum wire_id id = WIRE_NONE + 1; id < WIRE_IDS; id++) {
		uint8_t value[WIRE_MAX] = { [WIRE_MAX - 1] = 2 };

		ck_assert_msg(wire_examples[id], "type %d: no example", id);
		ck_assert(wire_type(id)->name && wire_type(id)->nft_id);
		if (id == WIRE_IFNAME || id == WIRE_HELPER)
			wire_ifname("eth0", 4, value);
		else if (id != WIRE_IPV6)
			wire_put(id, 2, value);
		wire_print(&out, id, value);
		ck_assert_str_eq(printed(), wire_examples[id]);
	}
}
END_TEST

START_TEST(bits_and_names)
{
	uint8_t value[WIRE_MAX];

	ck_assert_str_eq(shown(WIRE_TCP_FLAGS, 0x12), "(syn | ack)");
	ck_assert_str_eq(shown(WIRE_TCP_FLAGS, 0), "0x0");
	ck_assert_str_eq(shown(WIRE_CT_STATE, 0x40), "untracked");
	ck_assert_str_eq(shown(WIRE_CT_STATUS, 0x40000001), "0x40000001");
	ck_assert_str_eq(shown(WIRE_INET_PROTO, 58), "ipv6-icmp");
	ck_assert_str_eq(shown(WIRE_INET_PROTO, 253), "253");
	ck_assert_str_eq(shown(WIRE_COUNT64, UINT64_MAX),
			 "18446744073709551615");
	wire_put(WIRE_TCP_FLAGS, 0x12, value);
	wire_print_any(&out, WIRE_TCP_FLAGS, value);
	ck_assert_str_eq(printed(), "syn,ack");
}
END_TEST

static void check_ipv6(const uint16_t groups[8], const char *text)
{
	uint8_t value[WIRE_MAX];

	for (size_t i = 0; i < 8; i++)
		wire_put(WIRE_PORT, groups[i], value + 2 * i);
	wire_print(&out, WIRE_IPV6, value);
	ck_assert_str_eq(printed(), text);
}

#define GROUPS(...) ((const uint16_t[8]){ __VA_ARGS__ })

START_TEST(ipv6_text)
{
	check_ipv6(GROUPS(0), "::");
	check_ipv6(GROUPS(1), "1::");
	check_ipv6(GROUPS(0, 0, 0, 0, 0, 0, 0, 1), "::1");
	check_ipv6(GROUPS(1, 2, 3, 4, 5, 6, 7, 0xffff), "1:2:3:4:5:6:7:ffff");
	check_ipv6(GROUPS(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1), "2001:db8:0:1::1");
	check_ipv6(GROUPS(1, 0, 0, 2, 0, 0, 3, 4), "1::2:0:0:3:4");
	check_ipv6(GROUPS(0, 1, 2, 3, 4, 5, 6, 0), "0:1:2:3:4:5:6:0");
	check_ipv6(GROUPS(0, 0, 1, 2, 3, 4, 5, 0xab0), "::1:2:3:4:5:ab0");
}
END_TEST

static const char *ranged(enum wire_id type, uint64_t lo, uint64_t hi)
{
	uint8_t from[WIRE_MAX], to[WIRE_MAX];

	wire_put(type, lo, from);
	wire_put(type, hi, to);
	wire_print_range(&out, type, from, to);
	return printed();
}

START_TEST(range_text)
{
	uint8_t lo[WIRE_MAX], hi[WIRE_MAX];

	ck_assert_str_eq(ranged(WIRE_IPV4, 0x0a000000, 0x0affffff),
			 "10.0.0.0/8");
	ck_assert_str_eq(ranged(WIRE_IPV4, 0, UINT32_MAX), "0.0.0.0/0");
	ck_assert_str_eq(ranged(WIRE_IPV4, 0x0a000001, 0x0a000001), "10.0.0.1");
	ck_assert_str_eq(ranged(WIRE_IPV4, 0x0a000001, 0x0a000002),
			 "10.0.0.1-10.0.0.2");
	ck_assert_str_eq(ranged(WIRE_PORT, 0, 65535), "0-65535");
	ck_assert_str_eq(ranged(WIRE_INET_PROTO, 6, 17), "6-17");
	wire_ifname_prefix("wlan", 4, lo, hi);
	wire_print_range(&out, WIRE_IFNAME, lo, hi);
	ck_assert_str_eq(printed(), "\"wlan*\"");
}
END_TEST

START_TEST(prefix_lengths)
{
	const uint8_t a[] = { 10, 0, 0, 0 }, z[] = { 10, 255, 255, 255 };
	const uint8_t m[] = { 10, 128, 0, 0 }, o[] = { 10, 255, 255, 254 };

	ck_assert_int_eq(wire_prefix_len(a, z, 4), 8);
	ck_assert_int_eq(wire_prefix_len(m, z, 4), 9);
	ck_assert_int_eq(wire_prefix_len(a, a, 4), 32);
	ck_assert_int_eq(wire_prefix_len(a, o, 4), -1);
	ck_assert_int_eq(wire_prefix_len(a, m, 4), -1);
}
END_TEST

/* ---- Keys ---- */

static const struct {
	uint64_t value;
	const char *text, *code;
} key_examples[KEY_IDS] = {
	[KEY_NFPROTO] = { NFPROTO_IPV4, "meta nfproto ipv4", IPV4 },
	[KEY_L4PROTO] = { 6, "meta l4proto tcp", TCP },
	[KEY_IIFNAME] = { 0, "iifname \"eth0\"",
			  "[ meta load iifname => reg 1 ]\n"
			  "[ cmp eq reg 1 0x30687465" ZEROS3 " ]\n" },
	[KEY_OIFNAME] = { 0, "oifname \"eth0\"",
			  "[ meta load oifname => reg 1 ]\n"
			  "[ cmp eq reg 1 0x30687465" ZEROS3 " ]\n" },
	[KEY_IP_SADDR] = { 0x01020304, "ip saddr 1.2.3.4",
			   IPV4 SADDR4 "[ cmp eq reg 1 0x04030201 ]\n" },
	[KEY_IP_DADDR] = { 0x01020304, "ip daddr 1.2.3.4",
			   IPV4 DADDR4 "[ cmp eq reg 1 0x04030201 ]\n" },
	[KEY_IP6_SADDR] = { 1, "ip6 saddr ::1",
			    IPV6 SADDR6 "[ cmp eq reg 1" ZEROS3
					" 0x01000000 ]\n" },
	[KEY_IP6_DADDR] = { 1, "ip6 daddr ::1",
			    IPV6 DADDR6 "[ cmp eq reg 1" ZEROS3
					" 0x01000000 ]\n" },
	[KEY_TH_SPORT] = { 80, "th sport 80",
			   SPORT "[ cmp eq reg 1 0x00005000 ]\n" },
	[KEY_TH_DPORT] = { 80, "th dport 80",
			   DPORT "[ cmp eq reg 1 0x00005000 ]\n" },
	[KEY_ICMP_TYPE] = { 8, "icmp type echo-request",
			    IPV4 ICMP ICMP_TYPE
			    "[ cmp eq reg 1 0x00000008 ]\n" },
	[KEY_ICMPV6_TYPE] = { 135, "icmpv6 type nd-neighbor-solicit",
			      IPV6 ICMPV6 ICMP_TYPE
			      "[ cmp eq reg 1 0x00000087 ]\n" },
	[KEY_TCP_FLAGS] = { 2, "tcp flags == syn",
			    TCP TCP_FLAGS "[ cmp eq reg 1 0x00000002 ]\n" },
	[KEY_CT_MARK] = { 0x10, "ct mark 0x00000010",
			  "[ ct load mark => reg 1 ]\n"
			  "[ cmp eq reg 1 0x00000010 ]\n" },
	[KEY_CT_STATE] = { 6, "ct state == (established | related)",
			   "[ ct load state => reg 1 ]\n"
			   "[ cmp eq reg 1 0x00000006 ]\n" },
	[KEY_CT_DIRECTION] = { 1, "ct direction reply",
			       "[ ct load direction => reg 1 ]\n"
			       "[ cmp eq reg 1 0x00000001 ]\n" },
	[KEY_CT_STATUS] = { 32, "ct status == dnat",
			    "[ ct load status => reg 1 ]\n"
			    "[ cmp eq reg 1 0x00000020 ]\n" },
	[KEY_CT_PACKETS] = { 16, "ct packets 16",
			     "[ ct load packets => reg 1 ]\n"
			     "[ cmp eq reg 1 0x00000010 0x00000000 ]\n" },
	[KEY_CT_BYTES] = { 16, "ct bytes 16",
			   "[ ct load bytes => reg 1 ]\n"
			   "[ cmp eq reg 1 0x00000010 0x00000000 ]\n" },
	[KEY_FIB_DADDR_TYPE] = { 2, "fib daddr type local",
				 "[ fib daddr type => reg 1 ]\n"
				 "[ cmp eq reg 1 0x00000002 ]\n" },
	[KEY_MARK] = { 0x10, "meta mark 0x00000010",
		       "[ meta load mark => reg 1 ]\n"
		       "[ cmp eq reg 1 0x00000010 ]\n" },
	[KEY_FIB_SADDR_IIF_OIF] = { 0, "fib saddr . iif oif missing",
				    "[ fib saddr . iif oif => reg 1 ]\n"
				    "[ cmp eq reg 1 0x00000000 ]\n" },
	[KEY_FIB_DADDR_OIFNAME] = { 0, "fib daddr oifname \"eth0\"",
				    "[ fib daddr oifname => reg 1 ]\n"
				    "[ cmp eq reg 1 0x30687465 0x00000000 "
				    "0x00000000 0x00000000 ]\n" },
	[KEY_FIB_DADDR_IIF_TYPE] = { 2, "fib daddr . iif type local",
				     "[ fib daddr . iif type => reg 1 ]\n"
				     "[ cmp eq reg 1 0x00000002 ]\n" },
	[KEY_IIFTYPE] = { 1, "meta iiftype 1",
			  "[ meta load iiftype => reg 1 ]\n"
			  "[ cmp eq reg 1 0x00000001 ]\n" },
	[KEY_IP_DSCP] = { 46 << 2, "ip dscp ef",
			  IPV4 "[ payload load 1b @ network header + 1 => reg "
			       "1 ]\n"
			       "[ bitwise reg 1 = ( reg 1 & 0x000000fc ) ^ "
			       "0x00000000 ]\n"
			       "[ cmp eq reg 1 0x000000b8 ]\n" },
	[KEY_IP6_DSCP] = { 46 << 6, "ip6 dscp ef",
			   IPV6 "[ payload load 2b @ network header + 0 => reg "
				"1 ]\n"
				"[ bitwise reg 1 = ( reg 1 & 0x0000c00f ) ^ "
				"0x00000000 ]\n"
				"[ cmp eq reg 1 0x0000800b ]\n" },
	[KEY_ETHER_SADDR] = { 0x10203040506, "ether saddr 01:02:03:04:05:06",
			      "[ meta load iiftype => reg 1 ]\n"
			      "[ cmp eq reg 1 0x00000001 ]\n"
			      "[ payload load 6b @ link header + 6 => reg 1 "
			      "]\n"
			      "[ cmp eq reg 1 0x04030201 0x00000605 ]\n" },
	[KEY_LENGTH] = { 84, "meta length 84",
			 "[ meta load length => reg 1 ]\n"
			 "[ cmp eq reg 1 0x00000054 ]\n" },
	[KEY_HOUR] = { 3600, "meta hour 3600",
		       "[ meta load hour => reg 1 ]\n"
		       "[ cmp eq reg 1 0x00000e10 ]\n" },
	[KEY_DAY] = { 0, "meta day \"Sunday\"",
		      "[ meta load day => reg 1 ]\n"
		      "[ cmp eq reg 1 0x00000000 ]\n" },
	[KEY_CT_HELPER] = { 0, "ct helper \"sip\"",
			    "[ ct load helper => reg 1 ]\n"
			    "[ cmp eq reg 1 0x00706973 0x00000000 0x00000000 "
			    "0x00000000 ]\n" },
	[KEY_TIME] = { 86400000000000, "meta time 86400",
		       "[ meta load time => reg 1 ]\n"
		       "[ cmp eq reg 1 0x914f0000 0x00004e94 ]\n" },
	[KEY_SKUID] = { 1000, "meta skuid 1000",
			"[ meta load skuid => reg 1 ]\n"
			"[ cmp eq reg 1 0x000003e8 ]\n" },
	[KEY_SECPATH] = { 1, "meta ipsec exists",
			  "[ meta load ipsec => reg 1 ]\n"
			  "[ cmp eq reg 1 0x00000001 ]\n" },
	[KEY_RT_IPSEC] = { 0, "rt ipsec missing",
			   "[ rt load ipsec => reg 1 ]\n"
			   "[ cmp eq reg 1 0x00000000 ]\n" },
};

START_TEST(every_key)
{
	for (enum key_id id = KEY_NONE + 1; id < KEY_IDS; id++) {
		uint8_t value[WIRE_MAX] = { 0 };
		enum wire_id type = key(id)->type;

		ck_assert_msg(key_examples[id].text, "key %d: no example", id);
		if (type == WIRE_IFNAME)
			wire_ifname("eth0", 4, value);
		else if (type == WIRE_HELPER)
			wire_ifname("sip", 3, value);
		else if (type == WIRE_IPV6)
			value[15] = (uint8_t)key_examples[id].value;
		else
			wire_put(type, key_examples[id].value, value);
		ir_cmp(&b, id, NFT_CMP_EQ, value);
		expect(key_examples[id].text, key_examples[id].code);
	}
}
END_TEST

/* ---- Tests of a key ---- */

static void compare(enum key_id id, unsigned int cmp, uint64_t number)
{
	uint8_t value[WIRE_MAX];

	wire_put(key(id)->type, number, value);
	ir_cmp(&b, id, cmp, value);
}

START_TEST(orders)
{
	compare(KEY_CT_PACKETS, NFT_CMP_GTE, 16);
	expect("ct packets >= 16", "[ ct load packets => reg 1 ]\n"
				   "[ byteorder reg 1 = hton(reg 1, 8, 8) ]\n"
				   "[ cmp gte reg 1 0x00000000 0x10000000 ]\n");
	compare(KEY_TH_DPORT, NFT_CMP_LT, 1024);
	expect("th dport < 1024", DPORT "[ cmp lt reg 1 0x00000004 ]\n");
	compare(KEY_CT_MARK, NFT_CMP_NEQ, 1);
	expect("ct mark != 0x00000001", "[ ct load mark => reg 1 ]\n"
					"[ cmp neq reg 1 0x00000001 ]\n");
}
END_TEST

static void in(enum key_id id, uint64_t lo, uint64_t hi, bool neg)
{
	size_t len = wire_type(key(id)->type)->len;
	uint8_t range[2 * WIRE_MAX];

	wire_put(key(id)->type, lo, range);
	wire_put(key(id)->type, hi, range + len);
	ir_in_ranges(&b, id, range, 1, neg);
}

START_TEST(prefixes)
{
	uint8_t names[2 * WIRE_MAX];

	in(KEY_IP_SADDR, 0x0a010000, 0x0a0100ff, true);
	expect("ip saddr != 10.1.0.0/24",
	       IPV4 SADDR4_3 "[ cmp neq reg 1 0x0000010a ]\n");
	in(KEY_IP_SADDR, 0x0a010000, 0x0a010fff, false);
	expect("ip saddr 10.1.0.0/20", IPV4 SADDR4
	       "[ bitwise reg 1 = ( reg 1 & 0x00f0ffff ) ^ 0x00000000 ]\n"
	       "[ cmp eq reg 1 0x0000010a ]\n");
	in(KEY_IP_DADDR, 0, UINT32_MAX, false);
	expect("meta nfproto ipv4", IPV4);
	in(KEY_IP_DADDR, 0, UINT32_MAX, true);
	expect("ip daddr != 0.0.0.0/0", IPV4 DADDR4
	       "[ bitwise reg 1 = ( reg 1 & 0x00000000 ) ^ 0x00000000 ]\n"
	       "[ cmp neq reg 1 0x00000000 ]\n");
	wire_ifname_prefix("wlan", 4, names, names + WIRE_MAX);
	ir_in_ranges(&b, KEY_IIFNAME, names, 1, false);
	expect("iifname \"wlan*\"", "[ meta load iifname => reg 1 ]\n"
				    "[ cmp eq reg 1 0x6e616c77 ]\n");
}
END_TEST

START_TEST(ranges)
{
	in(KEY_TH_SPORT, 1024, 65535, false);
	expect("th sport 1024-65535", SPORT "[ cmp gte reg 1 0x00000004 ]\n"
					    "[ cmp lte reg 1 0x0000ffff ]\n");
	in(KEY_CT_MARK, 1, 5, true);
	expect("ct mark != 0x00000001-0x00000005",
	       "[ ct load mark => reg 1 ]\n"
	       "[ byteorder reg 1 = hton(reg 1, 4, 4) ]\n"
	       "[ range neq reg 1 0x01000000 0x05000000 ]\n");
	in(KEY_TH_SPORT, 5, 5, true);
	expect("th sport != 5", SPORT "[ cmp neq reg 1 0x00000500 ]\n");
}
END_TEST

static void bits(enum ir_op_kind kind, enum key_id id, uint64_t lo, uint64_t hi,
		 bool neg)
{
	struct ir_op *op = ir_op(&b, kind);

	op->keys[op->nkeys++] = (uint8_t)id;
	op->neg = neg;
	wire_put(key(id)->type, lo, op->lo);
	wire_put(key(id)->type, hi, op->hi);
}

#define STATE(mask)                                                            \
	"[ ct load state => reg 1 ]\n"                                         \
	"[ bitwise reg 1 = ( reg 1 & " mask " ) ^ 0x00000000 ]\n"

START_TEST(masks)
{
	bits(IR_OP_FLAGS, KEY_CT_STATE, 6, 0, false);
	expect("ct state established,related",
	       STATE("0x00000006") "[ cmp neq reg 1 0x00000000 ]\n");
	bits(IR_OP_FLAGS, KEY_CT_STATE, 6, 0, true);
	expect("ct state ! established,related",
	       STATE("0x00000006") "[ cmp eq reg 1 0x00000000 ]\n");
	bits(IR_OP_MASK, KEY_CT_STATE, 2, 6, false);
	expect("ct state & (established | related) == established",
	       STATE("0x00000006") "[ cmp eq reg 1 0x00000002 ]\n");
	bits(IR_OP_MASK, KEY_CT_MARK, 0x01000000, 0xff000000, true);
	expect("ct mark & 0xff000000 != 0x01000000",
	       "[ ct load mark => reg 1 ]\n"
	       "[ bitwise reg 1 = ( reg 1 & 0xff000000 ) ^ 0x00000000 ]\n"
	       "[ cmp neq reg 1 0x01000000 ]\n");
	bits(IR_OP_FLAGS, KEY_CT_MARK, 4, 0, false);
	expect("ct mark & 0x00000004 != 0x00000000",
	       "[ ct load mark => reg 1 ]\n"
	       "[ bitwise reg 1 = ( reg 1 & 0x00000004 ) ^ 0x00000000 ]\n"
	       "[ cmp neq reg 1 0x00000000 ]\n");
}
END_TEST

START_TEST(anonymous_sets)
{
	const uint8_t plain[] = { 0, 53, 0, 53, 0, 123, 0, 123 };
	const uint8_t wider[] = { 0, 53, 0, 53, 4, 0, 255, 255 };

	ir_in_ranges(&b, KEY_TH_DPORT, plain, 2, false);
	expect("th dport { 53, 123 }", DPORT "[ lookup reg 1 set __set%d ]\n");
	ir_in_ranges(&b, KEY_TH_DPORT, wider, 2, true);
	expect("th dport != { 53, 1024-65535 }",
	       DPORT "[ lookup reg 1 set __set%d 0x1 ]\n");
}
END_TEST

static struct ir_set *make_set(const char *name, bool interval,
			       enum wire_id first, enum wire_id second,
			       enum wire_id third)
{
	struct ir_set *set = ir_set_add(ir, name, nowhere);

	set->interval = interval;
	ir_set_field(set, first);
	if (second)
		ir_set_field(set, second);
	if (third)
		ir_set_field(set, third);
	return set;
}

static void look_up(struct ir_set *set, enum key_id first, enum key_id second,
		    enum key_id third)
{
	struct ir_op *op = ir_op(&b, set->verdicts ? IR_OP_VMAP : IR_OP_SET);

	op->set = set;
	op->nkeys = (uint8_t)(1 + !!second + !!third);
	op->keys[0] = (uint8_t)first;
	op->keys[1] = (uint8_t)second;
	op->keys[2] = (uint8_t)third;
}

START_TEST(concatenations)
{
	struct ir_set *set;

	set = make_set("hosts", true, WIRE_IPV4, WIRE_MARK, WIRE_PORT);
	ck_assert_uint_eq(set->klen, 12);
	look_up(set, KEY_IP_DADDR, KEY_CT_MARK, KEY_TH_DPORT);
	expect("ip daddr . ct mark . th dport @hosts", IPV4 DADDR4
	       "[ ct load mark => reg 9 ]\n"
	       "[ byteorder reg 9 = hton(reg 9, 4, 4) ]\n"
	       "[ payload load 2b @ transport header + 2 => reg 10 ]\n"
	       "[ lookup reg 1 set hosts ]\n");
	set = make_set("pairs", false, WIRE_IPV6, WIRE_IFNAME, WIRE_INET_PROTO);
	ck_assert_uint_eq(set->klen, 36);
	look_up(set, KEY_IP6_SADDR, KEY_IIFNAME, KEY_L4PROTO);
	expect("ip6 saddr . iifname . meta l4proto @pairs",
	       IPV6 SADDR6 "[ meta load iifname => reg 2 ]\n"
			   "[ meta load l4proto => reg 3 ]\n"
			   "[ lookup reg 1 set pairs ]\n");
}
END_TEST

static struct ir_set *mark_map(const char *name, uint32_t mark)
{
	struct ir_set *set = make_set(name, false, WIRE_MARK, 0, 0);

	set->keys = arena_alloc(arena, 4);
	set->nelems = 1;
	set->verdicts = arena_new_object(arena, struct ir_verdict);
	*set->verdicts = (struct ir_verdict){ VERDICT_GOTO, "c2" };
	wire_put(WIRE_MARK, mark, set->keys);
	return set;
}

START_TEST(verdict_maps)
{
	look_up(mark_map("epochs", 5), KEY_CT_MARK, 0, 0);
	expect("ct mark vmap @epochs", "[ ct load mark => reg 1 ]\n"
				       "[ lookup reg 1 set epochs dreg 0 ]\n");
	look_up(mark_map(NULL, 0x01000000), KEY_CT_MARK, 0, 0);
	b.ops[0].masked = true;
	wire_put(WIRE_MARK, 0xff000000, b.ops[0].hi);
	expect("ct mark & 0xff000000 vmap { 0x01000000 : goto c2 }",
	       "[ ct load mark => reg 1 ]\n"
	       "[ bitwise reg 1 = ( reg 1 & 0xff000000 ) ^ 0x00000000 ]\n"
	       "[ lookup reg 1 set __map%d dreg 0 ]\n");
}
END_TEST

/* Protocols are tested where nft tests them, once, and not printed then. */
START_TEST(dependencies)
{
	ir_is(&b, KEY_L4PROTO, 6);
	in(KEY_TH_DPORT, 80, 90, false);
	expect("tcp dport 80-90", TCP DPORT "[ cmp gte reg 1 0x00005000 ]\n"
					    "[ cmp lte reg 1 0x00005a00 ]\n");
	ir_is(&b, KEY_NFPROTO, NFPROTO_IPV4);
	ir_is(&b, KEY_L4PROTO, 1);
	ir_is(&b, KEY_ICMP_TYPE, 8);
	expect("icmp type echo-request",
	       IPV4 ICMP ICMP_TYPE "[ cmp eq reg 1 0x00000008 ]\n");
	ir_is(&b, KEY_L4PROTO, 1);
	ir_is(&b, KEY_ICMP_TYPE, 8);
	expect("meta l4proto icmp icmp type echo-request",
	       ICMP ICMP_TYPE "[ cmp eq reg 1 0x00000008 ]\n");
	ir_is(&b, KEY_NFPROTO, NFPROTO_IPV4);
	ir_is(&b, KEY_L4PROTO, 47);
	expect("meta nfproto ipv4 meta l4proto gre",
	       IPV4 "[ meta load l4proto => reg 1 ]\n"
		    "[ cmp eq reg 1 0x0000002f ]\n");
	ir_is(&b, KEY_IP_SADDR, 0x01020304);
	ir_is(&b, KEY_L4PROTO, 6);
	ir_is(&b, KEY_IP_DADDR, 0x01020304);
	ir_is(&b, KEY_TH_DPORT, 22);
	expect("ip saddr 1.2.3.4 meta l4proto tcp ip daddr 1.2.3.4 "
	       "tcp dport 22",
	       IPV4 SADDR4 "[ cmp eq reg 1 0x04030201 ]\n" TCP DADDR4
			   "[ cmp eq reg 1 0x04030201 ]\n" DPORT
			   "[ cmp eq reg 1 0x00001600 ]\n");
}
END_TEST

START_TEST(both_ports_at_once)
{
	ir_is(&b, KEY_L4PROTO, 6);
	ir_is(&b, KEY_TH_DPORT, 1);
	ir_is(&b, KEY_CT_DIRECTION, 0);
	ir_is(&b, KEY_TH_SPORT, 2);
	expect("tcp dport 1 ct direction original tcp sport 2",
	       TCP "[ ct load direction => reg 1 ]\n"
		   "[ cmp eq reg 1 0x00000000 ]\n" PORTS
		   "[ cmp eq reg 1 0x01000200 ]\n");
}
END_TEST

/* ---- Statements ---- */

static struct stmt *stmt(const struct stmt_ops *ops)
{
	return ir_stmt(&b, ops);
}

static void check_verdict(void)
{
	ir_verdict(&b, VERDICT_DROP, NULL);
	expect("drop", "[ immediate reg 0 drop ]\n");
	ir_verdict(&b, VERDICT_ACCEPT, NULL);
	expect("accept", "[ immediate reg 0 accept ]\n");
	ir_verdict(&b, VERDICT_RETURN, NULL);
	expect("return", "[ immediate reg 0 return ]\n");
	ir_verdict(&b, VERDICT_JUMP, "c2");
	expect("jump c2", "[ immediate reg 0 jump -> c2 ]\n");
	ir_verdict(&b, VERDICT_GOTO, "c2");
	expect("goto c2", "[ immediate reg 0 goto -> c2 ]\n");
}

static void check_log(void)
{
	struct stmt *s = stmt(&stmt_log);

	s->log.group = -1;
	s->log.level = LOG_WARNING;
	expect("log", "[ log ]\n");
	s = stmt(&stmt_log);
	s->log.group = -1;
	s->log.level = LOG_INFO;
	s->log.prefix = "hi: ";
	expect("log prefix \"hi: \" level info",
	       "[ log prefix hi:  level 6 ]\n");
	s = stmt(&stmt_log);
	s->log.group = 5;
	s->log.snaplen = 128;
	expect("log group 5 snaplen 128",
	       "[ log group 5 snaplen 128 qthreshold 0 ]\n");
}

static void check_limit(void)
{
	struct stmt *s = stmt(&stmt_limit);

	s->limit.rate = 10;
	s->limit.unit = 60;
	s->limit.burst = 7;
	expect("limit rate 10/minute burst 7 packets",
	       "[ limit rate 10/minute burst 7 type packets flags 0x0 ]\n");
	stmt(&stmt_limit)->limit.name = "lim-a";
	expect("limit name \"lim-a\"", "[ objref type 4 name lim-a ]\n");
}

static void check_counter(void)
{
	stmt(&stmt_counter);
	expect("counter", "[ counter pkts 0 bytes 0 ]\n");
	stmt(&stmt_counter)->object = "count.web";
	expect("counter name \"count.web\"",
	       "[ objref type 1 name count.web ]\n");
}

static void check_quota(void)
{
	stmt(&stmt_quota)->object = "quota.web";
	expect("quota name \"quota.web\"",
	       "[ objref type 2 name quota.web ]\n");
}

static void check_helper(void)
{
	stmt(&stmt_helper)->object = "helper.ftp";
	expect("ct helper set \"helper.ftp\"",
	       "[ objref type 3 name helper.ftp ]\n");
}

static void check_queue(void)
{
	struct stmt *s = stmt(&stmt_queue);

	s->queue.lo = s->queue.hi = 5;
	expect("queue to 5", "[ queue num 5 ]\n");
	s = stmt(&stmt_queue);
	s->queue.hi = 3;
	s->queue.bypass = true;
	expect("queue flags bypass to 0-3", "[ queue num 0-3 bypass ]\n");
	s = stmt(&stmt_queue);
	s->queue.lo = 5;
	s->queue.hi = 6;
	s->queue.bypass = s->queue.fanout = true;
	expect("queue flags bypass,fanout to 5-6",
	       "[ queue num 5-6 bypass fanout ]\n");
}

static void check_mark(void)
{
	struct stmt *s = stmt(&stmt_mark);

	s->mark.keep = 0xffffff00;
	s->mark.set = 0x10;
	expect("meta mark set meta mark & 0xffffff00 | 0x00000010",
	       "[ meta load mark => reg 1 ]\n"
	       "[ bitwise reg 1 = ( reg 1 & 0xffffff00 ) ^ 0x00000010 ]\n"
	       "[ meta set mark with reg 1 ]\n");
	stmt(&stmt_mark)->mark.set = 0x10;
	expect("meta mark set 0x00000010", "[ immediate reg 1 0x00000010 ]\n"
					   "[ meta set mark with reg 1 ]\n");
}

static void check_notrack(void)
{
	stmt(&stmt_notrack);
	expect("notrack", "[ notrack ]\n");
}

static struct stmt *stmt_on(const struct stmt_ops *ops, enum key_id id)
{
	return ir_stmt_on(&b, ops, id);
}

#define CLASS "[ payload load 2b @ network header + 0 => reg 1 ]\n"

static void check_dscp(void)
{
	struct stmt *s = stmt_on(&stmt_dscp, KEY_IP_SADDR);

	s->dscp.family = NFPROTO_IPV4;
	s->dscp.value = 46;
	expect("ip dscp set ef", IPV4 CLASS
	       "[ bitwise reg 1 = ( reg 1 & 0x000003ff ) ^ 0x0000b800 ]\n"
	       "[ payload write reg 1 => 2b @ network header + 0 csum_type 1 "
	       "csum_off 10 csum_flags 0x0 ]\n");
	ir_is(&b, KEY_NFPROTO, NFPROTO_IPV6);
	s = stmt_on(&stmt_dscp, KEY_IP6_SADDR);
	s->dscp.family = NFPROTO_IPV6;
	s->dscp.value = 3;
	expect("ip6 dscp set 0x03", IPV6 CLASS
	       "[ bitwise reg 1 = ( reg 1 & 0x00003ff0 ) ^ 0x0000c000 ]\n"
	       "[ payload write reg 1 => 2b @ network header + 0 csum_type 0 "
	       "csum_off 0 csum_flags 0x0 ]\n");
}

static void check_update(void)
{
	struct stmt *s = stmt_on(&stmt_update, KEY_IP_SADDR);

	s->update.set = "s4";
	s->update.key = KEY_IP_SADDR;
	s->update.refresh = true;
	s->update.timeout = 90000000;
	expect("update @s4 { ip saddr timeout 1d1h }", IPV4 SADDR4
	       "[ dynset update reg_key 1 set s4 timeout 90000000ms ]\n");
	s = stmt_on(&stmt_update, KEY_IP6_SADDR);
	s->update.set = "s6";
	s->update.key = KEY_IP6_SADDR;
	s->update.rate = 10;
	s->update.unit = 1;
	s->update.burst = 20;
	expect("add @s6 { ip6 saddr limit rate 10/second burst 20 packets }",
	       IPV6 SADDR6
	       "[ dynset add reg_key 1 set s6 expr [ limit rate 10/second "
	       "burst 20 type packets flags 0x0 ] ]\n");
	s = stmt_on(&stmt_update, KEY_MARK);
	s->update.set = "all";
	s->update.key = KEY_MARK;
	s->update.constant = true;
	s->update.connections = 7;
	expect("add @all { meta mark & 0x00000000 ct count 7 }",
	       "[ meta load mark => reg 1 ]\n"
	       "[ bitwise reg 1 = ( reg 1 & 0x00000000 ) ^ 0x00000000 ]\n"
	       "[ dynset add reg_key 1 set all expr [ connlimit count 7 flags "
	       "0 ] ]\n");
}

static void check_ct_mark(void)
{
	struct stmt *s = stmt(&stmt_ct_mark);

	s->ct_mark.set = 5;
	expect("ct mark set 0x00000005", "[ immediate reg 1 0x00000005 ]\n"
					 "[ ct set mark with reg 1 ]\n");
	s = stmt(&stmt_ct_mark);
	s->ct_mark.keep = 0x00ffffff;
	s->ct_mark.set = 0x01000000;
	expect("ct mark set ct mark & 0x00ffffff | 0x01000000",
	       "[ ct load mark => reg 1 ]\n"
	       "[ bitwise reg 1 = ( reg 1 & 0x00ffffff ) ^ 0x01000000 ]\n"
	       "[ ct set mark with reg 1 ]\n");
	s = stmt(&stmt_ct_mark);
	s->ct_mark.keep = UINT32_MAX;
	s->ct_mark.set = 0x01000000;
	expect("ct mark set ct mark | 0x01000000",
	       "[ ct load mark => reg 1 ]\n"
	       "[ bitwise reg 1 = ( reg 1 & 0xfeffffff ) ^ 0x01000000 ]\n"
	       "[ ct set mark with reg 1 ]\n");
	stmt(&stmt_ct_mark)->ct_mark.keep = 0x00ffffff;
	expect("ct mark set ct mark & 0x00ffffff",
	       "[ ct load mark => reg 1 ]\n"
	       "[ bitwise reg 1 = ( reg 1 & 0x00ffffff ) ^ 0x00000000 ]\n"
	       "[ ct set mark with reg 1 ]\n");
}

static void check_reject(void)
{
	stmt(&stmt_reject)->reject = REJECT_ICMPX_ADMIN;
	expect("reject with icmpx admin-prohibited",
	       "[ reject type 2 code 3 ]\n");
	stmt(&stmt_reject)->reject = REJECT_ICMPX_PORT;
	expect("reject with icmpx port-unreachable",
	       "[ reject type 2 code 1 ]\n");
	stmt(&stmt_reject)->reject = REJECT_ICMPX_HOST;
	expect("reject with icmpx host-unreachable",
	       "[ reject type 2 code 2 ]\n");
	stmt(&stmt_reject)->reject = REJECT_ICMPX_NET;
	expect("reject with icmpx no-route", "[ reject type 2 code 0 ]\n");
	ir_is(&b, KEY_L4PROTO, 6);
	stmt(&stmt_reject)->reject = REJECT_TCP_RESET;
	expect("meta l4proto tcp reject with tcp reset",
	       TCP "[ reject type 1 code 0 ]\n");
}

static void check_nat(void)
{
	struct stmt *s = stmt(&stmt_nat);

	s->nat.source = true;
	s->nat.family = NFPROTO_IPV4;
	wire_put(WIRE_IPV4, 0x0a000001, s->nat.lo);
	wire_put(WIRE_IPV4, 0x0a000005, s->nat.hi);
	s->nat.persistent = true;
	expect("snat ip to 10.0.0.1-10.0.0.5 persistent",
	       "[ immediate reg 1 0x0100000a ]\n"
	       "[ immediate reg 2 0x0500000a ]\n"
	       "[ nat snat ip addr_min reg 1 addr_max reg 2 flags 0x8 ]\n");
	ir_is(&b, KEY_L4PROTO, 6);
	s = stmt(&stmt_nat);
	s->nat.family = NFPROTO_IPV6;
	s->nat.lo[15] = s->nat.hi[15] = 1;
	s->nat.port_lo = 80;
	s->nat.port_hi = 90;
	expect("meta l4proto tcp dnat ip6 to [::1]:80-90", TCP
	       "[ immediate reg 1" ZEROS3 " 0x01000000 ]\n"
	       "[ immediate reg 2 0x00005000 ]\n"
	       "[ immediate reg 3 0x00005a00 ]\n"
	       "[ nat dnat ip6 addr_min reg 1 proto_min reg 2 proto_max reg 3"
	       " flags 0x2 ]\n");
	s = stmt(&stmt_nat);
	s->nat.family = NFPROTO_IPV4;
	s->nat.prefix = true;
	wire_put(WIRE_IPV4, 0xc0a80110, s->nat.lo);
	wire_put(WIRE_IPV4, 0xc0a8011f, s->nat.hi);
	expect("dnat ip prefix to 192.168.1.16/28",
	       "[ immediate reg 1 0x1001a8c0 ]\n"
	       "[ immediate reg 2 0x1f01a8c0 ]\n"
	       "[ nat dnat ip addr_min reg 1 addr_max reg 2 flags 0x40 ]\n");
}

/* 80 to 8080 and 81 to 8081, as a map of ports. */
static struct ir_set *port_map(void)
{
	static uint8_t keys[] = { 0, 80, 0, 81 };
	static uint8_t data[] = { 0x1f, 0x90, 0x1f, 0x91 };
	struct ir_set *set = ir_set_add(ir, "ports.web", nowhere);

	ir_set_field(set, WIRE_PORT);
	set->data_type = WIRE_PORT;
	set->keys = keys;
	set->data = data;
	set->nelems = 2;
	return set;
}

static void check_mapped_ports(void)
{
	struct ir_set *set = port_map();
	struct stmt *s;

	ir_is(&b, KEY_L4PROTO, 6);
	s = stmt(&stmt_nat);
	s->nat.family = NFPROTO_IPV6;
	s->nat.lo[15] = s->nat.hi[15] = 1;
	s->nat.hi[15] = 9;
	s->nat.ports = set;
	s->nat.ports_name = set->name;
	s->nat.l4proto = 6;
	expect("meta l4proto tcp dnat ip6 to [::1]-[::9]:tcp dport map "
	       "@ports.web",
	       TCP "[ immediate reg 1" ZEROS3 " 0x01000000 ]\n"
		   "[ immediate reg 2" ZEROS3 " 0x09000000 ]\n"
		   "[ payload load 2b @ transport header + 2 => reg 3 ]\n"
		   "[ lookup reg 3 set ports.web dreg 3 ]\n"
		   "[ nat dnat ip6 addr_min reg 1 addr_max reg 2"
		   " proto_min reg 3 flags 0x2 ]\n");
	ir_is(&b, KEY_TH_DPORT, 80);
	s = stmt(&stmt_redirect);
	s->nat.ports = set;
	s->nat.ports_name = set->name;
	expect("th dport 80 redirect to :th dport map @ports.web",
	       DPORT "[ cmp eq reg 1 0x00005000 ]\n" DPORT
		     "[ lookup reg 1 set ports.web dreg 1 ]\n"
		     "[ redir proto_min reg 1 flags 0x2 ]\n");
}

static void check_masquerade(void)
{
	struct stmt *s;

	stmt(&stmt_masquerade);
	expect("masquerade", "[ masq ]\n");
	ir_is(&b, KEY_L4PROTO, 6);
	s = stmt(&stmt_masquerade);
	s->nat.port_lo = 1024;
	s->nat.port_hi = 2000;
	s->nat.random = s->nat.persistent = true;
	expect("meta l4proto tcp masquerade to :1024-2000 random,persistent",
	       TCP "[ immediate reg 1 0x00000004 ]\n"
		   "[ immediate reg 2 0x0000d007 ]\n"
		   "[ masq proto_min reg 1 proto_max reg 2 flags 0xe ]\n");
}

static void check_redirect(void)
{
	struct stmt *s;

	stmt(&stmt_redirect);
	expect("redirect", "[ redir ]\n");
	ir_is(&b, KEY_L4PROTO, 6);
	s = stmt(&stmt_redirect);
	s->nat.port_lo = s->nat.port_hi = 3128;
	s->nat.random = true;
	expect("meta l4proto tcp redirect to :3128 random",
	       TCP "[ immediate reg 1 0x0000380c ]\n"
		   "[ redir proto_min reg 1 flags 0x6 ]\n");
	check_mapped_ports();
}

static void check_flow_add(void)
{
	stmt(&stmt_flow_add)->flowtable = "fast";
	expect("flow add @fast", "[ flow add fast ]\n");
}

static void check_mss(void)
{
	bits(IR_OP_FLAGS, KEY_TCP_FLAGS, 2, 0, false);
	stmt(&stmt_mss);
	expect("tcp flags syn tcp option maxseg size set rt mtu", TCP TCP_FLAGS
	       "[ bitwise reg 1 = ( reg 1 & 0x00000002 ) ^ 0x00000000 ]\n"
	       "[ cmp neq reg 1 0x00000000 ]\n"
	       "[ rt load tcpmss => reg 1 ]\n"
	       "[ byteorder reg 1 = hton(reg 1, 2, 2) ]\n"
	       "[ exthdr write tcpopt reg 1 => 2b @ 2 + 2 ]\n");
	ir_is(&b, KEY_L4PROTO, 6);
	stmt(&stmt_mss)->mss = 1400;
	expect("meta l4proto tcp tcp option maxseg size set 1400",
	       TCP "[ immediate reg 1 0x00007805 ]\n"
		   "[ exthdr write tcpopt reg 1 => 2b @ 2 + 2 ]\n");
}

static const struct {
	const struct stmt_ops *ops;
	void (*check)(void);
} stmt_examples[] = {
	{ &stmt_verdict, check_verdict },
	{ &stmt_log, check_log },
	{ &stmt_limit, check_limit },
	{ &stmt_counter, check_counter },
	{ &stmt_ct_mark, check_ct_mark },
	{ &stmt_reject, check_reject },
	{ &stmt_nat, check_nat },
	{ &stmt_masquerade, check_masquerade },
	{ &stmt_redirect, check_redirect },
	{ &stmt_flow_add, check_flow_add },
	{ &stmt_mss, check_mss },
	{ &stmt_quota, check_quota },
	{ &stmt_helper, check_helper },
	{ &stmt_queue, check_queue },
	{ &stmt_mark, check_mark },
	{ &stmt_notrack, check_notrack },
	{ &stmt_dscp, check_dscp },
	{ &stmt_update, check_update },
};

START_TEST(every_statement)
{
	const size_t n = sizeof(stmt_examples) / sizeof(*stmt_examples);

	for (const struct stmt_ops *const *ops = stmt_all; *ops; ops++) {
		size_t i = 0;

		while (i < n && stmt_examples[i].ops != *ops)
			i++;
		ck_assert_msg(i < n, "%s: no example", (*ops)->name);
		ck_assert((*ops)->doc && (*ops)->doc[0]);
		ck_assert((*ops)->print && (*ops)->json && (*ops)->linear);
		stmt_examples[i].check();
	}
}
END_TEST

/* ---- The digest ---- */

/* A policy that takes its marks from @epoch on. */
static uint64_t digest_at(uint32_t epoch, uint32_t other)
{
	struct ir_set *set;

	ir = ir_new(arena, "test");
	b = ir_build(ir);
	ir->mark = (struct ir_mark){ 0xff000000, 24, epoch, 2 };
	chain = ir_chain_add(ir, "c", nowhere);
	set = mark_map("epochs", epoch << 24);
	set->epoch = true;
	look_up(set, KEY_CT_MARK, 0, 0);
	stmt(&stmt_ct_mark)->ct_mark.set = (epoch + 1) << 24;
	b.ops[1].epoch = true;
	ir_rule_add(&b, chain, nowhere, NULL);
	bits(IR_OP_MASK, KEY_CT_MARK, epoch << 24, 0xff000000, false);
	b.ops[0].epoch = true;
	ir_is(&b, KEY_TH_DPORT, other);
	ir_rule_add(&b, chain, nowhere, "comment");
	return ir_digest(ir);
}

START_TEST(digest_forgets_the_epoch)
{
	ck_assert_uint_eq(digest_at(1, 80), digest_at(1, 80));
	ck_assert_uint_eq(digest_at(1, 80), digest_at(200, 80));
	ck_assert_uint_ne(digest_at(1, 80), digest_at(1, 81));
}
END_TEST

START_TEST(digest_sees_changes)
{
	uint64_t before = digest_at(1, 80);

	ir->chains->rules->next->comment = "other";
	ck_assert_uint_ne(ir_digest(ir), before);
	digest_at(1, 80);
	ir->sets->verdicts->code = VERDICT_DROP;
	ck_assert_uint_ne(ir_digest(ir), before);
	digest_at(1, 80);
	ir_limit_add(ir, "l", nowhere);
	ck_assert_uint_ne(ir_digest(ir), before);
	digest_at(1, 80);
	ir->chains->rules->ops[1].epoch = false;
	ck_assert_uint_ne(ir_digest(ir), before);
}
END_TEST

/* ---- The whole text ---- */

static const char table_golden[] =
	"# test: compiled by nftoffc; load with nft -f\n"
	"\n"
	"table inet nftoffc {\n"
	"\tflowtable fast {\n"
	"\t\thook ingress priority filter\n"
	"\t\tcounter\n"
	"\t}\n"
	"\n"
	"\tlimit l {\n"
	"\t\trate 1/second burst 5 packets\n"
	"\t}\n"
	"\n"
	"\tset s {\n"
	"\t\ttype ipv4_addr\n"
	"\t\tflags interval\n"
	"\t}\n"
	"\n"
	"\tset d {\n"
	"\t\ttype ipv4_addr\n"
	"\t\tsize 65535\n"
	"\t\tflags dynamic,timeout\n"
	"\t\ttimeout 90s500ms\n"
	"\t}\n"
	"\n"
	"\tmap m {\n"
	"\t\ttype mark : verdict\n"
	"\t\tsize 16\n"
	"\t}\n"
	"\n"
	"\tchain c {\n"
	"\t\ttype filter hook forward priority 0; policy drop;\n"
	"\t}\n"
	"\n"
	"\tchain c2 {\n"
	"\t}\n"
	"}\n"
	"\n"
	"flush table inet nftoffc\n"
	"delete set inet nftoffc s\n"
	"delete map inet nftoffc m\n"
	"delete limit inet nftoffc l\n"
	"delete flowtable inet nftoffc fast\n"
	"\n"
	"table inet nftoffc {\n"
	"\tflowtable fast {\n"
	"\t\thook ingress priority filter\n"
	"\t\tdevices = { \"eth0\", \"eth1\" }\n"
	"\t\tcounter\n"
	"\t}\n"
	"\n"
	"\tlimit l {\n"
	"\t\trate 1/second burst 5 packets\n"
	"\t}\n"
	"\n"
	"\tset s {\n"
	"\t\ttype ipv4_addr\n"
	"\t\tflags interval\n"
	"\t\telements = {\n"
	"\t\t\t1.2.3.0/24\n"
	"\t\t}\n"
	"\t}\n"
	"\n"
	"\tset d {\n"
	"\t\ttype ipv4_addr\n"
	"\t\tsize 65535\n"
	"\t\tflags dynamic,timeout\n"
	"\t\ttimeout 90s500ms\n"
	"\t}\n"
	"\n"
	"\tmap m {\n"
	"\t\ttype mark : verdict\n"
	"\t\tsize 16\n"
	"\t\telements = {\n"
	"\t\t\t0x00000001 : goto c2\n"
	"\t\t}\n"
	"\t}\n"
	"\n"
	"\tchain c {\n"
	"\t\ttype filter hook forward priority 0; policy drop;\n"
	"\t\tdrop comment \"the end\"\n"
	"\t}\n"
	"\n"
	"\tchain c2 {\n"
	"\t}\n"
	"}\n";

START_TEST(table_text)
{
	static const char *devices[] = { "eth0", "wlan*", "eth1" };
	struct ir_flowtable *flowtable = ir_flowtable_add(ir, "fast", nowhere);
	struct ir_limit *limit = ir_limit_add(ir, "l", nowhere);
	struct ir_set *set = make_set("s", true, WIRE_IPV4, 0, 0);

	flowtable->devices = devices;
	flowtable->ndevices = 3;
	flowtable->counter = true;
	*limit = (struct ir_limit){
		.name = "l", .rate = 1, .unit = 1, .burst = 5
	};
	set->nelems = 1;
	set->keys = (uint8_t *)arena_strndup(arena, "\1\2\3\0\1\2\3\377", 8);
	set = make_set("d", false, WIRE_IPV4, 0, 0);
	set->dynamic = true;
	set->timeout = 90500;
	mark_map("m", 1);
	chain->type = "filter";
	chain->hook = IR_HOOK_FORWARD;
	chain->policy_drop = true;
	ir_verdict(&b, VERDICT_DROP, NULL);
	ir_rule_add(&b, chain, nowhere, "the end");
	ir_chain_add(ir, "c2", nowhere);
	emit_text(&out, ir);
	ck_assert_str_eq(printed(), table_golden);
}
END_TEST

/* ---- Batches ---- */

static struct batch batch;

static void tear_down_batch(void)
{
	batch_free(&batch);
	tear_down();
}

static const char *const message_names[] = {
	[NFT_MSG_NEWTABLE] = "+table",	   [NFT_MSG_DELTABLE] = "-table",
	[NFT_MSG_NEWCHAIN] = "+chain",	   [NFT_MSG_DELCHAIN] = "-chain",
	[NFT_MSG_NEWRULE] = "+rule",	   [NFT_MSG_DELRULE] = "-rule",
	[NFT_MSG_NEWSET] = "+set",	   [NFT_MSG_DELSET] = "-set",
	[NFT_MSG_NEWSETELEM] = "+element", [NFT_MSG_NEWOBJ] = "+limit",
	[NFT_MSG_DELOBJ] = "-limit",	   [NFT_MSG_NEWFLOWTABLE] = "+flow",
	[NFT_MSG_DELFLOWTABLE] = "-flow",
};

/* Walks the bytes as the kernel does and checks the index against them. */
static const char *messages(void)
{
	size_t at = 0;

	for (size_t i = 0; i < batch.n; i++) {
		const struct batch_message *m = &batch.messages[i];
		struct nlmsghdr nlh;

		ck_assert_uint_eq(m->offset, at);
		memcpy(&nlh, batch.bytes.p + at, sizeof(nlh));
		ck_assert_uint_eq(nlh.nlmsg_seq, i + 1);
		ck_assert_uint_eq(nlh.nlmsg_len % 4, 0);
		at += nlh.nlmsg_len;
		if (m->type == NFNL_MSG_BATCH_BEGIN ||
		    m->type == NFNL_MSG_BATCH_END) {
			ck_assert_uint_eq(nlh.nlmsg_type, m->type);
			ck_assert(i == 0 || i == batch.n - 1);
			continue;
		}
		ck_assert_uint_eq(nlh.nlmsg_type,
				  NFNL_SUBSYS_NFTABLES << 8 | m->type);
		ck_assert_ptr_nonnull(m->what);
		buf_printf(&out, "%s ", message_names[m->type]);
	}
	ck_assert_uint_eq(at, batch.bytes.n);
	return printed();
}

static void some_of_everything(void)
{
	make_set("kept", false, WIRE_IPV4, 0, 0)->dynamic = true;
	mark_map("m", 1);
	ir_flowtable_add(ir, "fast", nowhere);
	ir_limit_add(ir, "l", nowhere);
	look_up(mark_map(NULL, 1), KEY_CT_MARK, 0, 0);
	ir_rule_add(&b, chain, (struct span){ 1, 2, 3 }, NULL);
}

START_TEST(batch_from_nothing)
{
	some_of_everything();
	ck_assert_int_eq(batch_build(&batch, ir, &(struct batch_options){ 0 }),
			 0);
	ck_assert_str_eq(messages(), "+table +chain +flow +limit +set +set "
				     "+set +element +rule +element ");
	ck_assert_str_eq(batch.messages[9].what, "rule in chain c");
	ck_assert_uint_eq(batch.messages[9].span.offset, 2);
	ck_assert_str_eq(batch.messages[10].what, "elements of set m");
}
END_TEST

static struct table_set kept = {
	.name = "kept",
	.flags = NFT_SET_EVAL,
	.key_type = 7,
	.key_len = 4,
	.size = 65535,
};

static struct table_object objects[] = {
	{ "count.a", NFT_OBJECT_COUNTER },
	{ "quota.a", NFT_OBJECT_QUOTA },
	{ "other", NFT_OBJECT_CT_HELPER },
};

static struct table_names now = {
	.exists = true,
	.chains =
		(struct table_chain[]){
			{ "c", NULL, 0, 0 },
			{ "old", "filter", 0, 0 },
		},
	.nchains = 2,
	.flowtables = (const char *[]){ "fast" },
	.nflowtables = 1,
	.limits = (const char *[]){ "l" },
	.nlimits = 1,
	.objects = objects,
	.nobjects = 0,
	.sets = &kept,
	.nsets = 1,
};

START_TEST(batch_over_another)
{
	const struct batch_options options = { .now = &now };

	some_of_everything();
	ck_assert_int_eq(batch_build(&batch, ir, &options), 0);
	ck_assert_str_eq(messages(),
			 "+table -rule -chain -flow -limit +chain +flow +limit "
			 "+set +set +element +rule +element ");
	batch_free(&batch);
	kept.timeout = 1;
	chain->type = "filter";
	ck_assert_int_eq(batch_build(&batch, ir, &options), 0);
	kept.timeout = 0;
	ck_assert_str_eq(messages(),
			 "+table -rule -set -chain -chain -flow -limit +chain "
			 "+flow +limit +set +set +set +element +rule "
			 "+element ");
}
END_TEST

/* What counts goes on counting: it is not made anew, a quota is changed. */
START_TEST(batch_keeps_objects)
{
	const struct batch_options options = { .now = &now };

	some_of_everything();
	ir_object_add(ir, NFT_OBJECT_COUNTER, "count.a", nowhere);
	ir_object_add(ir, NFT_OBJECT_QUOTA, "quota.a", nowhere)->bytes = 1;
	ir_object_add(ir, NFT_OBJECT_COUNTER, "other", nowhere);
	now.nobjects = 3;
	ck_assert_int_eq(batch_build(&batch, ir, &options), 0);
	now.nobjects = 0;
	ck_assert_str_eq(messages(),
			 "+table -rule -chain -flow -limit -limit +chain +flow "
			 "+limit +limit +limit +set +set +element +rule "
			 "+element ");
	ck_assert_str_eq(batch.messages[6].what, "ct helper other");
	ck_assert_str_eq(batch.messages[9].what, "quota quota.a");
	ck_assert_str_eq(batch.messages[10].what, "counter other");
}
END_TEST

START_TEST(batch_remove_only)
{
	const struct batch_options options = { .remove_only = true,
					       .genid = 7 };

	ck_assert_int_eq(batch_build(&batch, NULL, &options), 0);
	ck_assert_str_eq(messages(), "-table ");
}
END_TEST

/* Counts elements, and checks that lists stay below their bound. */
static size_t count_elements(void)
{
	size_t n = 0;

	for (size_t i = 0; i < batch.n; i++) {
		const char *at = batch.bytes.p + batch.messages[i].offset;
		const char *end = batch.bytes.p + batch.messages[i + 1].offset;
		struct nlattr attr = { 0 };

		if (batch.messages[i].type != NFT_MSG_NEWSETELEM)
			continue;
		at += NLMSG_LENGTH(sizeof(struct nfgenmsg));
		while (memcpy(&attr, at, sizeof(attr)),
		       attr.nla_type !=
			       (NLA_F_NESTED | NFTA_SET_ELEM_LIST_ELEMENTS))
			at += NLA_ALIGN(attr.nla_len);
		ck_assert(at + attr.nla_len == end);
		for (at += NLA_HDRLEN; at < end; at += attr.nla_len, n++)
			memcpy(&attr, at, sizeof(attr));
	}
	return n;
}

START_TEST(batch_of_many_elements)
{
	const size_t n = 100000;
	struct ir_set *set = make_set("s", true, WIRE_IPV4, 0, 0);

	set->nelems = n;
	set->keys = arena_array(arena, n, 8);
	for (size_t i = 0; i < n; i++) {
		wire_put(WIRE_IPV4, 16 * i, set->keys + 8 * i);
		wire_put(WIRE_IPV4, 16 * i + 3, set->keys + 8 * i + 4);
	}
	ck_assert_int_eq(batch_build(&batch, ir, &(struct batch_options){ 0 }),
			 0);
	messages();
	ck_assert_uint_eq(count_elements(), 2 * n);
	memset(set->keys + 8 * (n - 1) + 4, 0xff, 4);
	set->keys[3] = 1;
	batch_free(&batch);
	ck_assert_int_eq(batch_build(&batch, ir, &(struct batch_options){ 0 }),
			 0);
	messages();
	ck_assert_uint_eq(count_elements(), 1 + 2 * n - 1);
}
END_TEST

START_TEST(batch_rule_too_long)
{
	struct ir_set *set =
		make_set("s", false, WIRE_MARK, WIRE_MARK, WIRE_MARK);

	ir_set_field(set, WIRE_MARK);
	for (size_t i = 0; i < IR_RULE_OPS; i++) {
		look_up(set, KEY_CT_MARK, KEY_CT_MARK, KEY_CT_MARK);
		b.ops[i].keys[b.ops[i].nkeys++] = KEY_CT_MARK;
	}
	ir_rule_add(&b, chain, nowhere, NULL);
	ck_assert_int_eq(batch_build(&batch, ir, &(struct batch_options){ 0 }),
			 -E2BIG);
	ck_assert_str_eq(batch.messages[batch.n - 1].what, "rule in chain c");
}
END_TEST

Suite *ir_suite(void)
{
	Suite *suite = suite_create("ir");
	TCase *tcase = tcase_create("vocabulary");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, every_type_prints);
	tcase_add_test(tcase, bits_and_names);
	tcase_add_test(tcase, ipv6_text);
	tcase_add_test(tcase, range_text);
	tcase_add_test(tcase, prefix_lengths);
	tcase_add_test(tcase, every_key);
	tcase_add_test(tcase, every_statement);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("rules");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, orders);
	tcase_add_test(tcase, prefixes);
	tcase_add_test(tcase, ranges);
	tcase_add_test(tcase, masks);
	tcase_add_test(tcase, anonymous_sets);
	tcase_add_test(tcase, concatenations);
	tcase_add_test(tcase, verdict_maps);
	tcase_add_test(tcase, dependencies);
	tcase_add_test(tcase, both_ports_at_once);
	tcase_add_test(tcase, digest_forgets_the_epoch);
	tcase_add_test(tcase, digest_sees_changes);
	tcase_add_test(tcase, table_text);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("batch");
	tcase_add_checked_fixture(tcase, set_up, tear_down_batch);
	tcase_add_test(tcase, batch_from_nothing);
	tcase_add_test(tcase, batch_over_another);
	tcase_add_test(tcase, batch_keeps_objects);
	tcase_add_test(tcase, batch_remove_only);
	tcase_add_test(tcase, batch_of_many_elements);
	tcase_add_test(tcase, batch_rule_too_long);
	suite_add_tcase(suite, tcase);
	return suite;
}

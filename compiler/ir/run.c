// SPDX-License-Identifier: GPL-2.0-only
/*
 * An interpreter of the IR's bytecode: see run.h.
 *
 * What must stay true: it is the kernel's semantics, not the compiler's idea
 * of them. A value is bytes in a register; a load of what the packet has not
 * ends the rule; a chain that ends returns, but not into one that it was left
 * by goto. A value that is not known is nothing to compare: the test is known by
 * what it asks, and the way that is gone says how it ends.
 */
#include "run.h"

#include <endian.h>
#include <netinet/in.h>

#include <linux/if_arp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include "fw4.h"

#define REGISTERS 80 /* bytes: the verdict, and four of 16 */
#define DEPTH_MAX 16

struct chain_code {
	const struct ir_chain *chain;
	struct exprs *rules;
	const struct ir_rule **from;
};

struct ir_machine {
	struct arena *arena;
	const struct ir *ir;
	struct map chains; /* name -> struct chain_code * */
	const struct ir_chain *base[5];
	const struct ir_chain *dstnat;
};

/* How a test of what is not known ends, as long as this way is gone. */
struct guess {
	uint64_t test;
	const char *what;
	bool holds;
};

struct ir_ways {
	struct arena *arena;
	VEC(struct guess) guesses;
	size_t gone;
	bool cut;
};

#define WAYS_MAX 256

struct run {
	const struct ir_machine *machine;
	const struct ir_packet *packet;
	struct ir_result *result;
	uint8_t registers[REGISTERS];
	/* By 4 bytes of these: what is loaded there and not known, and what was
	 * done to it since. */
	const struct key *unknown[REGISTERS / 4];
	uint64_t done[REGISTERS / 4];
	uint32_t mark;
	int depth;
};

enum flow { GO_ON, NEXT_RULE, RETURNED, ENDED };

struct ir_machine *ir_machine(struct arena *arena, const struct ir *ir)
{
	struct ir_machine *machine = arena_new_object(arena, struct ir_machine);
	const struct ir_chain *chain;
	const struct ir_rule *rule;
	size_t i;

	machine->arena = arena;
	machine->ir = ir;
	map_init(&machine->chains, arena);
	for (chain = ir->chains; chain; chain = chain->next) {
		struct chain_code *code =
			arena_new_object(arena, struct chain_code);

		code->chain = chain;
		code->rules =
			arena_array(arena, chain->nrules, sizeof(*code->rules));
		code->from =
			arena_array(arena, chain->nrules, sizeof(*code->from));
		for (i = 0, rule = chain->rules; rule; rule = rule->next, i++) {
			code->from[i] = rule;
			code->rules[i].arena = arena;
			ir_linear(&code->rules[i], rule);
		}
		map_add(&machine->chains, str_of(chain->name), code);
		if (chain->type && !strcmp(chain->type, "filter") &&
		    (!chain->priority || chain->priority == FW4_BEHIND))
			machine->base[chain->hook] = chain;
		if (chain->type && !strcmp(chain->type, "nat") &&
		    chain->hook == IR_HOOK_PREROUTING)
			machine->dstnat = chain;
	}
	return machine;
}

/* ---- what is not known ---- */

struct ir_ways *ir_ways(struct arena *arena)
{
	struct ir_ways *ways = arena_new_object(arena, struct ir_ways);

	ways->arena = arena;
	return ways;
}

bool ir_ways_next(struct ir_ways *ways)
{
	while (ways->guesses.n && ways->guesses.v[ways->guesses.n - 1].holds)
		ways->guesses.n--;
	if (!ways->guesses.n)
		return false;
	ways->cut = ++ways->gone >= WAYS_MAX;
	ways->guesses.v[ways->guesses.n - 1].holds = true;
	return !ways->cut;
}

bool ir_ways_cut(const struct ir_ways *ways)
{
	return ways->cut;
}

/* Does a test hold that cannot be answered? The same one as before, as before. */
static bool guess(struct run *run, uint64_t test, const char *what)
{
	struct ir_ways *ways = run->packet->ways;
	size_t i;

	for (i = 0; i < ways->guesses.n; i++)
		if (ways->guesses.v[i].test == test)
			return ways->guesses.v[i].holds;
	*vec_push(ways->arena, &ways->guesses) =
		(struct guess){ test, what, false };
	return false;
}

/* ---- what a packet has ---- */

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_DCCP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_UDPLITE;
}

/* What a packet has of a key. */
enum has { HAS_NOT, HAS, HAS_UNKNOWN };

static enum has put_name(uint8_t out[WIRE_MAX], const char *name)
{
	if (!name)
		return HAS_NOT;
	wire_ifname(name, strlen(name), out);
	return HAS;
}

/* As the header or the kernel has it; an address of the other family is none. */
static enum has put_value(uint8_t out[WIRE_MAX], const struct packet *packet,
			  enum key_id id)
{
	const struct key *k = key(id);
	const uint8_t *value = packet_value(packet, id);
	uint8_t nfproto = packet->family ? NFPROTO_IPV6 : NFPROTO_IPV4;

	if ((k->nfproto && k->nfproto != nfproto) ||
	    (k->l4proto && k->l4proto != packet->proto))
		return HAS_NOT;
	if (!value)
		return HAS_UNKNOWN;
	wire_from_network(k->type, value, out);
	return HAS;
}

/* Both ports, so that a load of four bytes finds the other one. */
static enum has put_ports(uint8_t out[WIRE_MAX], const struct packet *packet,
			  enum key_id id)
{
	if (!has_ports(packet->proto))
		return HAS_NOT;
	if (!packet->known[id])
		return HAS_UNKNOWN;
	memcpy(out, packet->values[id], 2);
	if (id == KEY_TH_SPORT)
		memcpy(out + 2, packet->values[KEY_TH_DPORT], 2);
	return HAS;
}

/* A socket, or a link that it came by. */
static enum has put_of_side(uint8_t out[WIRE_MAX], const struct packet *packet,
			    enum key_id id)
{
	if ((packet->from < 0) != (id == KEY_SKUID))
		return HAS_NOT;
	return put_value(out, packet, id);
}

/* The first packet's flags, unless it says otherwise. */
static enum has put_tcp_flags(uint8_t out[WIRE_MAX],
			      const struct packet *packet)
{
	enum has has = put_value(out, packet, KEY_TCP_FLAGS);

	if (has == HAS_UNKNOWN)
		out[0] = 2; /* syn */
	return has == HAS_NOT ? HAS_NOT : HAS;
}

static bool load_ct(uint8_t out[WIRE_MAX], const struct run *run,
		    enum key_id id)
{
	const struct ir_packet *p = run->packet;

	switch (id) {
	case KEY_CT_MARK:
		wire_put(WIRE_MARK, run->mark, out);
		return true;
	case KEY_CT_STATE:
		wire_put(WIRE_CT_STATE, p->state, out);
		return true;
	case KEY_CT_DIRECTION:
		out[0] = p->reply;
		return true;
	case KEY_CT_STATUS:
		wire_put(WIRE_CT_STATUS, p->status, out);
		return true;
	case KEY_CT_PACKETS:
		wire_put(WIRE_COUNT64, p->packets, out);
		return true;
	case KEY_CT_BYTES:
		wire_put(WIRE_COUNT64, p->packets * 1000, out);
		return true;
	default:
		return false;
	}
}

/*
 * A time at which the policy's clock shows what the packet's words say: in the
 * first week of 2025, which begins on a Wednesday, or half a year later if
 * daylight is saved then. A day that they do not say is that Wednesday.
 */
static int64_t some_time(const struct clock *clock, const struct packet *packet)
{
	const uint8_t *day = packet_value(packet, KEY_DAY);
	int64_t week = INT64_C(1735689600), begin, end, now;
	uint8_t hour[WIRE_MAX] = { 0 };

	put_value(hour, packet, KEY_HOUR);
	now = week + (int64_t)((day ? *day : 3) + 4) % 7 * CLOCK_DAY +
	      (int64_t)wire_get(WIRE_HOUR, hour) - clock->east;
	if (!clock->daylight)
		return now;
	clock_daylight(clock, 2024, &begin, &end);
	return now >= begin && now < end ? now + 26 * CLOCK_WEEK : now;
}

/* The kernel's clocks, if the packet says anything of the policy's. */
static enum has put_time(uint8_t out[WIRE_MAX], const struct run *run,
			 enum key_id id)
{
	const struct packet *packet = &run->packet->packet;
	const struct ir *ir = run->machine->ir;
	int64_t now = run->packet->now;

	if (!now && !packet->known[KEY_DAY] && !packet->known[KEY_HOUR])
		return HAS_UNKNOWN;
	if (!now)
		now = some_time(&ir->clock, packet);
	if (id == KEY_TIME)
		now *= (int64_t)WIRE_SECOND;
	else if (id == KEY_HOUR)
		now %= CLOCK_DAY;
	else
		now = ((now + ir->kernel_east) / CLOCK_DAY + 4) % 7;
	wire_put(key(id)->type, (uint64_t)now, out);
	return HAS;
}

static enum key_id id_of(const struct key *k)
{
	int i;

	for (i = 1; i < KEY_IDS; i++)
		if (key(i) == k)
			return i;
	return KEY_NONE;
}

static enum has put_number(uint8_t out[WIRE_MAX], enum key_id id, uint64_t n)
{
	wire_put(key(id)->type, n, out);
	return HAS;
}

/* The router's addresses are another device's than the one that it came by. */
static enum has put_fib_type(uint8_t out[WIRE_MAX], const struct packet *packet,
			     enum key_id id)
{
	bool local = packet->to < 0 && id == KEY_FIB_DADDR_TYPE;

	return put_number(out, id, local ? 2 : 1); /* RTN_LOCAL, _UNICAST */
}

static enum has load(uint8_t out[WIRE_MAX], struct run *run, enum key_id id)
{
	const struct packet *packet = &run->packet->packet;

	memset(out, 0, WIRE_MAX);
	switch (id) {
	case KEY_NFPROTO:
		return put_number(out, id,
				  packet->family ? NFPROTO_IPV6 : NFPROTO_IPV4);
	case KEY_L4PROTO:
		return put_number(out, id, packet->proto);
	case KEY_IIFNAME:
		return put_name(out, run->packet->iif);
	case KEY_OIFNAME:
	case KEY_FIB_DADDR_OIFNAME:
		return put_name(out, run->packet->oif);
	case KEY_TH_SPORT:
	case KEY_TH_DPORT:
		return put_ports(out, packet, id);
	case KEY_TCP_FLAGS:
		return put_tcp_flags(out, packet);
	case KEY_FIB_DADDR_TYPE:
	case KEY_FIB_DADDR_IIF_TYPE:
		return put_fib_type(out, packet, id);
	case KEY_HOUR:
	case KEY_DAY:
	case KEY_TIME:
		return put_time(out, run, id);
	case KEY_IIFTYPE:
		return put_number(out, id, ARPHRD_ETHER);
	case KEY_ETHER_SADDR:
	case KEY_SKUID:
		return put_of_side(out, packet, id);
	case KEY_MARK:
	case KEY_IP_SADDR:
	case KEY_IP_DADDR:
	case KEY_IP6_SADDR:
	case KEY_IP6_DADDR:
	case KEY_ICMP_TYPE:
	case KEY_ICMPV6_TYPE:
	case KEY_IP_DSCP:
	case KEY_IP6_DSCP:
	case KEY_LENGTH:
	case KEY_SECPATH:
	case KEY_CT_HELPER:
	case KEY_RT_IPSEC:
		return put_value(out, packet, id);
	default:
		if (load_ct(out, run, id))
			return HAS;
		run->result->unknown = key(id)->text;
		return HAS_NOT;
	}
}

/* ---- registers ---- */

static size_t slot(uint32_t reg)
{
	return reg >= NFT_REG32_00 ? reg - NFT_REG32_00 + 4 :
				     4 * (size_t)(reg - NFT_REG_1) + 4;
}

static uint8_t *at(struct run *run, uint32_t reg)
{
	return run->registers + 4 * slot(reg);
}

/* Of @len bytes the first that is not known; NULL if all are. */
static const struct key *unknown_in(const struct run *run, uint32_t reg,
				    uint32_t len)
{
	size_t i, first = slot(reg);

	for (i = first; i < first + (len + 3) / 4; i++)
		if (run->unknown[i])
			return run->unknown[i];
	return NULL;
}

static void now_holds(struct run *run, uint32_t reg, uint32_t len,
		      const struct key *unknown)
{
	size_t i, first = slot(reg);

	for (i = first; i < first + (len + 3) / 4; i++) {
		run->unknown[i] = unknown;
		run->done[i] = HASH_INIT;
	}
}

/* What is asked, whatever the value is: what it is of, and what was done. */
static uint64_t test_of(const struct run *run, uint32_t reg, uint32_t len,
			const void *data, size_t n)
{
	size_t i, first = slot(reg);
	uint64_t hash = HASH_INIT;

	for (i = first; i < first + (len + 3) / 4; i++) {
		hash = hash_bytes(hash, &run->unknown[i],
				  sizeof(run->unknown[i]));
		hash = hash_bytes(hash, &run->done[i], sizeof(run->done[i]));
		if (!run->unknown[i])
			hash = hash_bytes(hash, run->registers + 4 * i, 4);
	}
	return hash_bytes(hash, data, n);
}

static void turn_round(uint8_t *bytes, uint32_t size, uint32_t len)
{
	uint32_t i, j;

	if (htobe16(1) == 1)
		return;
	for (i = 0; i < len; i += size) {
		for (j = 0; j < size / 2; j++) {
			uint8_t byte = bytes[i + j];

			bytes[i + j] = bytes[i + size - 1 - j];
			bytes[i + size - 1 - j] = byte;
		}
	}
}

static bool holds(uint32_t op, const uint8_t *a, const uint8_t *b, uint32_t len)
{
	int order = memcmp(a, b, len);

	switch (op) {
	case NFT_CMP_EQ:
		return order == 0;
	case NFT_CMP_NEQ:
		return order != 0;
	case NFT_CMP_LT:
		return order < 0;
	case NFT_CMP_LTE:
		return order <= 0;
	case NFT_CMP_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

/* "Equal" and "not equal" are one question. */
static bool compares(struct run *run, const struct expr *e)
{
	const struct key *unknown = unknown_in(run, e->reg, e->len);
	uint32_t op = e->op == NFT_CMP_NEQ ? NFT_CMP_EQ : e->op;
	uint8_t asked[WIRE_MAX + 1] = { (uint8_t)op };
	bool is;

	if (!unknown)
		return holds(e->op, at(run, e->reg), e->data, e->len);
	memcpy(asked + 1, e->data, e->len);
	is = guess(run, test_of(run, e->reg, e->len, asked, sizeof(asked)),
		   unknown->text);
	return is == (op == e->op);
}

static bool within(struct run *run, const struct expr *e)
{
	const struct key *unknown = unknown_in(run, e->reg, e->len);
	const uint8_t *value = at(run, e->reg);
	uint8_t asked[2 * WIRE_MAX];
	bool in;

	memcpy(asked, e->data, WIRE_MAX);
	memcpy(asked + WIRE_MAX, e->data2, WIRE_MAX);
	in = unknown ? guess(run,
			     test_of(run, e->reg, e->len, asked, sizeof(asked)),
			     unknown->text) :
		       memcmp(value, e->data, e->len) >= 0 &&
			       memcmp(value, e->data2, e->len) <= 0;
	return in == (e->op == NFT_RANGE_EQ);
}

/* ---- sets ---- */

/* Between both, which are in the type's order; @value was turned round. */
static bool field_has(enum wire_id type, const uint8_t *lo, const uint8_t *hi,
		      const uint8_t *value)
{
	uint8_t first[WIRE_MAX], last[WIRE_MAX];
	uint32_t len = wire_type(type)->len;

	wire_to_network(type, lo, first);
	wire_to_network(type, hi, last);
	return memcmp(value, first, len) >= 0 && memcmp(value, last, len) <= 0;
}

static bool element_has(const struct ir_set *set, size_t index,
			const uint8_t *value)
{
	const uint8_t *lo = set->keys + index * ir_set_stride(set);
	uint32_t offset = 0;
	unsigned int i;

	if (!set->interval)
		return memcmp(lo, value, set->klen) == 0;
	for (i = 0; i < set->nfields; i++) {
		if (!field_has(set->fields[i], lo + offset,
			       lo + set->klen + offset, value + offset))
			return false;
		offset += ir_field_len(set, i);
	}
	return true;
}

/* What a set of the policy has that is filled while it runs. */
static bool member(struct run *run, const struct ir_set *set,
		   const struct expr *e)
{
	const struct packet *packet = &run->packet->packet;
	uint64_t test;

	if (set->member && packet->members_known)
		return set->member <= 64 &&
		       packet->member_of >> (set->member - 1) & 1;
	test = hash_bytes(HASH_INIT, &set, sizeof(set));
	return guess(run, hash_bytes(test, at(run, e->reg), set->klen),
		     set->name);
}

/* An element that a value is in, of which not all is known. */
static bool may_be_in(struct run *run, const struct ir_set *set, size_t index,
		      const struct expr *e, const struct key *unknown)
{
	const uint8_t *element = set->keys + index * ir_set_stride(set);

	return guess(run,
		     test_of(run, e->reg, set->klen, element,
			     ir_set_stride(set)),
		     unknown->text);
}

#define NOWHERE ((size_t)-1)

/* The element that has the value in the register. */
static size_t find(struct run *run, const struct expr *e)
{
	const struct ir_set *set = e->set;
	const struct key *unknown = unknown_in(run, e->reg, set->klen);
	size_t i;

	for (i = 0; i < set->nelems; i++)
		if (unknown ? may_be_in(run, set, i, e, unknown) :
			      element_has(set, i, at(run, e->reg)))
			return i;
	return NOWHERE;
}

/* ---- control ---- */

static enum flow run_chain(struct run *run, const char *name);

static enum flow end(struct run *run, enum ir_end how)
{
	run->result->end = how;
	return ENDED;
}

static enum flow decide(struct run *run, enum verdict code, const char *chain)
{
	switch (code) {
	case VERDICT_ACCEPT:
		return end(run, IR_ACCEPT);
	case VERDICT_DROP:
		return end(run, IR_DROP);
	case VERDICT_RETURN:
		return RETURNED;
	case VERDICT_JUMP:
		return run_chain(run, chain) == ENDED ? ENDED : NEXT_RULE;
	case VERDICT_GOTO:
		return run_chain(run, chain) == ENDED ? ENDED : RETURNED;
	}
	return NEXT_RULE;
}

static enum flow immediate(struct run *run, const struct expr *e)
{
	switch ((int32_t)e->arg) {
	case NF_ACCEPT:
		return decide(run, VERDICT_ACCEPT, NULL);
	case NF_DROP:
		return decide(run, VERDICT_DROP, NULL);
	case NFT_JUMP:
		return decide(run, VERDICT_JUMP, e->name);
	case NFT_GOTO:
		return decide(run, VERDICT_GOTO, e->name);
	default:
		return decide(run, VERDICT_RETURN, NULL);
	}
}

/* The value of a map to values. */
static void map_value(struct run *run, const struct expr *e, size_t element)
{
	uint32_t len = wire_type(e->set->data_type)->len;

	memset(at(run, e->reg2), 0, (len + 3) / 4 * 4);
	memcpy(at(run, e->reg2), e->set->data + element * len, len);
	now_holds(run, e->reg2, len, NULL);
}

static enum flow lookup(struct run *run, const struct expr *e)
{
	size_t element = e->set->dynamic ? NOWHERE : find(run, e);
	bool found = e->set->dynamic ? member(run, e->set, e) :
				       element != NOWHERE;

	if (e->set->verdicts)
		return found ? decide(run, e->set->verdicts[element].code,
				      e->set->verdicts[element].chain) :
			       NEXT_RULE;
	if (found && e->reg2)
		map_value(run, e, element);
	return !found == !!(e->flags & NFT_LOOKUP_F_INV) ? GO_ON : NEXT_RULE;
}

static void note_log(struct run *run, const struct expr *e)
{
	struct ir_result *result = run->result;

	if (result->nlogs < IR_LOGS_MAX)
		result->logs[result->nlogs++] = e->name ? e->name : "";
}

static void note_object(struct run *run, const struct expr *e)
{
	struct ir_result *result = run->result;

	if (result->nobjects < IR_LOGS_MAX)
		result->objects[result->nobjects++] = e->name;
}

/* The six bits lie across two bytes of IPv6's header. */
static void note_dscp(struct run *run, const struct expr *e)
{
	const uint8_t *reg = at(run, e->reg);
	unsigned int both = (unsigned int)reg[0] << 8 | reg[1];
	bool v6 = e->key->nfproto == NFPROTO_IPV6;

	run->result->dscp = (int)(both >> (v6 ? 6 : 2) & 0x3f);
}

static enum flow load_expr(struct run *run, const struct expr *e)
{
	enum key_id id = id_of(e->key);
	uint8_t value[WIRE_MAX];
	enum has has = HAS;

	memset(value, 0, sizeof(value)); /* to be written: not in the table */
	if (id != KEY_NONE)
		has = load(value, run, id);
	if (has == HAS_NOT)
		return NEXT_RULE;
	now_holds(run, e->reg, e->len, has == HAS_UNKNOWN ? e->key : NULL);
	/* shorter loads fill up their last 4 bytes with zeros */
	memset(at(run, e->reg), 0, (e->len + 3) / 4 * 4);
	memcpy(at(run, e->reg), value, e->len);
	return GO_ON;
}

static enum flow bitwise(struct run *run, const struct expr *e)
{
	uint8_t *reg = at(run, e->reg);
	uint32_t i;

	for (i = 0; i < (e->len + 3) / 4; i++)
		run->done[slot(e->reg) + i] =
			hash_bytes(run->done[slot(e->reg) + i], e->data + 4 * i,
				   e->len - 4 * i < 4 ? e->len - 4 * i : 4);
	for (i = 0; i < e->len; i++)
		reg[i] = (reg[i] & e->data[i]) ^ e->data2[i];
	return GO_ON;
}

static enum flow set_mark(struct run *run, const struct expr *e)
{
	if (e->arg != NFT_CT_MARK)
		run->result->unknown = "ct set";
	run->mark = (uint32_t)wire_get(WIRE_MARK, at(run, e->reg));
	return GO_ON;
}

/* An address, of a range the first; with netmap, the host's bits stay. */
static void new_address(struct run *run, const struct expr *e)
{
	const struct packet *packet = &run->packet->packet;
	const uint8_t *old = packet_value(packet, packet_destination(packet));
	const uint8_t *lo = at(run, e->reg), *hi;
	uint8_t *out = run->result->address;
	size_t i, len = packet->family ? 16 : 4;

	memcpy(out, lo, len);
	if (!(e->flags & NF_NAT_RANGE_NETMAP) || !e->reg2)
		return;
	if (!old) {
		run->result->unknown = "its destination";
		return;
	}
	hi = at(run, e->reg2);
	for (i = 0; i < len; i++)
		out[i] = (uint8_t)((lo[i] & ~(lo[i] ^ hi[i])) |
				   (old[i] & (lo[i] ^ hi[i])));
}

static enum flow translate(struct run *run, const struct expr *e)
{
	uint32_t port = e->kind == EXPR_NAT ? e->nat.port : e->reg;

	if (e->kind == EXPR_NAT && e->arg != NFT_NAT_DNAT)
		return end(run, IR_ACCEPT);
	run->result->translated = true;
	run->result->own = e->kind == EXPR_REDIR;
	if (!run->result->own)
		new_address(run, e);
	if (port)
		run->result->port =
			(uint16_t)wire_get(WIRE_PORT, at(run, port));
	return end(run, IR_ACCEPT);
}

static enum flow run_expr(struct run *run, const struct expr *e)
{
	run->result->steps++;
	switch (e->kind) {
	case EXPR_LOAD:
		return load_expr(run, e);
	case EXPR_CMP:
		return compares(run, e) ? GO_ON : NEXT_RULE;
	case EXPR_RANGE:
		return within(run, e) ? GO_ON : NEXT_RULE;
	case EXPR_BITWISE:
		return bitwise(run, e);
	case EXPR_BYTEORDER:
		turn_round(at(run, e->reg), e->arg, e->len);
		return GO_ON;
	case EXPR_LOOKUP:
		return lookup(run, e);
	case EXPR_IMMEDIATE:
		memcpy(at(run, e->reg), e->data, e->len);
		now_holds(run, e->reg, e->len, NULL);
		return GO_ON;
	case EXPR_NAT:
	case EXPR_REDIR:
		return translate(run, e);
	case EXPR_VERDICT:
		return immediate(run, e);
	case EXPR_CT_SET:
		return set_mark(run, e);
	case EXPR_LOG:
		note_log(run, e);
		return GO_ON;
	case EXPR_OBJREF:
		note_object(run, e);
		return GO_ON;
	case EXPR_PAYLOAD_SET:
		note_dscp(run, e);
		return GO_ON;
	case EXPR_LIMIT:
	case EXPR_COUNTER:
	case EXPR_META_SET:
	case EXPR_DYNSET:
	case EXPR_NOTRACK:
		return GO_ON;
	case EXPR_QUEUE:
		return end(run, IR_QUEUE);
	case EXPR_REJECT:
		return end(run, IR_REJECT);
	case EXPR_FLOW:
		run->result->flow = true;
		return GO_ON;
	case EXPR_RT_LOAD:
	case EXPR_TCPOPT_SET:
		return GO_ON;
	default:
		run->result->unknown = "an expression";
		return GO_ON;
	}
}

static enum flow run_rule(struct run *run, const struct exprs *rule)
{
	enum flow flow = GO_ON;
	size_t i;

	for (i = 0; i < rule->list.n && flow == GO_ON; i++)
		flow = run_expr(run, &rule->list.v[i]);
	return flow == GO_ON ? NEXT_RULE : flow;
}

static enum flow run_chain(struct run *run, const char *name)
{
	const struct chain_code *code =
		map_get(&run->machine->chains, str_of(name));
	enum flow flow = NEXT_RULE;
	size_t i;

	if (!code || ++run->depth > DEPTH_MAX) {
		run->result->unknown = name;
		return RETURNED;
	}
	for (i = 0; i < code->chain->nrules && flow == NEXT_RULE; i++) {
		if (code->from[i]->raw && !run->result->raw)
			run->result->raw = code->from[i];
		flow = run_rule(run, &code->rules[i]);
	}
	run->depth--;
	return flow == ENDED ? ENDED : RETURNED;
}

static struct ir_result run_way(const struct ir_machine *machine,
				const struct ir_packet *packet,
				const struct ir_chain *base)
{
	struct ir_result result = { .dscp = -1 };
	struct run run = {
		.machine = machine,
		.packet = packet,
		.result = &result,
		.mark = packet->mark,
	};

	if (run_chain(&run, base->name) != ENDED)
		result.end = base->policy_drop ? IR_DROP : IR_ACCEPT;
	result.mark = run.mark;
	return result;
}

static bool same_names(const char *const *a, size_t n, const char *const *b,
		       size_t m)
{
	size_t i;

	for (i = 0; i < n && n == m; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return n == m;
}

static bool ends_alike(const struct ir_result *a, const struct ir_result *b)
{
	return a->end == b->end && a->mark == b->mark && a->flow == b->flow &&
	       a->dscp == b->dscp && a->translated == b->translated &&
	       a->own == b->own && a->port == b->port &&
	       !memcmp(a->address, b->address, sizeof(a->address)) &&
	       same_names(a->logs, a->nlogs, b->logs, b->nlogs) &&
	       same_names(a->objects, a->nobjects, b->objects, b->nobjects);
}

/* All ways. Where one ends otherwise than the one before, that is due to the
 * last guess that was made again. */
static struct ir_result run_base(const struct ir_machine *machine,
				 const struct ir_packet *packet,
				 const struct ir_chain *base)
{
	struct ir_packet own = *packet;
	struct ir_result first, other;

	if (packet->ways)
		return run_way(machine, packet, base);
	own.ways = ir_ways(machine->arena);
	first = run_way(machine, &own, base);
	while (!first.unknown && ir_ways_next(own.ways)) {
		size_t last = own.ways->guesses.n - 1;

		other = run_way(machine, &own, base);
		if (other.unknown)
			first.unknown = other.unknown;
		else if (!ends_alike(&first, &other))
			first.unknown = own.ways->guesses.v[last].what;
	}
	if (ir_ways_cut(own.ways))
		first.unknown = own.ways->guesses.v[0].what;
	return first;
}

struct ir_result ir_run(const struct ir_machine *machine,
			const struct ir_packet *packet)
{
	const struct ir_chain *base = machine->base[packet->hook];

	if (!base) /* nobody is asked */
		return (struct ir_result){ .end = IR_ACCEPT,
					   .mark = packet->mark };
	return run_base(machine, packet, base);
}

struct ir_result ir_run_marks(const struct ir_machine *machine,
			      const struct ir_packet *packet)
{
	const struct chain_code *code =
		map_get(&machine->chains, str_of(LOWER_SET_MARK));

	if (!code)
		return (struct ir_result){ .end = IR_ACCEPT,
					   .mark = packet->mark };
	return run_base(machine, packet, code->chain);
}

struct ir_result ir_run_dstnat(const struct ir_machine *machine,
			       const struct ir_packet *packet)
{
	if (!machine->dstnat)
		return (struct ir_result){ .end = IR_ACCEPT,
					   .mark = packet->mark };
	return run_base(machine, packet, machine->dstnat);
}

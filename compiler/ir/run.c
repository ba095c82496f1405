// SPDX-License-Identifier: GPL-2.0-only
/*
 * An interpreter of the IR's bytecode: see run.h.
 *
 * What must stay true: it is the kernel's semantics, not the compiler's idea
 * of them. A value is bytes in a register; a load of what the packet has not
 * ends the rule; a chain that ends returns, but not into one that it was left
 * by goto.
 */
#include "run.h"

#include <endian.h>
#include <netinet/in.h>

#include <linux/if_arp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#define REGISTERS 80 /* bytes: the verdict, and four of 16 */
#define DEPTH_MAX 16

struct chain_code {
	const struct ir_chain *chain;
	struct exprs *rules;
};

struct ir_machine {
	struct arena *arena;
	const struct ir *ir;
	struct map chains; /* name -> struct chain_code * */
	const struct ir_chain *base[5];
};

struct run {
	const struct ir_machine *machine;
	const struct ir_packet *packet;
	struct ir_result *result;
	uint8_t registers[REGISTERS];
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
		for (i = 0, rule = chain->rules; rule; rule = rule->next, i++) {
			code->rules[i].arena = arena;
			ir_linear(&code->rules[i], rule);
		}
		map_add(&machine->chains, str_of(chain->name), code);
		if (chain->type && !strcmp(chain->type, "filter") &&
		    !chain->priority)
			machine->base[chain->hook] = chain;
	}
	return machine;
}

/* ---- what a packet has ---- */

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_DCCP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_UDPLITE;
}

static bool put_name(uint8_t out[WIRE_MAX], const char *name)
{
	if (!name)
		return false;
	wire_ifname(name, strlen(name), out);
	return true;
}

/* As the header or the kernel has it; an address of the other family is none. */
static bool put_value(uint8_t out[WIRE_MAX], const struct packet *packet,
		      enum key_id id)
{
	const struct key *k = key(id);
	const uint8_t *value = packet_value(packet, id);
	uint8_t nfproto = packet->family ? NFPROTO_IPV6 : NFPROTO_IPV4;

	if (!value || (k->nfproto && k->nfproto != nfproto))
		return false;
	wire_from_network(k->type, value, out);
	return true;
}

/* Both ports, so that a load of four bytes finds the other one. */
static bool put_ports(uint8_t out[WIRE_MAX], const struct packet *packet,
		      enum key_id id)
{
	if (!has_ports(packet->proto))
		return false;
	memcpy(out, packet->values[id], 2);
	if (id == KEY_TH_SPORT)
		memcpy(out + 2, packet->values[KEY_TH_DPORT], 2);
	return true;
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
static bool put_time(uint8_t out[WIRE_MAX], const struct run *run,
		     enum key_id id)
{
	const struct packet *packet = &run->packet->packet;
	const struct ir *ir = run->machine->ir;
	int64_t now = run->packet->now;

	if (!now && !packet->known[KEY_DAY] && !packet->known[KEY_HOUR])
		return false;
	if (!now)
		now = some_time(&ir->clock, packet);
	if (id == KEY_TIME)
		now *= (int64_t)WIRE_SECOND;
	else if (id == KEY_HOUR)
		now %= CLOCK_DAY;
	else
		now = ((now + ir->kernel_east) / CLOCK_DAY + 4) % 7;
	wire_put(key(id)->type, (uint64_t)now, out);
	return true;
}

static enum key_id id_of(const struct key *k)
{
	int i;

	for (i = 1; i < KEY_IDS; i++)
		if (key(i) == k)
			return i;
	return KEY_NONE;
}

static bool load(uint8_t out[WIRE_MAX], struct run *run, enum key_id id)
{
	const struct packet *packet = &run->packet->packet;

	memset(out, 0, WIRE_MAX);
	switch (id) {
	case KEY_NFPROTO:
		out[0] = packet->family ? NFPROTO_IPV6 : NFPROTO_IPV4;
		return true;
	case KEY_L4PROTO:
		out[0] = packet->proto;
		return true;
	case KEY_IIFNAME:
		return put_name(out, run->packet->iif);
	case KEY_OIFNAME:
		return put_name(out, run->packet->oif);
	case KEY_TH_SPORT:
	case KEY_TH_DPORT:
		return put_ports(out, packet, id);
	case KEY_TCP_FLAGS:
		out[0] = 2; /* syn, unless it says otherwise */
		put_value(out, packet, id);
		return packet->proto == IPPROTO_TCP;
	case KEY_FIB_DADDR_OIFNAME:
		return put_name(out, run->packet->oif);
	case KEY_FIB_DADDR_TYPE:
		wire_put(WIRE_FIB_TYPE, packet->to < 0 ? 2 : 1, out);
		return true;
	case KEY_HOUR:
	case KEY_DAY:
	case KEY_TIME:
		return put_time(out, run, id);
	case KEY_MARK:
		put_value(out, packet, id); /* else 0 */
		return true;
	case KEY_IIFTYPE:
		wire_put(WIRE_ARPHRD, ARPHRD_ETHER, out);
		return true;
	case KEY_IP_SADDR:
	case KEY_IP_DADDR:
	case KEY_IP6_SADDR:
	case KEY_IP6_DADDR:
	case KEY_ICMP_TYPE:
	case KEY_ICMPV6_TYPE:
	case KEY_IP_DSCP:
	case KEY_IP6_DSCP:
	case KEY_ETHER_SADDR:
	case KEY_LENGTH:
	case KEY_SKUID:
	case KEY_SECPATH:
	case KEY_RT_IPSEC:
		return put_value(out, packet, id);
	default:
		if (load_ct(out, run, id))
			return true;
		run->result->unknown = key(id)->text;
		return false;
	}
}

/* ---- registers ---- */

static uint8_t *at(struct run *run, uint32_t reg)
{
	uint32_t offset = reg >= NFT_REG32_00 ? 4 * (reg - NFT_REG32_00) :
						16 * (reg - NFT_REG_1);

	return run->registers + offset;
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

static bool compares(uint32_t op, const uint8_t *a, const uint8_t *b,
		     uint32_t len)
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

static bool within(const struct expr *e, const uint8_t *value)
{
	bool in = memcmp(value, e->data, e->len) >= 0 &&
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

static const struct ir_verdict none = { VERDICT_RETURN, NULL };

/* The verdict under the key; one that says nothing for a plain set. */
static const struct ir_verdict *find(const struct ir_set *set,
				     const uint8_t *value)
{
	size_t i;

	for (i = 0; i < set->nelems; i++)
		if (element_has(set, i, value))
			return set->verdicts ? &set->verdicts[i] : &none;
	return NULL;
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

static enum flow lookup(struct run *run, const struct expr *e)
{
	const struct ir_verdict *found = find(e->set, at(run, e->reg));

	if (e->set->verdicts)
		return found ? decide(run, found->code, found->chain) :
			       NEXT_RULE;
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
	uint8_t value[WIRE_MAX];

	memset(value, 0, sizeof(value)); /* to be written: not in the table */
	if (id_of(e->key) != KEY_NONE && !load(value, run, id_of(e->key)))
		return NEXT_RULE;
	/* shorter loads fill up their last 4 bytes with zeros */
	memset(at(run, e->reg), 0, (e->len + 3) / 4 * 4);
	memcpy(at(run, e->reg), value, e->len);
	return GO_ON;
}

static enum flow bitwise(struct run *run, const struct expr *e)
{
	uint8_t *reg = at(run, e->reg);
	uint32_t i;

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

static enum flow run_expr(struct run *run, const struct expr *e)
{
	run->result->steps++;
	switch (e->kind) {
	case EXPR_LOAD:
		return load_expr(run, e);
	case EXPR_CMP:
		return compares(e->op, at(run, e->reg), e->data, e->len) ?
			       GO_ON :
			       NEXT_RULE;
	case EXPR_RANGE:
		return within(e, at(run, e->reg)) ? GO_ON : NEXT_RULE;
	case EXPR_BITWISE:
		return bitwise(run, e);
	case EXPR_BYTEORDER:
		turn_round(at(run, e->reg), e->arg, e->len);
		return GO_ON;
	case EXPR_LOOKUP:
		return lookup(run, e);
	case EXPR_IMMEDIATE:
		memcpy(at(run, e->reg), e->data, e->len);
		return GO_ON;
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
	for (i = 0; i < code->chain->nrules && flow == NEXT_RULE; i++)
		flow = run_rule(run, &code->rules[i]);
	run->depth--;
	return flow == ENDED ? ENDED : RETURNED;
}

static struct ir_result run_base(const struct ir_machine *machine,
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

struct ir_result ir_run(const struct ir_machine *machine,
			const struct ir_packet *packet)
{
	const struct ir_chain *base = machine->base[packet->hook];

	if (!base)
		return (struct ir_result){ .unknown = "no base chain" };
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

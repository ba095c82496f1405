// SPDX-License-Identifier: GPL-2.0-only
/*
 * What needs the whole model: that its parts agree.
 *
 * Runs only on a model without errors, and completes it: every entry's
 * alternatives are expanded here, once.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "alts.h"
#include "bind.h"
#include "region.h"
#include "vocab/algebra.h"

/* A rule's room is bounded (IR_RULE_OPS): only many negated sets can fill it. */
#define ALT_ASKS_MAX 16

static bool asks_too_much(const struct alts *alts)
{
	size_t i;

	for (i = 0; i < alts->n; i++)
		if (alts->v[i].n > ALT_ASKS_MAX)
			return true;
	return false;
}

static bool excludes(struct binder *b, const struct match *matches, size_t n)
{
	struct arena_mark mark = arena_mark(b->scratch);
	struct alts alts;
	bool none = alts_expand(b->scratch, b->scratch, matches, n, &alts) &&
		    alts.n == 0;

	arena_reset(b->scratch, mark);
	return none;
}

/* Which two words contradict each other, or which one nothing meets. */
static void never(struct binder *b, const struct match *matches, size_t n,
		  struct span span)
{
	struct diag *diag = diag_error(b->diags, span, "this can never match");
	size_t i, j;

	for (i = 0; i < n; i++) {
		if (!excludes(b, &matches[i], 1))
			continue;
		diag_note(diag, matches[i].span,
			  "nothing meets this: it is "
			  "empty");
		return;
	}
	for (i = 0; i < n; i++) {
		for (j = i + 1; j < n; j++) {
			struct match two[] = { matches[i], matches[j] };

			if (!excludes(b, two, 2))
				continue;
			diag_note(diag, matches[i].span,
				  "nothing that meets this ...");
			diag_note(diag, matches[j].span,
				  "... can meet this, too");
			return;
		}
	}
	diag_help(diag, "what it asks for contradicts itself");
}

/* Where the kernel can be asked for what @match asks. */
static unsigned int hooks_of(const struct match *match)
{
	unsigned int hooks = AT_ANY;
	size_t i;
	int f;

	for (f = 0; f < FAMILIES; f++) {
		bool asked = match->negated || match->nsets ||
			     match->ranges[f].n;

		for (i = 0; i < match->nbits; i++)
			asked |= (int)match->bits[i].family == f;
		if (asked && match->word->key[f])
			hooks &= key(match->word->key[f])->hooks;
	}
	return hooks;
}

/* What is decided in @hooks must not ask what cannot be asked there. */
static void check_hooks(struct binder *b, const struct match *matches, size_t n,
			unsigned int hooks)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (hooks & ~hooks_of(&matches[i]))
			diag_error(b->diags, matches[i].span,
				   "\"%s\" cannot be asked here: %s",
				   matches[i].word->word,
				   matches[i].word->where);
}

/* Replies are not tracked either: each packet must tell. */
static void check_notrack(struct binder *b, const struct rule *rule)
{
	size_t i;

	if (rule->action != ACTION_NOTRACK)
		return;
	for (i = 0; i < rule->nmatches; i++)
		if (!rule->matches[i].word->reply[0])
			diag_error(b->diags, rule->matches[i].span,
				   "\"%s\" cannot be asked here: replies are "
				   "not to be tracked either, and do not tell "
				   "it",
				   rule->matches[i].word->word);
}

static unsigned int rule_hooks(const struct rule *rule)
{
	bool forward = zone_set_zones(&rule->from) && zone_set_zones(&rule->to);

	if (rule->action == ACTION_MARK || rule->action == ACTION_NOTRACK)
		return (zone_set_zones(&rule->from) ? AT_PREROUTING : 0u) |
		       (rule->from.router ? AT_OUTPUT : 0u);
	return (rule->to.router ? AT_INPUT : 0u) |
	       (rule->from.router ? AT_OUTPUT : 0u) |
	       (forward ? AT_FORWARD : 0u);
}

/* Where an entry is asked, and where the rule that lets in what it translates. */
static unsigned int nat_hooks(const struct nat *nat)
{
	switch (nat->kind) {
	case NAT_FORWARD:
	case NAT_MAP:
		return AT_PREROUTING | AT_FORWARD;
	case NAT_REDIRECT:
		return AT_PREROUTING | AT_INPUT;
	default:
		return AT_POSTROUTING;
	}
}

/* "22:00-06:00" on a Friday is the end of two nights. */
static bool wraps(const struct match *match)
{
	const struct node *said = match->said;
	size_t i, n = said && said->kind == NODE_LIST ? said->list.n : 1;
	struct value values[2];
	const char *why;

	for (i = 0; said && i < n; i++) {
		const struct node *item =
			said->kind == NODE_LIST ? said->list.items[i] : said;

		if (item->kind == NODE_SCALAR &&
		    match->word->type->parse(item->scalar, values, &why) > 1)
			return true;
	}
	return false;
}

/* "not" all that there is, from 0 to @last. */
static void check_always(struct binder *b, const struct match *match,
			 uint64_t last)
{
	enum wire_id type = match->word->type->wire[0];
	uint8_t wire[WIRE_MAX], lo[WIRE_MAX] = { 0 }, hi[WIRE_MAX];
	const struct ranges *ranges = &match->ranges[0];

	wire_put(type, last, wire);
	wire_to_network(type, wire, hi);
	if (match->negated && ranges->n == 1 &&
	    !memcmp(range_lo(ranges, 0), lo, ranges->len) &&
	    !memcmp(range_hi(ranges, 0), hi, ranges->len))
		diag_error(b->diags, match->span, "this can never match");
}

static void check_clock(struct binder *b, const struct match *matches, size_t n)
{
	const struct match *time = NULL, *day = NULL;
	struct diag *diag;
	size_t i;

	for (i = 0; i < n; i++) {
		if (matches[i].word->key[0] == KEY_HOUR)
			time = &matches[i];
		if (matches[i].word->key[0] == KEY_DAY)
			day = &matches[i];
	}
	if (time)
		check_always(b, time, CLOCK_DAY - 1);
	if (day)
		check_always(b, day, CLOCK_WEEK / CLOCK_DAY - 1);
	if ((time || day) && !b->model->clock_span.source) {
		diag = diag_warning(b->diags, (time ? time : day)->span,
				    "no \"timezone\" is given: this is UTC");
		diag_help(diag, "\"timezone: utc\" says so");
		b->model->clock_span = (time ? time : day)->span;
	}
	if (!time || !day || time->negated || !wraps(time))
		return;
	diag = diag_warning(b->diags, time->span,
			    "the hours before midnight and those behind it are "
			    "of the same day here, not of the same night");
	diag_note(diag, day->span, "the day is given here");
	diag_help(diag, "if that is meant, write both ranges apart; a night is "
			"two rules, the second one of the day after");
}

static bool is_other_icmp(const struct alt *alt)
{
	unsigned int other = alt->families == FAMILY_IPV6 ? IPPROTO_ICMP :
							    IPPROTO_ICMPV6;

	return alt->families != (FAMILY_BOTH) && !alt->any_proto &&
	       protos_count(&alt->protos) == 1 &&
	       protos_have(&alt->protos, other);
}

/* Such packets can be made, but nobody means them. */
static void check_icmp(struct binder *b, const struct alts *alts,
		       struct span span)
{
	bool six = alts->n && alts->v[0].families == FAMILY_IPV6;
	size_t i;

	for (i = 0; i < alts->n; i++)
		if (!is_other_icmp(&alts->v[i]))
			return;
	if (alts->n)
		diag_help(diag_warning(b->diags, span,
				       "no %s packet carries this protocol: "
				       "IPv4 has ICMP, IPv6 has ICMPv6",
				       six ? "IPv6" : "IPv4"),
			  "write \"protocol: %s\"", six ? "icmpv6" : "icmp");
}

static const struct alts *expand(struct binder *b, struct match *matches,
				 size_t n, struct span span)
{
	struct alts *alts = arena_new_object(b->arena, struct alts);
	struct arena_mark mark = arena_mark(b->scratch);
	bool fits = alts_expand(b->arena, b->scratch, matches, n, alts);

	arena_reset(b->scratch, mark);
	check_clock(b, matches, n);
	if (!fits) {
		diag_error(b->diags, span,
			   "this asks for more than %d combinations of values: "
			   "put the values into sets, or write several entries",
			   ALTS_MAX);
		return alts;
	}
	if (alts->n == 0)
		never(b, matches, n, span);
	check_icmp(b, alts, span);
	if (asks_too_much(alts))
		diag_error(
			b->diags, span,
			"this asks for more than %d things at once: put what "
			"must not hold into fewer sets",
			ALT_ASKS_MAX);
	return alts;
}

/* Is the answer another one later, or for a connection that is not decided? */
static bool asks_each_time(const struct eligible *entry)
{
	size_t i, j;

	for (i = 0; i < entry->nmatches; i++) {
		if (entry->matches[i].word->announced)
			return true;
		for (j = 0; j < entry->matches[i].nsets; j++)
			if (entry->matches[i].sets[j]->dynamic)
				return true;
	}
	return false;
}

static void expand_entries(struct binder *b, struct eligible *entries, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		entries[i].alts = expand(b, entries[i].matches,
					 entries[i].nmatches, entries[i].span);
		entries[i].dynamic = asks_each_time(&entries[i]);
		check_hooks(b, entries[i].matches, entries[i].nmatches,
			    AT_FORWARD);
	}
}

static const char *family_names(unsigned int families)
{
	return families == FAMILY_IPV4 ? "IPv4" : "IPv6";
}

/* A translation is of one family, or of those it says; so must its words be. */
static void check_families(struct binder *b, const struct nat *nat)
{
	unsigned int own = nat->families, asked = 0;
	struct diag *diag;
	size_t i;

	for (i = 0; i < nat->alts->n; i++)
		asked |= nat->alts->v[i].families;
	if (!asked || asked & own || nat->kind == NAT_FORWARD)
		return; /* a forward's own rule tells */
	diag = diag_error(b->diags, nat->span,
			  "this can never match: it translates %s, what it "
			  "asks for is %s",
			  family_names(own), family_names(asked));
	if (nat->kind == NAT_MASQUERADE)
		diag_help(diag, "write \"family: %s\"",
			  asked == FAMILY_IPV4 ? "ipv4" : "ipv6");
}

static bool has_ports(const struct alt *alt)
{
	static const uint8_t with[] = { 6, 17, 33, 132, 136 };
	struct protos rest = alt->protos;
	size_t i;

	for (i = 0; i < sizeof(with); i++)
		rest.bits[with[i] / 64] &= ~(UINT64_C(1) << (with[i] % 64));
	return !alt->any_proto && protos_count(&rest) == 0;
}

static void check_ports(struct binder *b, const struct nat *nat)
{
	struct diag *diag;
	size_t i;

	for (i = 0; nat->port_lo && i < nat->alts->n; i++) {
		if (has_ports(&nat->alts->v[i]))
			continue;
		diag = diag_error(b->diags, nat->port_span,
				  "a port is one of a protocol, and what this "
				  "entry takes may have none");
		diag_help(diag,
			  "write \"protocol: [tcp, udp]\" beside it, or a "
			  "\"service\"");
		return;
	}
}

/* Does @nat take what goes to its new port already? */
static bool takes_port(const struct nat *nat, const struct alt *alt)
{
	uint8_t port[WIRE_MAX];
	size_t i;

	wire_put(WIRE_PORT, nat->port_lo, port);
	for (i = 0; nat->port_lo && i < alt->n; i++) {
		const struct constraint *c = &alt->constraints[i];
		const struct ranges *ranges = c->set ? &c->set->elements[0] :
						       c->ranges;

		if (c->key == KEY_TH_DPORT &&
		    ranges_have(ranges, port) == c->negated)
			return false;
	}
	return true;
}

static bool names_destination(const struct nat *nat)
{
	size_t i;

	for (i = 0; i < nat->nmatches; i++)
		if (nat->matches[i].word->key[0] == KEY_IP_DADDR &&
		    !nat->matches[i].negated)
			return true;
	return false;
}

static bool is_direct(const struct nat *nat)
{
	size_t i;

	if (!nat || nat->kind != NAT_REDIRECT || names_destination(nat))
		return false;
	for (i = 0; i < nat->alts->n; i++)
		if (takes_port(nat, &nat->alts->v[i]))
			return true;
	return false;
}

static void expand_tests(struct binder *b)
{
	struct model *m = b->model;
	size_t i, j;

	for (i = 0; i < m->ntests; i++)
		for (j = 0; m->tests[i].only && j < m->tests[i].only->npermits;
		     j++) {
			struct permit *permit = &m->tests[i].only->permits[j];

			permit->alts = expand(b, permit->matches,
					      permit->nmatches, permit->span);
		}
}

/* A connection that another one announced goes as that one goes. */
static void check_announced(struct binder *b, const struct match *matches,
			    size_t n)
{
	struct diag *diag;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!matches[i].word->announced)
			continue;
		diag = diag_error(b->diags, matches[i].span,
				  "only exempt entries ask for \"%s\"",
				  matches[i].word->word);
		diag_help(diag, "what a helper announces is decided with the "
				"connection that announced it, and no rule is "
				"asked");
	}
}

static void check_all_announced(struct binder *b)
{
	const struct model *m = b->model;
	size_t i, j;

	for (i = 0; i < m->nrules; i++)
		if (!m->rules[i].forward)
			check_announced(b, m->rules[i].matches,
					m->rules[i].nmatches);
	for (i = 0; i < m->nnats; i++)
		check_announced(b, m->nats[i].matches, m->nats[i].nmatches);
	for (i = 0; i < m->offload.neligible; i++)
		check_announced(b, m->offload.eligible[i].matches,
				m->offload.eligible[i].nmatches);
	for (i = 0; i < m->ntests; i++)
		for (j = 0; m->tests[i].only && j < m->tests[i].only->npermits;
		     j++)
			check_announced(b, m->tests[i].only->permits[j].matches,
					m->tests[i].only->permits[j].nmatches);
}

static void expand_all(struct binder *b)
{
	struct model *m = b->model;
	size_t i;

	for (i = 0; i < m->nnats; i++) {
		m->nats[i].alts = expand(b, m->nats[i].matches,
					 m->nats[i].nmatches, m->nats[i].span);
		check_families(b, &m->nats[i]);
		check_ports(b, &m->nats[i]);
		check_hooks(b, m->nats[i].matches, m->nats[i].nmatches,
			    nat_hooks(&m->nats[i]));
	}
	for (i = 0; i < m->nrules; i++) {
		m->rules[i].alts = expand(b, m->rules[i].matches,
					  m->rules[i].nmatches,
					  m->rules[i].span);
		m->rules[i].direct = is_direct(m->rules[i].forward);
		if (!m->rules[i].forward)
			check_hooks(b, m->rules[i].matches,
				    m->rules[i].nmatches,
				    rule_hooks(&m->rules[i]));
		check_notrack(b, &m->rules[i]);
	}
	expand_tests(b);
	expand_entries(b, m->offload.eligible, m->offload.neligible);
	expand_entries(b, m->offload.exempt, m->offload.nexempt);
}

/* Devices of all zones, by name: those that overlap stand near each other. */
struct owned {
	const struct device *device;
	const struct zone *zone;
};

static int by_name(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;
	int order = strcmp(x->device->name, y->device->name);

	if (!order)
		order = (int)x->zone->index - (int)y->zone->index;
	return order ? order :
		       (x->device > y->device) - (x->device < y->device);
}

static bool narrowed(const struct zone *zone)
{
	return zone->subnets[0].n || zone->subnets[1].n;
}

static bool told_apart(const struct zone *a, const struct zone *b)
{
	return narrowed(a) && narrowed(b) &&
	       !ranges_meet(&a->subnets[0], &b->subnets[0]) &&
	       !ranges_meet(&a->subnets[1], &b->subnets[1]);
}

static void zones_clash(struct binder *b, const struct owned *x,
			const struct owned *y)
{
	const struct owned *first = x->zone->index <= y->zone->index ? x : y;
	const struct owned *second = first == x ? y : x;
	struct diag *diag;

	if (x->zone == y->zone) {
		diag = diag_error(b->diags, second->device->span,
				  "the device \"%s\" is in this zone already",
				  second->device->name);
		diag_note(diag, first->device->span, "here");
		return;
	}
	if (told_apart(x->zone, y->zone))
		return;
	diag = diag_error(b->diags, second->device->span,
			  "nothing tells the zones \"%s\" and \"%s\" apart "
			  "on this device",
			  first->zone->name, second->zone->name);
	diag_note(diag, first->device->span, "the device is in \"%s\" here",
		  first->zone->name);
	diag_help(diag, "give both zones subnets that do not overlap");
}

static void check_owned(struct binder *b, const struct owned *owned, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++) {
		const struct device *device = owned[i].device;
		size_t len = strlen(device->name) - device->prefix;

		for (j = i + 1; j < n; j++) {
			if (strncmp(device->name, owned[j].device->name, len))
				break;
			if (device_has(device, owned[j].device))
				zones_clash(b, &owned[i], &owned[j]);
			else if (!device->prefix)
				break;
		}
	}
}

static void check_zones(struct binder *b)
{
	struct arena_mark mark = arena_mark(b->scratch);
	VEC(struct owned) owned = { 0 };
	size_t i, j;

	for (i = 0; i < b->model->nzones; i++)
		for (j = 0; j < b->model->zones[i].ndevices; j++)
			*vec_push(b->scratch, &owned) = (struct owned){
				&b->model->zones[i].devices[j],
				&b->model->zones[i],
			};
	if (owned.n)
		qsort(owned.v, owned.n, sizeof(struct owned), by_name);
	check_owned(b, owned.v, owned.n);
	arena_reset(b->scratch, mark);
}

static void check_effect(struct binder *b, const struct eligible *entry)
{
	const struct rule *kept_by;
	struct diag *diag;

	if (!entry->alts->n || entry_has_effect(b, entry, &kept_by))
		return;
	diag = diag_warning(b->diags, entry->span,
			    "this entry can never take effect: no rule accepts "
			    "connections between these zones that may be "
			    "offloaded");
	if (kept_by)
		diag_note(diag, need_place(kept_by), "%s",
			  rule_need(kept_by)->why);
}

/* Asked once more when it is lowered: nothing else can be offloaded. */
static bool may_be_tcp_or_udp(const struct eligible *entry)
{
	size_t i;

	for (i = 0; i < entry->alts->n; i++) {
		const struct alt *alt = &entry->alts->v[i];

		if (alt->any_proto || protos_have(&alt->protos, 6) ||
		    protos_have(&alt->protos, 17))
			return true;
	}
	return false;
}

static void check_offload(struct binder *b)
{
	const struct offload *offload = &b->model->offload;
	size_t i;

	for (i = 0; i < offload->neligible; i++) {
		const struct eligible *entry = &offload->eligible[i];

		if (entry->alts->n && !may_be_tcp_or_udp(entry))
			diag_warning(b->diags, entry->span,
				     "this entry can never take effect: only "
				     "tcp and udp can be offloaded");
		check_effect(b, entry);
	}
}

void check_model(struct binder *b)
{
	check_all_announced(b);
	expand_all(b);
	check_zones(b);
	check_flowtables(b);
	analyse_model(b);
	check_offload(b);
	check_required(b);
	check_raws(b);
}

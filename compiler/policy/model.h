/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy as meant: names resolved, values parsed, checked. What explain
 * and test evaluate, and what the IR is lowered from.
 *
 * All memory is the compilation's arena; all strings are NUL-terminated.
 */
#ifndef NFTOFFC_POLICY_MODEL_H
#define NFTOFFC_POLICY_MODEL_H

#include "base/map.h"
#include "base/source.h"
#include "vocab/clock.h"
#include "vocab/match.h"
#include "vocab/stmt.h"

struct alts;

struct device {
	const char *name; /* "wlan1*" for a prefix */
	struct span span;
	bool prefix;
};

struct zone {
	const char *name;
	struct span span;
	uint32_t index; /* into model->zones, and bit in zone sets */
	struct device *devices;
	size_t ndevices;
	struct ranges subnets[FAMILIES]; /* n == 0 in both: not narrowed */
	uint8_t masquerade;		 /* families, FAMILY_* bits */
	bool clamp_mss;
	bool required;
	bool antispoof, antispoof_log;
	struct span masquerade_span, antispoof_span;
};

/* Zones a rule speaks of: a bit each, and the router. */
struct zone_set {
	struct span span;
	bool any;    /* written as such, or not written */
	bool router; /* the machine itself */
	uint32_t nwords;
	uint64_t *words; /* all zones' bits set if any */
};

struct set {
	const char *name;
	struct span span;
	const struct value_type *type;
	uint32_t index;	  /* into model->sets, and bit of member_of */
	bool dynamic;	  /* filled while it runs: has a timeout */
	uint64_t timeout; /* milliseconds */
	uint32_t size;
	/* Sorted, merged. By family for addresses, else in [0]. */
	struct ranges elements[FAMILIES];
	bool used;
};

struct service_item {
	uint8_t proto;
	uint8_t families; /* FAMILY_* bits */
	uint16_t lo, hi;  /* destination ports */
};

struct service {
	const char *name;
	struct span span; /* nowhere for those built in */
	struct service_item *items;
	size_t nitems;
	bool used;
};

enum log_when {
	LOG_NONE,
	LOG_NEW,
	LOG_FLOW, /* the first packet, and a record when it ends */
	LOG_EVERY,
};

struct log_spec {
	enum log_when when;
	struct span span;
	const char *prefix; /* NULL: the rule's name and ": " */
	int group;	    /* -1: the kernel's log */
	unsigned int level;
	unsigned int snaplen;
	uint64_t rate, rate_unit; /* rate 0: not limited */
	uint32_t burst;
};

/* Whom a bound holds for. */
enum per {
	PER_RULE, /* for all of the rule's connections together */
	PER_SOURCE,
	PERS
};

/* Of a dynamic set that the rule has for its sources: at least this. */
#define PER_SOURCE_TIMEOUT 60000
#define PER_SOURCE_SIZE 65535

struct limit_spec {
	uint64_t rate, unit; /* rate 0: none */
	uint32_t burst;
	enum per per;
	uint32_t size; /* sources that are remembered */
};

enum action {
	ACTION_DROP, /* zero is the careful value */
	ACTION_REJECT,
	ACTION_ACCEPT,
	ACTION_QUEUE, /* a program decides */
	ACTIONS_END,
	/* These do something, and go on to the next rule: */
	ACTION_LOG = ACTIONS_END,
	ACTION_COUNT,
	ACTION_MARK,
	ACTION_DSCP,
	ACTION_CLAMP_MSS,
	ACTION_HELPER,
	ACTION_NOTRACK,
	ACTION_ADD_TO,
	ACTIONS
};

static inline bool action_goes_on(enum action action)
{
	return action >= ACTIONS_END;
}

struct connections_spec {
	uint32_t max; /* 0: any number */
	enum per per;
	uint32_t size; /* sources that are remembered */
	struct span span;
};

struct count_spec {
	enum log_when when; /* LOG_NONE, LOG_NEW or LOG_EVERY */
	const char *name;
	struct span span;
};

struct add_spec {
	const struct set *set; /* NULL: none */
	uint64_t timeout;      /* milliseconds, 0: the set's own */
	struct span span;
};

struct queue_spec {
	uint16_t lo, hi;
	bool bypass, fanout;
};

/* What a rule says of the offload of what it accepts. */
enum rule_offload {
	RULE_OFFLOAD_NEVER, /* zero is the careful value */
	RULE_OFFLOAD_AUTO,
	RULE_OFFLOAD_REQUIRE,
};

struct rule {
	const char *name;
	struct span span;	 /* of the whole entry */
	struct span action_span; /* of the word */
	enum action action;
	struct zone_set from, to;
	struct match *matches; /* all must hold */
	size_t nmatches;
	const struct alts *alts; /* the same, expanded: alts.h */
	struct log_spec log;
	struct limit_spec limit;
	struct connections_spec connections;
	uint64_t quota; /* bytes, 0: none */
	struct span quota_span;
	struct count_spec count;
	struct add_spec add;
	enum rule_offload offload;
	struct span offload_span;
	uint64_t after_packets, after_bytes; /* 0: as the entry says */
	struct span after_span;
	/* By the action's own words: */
	bool answer_given; /* reject: with this */
	enum reject_kind answer;
	uint32_t mark, mark_bits; /* the bits it is of */
	uint8_t dscp;
	const struct ct_helper *helper;
	struct queue_spec queue;
	uint16_t mss;	      /* 0: the route's */
	struct span set_span; /* of "set" */
	/*
	 * Made from a forward or a redirection: holds only for connections
	 * that it translated, unless it is @direct: those it takes to where
	 * they went anyway are not translated.
	 */
	const struct nat *forward;
	bool direct;
	bool taken; /* rules before it take all of its connections */
};

enum nat_kind {
	NAT_EXEMPT,
	NAT_MASQUERADE,
	NAT_SOURCE,
	NAT_FORWARD,
	NAT_REDIRECT,
	NAT_MAP,
};

/* An address, or the first and the last of a range; as long as its family's. */
struct bounds {
	uint8_t lo[16], hi[16];
};

struct nat {
	const char *name;
	struct span span;
	enum nat_kind kind;
	struct zone_set from, to;
	struct match *matches;
	size_t nmatches;
	const struct alts *alts;
	uint8_t families; /* FAMILY_* bits: what it translates */
	/* The new address of source and forward; of a map the inner ones: */
	struct bounds address[FAMILIES];
	struct bounds outside[FAMILIES]; /* of a map */
	/*
	 * The new port, of the destination where that is translated; 0: it
	 * stays. With port_from, port_lo..port_hi take the place of as many
	 * from port_from on, one by one.
	 */
	uint16_t port_lo, port_hi, port_from;
	struct span port_span;
	bool persistent, random;
	bool reflect;
};

/* Does it translate destinations (and sources, if it is a map)? */
bool nat_is_destination(const struct nat *nat);
/* Does one of its words ask for the destination? */
bool nat_asks_destination(const struct nat *nat);
/* @address, in @from, has the place in @to that it has there. */
void nat_mapped(const struct bounds *from, const struct bounds *to,
		unsigned int family, const uint8_t *address, uint8_t *out);

struct eligible {
	const char *name;
	struct span span;
	struct zone_set from, to;
	struct match *matches;
	size_t nmatches;
	const struct alts *alts;
	/* Asked with each packet: of a set that is filled while it runs, or of
	 * a connection that is not decided itself. */
	bool dynamic;
	uint64_t after_packets, after_bytes; /* 0: at once */
	const struct flowtable *flowtable;   /* NULL: of an exemption */
	const char *reason;		     /* of an exemption */
};

enum offload_mode {
	OFFLOAD_SOFTWARE,
	OFFLOAD_AUTO,
	OFFLOAD_HARDWARE,
};

#define FLOWTABLE_FAST "fast" /* the one that "offload" itself describes */

struct flowtable {
	const char *name;
	struct span span;
	enum offload_mode mode;
	struct span mode_span;
	bool counters;
	int32_t priority; /* of its hook; 0: "filter" */
	bool devices_auto;
	/*
	 * With auto, those of the zones of its entries, each with the entry's
	 * span; they are found when all is bound, as the entries' flowtables.
	 */
	struct device *devices;
	size_t ndevices;
};

struct offload {
	bool given;
	struct span span;
	bool module_required; /* the kernel module, to keep out what is exempt */
	struct span module_span;
	bool named; /* by "flowtables"; else there is one, FLOWTABLE_FAST */
	struct flowtable *flowtables;
	size_t nflowtables;
	struct eligible *eligible, *exempt;
	size_t neligible, nexempt;
};

enum expect_bits {
	EXPECT_ACCEPT = 1,
	EXPECT_DROP = 2,
	EXPECT_REJECT = 4,
	EXPECT_QUEUE = 8,
	EXPECT_OFFLOAD = 16,
	EXPECT_NO_OFFLOAD = 32,
	EXPECT_LOG = 64,
	EXPECT_NO_LOG = 128,
	EXPECT_VERDICTS = 15,
};

/* Instead of a zone's index: it goes by a device that no zone has, or has for
 * its address. Only what lives is asked about so. */
#define ZONE_NONE (-2)

/* A connection's first packet, as the policy sees it. */
struct packet {
	int from, to;	/* zone indexes, -1: the router; or ZONE_NONE */
	uint8_t family; /* FAMILY_INDEX_* */
	uint8_t proto;
	/*
	 * What else is known of it, in the byte order of ranges. Of the two keys
	 * of a word only that of the packet's family is ever asked. What is not
	 * known matches nothing.
	 */
	uint8_t values[KEY_IDS][WIRE_MAX];
	bool known[KEY_IDS];
	/* The sets filled while it runs that have what is asked of them, by bit;
	 * if that is not known, the model takes them for empty. */
	uint64_t member_of;
	bool members_known;
	/*
	 * It stands for a connection that lives, which goes where it was
	 * translated to: the destination is that one's. And whether it was, and
	 * whether replies were seen.
	 */
	bool lives, translated, replied;
	/* It is accepted, whatever the rules say: "existing: keep". */
	bool kept;
};

/* Is @set, filled while it runs, taken to have what @packet has? */
bool packet_member(const struct packet *packet, const struct set *set);
/* The packet's value of @id, or NULL if it is not known. */
const uint8_t *packet_value(const struct packet *packet, enum key_id id);
/* @value is as long as the key's type. */
void packet_set(struct packet *packet, enum key_id id, const uint8_t *value);
/* The answer to it, as it travels: what it does not tell is not known. */
struct packet packet_reply(const struct packet *first);
/* Its source or destination, of its own family. */
enum key_id packet_source(const struct packet *packet);
enum key_id packet_destination(const struct packet *packet);

/* An address that a translation is expected to give, and maybe a port. */
struct expect_side {
	bool given;
	uint8_t family; /* FAMILY_INDEX_* */
	uint8_t address[16];
	uint16_t port; /* 0: any */
};

enum expect_nat_kind {
	EXPECT_NAT_ANY, /* nothing is said of it */
	EXPECT_NAT_NONE,
	EXPECT_NAT_MASQUERADE,
	EXPECT_NAT_SIDES,
};

/* What may be accepted between zones, and nothing else: see only.h. */
struct permit {
	struct span span;
	struct match *matches;
	size_t nmatches;
	const struct alts *alts;
};

struct only {
	struct span span;
	struct zone_set from, to;
	struct permit *permits;
	size_t npermits;
};

struct test {
	const char *name;
	struct span span;
	struct only *only; /* NULL: it is about a packet */
	struct packet packet;
	/* What is expected; a zeroed span: nothing is said of it. */
	struct span expect_span, rule_span, nat_span, log_span, after_span;
	struct span flowtable_span;
	unsigned int expect;		   /* EXPECT_* */
	const char *rule;		   /* who decides; "default" */
	const struct flowtable *flowtable; /* that takes it; NULL: not said */
	enum log_when log;
	uint64_t after_packets, after_bytes;
	enum expect_nat_kind nat;
	struct expect_side source, destination;
};

/* Who decides what passes; beside fw4, see lower_fw4.c. */
enum policy_mode {
	MODE_ALONE, /* zero is the careful value: this policy */
	MODE_FW4,   /* OpenWrt's fw4; this policy offloads, logs and counts */
};

enum hook_index { HOOK_INPUT, HOOK_FORWARD, HOOK_OUTPUT, HOOKS };

struct model {
	struct arena *arena;
	const char *name;
	enum policy_mode mode;
	struct span mode_span; /* nowhere: not given */
	/* Where fw4 is told to offload whatever it lets pass, by itself: then
	 * nothing is exempt. Nowhere: it is not, or that is not known here. */
	struct span fw4_offloads;
	/* By name: what binding found, for those who bind more later. */
	struct map zone_names, set_names, service_names;
	struct zone *zones;
	size_t nzones;
	struct set **sets;
	size_t nsets;
	enum action defaults[HOOKS];
	struct span default_spans[HOOKS]; /* nowhere: not given */
	bool invalid_drop;
	struct span invalid_span; /* nowhere: not given; so the others */
	struct limit_spec syn_flood[PERS]; /* rate 0: not limited */
	struct span syn_flood_span[PERS];
	bool existing_keep;   /* what lives is not decided again */
	bool lockout_ignored; /* may cut off who applies it */
	struct span lockout_span;
	uint32_t mark_mask;
	struct span mark_mask_span; /* nowhere: not given */
	struct clock clock;	    /* what "time" and "weekday" mean */
	struct span clock_span;	    /* nowhere: not given */
	struct rule *rules;	    /* those of port forwards at the end */
	size_t nrules;
	struct nat *nats;
	size_t nnats;
	struct raw *raws;
	size_t nraws;
	struct offload offload;
	struct test *tests;
	size_t ntests;
	struct verify *verifies;
	size_t nverifies;
};

#define VERIFY_SECONDS 10

/* What is to be true once the policy runs: runtime/trial/verify.h finds out. */
struct verify {
	struct span span;
	const char **args; /* of a command, ended by NULL; NULL: none */
	size_t nargs;
	/* Who is to be reached, in network order; @port 0: by a ping. */
	uint8_t address[16];
	unsigned int family; /* FAMILY_INDEX_* */
	uint8_t proto;	     /* IPPROTO_TCP or _UDP, of a port */
	uint16_t port;
	const char *device;	       /* NULL: as the routes say */
	unsigned int timeout, retries; /* seconds of a try; further tries */
};

/* nft's own text, in a chain of its own: no one else knows what it does. */
enum raw_at {
	RAW_INPUT = HOOK_INPUT,
	RAW_FORWARD = HOOK_FORWARD,
	RAW_OUTPUT = HOOK_OUTPUT,
	RAW_PREROUTING,
	RAW_POSTROUTING,
};

enum raw_offload {
	RAW_OFFLOAD_WARN, /* what is offloaded skips it: that is said */
	RAW_OFFLOAD_SKIP, /* that is meant to be so */
	RAW_OFFLOAD_NEVER,
};

struct raw_line { /* one rule */
	const char *text;
	struct span span;
};

struct raw {
	const char *name;
	const char *chain; /* what nft calls it */
	struct span span, at_span;
	enum raw_at at;
	bool after;	  /* the policy's own rules; else before them */
	int32_t priority; /* ahead of routing, and behind it */
	enum raw_offload offload;
	struct span offload_span;
	struct raw_line *lines;
	size_t nlines;
};

/* Do all packets of the hook pass it, whatever was decided of them? */
bool raw_sees_all(const struct raw *raw);
/*
 * The first of those that may have a say in what becomes of packets that meet
 * @hook, from @raw on (NULL: from the first). NULL: there is no more.
 */
const struct raw *raw_next(const struct model *model, enum hook_index hook,
			   const struct raw *raw);

struct translated {
	bool own;   /* to the router's own address, whichever that is */
	bool known; /* to one of these: */
	struct bounds address;
	uint16_t port_lo, port_hi;
};

/* "192.0.2.1-192.0.2.9:80-90"; @own where the address is the router's. */
void translated_print(struct buf *out, unsigned int family,
		      const struct translated *to, const char *own);

/* What the policy says of a packet, and which entry decided each part. */
struct answer {
	struct packet seen; /* as the rules see it: where it goes, translated */
	enum hook_index hook;
	enum action action;
	const struct rule *rule; /* NULL: the hook's default */
	const struct rule *logs; /* NULL: not logged */
	enum log_when log;
	/* Rules that matched and did something, in order; last, @rule. */
	VEC(const struct rule *) did;
	const struct rule *keeps; /* it needs every packet; NULL: none does */
	bool offload;
	uint64_t after_packets, after_bytes;
	const struct eligible *eligible, *exempt;
	const char *why; /* not offloaded: one phrase; NULL if it is */
	/* What translates the source, and what the destination: */
	const struct nat *nat_source, *nat_forward;
	const struct zone *masquerade; /* by the zone's own word */
	const struct zone *spoofed;    /* dropped as such by this zone */
	/*
	 * The first rule or entry that may have been met, or may not: what is
	 * known of the packet does not tell. Taken as not met; with it, another
	 * answer would have come out. NULL: there is none, the answer is sure.
	 */
	const char *unsure;
	struct span unsure_span;
	/* To what, where it is known; ports 0: they stay. */
	struct translated source, destination;
};

/*
 * Why a rule must see every packet of the connections that it touches: rows of
 * data, need.c. What is here exempts a connection from offload.
 */
struct need {
	const struct stmt_ops *ops; /* NULL: what the rule says of itself */
	const char *word;	    /* "log: every" */
	const char *why;	    /* "every packet of it is logged" */
	bool (*holds)(const struct rule *rule);
};

/* A rule that keeps connections of an eligible entry from being offloaded. */
struct cost {
	const struct rule *rule;
	const struct eligible *entry;
	const struct need *need;
};

/* Each such pair, in the order of the rules. */
void model_costs(const struct model *model,
		 void (*fn)(void *data, const struct cost *cost), void *data);
/* Where the rule says what it needs. */
struct span need_place(const struct rule *rule);
const struct need *need_at(size_t i); /* NULL past the end */
/* The first that holds, or NULL: it needs no later packets. */
const struct need *rule_need(const struct rule *rule);

void model_evaluate(const struct model *model, const struct packet *packet,
		    struct answer *answer);

/* A guard rail that stands between a packet and the rules. */
struct guard {
	const char *word; /* "syn-flood" */
	const char *text; /* what it does */
	struct span span;
};

#define GUARDS_MAX 8

/* Those that @packet meets and the policy speaks of, in order: how many. */
size_t model_guards(const struct model *model, const struct packet *packet,
		    struct guard out[GUARDS_MAX]);

bool zone_set_has(const struct zone_set *set, int zone);
/* Does it have any, the router aside? */
bool zone_set_zones(const struct zone_set *set);

/* Does it take every connection that meets its zones and matches? */
bool rule_decides(const struct rule *rule);
/* And does nothing else: no log, no count, nothing one would miss. */
bool rule_plain(const struct rule *rule);

#endif

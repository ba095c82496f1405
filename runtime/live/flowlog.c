// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of connections: see flowlog.h.
 *
 * Known connections stand in a table of chains. The kernel's number of one is
 * used again, and so is its tuple, but hardly both together: that is the key.
 */
#include "runtime/live/flowlog.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/map.h"
#include "runtime/live/stockflows.h"
#include "runtime/netlink/connections.h"

#define SLOTS_FIRST 64
/* So many policies are remembered for what they decided. */
#define POLICIES_MAX 8

struct policy {
	struct ir_record record;
	struct ir_flow_row *rows;
	size_t nrows;
};

struct flow_key {
	uint8_t source[16], destination[16];
	uint16_t sport, dport, zone;
	uint8_t family, protocol;
	uint32_t id;
};

/* What a message says. */
struct seen {
	struct connection is;
	struct module_flow flow;
};

struct known {
	struct known *next;
	struct flow_key key;
	struct module_flow flow; /* as it was seen last */
	uint64_t began;		 /* 0: before we looked */
	bool former;		 /* it was there before the first event */
	bool hardware;
	bool seen; /* by the look that is under way */
};

struct flowlog {
	struct flowlog_options options;
	struct policy policies[POLICIES_MAX]; /* the one that runs first */
	size_t npolicies;
	struct known **slots;
	size_t nslots, n, nformer;
	bool first, looking;
};

static void *take(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		out_of_memory();
	return p;
}

struct flowlog *flowlog_new(const struct flowlog_options *options)
{
	struct flowlog *log = take(1, sizeof(*log));

	log->options = *options;
	log->nslots = SLOTS_FIRST;
	log->slots = take(log->nslots, sizeof(*log->slots));
	log->first = true;
	log->looking = true;
	return log;
}

void flowlog_free(struct flowlog *log)
{
	size_t i;

	if (!log)
		return;
	for (i = 0; i < log->nslots; i++) {
		struct known *known = log->slots[i], *next;

		for (; known; known = next) {
			next = known->next;
			free(known);
		}
	}
	for (i = 0; i < log->npolicies; i++)
		free(log->policies[i].rows);
	free(log->slots);
	free(log);
}

/*
 * Policies
 */

static bool same_policy(const struct policy *policy,
			const struct ir_record *record)
{
	return policy->record.digest == record->digest &&
	       policy->record.epoch == record->epoch &&
	       policy->record.flow_mask == record->flow_mask;
}

void flowlog_policy(struct flowlog *log, const struct kernel *kernel)
{
	struct policy *first = &log->policies[0];
	size_t last = log->npolicies;

	if (!kernel->recorded || (last && same_policy(first, &kernel->record)))
		return;
	if (last == POLICIES_MAX)
		free(log->policies[--last].rows);
	memmove(first + 1, first, last * sizeof(*first));
	log->npolicies = last + 1;
	*first = (struct policy){ .record = kernel->record,
				  .nrows = kernel->flows.n };
	first->rows = take(kernel->flows.n + 1, sizeof(*first->rows));
	if (kernel->flows.n)
		memcpy(first->rows, kernel->flows.v,
		       kernel->flows.n * sizeof(*first->rows));
}

static unsigned int shift_of(uint32_t mask)
{
	return mask ? (unsigned int)__builtin_ctz(mask) : 0;
}

static bool decided_by(const struct ir_record *record, uint32_t mark)
{
	uint32_t value = (mark & record->mask) >> shift_of(record->mask);

	return value >= record->epoch && value - record->epoch < record->count;
}

static const struct policy *find_policy(const struct flowlog *log,
					uint32_t mark)
{
	size_t i;

	for (i = 0; i < log->npolicies; i++)
		if (decided_by(&log->policies[i].record, mark))
			return &log->policies[i];
	return NULL;
}

/* No bit of it is a decision. */
static bool is_nobodys(const struct flowlog *log, uint32_t mark)
{
	return !mark ||
	       (log->npolicies && !(mark & log->policies[0].record.mask));
}

/* Whose it is; what runs may have changed since it was read. */
static int policy_of(struct flowlog *log, uint32_t mark,
		     const struct policy **policy)
{
	int ret;

	*policy = find_policy(log, mark);
	if (*policy || is_nobodys(log, mark) || !log->options.learn)
		return 0;
	ret = log->options.learn(log->options.data);
	*policy = find_policy(log, mark);
	return ret;
}

static const struct ir_flow_row *row_of(const struct policy *policy,
					uint32_t mark)
{
	uint32_t mask = policy->record.flow_mask, number;
	size_t i;

	mask &= mask - 1; /* the lowest bit: offloaded */
	number = (mark & mask) >> shift_of(mask);
	for (i = 0; number && i < policy->nrows; i++)
		if (policy->rows[i].number == number)
			return &policy->rows[i];
	return NULL;
}

/*
 * Known connections
 */

static struct flow_key key_of(const struct module_flow *flow)
{
	struct flow_key key;

	memset(&key, 0, sizeof(key));
	memcpy(key.source, flow->original.source, sizeof(key.source));
	memcpy(key.destination, flow->original.destination,
	       sizeof(key.destination));
	key.sport = flow->original.sport;
	key.dport = flow->original.dport;
	key.zone = flow->zone;
	key.family = flow->family;
	key.protocol = flow->protocol;
	key.id = flow->id;
	return key;
}

static struct known **slot_of(const struct flowlog *log,
			      const struct flow_key *key)
{
	uint64_t hash = hash_bytes(HASH_INIT, key, sizeof(*key));

	return &log->slots[hash & (log->nslots - 1)];
}

static struct known **find(const struct flowlog *log,
			   const struct flow_key *key)
{
	struct known **at = slot_of(log, key);

	while (*at && memcmp(&(*at)->key, key, sizeof(*key)) != 0)
		at = &(*at)->next;
	return at;
}

static void grow(struct flowlog *log)
{
	struct known **old = log->slots, *known, *next, **at;
	size_t n = log->nslots, i;

	log->nslots = 2 * n;
	log->slots = take(log->nslots, sizeof(*log->slots));
	for (i = 0; i < n; i++) {
		for (known = old[i]; known; known = next) {
			next = known->next;
			at = slot_of(log, &known->key);
			known->next = *at;
			*at = known;
		}
	}
	free(old);
}

static struct known *add(struct flowlog *log, const struct flow_key *key)
{
	struct known *known = take(1, sizeof(*known)), **at;

	if (log->n >= log->nslots)
		grow(log);
	at = slot_of(log, key);
	known->key = *key;
	known->next = *at;
	*at = known;
	log->n++;
	return known;
}

static void forget(struct flowlog *log, struct known **at)
{
	struct known *known = *at;

	log->n--;
	log->nformer -= known->former;
	*at = known->next;
	free(known);
}

/*
 * Records
 */

static bool is_wanted(const struct flowlog *log, const struct module_flow *flow)
{
	const struct flowfilter *filter = log->options.filter;

	return !filter || (stock_flow_matches(&filter->match, flow) &&
			   flowfilter_has_id(filter, flow->id));
}

static int tell(struct flowlog *log, struct flowlog_record *record,
		const struct policy *policy)
{
	record->policy = policy->record.policy;
	record->row = row_of(policy, record->flow->mark);
	if (!record->row || !is_wanted(log, record->flow))
		return 0;
	return log->options.record(record, log->options.data);
}

static const char *reason_of(const struct seen *c)
{
	if (c->is.tcp_state == TCP_CONNTRACK_CLOSE)
		return "reset";
	if (c->is.tcp_state >= TCP_CONNTRACK_FIN_WAIT)
		return "closed";
	if (c->is.timeout)
		return "deleted";
	return c->is.status & IPS_SEEN_REPLY ? "idle" : "no answer";
}

static bool was_offloaded(const struct policy *policy, uint32_t mark)
{
	uint32_t mask = policy->record.flow_mask;

	return mark & mask & -mask;
}

static int start(struct flowlog *log, const struct seen *c,
		 const struct policy *policy, uint64_t now)
{
	struct flowlog_record record = {
		.what = FLOWLOG_START,
		.when = c->is.began ? c->is.began : now,
		.late = log->looking,
		.flow = &c->flow,
	};
	struct flow_key key = key_of(&c->flow);
	struct known *known;

	if (*find(log, &key))
		return 0;
	known = add(log, &key);
	known->flow = c->flow;
	known->began = c->is.began || log->looking ? c->is.began : now;
	known->seen = true;
	known->former = log->first;
	log->nformer += log->first;
	return log->first ? 0 : tell(log, &record, policy);
}

/* A row of a dump, or an event that is neither a start nor an end. */
static int look_at(struct flowlog *log, const struct seen *c,
		   const struct policy *policy, uint64_t now)
{
	struct flow_key key = key_of(&c->flow);
	struct known *known = *find(log, &key);

	if (!known)
		return start(log, c, policy, now);
	known->flow = c->flow;
	known->hardware |= (c->is.status & IPS_HW_OFFLOAD) != 0;
	known->seen = true;
	return 0;
}

static int end(struct flowlog *log, const struct seen *c, struct known **at,
	       const struct policy *policy, uint64_t now)
{
	struct flowlog_record record = {
		.what = FLOWLOG_END,
		.when = c->is.ended ? c->is.ended : now,
		.flow = &c->flow,
		.began = c->is.began ? c->is.began :
			 *at	     ? (*at)->began :
				       0,
		.hardware = *at && (*at)->hardware,
		.offloaded = was_offloaded(policy, c->flow.mark),
		.reason = reason_of(c),
	};

	if (*at)
		forget(log, at);
	return tell(log, &record, policy);
}

/* A policy since may have decided it again, without such a rule. */
static int see_end(struct flowlog *log, struct seen *c,
		   const struct policy *policy, uint64_t now)
{
	struct flow_key key = key_of(&c->flow);
	struct known **at = find(log, &key);

	if (*at && !(policy && row_of(policy, c->flow.mark))) {
		c->flow.mark = (*at)->flow.mark;
		policy = find_policy(log, c->flow.mark);
	}
	if (policy && row_of(policy, c->flow.mark))
		return end(log, c, at, policy, now);
	if (*at)
		forget(log, at);
	return 0;
}

/* It is no longer such a rule's, but there: what is known of it stays. */
static int look_past(struct flowlog *log, const struct seen *c)
{
	struct flow_key key = key_of(&c->flow);
	struct known *known = *find(log, &key);

	if (known)
		known->seen = true;
	return 0;
}

int flowlog_see(struct flowlog *log, const struct nlmsghdr *message,
		uint64_t now)
{
	const struct policy *policy;
	struct seen c;
	int ret;

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_CTNETLINK ||
	    !connection_read(message, &c.is))
		return 0;
	stock_of(&c.is, &c.flow);
	ret = policy_of(log, c.flow.mark, &policy);
	if (ret)
		return ret;
	if (NFNL_MSG_TYPE(message->nlmsg_type) == IPCTNL_MSG_CT_DELETE)
		return see_end(log, &c, policy, now);
	return policy && row_of(policy, c.flow.mark) ?
		       look_at(log, &c, policy, now) :
		       look_past(log, &c);
}

/*
 * Looking again
 */

void flowlog_look(struct flowlog *log)
{
	struct known *known;
	size_t i;

	log->looking = true;
	for (i = 0; i < log->nslots; i++)
		for (known = log->slots[i]; known; known = known->next)
			known->seen = false;
}

/* It is gone, and nobody said when or why. */
static int gone(struct flowlog *log, struct known **at, uint64_t now)
{
	struct known *known = *at;
	struct module_flow flow = known->flow;
	const struct policy *policy = find_policy(log, flow.mark);
	struct flowlog_record record = {
		.what = FLOWLOG_END,
		.when = now,
		.late = true,
		.flow = &flow,
		.began = known->began,
		.hardware = known->hardware,
		.offloaded = policy && was_offloaded(policy, flow.mark),
		.reason = "unnoticed",
	};

	forget(log, at);
	return policy ? tell(log, &record, policy) : 0;
}

int flowlog_looked(struct flowlog *log, uint64_t now)
{
	struct known **at;
	int ret = 0;
	size_t i;

	log->looking = false;
	log->first = false;
	for (i = 0; i < log->nslots; i++) {
		for (at = &log->slots[i]; *at && !ret;) {
			if ((*at)->seen)
				at = &(*at)->next;
			else
				ret = gone(log, at, now);
		}
	}
	return ret;
}

bool flowlog_has_former(const struct flowlog *log)
{
	return log->nformer;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Each connection is asked about once, and what is to be done is sent at once. */
#include "runtime/live/realign.h"

#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netlink.h>

#include "base/buf.h"
#include "runtime/netlink/conntrack.h"
#include "runtime/netlink/nl.h"

#define OFFLOADED (IPS_OFFLOAD | IPS_HW_OFFLOAD)
/* Requests are sent when there are so many bytes of them. */
#define REQUESTS_MAX ((size_t)1 << 20)

const char *realign_means(bool module)
{
	return module ? "flow by flow, by the kernel module" :
			"by renewing the flowtables";
}

/* Which of @n values from @epoch on it has; @n: none of them. */
static uint32_t value_of(uint32_t mark, uint32_t mask, uint32_t epoch,
			 uint32_t n)
{
	uint32_t value = mask ? (mark & mask) >> __builtin_ctz(mask) : 0;

	return value >= epoch && value - epoch < n ? value - epoch : n;
}

/* The value that the new policy's rules gave it, or as many as there are. */
static uint32_t new_value(const struct realign *f, const struct connection *c)
{
	return value_of(c->mark, f->mark->mask, f->mark->epoch, f->mark->count);
}

/* By a policy before this one, as far as its mark still tells. */
static bool was_decided(const struct realign *f, const struct connection *c)
{
	uint32_t value = new_value(f, c);

	return c->mark & f->former.mask &&
	       (value == f->mark->count || (f->former.kept && !value));
}

/* Does it stay accepted, whatever the rules say? */
static bool is_kept(const struct realign *f, const struct connection *c)
{
	const struct realign_former *former = &f->former;

	return former->kept && (!new_value(f, c) ||
				value_of(c->mark, former->mask, former->epoch,
					 former->kept) < former->kept);
}

static void ask(const struct realign *f, const struct connection *c,
		struct live_answer *answer)
{
	if (is_kept(f, c))
		live_ask_kept(f->live, c, answer);
	else
		live_ask(f->live, c, answer);
}

/* Which flowtable is its flow in? NULL: it is not known. */
static const char *was_in(const struct realign *f, const struct connection *c)
{
	const struct realign_former *former = &f->former;
	uint32_t value;

	if (former->only || !former->mask)
		return former->only;
	value = value_of(c->mark, former->mask, former->epoch, former->n);
	return value < former->n ? former->names[value] : NULL;
}

/* Is it where the policy offloads it to? */
static bool may_stay(const struct realign *f, const struct connection *c,
		     const struct live_answer *answer)
{
	const char *flowtable = was_in(f, c);

	return answer->verdict == LIVE_ACCEPTED && answer->flowtable &&
	       flowtable && !strcmp(flowtable, answer->flowtable->name);
}

static bool may_be_ended(const struct realign *f, const struct connection *c,
			 const struct live_answer *answer)
{
	return answer->verdict == LIVE_DENIED && !c->helper &&
	       !live_returns(f->live, c);
}

/*
 * Before
 */

static int look_at(const struct connection *c, void *data)
{
	struct realign *f = data;
	struct live_answer answer;

	if (f->renew.all || !was_decided(f, c))
		return 0;
	ask(f, c, &answer);
	if (!may_stay(f, c, &answer) && !may_be_ended(f, c, &answer))
		renewal_add(f->arena, &f->renew, was_in(f, c));
	return 0;
}

int realign_look(struct realign *realign)
{
	if (realign->module || !realign->former.mask || !connections_count())
		return 0;
	return connections_list_status(realign->nl, IPS_OFFLOAD, look_at,
				       realign);
}

/*
 * Behind
 */

struct bringing {
	struct realign *realign;
	struct nl *nl; /* while another one lists */
	const struct renewal *renewed;
	struct buf marks;
	int error; /* of what was sent so far */
};

static void send_marks(struct bringing *b)
{
	int ret = conntrack_send(b->nl, &b->marks);

	b->marks.n = 0;
	b->error = b->error ? b->error : ret;
}

/* It is, or was while it was known: a former policy's value may be there. */
static bool was_offloaded(const struct realign *f, const struct connection *c)
{
	uint32_t bit = f->mark->flow_mask & -f->mark->flow_mask;

	return c->status & OFFLOADED || c->mark & bit & ~f->former.mask;
}

static void bring_accepted(struct bringing *b, const struct connection *c,
			   const struct live_answer *answer)
{
	const struct ir_mark *mark = b->realign->mark;
	uint32_t flow = lower_flow_mark(live_model(b->realign->live), mark,
					answer->answer.rule,
					was_offloaded(b->realign, c));

	conntrack_put_mark(&b->marks, c,
			   (mark->epoch + answer->value) << mark->shift | flow,
			   mark->mask | mark->flow_mask);
	b->realign->moved++;
	if (b->marks.n > REQUESTS_MAX)
		send_marks(b);
}

static void renew_its(struct realign *f, const struct connection *c,
		      const struct renewal *renewed)
{
	const char *flowtable = was_in(f, c);

	/* Of a flowtable that is gone the kernel may not have told all yet. */
	if (!renewed->all && (!flowtable || !renewal_has(renewed, flowtable)))
		renewal_add(f->arena, &f->renew, flowtable);
}

static void end_it(struct realign *f, const struct connection *c)
{
	conntrack_put_end(&f->ends, c);
	f->ended++;
	if (c->status & OFFLOADED)
		renewal_add(f->arena, &f->ends_of, was_in(f, c));
}

static int bring(const struct connection *c, void *data)
{
	struct bringing *b = data;
	struct realign *f = b->realign;
	struct live_answer answer;
	bool ends;

	if (!was_decided(f, c))
		return 0;
	ask(f, c, &answer);
	ends = may_be_ended(f, c, &answer);
	if (answer.verdict == LIVE_ACCEPTED && new_value(f, c) != answer.value)
		bring_accepted(b, c, &answer);
	else if (ends)
		end_it(f, c);
	if (c->status & OFFLOADED && !f->module && !ends &&
	    !may_stay(f, c, &answer))
		renew_its(f, c, b->renewed);
	return 0;
}

int realign_bring(struct realign *realign, const struct renewal *renewed)
{
	struct bringing b = { .realign = realign, .renewed = renewed };
	int ret;

	realign->renew = (struct renewal){ 0 };
	if (!realign->former.mask || !connections_count())
		return 0;
	ret = nl_open(&b.nl, NETLINK_NETFILTER);
	if (ret)
		return ret;
	ret = connections_list(realign->nl, bring, &b);
	send_marks(&b);
	nl_close(b.nl);
	buf_free(&b.marks);
	return ret ? ret : b.error;
}

/*
 * The end
 */

struct releasing {
	const struct realign *realign;
	struct arena *arena;
	VEC(uint32_t) ids;
};

/* Where its mark says that it belongs; NULL: in none of ours. */
static const char *belongs_to(const struct realign *f, uint32_t mark)
{
	uint32_t value =
		value_of(mark, f->mark->mask, f->mark->epoch, f->mark->count);
	const struct flowtable *flowtable;

	if (value == f->mark->count)
		return NULL;
	flowtable = live_flowtable(f->live, value);
	return flowtable ? flowtable->name : NULL;
}

static int see_flow(const struct module_flow *flow, void *data)
{
	struct releasing *r = data;
	const char *name = belongs_to(r->realign, flow->mark);

	if (name && flow->table && !strcmp(flow->table, IR_TABLE) &&
	    flow->name && strcmp(flow->name, name) != 0)
		*vec_push(r->arena, &r->ids) = flow->id;
	return 0;
}

static int release_others(struct realign *realign, struct module *module)
{
	struct releasing r = { .realign = realign };
	struct module_released released;
	int ret;

	if (!module || realign->one || !realign->former.mask)
		return 0;
	r.arena = arena_new();
	ret = module_flows(module, NULL, see_flow, &r);
	if (!ret && r.ids.n)
		ret = module_release(module, NULL, r.ids.v, r.ids.n, false,
				     &released);
	arena_free(r.arena);
	return ret;
}

/* One that is offloaded cannot be ended by every kernel. */
int realign_end(struct realign *realign, struct module *module)
{
	int ret = conntrack_send(realign->nl, &realign->ends);

	realign->ends.n = 0;
	if (ret == -EBUSY) {
		if (!realign->module)
			renewal_join(realign->arena, &realign->renew,
				     &realign->ends_of);
		ret = 0;
	}
	return ret ? ret : release_others(realign, module);
}

void realign_free(struct realign *realign)
{
	buf_free(&realign->ends);
	live_close(realign->live);
}

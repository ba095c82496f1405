// SPDX-License-Identifier: GPL-2.0-only
/* What a policy has to do with a connection: see flowview.h. */
#include "runtime/live/flowview.h"

#include <inttypes.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <netinet/in.h>

#include "runtime/netlink/connections.h"

/* Does the model make the rules that run? */
static bool is_same(struct flowview *view)
{
	const struct lower_options options = {
		.epoch = view->kernel.record.epoch,
		.kernel_east = kernel_east(),
	};
	const struct ir *ir;

	if (!view->kernel.recorded)
		return false;
	ir = lower(view->arena, view->model, &options);
	return ir->digest == view->kernel.record.digest;
}

int flowview_open(struct flowview *view, struct arena *arena, struct nl *nl,
		  const struct model *model)
{
	int ret;

	*view = (struct flowview){ .arena = arena, .model = model };
	ret = kernel_read(nl, arena, &view->kernel);
	if (!ret)
		ret = ruleset_read(nl, arena, &view->ruleset);
	if (ret || !model)
		return ret;
	view->same = is_same(view);
	return live_open(arena, model, &view->live);
}

void flowview_close(struct flowview *view)
{
	live_close(view->live);
	view->live = NULL;
}

/*
 * What the mark says
 */

static bool is_decided(const struct ir_record *record, uint32_t mark)
{
	uint32_t value = (mark & record->mask) >> __builtin_ctz(record->mask);

	return value >= record->epoch && value - record->epoch < record->count;
}

static void by_mark(const struct flowview *view, const struct connection *c,
		    struct flow_seen *seen)
{
	uint32_t mask = view->kernel.record.flow_mask, number;
	size_t i;

	mask &= mask - 1; /* the lowest bit: it was offloaded */
	number = mask ? (c->mark & mask) >> __builtin_ctz(mask) : 0;
	for (i = 0; number && i < view->kernel.flows.n; i++) {
		const struct ir_flow_row *row = &view->kernel.flows.v[i];

		if (row->number != number)
			continue;
		seen->rule = row->others ? NULL : row->rule;
		seen->from = strcmp(row->from, "-") ? row->from : NULL;
		seen->to = strcmp(row->to, "-") ? row->to : NULL;
	}
}

/*
 * Why it is not offloaded
 */

/* What the kernel wants to see of a connection before it takes it. */
static const char *not_ready(const struct connection *c)
{
	if (c->helper)
		return "a helper reads it";
	if (c->original.proto != IPPROTO_TCP &&
	    c->original.proto != IPPROTO_UDP)
		return "neither TCP nor UDP";
	if (!(c->status & IPS_SEEN_REPLY))
		return "there was no reply yet";
	if (c->tcp_state > TCP_CONNTRACK_ESTABLISHED)
		return "it is closing";
	if (c->original.proto == IPPROTO_TCP && c->tcp_state &&
	    c->tcp_state < TCP_CONNTRACK_ESTABLISHED)
		return "it is not established yet";
	return NULL;
}

static const char *too_early(struct arena *arena, const struct connection *c,
			     const struct answer *answer)
{
	uint64_t packets = c->packets[0] + c->packets[1];
	uint64_t bytes = c->bytes[0] + c->bytes[1];

	if ((answer->after_packets || answer->after_bytes) && !c->has_counters)
		return "connections do not count, and \"after\" asks that";
	if (packets < answer->after_packets)
		return arena_printf(arena,
				    "%" PRIu64 " of %" PRIu64 " packets yet",
				    packets, answer->after_packets);
	if (bytes < answer->after_bytes)
		return arena_printf(arena,
				    "%" PRIu64 " of %" PRIu64 " bytes yet",
				    bytes, answer->after_bytes);
	return NULL;
}

static const struct ruleset_flowtable *find_flowtable(const struct ruleset *r,
						      const char *name)
{
	size_t i;

	for (i = 0; i < r->flowtables.n; i++)
		if (ruleset_is_ours(r->flowtables.v[i].family,
				    r->flowtables.v[i].table) &&
		    strcmp(r->flowtables.v[i].name, name) == 0)
			return &r->flowtables.v[i];
	return NULL;
}

static bool has_device(const struct ruleset_flowtable *flowtable,
		       const struct device *device)
{
	size_t i, n = strlen(device->name) - device->prefix;

	for (i = 0; i < flowtable->devices.n; i++) {
		const char *name = flowtable->devices.v[i];

		if (device->prefix ? strncmp(name, device->name, n) == 0 :
				     strcmp(name, device->name) == 0)
			return true;
	}
	return false;
}

/* A zone none of whose devices the flowtable holds. */
static const char *lacks_zone(const struct flowview *view,
			      const struct ruleset_flowtable *flowtable,
			      int zone)
{
	const struct zone *z = &view->model->zones[zone];
	size_t i;

	for (i = 0; i < z->ndevices; i++)
		if (has_device(flowtable, &z->devices[i]))
			return NULL;
	return arena_printf(view->arena,
			    "the flowtable %s holds no device of %s",
			    flowtable->name, z->name);
}

static const char *no_place(const struct flowview *view,
			    const struct live_answer *live)
{
	const struct ruleset_flowtable *flowtable;
	const char *why;

	flowtable = find_flowtable(&view->ruleset, live->flowtable->name);
	if (!flowtable)
		return arena_printf(view->arena, "there is no flowtable %s",
				    live->flowtable->name);
	why = live->from >= 0 ? lacks_zone(view, flowtable, live->from) : NULL;
	if (!why && live->to >= 0)
		why = lacks_zone(view, flowtable, live->to);
	return why;
}

static void accepted(const struct flowview *view, const struct connection *c,
		     const struct live_answer *live, struct flow_seen *seen)
{
	const struct answer *answer = &live->answer;

	if (!answer->offload) {
		seen->reason = answer->why;
		if (answer->exempt)
			seen->by = answer->exempt->name;
		else if (answer->keeps)
			seen->by = answer->keeps->name;
		return;
	}
	seen->reason = not_ready(c);
	if (!seen->reason && live->flowtable)
		seen->reason = no_place(view, live);
	if (!seen->reason)
		seen->reason = too_early(view->arena, c, answer);
	if (!seen->reason)
		seen->reason = "its next packets will be";
}

static const char *zone_name(const struct model *model, int zone)
{
	return zone >= 0	 ? model->zones[zone].name :
	       zone == ZONE_NONE ? NULL :
				   "router";
}

static void by_model(struct flowview *view, const struct connection *c,
		     struct flow_seen *seen)
{
	struct live_answer live;

	live_ask(view->live, c, &live);
	if (live.asked) {
		seen->from = zone_name(view->model, live.from);
		seen->to = zone_name(view->model, live.to);
	}
	if (live.verdict == LIVE_UNKNOWN) {
		seen->reason = live.unknown;
		return;
	}
	seen->rule = live.answer.rule ? live.answer.rule->name : "default";
	if (live.verdict == LIVE_DENIED)
		seen->reason = "the policy denies it";
	else
		accepted(view, c, &live, seen);
}

void flowview_see(struct flowview *view, const struct connection *c,
		  struct flow_seen *seen)
{
	*seen = (struct flow_seen){ 0 };
	if (view->kernel.recorded)
		by_mark(view, c, seen);
	if (view->live)
		by_model(view, c, seen);
	if (c->status & (IPS_OFFLOAD | IPS_HW_OFFLOAD)) {
		seen->offload = c->status & IPS_HW_OFFLOAD ? FLOW_HARDWARE :
							     FLOW_SOFTWARE;
		seen->reason = seen->by = NULL;
	} else if (!view->kernel.recorded) {
		seen->reason = "no policy runs";
	} else if (!is_decided(&view->kernel.record, c->mark)) {
		seen->reason = "no policy that runs decided it";
		seen->by = NULL;
	} else if (!view->live) {
		seen->reason = not_ready(c);
	}
}

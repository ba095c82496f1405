// SPDX-License-Identifier: GPL-2.0-only
/* Every live connection: see flows_live.h. */
#include "runtime/live/flows_live.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <time.h>

#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/live/flowtext.h"
#include "runtime/live/stockflows.h"
#include "runtime/netlink/connections.h"
#include "runtime/netlink/nl.h"

static const char *const offloads[] = {
	[FLOW_NOT] = "no",
	[FLOW_SOFTWARE] = "software",
	[FLOW_HARDWARE] = "hardware",
};

/* Seconds since it began, -1: not known. */
static int64_t age_of(const struct connection *c)
{
	int64_t age = (int64_t)time(NULL) - (int64_t)(c->began / 1000000000u);

	return c->began && age >= 0 ? age : -1;
}

static void put_reason(struct buf *line, const struct flow_seen *seen)
{
	if (seen->offload != FLOW_NOT) {
		buf_printf(line, " %s", offloads[seen->offload]);
		return;
	}
	buf_puts(line, " not offloaded");
	if (seen->reason)
		buf_printf(line, ": %s", seen->reason);
	if (seen->by)
		buf_printf(line, " (%s)", seen->by);
}

void flows_live_text(struct buf *line, const struct connection *c,
		     const struct flow_seen *seen)
{
	const char *from = seen->from ? seen->from : "-";
	const char *to = seen->to ? seen->to : "-";
	struct module_flow flow;
	char number[8], zones[80];

	stock_of(c, &flow);
	snprintf(zones, sizeof(zones), "%s > %s", from, to);
	buf_printf(line, "%-16s %-24s %-6s ", zones,
		   seen->rule ? seen->rule : "-",
		   flowtext_protocol(flow.protocol, number));
	flowtext_ends(line, &flow);
	flowtext_counters(line, &flow);
	if (age_of(c) >= 0)
		buf_printf(line, " age %" PRIi64 "s", age_of(c));
	buf_printf(line, " id %u", flow.id);
	put_reason(line, seen);
}

void flows_live_json(struct json *json, const struct connection *c,
		     const struct flow_seen *seen)
{
	struct module_flow flow;

	stock_of(c, &flow);
	if (seen->from)
		json_put_str(json, "from", seen->from);
	if (seen->to)
		json_put_str(json, "to", seen->to);
	if (seen->rule)
		json_put_str(json, "rule", seen->rule);
	flowtext_json(json, &flow);
	if (age_of(c) >= 0)
		json_put_u64(json, "age", (uint64_t)age_of(c));
	json_put_str(json, "offload", offloads[seen->offload]);
	if (seen->reason)
		json_put_str(json, "why", seen->reason);
	if (seen->by)
		json_put_str(json, "by", seen->by);
}

struct listing {
	struct flows_live *flows;
	struct flowview view;
};

static int list_one(const struct connection *c, void *data)
{
	struct listing *l = data;
	const struct flowfilter *filter = l->flows->filter;
	struct module_flow flow;
	struct flow_seen seen;
	struct buf line = { 0 };

	stock_of(c, &flow);
	if (!stock_flow_matches(&filter->match, &flow) ||
	    !flowfilter_has_id(filter, flow.id))
		return 0;
	flowview_see(&l->view, c, &seen);
	if (l->flows->json) {
		json_object(l->flows->json);
		flows_live_json(l->flows->json, c, &seen);
		json_end(l->flows->json);
		return 0;
	}
	flows_live_text(&line, c, &seen);
	flowtext_put_line(l->flows->out, &line);
	return 0;
}

static void warn_of_policy(struct listing *l)
{
	if (!l->view.model || l->view.same || l->flows->warned)
		return;
	l->flows->warned = true;
	report_warning(
		"the policy %s is not the one that runs: what it says of "
		"connections need not hold",
		l->view.model->name);
}

static int list(struct listing *l, struct nl *nl, struct arena *arena)
{
	const struct model *model = l->flows->policy ? l->flows->policy->model :
						       NULL;
	int ret = flowview_open(&l->view, arena, nl, model);

	if (ret)
		return ret;
	warn_of_policy(l);
	/* What came twice is the lesser evil: it is printed already. */
	ret = connections_list(nl, list_one, l);
	return ret == -EINTR ? 0 : ret;
}

int flows_live(struct flows_live *flows)
{
	const struct module_match *m = &flows->filter->match;
	struct listing l = { .flows = flows };
	struct arena *arena;
	struct nl *nl = NULL;
	int ret;

	if (m->in || m->out || m->device) {
		report_error("connections that are not offloaded have no "
			     "devices that are known");
		return EXIT_USAGE;
	}
	arena = arena_new();
	ret = nl_open(&nl, NETLINK_NETFILTER);
	if (!ret)
		ret = list(&l, nl, arena);
	if (ret)
		ret = report_failure(ret, "cannot list the connections");
	flowview_close(&l.view);
	nl_close(nl);
	arena_free(arena);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc status: how many connections live, and how many of them are offloaded.
 * Connection tracking is listed once, whatever is asked; the kernel module, if
 * it is there, knows of each flow which flowtable has it.
 */
#include <errno.h>

#include "runtime/base/report.h"
#include "runtime/tell/status.h"

/* A kernel that does not list them has none that are known. */
void status_count(struct status *s)
{
	if (zones_count(s->nl, s->arena, s->fates.zones, &s->zones))
		s->zones = (struct zones_count){ 0 };
	s->flows = s->module.module ? s->module.info.flows :
				      s->zones.hardware + s->zones.software;
}

static bool same_place(const struct status_flow *a,
		       const struct module_flow *flow)
{
	if (!a->table || !flow->table)
		return !a->table && !flow->table;
	return a->family == flow->table_family &&
	       strcmp(a->table, flow->table) == 0 &&
	       strcmp(a->name, flow->name) == 0;
}

static const char *copy(struct arena *arena, const char *s)
{
	return s ? arena_strndup(arena, s, strlen(s)) : NULL;
}

static int count_flow(const struct module_flow *flow, void *data)
{
	struct status_flows *flows = data;
	bool hardware = flow->flags & NFTOFFC_FLOW_HARDWARE;
	size_t i;

	for (i = 0; i < flows->list.n; i++) {
		struct status_flow *known = &flows->list.v[i];

		if (known->hardware == hardware && same_place(known, flow)) {
			known->n++;
			return 0;
		}
	}
	*vec_push(flows->arena, &flows->list) = (struct status_flow){
		.table = copy(flows->arena, flow->table),
		.name = copy(flows->arena, flow->name),
		.family = flow->table_family,
		.hardware = hardware,
		.n = 1,
	};
	return 0;
}

static void add_stock(struct status *s, bool hardware, size_t n)
{
	if (n)
		*vec_push(s->arena, &s->by_flowtable.list) =
			(struct status_flow){ .hardware = hardware, .n = n };
}

void status_count_by_flowtable(struct status *s)
{
	int ret = 0;

	s->by_flowtable.arena = s->arena;
	if (s->module.module) {
		ret = module_flows(s->module.module, NULL, count_flow,
				   &s->by_flowtable);
	} else {
		add_stock(s, true, s->zones.hardware);
		add_stock(s, false, s->zones.software);
	}
	if (ret && ret != -EINTR)
		report_warning("flows cannot be counted by flowtable: %s",
			       strerror(-ret));
}

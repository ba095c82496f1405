// SPDX-License-Identifier: GPL-2.0-only
/* From the compiler's result to a container: see contain.h. */
#include "runtime/state/contain.h"

#include "runtime/live/zones.h"

#define FLOWTABLE "flowtable "
#define ZONE "zone "

void contain(struct container *c, struct arena *arena, const struct ir *ir,
	     const struct model *model)
{
	struct attach_wishes wishes = attach_wishes(ir);
	size_t i;

	*c = (struct container){
		.record = ir_record_print(arena, ir),
		.rules = ir_count_rules(ir),
		.elements = ir_count_elements(ir),
		.entries = keepout_of(arena, &ir->mark, ir->mark.epoch),
	};
	/* What the kernel will tell is what was written. */
	ir_record_parse(c->record, &c->parsed);
	if (model->offload.module_required)
		*vec_push(arena, &c->needs) = CONTAIN_MODULE;
	if (ir->gated)
		*vec_push(arena, &c->needs) = CONTAIN_FW4;
	for (i = 0; i < wishes.list.n; i++)
		*vec_push(arena, &c->needs) =
			arena_printf(arena, FLOWTABLE "%s",
				     attach_line(arena, &wishes.list.v[i]));
	for (i = 0; i < model->nzones; i++)
		*vec_push(arena, &c->needs) = arena_printf(
			arena, ZONE "%s", zones_line(arena, &model->zones[i]));
}

bool contain_wishes(const struct container *c, struct arena *arena,
		    struct attach_wishes *wishes)
{
	size_t i, n = strlen(FLOWTABLE);

	*wishes = (struct attach_wishes){ 0 };
	for (i = 0; i < c->needs.n; i++)
		if (!strncmp(c->needs.v[i], FLOWTABLE, n) &&
		    !attach_parse_line(arena, str_of(c->needs.v[i] + n),
				       vec_push(arena, &wishes->list)))
			return false;
	return true;
}

const struct model *contain_zones(const struct container *c,
				  struct arena *arena)
{
	VEC(struct zone) zones = { 0 };
	size_t i, n = strlen(ZONE);

	for (i = 0; i < c->needs.n; i++)
		if (!strncmp(c->needs.v[i], ZONE, n) &&
		    !zones_parse_line(arena, str_of(c->needs.v[i] + n),
				      vec_push(arena, &zones)))
			return NULL;
	return zones.n ? zones_model(arena, zones.v, zones.n) : NULL;
}

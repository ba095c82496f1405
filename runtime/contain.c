// SPDX-License-Identifier: GPL-2.0-only
/* From the compiler's result to a container: see contain.h. */
#include "runtime/contain.h"

static size_t count_rules(const struct ir *ir)
{
	const struct ir_chain *chain;
	size_t n = 0;

	for (chain = ir->chains; chain; chain = chain->next)
		n += chain->nrules;
	return n;
}

static size_t count_elements(const struct ir *ir)
{
	const struct ir_set *set;
	size_t n = 0;

	for (set = ir->sets; set; set = set->next)
		n += set->nelems;
	return n;
}

static const char *need_flowtable(struct arena *arena,
				  const struct ir_flowtable *flowtable)
{
	const char *need = arena_printf(arena, "flowtable %s", flowtable->name);
	size_t i;

	for (i = 0; i < flowtable->ndevices; i++)
		need = arena_printf(arena, "%s %s", need,
				    flowtable->devices[i]);
	return need;
}

void contain(struct container *c, struct arena *arena, const struct ir *ir,
	     const struct model *model)
{
	const struct ir_flowtable *flowtable;

	*c = (struct container){
		.record = ir_record_print(arena, ir),
		.rules = count_rules(ir),
		.elements = count_elements(ir),
		.entries = keepout_of(arena, &ir->mark, ir->mark.epoch),
	};
	/* What the kernel will tell is what was written. */
	ir_record_parse(c->record, &c->parsed);
	if (model->offload.module_required)
		*vec_push(arena, &c->needs) = "module";
	for (flowtable = ir->flowtables; flowtable; flowtable = flowtable->next)
		*vec_push(arena, &c->needs) = need_flowtable(arena, flowtable);
}

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

#define FLOWTABLE "flowtable "

void contain(struct container *c, struct arena *arena, const struct ir *ir,
	     const struct model *model)
{
	struct attach_wishes wishes = attach_wishes(ir);
	size_t i;

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
	for (i = 0; i < wishes.list.n; i++)
		*vec_push(arena, &c->needs) =
			arena_printf(arena, FLOWTABLE "%s",
				     attach_line(arena, &wishes.list.v[i]));
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

// SPDX-License-Identifier: GPL-2.0-only
/* What differs between what was committed and what is there: see drift.h. */
#include "runtime/ruleset/drift.h"

#include "runtime/netlink/content.h"
#include "runtime/netlink/names.h"

int drift_read(struct drift *drift, struct nl *nl, struct arena *arena,
	       struct str stored, size_t elements)
{
	struct content old, now;
	struct str bytes;
	int ret;

	drift_free(drift);
	drift->changes.arena = arena;
	drift->changes.record = true;
	ret = actual_read(&drift->actual, nl, arena, stored, elements);
	if (!ret)
		ret = content_read(&old, arena, stored);
	bytes = (struct str){ drift->actual.content.p,
			      drift->actual.content.n };
	if (!ret)
		ret = content_read(&now, arena, bytes);
	if (ret)
		return ret;
	drift->known = true;
	if (drift->actual.dormant)
		changes_dormant(&drift->changes);
	changes_find(&drift->changes, &old, &now);
	return 0;
}

/* What both have. */
static struct change_devices common(struct arena *arena,
				    const struct names_flowtable *a,
				    const struct ir_flowtable *b)
{
	VEC(const char *) both = { 0 };
	size_t i;

	for (i = 0; i < a->devices.n; i++)
		if (names_have(b->devices, b->ndevices, a->devices.v[i]))
			*vec_push(arena, &both) = a->devices.v[i];
	return (struct change_devices){ both.v, both.n };
}

/*
 * The policy's that exist and were there are to be there still; one that has
 * come since may be there, another one may not.
 */
static void compare_devices(struct drift *drift, struct arena *arena,
			    const struct names_flowtable *stored,
			    const struct names_flowtable *now,
			    const struct ir_flowtable *wanted)
{
	struct change_devices old = common(arena, stored, wanted);
	VEC(const char *) there = { 0 };
	size_t i;

	for (i = 0; i < now->devices.n; i++)
		if (names_have(old.v, old.n, now->devices.v[i]) ||
		    !names_have(wanted->devices, wanted->ndevices,
				now->devices.v[i]))
			*vec_push(arena, &there) = now->devices.v[i];
	changes_devices(&drift->changes, now->name, &old,
			&(struct change_devices){ there.v, there.n });
}

static const struct names_flowtable *find(const struct names *names,
					  const char *name)
{
	size_t i;

	for (i = 0; i < names->flowtables.n; i++)
		if (!strcmp(names->flowtables.v[i].name, name))
			return &names->flowtables.v[i];
	return NULL;
}

void drift_devices(struct drift *drift, struct arena *arena, struct str stored,
		   const struct names *now, const struct ir *ir)
{
	struct names old = { .arena = arena };
	const struct ir_flowtable *wanted;

	drift->changes.arena = arena;
	names_add_batch(&old, stored.p, stored.n);
	for (wanted = ir->flowtables; wanted; wanted = wanted->next)
		if (find(&old, wanted->name) && find(now, wanted->name))
			compare_devices(drift, arena, find(&old, wanted->name),
					find(now, wanted->name), wanted);
}

void drift_free(struct drift *drift)
{
	actual_free(&drift->actual);
	*drift = (struct drift){ 0 };
}

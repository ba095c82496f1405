// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of devices. That a device says that it can and a flowtable is
 * in software all the same is what its driver's refusal looks like from here:
 * then it is software, too.
 */
#include "runtime/state/fates.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>

#include "base/json.h"
#include "runtime/state/contain.h"
#include "runtime/state/state.h"

static bool is_behind(const struct names_flowtable *now,
		      const struct attach_table *table)
{
	size_t i;

	if (now->devices.n != table->devices.n)
		return true;
	for (i = 0; i < table->devices.n; i++)
		if (!names_have(now->devices.v, now->devices.n,
				table->devices.v[i]))
			return true;
	return false;
}

static const struct names_flowtable *find(const struct names *now,
					  const char *name)
{
	size_t i;

	for (i = 0; i < now->flowtables.n; i++)
		if (strcmp(now->flowtables.v[i].name, name) == 0)
			return &now->flowtables.v[i];
	return NULL;
}

static bool is_hardware(const struct names *now, const char *name)
{
	const struct names_flowtable *f = find(now, name);

	return f && f->flags & NFT_FLOWTABLE_HW_OFFLOAD;
}

static void refuse(struct links *links, const char *device)
{
	size_t i;

	for (i = 0; i < links->list.n; i++)
		if (strcmp(links->list.v[i].name, device) == 0)
			links->list.v[i].refused = -EOPNOTSUPP;
}

/* What a table would have for hardware and has not, its drivers refused. */
static void take_for_refused(const struct names *now,
			     const struct attach *attach, struct links *links)
{
	size_t i, j;

	for (i = 0; i < attach->tables.n; i++) {
		const struct attach_table *table = &attach->tables.v[i];

		for (j = 0; table->hardware && j < table->devices.n; j++)
			if (!is_hardware(now, table->name))
				refuse(links, table->devices.v[j]);
	}
}

/* The kernel was given the rules without it (unoffload.h), or others took it. */
static void take_for_none(struct attach_table *table)
{
	size_t i;

	for (i = 0; i < table->fates.n; i++) {
		struct attach_fate *fate = &table->fates.v[i];

		if (fate->pending)
			continue;
		fate->state = ATTACH_NONE;
		fate->by = NULL;
		fate->reason = "the kernel does not have this flowtable";
	}
}

static int read_stored(struct arena *arena, struct state *state,
		       unsigned int number, struct attach_wishes *wishes,
		       struct fates *fates)
{
	struct buf head = { 0 };
	struct container c;
	int ret = state_head(state, number, arena, &head, &c);

	if (!ret && !contain_wishes(&c, arena, wishes))
		ret = -EBADMSG;
	if (!ret)
		fates->zones = contain_zones(&c, arena);
	buf_free(&head);
	return ret;
}

static void add_pending(struct arena *arena, struct fates *fates,
			const struct links *links, const char *device)
{
	if (!strchr(device, '*') && !links_find(links, device) &&
	    !names_have(fates->pending.v, fates->pending.n, device))
		*vec_push(arena, &fates->pending) = device;
}

/* A flowtable waits for devices to hold, a zone's rules for any that it has. */
static void find_pending(struct arena *arena, struct fates *fates,
			 const struct attach_wishes *wishes,
			 const struct links *links)
{
	size_t i, j;

	for (i = 0; i < wishes->list.n; i++)
		for (j = 0; j < wishes->list.v[i].devices.n; j++)
			add_pending(arena, fates, links,
				    wishes->list.v[i].devices.v[j]);
	for (i = 0; fates->zones && i < fates->zones->nzones; i++)
		for (j = 0; j < fates->zones->zones[i].ndevices; j++)
			add_pending(arena, fates, links,
				    fates->zones->zones[i].devices[j].name);
}

int fates_read(struct arena *arena, struct state *state, unsigned int number,
	       const struct names *now, struct fates *fates)
{
	const struct names_flowtable *f;
	struct attach_wishes wishes;
	struct links links;
	size_t i;
	int ret;

	*fates = (struct fates){ 0 };
	ret = read_stored(arena, state, number, &wishes, fates);
	if (!ret)
		ret = links_read(arena, &links);
	if (ret)
		return ret;
	links_ask_able(&links);
	fates->attach = attach_decide(arena, &wishes, &links);
	take_for_refused(now, &fates->attach, &links);
	fates->attach = attach_decide(arena, &wishes, &links);
	for (i = 0; i < fates->attach.tables.n; i++) {
		f = find(now, fates->attach.tables.v[i].name);
		if (f)
			fates->behind |=
				is_behind(f, &fates->attach.tables.v[i]);
		else
			take_for_none(&fates->attach.tables.v[i]);
	}
	find_pending(arena, fates, &wishes, &links);
	return 0;
}

void fates_add(struct buf *out, struct arena *arena,
	       const struct attach *attach, const char *before)
{
	const struct attach_table *table;
	size_t i, j;

	for (i = 0; i < attach->tables.n; i++) {
		table = &attach->tables.v[i];
		for (j = 0; j < table->fates.n; j++)
			buf_printf(out, "%s%s: %s: %s\n", before, table->name,
				   table->fates.v[j].device,
				   attach_describe(arena, &table->fates.v[j]));
	}
}

static void json_fate(struct json *json, const struct attach_table *table,
		      const struct attach_fate *fate)
{
	json_object(json);
	json_put_str(json, "flowtable", table->name);
	json_put_str(json, "device", fate->device);
	json_put_str(json, "state", attach_state_word(fate));
	if (!fate->pending)
		json_put_bool(json, "able", fate->able);
	if (fate->by)
		json_put_str(json, "by", fate->by);
	if (fate->reason)
		json_put_str(json, "reason", fate->reason);
	json_end(json);
}

void fates_json(struct json *json, const struct fates *fates)
{
	const struct attach_table *table;
	size_t i, j;

	json_key(json, "devices");
	json_array(json);
	for (i = 0; i < fates->attach.tables.n; i++) {
		table = &fates->attach.tables.v[i];
		for (j = 0; j < table->fates.n; j++)
			json_fate(json, table, &table->fates.v[j]);
	}
	json_end(json);
	json_key(json, "pending");
	json_array(json);
	for (i = 0; i < fates->pending.n; i++)
		json_text(json, fates->pending.v[i]);
	json_end(json);
}

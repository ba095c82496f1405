// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which flowtable each eligible entry means, and which devices each has.
 *
 *	entries without a flowtable -> "any" narrowed -> devices of "auto"
 *		-> no device in two -> each entry's devices all in its own
 *
 * What must stay true: the two devices of a connection that may be offloaded
 * are in one flowtable, the one it is added to. The kernel says nothing of a
 * device that is missing: half of the connection is offloaded, and it looks
 * offloaded. It refuses a device that is in two flowtables of a table (EEXIST)
 * when the policy is applied, long after this could be said.
 */
#include "bind.h"

/* "wlan*" stands for whatever begins like it. */
bool device_has(const struct device *a, const struct device *b)
{
	size_t n = strlen(a->name) - a->prefix;

	return a->prefix ? strncmp(a->name, b->name, n) == 0 :
			   strcmp(a->name, b->name) == 0;
}

static bool table_has(const struct flowtable *table,
		      const struct device *device)
{
	size_t i;

	for (i = 0; i < table->ndevices; i++)
		if (device_has(&table->devices[i], device))
			return true;
	return false;
}

/* The first of the zone's devices that the flowtable lacks, or NULL. */
static const struct device *lacks(const struct flowtable *table,
				  const struct zone *zone)
{
	size_t i;

	for (i = 0; i < zone->ndevices; i++)
		if (!table_has(table, &zone->devices[i]))
			return &zone->devices[i];
	return NULL;
}

static bool names_zone(const struct zone_set *set, size_t zone)
{
	return !set->any && zone_set_has(set, (int)zone);
}

/* Does @entry name this zone, not only as one of "any"? */
static bool entry_names(const struct eligible *entry, size_t zone)
{
	return names_zone(&entry->from, zone) || names_zone(&entry->to, zone);
}

/* ---- the flowtable of an entry that names none ---- */

static bool covers(const struct model *model, const struct flowtable *table,
		   const struct eligible *entry)
{
	size_t i;

	for (i = 0; i < model->nzones; i++)
		if (entry_names(entry, i) && lacks(table, &model->zones[i]))
			return false;
	return true;
}

static bool names_any(const struct model *model, const struct eligible *entry)
{
	size_t i;

	for (i = 0; i < model->nzones; i++)
		if (entry_names(entry, i))
			return true;
	return false;
}

static const char *choices(struct binder *b)
{
	const struct offload *offload = &b->model->offload;
	const char *list = "";
	size_t i;

	for (i = 0; i < offload->nflowtables; i++)
		list = arena_printf(b->arena, "%s%s\"%s\"", list,
				    i == 0			 ? "" :
				    i + 1 < offload->nflowtables ? ", " :
								   " or ",
				    offload->flowtables[i].name);
	return list;
}

static void derive(struct binder *b, struct eligible *entry)
{
	const struct offload *offload = &b->model->offload;
	const struct flowtable *found = NULL;
	struct diag *diag;
	size_t i, n = 0;

	for (i = 0; i < offload->nflowtables; i++) {
		const struct flowtable *table = &offload->flowtables[i];

		if (offload->nflowtables > 1 && !covers(b->model, table, entry))
			continue;
		found = table;
		n++;
	}
	if (n == 1) {
		entry->flowtable = found;
		return;
	}
	diag = diag_error(b->diags, entry->span, "%s",
			  !names_any(b->model, entry) ?
				  "this entry names no zone whose devices tell "
				  "which flowtable it means" :
			  n ? "more than one flowtable has the devices of "
			      "this entry's zones" :
			      "no flowtable has all the devices of this "
			      "entry's zones");
	diag_help(diag, "say which: \"flowtable\" with %s", choices(b));
}

/* ---- "any" ---- */

/* Any zone that the flowtable has: with others, half would be offloaded. */
static void narrow(struct binder *b, const struct eligible *entry,
		   struct zone_set *set, const char *side)
{
	const struct model *model = b->model;
	bool left = false;
	size_t i;

	if (!set->any)
		return;
	set->any = false;
	for (i = 0; i < model->nzones; i++)
		if (lacks(entry->flowtable, &model->zones[i]))
			set->words[i / 64] &= ~(UINT64_C(1) << (i % 64));
		else
			left = true;
	if (!left)
		diag_error(b->diags, entry->span,
			   "the flowtable \"%s\" has all the devices of no "
			   "zone, so there is none to be \"%s\"",
			   entry->flowtable->name, side);
}

static void narrow_entry(struct binder *b, struct eligible *entry)
{
	if (!entry->flowtable || entry->flowtable->devices_auto)
		return;
	narrow(b, entry, &entry->from, "from");
	narrow(b, entry, &entry->to, "to");
}

/* ---- "auto" ---- */

struct device_list {
	VEC(struct device) list;
};

static void add_device(struct binder *b, struct device_list *devices,
		       const struct device *device, struct span span)
{
	struct device *new;
	size_t i;

	for (i = 0; i < devices->list.n; i++)
		if (strcmp(devices->list.v[i].name, device->name) == 0)
			return;
	new = vec_push(b->arena, &devices->list);
	*new = *device;
	new->span = span;
}

static void add_zone(struct binder *b, struct device_list *devices,
		     const struct flowtable *table, size_t zone)
{
	const struct offload *offload = &b->model->offload;
	size_t i, j;

	for (i = 0; i < offload->neligible; i++) {
		const struct eligible *entry = &offload->eligible[i];

		if (entry->flowtable != table ||
		    (!zone_set_has(&entry->from, (int)zone) &&
		     !zone_set_has(&entry->to, (int)zone)))
			continue;
		for (j = 0; j < b->model->zones[zone].ndevices; j++)
			add_device(b, devices,
				   &b->model->zones[zone].devices[j],
				   entry->span);
	}
}

static void find_devices(struct binder *b, struct flowtable *table)
{
	struct device_list devices = { 0 };
	size_t i;

	for (i = 0; i < b->model->nzones; i++)
		add_zone(b, &devices, table, i);
	table->devices = devices.list.v;
	table->ndevices = devices.list.n;
}

/* ---- what the kernel would refuse, or do in silence ---- */

static void in_two(struct binder *b, const struct flowtable *first,
		   const struct device *x, const struct flowtable *second,
		   const struct device *y)
{
	struct diag *diag;

	diag = diag_error(b->diags, y->span,
			  "the device \"%s\" is in the flowtable \"%s\", and "
			  "so cannot be in \"%s\"",
			  y->name, first->name, second->name);
	diag_note(diag, x->span,
		  first->devices_auto ? "this entry takes it there" :
					"it is put there here");
	diag_help(diag, "a device can be in one flowtable: zones between which "
			"connections are offloaded share theirs");
}

static void compare_tables(struct binder *b, const struct flowtable *first,
			   const struct flowtable *second)
{
	size_t i, j;

	for (j = 0; j < second->ndevices; j++)
		for (i = 0; i < first->ndevices; i++) {
			const struct device *x = &first->devices[i];
			const struct device *y = &second->devices[j];

			if (!device_has(x, y) && !device_has(y, x))
				continue;
			in_two(b, first, x, second, y);
			break;
		}
}

static void check_apart(struct binder *b)
{
	const struct offload *offload = &b->model->offload;
	size_t i, j;

	for (j = 1; j < offload->nflowtables; j++)
		for (i = 0; i < j; i++)
			compare_tables(b, &offload->flowtables[i],
				       &offload->flowtables[j]);
}

static void not_covered(struct binder *b, const struct eligible *entry,
			const struct zone *zone, const struct device *device)
{
	const char *which = b->model->offload.named ?
				    arena_printf(b->arena, " \"%s\"",
						 entry->flowtable->name) :
				    "";
	struct diag *diag;

	diag = diag_error(b->diags, entry->span,
			  "the flowtable%s lacks the device \"%s\" of the "
			  "eligible zone \"%s\"",
			  which, device->name, zone->name);
	diag_note(diag, device->span, "the device is named here");
	diag_help(diag, "add it under \"devices\", or write \"devices: auto\"");
}

static void check_covered(struct binder *b, const struct eligible *entry)
{
	size_t i, j;

	for (i = 0; i < b->model->nzones; i++) {
		const struct zone *zone = &b->model->zones[i];

		for (j = 0; entry_names(entry, i) && j < zone->ndevices; j++)
			if (!table_has(entry->flowtable, &zone->devices[j]))
				not_covered(b, entry, zone, &zone->devices[j]);
	}
}

static void check_used(struct binder *b, const struct flowtable *table)
{
	const struct offload *offload = &b->model->offload;
	size_t i;

	for (i = 0; i < offload->neligible; i++)
		if (offload->eligible[i].flowtable == table)
			return;
	diag_warning(b->diags, table->span,
		     "no entry makes connections eligible for the flowtable "
		     "\"%s\"",
		     table->name);
}

static void each_entry(struct binder *b,
		       void (*fn)(struct binder *b, struct eligible *entry))
{
	struct offload *offload = &b->model->offload;
	size_t i;

	for (i = 0; i < offload->neligible; i++)
		fn(b, &offload->eligible[i]);
}

static void derive_if_none(struct binder *b, struct eligible *entry)
{
	if (!entry->flowtable)
		derive(b, entry);
}

void check_flowtables(struct binder *b)
{
	struct offload *offload = &b->model->offload;
	size_t i;

	each_entry(b, derive_if_none);
	if (offload->named)
		each_entry(b, narrow_entry);
	for (i = 0; i < offload->nflowtables; i++)
		if (offload->flowtables[i].devices_auto)
			find_devices(b, &offload->flowtables[i]);
	check_apart(b);
	for (i = 0; i < offload->neligible; i++)
		if (offload->eligible[i].flowtable)
			check_covered(b, &offload->eligible[i]);
	for (i = 0; offload->named && i < offload->nflowtables; i++)
		check_used(b, &offload->flowtables[i]);
}

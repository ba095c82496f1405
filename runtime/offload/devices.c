// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which network devices there are. A device that appears or leaves a moment
 * after it was looked for is a race that the kernel settles: the transaction
 * is refused whole.
 */
#include "runtime/offload/devices.h"

#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>

#include "base/diag.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int devices_read(struct arena *arena, struct devices *devices)
{
	size_t i;
	int ret;

	*devices = (struct devices){ 0 };
	ret = links_read(arena, &devices->links);
	for (i = 0; !ret && i < devices->links.list.n; i++)
		*vec_push(arena, &devices->names) =
			devices->links.list.v[i].name;
	return ret;
}

bool devices_has(const struct devices *devices, const char *name)
{
	return devices->names.n &&
	       bsearch(&name, devices->names.v, devices->names.n, sizeof(name),
		       compare_names);
}

bool devices_named(struct str name, struct str pattern)
{
	if (pattern.n && pattern.p[pattern.n - 1] == '*')
		return name.n >= pattern.n - 1 &&
		       memcmp(name.p, pattern.p, pattern.n - 1) == 0;
	return str_eq(name, pattern);
}

static bool is_named_any(const char *name, const char *const *patterns,
			 size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (devices_named(str_of(name), str_of(patterns[i])))
			return true;
	return false;
}

static void resolve_one(struct ir *ir, struct ir_flowtable *flowtable,
			const struct devices *devices)
{
	VEC(const char *) found = { 0 };
	size_t i;

	for (i = 0; i < devices->names.n; i++)
		if (is_named_any(devices->names.v[i], flowtable->devices,
				 flowtable->ndevices))
			*vec_push(ir->arena, &found) = devices->names.v[i];
	flowtable->devices = found.v;
	flowtable->ndevices = found.n;
}

/* The names that the patterns of all flowtables stand for, made up. */
static void imagine_one(struct ir *ir, struct ir_flowtable *flowtable,
			struct devices *devices)
{
	const char *pattern;
	size_t i, n;

	for (i = 0; i < flowtable->ndevices; i++) {
		pattern = flowtable->devices[i];
		n = strlen(pattern);
		if (n && pattern[n - 1] == '*')
			pattern = arena_printf(ir->arena, "%.*s0", (int)n - 1,
					       pattern);
		*vec_push(ir->arena, &devices->names) = pattern;
	}
}

void devices_imagine(struct ir *ir)
{
	struct ir_flowtable *flowtable;
	struct devices devices = { 0 }, unique = { 0 };
	size_t i;

	for (flowtable = ir->flowtables; flowtable; flowtable = flowtable->next)
		imagine_one(ir, flowtable, &devices);
	if (devices.names.n)
		qsort(devices.names.v, devices.names.n,
		      sizeof(*devices.names.v), compare_names);
	for (i = 0; i < devices.names.n; i++)
		if (!i || strcmp(devices.names.v[i], devices.names.v[i - 1]))
			*vec_push(ir->arena, &unique.names) =
				devices.names.v[i];
	for (flowtable = ir->flowtables; flowtable; flowtable = flowtable->next)
		resolve_one(ir, flowtable, &unique);
}

static bool has_all(const struct ir_flowtable *flowtable,
		    const struct names_flowtable *found)
{
	size_t i;

	if (flowtable->ndevices != found->devices.n)
		return false;
	/* What has no device is not changed from one to the other. */
	if (flowtable->ndevices &&
	    flowtable->hardware != !!(found->flags & NFT_FLOWTABLE_HW_OFFLOAD))
		return false;
	for (i = 0; i < found->devices.n; i++)
		if (!is_named_any(found->devices.v[i], flowtable->devices,
				  flowtable->ndevices))
			return false;
	return true;
}

bool devices_match(const struct ir *ir, const struct names *names)
{
	const struct ir_flowtable *flowtable;
	size_t i;

	for (flowtable = ir->flowtables; flowtable;
	     flowtable = flowtable->next) {
		for (i = 0; i < names->flowtables.n; i++)
			if (strcmp(flowtable->name,
				   names->flowtables.v[i].name) == 0)
				break;
		if (i == names->flowtables.n ||
		    !has_all(flowtable, &names->flowtables.v[i]))
			return false;
	}
	return true;
}

static bool is_present(const struct devices *devices,
		       const struct device *device)
{
	return device->prefix || devices_has(devices, device->name);
}

static void require(struct diags *diags, const struct zone *zone,
		    const struct devices *devices)
{
	const struct device *device;
	struct diag *diag;
	size_t i;

	for (i = 0; zone->required && i < zone->ndevices; i++) {
		device = &zone->devices[i];
		if (is_present(devices, device))
			continue;
		diag = diag_error(diags, device->span,
				  "device %s does not exist, and zone %s "
				  "requires it",
				  device->name, zone->name);
		diag_help(diag, "bring it up, or leave out `required`");
	}
}

void devices_require(struct diags *diags, const struct model *model,
		     const struct devices *devices)
{
	size_t i;

	for (i = 0; i < model->nzones; i++)
		require(diags, &model->zones[i], devices);
}

static const struct device *find_device(const struct device *list, size_t n,
					const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

/* Where the policy names it: for its offload, else in a zone. */
static struct span device_span(const struct model *model, const char *name)
{
	const struct offload *offload = &model->offload;
	const struct device *device = NULL;
	size_t i;

	for (i = 0; !device && i < offload->nflowtables; i++)
		if (!offload->flowtables[i].devices_auto)
			device = find_device(offload->flowtables[i].devices,
					     offload->flowtables[i].ndevices,
					     name);
	for (i = 0; !device && i < model->nzones; i++)
		device = find_device(model->zones[i].devices,
				     model->zones[i].ndevices, name);
	return device ? device->span : model->offload.span;
}

static void warn_pending(struct diags *diags, const struct model *model,
			 const char *name)
{
	struct diag *diag;

	diag = diag_warning(diags, device_span(model, name),
			    "device %s is pending: it does not exist", name);
	diag_help(diag, "nothing through it is offloaded until it exists and "
			"'nftoffc watch' attaches it");
}

void devices_pending(struct diags *diags, const struct model *model,
		     const struct attach *attach)
{
	const struct attach_table *table;
	size_t i, j;

	for (i = 0; i < attach->tables.n; i++) {
		table = &attach->tables.v[i];
		for (j = 0; j < table->fates.n; j++)
			if (table->fates.v[j].pending)
				warn_pending(diags, model,
					     table->fates.v[j].device);
	}
}

static const char kernel_needs[] =
	"the kernel needs CONFIG_NF_FLOW_TABLE, CONFIG_NF_FLOW_TABLE_INET and "
	"CONFIG_NFT_FLOW_OFFLOAD (the modules nf_flow_table_inet and "
	"nft_flow_offload)";

/* Says so of the first flowtable whose mode is not `auto`. */
static bool insists(struct diags *diags, const struct offload *offload)
{
	size_t i;

	for (i = 0; i < offload->nflowtables; i++) {
		const struct flowtable *table = &offload->flowtables[i];

		if (table->mode == OFFLOAD_AUTO)
			continue;
		diag_help(diag_error(diags, table->mode_span,
				     "this kernel cannot offload flows, and "
				     "the policy insists on it"),
			  "%s; or write `mode: auto`", kernel_needs);
		return true;
	}
	return false;
}

void devices_without_offload(struct diags *diags, struct model *model)
{
	struct offload *offload = &model->offload;

	if (insists(diags, offload))
		return;
	diag_help(diag_warning(diags, offload->span,
			       "this kernel cannot offload flows: the policy "
			       "is applied without"),
		  "%s; apply the policy again then", kernel_needs);
	offload->nflowtables = 0;
	offload->neligible = 0;
}

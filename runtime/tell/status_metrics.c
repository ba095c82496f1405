// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc status --prometheus: base units, counters end in _total, what is
 * words is a label of a sample of 1. A family without samples is left out.
 */
#include <inttypes.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>

#include "runtime/base/promtext.h"
#include "runtime/tell/status.h"

static void put_hex(struct prom *prom, const char *key, uint64_t n)
{
	char text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, n);
	prom_label(prom, key, text);
}

static void put_policy(struct prom *prom, const struct status *s)
{
	const struct ir_record *record = &s->kernel.record;
	char number[16];

	prom_one(prom, "nftoffc_policy_running", PROM_GAUGE,
		 "Whether a policy runs.", s->kernel.recorded);
	if (!s->kernel.recorded)
		return;
	snprintf(number, sizeof(number), "%u", s->stored.number);
	prom_family(prom, "nftoffc_policy_info", PROM_GAUGE,
		    "The policy that runs, and its generation in the state "
		    "directory.");
	prom_label(prom, "policy", record->policy);
	put_hex(prom, "digest", record->digest);
	prom_label(prom, "generation", number);
	prom_value(prom, 1);
	if (s->stored.created)
		prom_one(prom, "nftoffc_policy_applied_timestamp_seconds",
			 PROM_GAUGE, "When it was applied, since 1970.",
			 s->stored.created);
	if (!s->unread) {
		prom_one(prom, "nftoffc_policy_changed", PROM_GAUGE,
			 "Whether another program changed what was applied.",
			 s->condition == STATUS_CHANGED);
		prom_one(prom, "nftoffc_policy_unconfirmed", PROM_GAUGE,
			 "Whether the policy waits to be confirmed.",
			 s->guard.end == GUARD_WAITS);
	}
	prom_one(prom, "nftoffc_rules", PROM_GAUGE,
		 "Rules of the table inet nftoffc.", s->kernel.names.nrules);
	prom_one(prom, "nftoffc_mark_values", PROM_GAUGE,
		 "Values of the connection mark that the policy uses.",
		 record->count);
}

static const char *mode_of(uint32_t flags)
{
	return flags & NFT_FLOWTABLE_HW_OFFLOAD ? "hardware" : "software";
}

static void put_flowtables(struct prom *prom, const struct status *s)
{
	size_t i;

	if (!s->ruleset.flowtables.n)
		return;
	prom_family(prom, "nftoffc_flowtable_devices", PROM_GAUGE,
		    "Devices that a flowtable has, of any table.");
	for (i = 0; i < s->ruleset.flowtables.n; i++) {
		const struct ruleset_flowtable *f = &s->ruleset.flowtables.v[i];

		prom_label(prom, "family", ruleset_family(f->family));
		prom_label(prom, "table", f->table);
		prom_label(prom, "flowtable", f->name);
		prom_label(prom, "mode", mode_of(f->flags));
		prom_value(prom, f->devices.n);
	}
}

static void put_flows(struct prom *prom, const struct status *s)
{
	const struct status_flows *flows = &s->by_flowtable;
	size_t i;

	if (!flows->list.n)
		return;
	prom_family(prom, "nftoffc_flows", PROM_GAUGE,
		    "Connections that are offloaded; without the kernel module "
		    "nobody knows to which flowtable.");
	for (i = 0; i < flows->list.n; i++) {
		const struct status_flow *flow = &flows->list.v[i];

		if (flow->table) {
			prom_label(prom, "family",
				   ruleset_family(flow->family));
			prom_label(prom, "table", flow->table);
			prom_label(prom, "flowtable", flow->name);
		}
		prom_label(prom, "mode",
			   flow->hardware ? "hardware" : "software");
		prom_value(prom, flow->n);
	}
}

static void put_device(struct prom *prom, const char *flowtable,
		       const struct attach_fate *fate)
{
	prom_label(prom, "flowtable", flowtable);
	prom_label(prom, "device", fate->device);
	prom_label(prom, "state", attach_state_word(fate));
	prom_value(prom, 1);
}

static void put_devices(struct prom *prom, const struct status *s)
{
	const struct attach *attach = &s->fates.attach;
	size_t i, j, n = 0;

	if (!s->stored.number)
		return;
	prom_one(prom, "nftoffc_devices_pending", PROM_GAUGE,
		 "Devices that the policy names and that do not exist.",
		 s->fates.pending.n);
	for (i = 0; i < attach->tables.n; i++) {
		const struct attach_table *table = &attach->tables.v[i];

		for (j = 0; j < table->fates.n; j++) {
			if (!n++)
				prom_family(prom, "nftoffc_device_info",
					    PROM_GAUGE,
					    "What becomes of a device that the "
					    "policy names for its offload.");
			put_device(prom, table->name, &table->fates.v[j]);
		}
	}
}

static void put_connection(struct prom *prom, const struct zones_pair *pair,
			   const char *how, size_t n)
{
	if (!n)
		return;
	if (pair->from)
		prom_label(prom, "from", pair->from);
	if (pair->to)
		prom_label(prom, "to", pair->to);
	prom_label(prom, "offload", how);
	prom_value(prom, n);
}

static void put_zones(struct prom *prom, const struct status *s)
{
	size_t i;

	if (!s->fates.zones || !s->zones.pairs.n)
		return;
	prom_family(prom, "nftoffc_connections", PROM_GAUGE,
		    "Connections that live, by the zones they go from and to.");
	for (i = 0; i < s->zones.pairs.n; i++) {
		const struct zones_pair *pair = &s->zones.pairs.v[i];

		put_connection(prom, pair, "hardware", pair->hardware);
		put_connection(prom, pair, "software", pair->software);
		put_connection(prom, pair, "no", pair->others);
	}
}

/* Of counters, or of quotas. */
static bool has(const struct status *s, bool quota)
{
	size_t i;

	for (i = 0; i < s->tallies.list.n; i++)
		if (s->tallies.list.v[i].quota == quota)
			return true;
	return false;
}

static void put_tallies(struct prom *prom, const struct status *s, bool quota,
			size_t offset, const char *family, enum prom_type type,
			const char *help)
{
	size_t i;

	if (!has(s, quota))
		return;
	prom_family(prom, family, type, help);
	for (i = 0; i < s->tallies.list.n; i++) {
		const struct tally *t = &s->tallies.list.v[i];

		if (t->quota != quota)
			continue;
		prom_label(prom, quota ? "quota" : "counter", t->name);
		prom_value(prom, *(const uint64_t *)((const char *)t + offset));
	}
}

static void put_all_tallies(struct prom *prom, const struct status *s)
{
	put_tallies(prom, s, false, offsetof(struct tally, packets),
		    "nftoffc_counter_packets_total", PROM_COUNTER,
		    "Packets that a named counter of the policy has seen.");
	put_tallies(prom, s, false, offsetof(struct tally, bytes),
		    "nftoffc_counter_bytes_total", PROM_COUNTER,
		    "Bytes that a named counter of the policy has seen.");
	put_tallies(prom, s, true, offsetof(struct tally, bytes),
		    "nftoffc_quota_used_bytes", PROM_GAUGE,
		    "Bytes that a quota of the policy has seen.");
	put_tallies(prom, s, true, offsetof(struct tally, most),
		    "nftoffc_quota_limit_bytes", PROM_GAUGE,
		    "Bytes that a quota of the policy lets pass.");
}

static void put_module(struct prom *prom, const struct status *s)
{
	const struct module_info *info = &s->module.info;

	prom_one(prom, "nftoffc_module_loaded", PROM_GAUGE,
		 "Whether the kernel module is there and used.",
		 s->module.module != NULL);
	if (!s->module.module)
		return;
	prom_one(prom, "nftoffc_module_agrees", PROM_GAUGE,
		 "Whether it keeps out what the rules that run say.",
		 s->agrees);
	prom_one(prom, "nftoffc_module_entries", PROM_GAUGE,
		 "Entries that say what is kept out.", info->entries_now);
	prom_one(prom, "nftoffc_module_kept_out_total", PROM_COUNTER,
		 "Connections that were kept out of flowtables.",
		 info->kept_out);
	prom_one(prom, "nftoffc_module_released_total", PROM_COUNTER,
		 "Flows that were taken back to the rules.", info->released);
}

void status_metrics(const struct status *s, struct buf *out)
{
	struct prom prom = { .out = out };

	prom_family(&prom, "nftoffc_build_info", PROM_GAUGE, "The program.");
	prom_label(&prom, "version", NFTOFFC_VERSION);
	prom_value(&prom, 1);
	put_policy(&prom, s);
	prom_one(&prom, "nftoffc_ruleset_generation", PROM_GAUGE,
		 "The kernel's number of what all tables hold.",
		 s->kernel.genid);
	put_flowtables(&prom, s);
	put_devices(&prom, s);
	put_flows(&prom, s);
	put_zones(&prom, s);
	put_all_tallies(&prom, s);
	put_module(&prom, s);
}

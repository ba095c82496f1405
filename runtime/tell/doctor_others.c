// SPDX-License-Identifier: GPL-2.0-only
/* doctor: what else on this machine has a say in what is forwarded. */
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "ir/fw4.h"
#include "runtime/base/files.h"
#include "runtime/tell/doctor.h"
#include "runtime/tell/fw4_status.h"

/*
 * Flowtables
 */

/* A device that both have; with no policy that offloads, its first. */
static const char *shared_device(const struct doctor *d,
				 const struct ruleset_flowtable *f)
{
	size_t i;

	for (i = 0; i < f->devices.n; i++)
		if (!d->kernel.recorded ||
		    doctor_offloads(d, f->devices.v[i], NULL))
			return f->devices.v[i];
	return NULL;
}

static bool is_guarded(const struct doctor *d)
{
	return d->module.module && d->kernel.recorded &&
	       twophase_agrees(&d->module, &d->kernel.record);
}

static const char *owner_help(const struct ruleset_flowtable *f)
{
	if (strcmp(f->table, "fw4") == 0)
		return "load the kernel module, or turn fw4's own off: " FW4_OFFLOAD_OFF;
	return "load the kernel module, or take the device out of the other";
}

static void check_owner(struct doctor *d, const struct ruleset_flowtable *f)
{
	const char *device = shared_device(d, f);

	if (!device)
		return;
	if (is_guarded(d))
		doctor_ok(d,
			  "table %s %s has the flowtable %s with %s, too; the "
			  "kernel module keeps out what the policy does not "
			  "offload",
			  ruleset_family(f->family), f->table, f->name, device);
	else
		doctor_warn(d, owner_help(f),
			    "table %s %s has the flowtable %s with %s, too: it "
			    "can offload what a policy keeps",
			    ruleset_family(f->family), f->table, f->name,
			    device);
}

void doctor_owners(struct doctor *d)
{
	size_t i, before = d->findings.n;

	if (d->no_nftables)
		return;
	for (i = 0; i < d->ruleset.flowtables.n; i++) {
		const struct ruleset_flowtable *f = &d->ruleset.flowtables.v[i];

		if (!ruleset_is_ours(f->family, f->table))
			check_owner(d, f);
	}
	if (d->findings.n == before)
		doctor_ok(d, "no other table offloads over these devices");
}

/*
 * Rules
 */

/* A packet must pass its hooks and ours: whoever drops it has the last word. */
static bool decides(const struct ruleset_chain *c)
{
	if (ruleset_is_ours(c->family, c->table) ||
	    strcmp(c->type, "filter") != 0)
		return false;
	if (c->family != NFPROTO_INET && c->family != NFPROTO_IPV4 &&
	    c->family != NFPROTO_IPV6)
		return false;
	return c->hook == NF_INET_LOCAL_IN || c->hook == NF_INET_FORWARD ||
	       c->hook == NF_INET_LOCAL_OUT;
}

static bool same_table(const struct ruleset_chain *a,
		       const struct ruleset_chain *b)
{
	return a->family == b->family && strcmp(a->table, b->table) == 0;
}

static bool is_first_of_table(const struct doctor *d, size_t index)
{
	const struct ruleset_chain *chains = d->ruleset.chains.v;
	size_t i;

	for (i = 0; i < index; i++)
		if (decides(&chains[i]) &&
		    same_table(&chains[i], &chains[index]))
			return false;
	return true;
}

/* Rules of the older interface, where its modules are loaded. */
static void check_legacy(struct doctor *d, const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	char table[64];

	if (!file)
		return;
	while (fgets(table, sizeof(table), file)) {
		table[strcspn(table, "\n")] = '\0';
		if (strcmp(table, "filter") == 0)
			doctor_warn(
				d,
				"see what its own program lists; its rules pass a "
				"packet only together with the policy",
				"%s has a table filter of its own", name);
	}
	fclose(file);
}

static void check_filter(struct doctor *d, const struct ruleset_chain *c)
{
	/* of "mode: fw4": OpenWrt's own is then meant to decide */
	bool beside = ruleset_is_beside_fw4(&d->ruleset);

	if (beside && !strcmp(c->table, FW4_TABLE))
		doctor_ok(d, "fw4 decides, as the policy says");
	else if (!d->kernel.recorded)
		doctor_ok(d, "table %s %s filters; no policy runs",
			  ruleset_family(c->family), c->table);
	else
		doctor_warn(d,
			    "a packet must be let pass by both: leave only "
			    "what the policy does not say",
			    "table %s %s filters, too (chain %s, priority %d)",
			    ruleset_family(c->family), c->table, c->name,
			    c->priority);
}

void doctor_firewalls(struct doctor *d)
{
	size_t i, before = d->findings.n;

	for (i = 0; i < d->ruleset.chains.n; i++)
		if (decides(&d->ruleset.chains.v[i]) && is_first_of_table(d, i))
			check_filter(d, &d->ruleset.chains.v[i]);
	check_legacy(d, "/proc/net/ip_tables_names", "iptables");
	check_legacy(d, "/proc/net/ip6_tables_names", "ip6tables");
	if (d->findings.n == before && !d->no_nftables)
		doctor_ok(d, "no other rules decide of packets");
}

static void fw4_finding(struct doctor *d, const struct fw4_line *line)
{
	if (line->shut)
		doctor_error(d, line->help, "%s: %s", line->what, line->text);
	else if (line->help)
		doctor_warn(d, line->help, "%s: %s", line->what, line->text);
}

/* Where nothing stands beside fw4 there is nothing to say. */
void doctor_fw4(struct doctor *d)
{
	size_t i, before = d->findings.n;
	struct fw4_lines lines;
	struct openwrt files;

	openwrt_init(&files, d->arena, d->root);
	if (d->no_nftables || !ruleset_is_beside_fw4(&d->ruleset) ||
	    !files_exist(files.firewall) || !fw4_examine(&files, &lines))
		return;
	for (i = 0; i < lines.v.n; i++)
		fw4_finding(d, &lines.v.v[i]);
	if (d->findings.n == before)
		doctor_ok(d, "it calls nftoffc, and marks what it sees");
}

void doctor_bridges(struct doctor *d)
{
	static const char *const files[] = {
		"/proc/sys/net/bridge/bridge-nf-call-iptables",
		"/proc/sys/net/bridge/bridge-nf-call-ip6tables",
	};
	bool on = false;
	size_t i;

	for (i = 0; i < 2; i++)
		on |= doctor_sysctl(files[i]) > 0;
	if (on)
		doctor_warn(d,
			    "sysctl net.bridge.bridge-nf-call-iptables=0 "
			    "net.bridge.bridge-nf-call-ip6tables=0",
			    "br_netfilter sends what is only bridged through "
			    "the policy's rules, too");
	else
		doctor_ok(d, "what is only bridged does not pass the rules");
}

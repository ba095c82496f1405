// SPDX-License-Identifier: GPL-2.0-only
/* The table of checks, and those that ask the kernel itself: see doctor.h. */
#include "runtime/tell/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "runtime/netlink/conntrack.h"
#include "runtime/trial/scratch.h"

/*
 * Findings
 */

static void add(struct doctor *d, enum finding_level level, const char *help,
		const char *fmt, va_list args)
{
	struct buf text = { 0 };

	buf_vprintf(&text, fmt, args);
	*vec_push(d->arena, &d->findings) = (struct finding){
		.check = d->check->name,
		.level = level,
		.text = arena_strndup(d->arena, text.p, text.n),
		.help = help,
	};
	buf_free(&text);
}

void doctor_ok(struct doctor *d, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(d, FINDING_OK, NULL, fmt, args);
	va_end(args);
}

void doctor_warn(struct doctor *d, const char *help, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(d, FINDING_WARNING, help, fmt, args);
	va_end(args);
}

void doctor_error(struct doctor *d, const char *help, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(d, FINDING_ERROR, help, fmt, args);
	va_end(args);
}

long doctor_sysctl(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[32];
	long value = -1;

	if (!file)
		return -1;
	if (fgets(line, sizeof(line), file))
		value = strtol(line, NULL, 10);
	fclose(file);
	return value;
}

bool doctor_offloads(const struct doctor *d, const char *device, bool *hardware)
{
	bool found = false;
	size_t i, j;

	for (i = 0; i < d->ruleset.flowtables.n; i++) {
		const struct ruleset_flowtable *f = &d->ruleset.flowtables.v[i];

		if (!ruleset_is_ours(f->family, f->table))
			continue;
		for (j = 0; j < f->devices.n; j++) {
			if (strcmp(f->devices.v[j], device) != 0)
				continue;
			found = true;
			if (hardware)
				*hardware |= f->flags &
					     NFT_FLOWTABLE_HW_OFFLOAD;
		}
	}
	return found;
}

/*
 * The kernel
 */

static void check_kernel(struct doctor *d)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) ||
	    sscanf(name.release, "%u.%u", &major, &minor) != 2) {
		doctor_warn(d, NULL, "the kernel does not tell its version");
		return;
	}
	if (major < 5 || (major == 5 && minor < 10))
		doctor_warn(d,
			    "Linux 6.1 and 6.12 are what nftoffc is tried on",
			    "%s %s is older than any that was tried",
			    name.sysname, name.release);
	else
		doctor_ok(d, "%s %s", name.sysname, name.release);
}

static void check_nftables(struct doctor *d)
{
	if (d->no_nftables == -EPERM)
		doctor_error(d, "run it as root: the rest is not known without",
			     "what runs cannot be read without CAP_NET_ADMIN");
	else if (d->no_nftables)
		doctor_error(d,
			     "it needs CONFIG_NF_TABLES (the module "
			     "nf_tables)",
			     "nf_tables does not answer: %s",
			     strerror(-d->no_nftables));
	else if (d->kernel.recorded)
		doctor_ok(d, "the policy %s runs", d->kernel.record.policy);
	else if (d->kernel.names.exists)
		doctor_warn(d, "apply a policy: it takes the table's place",
			    "table inet " IR_TABLE
			    " is not of nftoffc's making");
	else
		doctor_ok(d, "no policy runs");
}

/* The least that offloads. */
static struct ir *least_rules(struct arena *arena)
{
	static const char *devices[] = { "doctor0", "doctor1" };
	const struct span nowhere = { 0 };
	struct ir *ir = ir_new(arena, "doctor");
	struct ir_flowtable *flowtable;
	struct ir_chain *chain;
	struct ir_build b = ir_build(ir);

	flowtable = ir_flowtable_add(ir, "fast", nowhere);
	flowtable->devices = devices;
	flowtable->ndevices = 2;
	chain = ir_chain_add(ir, "forward", nowhere);
	chain->type = "filter";
	chain->hook = IR_HOOK_FORWARD;
	chain->priority_text = "filter";
	ir_is(&b, KEY_L4PROTO, IPPROTO_TCP);
	ir_stmt(&b, &stmt_flow_add)->flowtable = flowtable->name;
	ir_rule_add(&b, chain, nowhere, NULL);
	return ir;
}

static void check_flowtables(struct doctor *d)
{
	static const char needs[] =
		"it needs CONFIG_NF_FLOW_TABLE, NF_FLOW_TABLE_INET and "
		"NFT_FLOW_OFFLOAD";
	const struct batch_options options = { 0 };
	struct nl_errors errors = { .arena = d->arena };
	const struct ir *ir = least_rules(d->arena);
	struct batch batch = { 0 };
	enum scratch_step step = SCRATCH_NETLINK;
	int ret, error = 0;

	ret = batch_build(&batch, ir, &options);
	if (!ret)
		step = scratch_try(ir, &batch, &errors, &error);
	batch_free(&batch);
	if (step != SCRATCH_DONE)
		doctor_warn(d, scratch_help(step), "cannot be tried: %s: %s",
			    scratch_phrase(step), strerror(-error));
	else if (errors.list.n)
		doctor_error(d, needs, "this kernel refuses a flowtable: %s",
			     strerror(-errors.list.v[0].error));
	else
		doctor_ok(d, "this kernel takes flowtables, and rules that add "
			     "to them");
}

/*
 * Connections
 */

static void check_conntrack(struct doctor *d)
{
	size_t n;
	int ret;

	if (d->no_nftables)
		return;
	ret = conntrack_offloaded(d->nl, &n);
	if (ret == -EINVAL || ret == -EOPNOTSUPP)
		doctor_error(d,
			     "it needs CONFIG_NF_CT_NETLINK (the module "
			     "nf_conntrack_netlink)",
			     "connections cannot be listed");
	else if (ret)
		doctor_error(d, "run it as root",
			     "connections cannot be listed: %s",
			     strerror(-ret));
	else
		doctor_ok(d, "connections can be listed, %zu are offloaded", n);
}

static bool counts(const struct doctor *d)
{
	size_t i;

	for (i = 0; i < d->ruleset.flowtables.n; i++) {
		const struct ruleset_flowtable *f = &d->ruleset.flowtables.v[i];

		if (ruleset_is_ours(f->family, f->table) &&
		    f->flags & NFT_FLOWTABLE_COUNTER)
			return true;
	}
	return false;
}

static void check_accounting(struct doctor *d)
{
	long on = doctor_sysctl("/proc/sys/net/netfilter/nf_conntrack_acct");

	if (on > 0)
		doctor_ok(d, "connections count their packets and bytes");
	else if (d->no_nftables) /* what needs it is not known */
		return;
	else if (counts(d))
		doctor_warn(d, "sysctl net.netfilter.nf_conntrack_acct=1",
			    "the policy says \"counters\", and connections do "
			    "not count");
	else
		doctor_ok(d, "connections do not count their packets and "
			     "bytes, and nothing needs it");
}

/* Of rules with "log: flow". */
static void check_events(struct doctor *d)
{
	long on = doctor_sysctl("/proc/sys/net/netfilter/nf_conntrack_events");
	long acct = doctor_sysctl("/proc/sys/net/netfilter/nf_conntrack_acct");

	if (d->no_nftables)
		return;
	if (!d->kernel.record.flow_mask)
		doctor_ok(d, "no rule of what runs says \"log: flow\"");
	else if (on <= 0)
		doctor_warn(
			d, "sysctl net.netfilter.nf_conntrack_events=1",
			"a rule says \"log: flow\", and the kernel makes no "
			"events of connections");
	else if (acct <= 0)
		doctor_warn(
			d, "sysctl net.netfilter.nf_conntrack_acct=1",
			"a rule says \"log: flow\", and its records have no "
			"packets and bytes: connections do not count");
	else if (on == 2)
		doctor_ok(d, "connections make events while 'nftoffc log' or "
			     "another listens");
	else
		doctor_ok(d, "connections make events");
}

static void check_forwarding(struct doctor *d)
{
	if (doctor_sysctl("/proc/sys/net/ipv4/ip_forward") > 0)
		doctor_ok(d, "IPv4 is forwarded");
	else
		doctor_warn(d, "sysctl net.ipv4.ip_forward=1",
			    "IPv4 is not forwarded");
	if (doctor_sysctl("/proc/sys/net/ipv6/conf/all/forwarding") > 0)
		doctor_ok(d, "IPv6 is forwarded");
	else
		doctor_warn(d, "sysctl net.ipv6.conf.all.forwarding=1",
			    "IPv6 is not forwarded");
}

static void check_loose(struct doctor *d)
{
	long loose =
		doctor_sysctl("/proc/sys/net/netfilter/nf_conntrack_tcp_loose");

	if (loose == 0 && d->no_module) /* which may do without */
		return;
	if (loose == 0 && !d->module.module)
		doctor_warn(d,
			    "load the kernel module, or set "
			    "net.netfilter.nf_conntrack_tcp_loose=1",
			    "TCP is not taken up in its middle: whoever "
			    "deletes an entry of connection tracking to stop "
			    "its offload ends the connection");
	else if (loose == 0)
		doctor_ok(d, "TCP is not taken up in its middle; the kernel "
			     "module releases flows without that");
	else
		doctor_ok(d, "TCP is taken up in its middle");
}

/*
 * The module
 */

static void check_agreement(struct doctor *d)
{
	const struct module_info *info = &d->module.info;

	if (info->state == NFTOFFC_STATE_IN_DOUBT)
		doctor_warn(d, "nftoffc status",
			    "an apply was killed: the kernel module keeps out "
			    "what either policy does not offload");
	else if (info->state == NFTOFFC_STATE_IDLE &&
		 !twophase_agrees(&d->module, d->kernel.recorded ?
						      &d->kernel.record :
						      NULL))
		doctor_warn(d,
			    d->kernel.recorded ?
				    "apply the policy again: only the "
				    "module is told" :
				    "apply a policy, or unload the module",
			    "the kernel module keeps out what other rules "
			    "said");
	else
		doctor_ok(d,
			  "loaded: %u entries, %u lookups for a new "
			  "connection",
			  info->entries_now, info->shapes_now);
}

static void check_module(struct doctor *d)
{
	if (d->no_module)
		doctor_warn(d, "run it as root", "cannot be asked: %s",
			    strerror(-d->no_module));
	else if (d->module.found == TWOPHASE_OTHER_ABI)
		doctor_warn(d, twophase_help(&d->module),
			    "it speaks version %u of its interface, this "
			    "program %u",
			    d->module.info.abi, NFTOFFC_ABI);
	else if (d->module.found == TWOPHASE_ABSENT)
		doctor_warn(d, twophase_help(&d->module),
			    "not loaded: what other tables add to a flowtable "
			    "is not kept out, and single flows cannot be "
			    "released: what must leave takes the others "
			    "along, for a few packets");
	else
		check_agreement(d);
}

const struct doctor_check doctor_checks[] = {
	{ "kernel", check_kernel, DOC("Its version.") },
	{ "nf_tables", check_nftables,
	  DOC("Whether it answers, and what runs.") },
	{ "flowtables", check_flowtables,
	  DOC("Whether the kernel takes them: tried in a namespace of its "
	      "own.") },
	{ "conntrack", check_conntrack,
	  DOC("Whether connections can be listed.") },
	{ "accounting", check_accounting,
	  DOC("Whether connections count, where the policy needs it.") },
	{ "events", check_events,
	  DOC("Whether `log: flow` has what it needs: events of connections, "
	      "with what they count.") },
	{ "forwarding", check_forwarding,
	  DOC("Whether the machine forwards at all.") },
	{ "tcp-loose", check_loose,
	  DOC("Whether a connection survives if its entry is deleted.") },
	{ "module", check_module,
	  DOC("Whether it is loaded, and keeps out what the rules say.") },
	{ "owners", doctor_owners,
	  DOC("Flowtables of other tables with the same devices.") },
	{ "firewalls", doctor_firewalls,
	  DOC("Other tables whose rules decide of packets, too.") },
	{ "fw4", doctor_fw4,
	  DOC("Beside OpenWrt's firewall: what `fw4 status` says of it.") },
	{ "bridges", doctor_bridges,
	  DOC("Whether bridged packets pass the rules of IP.") },
	{ "devices", doctor_attached,
	  DOC("What becomes of the devices that the policy names, and why.") },
	{ "hardware", doctor_hardware,
	  DOC("Which devices say that they can offload; none is tried.") },
	{ "refusals", doctor_refusals,
	  DOC("Whether what is to be offloaded in hardware is carried there.") },
	{ "shaping", doctor_shaping,
	  DOC("Queueing disciplines that offloaded packets pass differently.") },
	{ 0 },
};

static void read_all(struct doctor *d)
{
	int ret = nl_open(&d->nl, NETLINK_NETFILTER);

	if (!ret)
		ret = kernel_read(d->nl, d->arena, &d->kernel);
	if (!ret)
		ret = ruleset_read(d->nl, d->arena, &d->ruleset);
	d->no_nftables = ret;
	d->no_module = twophase_open(&d->module);
}

struct doctor *doctor_examine(struct arena *arena, const char *root)
{
	struct doctor *d = arena_new_object(arena, struct doctor);

	d->arena = arena;
	d->root = root;
	read_all(d);
	for (d->check = doctor_checks; d->check->name; d->check++)
		d->check->ask(d);
	return d;
}

void doctor_close(struct doctor *d)
{
	twophase_close(&d->module);
	nl_close(d->nl);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Between fw4 and us: see fw4_status.h. */
#include "runtime/tell/fw4_status.h"

#include <linux/netlink.h>
#include <stdarg.h>

#include "ir/fw4.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"
#include "runtime/netlink/fw4.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/ruleset.h"
#include "runtime/state/twophase.h"

#define MASK_DEFAULT 0xff000000u

struct examined {
	const struct openwrt *files;
	const struct uci *firewall;
	struct arena *arena;
	struct fw4_lines *out;
	const char *policy; /* NULL: none */
	bool mistakes;
	uint32_t mask, policy_mask; /* of what runs, of what is to run */
	struct kernel now;
	struct ruleset ruleset;
	struct fw4 fw4;
	struct fw4_gate gate;
	bool enabled, module;
};

static void add(struct examined *e, const char *what, const char *help,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void add(struct examined *e, const char *what, const char *help,
		const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list args;

	va_start(args, fmt);
	buf_vprintf(&text, fmt, args);
	va_end(args);
	*vec_push(e->arena, &e->out->v) = (struct fw4_line){
		.what = what,
		.text = arena_strndup(e->arena, text.p, text.n),
		.help = help,
	};
	buf_free(&text);
}

/*
 * What is there
 */

static void read_policy(struct examined *e)
{
	e->policy = openwrt_policy(e->files);
	e->policy_mask = MASK_DEFAULT;
	e->mistakes = e->policy && !openwrt_mask_of(e->policy, &e->policy_mask);
}

static int read_kernel(struct examined *e)
{
	struct twophase module = { 0 };
	struct nl *nl = NULL;
	int ret = nl_open(&nl, NETLINK_NETFILTER);

	e->mask = e->policy_mask;
	if (!ret)
		ret = kernel_read(nl, e->arena, &e->now);
	if (!ret)
		ret = ruleset_read(nl, e->arena, &e->ruleset);
	if (!ret && e->now.recorded)
		e->mask = e->now.record.mask | e->now.record.flow_mask;
	if (!ret)
		ret = fw4_read(nl, e->arena, e->mask, &e->fw4);
	if (!ret)
		ret = fw4_read_gate(nl, e->arena, &e->gate);
	nl_close(nl);
	if (!twophase_open(&module))
		e->module = module.module;
	twophase_close(&module);
	return ret;
}

/*
 * The lines
 */

static void tell_fw4(struct examined *e)
{
	if (e->fw4.loaded)
		add(e, "fw4", NULL, "is loaded");
	else
		add(e, "fw4",
		    "'fw4 check' says what is wrong with its rules, "
		    "'/etc/init.d/firewall start' loads them",
		    "is not loaded");
}

static void tell_hook(struct examined *e)
{
	if (!e->enabled)
		add(e, "hook", "'nftoffc fw4 enable' has it do so",
		    "fw4 does not call nftoffc: the policy does not follow "
		    "what changes, and is gone once fw4 was stopped");
	else if (!files_exist(e->files->include))
		add(e, "hook", "it belongs to the package nftoffc",
		    "fw4 is to run %s, which is not there", e->files->include);
	else
		add(e, "hook", NULL, "fw4 calls nftoffc");
}

static void tell_policy(struct examined *e)
{
	if (openwrt_is_off(e->files))
		add(e, "policy", NULL, "switched off in %s", e->files->own);
	else if (!e->policy)
		add(e, "policy",
		    "write one into /etc/config/nftoffc or "
		    "/etc/nftoffc/policy.yaml",
		    "none");
	else if (e->mistakes)
		add(e, "policy",
		    arena_printf(e->arena, "'nftoffc check %s' says which",
				 e->policy),
		    "%s, which has mistakes", e->policy);
	else
		add(e, "policy", NULL, "%s", e->policy);
}

static void tell_what_runs(struct examined *e)
{
	if (!e->now.recorded)
		add(e, "runs",
		    e->policy && e->enabled && !e->mistakes ?
			    "'/etc/init.d/firewall reload' applies it" :
			    NULL,
		    "nothing");
	else if (!ruleset_is_beside_fw4(&e->ruleset))
		add(e, "runs",
		    "\"mode: fw4\" in the policy has it do so; or fw4 is to "
		    "be switched off: '/etc/init.d/firewall disable'",
		    "%s, which does not stand beside fw4",
		    e->now.record.policy);
	else
		add(e, "runs",
		    e->policy ? NULL : "'nftoffc unload' takes it out", "%s",
		    e->now.record.policy);
}

static bool are_changed(const struct examined *e)
{
	return openwrt_marks(e->files) &&
	       !openwrt_marks_with(e->files, e->mask) &&
	       !openwrt_marks_with(e->files, e->policy_mask);
}

static void tell_marks(struct examined *e)
{
	static const char enable[] = "'nftoffc fw4 enable' has it mark them";

	if (e->fw4.sees && are_changed(e)) {
		add(e, "marks", "'nftoffc fw4 enable' writes it anew",
		    "%s is not as it was written: fw4 may refuse its rules "
		    "when it starts again",
		    e->files->seen);
	} else if (e->fw4.sees) {
		add(e, "marks", NULL, "fw4 marks what it sees");
	} else if (e->gate.input || e->gate.forward) {
		add(e, "marks",
		    e->fw4.loaded ? enable :
				    "they come with fw4; 'nftoffc unload' does "
				    "without",
		    "fw4 does not mark what it sees, and what runs waits for "
		    "that: nothing new %s",
		    e->gate.input ? "passes" : "is forwarded");
		e->out->v.v[e->out->v.n - 1].shut = true;
	} else {
		add(e, "marks", openwrt_marks(e->files) ? NULL : enable,
		    "fw4 does not mark what it sees%s",
		    openwrt_marks(e->files) ? " now, but when it starts" : "");
	}
}

static void tell_offload(struct examined *e)
{
	if (e->fw4.flowtable && e->module)
		add(e, "offload", NULL,
		    "fw4 offloads by itself, into its flowtable %s; the kernel "
		    "module keeps out what is exempt",
		    e->fw4.flowtable);
	else if (e->fw4.flowtable)
		add(e, "offload", FW4_OFFLOAD_OFF "; or load the kernel module",
		    "fw4 offloads by itself, into its flowtable %s: nothing is "
		    "exempt",
		    e->fw4.flowtable);
	else if (openwrt_offloads(e->firewall) && !e->module)
		add(e, "offload", FW4_OFFLOAD_OFF "; or load the kernel module",
		    "fw4 is to offload by itself when it is reloaded: nothing "
		    "will be exempt");
	else
		add(e, "offload", NULL, "fw4 leaves it to others");
}

bool fw4_examine(const struct openwrt *files, struct fw4_lines *out)
{
	struct examined e = {
		.files = files,
		.arena = files->arena,
		.firewall = openwrt_firewall(files),
		.out = out,
	};
	int ret;

	*out = (struct fw4_lines){ 0 };
	if (!e.firewall)
		return false;
	e.enabled = openwrt_is_enabled(files, e.firewall);
	read_policy(&e);
	ret = read_kernel(&e);
	if (ret) {
		report_failure(ret, "cannot read fw4's rules");
		return false;
	}
	tell_fw4(&e);
	tell_hook(&e);
	tell_policy(&e);
	tell_what_runs(&e);
	tell_marks(&e);
	tell_offload(&e);
	return true;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc fw4: what has OpenWrt's firewall call us, and what is done then.
 *
 *	enable	a section of /etc/config/firewall, the script that fw4 runs
 *		whenever it has started; and a file of /etc/nftables.d, by which
 *		it marks what it sees (ir/fw4.h)
 *	hook	what that script calls, and procd when /etc/config/nftoffc has
 *		changed: our rules are put back in line
 *
 * What must stay true: nothing is written where it is as it should be; disable
 * takes away what enable has written, and nothing else; the hook never asks fw4
 * anything, which holds its own lock while it runs, and is over long before fw4
 * would end it; it loads nothing that was gone back from; and whatever it could
 * not do, what runs does not wait for marks that fw4 does not set.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compile.h"
#include "runtime/apply/apply.h"
#include "runtime/apply/gate.h"
#include "runtime/apply/openwrt.h"
#include "runtime/base/child.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/on_policy.h"
#include "runtime/netlink/fw4.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/ruleset.h"
#include "runtime/state/state.h"
#include "runtime/tell/fw4_status.h"

enum { ROOT, STATE, NO_RELOAD };

const struct cli_option fw4_options[] = {
	[ROOT] = { 0, "root", "DIR",
		   "finds OpenWrt's files, and writes ours, in DIR instead of "
		   "/" },
	[STATE] = OPTION_STATE("remembers what was applied in"),
	[NO_RELOAD] = { 0, "no-reload", NULL,
			"does not have fw4 load its rules anew" },
	{ 0 },
};

#define HOOK_SECONDS 20 /* fw4 ends it after 30 */
#define MASK_DEFAULT 0xff000000u

struct router {
	struct openwrt files;
	struct arena *arena;
	const char *state;
	bool reload;
};

static struct router router_of(struct arena *arena, const struct cli *cli)
{
	struct router router = {
		.arena = arena,
		.state = cli_value(cli, STATE, STATE_DIRECTORY),
		.reload = !cli->values[NO_RELOAD],
	};

	openwrt_init(&router.files, arena, cli_value(cli, ROOT, ""));
	return router;
}

/*
 * Other programs
 */

/* Commands for "uci batch", which says what it does not take. */
static int run_uci(const struct router *r, const struct buf *batch)
{
	const char *const args[] = { "uci", "-c", r->files.config, "batch",
				     NULL };
	int ret = child_run(args, (struct str){ batch->p, batch->n });

	if (!ret)
		return EXIT_DONE;
	if (ret == -ENOENT) {
		report_error("there is no program uci here; nothing was "
			     "changed");
		report_help("this is what it would have been told:\n%s",
			    batch->p);
	} else {
		report_error("uci did not do what it was asked to");
	}
	return EXIT_SYSTEM;
}

static int read_fw4(const struct router *r, uint32_t mask, struct fw4 *fw4)
{
	struct nl *nl = NULL;
	int ret = nl_open(&nl, NETLINK_NETFILTER);

	if (!ret)
		ret = fw4_read(nl, r->arena, mask, fw4);
	nl_close(nl);
	return ret ? report_failure(ret, "cannot read fw4's rules") : EXIT_DONE;
}

/* @mask: with which it is to mark then what it sees; 0: it is not to. */
static int reload_fw4(const struct router *r, uint32_t mask)
{
	const char *const args[] = {
		arena_printf(r->arena, "%s/etc/init.d/firewall", r->files.root),
		"reload", NULL
	};
	struct fw4 before = { 0 }, fw4 = { 0 };
	const struct str nothing = { 0 };

	if (!r->reload || access(args[0], X_OK) != 0)
		return EXIT_DONE;
	if (read_fw4(r, mask, &before))
		return EXIT_SYSTEM;
	if (!before.loaded) {
		puts("fw4 is not loaded: this holds when it starts");
		return EXIT_DONE;
	}
	if (child_run(args, nothing)) {
		report_error("%s reload failed", args[0]);
		return EXIT_SYSTEM;
	}
	if (mask &&
	    (read_fw4(r, mask, &fw4) || !fw4.sees || fw4.seen == before.seen)) {
		report_error("fw4 was told to load its rules anew, and has "
			     "not: it goes on with the former ones");
		report_help("'fw4 check' says what is wrong with its rules");
		return EXIT_SYSTEM;
	}
	return EXIT_DONE;
}

/*
 * The mark's mask: of the policy that is to run. EXIT_POLICY: it has mistakes,
 * of which it is said what they are.
 */
static int mask_of(const char *policy, uint32_t *mask)
{
	struct compilation c;
	int ret;

	*mask = MASK_DEFAULT;
	if (!policy)
		return EXIT_DONE;
	ret = compile_policy(&c, policy);
	if (!ret)
		*mask = c.model->mark_mask;
	else
		diags_print(c.diags, stderr, report_colour(stderr));
	compile_free(&c);
	return exit_of_compile(ret);
}

/* 1: it was another rule, 0; or -1 after a message. */
static int write_seen(const struct router *r, uint32_t mask)
{
	int ret = openwrt_write_seen(&r->files, mask);

	if (ret >= 0)
		return ret;
	report_failure(ret, "cannot write %s", r->files.seen);
	return -1;
}

/*
 * enable, disable
 */

static int tell_uci(const struct router *r, bool enabled)
{
	struct buf batch = { 0 };
	int ret = EXIT_DONE;

	openwrt_put_section(&r->files, &batch);
	if (!enabled)
		ret = run_uci(r, &batch);
	buf_free(&batch);
	return ret;
}

static void say_no_policy(const struct router *r)
{
	if (openwrt_is_off(&r->files))
		printf("the policy is switched off in %s\n", r->files.own);
	else
		puts("there is no policy yet: write one into "
		     "/etc/config/nftoffc or /etc/nftoffc/policy.yaml, then "
		     "'/etc/init.d/firewall reload'");
}

static int enable(const struct router *r)
{
	const struct uci *firewall = openwrt_firewall(&r->files);
	uint32_t mask;
	bool enabled;
	int ret;

	if (!firewall)
		return EXIT_SYSTEM;
	if (!files_exist(r->files.include)) {
		report_error("%s is not there, which fw4 is to run",
			     r->files.include);
		report_help("it belongs to the package nftoffc");
		return EXIT_SYSTEM;
	}
	ret = mask_of(openwrt_policy(&r->files), &mask);
	if (ret != EXIT_DONE)
		return ret;
	enabled = openwrt_is_enabled(&r->files, firewall);
	if (enabled && openwrt_marks_with(&r->files, mask)) {
		puts("fw4 calls nftoffc already, nothing to do");
		return EXIT_DONE;
	}
	ret = tell_uci(r, enabled); /* first: it may not be there */
	if (ret)
		return ret;
	if (write_seen(r, mask) < 0)
		return EXIT_SYSTEM;
	puts("fw4 calls nftoffc whenever it has started");
	if (!openwrt_policy(&r->files))
		say_no_policy(r);
	return reload_fw4(r, mask);
}

/* Our rules, if they are those of a policy that stands beside fw4. */
static int remove_rules(const struct router *r)
{
	const struct apply_options options = {
		.state = r->state,
		.command = "nftoffc fw4 disable",
	};
	struct ruleset ruleset;
	struct nl *nl = NULL;
	int ret = nl_open(&nl, NETLINK_NETFILTER);

	if (!ret)
		ret = ruleset_read(nl, r->arena, &ruleset);
	nl_close(nl);
	if (ret)
		return report_failure(ret, "cannot read the running ruleset");
	return ruleset_is_beside_fw4(&ruleset) ? unload(&options) : EXIT_DONE;
}

static int disable(const struct router *r)
{
	const struct uci *firewall = openwrt_firewall(&r->files);
	struct buf batch = { 0 };
	int ret;

	if (!firewall)
		return EXIT_SYSTEM;
	openwrt_delete_section(firewall, &batch);
	if (!batch.n && !files_exist(r->files.seen)) {
		puts("fw4 does not call nftoffc, nothing to do");
		return EXIT_DONE;
	}
	ret = remove_rules(r);
	if (!ret && batch.n)
		ret = run_uci(r, &batch);
	buf_free(&batch);
	if (ret)
		return ret;
	unlink(r->files.seen);
	puts("fw4 does not call nftoffc any more");
	return reload_fw4(r, 0);
}

/*
 * status
 */

static int status(const struct router *r)
{
	struct fw4_lines lines;
	bool good = true;
	size_t i;

	if (!fw4_examine(&r->files, &lines))
		return EXIT_SYSTEM;
	for (i = 0; i < lines.v.n; i++) {
		const struct fw4_line *line = &lines.v.v[i];

		printf("%-8s %s\n", line->what, line->text);
		if (line->help)
			printf("%-8s = help: %s\n", "", line->help);
		good &= !line->help;
	}
	return good ? EXIT_DONE : EXIT_SYSTEM;
}

/*
 * hook
 */

/* The generation that is to run; 0: there is none, or it cannot be read. */
static unsigned int current_generation(const struct router *r)
{
	struct generation current = { 0 };
	struct state *state;

	if (state_open(&state, r->state, false))
		return 0;
	state_current(state, &current);
	state_close(state);
	return current.number;
}

/* The policy, unless it was gone back from: then what ran before it. */
static int apply_or_go_on(const struct router *r,
			  const struct apply_options *options)
{
	struct apply_options stored = *options;
	int ret = apply(options);

	if (!*options->refused)
		return ret;
	report_warning("%s was taken back, or gone back from, and has not "
		       "changed since: it is not applied",
		       options->policy);
	report_help("'nftoffc apply %s' has it run all the same",
		    options->policy);
	stored.policy = NULL;
	stored.generation = current_generation(r);
	return stored.generation ? apply_stored(&stored) : EXIT_DONE;
}

/* Whatever it says, and whatever it ended with. */
static int without_fw4(const struct router *r,
		       const struct apply_options *options)
{
	struct apply_options closed = *options;

	closed.without_fw4 = true;
	report_error("fw4 is not loaded, whatever it says: nothing new is "
		     "forwarded until it is");
	report_help("'fw4 check' says what is wrong with its rules");
	apply_or_go_on(r, &closed);
	return EXIT_SYSTEM;
}

/* Its rule waits for the next time: what runs now is what it is to mark for. */
static void follow_mask(const struct router *r, const char *policy)
{
	uint32_t mask;

	if (files_exist(r->files.seen) && mask_of(policy, &mask) == EXIT_DONE &&
	    write_seen(r, mask) == 1)
		report_warning("the mark's mask has changed: fw4 marks with it "
			       "when it is reloaded once more");
}

/* It is the firewall, and waits for no other. */
static bool stands_alone(const char *policy)
{
	struct compilation c;
	bool alone = !compile_policy(&c, policy) && c.model->mode == MODE_ALONE;

	compile_free(&c);
	return alone;
}

static int hook(const struct router *r)
{
	bool refused = false;
	const struct apply_options options = {
		.policy = openwrt_policy(&r->files),
		.state = r->state,
		.command = "nftoffc fw4 hook",
		.quiet = true,
		.unattended = true,
		.refused = &refused,
	};
	struct fw4 fw4 = { 0 };
	int ret;

	alarm(HOOK_SECONDS);
	if (!options.policy)
		return openwrt_is_off(&r->files) ? remove_rules(r) : EXIT_DONE;
	ret = read_fw4(r, MASK_DEFAULT, &fw4);
	if (ret)
		return ret;
	ret = fw4.loaded || stands_alone(options.policy) ?
		      apply_or_go_on(r, &options) :
		      without_fw4(r, &options);
	if (ret == EXIT_DONE && !refused)
		follow_mask(r, options.policy);
	else
		gate_tend(true);
	return ret;
}

int cmd_fw4(const struct cli *cli)
{
	static const struct {
		const char *word;
		int (*run)(const struct router *r);
	} actions[] = {
		{ "enable", enable },
		{ "disable", disable },
		{ "status", status },
		{ "hook", hook },
	};
	struct arena *arena = arena_new();
	struct router router = router_of(arena, cli);
	int ret = EXIT_USAGE;
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (!strcmp(cli->operands[0], actions[i].word))
			break;
	if (i < sizeof(actions) / sizeof(*actions)) {
		ret = actions[i].run(&router);
	} else {
		report_error("'%s' is nothing to do with fw4",
			     cli->operands[0]);
		report_help("it is enable, disable, status or hook");
	}
	arena_free(arena);
	return ret;
}

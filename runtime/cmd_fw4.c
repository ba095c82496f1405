// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc fw4: what has OpenWrt's firewall call us, and what is done then.
 *
 *	enable	three sections of /etc/config/firewall: the script that fw4 runs
 *		whenever it has started, and a rule by which it marks what it
 *		sees (ir/fw4.h), in two of its chains
 *	hook	what that script calls: our rules are put back in line
 *
 * What must stay true: nothing is written where it is as it should be; disable
 * takes away what enable has written, and nothing else; the hook never asks fw4
 * anything, which holds its own lock while it runs, and is over long before fw4
 * would end it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile.h"
#include "import/uci.h"
#include "ir/fw4.h"
#include "runtime/apply.h"
#include "runtime/child.h"
#include "runtime/cli.h"
#include "runtime/cmd.h"
#include "runtime/exit.h"
#include "runtime/files.h"
#include "runtime/fw4.h"
#include "runtime/report.h"
#include "runtime/ruleset.h"
#include "runtime/state.h"

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
	struct arena *arena;
	const char *root, *state;
	const char *firewall, *own; /* files of uci */
	const char *include, *seen; /* the script, and the rule */
	bool reload;
};

static struct router router_of(struct arena *arena, const struct cli *cli)
{
	const char *root = cli->values[ROOT] ? cli->values[ROOT] : "";

	return (struct router){
		.arena = arena,
		.root = root,
		.state = cli_value(cli, STATE, STATE_DIRECTORY),
		.firewall = arena_printf(arena, "%s/etc/config/firewall", root),
		.own = arena_printf(arena, "%s/etc/config/nftoffc", root),
		.include = arena_printf(
			arena, "%s/usr/share/nftoffc/firewall.include", root),
		.seen = arena_printf(arena, "%s/etc/nftoffc/fw4-seen.nft",
				     root),
		.reload = !cli->values[NO_RELOAD],
	};
}

/*
 * uci's files
 */

struct wanted {
	const char *section;
	struct {
		const char *name, *value;
	} options[5];
};

static void wanted_sections(const struct router *r, struct wanted out[3])
{
	const struct wanted all[3] = {
		{ "nftoffc",
		  { { "type", "script" },
		    { "path", r->include },
		    { "fw4_compatible", "1" } } },
		{ "nftoffc_input",
		  { { "type", "nftables" },
		    { "path", r->seen },
		    { "position", "chain-pre" },
		    { "chain", "input" } } },
		{ "nftoffc_forward",
		  { { "type", "nftables" },
		    { "path", r->seen },
		    { "position", "chain-pre" },
		    { "chain", "forward" } } },
	};

	memcpy(out, all, sizeof(all));
}

struct uci_file {
	struct sources sources;
	struct diags *diags;
	struct uci *uci; /* NULL: it is not there, or cannot be read */
};

static int read_uci(const struct router *r, const char *path,
		    struct uci_file *out)
{
	struct source *source;
	int ret;

	*out = (struct uci_file){ 0 };
	sources_init(&out->sources, r->arena);
	out->diags = diags_new(r->arena, &out->sources);
	ret = source_read(&out->sources, path, &source);
	if (ret)
		return ret;
	out->uci = uci_read(r->arena, source, out->diags);
	return diags_errors(out->diags) ? -EINVAL : 0;
}

static const struct uci_section *find_section(const struct uci *uci,
					      const char *name)
{
	size_t i;

	for (i = 0; uci && i < uci->sections.n; i++)
		if (uci->sections.v[i]->name.p &&
		    str_is(uci->sections.v[i]->name, name))
			return uci->sections.v[i];
	return NULL;
}

static struct str value_of(const struct uci_section *section, const char *name)
{
	const struct uci_option *option = section ? uci_option(section, name) :
						    NULL;

	return option && option->values.n ? option->values.v[0].text :
					    (struct str){ 0 };
}

static bool is_as_wanted(const struct uci *uci, const struct wanted *wanted)
{
	const struct uci_section *section = find_section(uci, wanted->section);
	size_t i;

	if (!section || !str_is(section->type, "include"))
		return false;
	for (i = 0; wanted->options[i].name; i++)
		if (!str_is(value_of(section, wanted->options[i].name),
			    wanted->options[i].value))
			return false;
	return true;
}

static bool is_enabled(const struct router *r, const struct uci *uci)
{
	struct wanted wanted[3];
	bool all = true;
	size_t i;

	wanted_sections(r, wanted);
	for (i = 0; i < 3; i++)
		all &= is_as_wanted(uci, &wanted[i]);
	return all;
}

/* Commands for "uci batch", which says what it does not take. */
static int run_uci(const struct router *r, const struct buf *batch)
{
	const char *directory =
		arena_printf(r->arena, "%s/etc/config", r->root);
	const char *const args[] = { "uci", "-c", directory, "batch", NULL };
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

static int reload_fw4(const struct router *r)
{
	const char *const args[] = {
		arena_printf(r->arena, "%s/etc/init.d/firewall", r->root),
		"reload", NULL
	};
	const struct str nothing = { 0 };

	if (!r->reload || access(args[0], X_OK) != 0)
		return EXIT_DONE;
	if (child_run(args, nothing)) {
		report_error("%s reload failed", args[0]);
		return EXIT_SYSTEM;
	}
	return EXIT_DONE;
}

/*
 * The policy
 */

static bool is_file(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The section that is the policy, or names its file; NULL: there is none. */
static const struct uci_section *own_section(const struct uci *uci)
{
	size_t i;

	for (i = 0; uci && i < uci->sections.n; i++)
		if (str_is(uci->sections.v[i]->type, "nftoffc"))
			return uci->sections.v[i];
	return NULL;
}

/* Which policy is to run; NULL: none, and that is no mistake. */
static const char *policy_path(const struct router *r)
{
	static const char *const names[] = { "yaml", "policy" };
	const struct uci_section *section;
	struct uci_file own;
	size_t i;
	int ret = read_uci(r, r->own, &own);

	if (ret == -EINVAL)
		return r->own; /* what is wrong is said when it is compiled */
	section = ret ? NULL : own_section(own.uci);
	if (section)
		return str_is(value_of(section, "enabled"), "0") ? NULL :
								   r->own;
	for (i = 0; i < 2; i++) {
		const char *file = arena_printf(r->arena,
						"%s/etc/nftoffc/policy.%s",
						r->root, names[i]);

		if (is_file(file))
			return file;
	}
	return NULL;
}

static uint32_t mask_of(const char *policy)
{
	uint32_t mask = MASK_DEFAULT;
	struct compilation c;

	if (!policy)
		return mask;
	if (!compile_policy(&c, policy))
		mask = c.model->mark_mask;
	compile_free(&c);
	return mask;
}

/* The rule by which fw4 marks what it sees: 1 if it was written anew. */
static int write_seen(const struct router *r, uint32_t mask)
{
	struct buf old = { 0 }, new = { 0 };
	int ret = 0;

	fw4_seen_rule(&new, mask);
	if (files_read(AT_FDCWD, r->seen, &old) || old.n != new.n ||
	    memcmp(old.p, new.p, new.n) != 0) {
		mkdir(arena_printf(r->arena, "%s/etc/nftoffc", r->root), 0755);
		ret = files_replace(r->seen, new.p, new.n);
		ret = ret ? report_failure(ret, "cannot write %s", r->seen) : 1;
	}
	buf_free(&old);
	buf_free(&new);
	return ret;
}

/*
 * enable, disable
 */

static int read_firewall(const struct router *r, struct uci_file *file)
{
	int ret = read_uci(r, r->firewall, file);

	if (!ret)
		return EXIT_DONE;
	diags_print(file->diags, stderr, report_colour(stderr));
	if (ret != -EINVAL)
		report_failure(ret, "cannot read %s", r->firewall);
	return EXIT_SYSTEM;
}

static void put_sections(const struct router *r, struct buf *out)
{
	struct wanted wanted[3];
	size_t i, j;

	wanted_sections(r, wanted);
	for (i = 0; i < 3; i++) {
		buf_printf(out, "set firewall.%s=include\n", wanted[i].section);
		for (j = 0; wanted[i].options[j].name; j++)
			buf_printf(out, "set firewall.%s.%s='%s'\n",
				   wanted[i].section, wanted[i].options[j].name,
				   wanted[i].options[j].value);
	}
	buf_puts(out, "commit firewall\n");
}

static int enable(const struct router *r)
{
	struct buf batch = { 0 };
	struct uci_file file;
	int ret = read_firewall(r, &file), written;

	if (ret)
		return ret;
	if (!is_file(r->include)) {
		report_error("%s is not there, which fw4 is to run",
			     r->include);
		report_help("it belongs to the package nftoffc");
		return EXIT_SYSTEM;
	}
	written = write_seen(r, mask_of(policy_path(r)));
	if (written > 1)
		return written;
	if (is_enabled(r, file.uci) && !written) {
		puts("fw4 calls nftoffc already, nothing to do");
		return EXIT_DONE;
	}
	put_sections(r, &batch);
	if (!is_enabled(r, file.uci))
		ret = run_uci(r, &batch);
	buf_free(&batch);
	if (ret)
		return ret;
	puts("fw4 calls nftoffc whenever it has started");
	return reload_fw4(r);
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
	bool beside = false;
	size_t i;
	int ret = nl_open(&nl, NETLINK_NETFILTER);

	if (!ret)
		ret = ruleset_read(nl, r->arena, &ruleset);
	for (i = 0; !ret && i < ruleset.chains.n; i++)
		beside |= ruleset_is_beside_fw4(&ruleset.chains.v[i]);
	nl_close(nl);
	if (ret)
		return report_failure(ret, "cannot read the running ruleset");
	return beside ? unload(&options) : EXIT_DONE;
}

static int disable(const struct router *r)
{
	struct buf batch = { 0 };
	struct wanted wanted[3];
	struct uci_file file;
	int ret = read_firewall(r, &file);
	size_t i;

	if (ret)
		return ret;
	wanted_sections(r, wanted);
	for (i = 0; i < 3; i++)
		if (find_section(file.uci, wanted[i].section))
			buf_printf(&batch, "delete firewall.%s\n",
				   wanted[i].section);
	if (!batch.n && !is_file(r->seen)) {
		puts("fw4 does not call nftoffc, nothing to do");
		return EXIT_DONE;
	}
	ret = remove_rules(r);
	if (!ret && batch.n) {
		buf_puts(&batch, "commit firewall\n");
		ret = run_uci(r, &batch);
	}
	buf_free(&batch);
	if (ret)
		return ret;
	unlink(r->seen);
	puts("fw4 does not call nftoffc any more");
	return reload_fw4(r);
}

/*
 * status, hook
 */

static int read_fw4(const struct router *r, uint32_t mask, struct fw4 *fw4)
{
	struct nl *nl = NULL;
	int ret = nl_open(&nl, NETLINK_NETFILTER);

	if (!ret)
		ret = fw4_read(nl, r->arena, mask, fw4);
	nl_close(nl);
	return ret ? report_failure(ret, "cannot read fw4's rules") : EXIT_DONE;
}

static int status(const struct router *r)
{
	const char *policy = policy_path(r);
	struct uci_file file;
	struct fw4 fw4 = { 0 };
	bool enabled;
	int ret = read_firewall(r, &file);

	if (!ret)
		ret = read_fw4(r, mask_of(policy), &fw4);
	if (ret)
		return ret;
	enabled = is_enabled(r, file.uci) && is_file(r->seen);
	printf("fw4      %s\n", fw4.loaded ? "is loaded" : "is not loaded");
	printf("hook     %s\n",
	       enabled ? "fw4 calls nftoffc" : "fw4 does not call nftoffc");
	printf("policy   %s\n", policy ? policy : "none");
	printf("marks    %s\n", fw4.sees ? "fw4 marks what it sees" :
					   "fw4 does not mark what it sees");
	if (fw4.flowtable)
		printf("offload  fw4 offloads by itself, into its flowtable "
		       "%s: nothing is exempt\n",
		       fw4.flowtable);
	else
		printf("offload  fw4 leaves it to others\n");
	return enabled && fw4.loaded && fw4.sees && !fw4.flowtable ?
		       EXIT_DONE :
		       EXIT_SYSTEM;
}

/* Whatever it says, and whatever it ended with. */
static int without_fw4(const struct apply_options *options)
{
	struct apply_options closed = *options;

	closed.without_fw4 = true;
	report_error("fw4 is not loaded, whatever it says: nothing new is "
		     "forwarded until it is");
	report_help("'fw4 check' says what is wrong with its rules");
	apply(&closed);
	return EXIT_SYSTEM;
}

static int hook(const struct router *r)
{
	const struct apply_options options = {
		.policy = policy_path(r),
		.state = r->state,
		.command = "nftoffc fw4 hook",
		.quiet = true,
	};
	struct fw4 fw4 = { 0 };
	int ret;

	alarm(HOOK_SECONDS);
	if (!options.policy)
		return EXIT_DONE;
	ret = read_fw4(r, MASK_DEFAULT, &fw4);
	if (ret)
		return ret;
	if (!fw4.loaded)
		return without_fw4(&options);
	if (is_file(r->seen) && write_seen(r, mask_of(options.policy)) == 1)
		report_warning("the mark's mask has changed: fw4 marks with it "
			       "when it is reloaded once more");
	return apply(&options);
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

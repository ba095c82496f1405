// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc diff: what would change, in people's words, at the policy's lines. Of
 * the kernel's table as it is, whoever made it so, or of another policy.
 *
 * Of two policies, both are made with the same epoch and with the devices that
 * they name, whether they exist or not.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "compile.h"
#include "emit/batch.h"
#include "runtime/apply/apply.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/on_policy.h"
#include "runtime/netlink/reject.h"
#include "runtime/ruleset/changes.h"
#include "runtime/state/state.h"
#include "runtime/trial/raw.h"

enum { STATE, JSON };

const struct cli_option diff_options[] = {
	[STATE] = OPTION_STATE("reads what was applied from"),
	[JSON] = OPTION_JSON,
	{ 0 },
};

/* One of two policies. */
struct side {
	struct compilation c;
	struct ir *ir;
	struct batch batch;
	struct content content;
};

static int build(struct side *side, const char *path)
{
	const struct batch_options options = { 0 };
	int ret = exit_of_compile(compile_policy(&side->c, path));

	if (ret)
		return ret;
	side->ir = lower(side->c.arena, side->c.model,
			 &(struct lower_options){ 0 });
	ret = raw_translate(side->c.diags, side->ir);
	if (ret)
		return ret;
	ret = reject_build(side->c.diags, &side->batch, side->ir, &options);
	if (ret)
		return ret == -E2BIG ?
			       EXIT_POLICY :
			       report_failure(ret, "cannot build %s", path);
	content_read(&side->content, side->c.arena,
		     (struct str){ side->batch.bytes.p, side->batch.bytes.n });
	return EXIT_DONE;
}

static void compare_devices(struct changes *changes, const struct side *old,
			    const struct side *new)
{
	const struct ir_flowtable *a, *b;

	for (a = old->ir->flowtables; a; a = a->next)
		for (b = new->ir->flowtables; b; b = b->next)
			if (!strcmp(a->name, b->name))
				changes_devices(
					changes, a->name,
					&(struct change_devices){ a->devices,
								  a->ndevices },
					&(struct change_devices){
						b->devices, b->ndevices });
}

static void compare(struct changes *changes, const struct side *old,
		    const struct side *new)
{
	if (strcmp(old->ir->policy, new->ir->policy) != 0)
		changes_policy(changes, old->ir->policy, new->ir->policy);
	changes_find(changes, &old->content, &new->content);
	compare_devices(changes, old, new);
	/* What is in both stands where the new one has it. */
	changes_place(changes, new->ir, &new->c.sources);
	changes_place(changes, old->ir, &old->c.sources);
}

static void say_side(struct side *side, struct json *json)
{
	if (!side->c.diags)
		return;
	/* Of a policy that is fine, what it warns of is its own affair. */
	if (json && diags_errors(side->c.diags))
		diags_json(json, side->c.diags);
	else if (!json)
		diags_print(side->c.diags, stderr, report_colour(stderr));
}

static void show(const struct changes *changes, const struct side *new,
		 struct json *json)
{
	struct buf out = { 0 };

	if (json) {
		json_put_str(json, "policy", new->ir->policy);
		json_key(json, "changes");
		changes_json(changes, json);
		return;
	}
	changes_print(changes, &out);
	if (out.n)
		fwrite(out.p, 1, out.n, stdout);
	buf_free(&out);
}

static int of_policies(const struct cli *cli, struct json *json, bool *differs)
{
	struct side old = { 0 }, new = { 0 };
	struct changes changes;
	int ret;

	ret = build(&old, cli->operands[0]);
	if (!ret)
		ret = build(&new, cli->operands[1]);
	if (!ret) {
		changes = (struct changes){ .arena = new.c.arena };
		compare(&changes, &old, &new);
		show(&changes, &new, json);
		*differs = changes.list.n;
	}
	fflush(stdout);
	say_side(&old, json);
	say_side(&new, json);
	batch_free(&old.batch);
	batch_free(&new.batch);
	compile_free(&old.c);
	compile_free(&new.c);
	return ret;
}

static int of_kernel(const struct cli *cli, struct json *json, bool *differs)
{
	const struct apply_options options = {
		.policy = cli->operands[0],
		.state = cli_value(cli, STATE, STATE_DIRECTORY),
		.command = "nftoffc diff",
		.dry_run = true,
		.needs_former = true,
		.json = json,
		.differs = differs,
	};

	return apply_diff(&options);
}

int cmd_diff(const struct cli *cli)
{
	struct buf out = { 0 };
	struct json writer = json_begin(&out);
	struct json *json = cli->values[JSON] ? &writer : NULL;
	bool differs = false;
	int ret, error = 0;

	if (json)
		json_object(json);
	ret = cli->noperands > 1 ? of_policies(cli, json, &differs) :
				   of_kernel(cli, json, &differs);
	if (json) {
		json_end(json);
		json_finish(json);
		error = files_write(STDOUT_FILENO, out.p, out.n);
	}
	buf_free(&out);
	if (error)
		return report_failure(error, "cannot write the output");
	if (ret == EXIT_POLICY)
		return EXIT_USAGE;
	return ret || !differs ? ret : EXIT_DIFFERS;
}

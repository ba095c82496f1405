// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a delta leave what its policy makes from nothing?
 *
 *	delta [-r SEED] STEPWISE FRESH FILE...
 *
 * STEPWISE and FRESH are network namespaces (files). Each policy is made in
 * STEPWISE out of the one before it, by delta_build(), and in FRESH from
 * nothing; what the kernel then says of either must be what it was made of
 * (actual.h): nobody has changed it.
 * Flowtables are left out: not every kernel has them, and their flows are
 * another test's affair. So is what the kernel has no module for. With -r the
 * one FILE is a number, so many random policies are made; a failure prints the
 * two that it lies between.
 *
 * The last line is "delta: N steps, F failures, R of S rules sent".
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compile.h"
#include "emit/batch.h"
#include "ir/lower.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/nl.h"
#include "runtime/offload/devices.h"
#include "runtime/ruleset/actual.h"
#include "runtime/ruleset/changes.h"
#include "runtime/ruleset/delta.h"
#include "runtime/ruleset/epoch.h"
#include "runtime/trial/raw.h"
#include "tests/lib/flowtables.h"
#include "tests/lib/random_policy.h"

struct step {
	struct arena *arena;
	struct buf content; /* of the policy that runs; empty: none */
	struct ir_record record;
	struct buf text; /* its source, where it is random */
};

struct world {
	struct nl *stepwise, *fresh;
	struct step last;
	size_t steps, failures, sent, rules;
};

static void die(const char *what)
{
	fprintf(stderr, "delta: %s: %s\n", what, strerror(errno));
	exit(2);
}

static struct nl *open_in(const char *netns)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC);
	struct nl *nl;

	if (fd < 0 || setns(fd, CLONE_NEWNET) || nl_open(&nl, 12))
		die(netns);
	close(fd);
	return nl;
}

static bool commit(struct nl *nl, const struct batch *batch)
{
	struct arena *arena = arena_new();
	struct nl_errors errors = { .arena = arena };
	size_t i;
	int ret;

	ret = nl_commit(nl, batch->bytes.p, batch->bytes.n, &errors);
	if (ret)
		printf("cannot send: %s\n", strerror(-ret));
	for (i = 0; i < errors.list.n && i < 5; i++) {
		const struct nl_error *error = &errors.list.v[i];
		const struct batch_message *of =
			error->seq && error->seq <= batch->n ?
				&batch->messages[error->seq - 1] :
				NULL;

		printf("message %u (type %u, %s): %s %s\n", error->seq,
		       of ? of->type : 0u, of && of->what ? of->what : "-",
		       strerror(-error->error), error->text ? error->text : "");
	}
	ret = ret || errors.list.n;
	arena_free(arena);
	return !ret;
}

static void remove_table(struct nl *nl)
{
	const struct batch_options options = { .remove_only = true };
	struct arena *arena = arena_new();
	struct nl_errors errors = { .arena = arena };
	struct batch batch;

	if (batch_build(&batch, NULL, &options) ||
	    nl_commit(nl, batch.bytes.p, batch.bytes.n, &errors))
		die("remove");
	batch_free(&batch);
	arena_free(arena);
}

struct asker {
	struct world *w;
	struct arena *arena;
};

static int handles(const char *chain, const uint64_t **handles, size_t *n,
		   void *data)
{
	struct asker *asker = data;

	return kernel_handles(asker->w->stepwise, asker->arena, chain, handles,
			      n);
}

static bool make_step(struct world *w, struct arena *arena,
		      const struct batch *content)
{
	struct asker asker = { w, arena };
	struct kernel now;
	struct delta_options options = { .now = &now.names,
					 .handles = handles,
					 .data = &asker,
					 .arena = arena };
	struct delta_result result;
	struct batch batch;
	bool good;
	int ret;

	if (!w->last.content.n)
		return commit(w->stepwise, content);
	if (kernel_read(w->stepwise, arena, &now))
		die("read");
	ret = delta_build(&batch,
			  (struct str){ w->last.content.p, w->last.content.n },
			  content, &options, &result);
	if (ret)
		printf("no delta: %s\n", strerror(-ret));
	good = !ret && commit(w->stepwise, &batch);
	w->sent += result.rules_added;
	batch_free(&batch);
	return good;
}

static bool unchanged(struct nl *nl, struct arena *arena,
		      const struct batch *content, const char *where)
{
	struct str stored = { content->bytes.p, content->bytes.n };
	struct changes changes = { .arena = arena };
	struct content old, new;
	struct actual actual;
	struct buf out = { 0 };

	if (actual_read(&actual, nl, arena, stored, 0) ||
	    content_read(&old, arena, stored) ||
	    content_read(&new, arena,
			 (struct str){ actual.content.p, actual.content.n }))
		die("read all");
	changes_find(&changes, &old, &new);
	changes_print(&changes, &out);
	if (out.n)
		printf("%s:\n%s", where, out.p);
	buf_free(&out);
	actual_free(&actual);
	return !changes.list.n;
}

static bool same(struct world *w, struct arena *arena,
		 const struct batch *content)
{
	return unchanged(w->fresh, arena, content, "made from nothing") &&
	       unchanged(w->stepwise, arena, content, "made by a delta");
}

static struct ir *lower_next(struct world *w, struct compilation *c)
{
	struct lower_options options = { 0 };
	const struct ir_record *former = w->last.content.n ? &w->last.record :
							     NULL;
	uint32_t count = lower_mark_count(c->model);
	struct ir *ir;

	options.former = former;
	options.epoch =
		epoch_choose(lower_mark_mask(c->model, count), count, former);
	ir = lower(c->arena, c->model, &options);
	flowtables_strip(ir);
	return ir;
}

/* What the next policy is made out of. */
static void keep(struct world *w, struct arena *arena, const struct ir *ir,
		 const struct batch *content, const struct buf *text)
{
	struct step *last = &w->last;

	last->content.n = 0;
	buf_add(&last->content, content->bytes.p, content->bytes.n);
	ir_record_parse(ir_record_print(arena, ir), &last->record);
	last->text.n = 0;
	if (text)
		buf_add(&last->text, text->p, text->n);
}

static void report(struct world *w, const char *path, const struct buf *text,
		   const struct batch *content)
{
	w->failures++;
	printf("FAIL: %s\n", path);
	if (text && w->last.text.n)
		printf("--- from\n%s--- to\n%s", w->last.text.p, text->p);
	remove_table(w->stepwise);
	if (!commit(w->stepwise, content))
		die("again");
}

static void take_step(struct world *w, struct compilation *c, const char *path,
		      const struct buf *text)
{
	const struct batch_options options = { 0 };
	struct ir *ir = lower_next(w, c);
	struct batch content;

	if (raw_translate(c->diags, ir) || batch_build(&content, ir, &options))
		die("build");
	remove_table(w->fresh);
	if (commit(w->fresh, &content)) {
		w->steps++;
		w->rules += ir_count_rules(ir);
		if (!make_step(w, c->arena, &content) ||
		    !same(w, c->arena, &content))
			report(w, path, text, &content);
		keep(w, c->arena, ir, &content, text);
	} else {
		printf("%s: left out\n", path);
	}
	batch_free(&content);
}

/* A generated policy may have a mistake: the generator is no compiler. */
static void try_policy(struct world *w, const char *path,
		       const struct buf *text)
{
	struct compilation c = { 0 };

	if (!compile_policy(&c, path))
		take_step(w, &c, path, text);
	compile_free(&c);
}

static void try_random(struct world *w, uint64_t seed, unsigned long n)
{
	struct random random = random_seeded(seed);
	char path[] = "/tmp/delta.XXXXXX.yaml";
	static struct random_policy policy;
	struct buf text = { 0 };
	int fd = mkstemps(path, 5);

	if (fd < 0)
		die(path);
	close(fd);
	while (n--) {
		FILE *file = fopen(path, "w");

		random_policy(&policy, &random, random_below(&random, 64));
		text.n = 0;
		random_print(&text, &policy);
		if (!file || fwrite(text.p, 1, text.n, file) != text.n ||
		    fclose(file))
			die(path);
		try_policy(w, path, &text);
	}
	unlink(path);
	buf_free(&text);
}

int main(int argc, char **argv)
{
	struct world w = { 0 };
	const char *seed = NULL;
	int c;

	while ((c = getopt(argc, argv, "r:")) != -1) {
		if (c != 'r')
			return 2;
		seed = optarg;
	}
	argv += optind;
	if (argc - optind < 3)
		return 2;
	w.stepwise = open_in(argv[0]);
	w.fresh = open_in(argv[1]);
	remove_table(w.stepwise);
	if (seed)
		try_random(&w, strtoull(seed, NULL, 0),
			   strtoul(argv[2], NULL, 0));
	else
		for (argv += 2; *argv; argv++)
			try_policy(&w, *argv, NULL);
	printf("delta: %zu steps, %zu failures, %zu of %zu rules sent\n",
	       w.steps, w.failures, w.sent, w.rules);
	nl_close(w.stepwise);
	nl_close(w.fresh);
	buf_free(&w.last.content);
	buf_free(&w.last.text);
	return w.failures || !w.steps;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of an apply, in order, each a function:
 *
 *	lock - read what runs - recover - compile - plan - (try) - clear stale
 *	marks - stage - (stage in the module) - commit - verify - (commit in the
 *	module) - point to it - tidy up
 *
 * The commit is the kernel's own transaction; all that can be done is done
 * before it: the new generation is on the disk, the way back is built, and the
 * kernel module, if it is loaded, has all that it needs (twophase.h). What is
 * left after it is to read back, one message and one rename(). If that fails
 * the way back is taken. If we are killed in between, the next run finds the
 * generation that the kernel's record speaks of and points to it, in the
 * directory and in the module.
 */
#include "runtime/apply.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "compile.h"
#include "emit/text.h"
#include "runtime/access.h"
#include "runtime/conntrack.h"
#include "runtime/delta.h"
#include "runtime/devices.h"
#include "runtime/epoch.h"
#include "runtime/exit.h"
#include "runtime/foreseen.h"
#include "runtime/guard.h"
#include "runtime/kernel.h"
#include "runtime/nl.h"
#include "runtime/on_policy.h"
#include "runtime/raw.h"
#include "runtime/reject.h"
#include "runtime/report.h"
#include "runtime/restore.h"
#include "runtime/state.h"
#include "runtime/textdiff.h"
#include "runtime/trial.h"
#include "runtime/twophase.h"

/* How often a commit is tried while others change the ruleset. */
#define COMMIT_TRIES 50

/* A step's answer: go on to the next one; else the exit code. */
#define NEXT (-1)

struct apply {
	const struct apply_options *options;
	struct timespec start;
	struct arena *arena; /* of what is read and built here */
	struct compilation c;
	struct nl *nl;
	struct state *state;   /* NULL in a dry run where there is none */
	struct kernel now;     /* what runs */
	bool blind;	       /* a dry run that may not read it */
	struct generation old; /* what runs, as it was stored: */
	bool has_old;
	struct generation last; /* what `current` names; number 0: nothing */
	struct devices devices;
	struct ir *ir;
	struct twophase module;
	struct batch content;	/* what makes the new policy from nothing */
	struct buf old_content; /* the same of what runs; empty: not known */
	struct batch batch;	/* what is sent */
	bool whole;		/* do not try to send only what differs */
	bool differing;		/* the batch is only what differs: */
	struct delta_result difference;
	struct kernel before;	  /* with the parts that will differ */
	struct table_names names; /* of the new policy */
	struct buf undo;	  /* the way back; empty: there is none */
	unsigned int number;	  /* of the staged generation, 0: not yet */
	struct guard_link guard;  /* who takes it back if it is not confirmed */
	bool holding;		  /* signals, until the end */
	sigset_t signals;
};

/*
 * Before the policy is read
 */

static int open_state(struct apply *a)
{
	const struct apply_options *o = a->options;
	int ret;

	ret = state_open(&a->state, o->state, !o->dry_run);
	if (o->dry_run && (ret == -ENOENT || ret == -EACCES))
		return NEXT;
	return ret ? report_failure(ret, "cannot open the state directory %s",
				    o->state) :
		     NEXT;
}

static int take_lock(struct apply *a)
{
	struct buf holder = { 0 };
	int ret;

	if (!a->state)
		return NEXT;
	ret = state_lock(a->state, a->options->command, &holder);
	if (ret == -EWOULDBLOCK) {
		report_error("another apply is running: process %s",
			     holder.n ? holder.p : "(unknown)");
		report_help("wait for it to end; nothing was changed");
		ret = EXIT_LOCKED;
	} else if (ret) {
		ret = report_failure(ret, "cannot lock %s/lock",
				     a->options->state);
	} else {
		ret = NEXT;
	}
	buf_free(&holder);
	return ret;
}

/* What would take it back knows nothing of yet another policy. */
static int refuse_unconfirmed(struct apply *a)
{
	struct guard_status status;
	int ret;

	if (!a->state || a->options->dry_run)
		return NEXT;
	ret = guard_status(a->state, &status);
	if (ret)
		return report_failure(ret, "cannot read %s/guard",
				      a->options->state);
	if (status.end == GUARD_DIED)
		report_warning("nobody is there any more to take %s back, "
			       "which was not confirmed",
			       status.policy);
	if (status.end != GUARD_WAITS)
		return NEXT;
	report_error("%s waits to be confirmed, %lu seconds are left; nothing "
		     "was changed",
		     status.policy, status.left);
	report_help("'nftoffc confirm' keeps it, 'nftoffc rollback' takes it "
		    "back");
	return EXIT_LOCKED;
}

static int read_kernel(struct apply *a)
{
	int ret;

	ret = nl_open(&a->nl, NETLINK_NETFILTER);
	if (!ret)
		ret = kernel_read(a->nl, a->arena, &a->now);
	if (ret == -EPERM && a->options->dry_run) {
		report_warning("what runs cannot be read without "
			       "CAP_NET_ADMIN: this compares with what was "
			       "remembered");
		a->blind = true;
		return NEXT;
	}
	return ret ? report_failure(ret, "cannot read the running ruleset") :
		     NEXT;
}

/* A dry run that may not ask it does without. */
static int find_module(struct apply *a)
{
	int ret = twophase_open(&a->module);

	if (ret == -EPERM && a->options->dry_run)
		return NEXT;
	if (ret)
		return report_failure(ret, "cannot ask the kernel module");
	if (a->module.found == TWOPHASE_OTHER_ABI)
		report_warning("the kernel module is %s: it is not used",
			       twophase_missing(&a->module));
	return NEXT;
}

/* Which generation runs, whatever `current` says. */
static int find_running(struct apply *a)
{
	int ret;

	if (!a->state)
		return NEXT;
	ret = state_current(a->state, &a->last);
	if (ret) {
		a->last = (struct generation){ 0 };
		if (ret != -ENOENT && !a->options->dry_run)
			report_warning("%s/current names no whole generation",
				       a->options->state);
	}
	if (a->blind || !a->now.recorded)
		return NEXT;
	ret = state_find(a->state, &a->now.record, &a->old);
	a->has_old = !ret;
	return ret && ret != -ENOENT ? report_failure(ret, "cannot read %s",
						      a->options->state) :
				       NEXT;
}

/* Removes what is neither current nor the one before it. */
static int tidy(struct apply *a)
{
	const struct generation *keep = a->has_old ? &a->old : &a->last;

	return state_prune(a->state, keep->number, keep->previous);
}

static int refused_by_module(struct apply *a, int error)
{
	const char *said = module_said(a->module.module);

	report_failure(error, "the kernel module refused; nothing was changed");
	if (said)
		report_help("it says: %s", said);
	return EXIT_SYSTEM;
}

/* What the module has to say of a killed apply. */
static int settle(struct apply *a)
{
	bool settled;
	int ret;

	ret = twophase_settle(
		&a->module, a->now.recorded ? &a->now.record : NULL, &settled);
	if (ret)
		return refused_by_module(a, ret);
	if (settled)
		report_warning("an apply was interrupted: the kernel module "
			       "was brought into line with what runs");
	return NEXT;
}

/* What a killed apply left behind. */
static int recover(struct apply *a)
{
	int ret;

	if (a->options->dry_run)
		return NEXT;
	ret = settle(a);
	if (ret != NEXT)
		return ret;
	ret = 0;
	if (a->has_old && a->old.number != a->last.number) {
		ret = state_point(a->state, a->old.number);
		if (!ret)
			report_warning("an apply was interrupted after its "
				       "commit: what runs is %s, epoch %u",
				       a->old.record.policy,
				       a->old.record.epoch);
	}
	if (!ret)
		ret = tidy(a);
	return ret ? report_failure(ret, "cannot write to %s",
				    a->options->state) :
		     NEXT;
}

/*
 * The policy, and what is to be done
 */

static int compile(struct apply *a)
{
	int ret = exit_of_compile(compile_policy(&a->c, a->options->policy));

	return ret == EXIT_DONE ? NEXT : ret;
}

static int look_for_devices(struct apply *a)
{
	int ret;

	ret = devices_read(a->arena, &a->devices);
	if (ret)
		return report_failure(ret, "cannot list the network devices");
	devices_require(a->c.diags, a->c.model, &a->devices);
	return diags_errors(a->c.diags) ? EXIT_SYSTEM : NEXT;
}

static int require_module(struct apply *a)
{
	const struct offload *offload = &a->c.model->offload;

	if (!offload->module_required || a->module.module || a->blind)
		return NEXT;
	diag_help(diag_error(a->c.diags, offload->module_span,
			     "the kernel module nftoffc is required, and is %s",
			     twophase_missing(&a->module)),
		  "'modprobe nftoffc', or build it with 'make kmod'");
	return EXIT_SYSTEM;
}

/* What runs, or what ran last if our table is gone: NULL if nothing. */
static const struct ir_record *running_record(const struct apply *a)
{
	if (a->now.recorded)
		return &a->now.record;
	return a->last.number ? &a->last.record : NULL;
}

/* A dry run keeps the epoch: else every line with a mark would differ. */
static uint32_t same_epoch(const struct apply *a, uint32_t mask, uint32_t count)
{
	const struct ir_record *running = running_record(a);

	if (!a->options->dry_run || !running || running->mask != mask ||
	    running->epoch > epoch_max(mask) - count + 1)
		return 0;
	return running->epoch;
}

static int choose_epoch(struct apply *a, uint32_t *epoch)
{
	const struct model *model = a->c.model;
	uint32_t count = lower_mark_count(model), mask = model->mark_mask;
	const struct span nowhere = { 0 };

	*epoch = 0;
	if (count <= epoch_count_max(mask)) {
		*epoch = same_epoch(a, mask, count);
		if (!*epoch)
			*epoch = epoch_choose(mask, count, running_record(a));
	}
	if (*epoch)
		return NEXT;
	diag_help(diag_error(a->c.diags, nowhere,
			     "the policy needs %u values of the connection "
			     "mark, and of the %u that fit into the mask %08x "
			     "a policy can have half",
			     count, epoch_max(mask), mask),
		  "give `mark-mask` more bits");
	return EXIT_POLICY;
}

/* Nobody is to lock himself out, unless he says so. */
static int protect_access(struct apply *a)
{
	const struct apply_options *o = a->options;
	struct access access;

	if (!access_find(&access, o->keep_access) && o->keep_access) {
		report_error("--keep-access: '%s' is no address",
			     o->keep_access);
		return EXIT_USAGE;
	}
	if (o->force || !access.address[0] ||
	    (a->c.model->lockout_ignored && !o->keep_access))
		return NEXT;
	return access_allowed(a->c.diags, a->c.model, &access) ? NEXT :
								 EXIT_POLICY;
}

/*
 * While a policy that translates runs, the next connection may come at any
 * instant. What it left behind is over once none lives; in doubt, one does.
 */
static bool may_be_translated(struct apply *a)
{
	bool any = false, kept = false;
	size_t i;

	for (i = 0; i < a->now.names.chains.n; i++) {
		const struct table_chain *chain = &a->now.names.chains.v[i];

		if (!strcmp(chain->name, LOWER_TRANSLATED))
			kept = true;
		else if (chain->type && !strcmp(chain->type, "nat"))
			return true;
	}
	return kept && (conntrack_translated(a->nl, &any) || any);
}

static int plan(struct apply *a)
{
	struct lower_options options = { 0 };
	int ret;

	ret = choose_epoch(a, &options.epoch);
	if (ret != NEXT)
		return ret;
	options.former = running_record(a);
	options.translated = may_be_translated(a);
	options.kernel_east = kernel_east();
	a->ir = lower(a->arena, a->c.model, &options);
	devices_pending(a->c.diags, a->c.model, a->ir, &a->devices);
	devices_resolve(a->ir, &a->devices);
	return NEXT;
}

static size_t count_rules(const struct ir *ir)
{
	const struct ir_chain *chain;
	size_t n = 0;

	for (chain = ir->chains; chain; chain = chain->next)
		n += chain->nrules;
	return n;
}

static size_t count_elements(const struct ir *ir)
{
	const struct ir_set *set;
	size_t n = 0;

	for (set = ir->sets; set; set = set->next)
		n += set->nelems;
	return n;
}

/* Is our table as it was committed, at the generation that was read? */
static bool is_unchanged(struct apply *a)
{
	struct kernel all;

	if (a->old.genid == a->now.genid)
		return true;
	return a->old.fingerprint &&
	       !kernel_read_all(a->nl, a->arena, a->old.elements, &all) &&
	       all.genid == a->now.genid &&
	       all.fingerprint == a->old.fingerprint;
}

static uint64_t new_generation(const struct apply *a)
{
	const struct ir_record record = {
		.digest = a->ir->digest,
		.epoch = a->ir->mark.epoch,
		.mask = a->ir->mark.mask,
	};

	return keepout_generation(&record);
}

/* In a dry run: as a comment behind the difference. */
static void tell_module(const struct apply *a, uint64_t generation,
			const struct keepout *entries)
{
	const char *missing = twophase_missing(&a->module);

	if (a->blind)
		return;
	if (missing)
		printf("# kernel module: %s\n", missing);
	else
		printf("# kernel module: generation %016" PRIx64
		       ", %zu entries\n",
		       generation, entries->n);
}

/* What the rules of @epoch have the module keep out. */
static struct keepout keepout(const struct apply *a, uint32_t epoch)
{
	return keepout_of(a->arena, &a->ir->mark, epoch);
}

/* The module was loaded since: it alone is told what the rules say already. */
static int align_module(struct apply *a)
{
	const struct ir_record *record = &a->now.record;
	struct keepout entries = keepout(a, record->epoch);
	uint64_t generation = keepout_generation(record);
	int ret;

	if (a->options->dry_run) {
		tell_module(a, generation, &entries);
		return EXIT_DONE;
	}
	ret = twophase_stage(&a->module, generation, &entries);
	if (!ret)
		ret = twophase_commit(&a->module);
	if (ret)
		return refused_by_module(a, ret);
	printf("the kernel module was told what %s keeps out\n", a->ir->policy);
	return EXIT_DONE;
}

static int stop_if_applied(struct apply *a)
{
	const struct ir_record *record = &a->now.record;

	if (!a->has_old || record->digest != a->ir->digest ||
	    record->mask != a->ir->mark.mask ||
	    strncmp(a->ir->policy, record->policy,
		    sizeof(record->policy) - 1) ||
	    !devices_match(a->ir, &a->now.names) || !is_unchanged(a))
		return NEXT;
	if (!twophase_agrees(&a->module, record)) {
		printf("%s is already applied\n", a->ir->policy);
		return align_module(a);
	}
	printf("%s is already applied, nothing to do\n", a->ir->policy);
	return EXIT_DONE;
}

/* What runs already is not asked for: nft need not be there. */
static int translate(struct apply *a)
{
	int ret = raw_translate(a->c.diags, a->ir);

	return ret ? ret : NEXT;
}

static int validate(struct apply *a)
{
	int ret;

	if (!a->options->dry_run && !a->options->validate)
		return NEXT;
	ret = trial_run(a->c.diags, a->ir);
	return ret ? ret : NEXT;
}

/* The text of what runs; empty if nothing does. */
static void old_text(struct apply *a, struct buf *text)
{
	unsigned int number = a->blind ? a->last.number : a->old.number;

	if (number && state_read(a->state, number, "policy.nft", text))
		report_warning("the text of what runs cannot be read");
	if (a->now.names.exists && !a->has_old)
		report_warning("what runs was not applied from %s: its text "
			       "is not known",
			       a->options->state);
}

static int show_difference(struct apply *a)
{
	struct buf old = { 0 }, new = { 0 }, diff = { 0 };
	struct keepout entries;

	if (!a->options->dry_run)
		return NEXT;
	old_text(a, &old);
	emit_text(&new, a->ir);
	if (textdiff(&diff, "applied", (struct str){ old.p, old.n },
		     a->options->policy, (struct str){ new.p, new.n }))
		fwrite(diff.p, 1, diff.n, stdout);
	buf_free(&diff);
	buf_free(&new);
	buf_free(&old);
	entries = keepout(a, a->ir->mark.epoch);
	tell_module(a, new_generation(a), &entries);
	return EXIT_DONE;
}

/*
 * Before the commit
 */

/*
 * What runs keeps decisions of the policy before it; where the new one keeps
 * what runs, these are to go on, too: as decisions of what runs.
 */
static int carry_marks(struct apply *a)
{
	const struct ir_record *record = &a->now.record;
	struct ir_mark kept = { .mask = record->mask };

	if (!a->c.model->existing_keep || !a->now.recorded ||
	    !record->kept_count)
		return 0;
	kept.shift = (uint32_t)__builtin_ctz(record->mask);
	kept.epoch = record->kept_epoch;
	kept.count = record->kept_count;
	return conntrack_move(a->nl, &kept, record->epoch);
}

static int clear_marks(struct apply *a)
{
	size_t cleared;
	int ret;

	ret = carry_marks(a);
	if (!ret)
		ret = conntrack_clear(a->nl, &a->ir->mark, &cleared);
	if (!ret)
		return NEXT;
	report_failure(ret, "cannot clear what an earlier policy left in the "
			    "connections' marks");
	if (ret == -EOPNOTSUPP)
		report_help("this kernel needs CONFIG_NF_CT_NETLINK (the "
			    "module nf_conntrack_netlink)");
	return EXIT_SYSTEM;
}

static void read_old_content(struct apply *a)
{
	if (a->has_old &&
	    state_read(a->state, a->old.number, "content", &a->old_content))
		a->old_content.n = 0;
}

static int build_undo(struct apply *a)
{
	const struct batch_options remove = { .remove_only = true };
	struct str old = { a->old_content.p, a->old_content.n };
	struct batch batch = { 0 };
	int ret = -ENOENT;

	if (!a->now.names.exists) {
		ret = batch_build(&batch, NULL, &remove);
		if (!ret)
			buf_add(&a->undo, batch.bytes.p, batch.bytes.n);
		batch_free(&batch);
	} else if (old.n) {
		ret = restore_build(&a->undo, old, &a->names, &a->devices);
	}
	if (ret)
		a->undo.n = 0;
	return ret;
}

/* The batch that makes the policy from nothing: what a restore needs. */
static int stage_content(struct apply *a, const struct batch *batch)
{
	struct names names = { .arena = a->arena };
	struct buf text = { 0 };
	struct state_content content;
	int ret;

	names_add_batch(&names, batch->bytes.p, batch->bytes.n);
	names_table(&names, &a->names);
	emit_text(&text, a->ir);
	content = (struct state_content){
		.record = ir_record_print(a->arena, a->ir),
		.previous = a->has_old ? a->old.number : a->last.number,
		.elements = count_elements(a->ir),
		.text = { text.p, text.n },
		.messages = { batch->bytes.p, batch->bytes.n },
	};
	ret = state_stage(a->state, &content, &a->number);
	buf_free(&text);
	return ret ? report_failure(ret,
				    "cannot write to %s; nothing was "
				    "changed",
				    a->options->state) :
		     NEXT;
}

static int stage(struct apply *a)
{
	const struct batch_options options = { 0 };
	int ret;

	ret = reject_build(a->c.diags, &a->content, a->ir, &options);
	if (ret == -E2BIG)
		ret = EXIT_POLICY;
	else if (ret)
		ret = report_failure(ret, "cannot build the transaction");
	else
		ret = stage_content(a, &a->content);
	if (ret != NEXT)
		return ret;
	read_old_content(a);
	if (build_undo(a))
		report_warning("what runs cannot be restored if this fails: "
			       "%s does not hold it",
			       a->options->state);
	return NEXT;
}

/*
 * The commit
 */

/* Nothing was committed: the staged generation goes. */
static int unstage(struct apply *a, int code)
{
	guard_cancel(&a->guard);
	if (twophase_back(&a->module))
		report_warning("the kernel module holds a generation that was "
			       "not applied");
	if (tidy(a))
		report_warning("%s holds a generation that was not applied",
			       a->options->state);
	return code;
}

static int stage_module(struct apply *a)
{
	struct keepout entries = keepout(a, a->ir->mark.epoch);
	int ret;

	ret = twophase_stage(&a->module, new_generation(a), &entries);
	return ret ? unstage(a, refused_by_module(a, ret)) : NEXT;
}

static int arm_guard(struct apply *a)
{
	const struct guard_plan plan = {
		.state = a->state,
		.undo = &a->undo,
		.back = a->has_old ? a->old.number : a->last.number,
		.policy = a->ir->policy,
		.seconds = a->options->confirm,
		.module = &a->module,
	};
	int ret;

	if (!a->options->confirm)
		return NEXT;
	if (!a->undo.n) {
		report_error("what runs cannot be restored, so nothing can be "
			     "taken back; nothing was changed");
		report_help("apply a policy that is kept in %s first, or "
			    "without --confirm",
			    a->options->state);
		return unstage(a, EXIT_SYSTEM);
	}
	ret = guard_arm(&a->guard, &plan);
	if (!ret)
		return NEXT;
	report_failure(ret, "cannot start the process that takes the policy "
			    "back; nothing was changed");
	return unstage(a, EXIT_SYSTEM);
}

static int find_handles(const char *chain, const uint64_t **handles, size_t *n,
			void *data)
{
	struct apply *a = data;

	return kernel_handles(a->nl, a->arena, chain, handles, n);
}

/* The parts of our table that the batch changes: what they are before it. */
static struct kernel_parts changed_parts(const struct apply *a)
{
	const struct delta_result *difference = &a->difference;
	struct kernel_parts parts = {
		.chains = difference->chains.v,
		.nchains = difference->chains.n,
		.sets = difference->sets.v,
		.nsets = difference->sets.n,
	};

	/* As kernel_read_all() leaves them out. */
	if (a->old.elements > KERNEL_ELEMENTS_MAX)
		parts.nsets = 0;
	return parts;
}

/*
 * Only what differs. Flowtables are renewed: their flows go back to the slow
 * path, where the new policy decides them.
 */
static int build_difference(struct apply *a)
{
	struct delta_options options = {
		.genid = a->now.genid,
		.now = &a->now.names,
		.renew_flowtables = true,
		.handles = find_handles,
		.data = a,
		.arena = a->arena,
	};
	struct str old = { a->old_content.p, a->old_content.n };
	struct kernel_parts parts;
	int ret;

	if (a->whole || !old.n || !is_unchanged(a))
		return -ESTALE;
	ret = delta_build(&a->batch, old, &a->content, &options,
			  &a->difference);
	if (ret)
		return ret;
	parts = changed_parts(a);
	ret = kernel_read_parts(a->nl, a->arena, &parts, &a->before);
	if (!ret && a->before.genid != a->now.genid)
		ret = -ERESTART;
	a->differing = !ret;
	return ret;
}

static int build_whole(struct apply *a)
{
	struct table_names now;
	struct batch_options options = { .now = &now, .genid = a->now.genid };

	names_table(&a->now.names, &now);
	return batch_build(&a->batch, a->ir, &options);
}

static int build_batch(struct apply *a)
{
	int ret;

	batch_free(&a->batch);
	a->differing = false;
	ret = build_difference(a);
	if (ret != -ESTALE && ret != -EBADMSG && ret != -ENOENT)
		return ret;
	batch_free(&a->batch);
	return build_whole(a);
}

/* The kernel counts on by one, and leaves out zero. */
static uint32_t next_genid(uint32_t genid)
{
	return genid + 1 ? genid + 1 : 1;
}

static bool same_record(const struct ir_record *a, const struct ir_record *b)
{
	return a->digest == b->digest && a->epoch == b->epoch &&
	       a->mask == b->mask && a->count == b->count;
}

/* Does the same policy run, or none? */
static bool same_state(const struct kernel *a, const struct kernel *b)
{
	if (!a->recorded || !b->recorded)
		return !a->recorded && !b->recorded &&
		       a->names.exists == b->names.exists;
	return same_record(&a->record, &b->record);
}

/* Another program committed something: read again, unless it was to ours. */
static int read_again(struct apply *a)
{
	struct kernel before = a->now;
	int ret;

	ret = kernel_read(a->nl, a->arena, &a->now);
	if (!ret && !same_state(&a->now, &before))
		ret = -EBUSY;
	return ret;
}

static int try_commit(struct apply *a, struct nl_errors *errors)
{
	int ret;

	ret = build_batch(a);
	if (ret)
		return ret;
	/* So the next run knows, even if we are killed right after. */
	ret = state_note(a->state, a->number, next_genid(a->now.genid), 0);
	if (ret)
		return ret;
	return nl_commit(a->nl, a->batch.bytes.p, a->batch.bytes.n, errors);
}

static int commit(struct apply *a)
{
	struct nl_errors errors = { .arena = a->arena };
	int ret = 0, i;

	for (i = 0; i < COMMIT_TRIES; i++) {
		errors.list.n = 0;
		errors.lost = false;
		ret = try_commit(a, &errors);
		/* Is something there that is not what we think it is? */
		if (!ret && errors.list.n && a->differing) {
			a->whole = true;
			continue;
		}
		if (ret != -ERESTART)
			break;
		/* It takes longer to find out what differs than to send all. */
		a->whole = i > 0;
		ret = read_again(a);
		if (ret)
			break;
		ret = -ERESTART;
	}
	if (ret == -ERESTART || ret == -EBUSY || ret == -EINTR)
		report_error("other programs keep changing the ruleset; "
			     "nothing was changed");
	else if (ret)
		report_failure(ret, "cannot send the transaction; nothing was "
				    "changed");
	if (ret == -EMSGSIZE)
		report_help("it needs CAP_NET_ADMIN in the first namespace, or "
			    "a larger net.core.wmem_max");
	if (ret)
		return unstage(a, EXIT_SYSTEM);
	if (!errors.list.n)
		return NEXT;
	reject_report(a->c.diags, &a->batch, &errors);
	return unstage(a, EXIT_SYSTEM);
}

/*
 * After the commit
 */

/* Is what runs what it was before? Only then is the old policy back. */
static bool is_restored(struct apply *a)
{
	struct kernel after;

	return !kernel_read(a->nl, a->arena, &after) &&
	       same_state(&after, &a->now);
}

static int undo(struct apply *a, const char *why)
{
	struct nl_errors errors = { .arena = a->arena };
	int ret = -ENOENT;

	guard_cancel(&a->guard);
	if (a->undo.n)
		ret = nl_commit(a->nl, a->undo.p, a->undo.n, &errors);
	if (ret || errors.list.n || !is_restored(a)) {
		report_error("%s, and what ran before could not be restored: "
			     "the rules of %s run, unverified",
			     why, a->ir->policy);
		report_help("apply again, or remove the rules with "
			    "'nft delete table inet " IR_TABLE "'");
		return EXIT_BROKEN;
	}
	if (twophase_back(&a->module)) {
		report_error("%s, and the rules that ran before were restored, "
			     "but not what the kernel module keeps out",
			     why);
		report_help("apply again");
		return EXIT_BROKEN;
	}
	if (a->now.names.exists)
		report_error("%s: the policy that ran before, %s, was restored",
			     why, a->old.record.policy);
	else
		report_error("%s: as before, no policy runs", why);
	return unstage(a, EXIT_RESTORED);
}

static bool same_counts(const struct apply *a, const struct kernel *kernel,
			bool rules)
{
	const struct names *found = &kernel->names;

	return found->chains.n == a->names.nchains &&
	       found->sets.n == a->names.nsets &&
	       found->limits.n == a->names.nlimits &&
	       found->objects.n == a->names.nobjects &&
	       found->flowtables.n == a->names.nflowtables &&
	       (!rules || found->nrules == count_rules(a->ir));
}

static bool is_ours(const struct apply *a, const struct kernel *kernel)
{
	return kernel->recorded && kernel->record.digest == a->ir->digest &&
	       kernel->record.epoch == a->ir->mark.epoch &&
	       kernel->record.mask == a->ir->mark.mask;
}

/*
 * After a batch that was only what differs, what did not differ is as it was:
 * the fingerprint follows from what did. False: it cannot be told so.
 */
static bool read_difference(struct apply *a, struct kernel *after)
{
	struct kernel_parts parts = changed_parts(a);
	bool had_elements = a->old.elements <= KERNEL_ELEMENTS_MAX;
	bool has_elements = count_elements(a->ir) <= KERNEL_ELEMENTS_MAX;

	if (!a->differing || !a->old.fingerprint ||
	    had_elements != has_elements ||
	    kernel_read_parts(a->nl, a->arena, &parts, after) ||
	    after->genid != next_genid(a->now.genid))
		return false;
	after->fingerprint += a->old.fingerprint - a->before.fingerprint;
	return true;
}

static int verify(struct apply *a)
{
	struct kernel after;
	bool all = true, rules = false;
	int ret = 0;

	if (!read_difference(a, &after)) {
		rules = true;
		ret = kernel_read_all(a->nl, a->arena, count_elements(a->ir),
				      &after);
	}
	if (ret == -EINTR) { /* others write too fast to read every rule */
		all = rules = false;
		ret = kernel_read(a->nl, a->arena, &after);
	}
	if (ret)
		return undo(a, "what was committed cannot be read back");
	if (!is_ours(a, &after) && same_state(&after, &a->now)) {
		report_error("the kernel did not commit the transaction, and "
			     "does not say why; nothing was changed");
		return unstage(a, EXIT_SYSTEM);
	}
	if (!is_ours(a, &after) || !same_counts(a, &after, rules))
		return undo(a, "what the kernel has is not what was sent");
	/* Without it the next run will not know that nothing changed. */
	if (all)
		state_note(a->state, a->number, after.genid, after.fingerprint);
	return NEXT;
}

static int commit_module(struct apply *a)
{
	return twophase_commit(&a->module) ?
		       undo(a, "the kernel module did not follow") :
		       NEXT;
}

static int point(struct apply *a)
{
	if (state_point(a->state, a->number))
		return undo(a, "the state directory cannot be written");
	/* From here on the new generation is the one to keep. */
	if (state_prune(a->state, a->number,
			a->has_old ? a->old.number : a->last.number))
		report_warning("%s holds generations that are of no use",
			       a->options->state);
	return NEXT;
}

static int start_guard(struct apply *a)
{
	if (a->options->confirm)
		guard_start(&a->guard);
	else
		guard_forget(a->state);
	return NEXT;
}

/* The policy runs, whatever comes of this. */
static int follow_foreseen(struct apply *a)
{
	size_t ended;
	int ret = foreseen_follow(a->nl, a->c.model, &ended);

	if (ret)
		report_warning("connections that a helper foresaw may go on, "
			       "although their control connection is denied: "
			       "%s",
			       strerror(-ret));
	return NEXT;
}

static void print_change(size_t added, size_t removed, const char *what)
{
	if (added || removed)
		printf(", %s +%zu -%zu", what, added, removed);
}

/* What was sent, if it was not all. */
static void print_difference(const struct apply *a)
{
	const struct delta_result *d = &a->difference;

	if (!a->differing)
		return;
	print_change(d->rules_added, d->rules_removed, "rules");
	print_change(d->elements_added, d->elements_removed, "elements");
	print_change(d->chains_added, d->chains_removed, "chains");
	print_change(d->sets_added, d->sets_removed, "sets");
}

static int report(struct apply *a)
{
	struct timespec end;
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = (end.tv_sec - a->start.tv_sec) * 1000 +
	     (end.tv_nsec - a->start.tv_nsec) / 1000000;
	printf("applied %s (%016" PRIx64 ", %zu rules, %zu elements) in %ld ms",
	       a->ir->policy, a->ir->digest, count_rules(a->ir),
	       count_elements(a->ir), ms);
	print_difference(a);
	putchar('\n');
	if (a->options->confirm)
		printf("it is taken back in %lu seconds, unless 'nftoffc "
		       "confirm' keeps it\n",
		       a->options->confirm);
	return EXIT_DONE;
}

/* Ctrl-C waits: it would leave the question what runs to the next apply. */
static int hold_signals(struct apply *a)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	a->holding = !sigprocmask(SIG_BLOCK, &set, &a->signals);
	return NEXT;
}

static int (*const steps[])(struct apply *a) = {
	open_state,
	take_lock,
	refuse_unconfirmed,
	read_kernel,
	find_module,
	find_running,
	recover,
	compile,
	require_module,
	look_for_devices,
	protect_access,
	plan,
	stop_if_applied,
	translate,
	validate,
	show_difference,
	hold_signals,
	clear_marks,
	stage,
	stage_module,
	arm_guard,
	commit,
	verify,
	commit_module,
	point,
	start_guard,
	follow_foreseen,
	report,
};

int apply(const struct apply_options *options)
{
	struct apply a = { .options = options, .guard.fd = -1 };
	int ret = NEXT;
	size_t i;

	clock_gettime(CLOCK_MONOTONIC, &a.start);
	a.arena = arena_new();
	for (i = 0; ret == NEXT && i < sizeof(steps) / sizeof(*steps); i++)
		ret = steps[i](&a);
	if (a.holding)
		sigprocmask(SIG_SETMASK, &a.signals, NULL);
	if (a.c.diags)
		diags_print(a.c.diags, stderr, report_colour(stderr));
	buf_free(&a.undo);
	buf_free(&a.old_content);
	batch_free(&a.content);
	batch_free(&a.batch);
	state_close(a.state);
	twophase_close(&a.module);
	nl_close(a.nl);
	compile_free(&a.c);
	arena_free(a.arena);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of an apply from the first that changes anything on.
 *
 * What must stay true: whatever a step has begun, a step that fails after it
 * takes back: the staged generation, the module's, the guard, the rules.
 */
#include "runtime/apply/apply_parts.h"

#include <errno.h>
#include <stdio.h>

#include "emit/text.h"
#include "runtime/base/exit.h"
#include "runtime/base/fault.h"
#include "runtime/base/privilege.h"
#include "runtime/base/report.h"
#include "runtime/live/foreseen.h"
#include "runtime/netlink/conntrack.h"
#include "runtime/netlink/reject.h"
#include "runtime/trial/verify.h"

/* How often a commit is tried while others change the ruleset. */
#define COMMIT_TRIES 50

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

	if (a->target.stored.p || !a->c.model->existing_keep ||
	    !a->now.recorded || !record->kept_count)
		return 0;
	kept.shift = (uint32_t)__builtin_ctz(record->mask);
	kept.epoch = record->kept_epoch;
	kept.count = record->kept_count;
	return conntrack_move(a->nl, &kept, record->epoch);
}

int apply_clear_run(struct apply *a, uint32_t epoch, uint32_t count)
{
	struct ir_mark run = { .mask = a->target.container.parsed.mask };
	size_t cleared;

	run.shift = (uint32_t)__builtin_ctz(run.mask);
	run.epoch = epoch;
	run.count = count;
	return conntrack_clear(a->nl, &run, &cleared);
}

int apply_clear_marks(struct apply *a)
{
	const struct ir_record *record = &a->target.container.parsed;
	int ret;

	ret = fault(FAULT_APPLY_MARKS);
	if (!ret)
		ret = carry_marks(a);
	if (!ret)
		ret = apply_clear_run(a, record->epoch, record->count);
	/* Whoever has these now does not have them from whom it kept. */
	if (!ret && a->target.stored.p && record->kept_count)
		ret = apply_clear_run(a, record->kept_epoch,
				      record->kept_count);
	if (!ret)
		return NEXT;
	report_failure(ret, "cannot clear what an earlier policy left in the "
			    "connections' marks");
	if (ret == -EOPNOTSUPP)
		report_help("this kernel needs CONFIG_NF_CT_NETLINK (the "
			    "module nf_conntrack_netlink)");
	return EXIT_SYSTEM;
}

/* The transaction after which @ir is all that our table has; NULL: it goes. */
static int build_all(struct batch *batch, const struct ir *ir,
		     const struct table_names *now, uint32_t genid)
{
	const struct batch_options options = { .now = now,
					       .genid = genid,
					       .remove_only = !ir };

	return batch_build(batch, ir, &options);
}

static int build_way_back(struct apply *a)
{
	struct wayback_plan plan = { .from = &a->names,
				     .devices = &a->devices };

	if (!a->now.names.exists || kernel_only_translates(&a->now))
		plan.table = a->now.names.exists;
	else if (a->has_old && a->old_content.n)
		plan.content =
			(struct str){ a->old_content.p, a->old_content.n };
	else
		return -ENOENT;
	return wayback_build(&a->back, a->arena, &plan);
}

void apply_find_way_back(struct apply *a)
{
	if (a->has_old)
		apply_read_stored(a);
	if (build_way_back(a))
		report_warning("what runs cannot be restored if this fails: "
			       "%s does not hold it",
			       a->options->state);
}

/*
 * What a rollback goes back to: another policy. The same one, in rules that suit
 * how fw4 was then, or before others changed it, is none.
 */
static unsigned int find_previous(const struct apply *a)
{
	const struct generation *former = a->has_old ? &a->old : &a->last;
	const struct ir_record *next = &a->target.container.parsed;
	bool same = former->number &&
		    (a->ir ? apply_is_policy(a, &former->record) :
			     former->record.digest == next->digest);

	return same ? former->previous : former->number;
}

/* The batch that makes the policy from nothing: what a restore needs. */
static int stage_content(struct apply *a, const struct batch *batch)
{
	struct names names = { .arena = a->arena };
	struct container *c = &a->target.container;
	struct state_content content = { .container = c };
	int ret;

	/* So the next run knows, even if we are killed right after the commit. */
	content.genid = a->noted = nl_next_genid(a->now.genid);

	names_add_batch(&names, batch->bytes.p, batch->bytes.n);
	names_table(&names, &a->names);
	c->created = (uint64_t)time(NULL);
	c->previous = find_previous(a);
	c->messages = (struct str){ batch->bytes.p, batch->bytes.n };
	if (a->ir) {
		container_add_expressions(c, a->arena);
		emit_text(&a->target.text, a->ir);
	}
	content.slow = a->slow;
	content.text = (struct str){ a->target.text.p, a->target.text.n };
	if (a->applied.bytes.n)
		content.kept =
			(struct str){ a->applied.bytes.p, a->applied.bytes.n };
	else if (a->ir)
		content.sources = &a->c.sources;
	ret = state_stage(a->state, &content, &a->number);
	buf_free(&a->target.text);
	c->messages = (struct str){ 0 };
	return ret ? report_failure(ret,
				    "cannot write to %s; nothing was "
				    "changed",
				    a->options->state) :
		     NEXT;
}

/* What makes the new policy from nothing. */
static int build_content(struct apply *a)
{
	const struct batch_options options = { 0 };
	int ret;

	if (a->target.stored.p)
		return apply_build_stored(a);
	ret = fault(FAULT_APPLY_BUILD);
	if (!ret)
		ret = reject_build(a->c.diags, &a->content, a->ir, &options);
	if (ret == -E2BIG)
		return EXIT_POLICY;
	return ret ? report_failure(ret, "cannot build the transaction") : NEXT;
}

int apply_stage(struct apply *a)
{
	int ret = build_content(a);

	guard_forget_over(a->state);
	if (ret == NEXT)
		ret = stage_content(a, &a->content);
	if (ret != NEXT)
		return ret;
	apply_find_way_back(a);
	return NEXT;
}

/*
 * The commit
 */

/* Nothing was committed: the staged generation goes. */
int apply_unstage(struct apply *a, int code)
{
	guard_cancel(&a->guard);
	if (twophase_back(&a->module))
		report_warning("the kernel module holds a generation that was "
			       "not applied");
	if (apply_tidy(a))
		report_warning("%s holds a generation that was not applied",
			       a->options->state);
	return code;
}

int apply_stage_module(struct apply *a)
{
	const struct container *c = &a->target.container;
	int ret;

	ret = twophase_stage(&a->module, keepout_generation(&c->parsed),
			     &c->entries);
	return ret ? apply_unstage(a, apply_refused_by_module(a, ret)) : NEXT;
}

int apply_arm_guard(struct apply *a)
{
	const struct guard_plan plan = {
		.state = a->state,
		.way = &a->back,
		.back = a->has_old ? a->old.number : a->last.number,
		.number = a->number,
		.policy = a->target.policy,
		.digest = a->target.container.parsed.digest,
		.seconds = a->options->confirm,
		.module = &a->module,
	};
	int ret;

	if (!a->options->confirm)
		return NEXT;
	if (!a->back.bytes.n) {
		report_error("what runs cannot be restored, so nothing can be "
			     "taken back; nothing was changed");
		report_help("apply a policy that is kept in %s first, or "
			    "without --confirm",
			    a->options->state);
		return apply_unstage(a, EXIT_SYSTEM);
	}
	ret = guard_arm(&a->guard, &plan);
	if (!ret)
		return NEXT;
	report_failure(ret, "cannot start the process that takes the policy "
			    "back; nothing was changed");
	return apply_unstage(a, EXIT_SYSTEM);
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
 * Only what differs. Flowtables that are renewed give up their flows: these go
 * back to the slow path, where the new policy decides them.
 */
static int build_difference(struct apply *a)
{
	struct delta_options options = {
		.genid = a->now.genid,
		.now = &a->now.names,
		.renew = &a->renewal,
		.handles = find_handles,
		.data = a,
		.arena = a->arena,
	};
	struct kernel_parts parts;
	struct str old;
	int ret;

	if (a->whole || !a->content.n)
		return -ESTALE;
	old = apply_actual(a);
	if (!old.n)
		return -ESTALE;
	ret = delta_build(&a->batch, old, &a->content, &options,
			  &a->difference);
	if (!ret) {
		parts = changed_parts(a);
		ret = kernel_read_parts(a->nl, a->arena, &parts, &a->before);
	}
	/* What was read changed while it was read. */
	if (ret == -EINTR || (!ret && a->before.genid != a->now.genid))
		ret = -ERESTART;
	a->differing = !ret;
	return ret;
}

/* What is sent whole is as large as the content, which is not needed now. */
static int build_whole(struct apply *a)
{
	struct table_names now;

	batch_free(&a->content);
	names_table(&a->now.names, &now);
	if (a->target.stored.p)
		return apply_build_whole_stored(a, &now);
	return build_all(&a->batch, a->ir, &now, a->now.genid);
}

static int build_batch(struct apply *a)
{
	int ret;

	batch_free(&a->batch);
	a->differing = a->mending = false;
	ret = build_difference(a);
	if (ret != -ESTALE && ret != -EBADMSG && ret != -ENOENT)
		return ret;
	batch_free(&a->batch);
	return build_whole(a);
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

/* The kernel's generation after the commit, if it is not what was staged. */
static int note_next(struct apply *a)
{
	const struct generation next = {
		.number = a->number,
		.genid = nl_next_genid(a->now.genid),
		.slow = a->slow,
	};

	if (!a->number || a->noted == next.genid)
		return 0;
	a->noted = next.genid;
	return state_note(a->state, &next);
}

/* What runs now, by all that was read of it. */
static void note_committed(struct apply *a, uint32_t genid,
			   uint64_t fingerprint)
{
	const struct generation noted = {
		.number = a->number,
		.genid = genid,
		.fingerprint = fingerprint,
		.slow = a->slow,
	};

	state_note(a->state, &noted);
}

static int try_commit(struct apply *a, struct nl_errors *errors)
{
	int ret;

	ret = build_batch(a);
	if (!ret)
		ret = note_next(a);
	if (ret)
		return ret;
	return nl_commit(a->nl, a->batch.bytes.p, a->batch.bytes.n, errors);
}

int apply_commit(struct apply *a)
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
		return apply_unstage(a, EXIT_SYSTEM);
	if (!errors.list.n)
		return NEXT;
	reject_report(a->c.diags, &a->batch, &errors);
	return apply_unstage(a, EXIT_SYSTEM);
}

/*
 * After the commit
 */

/* Is what runs what it was before? Only then is the old policy back. */
static bool is_restored(struct apply *a)
{
	struct kernel after;

	return !fault(FAULT_APPLY_RESTORED) &&
	       !kernel_read(a->nl, a->arena, &after) &&
	       same_state(&after, &a->now);
}

int apply_undo(struct apply *a, const char *why)
{
	struct nl_errors errors = { .arena = a->arena };
	int ret = -ENOENT;

	guard_cancel(&a->guard);
	if (a->back.bytes.n)
		ret = fault(FAULT_APPLY_UNDO);
	if (a->back.bytes.n && !ret)
		ret = wayback_take(&a->back, a->nl, &errors);
	if (ret || errors.list.n || !is_restored(a)) {
		report_error("%s, and what ran before could not be restored: "
			     "%s%s",
			     why,
			     a->removing ? "no policy runs" :
					   "unverified, "
					   "the rules run of ",
			     a->removing ? "" : a->target.policy);
		report_help("apply again, or take the rules out with 'nftoffc "
			    "unload'");
		return EXIT_BROKEN;
	}
	if (twophase_back(&a->module)) {
		report_error("%s, and the rules that ran before were restored, "
			     "but not what the kernel module keeps out",
			     why);
		report_help("apply again");
		return EXIT_BROKEN;
	}
	if (a->now.recorded)
		report_error("%s: the policy that ran before, %s, was restored",
			     why, a->old.record.policy);
	else
		report_error("%s: as before, no policy runs", why);
	return apply_unstage(a, EXIT_RESTORED);
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
	       (!rules || found->nrules == a->target.container.rules);
}

static bool is_ours(const struct apply *a, const struct kernel *kernel)
{
	return kernel->recorded &&
	       same_record(&kernel->record, &a->target.container.parsed);
}

/*
 * After a batch that was only what differs, what did not differ is as it was:
 * the fingerprint follows from what did. False: it cannot be told so.
 */
static bool read_difference(struct apply *a, struct kernel *after)
{
	struct kernel_parts parts = changed_parts(a);
	bool had_elements = a->old.elements <= KERNEL_ELEMENTS_MAX;
	bool has_elements = a->target.container.elements <= KERNEL_ELEMENTS_MAX;

	if (!a->differing || a->mending || !a->old.fingerprint ||
	    had_elements != has_elements ||
	    kernel_read_parts(a->nl, a->arena, &parts, after) ||
	    after->genid != nl_next_genid(a->now.genid))
		return false;
	after->fingerprint += a->old.fingerprint - a->before.fingerprint;
	return true;
}

int apply_verify(struct apply *a)
{
	struct kernel after;
	bool all = true, rules = false;
	int ret = fault(FAULT_APPLY_VERIFY);

	if (ret)
		return apply_undo(a, "what was committed cannot be read back");
	if (!read_difference(a, &after)) {
		rules = true;
		ret = kernel_read_all(a->nl, a->arena,
				      a->target.container.elements, &after);
	}
	if (ret == -EINTR) { /* others write too fast to read every rule */
		all = rules = false;
		ret = kernel_read(a->nl, a->arena, &after);
	}
	if (ret)
		return apply_undo(a, "what was committed cannot be read back");
	if (!is_ours(a, &after) && same_state(&after, &a->now)) {
		report_error("the kernel did not commit the transaction, and "
			     "does not say why; nothing was changed");
		return apply_unstage(a, EXIT_SYSTEM);
	}
	if (!is_ours(a, &after) || !same_counts(a, &after, rules))
		return apply_undo(a,
				  "what the kernel has is not what was sent");
	/* Without it the next run will not know that nothing changed. */
	if (all)
		note_committed(a, after.genid, after.fingerprint);
	a->fingerprint = all ? after.fingerprint : 0;
	return NEXT;
}

/* Where all was sent, the content is made again. */
static int renew(struct apply *a, struct batch *batch,
		 const struct delta_options *options)
{
	struct delta_result result;
	struct str content;
	int ret = NEXT;

	if (!a->content.n)
		ret = build_content(a);
	if (ret != NEXT)
		return -EIO;
	content = (struct str){ a->content.bytes.p, a->content.bytes.n };
	return delta_build(batch, content, &a->content, options, &result);
}

static int build_renewal(struct apply *a, struct batch *batch, uint32_t *genid)
{
	struct kernel now;
	struct delta_options options = {
		.now = &now.names,
		.renew = &a->realign.renew,
		.handles = find_handles,
		.data = a,
		.arena = a->arena,
	};
	int ret = kernel_read(a->nl, a->arena, &now);

	if (ret)
		return ret;
	*genid = options.genid = now.genid;
	return is_ours(a, &now) ? renew(a, batch, &options) : -EBUSY;
}

static int try_renewal(struct apply *a)
{
	struct nl_errors errors = { .arena = a->arena };
	struct batch batch = { 0 };
	uint32_t genid = 0;
	int ret = build_renewal(a, &batch, &genid);

	if (!ret)
		ret = nl_commit(a->nl, batch.bytes.p, batch.bytes.n, &errors);
	if (!ret && errors.list.n)
		ret = errors.list.v[0].error;
	if (!ret) /* it is the same table as before */
		note_committed(a, nl_next_genid(genid), a->fingerprint);
	batch_free(&batch);
	return ret;
}

int apply_renew_flowtables(struct apply *a)
{
	int ret = -ERESTART, i;

	for (i = 0; ret == -ERESTART && i < COMMIT_TRIES; i++)
		ret = try_renewal(a);
	return ret;
}

int apply_commit_module(struct apply *a)
{
	return twophase_commit(&a->module) ?
		       apply_undo(a, "the kernel module did not follow") :
		       NEXT;
}

/* Nobody waits, and it held: then this only puts back what was there. */
static bool is_verified(const struct apply *a)
{
	return a->options->unattended && a->last.record.digest == a->ir->digest;
}

/*
 * What the policy itself has to say of what it did to this machine. Where fw4 is
 * not there it closes the way, which must not depend on what is open.
 */
int apply_verify_policy(struct apply *a)
{
	bool holds = is_verified(a) || a->options->without_fw4 ||
		     verify_all(a->c.diags, a->c.model);

	/* To ask hosts is needed no more. */
	if (a->c.model->nverifies)
		privilege_keep(PRIVILEGE_ADMIN);
	return holds ? NEXT :
		       apply_undo(a, "what the policy verifies does not hold");
}

int apply_point(struct apply *a)
{
	if (state_point(a->state, a->number))
		return apply_undo(a, "the state directory cannot be written");
	/* From here on the new generation is the one to keep. */
	if (state_prune(a->state, a->number,
			a->has_old ? a->old.number : a->last.number,
			STATE_KEEP))
		report_warning("%s holds generations that are of no use",
			       a->options->state);
	return NEXT;
}

int apply_start_guard(struct apply *a)
{
	if (a->options->confirm)
		guard_start(&a->guard);
	else
		guard_forget(a->state);
	/* Who asks for it by name means it, whatever was gone back from. */
	if (!a->options->unattended)
		state_refuse(a->state, 0);
	return NEXT;
}

/* The policy runs, whatever comes of this. */
int apply_follow_foreseen(struct apply *a)
{
	size_t ended;
	int ret = 0;

	if (a->c.model)
		ret = foreseen_follow(a->nl, a->c.model, &ended);
	if (ret)
		report_warning("connections that a helper foresaw may go on, "
			       "although their control connection is denied: "
			       "%s",
			       strerror(-ret));
	return NEXT;
}

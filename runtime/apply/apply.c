// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of an apply, in order, each a function:
 *
 *	lock - read what runs - recover - compile - plan - (try) - clear stale
 *	marks - stage - (stage in the module) - look at live connections - commit -
 *	verify - bring them into line - (commit in the module) - point to it - end
 *	those that are denied - tidy up
 *
 * The commit is the kernel's own transaction; all that can be done is done
 * before it: the new generation is on the disk, the way back is built, and the
 * kernel module, if it is loaded, has all that it needs (twophase.h). What is
 * left after it is to read back, one message and one rename(). If that fails
 * the way back is taken. If we are killed in between, the next run finds the
 * generation that the kernel's record speaks of and points to it, in the
 * directory and in the module.
 */
#include "runtime/apply/apply.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>

#include "emit/text.h"
#include "runtime/apply/apply_parts.h"
#include "runtime/base/exit.h"
#include "runtime/base/privilege.h"
#include "runtime/base/progress.h"
#include "runtime/base/report.h"
#include "runtime/base/textdiff.h"
#include "runtime/live/on_policy.h"
#include "runtime/netlink/conntrack.h"
#include "runtime/offload/probe.h"
#include "runtime/ruleset/epoch.h"
#include "runtime/state/contain.h"
#include "runtime/state/fates.h"
#include "runtime/state/said.h"
#include "runtime/trial/access.h"
#include "runtime/trial/raw.h"
#include "runtime/trial/trial.h"
#include "runtime/trial/verify.h"

#define LOCK_TRIES 3000 /* a minute: slow machines, many devices */
#define LOOK_TRIES 25	/* half a second: who only looks */

/*
 * Before the policy is read
 */

int apply_open_state(struct apply *a)
{
	const struct apply_options *o = a->options;
	int ret;

	ret = state_open(&a->state, o->state, !o->dry_run);
	a->unread = ret == -EACCES;
	if (o->dry_run && (ret == -ENOENT || ret == -EACCES))
		return NEXT;
	return ret ? report_failure(ret, "cannot open the state directory %s",
				    o->state) :
		     NEXT;
}

static bool is_watch(const struct buf *holder)
{
	return holder->n && strstr(holder->p, " " STATE_WATCH);
}

/*
 * A watch holds it for an instant, so that one is waited for; so does who only
 * looks, and he does not write down who he is, nor has a watch at once.
 */
static int lock_or_wait(struct apply *a, struct buf *holder)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	int ret, i;

	for (i = 0; i < LOCK_TRIES; i++) {
		holder->n = 0;
		ret = state_lock(a->state, a->options->command, holder);
		if (ret != -EWOULDBLOCK ||
		    (i >= LOOK_TRIES && !is_watch(holder)))
			break;
		state_leave_lock(a->state);
		nanosleep(&pause, NULL);
	}
	return ret;
}

int apply_take_lock(struct apply *a)
{
	struct buf holder = { 0 };
	int ret;

	if (!a->state)
		return NEXT;
	ret = lock_or_wait(a, &holder);
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
int apply_refuse_unconfirmed(struct apply *a)
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

/* A dry run goes on with what may be known, if that is anything at all. */
static int go_on_blind(struct apply *a)
{
	a->blind = true;
	if (a->state)
		report_warning("what runs cannot be read without "
			       "CAP_NET_ADMIN: this compares with what was "
			       "remembered");
	else if (!a->options->needs_former)
		report_warning("what runs cannot be read without "
			       "CAP_NET_ADMIN, and %s %s: this is all of the "
			       "policy, as if nothing ran",
			       a->options->state,
			       a->unread ? "is only root's to read" :
					   "remembers nothing");
	if (a->state || !a->options->needs_former)
		return NEXT;
	report_error("neither what runs can be read, without CAP_NET_ADMIN, "
		     "nor what was applied, in %s",
		     a->options->state);
	report_help(
		"run as root%s",
		a->options->differs ?
			", or compare two policies: 'nftoffc diff OLD NEW'" :
			"");
	return EXIT_SYSTEM;
}

int apply_read_kernel(struct apply *a)
{
	int ret;

	ret = nl_open(&a->nl, NETLINK_NETFILTER);
	if (!ret)
		ret = kernel_read(a->nl, a->arena, &a->now);
	if (ret == -EPERM && a->options->dry_run)
		return go_on_blind(a);
	return ret ? report_failure(ret, "cannot read the running ruleset") :
		     NEXT;
}

/* A dry run that may not ask it does without. */
int apply_find_module(struct apply *a)
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
int apply_find_running(struct apply *a)
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
int apply_tidy(struct apply *a)
{
	const struct generation *keep = a->has_old ? &a->old : &a->last;
	unsigned int top = keep->number;

	if (!top) /* where nothing runs, what ran is kept all the same */
		top = a->number ? a->number - 1 : UINT_MAX;
	return state_prune(a->state, top, keep->previous, STATE_KEEP);
}

int apply_refused_by_module(struct apply *a, int error)
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
		return apply_refused_by_module(a, ret);
	if (settled)
		report_warning("an apply was interrupted: the kernel module "
			       "was brought into line with what runs");
	return NEXT;
}

/* What a killed apply left behind. */
int apply_recover(struct apply *a)
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
		ret = apply_tidy(a);
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
		  "%s", twophase_help(&a->module));
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
	uint32_t count = lower_mark_count(model);
	uint32_t mask = lower_mark_mask(model, count);
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
bool apply_may_be_translated(struct apply *a)
{
	bool any = false, kept = false;
	size_t i;

	for (i = 0; i < a->now.names.chains.n; i++) {
		const struct table_chain *chain = &a->now.names.chains.v[i];

		if (!strcmp(chain->name, LOWER_TRANSLATED))
			kept = true;
		else if (names_is_nat(chain))
			return true;
	}
	return kept && (conntrack_translated(a->nl, &any) || any);
}

/* What the kernel and the devices can. Without offload, other rules come. */
static int look_at_offload(struct apply *a, const struct lower_options *options)
{
	bool offloads = true;
	int ret = 0;

	a->wishes = attach_wishes(a->ir);
	if (!a->blind)
		ret = probe_links(a->nl, &a->now.names, &a->wishes,
				  &a->devices.links, &offloads);
	if (ret == -EPERM && a->options->dry_run)
		return NEXT;
	if (ret)
		return report_failure(ret, "cannot ask the kernel what it "
					   "offloads");
	if (offloads)
		return NEXT;
	a->slow = true;
	devices_without_offload(a->c.diags, a->c.model);
	if (diags_errors(a->c.diags))
		return EXIT_SYSTEM;
	a->ir = lower(a->arena, a->c.model, options);
	a->wishes = attach_wishes(a->ir);
	return NEXT;
}

bool apply_lowers_to(struct arena *arena, const struct model *model,
		     const struct lower_options *options, uint64_t digest)
{
	static const enum lower_gate gates[] = { GATE_OPEN, GATE_FORWARD,
						 GATE_ALL };
	size_t i, n = model->mode == MODE_FW4 ? 3 : 1;
	struct lower_options made = *options;

	for (i = 0; i < n; i++) {
		made.gate = gates[i];
		if (lower(arena, model, &made)->digest == digest)
			return true;
	}
	return false;
}

bool apply_is_policy(const struct apply *a, const struct ir_record *record)
{
	return record->digest == a->ir->digest ||
	       (a->c.model->mode == MODE_FW4 &&
		apply_lowers_to(a->arena, a->c.model, &a->lowered,
				record->digest));
}

/* Was it gone back from? */
static bool is_refused(const struct apply *a)
{
	struct ir_record refused = { 0 };

	if (a->options->unattended && a->state)
		refused.digest = state_refused(a->state);
	return refused.digest && apply_is_policy(a, &refused);
}

static int lower_policy(struct apply *a)
{
	struct lower_options *options = &a->lowered;
	int ret;

	ret = choose_epoch(a, &options->epoch);
	if (ret != NEXT)
		return ret;
	options->former = running_record(a);
	options->translated = apply_may_be_translated(a);
	options->kernel_east = kernel_east();
	options->gate = a->gate;
	a->ir = lower(a->arena, a->c.model, options);
	ret = look_at_offload(a, options);
	if (ret != NEXT)
		return ret;
	if (is_refused(a)) {
		*a->options->refused = true;
		return EXIT_DONE;
	}
	a->target.policy = a->ir->policy;
	contain(&a->target.container, a->arena, a->ir, a->c.model);
	a->attach = attach_decide(a->arena, &a->wishes, &a->devices.links);
	devices_pending(a->c.diags, a->c.model, &a->attach);
	attach_resolve(a->ir, &a->attach);
	return NEXT;
}

int apply_plan(struct apply *a)
{
	static const apply_step steps[] = {
		require_module, apply_beside_fw4, look_for_devices,
		protect_access, lower_policy,
	};
	int ret = NEXT;
	size_t i;

	for (i = 0; ret == NEXT && i < sizeof(steps) / sizeof(*steps); i++)
		ret = steps[i](a);
	return ret;
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

/* The module was loaded since: it alone is told what the rules say already. */
static int align_module(struct apply *a)
{
	const struct ir_record *record = &a->now.record;
	struct keepout entries =
		keepout_of(a->arena, &a->ir->mark, record->epoch);
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
		return apply_refused_by_module(a, ret);
	printf("the kernel module was told what %s keeps out\n", a->ir->policy);
	return EXIT_DONE;
}

bool apply_is_applied(struct apply *a)
{
	const struct ir_record *record = &a->now.record;

	return a->has_old && record->digest == a->ir->digest &&
	       record->mask == a->ir->mark.mask &&
	       !strncmp(a->ir->policy, record->policy,
			sizeof(record->policy) - 1) &&
	       devices_match(a->ir, &a->now.names) && apply_is_unchanged(a) &&
	       !apply_left_live(a);
}

static int stop_if_applied(struct apply *a)
{
	if (!apply_is_applied(a))
		return NEXT;
	if (!twophase_agrees(&a->module, &a->now.record)) {
		printf("%s is already applied\n", a->ir->policy);
		return align_module(a);
	}
	if (!a->options->quiet)
		printf("%s is already applied, nothing to do\n", a->ir->policy);
	return EXIT_DONE;
}

/* What runs already is not asked for: nft need not be there. */
int apply_translate(struct apply *a)
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

	if (number && state_read(a->state, number, STATE_TEXT, text))
		report_warning("the text of what runs cannot be read");
	if (a->unread && !a->blind)
		report_warning("%s is only root's to read: the text of what "
			       "runs is not known",
			       a->options->state);
	else if (a->now.names.exists && !a->has_old)
		report_warning("what runs was not applied from %s: its text "
			       "is not known",
			       a->options->state);
}

static int show_difference(struct apply *a)
{
	struct buf old = { 0 }, new = { 0 }, diff = { 0 }, verified = { 0 };

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
	tell_module(a, keepout_generation(&a->target.container.parsed),
		    &a->target.container.entries);
	verify_print(&verified, a->c.model);
	if (verified.n)
		fwrite(verified.p, 1, verified.n, stdout);
	buf_free(&verified);
	return EXIT_DONE;
}

int apply_keep_privilege(enum privilege privilege)
{
	int ret = privilege_keep(privilege);

	return ret ? report_failure(ret, "cannot give up root's privileges; "
					 "nothing was changed") :
		     NEXT;
}

/* All is read and tried: for the rest, the guard's too, this is enough. */
static int give_up_privilege(struct apply *a)
{
	return apply_keep_privilege(a->c.model->nverifies ? PRIVILEGE_VERIFY :
							    PRIVILEGE_ADMIN);
}

/*
 * The end
 */

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

static void print_mended(const struct apply *a)
{
	size_t n = a->drift.changes.list.n;

	if (n)
		printf(", %zu change%s of others undone", n, n == 1 ? "" : "s");
}

/* What becomes of the devices of each flowtable. */
static void print_devices(const struct apply *a)
{
	struct buf text = { 0 };

	fates_add(&text, a->arena, &a->attach, "");
	if (text.n)
		fwrite(text.p, 1, text.n, stdout);
	buf_free(&text);
}

int apply_report(struct apply *a)
{
	struct timespec end;
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = (end.tv_sec - a->start.tv_sec) * 1000 +
	     (end.tv_nsec - a->start.tv_nsec) / 1000000;
	printf("%s %s (%016" PRIx64 ", %zu rules, %zu elements) in %ld ms",
	       a->target.number ? "went back to" : "applied", a->target.policy,
	       a->target.container.parsed.digest,
	       (size_t)a->target.container.rules,
	       (size_t)a->target.container.elements, ms);
	print_difference(a);
	print_mended(a);
	putchar('\n');
	print_devices(a);
	if (a->options->confirm)
		printf("it is taken back in %lu seconds, unless 'nftoffc "
		       "confirm' keeps it\n",
		       a->options->confirm);
	return EXIT_DONE;
}

/* Ctrl-C waits: it would leave the question what runs to the next apply. */
int apply_hold_signals(struct apply *a)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGALRM);
	a->holding = !sigprocmask(SIG_BLOCK, &set, &a->signals);
	return NEXT;
}

static const apply_step steps[] = {
	APPLY_BEGIN,
	compile,
	apply_plan,
	apply_find_drift,
	stop_if_applied,
	apply_translate,
	validate,
	show_difference,
	give_up_privilege,
	apply_hold_signals,
	apply_clear_marks,
	apply_stage,
	apply_stage_module,
	apply_arm_guard,
	apply_look_live,
	apply_commit,
	apply_verify,
	apply_bring_live,
	apply_commit_module,
	apply_verify_policy,
	apply_point,
	apply_end_live,
	apply_start_guard,
	apply_follow_foreseen,
	apply_report,
};

/* What is shown of the steps that may take long. */
static const struct {
	apply_step step;
	const char *phase;
} phases[] = {
	{ apply_read_kernel, "reading what runs" },
	{ compile, "compiling" },
	{ apply_plan, "building the transaction" },
	{ apply_find_drift, "comparing it with what runs" },
	{ apply_translate, "finding what differs" },
	{ validate, "asking the kernel" },
	{ apply_clear_marks, "looking at live connections" },
	{ apply_stage, "writing it down" },
	{ apply_commit, "the kernel takes it" },
	{ apply_verify, "reading it back" },
	{ apply_commit_module, "live connections follow" },
};

/* Steps that print: a dry run what differs, all others what was done. */
static bool prints(const struct apply *a, apply_step step)
{
	return step == apply_report || step == apply_show_changes ||
	       (step == show_difference && a->options->dry_run);
}

static void show_phase(struct progress *progress, const struct apply *a,
		       apply_step step)
{
	size_t i;

	if (prints(a, step))
		progress_close(progress);
	for (i = 0; i < sizeof(phases) / sizeof(*phases); i++)
		if (phases[i].step == step)
			progress_phase(progress, phases[i].phase);
}

/*
 * fw4's hook comes with every reload. Where it changed nothing, its warnings are
 * news only if they are others than the last time; and those of what it does not
 * apply are nobody's.
 */
static bool is_no_news(struct apply *a, int ret)
{
	FILE *out;
	char *text = NULL;
	size_t n = 0;
	bool same;

	if (!a->options->unattended || !a->state)
		return false;
	if (*a->options->refused)
		return true;
	out = open_memstream(&text, &n);
	if (!out)
		return false;
	diags_print(a->c.diags, out, false);
	fclose(out);
	same = said_before(a->state, (struct str){ text, n });
	free(text);
	return same && ret == EXIT_DONE && !a->number;
}

int apply_run(const struct apply_options *options, const apply_step *todo,
	      size_t n)
{
	struct apply a = { .options = options,
			   .guard.fd = -1,
			   .renewal.all = true };
	struct progress progress = { .pipe = -1 };
	int ret = NEXT;
	size_t i;

	clock_gettime(CLOCK_MONOTONIC, &a.start);
	a.arena = arena_new();
	if (!options->json)
		progress_open(&progress, "nftoffc");
	for (i = 0; ret == NEXT && i < n; i++) {
		show_phase(&progress, &a, todo[i]);
		ret = todo[i](&a);
	}
	progress_close(&progress);
	if (a.c.diags && options->json)
		diags_json(options->json, a.c.diags);
	else if (a.c.diags && !is_no_news(&a, ret))
		diags_print(a.c.diags, stderr, report_colour(stderr));
	/* What ends it now ends it with all said. */
	fflush(stdout);
	if (a.holding)
		sigprocmask(SIG_SETMASK, &a.signals, NULL);
	drift_free(&a.drift);
	realign_free(&a.realign);
	wayback_free(&a.back);
	buf_free(&a.old_content);
	buf_free(&a.target.text);
	buf_free(&a.stored);
	batch_free(&a.content);
	batch_free(&a.batch);
	state_close(a.state);
	twophase_close(&a.module);
	nl_close(a.nl);
	compile_free(&a.c);
	applied_close(&a.applied);
	arena_free(a.arena);
	return ret;
}

int apply(const struct apply_options *options)
{
	return apply_run(options, steps, sizeof(steps) / sizeof(*steps));
}

static const apply_step diff_steps[] = {
	apply_open_state,
	apply_take_lock,
	apply_read_kernel,
	apply_find_running,
	compile,
	apply_beside_fw4,
	look_for_devices,
	lower_policy,
	apply_find_drift,
	apply_translate,
	apply_show_changes,
};

int apply_diff(const struct apply_options *options)
{
	return apply_run(options, diff_steps,
			 sizeof(diff_steps) / sizeof(*diff_steps));
}

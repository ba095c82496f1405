// SPDX-License-Identifier: GPL-2.0-only
/*
 * An apply of what was stored. It is compiled again, from the files that it was
 * made of, and from there on it is an apply like any other: drift is told, nobody
 * is locked out unasked, live connections follow.
 *
 * If that does not make what was stored (the files are not there, or the program
 * is another one by now), the stored rules are put back as they are, with which
 * the steps of this file stand in for the compiler's. Nobody can be asked about
 * connections then: they meet the rules one by one; nor, without a policy, about
 * who goes back: he is not kept from cutting himself off. What differs from the machine
 * of that day is made anew: flowtables get the devices that are there now, and
 * where translated connections live that it knew nothing of, they stay so. What
 * was compiled again waits for fw4's marks if fw4 sets them now, and then only.
 *
 * What the policy verifies is not asked: whoever goes back has a reason.
 */
#include "runtime/apply/apply_parts.h"

#include <errno.h>
#include <inttypes.h>

#include "runtime/base/exit.h"
#include "runtime/base/privilege.h"
#include "runtime/base/report.h"
#include "runtime/netlink/conntrack.h"
#include "runtime/offload/probe.h"
#include "runtime/ruleset/restore.h"
#include "runtime/ruleset/unoffload.h"
#include "runtime/state/contain.h"

/* The one that was asked for, else the one before; 0: there is none. */
static int choose(struct apply *a, unsigned int *number)
{
	struct guard_status status;
	int ret = guard_status(a->state, &status);

	*number = a->options->generation;
	if (ret)
		return ret;
	if (!*number && a->has_old) {
		*number = guard_confirmed(&status, a->old.number);
		if (*number == a->old.number)
			*number = a->old.previous;
	} else if (!*number) {
		*number = a->last.number;
	}
	return 0;
}

static int refuse(struct apply *a, unsigned int number, const char *why)
{
	if (!number && !a->has_old)
		report_error("nothing runs that was applied from %s, so there "
			     "is nothing before it; nothing was changed",
			     a->options->state);
	else if (!number)
		report_error("there is no generation before this one in %s; "
			     "nothing was changed",
			     a->options->state);
	else if (why)
		report_error("generation %u cannot be gone back to: %s; "
			     "nothing was changed",
			     number, why);
	else
		report_error("there is no generation %u in %s; nothing was "
			     "changed",
			     number, a->options->state);
	report_help("'nftoffc history' lists them, and 'nftoffc rollback "
		    "NUMBER' goes to any of them");
	return EXIT_SYSTEM;
}

static int find_stored(struct apply *a)
{
	struct container *c = &a->target.container;
	unsigned int number;
	const char *why = NULL;
	int ret;

	compile_nothing(&a->c);
	ret = choose(a, &number);
	if (ret)
		return report_failure(ret, "cannot read %s/guard",
				      a->options->state);
	ret = number ? state_container(a->state, number, a->arena, &a->stored,
				       c, &why) :
		       -ENOENT;
	if (ret == -ENOENT || why)
		return refuse(a, number, why);
	if (ret)
		return report_failure(ret, "cannot read %s/generations/%u",
				      a->options->state, number);
	a->target.number = number;
	a->target.policy = c->parsed.policy;
	a->target.stored = c->messages;
	return NEXT;
}

static int say_running(const struct apply *a)
{
	if (!a->options->quiet)
		printf("generation %u, %s, runs already; nothing to do\n",
		       a->target.number, a->target.policy);
	return EXIT_DONE;
}

static bool is_running(struct apply *a)
{
	return a->has_old && a->old.number == a->target.number &&
	       apply_is_unchanged(a) && !apply_left_live(a);
}

static int stop_if(struct apply *a, bool running)
{
	return running && twophase_agrees(&a->module, &a->now.record) ?
		       say_running(a) :
		       NEXT;
}

/* fw4's hook asks whether it suits fw4, too, which may have changed since. */
static int stop_if_running(struct apply *a)
{
	return stop_if(a, !a->options->unattended && is_running(a));
}

/*
 * Compiled again
 */

static bool is_compiled(const struct apply *a)
{
	return a->ir;
}

static void warn_of_stored(const struct apply *a, const char *why)
{
	report_warning("generation %u %s: its rules are put back as they were "
		       "stored, and live connections meet them one by one",
		       a->target.number, why);
}

/* Warnings of a policy that ran already are old news. */
static int compile_stored(struct apply *a)
{
	int ret;

	compile_free(&a->c);
	ret = applied_open(&a->applied, &a->c, a->state, a->target.number);
	if (!ret)
		a->c.diags = diags_new(a->c.arena, &a->c.sources);
	else if (ret == -EINVAL)
		warn_of_stored(a, "was made by another version of nftoffc");
	else if (ret == -ENOENT)
		warn_of_stored(a, "was kept without its policy's files");
	else if (ret)
		warn_of_stored(a, "does not hold its policy's files whole");
	if (ret && ret != -EINVAL)
		buf_free(&a->applied.bytes);
	return NEXT;
}

static bool is_as_stored(const struct apply *a, const struct ir_record *stored)
{
	return a->ir->mark.mask == stored->mask && apply_is_policy(a, stored);
}

/* Rules alone do not say whom they let in. */
static int refuse_to_keep_access(const struct apply *a)
{
	const struct apply_options *o = a->options;

	if (!o->keep_access || o->force)
		return NEXT;
	report_error("--keep-access: of rules as they were stored it is not "
		     "known whether they cut off %s; nothing was changed",
		     o->keep_access);
	report_help("--force goes back all the same");
	return EXIT_SYSTEM;
}

/* That it cuts off nobody is asked of the policy, whatever is put back then. */
static int plan_compiled(struct apply *a)
{
	struct target stored = a->target;
	int ret;

	if (!a->c.model)
		return refuse_to_keep_access(a);
	a->target = (struct target){ .number = stored.number };
	ret = apply_plan(a);
	if (ret != NEXT || is_as_stored(a, &stored.container.parsed))
		return ret;
	warn_of_stored(a, "would be made otherwise by now");
	a->target = stored;
	a->c.model = NULL;
	a->ir = NULL;
	return NEXT;
}

/* As what has another number, if all that differed was made for another fw4. */
static int stop_if_applied(struct apply *a)
{
	return stop_if(a, is_compiled(a) ? apply_is_applied(a) : is_running(a));
}

static int translate(struct apply *a)
{
	return is_compiled(a) ? apply_translate(a) : NEXT;
}

static int give_up_privilege(struct apply *a)
{
	(void)a;
	return apply_keep_privilege(PRIVILEGE_ADMIN);
}

/*
 * As it was stored
 */

/* As boot does, and an apply of a policy that does not insist. */
static void go_without_offload(struct apply *a)
{
	struct buf slow = { 0 };
	char *messages;

	buf_add(&slow, a->target.stored.p, a->target.stored.n);
	a->slow = true;
	a->target.container.rules -= unoffload(&slow);
	messages = arena_array(a->arena, slow.n, 1);
	memcpy(messages, slow.p, slow.n);
	a->target.stored = (struct str){ messages, slow.n };
	buf_free(&slow);
	report_warning("this kernel cannot offload flows: the rules of %s come "
		       "back without offload",
		       a->target.policy);
}

static int attach_stored(struct apply *a)
{
	bool offloads;
	int ret;

	if (!contain_wishes(&a->target.container, a->arena, &a->wishes))
		return -EBADMSG;
	ret = probe_links(a->nl, &a->now.names, &a->wishes, &a->devices.links,
			  &offloads);
	if (!ret && offloads)
		a->attach =
			attach_decide(a->arena, &a->wishes, &a->devices.links);
	else if (!ret)
		go_without_offload(a);
	return ret;
}

/* What waits for fw4's marks is not loaded where fw4 sets none, or others. */
static int suit_fw4(struct apply *a)
{
	const struct ir_record *record = &a->target.container.parsed;
	int ret;

	if (is_compiled(a) ||
	    !container_need(&a->target.container, CONTAIN_FW4) ||
	    a->options->without_fw4)
		return NEXT;
	ret = fw4_read(a->nl, a->arena, record->mask | record->flow_mask,
		       &a->fw4);
	if (ret)
		return report_failure(ret, "cannot read fw4's rules");
	if (a->fw4.loaded && a->fw4.sees)
		return NEXT;
	report_error("%s lets pass only what fw4 marks, and fw4 %s; nothing "
		     "was changed",
		     a->target.policy,
		     a->fw4.loaded ? "does not mark as it wants" :
				     "is not loaded");
	report_help("'nftoffc fw4 status' says how it is; 'nftoffc apply' of "
		    "the policy suits it to that");
	return EXIT_SYSTEM;
}

static int suit_stored(struct apply *a)
{
	int ret;

	if (is_compiled(a))
		return NEXT;
	ret = state_read(a->state, a->target.number, STATE_TEXT,
			 &a->target.text);
	if (ret)
		return report_failure(ret, "cannot read %s/generations/%u",
				      a->options->state, a->target.number);
	ret = devices_read(a->arena, &a->devices);
	if (ret)
		return report_failure(ret, "cannot list the network devices");
	ret = attach_stored(a);
	if (ret)
		return report_failure(ret,
				      "cannot tell which devices "
				      "generation %u can have",
				      a->target.number);
	a->target.translated = apply_may_be_translated(a);
	if (!container_need(&a->target.container, CONTAIN_MODULE) ||
	    a->module.module)
		return NEXT;
	report_error("%s requires the kernel module nftoffc, which is %s; "
		     "nothing was changed",
		     a->target.policy, twophase_missing(&a->module));
	report_help("%s", twophase_help(&a->module));
	return EXIT_SYSTEM;
}

static int build(struct apply *a, struct batch *batch,
		 const struct table_names *now, uint32_t genid)
{
	const struct restore_options options = {
		.devices = &a->devices,
		.attach = &a->attach,
		.genid = genid,
		.translated = a->target.translated,
	};
	struct buf bytes = { 0 };
	int ret = restore_build(&bytes, a->target.stored, now, &options);

	if (!ret)
		restore_index(batch, &bytes);
	buf_free(&bytes);
	return ret;
}

int apply_build_stored(struct apply *a)
{
	const struct table_names nothing = { 0 };
	int ret = build(a, &a->content, &nothing, 0);

	return ret ? report_failure(ret, "cannot build the transaction") : NEXT;
}

int apply_build_whole_stored(struct apply *a, const struct table_names *now)
{
	return build(a, &a->batch, now, a->now.genid);
}

/*
 * Values that what ran just now gave to its connections: only now that it is
 * gone can they be taken away for good. Such a connection is decided anew.
 */
static int clear_marks_again(struct apply *a)
{
	const struct ir_record *next = &a->target.container.parsed;
	const struct ir_record *now = &a->now.record;

	if (is_compiled(a)) /* it has values of its own */
		return NEXT;
	if (!a->now.recorded || (now->mask == next->mask &&
				 (now->epoch >= next->epoch + next->count ||
				  next->epoch >= now->epoch + now->count)))
		return NEXT;
	if (apply_clear_run(a, next->epoch, next->count))
		report_warning("connections that what ran before accepted may "
			       "go on");
	return NEXT;
}

/* Whoever is called again and again is not to go forward again. */
static int refuse_former(struct apply *a)
{
	const struct ir_record *now = &a->now.record;

	if (!a->options->unattended && a->now.recorded &&
	    now->digest != a->target.container.parsed.digest)
		state_refuse(a->state, now->digest);
	return NEXT;
}

static const apply_step steps[] = {
	APPLY_BEGIN,	   find_stored,	      stop_if_running,
	compile_stored,	   plan_compiled,     suit_fw4,
	suit_stored,	   apply_find_drift,  stop_if_applied,
	translate,	   give_up_privilege, apply_hold_signals,
	apply_clear_marks, apply_stage,	      apply_stage_module,
	apply_arm_guard,   apply_look_live,   apply_commit,
	apply_verify,	   apply_bring_live,  apply_commit_module,
	apply_point,	   clear_marks_again, apply_end_live,
	apply_start_guard, refuse_former,     apply_follow_foreseen,
	apply_report,
};

int apply_stored(const struct apply_options *options)
{
	return apply_run(options, steps, sizeof(steps) / sizeof(*steps));
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of boot.h. What cannot be loaded has a reason, a text; whoever has
 * one goes on to the next candidate.
 */
#include "runtime/apply/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "runtime/apply/openwrt.h"
#include "runtime/base/exit.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/nl.h"
#include "runtime/netlink/reject.h"
#include "runtime/offload/devices.h"
#include "runtime/offload/probe.h"
#include "runtime/ruleset/restore.h"
#include "runtime/ruleset/unoffload.h"
#include "runtime/state/contain.h"
#include "runtime/state/failsafe.h"
#include "runtime/state/fates.h"
#include "runtime/state/guard.h"
#include "runtime/state/twophase.h"

/* How often a commit is tried while others change the ruleset. */
#define COMMIT_TRIES 50
/* In the state directory: "DIGEST EPOCH MASK REASON" of a fail-safe policy. */
#define NOTE "failsafe"

/* A step's answer: go on to the next one; else the exit code. */
#define NEXT (-1)

struct boot {
	const struct boot_options *options;
	struct timespec start;
	struct arena *arena;
	struct nl *nl;
	struct state *state; /* NULL: it cannot be used */
	const char *holder;  /* who has its lock; NULL: it is ours */
	bool settled;	     /* what a killed apply left */
	struct kernel now;
	struct devices devices;
	struct attach_wishes wishes; /* what the policy says of them, */
	struct attach attach;	     /* and what becomes of it */
	struct twophase module;
	struct buf bytes; /* of the container */
	struct container c;
	struct buf slow;      /* its messages without offload, if it is so */
	const char *slow_why; /* NULL: it is not */
	size_t left_out;      /* rules */
	bool blamed;	      /* it is its offload that the kernel refuses */
	unsigned int number;  /* of the generation to load */
	bool unconfirmed;     /* which is not the current one */
	const char *why;      /* it is not loaded */
};

/*
 * What is to be loaded
 */

static int open_state(struct boot *b)
{
	const char *path = b->options->state;
	struct buf holder = { 0 };
	int ret = state_open(&b->state, path, true);

	if (!ret)
		ret = state_lock(b->state, "nftoffc boot", &holder);
	if (ret == -EWOULDBLOCK) {
		b->holder = arena_printf(b->arena, "%s",
					 holder.n ? holder.p : "(unknown)");
	} else if (ret) {
		b->why = arena_printf(b->arena, "cannot open %s: %s", path,
				      strerror(-ret));
		state_close(b->state);
		b->state = NULL;
	}
	buf_free(&holder);
	return NEXT;
}

static int read_kernel(struct boot *b)
{
	int ret = nl_open(&b->nl, NETLINK_NETFILTER);

	if (!ret)
		ret = kernel_read(b->nl, b->arena, &b->now);
	if (!ret)
		ret = devices_read(b->arena, &b->devices);
	return ret ? report_failure(ret, "cannot read the running ruleset") :
		     NEXT;
}

/* What runs is the affair of whoever is about to change it. */
static int refuse_busy(struct boot *b)
{
	if (!b->holder)
		return NEXT;
	if (b->now.recorded) {
		printf("%s runs already; nothing was changed\n",
		       b->now.record.policy);
		return EXIT_DONE;
	}
	report_error("an apply is running: process %s", b->holder);
	return EXIT_LOCKED;
}

/* What an apply that was killed left in the module. */
static int settle_module(struct boot *b)
{
	int ret = twophase_open(&b->module);

	if (!ret)
		ret = twophase_settle(&b->module,
				      b->now.recorded ? &b->now.record : NULL,
				      &b->settled);
	if (ret)
		report_warning("cannot ask the kernel module: %s",
			       strerror(-ret));
	if (b->settled)
		report_warning("an apply was interrupted: the kernel module "
			       "was brought into line with what runs");
	return NEXT;
}

/* And in the state directory: it is to point to what runs. */
static int point(struct boot *b, unsigned int number)
{
	const struct ir_record *record = &b->now.record;
	struct generation current = { 0 };
	int ret;

	state_current(b->state, &current);
	if (current.number == number)
		return 0;
	ret = state_point(b->state, number);
	if (ret)
		return ret;
	b->settled = true;
	report_warning("an apply was interrupted after its commit: what runs "
		       "is %s, epoch %u",
		       record->policy, record->epoch);
	return 0;
}

static int settle_state(struct boot *b)
{
	struct generation running;
	int ret;

	if (!b->state || state_find(b->state, &b->now.record, &running))
		return 0;
	ret = point(b, running.number);
	return ret ? ret :
		     state_prune(b->state, running.number, running.previous,
				 STATE_KEEP);
}

static int leave_running(struct boot *b)
{
	int ret;

	if (!b->now.recorded)
		return NEXT;
	ret = settle_state(b);
	if (ret)
		return report_failure(ret, "cannot write to %s",
				      b->options->state);
	printf("%s runs already; %s\n", b->now.record.policy,
	       b->settled ? "its rules were not changed" :
			    "nothing was changed");
	return EXIT_DONE;
}

/* As the guard would have done, had the machine not stopped. */
static int take_back(struct boot *b, const struct guard_status *status,
		     uint64_t digest)
{
	report_warning("%s was not confirmed before the machine stopped: it "
		       "is taken back",
		       status->policy);
	b->unconfirmed = true;
	state_refuse(b->state, digest);
	if (b->number)
		return NEXT;
	state_point_nowhere(b->state);
	guard_forget(b->state);
	printf("nothing ran before it, so nothing is loaded\n");
	return EXIT_DONE;
}

static int choose(struct boot *b)
{
	struct generation current = { 0 };
	struct guard_status status;
	int ret;

	if (b->why)
		return NEXT;
	ret = state_current(b->state, &current);
	if (ret == -ENOENT && !current.number) {
		printf("no policy was applied that is still to run: nothing is "
		       "loaded\n");
		return EXIT_DONE;
	}
	if (guard_status(b->state, &status) || !current.number) {
		b->why = arena_printf(b->arena,
				      "%s/current names no generation",
				      b->options->state);
		return NEXT;
	}
	b->number = guard_confirmed(&status, current.number);
	return b->number == current.number ?
		       NEXT :
		       take_back(b, &status, current.record.digest);
}

static int read_generation(struct boot *b)
{
	const char *why;
	int ret;

	if (b->why)
		return NEXT;
	ret = state_container(b->state, b->number, b->arena, &b->bytes, &b->c,
			      &why);
	if (ret && !why)
		why = strerror(-ret);
	if (ret)
		b->why = arena_printf(b->arena, "generation %u in %s: %s",
				      b->number, b->options->state, why);
	return NEXT;
}

static int require_module(struct boot *b)
{
	if (!b->why && container_need(&b->c, CONTAIN_MODULE) &&
	    !b->module.module)
		b->why = arena_printf(b->arena,
				      "%s requires the kernel module, which "
				      "is %s",
				      b->c.parsed.policy,
				      twophase_missing(&b->module));
	return NEXT;
}

/*
 * What waits for fw4's marks, where fw4 will never set them, would keep everybody
 * out, from one start to the next. It filters nothing that fw4 does not.
 */
static int look_for_fw4(struct boot *b)
{
	struct openwrt files;
	const char *why;

	if (b->why || !container_need(&b->c, CONTAIN_FW4))
		return NEXT;
	openwrt_init(&files, b->arena, b->options->root);
	why = openwrt_unable(&files);
	if (!why)
		return NEXT;
	report_warning("%s stands beside fw4, which %s: it is not loaded",
		       b->c.parsed.policy, why);
	report_help("'nftoffc fw4 enable', or '/etc/init.d/firewall enable'");
	return EXIT_DONE;
}

/*
 * Loading it
 */

static int build(struct boot *b, struct batch *batch)
{
	const struct restore_options options = {
		.devices = &b->devices,
		.attach = &b->attach,
		.genid = b->now.genid,
	};
	struct table_names now;
	struct buf bytes = { 0 };
	int ret;

	names_table(&b->now.names, &now);
	ret = restore_build(&bytes, b->c.messages, &now, &options);
	if (!ret)
		restore_index(batch, &bytes);
	buf_free(&bytes);
	return ret;
}

/* What else the kernel says of it, in brackets. */
static const char *details(struct arena *arena, const struct batch *batch,
			   const struct nl_error *error)
{
	const char *lacks = reject_expression(batch, error);

	if (lacks)
		return arena_printf(arena,
				    " (this kernel lacks the nftables "
				    "expression \"%s\", module nft_%s)",
				    lacks, lacks);
	return error->text ? arena_printf(arena, " (%s)", error->text) : "";
}

/* "the kernel refuses set x: no such file (module y)": the first of them. */
static const char *refusal(struct arena *arena, const struct batch *batch,
			   const struct nl_errors *errors)
{
	const struct nl_error *error = &errors->list.v[0];
	const char *what = NULL;

	if (error->seq && error->seq <= batch->n)
		what = batch->messages[error->seq - 1].what;
	return arena_printf(arena, "the kernel refuses %s: %s%s",
			    what ? what : "the transaction",
			    strerror(-error->error),
			    details(arena, batch, error));
}

/*
 * Its offload
 */

static void go_without(struct boot *b, const char *why)
{
	b->slow.n = 0;
	buf_add(&b->slow, b->c.messages.p, b->c.messages.n);
	b->left_out = unoffload(&b->slow);
	b->c.messages = (struct str){ b->slow.p, b->slow.n };
	b->slow_why = why;
	b->attach = (struct attach){ 0 };
}

/* False: what it says of its flowtables cannot be read. */
static bool attach(struct boot *b)
{
	bool offloads;
	int ret;

	if (!contain_wishes(&b->c, b->arena, &b->wishes))
		return false;
	ret = probe_links(b->nl, &b->now.names, &b->wishes, &b->devices.links,
			  &offloads);
	if (ret)
		go_without(b, arena_printf(b->arena,
					   "the kernel does not say what it "
					   "can offload: %s",
					   strerror(-ret)));
	else if (!offloads)
		go_without(b, "this kernel cannot offload flows");
	else
		b->attach =
			attach_decide(b->arena, &b->wishes, &b->devices.links);
	return true;
}

static void look_again(struct boot *b, const char *why)
{
	(void)why;
	if (!devices_read(b->arena, &b->devices))
		attach(b);
}

static void in_software(struct boot *b, const char *why)
{
	struct links *links = &b->devices.links;
	size_t i;

	(void)why;
	for (i = 0; i < links->list.n; i++)
		links->list.v[i].refused = -EOPNOTSUPP;
	b->attach = attach_decide(b->arena, &b->wishes, links);
}

/* Where offload is what the kernel refuses, each after the one before it. */
static void (*const concessions[])(struct boot *b, const char *why) = {
	look_again,
	in_software,
	go_without,
};

static bool is_offload(const struct batch *batch,
		       const struct nl_errors *errors)
{
	const struct nl_error *error = &errors->list.v[0];

	return error->seq && error->seq <= batch->n &&
	       unoffload_takes(
		       (const struct nlmsghdr
				*)(const void *)(batch->bytes.p +
						 batch->messages[error->seq - 1]
							 .offset));
}

/* NULL, or why not. */
static const char *try_commit(struct boot *b)
{
	struct nl_errors errors = { .arena = b->arena };
	struct batch batch = { 0 };
	const char *why = NULL;
	int ret = -ERESTART, i;

	for (i = 0; i < COMMIT_TRIES && ret == -ERESTART; i++) {
		if (i)
			kernel_read(b->nl, b->arena, &b->now);
		errors.list.n = 0;
		batch_free(&batch);
		ret = build(b, &batch);
		if (!ret)
			ret = nl_commit(b->nl, batch.bytes.p, batch.bytes.n,
					&errors);
	}
	b->blamed = !ret && errors.list.n && is_offload(&batch, &errors);
	if (!ret && errors.list.n)
		why = refusal(b->arena, &batch, &errors);
	else if (ret)
		why = arena_printf(b->arena,
				   "its transaction cannot be sent: %s",
				   strerror(-ret));
	batch_free(&batch);
	return why;
}

static const char *commit(struct boot *b)
{
	const char *why = try_commit(b);
	size_t i;

	for (i = 0; why && b->blamed && !b->slow_why &&
		    i < sizeof(concessions) / sizeof(*concessions);
	     i++) {
		concessions[i](b, why);
		why = try_commit(b);
	}
	return why;
}

static const char *verify(struct boot *b)
{
	const struct ir_record *wanted = &b->c.parsed;
	struct kernel after;
	int ret = kernel_read_all(b->nl, b->arena, b->c.elements, &after);

	if (ret)
		return arena_printf(b->arena,
				    "what was loaded cannot be read back: %s",
				    strerror(-ret));
	if (!after.recorded || after.record.digest != wanted->digest ||
	    after.record.epoch != wanted->epoch ||
	    after.record.mask != wanted->mask ||
	    after.names.nrules + b->left_out != b->c.rules)
		return "what the kernel has is not what was sent";
	b->now = after;
	return NULL;
}

/*
 * All of it
 */

/* Where it is not required, it is done without: NULL, or why not. */
static const char *without_module(struct boot *b, const char *why, int error)
{
	if (!error)
		return NULL;
	twophase_back(&b->module);
	why = arena_printf(b->arena, "%s: %s", why, strerror(-error));
	if (container_need(&b->c, CONTAIN_MODULE))
		return why;
	report_warning("%s: what other tables offload is not kept out", why);
	report_help("'nftoffc apply' tells it again");
	return NULL;
}

static const char *stage_module(struct boot *b)
{
	return without_module(b, "the kernel module refuses it",
			      twophase_stage(&b->module,
					     keepout_generation(&b->c.parsed),
					     &b->c.entries));
}

static const char *commit_module(struct boot *b)
{
	return without_module(b, "the kernel module did not follow",
			      twophase_commit(&b->module));
}

/* The container in @b, all or nothing: NULL, or why not. */
static const char *load(struct boot *b)
{
	const char *why = stage_module(b);

	b->slow_why = NULL;
	b->left_out = 0;
	if (!why && !attach(b))
		why = "what it says of its flowtables cannot be read";
	if (!why)
		why = commit(b);
	if (!why)
		why = verify(b);
	if (!why)
		why = commit_module(b);
	if (why)
		twophase_back(&b->module);
	return why;
}

/* What becomes of its offload. */
static void say_offload(const struct boot *b)
{
	struct buf text = { 0 };

	if (b->slow_why) {
		report_warning("%s: its rules are loaded without offload",
			       b->slow_why);
		report_help("'nftoffc apply' tries again");
	}
	fates_add(&text, b->arena, &b->attach, "");
	if (text.n)
		fwrite(text.p, 1, text.n, stdout);
	buf_free(&text);
}

static void say_loaded(const struct boot *b, const char *what)
{
	struct timespec end;
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = (end.tv_sec - b->start.tv_sec) * 1000 +
	     (end.tv_nsec - b->start.tv_nsec) / 1000000;
	printf("%s %s (%016" PRIx64 ", %" PRIu64 " rules, %" PRIu64
	       " elements) in %ld ms\n",
	       what, b->c.parsed.policy, b->c.parsed.digest,
	       b->c.rules - b->left_out, b->c.elements, ms);
	say_offload(b);
}

static void remember(struct boot *b)
{
	const struct generation noted = {
		.number = b->number,
		.genid = b->now.genid,
		.fingerprint = b->now.fingerprint,
		.slow = b->slow_why,
	};
	int ret = 0, note = state_note(b->state, &noted);

	if (b->unconfirmed)
		ret = state_point_back(b->state, b->number);
	if (b->unconfirmed && !ret)
		guard_forget(b->state);
	if (!ret)
		ret = note;
	if (ret)
		report_warning("cannot write to %s: %s", b->options->state,
			       strerror(-ret));
}

static int load_generation(struct boot *b)
{
	if (b->why)
		return NEXT;
	b->why = load(b);
	if (b->why) {
		b->why = arena_printf(b->arena, "%s: %s", b->c.parsed.policy,
				      b->why);
		return NEXT;
	}
	remember(b);
	say_loaded(b, "loaded");
	return EXIT_DONE;
}

/*
 * Else the fail-safe policy
 */

/* For whoever looks for it, wherever that is: the kernel's log, and status. */
static void leave_note(const struct boot *b)
{
	const struct ir_record *record = &b->c.parsed;
	struct buf text = { 0 };
	int fd;

	buf_printf(&text, "<2>nftoffc: FAIL-SAFE: %s\n", b->why);
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		files_write(fd, text.p, text.n);
		close(fd);
	}
	text.n = 0;
	buf_printf(&text, "%016" PRIx64 " %u %08x %s\n", record->digest,
		   record->epoch, record->mask, b->why);
	if (b->state)
		files_store(state_directory(b->state), NOTE, text.p, text.n);
	buf_free(&text);
}

static int load_failsafe(struct boot *b, const char *what)
{
	const char *why = container_read(
		&b->c, b->arena, (struct str){ b->bytes.p, b->bytes.n });

	if (!why && container_need(&b->c, CONTAIN_MODULE) && !b->module.module)
		why = "it requires the kernel module";
	if (!why)
		why = load(b);
	/* Better without the module than not at all. */
	if (why && b->module.module) {
		twophase_close(&b->module);
		why = load(b);
	}
	if (why) {
		report_error("%s cannot be loaded either: %s", what, why);
		report_help("on this machine, 'nftoffc compile -f container -o "
			    "FILE POLICY' makes one that can be");
		return NEXT;
	}
	leave_note(b);
	say_loaded(b, "FAIL-SAFE: loaded");
	report_help("'nftoffc apply' of a policy ends this");
	return EXIT_FAILSAFE;
}

static int load_own_failsafe(struct boot *b)
{
	const char *path = b->options->failsafe;
	int ret;

	report_error("%s: the fail-safe policy is loaded instead", b->why);
	if (b->number)
		report_help("apply the policy again, on this machine, or go "
			    "back to one that 'nftoffc history' lists");
	b->bytes.n = 0;
	ret = files_read(AT_FDCWD, path, &b->bytes);
	if (ret == -ENOENT && strcmp(path, FAILSAFE_FILE) == 0)
		return NEXT;
	if (!ret)
		return load_failsafe(b, path);
	report_failure(ret, "cannot read %s", path);
	return NEXT;
}

static int load_built_in(struct boot *b)
{
	b->bytes.n = 0;
	failsafe_build(&b->bytes);
	return load_failsafe(b, "the built-in fail-safe policy");
}

static int (*const steps[])(struct boot *b) = {
	open_state,	read_kernel,	 refuse_busy,	    settle_module,
	leave_running,	choose,		 read_generation,   look_for_fw4,
	require_module, load_generation, load_own_failsafe, load_built_in,
};

int boot(const struct boot_options *options)
{
	struct boot b = { .options = options };
	int ret = NEXT;
	size_t i;

	clock_gettime(CLOCK_MONOTONIC, &b.start);
	b.arena = arena_new();
	for (i = 0; ret == NEXT && i < sizeof(steps) / sizeof(*steps); i++)
		ret = steps[i](&b);
	if (ret == NEXT) {
		report_error("no rules are loaded: everything passes");
		ret = EXIT_SYSTEM;
	}
	buf_free(&b.slow);
	buf_free(&b.bytes);
	state_close(b.state);
	twophase_close(&b.module);
	nl_close(b.nl);
	arena_free(b.arena);
	return ret;
}

bool boot_failed(struct state *state, const struct ir_record *record,
		 struct buf *reason)
{
	struct buf text = { 0 };
	struct ir_record noted = { 0 };
	bool same;
	int n = 0;

	same = !files_read(state_directory(state), NOTE, &text) && text.n &&
	       sscanf(text.p, "%16" SCNx64 " %u %x %n", &noted.digest,
		      &noted.epoch, &noted.mask, &n) == 3 &&
	       n && noted.digest == record->digest &&
	       noted.epoch == record->epoch && noted.mask == record->mask;
	if (same)
		buf_add(reason, text.p + n, strcspn(text.p + n, "\n"));
	buf_free(&text);
	return same;
}

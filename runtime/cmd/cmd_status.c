// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc status: which policy runs, whether it is as it was applied, what the
 * kernel module keeps out for it, and what is offloaded.
 *
 * Reads the kernel and the state directory, and writes neither; with one
 * exception: where an apply was killed and the module does not know which
 * rules run, it is told, under the lock of the state directory.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "runtime/apply/boot.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/on_policy.h"
#include "runtime/live/realign.h"
#include "runtime/netlink/nl.h"
#include "runtime/state/state.h"
#include "runtime/state/stored.h"
#include "runtime/tell/status.h"

#define TRIES 5

enum { STATE, JSON, PROMETHEUS };

const struct cli_option status_options[] = {
	[STATE] = OPTION_STATE("reads what was applied from"),
	[JSON] = OPTION_JSON,
	[PROMETHEUS] = { 0, "prometheus", NULL,
			 "answers in Prometheus' text format" },
	{ 0 },
};

/*
 * What there is
 */

static const struct ir_record *record_of(const struct status *s)
{
	return s->kernel.recorded ? &s->kernel.record : NULL;
}

/* The generation that runs; number 0 if it is not there. */
static void read_state(struct status *s)
{
	struct state *state;
	int ret = state_open(&state, s->path, false);

	s->unread = ret == -ENOENT ? 0 : ret;
	if (ret)
		return;
	if (state_find(state, &s->kernel.record, &s->stored))
		s->stored = (struct generation){ 0 };
	state_close(state);
}

/* What it stored, for a table as it was read. */
static void read_content(struct status *s)
{
	struct state *state;

	s->content.n = 0;
	if (!s->stored.number || state_open(&state, s->path, false))
		return;
	if (stored_content(state, s->stored.number, &s->kernel.names,
			   &s->content))
		s->content.n = 0;
	state_close(state);
}

/* Is our table as it was committed, by what was remembered of it? */
static bool is_remembered(const struct status *s)
{
	return s->stored.genid == s->kernel.genid ||
	       s->stored.fingerprint == s->kernel.fingerprint;
}

static void read_guard(struct status *s)
{
	struct state *state;

	if (state_open(&state, s->path, false))
		return;
	if (guard_status(state, &s->guard))
		s->guard = (struct guard_status){ 0 };
	boot_failed(state, &s->kernel.record, &s->failsafe);
	state_close(state);
}

static int read_table(struct status *s)
{
	int ret = kernel_read_all(s->nl, s->arena, s->stored.elements,
				  &s->kernel);

	if (ret || is_remembered(s))
		return ret;
	read_content(s);
	if (!s->content.n)
		return 0;
	return drift_read(&s->drift, s->nl, s->arena,
			  (struct str){ s->content.p, s->content.n },
			  s->stored.elements);
}

/* Was another table compared than the one that was read, or of another policy? */
static bool has_moved(const struct status *s, const struct ir_record *stored)
{
	const struct ir_record *now = &s->kernel.record;

	if (now->digest != stored->digest || now->epoch != stored->epoch)
		return true;
	return s->drift.known &&
	       s->drift.actual.kernel.genid != s->kernel.genid;
}

static int read_rules_once(struct status *s, bool *moved)
{
	struct ir_record stored;
	int ret = kernel_read(s->nl, s->arena, &s->kernel);

	*moved = false;
	drift_free(&s->drift);
	if (ret || !s->kernel.recorded)
		return ret;
	read_guard(s);
	read_state(s);
	stored = s->kernel.record;
	ret = read_table(s);
	*moved = has_moved(s, &stored);
	return ret;
}

/* An apply may end meanwhile, or somebody change the table. */
static int read_rules(struct status *s)
{
	bool moved = true;
	int ret = 0, i;

	for (i = 0; !ret && moved && i < TRIES; i++)
		ret = read_rules_once(s, &moved);
	return ret;
}

/* What was applied by an older program does not tell. */
static void read_devices(struct status *s)
{
	struct state *state;

	if (!s->stored.number || state_open(&state, s->path, false))
		return;
	if (fates_read(s->arena, state, s->stored.number, &s->kernel.names,
		       &s->fates))
		s->fates = (struct fates){ 0 };
	state_close(state);
}

static int settle_locked(struct status *s)
{
	bool settled = false;
	int ret;

	/* Not before the lock: an apply may have ended since. */
	ret = kernel_read(s->nl, s->arena, &s->kernel);
	if (!ret)
		ret = module_info(s->module.module, &s->module.info);
	if (!ret && s->module.info.state == NFTOFFC_STATE_IN_DOUBT)
		ret = twophase_settle(&s->module, record_of(s), &settled);
	if (settled)
		report_warning("an apply was interrupted: the kernel module "
			       "was brought into line with what runs");
	return ret;
}

static void settle(struct status *s)
{
	struct buf holder = { 0 };
	struct state *state;

	if (!s->module.module || s->module.info.state != NFTOFFC_STATE_IN_DOUBT)
		return;
	if (state_open(&state, s->path, false))
		return;
	if (!state_lock(state, "nftoffc status", &holder) && settle_locked(s))
		report_warning("the kernel module cannot be told which rules "
			       "run");
	buf_free(&holder);
	state_close(state);
}

static enum status_condition condition_of(const struct status *s)
{
	const struct drift *drift = &s->drift;

	if (s->unread)
		return STATUS_UNKNOWN;
	if (!s->stored.number)
		return STATUS_ELSEWHERE;
	if (is_remembered(s) ||
	    (drift->known && !drift->changes.list.n && !drift->actual.unread))
		return STATUS_UNCHANGED;
	return drift->changes.list.n || s->stored.fingerprint ? STATUS_CHANGED :
								STATUS_UNKNOWN;
}

static int read_status(struct status *s)
{
	int ret;

	ret = nl_open(&s->nl, NETLINK_NETFILTER);
	if (!ret)
		ret = twophase_open(&s->module);
	if (ret)
		return ret;
	settle(s);
	ret = read_rules(s);
	if (!ret)
		ret = ruleset_read(s->nl, s->arena, &s->ruleset);
	if (!ret)
		ret = tallies_read(s->nl, s->arena, &s->tallies);
	if (!ret) {
		read_devices(s);
		status_count(s);
	}
	s->condition = condition_of(s);
	s->agrees = s->module.module &&
		    s->module.info.state == NFTOFFC_STATE_IDLE &&
		    twophase_agrees(&s->module, record_of(s));
	return ret;
}

/*
 * What is said of it
 */

static const char *condition(const struct status *s)
{
	static const char *const words[] = {
		[STATUS_UNKNOWN] = "unknown",
		[STATUS_ELSEWHERE] = "not applied from here",
		[STATUS_UNCHANGED] = "unchanged",
		[STATUS_CHANGED] = "changed by another program",
	};

	return words[s->condition];
}

static const char *module_says(const struct status *s)
{
	if (s->module.info.state != NFTOFFC_STATE_IDLE)
		return "an apply is at work";
	if (twophase_agrees(&s->module, record_of(s)))
		return s->kernel.recorded ? "with the rules" : "of nothing";
	return s->kernel.recorded ? "not of these rules: apply them again" :
				    "of rules that are gone";
}

static const char *mode_of(uint32_t flags)
{
	return flags & NFT_FLOWTABLE_HW_OFFLOAD ? "hardware" : "software";
}

/*
 * In words
 */

static void print_drift(const struct status *s)
{
	const struct changes *changes = &s->drift.changes;
	size_t i;

	for (i = 0; i < changes->list.n && i < DRIFT_SHOWN; i++)
		printf("            %s\n",
		       change_text(changes, &changes->list.v[i]));
	if (i < changes->list.n)
		printf("            and %zu more changes\n",
		       changes->list.n - i);
}

static bool put_time(const struct status *s, char text[32])
{
	time_t when = (time_t)s->stored.created;
	struct tm tm;

	return when && gmtime_r(&when, &tm) &&
	       strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* 0 where the clock was set back since. */
static uint64_t age(const struct status *s)
{
	uint64_t now = (uint64_t)time(NULL);

	return now > s->stored.created ? now - s->stored.created : 0;
}

static void print_applied(const struct status *s)
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} units[] = {
		{ "day", 86400 },
		{ "hour", 3600 },
		{ "minute", 60 },
		{ "second", 1 },
	};
	uint64_t ago = age(s), n;
	char text[32];
	size_t i = 0;

	if (!put_time(s, text))
		return;
	while (units[i].seconds > 1 && ago < units[i].seconds)
		i++;
	n = ago / units[i].seconds;
	printf("applied:    %s, %" PRIu64 " %s%s ago\n", text, n, units[i].name,
	       n == 1 ? "" : "s");
}

static void print_policy(const struct status *s)
{
	const struct ir_record *record = &s->kernel.record;

	printf("policy:     %s\n", record->policy);
	printf("digest:     %016" PRIx64 "\n", record->digest);
	print_applied(s);
	printf("epoch:      %u to %u of mask %08x\n", record->epoch,
	       record->epoch + record->count - 1, record->mask);
	if (s->stored.number)
		printf("generation: %u\n", s->stored.number);
	printf("rules:      %zu\n", s->kernel.names.nrules);
	printf("condition:  %s\n", condition(s));
	print_drift(s);
	if (s->failsafe.n)
		printf("FAIL-SAFE:  %s\n", s->failsafe.p);
	if (s->stored.slow)
		printf("offload:    none: the kernel did not take it when the "
		       "rules were loaded; 'nftoffc apply' tries again\n");
	if (s->guard.end == GUARD_WAITS)
		printf("unconfirmed: %lu seconds, then it is taken back\n",
		       s->guard.left);
	else if (s->guard.end == GUARD_DIED)
		printf("unconfirmed: and nobody is there any more to take it "
		       "back\n");
	else if (s->guard.end == GUARD_FAILED)
		printf("unconfirmed: and could not be taken back\n");
	if (s->stored.number)
		printf("state:      %s/generations/%u\n", s->path,
		       s->stored.number);
}

static void print_module(const struct status *s)
{
	const struct module_info *info = &s->module.info;
	const char *missing = twophase_missing(&s->module);

	if (missing) {
		printf("module:     %s: what other tables add to a flowtable "
		       "is not kept out\n",
		       missing);
		return;
	}
	printf("module:     generation %016" PRIx64 ", %s\n", info->generation,
	       module_says(s));
	printf("kept out:   %u entries, %u lookups; %" PRIu64
	       " connections so far, %" PRIu64 " flows released\n",
	       info->entries_now, info->shapes_now, info->kept_out,
	       info->released);
}

static void print_devices(const struct status *s)
{
	struct buf text = { 0 };
	size_t i;

	fates_add(&text, s->arena, &s->fates.attach, "device:     ");
	if (text.n)
		fwrite(text.p, 1, text.n, stdout);
	buf_free(&text);
	for (i = 0; i < s->fates.pending.n; i++)
		printf("%s%s",
		       i ? ", " : "pending:    ", s->fates.pending.v[i]);
	if (i)
		putchar('\n');
	if (s->fates.behind)
		printf("devices:    others than the flowtables have: 'nftoffc "
		       "watch' brings them into line\n");
}

static void print_zones(const struct status *s)
{
	size_t i;

	for (i = 0; s->fates.zones && i < s->zones.pairs.n; i++) {
		const struct zones_pair *p = &s->zones.pairs.v[i];
		size_t all = p->hardware + p->software + p->others;

		printf("zones:      %s > %s: %zu connection%s, %zu in hardware, "
		       "%zu in software, %zu not offloaded\n",
		       p->from ? p->from : "-", p->to ? p->to : "-", all,
		       all == 1 ? "" : "s", p->hardware, p->software,
		       p->others);
	}
}

static void print_flowtables(const struct status *s)
{
	size_t i, j;

	for (i = 0; i < s->ruleset.flowtables.n; i++) {
		const struct ruleset_flowtable *f = &s->ruleset.flowtables.v[i];

		printf("flowtable:  %s %s %s: %s%s;", ruleset_family(f->family),
		       f->table, f->name, mode_of(f->flags),
		       f->flags & NFT_FLOWTABLE_COUNTER ? ", counts" : "");
		for (j = 0; j < f->devices.n; j++)
			printf(" %s", f->devices.v[j]);
		puts(f->devices.n ? "" : " no device");
	}
	print_devices(s);
	printf("flows:      %zu\n", s->flows);
	print_zones(s);
	printf("taken out:  %s\n", realign_means(s->module.module));
}

static void print_tallies(const struct status *s)
{
	size_t i;

	for (i = 0; i < s->tallies.list.n; i++) {
		const struct tally *t = &s->tallies.list.v[i];

		if (t->quota)
			printf("quota:      %s: %" PRIu64 " of %" PRIu64
			       " bytes\n",
			       t->name, t->bytes, t->most);
		else
			printf("counter:    %s: packets %" PRIu64
			       " bytes %" PRIu64 "\n",
			       t->name, t->packets, t->bytes);
	}
}

static void print_status(const struct status *s)
{
	if (s->kernel.recorded)
		print_policy(s);
	else if (kernel_only_translates(&s->kernel))
		printf("no policy runs; what was translated stays so\n");
	else if (s->kernel.names.exists)
		printf("table inet " IR_TABLE " is not of nftoffc's making\n");
	else
		printf("no policy runs\n");
	print_module(s);
	print_flowtables(s);
	print_tallies(s);
}

/*
 * In JSON
 */

/* All 64 bits: more than every reader's numbers hold. */
static void put_hex(struct json *json, const char *key, uint64_t n)
{
	char text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, n);
	json_put_str(json, key, text);
}

static void json_policy(struct json *json, const struct status *s)
{
	const struct ir_record *record = &s->kernel.record;
	char text[32];

	json_key(json, "policy");
	if (!s->kernel.recorded) {
		json_null(json);
		return;
	}
	json_object(json);
	json_put_str(json, "name", record->policy);
	put_hex(json, "digest", record->digest);
	json_put_u64(json, "epoch", record->epoch);
	json_put_u64(json, "values", record->count);
	json_put_u64(json, "mask", record->mask);
	json_put_u64(json, "rules", s->kernel.names.nrules);
	json_put_str(json, "condition", condition(s));
	json_key(json, "drift");
	changes_json(&s->drift.changes, json);
	json_put_u64(json, "generation", s->stored.number);
	if (put_time(s, text)) {
		json_put_str(json, "applied", text);
		json_put_u64(json, "age", age(s));
	}
	if (s->failsafe.n)
		json_put_str(json, "failsafe", s->failsafe.p);
	if (!s->unread) {
		json_put_bool(json, "without_offload", s->stored.slow);
		json_put_bool(json, "confirmed", s->guard.end != GUARD_WAITS);
	}
	if (s->guard.end == GUARD_WAITS)
		json_put_u64(json, "seconds_left", s->guard.left);
	json_end(json);
}

static void json_module(struct json *json, const struct status *s)
{
	const struct module_info *info = &s->module.info;

	json_key(json, "module");
	json_object(json);
	json_put_bool(json, "used", s->module.module);
	if (s->module.found != TWOPHASE_ABSENT)
		json_put_u64(json, "abi", info->abi);
	if (s->module.module) {
		put_hex(json, "generation", info->generation);
		json_put_bool(json, "agrees", s->agrees);
		json_put_u64(json, "entries", info->entries_now);
		json_put_u64(json, "lookups", info->shapes_now);
		json_put_u64(json, "kept_out", info->kept_out);
		json_put_u64(json, "released", info->released);
	}
	json_end(json);
}

static void json_flowtable(struct json *json, const struct ruleset_flowtable *f)
{
	size_t i;

	json_object(json);
	json_put_str(json, "family", ruleset_family(f->family));
	json_put_str(json, "table", f->table);
	json_put_str(json, "name", f->name);
	json_put_str(json, "mode", mode_of(f->flags));
	json_put_bool(json, "counters", f->flags & NFT_FLOWTABLE_COUNTER);
	json_key(json, "devices");
	json_array(json);
	for (i = 0; i < f->devices.n; i++)
		json_text(json, f->devices.v[i]);
	json_end_n(json, 2);
}

static void json_tally(struct json *json, const struct tally *t)
{
	json_object(json);
	json_put_str(json, "kind", t->quota ? "quota" : "counter");
	json_put_str(json, "name", t->name);
	if (!t->quota)
		json_put_u64(json, "packets", t->packets);
	json_put_u64(json, "bytes", t->bytes);
	if (t->quota)
		json_put_u64(json, "most", t->most);
	json_end(json);
}

static void json_zones(struct json *json, const struct status *s)
{
	size_t i;

	json_key(json, "connections");
	json_array(json);
	for (i = 0; s->fates.zones && i < s->zones.pairs.n; i++) {
		const struct zones_pair *p = &s->zones.pairs.v[i];

		json_object(json);
		if (p->from)
			json_put_str(json, "from", p->from);
		if (p->to)
			json_put_str(json, "to", p->to);
		json_put_u64(json, "hardware", p->hardware);
		json_put_u64(json, "software", p->software);
		json_put_u64(json, "others", p->others);
		json_end(json);
	}
	json_end(json);
}

static int write_out(struct buf *out)
{
	int ret = files_write(STDOUT_FILENO, out->p, out->n);

	buf_free(out);
	return ret ? report_failure(ret, "cannot write the output") : EXIT_DONE;
}

static int metrics(struct status *s)
{
	struct buf out = { 0 };

	status_count_by_flowtable(s);
	status_metrics(s, &out);
	return write_out(&out);
}

static int json_status(const struct status *s)
{
	struct buf out = { 0 };
	struct json json = json_begin(&out);
	size_t i;

	json_object(&json);
	json_policy(&json, s);
	json_put_u64(&json, "ruleset_generation", s->kernel.genid);
	json_module(&json, s);
	json_key(&json, "flowtables");
	json_array(&json);
	for (i = 0; i < s->ruleset.flowtables.n; i++)
		json_flowtable(&json, &s->ruleset.flowtables.v[i]);
	json_end(&json);
	fates_json(&json, &s->fates);
	json_put_u64(&json, "flows", s->flows);
	json_zones(&json, s);
	json_put_str(&json, "taken_out", realign_means(s->module.module));
	json_key(&json, "tallies");
	json_array(&json);
	for (i = 0; i < s->tallies.list.n; i++)
		json_tally(&json, &s->tallies.list.v[i]);
	json_end_n(&json, 2);
	json_finish(&json);
	return write_out(&out);
}

static void warn_of_unread(const struct status *s)
{
	if (!s->unread)
		return;
	report_warning("%s cannot be read: %s: whether what runs is as it was "
		       "applied, and confirmed, is not known",
		       s->path, strerror(-s->unread));
	if (s->unread == -EACCES)
		report_help("run as root");
}

int cmd_status(const struct cli *cli)
{
	struct status s = { .path = cli_value(cli, STATE, STATE_DIRECTORY) };
	int ret;

	s.arena = arena_new();
	ret = read_status(&s);
	warn_of_unread(&s);
	if (ret)
		ret = report_failure(ret, "cannot read the running ruleset");
	else if (cli->values[JSON])
		ret = json_status(&s);
	else if (cli->values[PROMETHEUS])
		ret = metrics(&s);
	else
		print_status(&s);
	drift_free(&s.drift);
	buf_free(&s.content);
	buf_free(&s.failsafe);
	twophase_close(&s.module);
	nl_close(s.nl);
	arena_free(s.arena);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc history: the generations that are kept, for `rollback`. Reads the
 * state directory alone, and removes from it only if --keep says so.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/on_policy.h"
#include "runtime/state/guard.h"
#include "runtime/state/state.h"

enum { STATE, KEEP, JSON };

const struct cli_option history_options[] = {
	[STATE] = OPTION_STATE("finds what was applied in"),
	[KEEP] = { 0, "keep", "N",
		   "removes all but the N latest; the one that runs and the "
		   "one before it stay" },
	[JSON] = OPTION_JSON,
	{ 0 },
};

struct history {
	const char *path;
	struct state *state;
	struct state_list list;
	struct guard_status guard;
	unsigned int current; /* 0: none */
};

/* What is special about one; "": nothing. */
static const char *note_of(const struct history *h, const struct generation *g)
{
	if (g->damaged)
		return "damaged";
	if (g->number != h->current)
		return "";
	switch (h->guard.number == g->number ? h->guard.end : GUARD_NONE) {
	case GUARD_WAITS:
		return "current, waits to be confirmed";
	case GUARD_DIED:
	case GUARD_FAILED:
		return "current, not confirmed";
	default:
		return "current";
	}
}

static bool is_confirmed(const struct history *h, const struct generation *g)
{
	return h->guard.number != g->number || h->guard.end == GUARD_NONE ||
	       h->guard.end == GUARD_CONFIRMED;
}

static void print_one(const struct history *h, const struct generation *g)
{
	time_t when = (time_t)g->created;
	char text[32] = "-";
	struct tm tm;

	if (g->created && localtime_r(&when, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	if (g->damaged)
		printf("%5u  %-19s  %s\n", g->number, "-", note_of(h, g));
	else
		printf("%5u  %-19s  %016" PRIx64 "  %5zu rules  %s%s%s\n",
		       g->number, text, g->record.digest, g->rules,
		       g->record.policy, *note_of(h, g) ? "  " : "",
		       note_of(h, g));
}

static void put_one(const struct history *h, struct json *json,
		    const struct generation *g)
{
	char digest[17];

	json_object(json);
	json_put_u64(json, "number", g->number);
	json_put_bool(json, "damaged", g->damaged);
	if (!g->damaged) {
		snprintf(digest, sizeof(digest), "%016" PRIx64,
			 g->record.digest);
		json_put_str(json, "policy", g->record.policy);
		json_put_str(json, "digest", digest);
		json_put_u64(json, "applied", g->created);
		json_put_u64(json, "rules", g->rules);
		json_put_u64(json, "elements", g->elements);
		json_put_u64(json, "previous", g->previous);
	}
	json_put_bool(json, "current", g->number == h->current);
	json_put_bool(json, "confirmed", is_confirmed(h, g));
	json_end(json);
}

static int print_json(const struct history *h)
{
	struct buf out = { 0 };
	struct json json = json_begin(&out);
	size_t i;
	int ret;

	json_object(&json);
	json_key(&json, "generations");
	json_array(&json);
	for (i = 0; i < h->list.generations.n; i++)
		put_one(h, &json, &h->list.generations.v[i]);
	json_end_n(&json, 2);
	json_finish(&json);
	ret = files_write(STDOUT_FILENO, out.p, out.n);
	buf_free(&out);
	return ret ? report_failure(ret, "cannot write the output") : EXIT_DONE;
}

/* What the guard would go back to need not be what `previous` names. */
static unsigned int least(const struct history *h)
{
	struct guard_status status;

	return !guard_status(h->state, &status) && status.end == GUARD_WAITS ?
		       2 :
		       1;
}

/* Under the lock: an apply may be about to point to one. */
static int keep(struct history *h, unsigned long n)
{
	const unsigned int min = least(h);
	struct buf holder = { 0 };
	struct generation current;
	int ret = state_lock(h->state, "nftoffc history", &holder);

	if (ret == -EWOULDBLOCK) {
		report_error("another apply is running: process %s",
			     holder.n ? holder.p : "(unknown)");
		ret = EXIT_LOCKED;
	} else if (!ret && state_current(h->state, &current)) {
		report_error("no policy runs, so it is not known which to "
			     "keep; nothing was removed");
		ret = EXIT_SYSTEM;
	} else {
		if (!ret)
			ret = state_prune(h->state, current.number,
					  current.previous,
					  n > min ? (unsigned int)n : min);
		if (ret)
			ret = report_failure(ret, "cannot write to %s",
					     h->path);
	}
	buf_free(&holder);
	return ret;
}

static int read_all(struct history *h)
{
	struct generation current = { 0 };
	int ret;

	/* If it is damaged it is the current one all the same. */
	if (state_current(h->state, &current))
		current.damaged = true;
	h->current = current.number;
	ret = guard_status(h->state, &h->guard);
	return ret ? ret : state_list(h->state, &h->list);
}

static int show(struct history *h, bool json)
{
	int ret = read_all(h);
	size_t i;

	if (ret)
		return report_failure(ret, "cannot read %s", h->path);
	if (json)
		return print_json(h);
	for (i = 0; i < h->list.generations.n; i++)
		print_one(h, &h->list.generations.v[i]);
	return EXIT_DONE;
}

int cmd_history(const struct cli *cli)
{
	struct history h = { .path = cli_value(cli, STATE, STATE_DIRECTORY) };
	unsigned long n = 0;
	int ret = 0;

	if (cli->values[KEEP])
		ret = cli_number(cli, KEEP, STATE_KEEP_MAX, &n);
	if (ret)
		return ret;
	ret = state_open(&h.state, h.path, cli->values[KEEP]);
	if (ret)
		return report_failure(ret, "cannot open the state directory %s",
				      h.path);
	h.list.arena = arena_new();
	if (cli->values[KEEP])
		ret = keep(&h, n);
	if (!ret)
		ret = show(&h, cli->values[JSON]);
	state_close(h.state);
	arena_free(h.list.arena);
	return ret;
}

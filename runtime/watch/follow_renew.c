// SPDX-License-Identifier: GPL-2.0-only
/*
 * A flowtable that is to be for hardware and was not, or the other way round,
 * cannot become it in place: it is made anew, and with it the rules that add to
 * it. What is stored is taken for what runs, if nobody else changed that; it is
 * not written, since it need not tell (stored.h).
 */
#include <errno.h>

#include "runtime/base/report.h"
#include "runtime/netlink/nl.h"
#include "runtime/ruleset/delta.h"
#include "runtime/ruleset/drift.h"
#include "runtime/state/stored.h"
#include "runtime/watch/follow_parts.h"

/* By what was remembered of it. */
static bool is_remembered(struct follow *f)
{
	struct kernel all;

	if (f->stored.genid == f->now.genid)
		return true;
	return f->stored.fingerprint &&
	       !kernel_read_all(f->nl, f->arena, f->stored.elements, &all) &&
	       all.genid == f->now.genid &&
	       all.fingerprint == f->stored.fingerprint;
}

/* Who was killed behind a transaction left nothing to remember it by. */
static bool is_same(struct follow *f, struct str old)
{
	struct drift drift = { 0 };
	bool same;

	same = !drift_read(&drift, f->nl, f->arena, old, f->stored.elements) &&
	       drift.actual.kernel.genid == f->now.genid &&
	       !drift.actual.unread && !drift.changes.list.n;
	drift_free(&drift);
	return same;
}

static int find_handles(const char *chain, const uint64_t **handles, size_t *n,
			void *data)
{
	struct follow *f = data;

	return kernel_handles(f->nl, f->arena, chain, handles, n);
}

static void report_refused(const struct nl_errors *errors)
{
	report_warning("the kernel refuses flowtables of the other kind: %s; "
		       "they stay as they are",
		       strerror(-errors->list.v[0].error));
}

/* -ESTALE: it cannot be. */
static int commit(struct follow *f, struct str old, const struct batch *new)
{
	struct delta_options options = {
		.genid = f->now.genid,
		.now = &f->now.names,
		.handles = find_handles,
		.data = f,
		.arena = f->arena,
	};
	struct nl_errors errors = { .arena = f->arena };
	struct delta_result result;
	struct batch batch = { 0 };
	int ret;

	ret = delta_build(&batch, old, new, &options, &result);
	if (!ret)
		ret = nl_commit(f->nl, batch.bytes.p, batch.bytes.n, &errors);
	batch_free(&batch);
	if (ret == -EBADMSG)
		return -ESTALE;
	if (ret || !errors.list.n)
		return ret;
	report_refused(&errors);
	return -ESTALE;
}

int follow_renew(struct follow *f)
{
	struct batch new = { 0 };
	struct buf content = { 0 };
	struct str old;
	int ret = -ESTALE;

	if (stored_content(f->state, f->stored.number, &f->now.names, &content))
		return ret;
	old = (struct str){ content.p, content.n };
	if (is_remembered(f) || is_same(f, old)) {
		stored_attach(&new.bytes, old, &f->attach);
		ret = commit(f, old, &new);
	}
	if (!ret)
		follow_note(f, true);
	buf_free(&new.bytes);
	buf_free(&content);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of a chain: which go, which come, and before which other one.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/base/seqdiff.h"
#include "runtime/netlink/nl.h"
#include "runtime/ruleset/delta_parts.h"

/* Does it refer to something that is deleted and made again? */
static bool is_renewed(enum content_kind kind, uint32_t type, const char *name,
		       void *data)
{
	const struct content *new = data;
	const struct content_thing *found = NULL;
	const struct content_set *set;

	switch (kind) {
	case CONTENT_SET:
		set = map_get(&new->sets, str_of(name));
		return set && set->thing.renewed;
	case CONTENT_OBJECT:
		found = map_get(&new->objects,
				content_object_key(new->arena, type, name));
		break;
	case CONTENT_FLOWTABLE:
		found = map_get(&new->flowtables, str_of(name));
		break;
	}
	return found && found->renewed;
}

struct numbering {
	struct map by_hash;
	uint32_t last;
};

/* Rules that cannot stay have numbers of their own. */
static uint32_t *number_rules(struct delta *d, struct numbering *numbering,
			      const struct content_chain *chain)
{
	uint32_t *ids = arena_array(d->arena, chain->rules.n, sizeof(*ids));
	uintptr_t id;
	size_t i;

	for (i = 0; i < chain->rules.n; i++) {
		const struct content_rule *rule = &chain->rules.v[i];
		struct str hash = { (const char *)&rule->hash,
				    sizeof(rule->hash) };

		if (content_references(rule, is_renewed, &d->new)) {
			ids[i] = ++numbering->last;
			continue;
		}
		id = (uintptr_t)map_get(&numbering->by_hash, hash);
		if (!id) {
			id = ++numbering->last;
			map_add(&numbering->by_hash, hash, (void *)id);
		}
		ids[i] = (uint32_t)id;
	}
	return ids;
}

static void compare(struct delta *d, struct delta_chain *chain)
{
	struct numbering numbering = { .last = 0 };
	struct seq a = { .changed = chain->removed, .n = chain->old->rules.n };
	struct seq b = { .changed = chain->added, .n = chain->new->rules.n };

	map_init(&numbering.by_hash, d->arena);
	a.ids = number_rules(d, &numbering, chain->old);
	b.ids = number_rules(d, &numbering, chain->new);
	seqdiff(d->arena, &a, &b, (size_t)numbering.last + 1);
}

static size_t count(const bool *flags, size_t n)
{
	size_t sum = 0;

	while (n--)
		sum += flags[n];
	return sum;
}

static bool *all_true(struct delta *d, size_t n)
{
	bool *flags = arena_array(d->arena, n, sizeof(*flags));

	memset(flags, true, n);
	return flags;
}

/* From its end: what stays is counted on both sides at once. */
static void place(struct delta_chain *chain, const uint64_t *handles)
{
	size_t i = chain->old->rules.n, j = chain->new->rules.n;
	uint64_t before = 0;

	while (j--) {
		if (chain->added[j]) {
			chain->before[j] = before;
			continue;
		}
		while (chain->removed[--i])
			;
		before = handles[i];
	}
}

/* Handles are kept where rules are deleted by them. */
static int find_places(struct delta *d, struct delta_chain *chain)
{
	const uint64_t *handles;
	uint64_t *removed;
	size_t n, i;
	int ret;

	assert(chain->old && chain->new && chain->removed && chain->added);
	ret = d->options->handles(chain->old->thing.name, &handles, &n,
				  d->options->data);
	if (ret)
		return ret;
	if (n != chain->old->rules.n)
		return -ESTALE;
	removed = arena_array(d->arena, n, sizeof(*removed));
	for (i = 0; i < n; i++)
		removed[i] = handles[i];
	chain->handles = removed;
	place(chain, handles);
	return 0;
}

/* Whether it stays or not: what is not there has no rules to be read. */
static void note_changed(struct delta *d, const struct delta_chain *chain)
{
	const struct content_chain *either = chain->new ? chain->new :
							  chain->old;

	assert(either);
	*vec_push(d->options->arena, &d->result->chains) =
		arena_strndup(d->options->arena, either->thing.name,
			      strlen(either->thing.name));
}

int delta_compare_rules(struct delta *d, struct delta_chain *chain)
{
	size_t nold = chain->old ? chain->old->rules.n : 0;
	size_t nnew = chain->new ? chain->new->rules.n : 0;
	size_t nremoved;

	if (chain->new)
		chain->before =
			arena_array(d->arena, nnew, sizeof(*chain->before));
	if (!chain->old || !chain->new || chain->new->thing.renewed) {
		chain->removed = all_true(d, nold);
		chain->added = all_true(d, nnew);
	} else {
		chain->removed = arena_array(d->arena, nold, sizeof(bool));
		chain->added = arena_array(d->arena, nnew, sizeof(bool));
		compare(d, chain);
	}
	chain->nadded = count(chain->added, nnew);
	nremoved = count(chain->removed, nold);
	d->result->rules_added += chain->nadded;
	d->result->rules_removed += nremoved;
	if (!chain->nadded && !nremoved)
		return 0;
	note_changed(d, chain);
	if (nremoved == nold)
		return 0;
	return find_places(d, chain);
}

/* All of a chain's, or one. */
static void remove_rules(struct delta *d, const char *chain, uint64_t handle)
{
	struct nlmsghdr *message = delta_open(
		d, NFT(NFT_MSG_DELRULE), 1024, NULL,
		arena_printf(d->batch->arena, "rule in chain %s", chain));

	mnl_attr_put_strz(message, NFTA_RULE_TABLE, IR_TABLE);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain);
	if (handle)
		mnl_attr_put_u64(message, NFTA_RULE_HANDLE, htobe64(handle));
	delta_close(d, message);
}

void delta_remove_rules(struct delta *d, const struct delta_chain *chain)
{
	size_t i, n = chain->old ? chain->old->rules.n : 0;

	if (!n)
		return;
	if (count(chain->removed, n) == n) {
		remove_rules(d, chain->old->thing.name, 0);
		return;
	}
	for (i = 0; i < n; i++)
		if (chain->removed[i])
			remove_rules(d, chain->old->thing.name,
				     chain->handles[i]);
}

static void add_sets(struct delta *d, const struct content_rule *rule)
{
	const struct nlmsghdr *message = rule->sets;
	size_t i;
	int left = INT32_MAX;

	for (i = 0; i < rule->nsets; i++) {
		delta_copy_header(d, message,
				  rule->made.index - rule->nsets + i);
		message = mnl_nlmsg_next(message, &left);
	}
}

/* Before a rule that stays, or at the end. */
static void add_rule(struct delta *d, const struct content_rule *rule,
		     uint64_t before)
{
	struct nlmsghdr *message;
	size_t at;

	add_sets(d, rule);
	at = d->batch->bytes.n;
	delta_copy(d, &rule->made);
	if (!before)
		return;
	buf_reserve(&d->batch->bytes, 64);
	message = (struct nlmsghdr *)(void *)(d->batch->bytes.p + at);
	message->nlmsg_flags &= (uint16_t)~NLM_F_APPEND;
	mnl_attr_put_u64(message, NFTA_RULE_POSITION, htobe64(before));
	d->batch->bytes.n = at + MNL_ALIGN(message->nlmsg_len);
}

void delta_add_rules(struct delta *d, const struct delta_chain *chain)
{
	size_t i;

	for (i = 0; chain->nadded && i < chain->new->rules.n; i++)
		if (chain->added[i])
			add_rule(d, &chain->new->rules.v[i], chain->before[i]);
}

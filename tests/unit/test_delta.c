// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transaction between two policies, as messages that can be read.
 */
#include <check.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compile.h"
#include "ir/lower.h"
#include "runtime/netlink/names.h"
#include "runtime/netlink/nl.h"
#include "runtime/ruleset/delta.h"
#include "suites.h"

struct policy {
	struct compilation c;
	struct batch batch;
};

static struct arena *arena;
static size_t asked; /* how often for handles */

static void set_up(void)
{
	arena = arena_new();
	asked = 0;
}

static void tear_down(void)
{
	arena_free(arena);
}

static void build(struct policy *policy, const char *text, uint32_t epoch)
{
	const struct lower_options lowering = { .epoch = epoch };
	const struct batch_options options = { 0 };
	char path[] = "/tmp/delta-XXXXXX.yaml";
	FILE *file = fdopen(mkstemps(path, 5), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	policy->c = (struct compilation){ 0 };
	ck_assert_int_eq(compile_policy(&policy->c, path), 0);
	unlink(path);
	ck_assert_int_eq(
		batch_build(&policy->batch,
			    lower(policy->c.arena, policy->c.model, &lowering),
			    &options),
		0);
}

static void drop(struct policy *policy)
{
	batch_free(&policy->batch);
	compile_free(&policy->c);
}

/* Handles 1, 2, 3... of as many rules as the old policy has in the chain. */
static int handles_of(const char *chain, const uint64_t **handles, size_t *n,
		      void *data)
{
	const struct batch *old = data;
	const struct nlattr *attrs[NFTA_RULE_MAX + 1];
	uint64_t *all = arena_array(arena, old->n, sizeof(*all));
	size_t i;

	asked++;
	for (i = *n = 0; i < old->n; i++) {
		if (old->messages[i].type != NFT_MSG_NEWRULE)
			continue;
		nl_attrs((const void *)(old->bytes.p + old->messages[i].offset),
			 NULL, attrs, NFTA_RULE_MAX);
		if (strcmp(nl_str(attrs[NFTA_RULE_CHAIN]), chain) == 0) {
			all[*n] = *n + 1;
			++*n;
		}
	}
	*handles = all;
	return 0;
}

static const char *word(uint16_t type)
{
	static const char *const words[] = {
		[NFT_MSG_NEWCHAIN] = "add chain",
		[NFT_MSG_DELCHAIN] = "delete chain",
		[NFT_MSG_NEWRULE] = "add rule",
		[NFT_MSG_DELRULE] = "delete rule",
		[NFT_MSG_NEWSET] = "add set",
		[NFT_MSG_DELSET] = "delete set",
		[NFT_MSG_NEWSETELEM] = "add element",
		[NFT_MSG_DELSETELEM] = "delete element",
		[NFT_MSG_NEWOBJ] = "add object",
		[NFT_MSG_DELOBJ] = "delete object",
		[NFT_MSG_NEWFLOWTABLE] = "add flowtable",
		[NFT_MSG_DELFLOWTABLE] = "delete flowtable",
	};

	ck_assert_uint_lt(type, sizeof(words) / sizeof(*words));
	ck_assert_ptr_nonnull(words[type]);
	return words[type];
}

static size_t count_nested(const struct nlattr *list)
{
	const struct nlattr *attr;
	size_t n = 0;

	if (list)
		mnl_attr_for_each_nested(attr, list) n++;
	return n;
}

/* " at 3": a rule's own handle; " before 3": that of the one behind it. */
static char *print_rule(char *out, const struct nlattr **attrs, uint16_t type)
{
	uint64_t handle = nl_be64(attrs[NFTA_RULE_HANDLE], 0);
	uint64_t before = nl_be64(attrs[NFTA_RULE_POSITION], 0);

	if (type != NFT_MSG_NEWRULE && type != NFT_MSG_DELRULE)
		return out;
	if (handle)
		out = arena_printf(arena, "%s at %ju", out, (uintmax_t)handle);
	if (before)
		out = arena_printf(arena, "%s before %ju", out,
				   (uintmax_t)before);
	return out;
}

/*
 * Of every kind of message the name of what it is about is attribute 2, a
 * chain's 3. What every change of a policy changes is left out: the record, and
 * what sets the mark to the epoch.
 */
static const char *print(const struct batch *batch)
{
	const struct nlattr *attrs[NFTA_RULE_MAX + 1];
	char *out = "";
	size_t i;

	ck_assert_uint_eq(batch->messages[0].type,
			  NFNL_MSG_TYPE(NFNL_MSG_BATCH_BEGIN));
	for (i = 1; i + 1 < batch->n; i++) {
		const struct batch_message *m = &batch->messages[i];
		const struct nlmsghdr *header =
			(const void *)(batch->bytes.p + m->offset);
		bool chain = m->type == NFT_MSG_NEWCHAIN ||
			     m->type == NFT_MSG_DELCHAIN;
		const char *name;

		ck_assert_uint_eq(header->nlmsg_seq, i + 1);
		nl_attrs(header, NULL, attrs, NFTA_RULE_MAX);
		name = nl_str(attrs[chain ? NFTA_CHAIN_NAME : 2]);
		ck_assert_ptr_nonnull(name);
		if (!strcmp(name, "applied"))
			continue;
		out = arena_printf(arena, "%s%s %s", out, word(m->type), name);
		out = print_rule(out, attrs, m->type);
		if (m->type == NFT_MSG_NEWSETELEM ||
		    m->type == NFT_MSG_DELSETELEM)
			out = arena_printf(
				arena, "%s *%zu", out,
				count_nested(
					attrs[NFTA_SET_ELEM_LIST_ELEMENTS]));
		out = arena_printf(arena, "%s\n", out);
	}
	return out;
}

#define HEAD                                                                   \
	"policy: p\n"                                                          \
	"zones: { lan: { devices: [a] }, wan: { devices: [b] } }\n"

/* As many as a set has room for; none stands beside another. */
#define SIXTEEN                                                                \
	"192.0.2.1, 192.0.2.3, 192.0.2.5, 192.0.2.7, 192.0.2.9, 192.0.2.11, "  \
	"192.0.2.13, 192.0.2.15, 192.0.2.17, 192.0.2.19, 192.0.2.21, "         \
	"192.0.2.23, 192.0.2.25, 192.0.2.27, 192.0.2.29, 192.0.2.31"

struct row {
	const char *old, *new;
	const char *expected;
};

/* All in the same epoch, so that only what is meant differs. */
static const struct row rows[] = {
	{ /* nothing */
	  HEAD "rules: [ accept: { from: lan, to: wan } ]\n",
	  HEAD "rules: [ accept: { from: lan, to: wan } ]\n", "" },
	{ /* a rule before another, and after it */
	  HEAD "rules:\n"
	       "  - drop: { from: lan, to: wan, protocol: tcp, port: 1 }\n"
	       "  - accept: { from: lan, to: wan, protocol: tcp }\n",
	  HEAD "rules:\n"
	       "  - accept: { from: lan, to: wan, protocol: udp, name: u }\n"
	       "  - drop: { from: lan, to: wan, protocol: tcp, port: 1 }\n"
	       "  - accept: { from: lan, to: wan, protocol: icmp, name: i }\n"
	       "  - accept: { from: lan, to: wan, protocol: tcp }\n",
	  "add set __set%d\n"
	  "add element __set%d *2\n"
	  "add rule lan-to-wan before 1\n"
	  "add set __set%d\n"
	  "add element __set%d *2\n"
	  "add rule lan-to-wan.reply before 1\n" },
	{ /* a rule goes */
	  HEAD "rules:\n"
	       "  - drop: { from: lan, to: wan, protocol: tcp, port: 1 }\n"
	       "  - accept: { from: lan, to: wan, protocol: tcp }\n",
	  HEAD "rules:\n"
	       "  - accept: { from: lan, to: wan, protocol: tcp }\n",
	  "delete rule lan-to-wan at 1\n"
	  "delete rule lan-to-wan.reply at 1\n" },
	{ /* an interval comes, one goes, one grows: both ends of each */
	  HEAD
	  "sets: { s: { type: address, elements: [10.0.0.0/8, 192.0.2.0/25, 198.51.100.0/24] } }\n"
	  "rules: [ accept: { from: lan, to: wan, source: '@s' } ]\n",
	  HEAD
	  "sets: { s: { type: address, elements: [10.0.0.0/8, 192.0.2.0/24, 203.0.113.0/24] } }\n"
	  "rules: [ accept: { from: lan, to: wan, source: '@s' } ]\n",
	  "delete element s.ipv4 *4\n"
	  "add element s.ipv4 *4\n" },
	{ /* a set of single addresses has room for one more */
	  HEAD
	  "sets: { s: { type: address, elements: [192.0.2.1, 192.0.2.2] } }\n"
	  "rules: [ accept: { from: lan, to: wan, source: '@s' }, accept: { from: lan, to: wan, protocol: udp } ]\n",
	  HEAD
	  "sets: { s: { type: address, elements: [192.0.2.1, 192.0.2.2, 192.0.2.3] } }\n"
	  "rules: [ accept: { from: lan, to: wan, source: '@s' }, accept: { from: lan, to: wan, protocol: udp } ]\n",
	  "add element s.ipv4 *1\n" },
	{ /* and is renewed where there is none left, with the rules that ask it */
	  HEAD
	  "sets: { s: { type: address, elements: [" SIXTEEN "] } }\n"
	  "rules: [ accept: { from: lan, to: wan, source: '@s' }, accept: { from: lan, to: wan, protocol: udp } ]\n",
	  HEAD
	  "sets: { s: { type: address, elements: [" SIXTEEN
	  ", 192.0.2.99] } }\n"
	  "rules: [ accept: { from: lan, to: wan, source: '@s' }, accept: { from: lan, to: wan, protocol: udp } ]\n",
	  "delete rule lan-to-wan at 1\n"
	  "delete rule lan-to-wan.reply at 1\n"
	  "delete set s.ipv4\n"
	  "add set s.ipv4\n"
	  "add rule lan-to-wan before 2\n"
	  "add rule lan-to-wan.reply before 2\n"
	  "add element s.ipv4 *17\n" },
	{ /* an element that a dynamic set may have lost is added before it goes */
	  HEAD
	  "sets: { s: { type: address, timeout: 1h, elements: [192.0.2.1, 192.0.2.2] } }\n"
	  "rules: [ drop: { from: lan, to: wan, source: '@s' }, accept: { from: lan, to: wan } ]\n",
	  HEAD
	  "sets: { s: { type: address, timeout: 1h, elements: [192.0.2.2] } }\n"
	  "rules: [ drop: { from: lan, to: wan, source: '@s' }, accept: { from: lan, to: wan } ]\n",
	  "add element s.ipv4 *1\n"
	  "delete element s.ipv4 *1\n" },
	{ /* another rate: the limit is renewed, a counter of the same name is not */
	  HEAD
	  "rules: [ accept: { from: lan, to: wan, limit: 3/second, name: r, count: c } ]\n",
	  HEAD
	  "rules: [ accept: { from: lan, to: wan, limit: 4/second, name: r, count: c } ]\n",
	  "delete rule lan-to-wan at 2\n"
	  "delete object limit.r\n"
	  "add object limit.r\n"
	  "add rule lan-to-wan before 3\n" },
	{ /* a quota's amount changes in place */
	  HEAD
	  "rules: [ accept: { from: lan, to: wan, quota: 1 mbytes, name: r } ]\n",
	  HEAD
	  "rules: [ accept: { from: lan, to: wan, quota: 2 mbytes, name: r } ]\n",
	  "add object quota.r\n" },
	{ /* a zone goes, and its chains */
	  "policy: p\n"
	  "zones: { lan: { devices: [a] }, wan: { devices: [b] }, dmz: { devices: [c] } }\n"
	  "rules: [ accept: { from: lan, to: wan }, accept: { from: lan, to: dmz, protocol: tcp, port: 80 } ]\n",
	  HEAD "rules: [ accept: { from: lan, to: wan } ]\n",
	  "delete rule lan-to-dmz\n"
	  "delete rule lan-to-dmz.reply\n"
	  "delete element pairs.forward *1\n"
	  "delete element pairs.forward.reply *1\n"
	  "delete chain lan-to-dmz\n"
	  "delete chain lan-to-dmz.reply\n" },
	{ /* a zone comes between two that are not written by their names */
	  "policy: p\n"
	  "zones: { lan: { devices: [z] }, wan: { devices: [b] }, x: { devices: [a] } }\n"
	  "rules: [ accept: { from: lan, to: wan }, accept: { from: x, to: wan } ]\n",
	  "policy: p\n"
	  "zones: { lan: { devices: [z] }, wan: { devices: [b] }, w: { devices: [m] }, x: { devices: [a] } }\n"
	  "rules: [ accept: { from: lan, to: wan }, accept: { from: w, to: wan }, accept: { from: x, to: wan } ]\n",
	  "add chain w-to-wan\n"
	  "add chain w-to-wan.reply\n"
	  "add rule w-to-wan\n"
	  "add rule w-to-wan.reply\n"
	  "add element pairs.forward *1\n"
	  "add element pairs.forward.reply *1\n" },
	{ /* translation comes: its base chains */
	  HEAD "rules: [ accept: { from: lan, to: wan } ]\n",
	  "policy: p\n"
	  "zones: { lan: { devices: [a] }, wan: { devices: [b], masquerade: true } }\n"
	  "rules: [ accept: { from: lan, to: wan } ]\n",
	  "add chain srcnat\n"
	  "add rule srcnat\n" },
	{ /* another priority: the flowtable is renewed, and what adds to it */
	  HEAD
	  "rules: [ accept: { from: lan, to: wan } ]\n"
	  "offload: { devices: [a, b], eligible: [ { from: lan, to: wan } ] }\n",
	  HEAD
	  "rules: [ accept: { from: lan, to: wan } ]\n"
	  "offload: { devices: [a, b], priority: 5, eligible: [ { from: lan, to: wan } ] }\n",
	  "delete rule offloading at 1\n"
	  "delete flowtable fast\n"
	  "add flowtable fast\n"
	  "add rule offloading before 2\n" },
};

static const char *delta_of(struct policy *old, struct policy *new,
			    struct delta_result *result)
{
	struct delta_options options = {
		.handles = handles_of,
		.data = &old->batch,
		.arena = arena,
	};
	struct batch batch;
	const char *printed;

	ck_assert_int_eq(delta_build(&batch,
				     (struct str){ old->batch.bytes.p,
						   old->batch.bytes.n },
				     &new->batch, &options, result),
			 0);
	printed = print(&batch);
	batch_free(&batch);
	drop(old);
	drop(new);
	return printed;
}

START_TEST(delta_of_two_policies)
{
	const struct row *row = &rows[_i];
	struct delta_result result;
	struct policy old, new;

	build(&old, row->old, 1);
	build(&new, row->new, 1);
	ck_assert_str_eq(delta_of(&old, &new, &result), row->expected);
}
END_TEST

/* For which the kernel need not look at all rules: no verdict comes to a rule. */
START_TEST(another_epoch_is_an_element_and_a_mark)
{
	const char *text = HEAD "rules: [ accept: { from: lan, to: wan } ]\n";
	struct delta_result result;
	struct policy old, new;

	build(&old, text, 1);
	build(&new, text, 2);
	ck_assert_str_eq(delta_of(&old, &new, &result),
			 "delete rule accepted at 1\n"
			 "delete element decided *1\n"
			 "add rule accepted before 2\n"
			 "add element decided *1\n");
	/* and the record of what runs */
	ck_assert_uint_eq(result.rules_added, 2);
}
END_TEST

START_TEST(delta_refuses_what_is_no_content)
{
	const char *text = HEAD "rules: [ accept: { from: lan, to: wan } ]\n";
	struct delta_options options = { .handles = handles_of,
					 .arena = arena };
	struct delta_result result;
	struct policy new;
	struct batch batch;
	size_t n;

	build(&new, text, 1);
	options.data = &new.batch;
	for (n = 0; n < new.batch.bytes.n; n += 4) {
		ck_assert_int_eq(
			delta_build(&batch,
				    (struct str){ new.batch.bytes.p, n },
				    &new.batch, &options, &result),
			-EBADMSG);
		batch_free(&batch);
	}
	drop(&new);
}
END_TEST

/* Which libmnl would take for a message, and go on far behind it. */
START_TEST(delta_refuses_a_message_of_three_gigabytes)
{
	const char *text = HEAD "rules: [ accept: { from: lan, to: wan } ]\n";
	struct delta_options options = { .handles = handles_of,
					 .arena = arena };
	struct delta_result result;
	struct policy new;
	struct batch batch;
	struct str old;

	build(&new, text, 1);
	options.data = &new.batch;
	old.n = new.batch.bytes.n;
	old.p = arena_strndup(arena, new.batch.bytes.p, old.n);
	((struct nlmsghdr *)old.p)->nlmsg_len = 0xc0000010;
	ck_assert_int_eq(delta_build(&batch, old, &new.batch, &options,
				     &result),
			 -EBADMSG);
	batch_free(&batch);
	drop(&new);
}
END_TEST

Suite *delta_suite(void)
{
	Suite *suite = suite_create("delta");
	TCase *tcase = tcase_create("delta");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, delta_of_two_policies, 0,
			    (int)(sizeof(rows) / sizeof(*rows)));
	tcase_add_test(tcase, another_epoch_is_an_element_and_a_mark);
	tcase_add_test(tcase, delta_refuses_what_is_no_content);
	tcase_add_test(tcase, delta_refuses_a_message_of_three_gigabytes);
	suite_add_tcase(suite, tcase);
	return suite;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module is told to keep out: all marks but those that may be
 * offloaded. That these are the model's is tried with the rules, in
 * test_policy.c.
 */
#include <string.h>

#include "suites.h"
#include "tests/lib/keeps.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_new();
}

static void tear_down(void)
{
	arena_free(arena);
}

static bool may_be_offloaded(const struct ir_mark *mark, uint32_t epoch,
			     uint32_t value)
{
	uint32_t i;

	for (i = 0; i < mark->noffload; i++)
		if (epoch + mark->offload[i] == value)
			return true;
	return false;
}

static void assert_exact(const struct ir_mark *mark, uint32_t epoch)
{
	struct keepout k = keepout_of(arena, mark, epoch);
	uint32_t bits = (uint32_t)__builtin_popcount(mark->mask), value;
	uint32_t others = 0x5a5a5a5a & ~mark->mask;

	ck_assert_uint_le(k.n, mark->noffload ? mark->noffload * bits : 1);
	for (value = 0; value <= mark->mask >> mark->shift; value++) {
		uint32_t connection = value << mark->shift;
		bool offload = may_be_offloaded(mark, epoch, value);

		ck_assert_int_eq(keeps_out(&k, connection), !offload);
		ck_assert_int_eq(keeps_out(&k, connection | others), !offload);
	}
}

/* Whatever the mask, the epoch, and the values. */
START_TEST(all_but_what_may_be_offloaded)
{
	static const uint32_t masks[] = { 0xff000000, 0x7, 0x3c0, 0xfff, 0x1 };
	uint32_t values[32];
	struct ir_mark mark = { .offload = values };
	uint32_t epoch, max, chosen;

	mark.mask = masks[_i];
	mark.shift = (uint32_t)__builtin_ctz(mark.mask);
	max = mark.mask >> mark.shift;
	for (epoch = 1; epoch <= max; epoch += max / 9 + 1) {
		for (chosen = 0; chosen < 64; chosen++) {
			mark.noffload = 0;
			for (uint32_t i = 0; i < 6 && epoch + i <= max; i++)
				if (chosen >> i & 1)
					values[mark.noffload++] = i;
			assert_exact(&mark, epoch);
		}
	}
}
END_TEST

/* Every bit of the mark, of which not all values can be tried. */
START_TEST(all_bits_of_the_mark)
{
	static const uint32_t values[] = { 1, 2, 5 };
	const struct ir_mark mark = {
		.mask = UINT32_MAX, .count = 6, .offload = values, .noffload = 3
	};
	struct keepout k = keepout_of(arena, &mark, UINT32_MAX - 5);

	ck_assert(keeps_out(&k, 0));
	ck_assert(keeps_out(&k, UINT32_MAX - 6));
	ck_assert(keeps_out(&k, UINT32_MAX - 5));
	ck_assert(!keeps_out(&k, UINT32_MAX - 4));
	ck_assert(!keeps_out(&k, UINT32_MAX - 3));
	ck_assert(keeps_out(&k, UINT32_MAX - 2));
	ck_assert(!keeps_out(&k, UINT32_MAX));
	ck_assert(keeps_out(&k, 0x7fffffff));
}
END_TEST

/* They are of the marks' words alone: no device, so no packet to wait for. */
START_TEST(marks_and_nothing_else)
{
	static const uint32_t values[] = { 1 };
	const struct ir_mark mark = {
		.mask = 0xff00, .shift = 8, .offload = values, .noffload = 1
	};
	struct keepout k = keepout_of(arena, &mark, 7);
	size_t i;

	ck_assert_uint_eq(k.n, 8);
	for (i = 0; i < k.n; i++) {
		const struct module_match *e = &k.entries[i];

		ck_assert(!e->in && !e->out && !e->device && !e->has_zone);
		ck_assert(!e->family && !e->protocol && !e->has_source &&
			  !e->has_destination && !e->has_sport &&
			  !e->has_dport);
		ck_assert_uint_eq(e->mark & ~e->mark_mask, 0);
	}
	/* The nearest are found first. */
	ck_assert_uint_eq(k.entries[0].mark, 9 << 8);
}
END_TEST

START_TEST(generations_are_of_policy_and_epoch)
{
	const struct ir_record one = { .digest = 1, .epoch = 2, .mask = 0xff };
	struct ir_record other = one;
	uint64_t number = keepout_generation(&one);

	ck_assert_uint_ne(number, 0);
	strcpy(other.policy, "of another name");
	other.count = 5;
	ck_assert_uint_eq(keepout_generation(&other), number);
	other.epoch = 3;
	ck_assert_uint_ne(keepout_generation(&other), number);
	other = one;
	other.digest = 2;
	ck_assert_uint_ne(keepout_generation(&other), number);
	other = one;
	other.mask = 0xff00;
	ck_assert_uint_ne(keepout_generation(&other), number);
}
END_TEST

Suite *keepout_suite(void)
{
	Suite *suite = suite_create("keepout");
	TCase *tcase = tcase_create("keepout");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, all_but_what_may_be_offloaded, 0, 5);
	tcase_add_test(tcase, all_bits_of_the_mark);
	tcase_add_test(tcase, marks_and_nothing_else);
	tcase_add_test(tcase, generations_are_of_policy_and_epoch);
	suite_add_tcase(suite, tcase);
	return suite;
}

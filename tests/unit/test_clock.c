// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clocks: what a policy's is, held against the C library's; and rules that ask
 * for its times, as the kernel would run them with its own clocks.
 */
#include <stdlib.h>
#include <time.h>

#include "compile.h"
#include "ir/run.h"
#include "policy/policy.h"
#include "read/yaml.h"
#include "suites.h"
#include "tests/lib/random_policy.h"
#include "vocab/clock.h"

#define CT_NEW 8

struct zone_example {
	const char *said;  /* in a policy */
	const char *posix; /* to the C library */
};

static const struct zone_example examples[] = {
	{ "utc", "UTC0" },
	{ "+05:30", "<+0530>-5:30" },
	{ "-11:00", "<-11>11" },
	{ "+14:00", "<+14>-14" },
	{ "JST-9", "JST-9" },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/3" },
	{ "EST5EDT,M3.2.0,M11.1.0", "EST5EDT,M3.2.0,M11.1.0" },
	{ "AEST-10AEDT,M10.1.0,M4.1.0/3", "AEST-10AEDT,M10.1.0,M4.1.0/3" },
	{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
	  "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0" },
	{ "IST-2IDT,M3.4.4/26,M10.5.0", "IST-2IDT,M3.4.4/26,M10.5.0" },
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
	  "<-02>2<-01>,M3.5.0/-1,M10.5.0/0" },
	{ "XXX3YYY,J60,J300/1:30", "XXX3YYY,J60,J300/1:30" },
	{ "XXX3YYY2,59,299", "XXX3YYY2,59,299" },
};

#define EXAMPLES (sizeof(examples) / sizeof(*examples))

static void use_zone(const char *posix)
{
	ck_assert_int_eq(setenv("TZ", posix, 1), 0);
	tzset();
}

static struct tm local(int64_t now)
{
	time_t at = (time_t)now;
	struct tm tm;

	ck_assert_ptr_nonnull(localtime_r(&at, &tm));
	return tm;
}

/* ---- reading ---- */

START_TEST(wrong_clocks)
{
	static const char *const wrong[] = {
		"",
		"Europe/Berlin",
		"local",
		"CE-1",
		"CET",
		"CET-1CEST",
		"CET-1CEST,M3.5.0",
		"CET-1CEST,M3.5.0,M10.5.0/3,",
		"CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0",
		"CET-1CEST,J0,J10",
		"CET-1CEST,J366,J10",
		"CET-1CEST,0,366",
		"CET-25",
		"CET-1:60",
		"CET-1CEST,M3.5.0/168,M10.5.0",
		"<+01-1",
		"<1>-1",
		"+1:00",
		"+01",
		"+01:60",
		"+25:00",
		"+0100",
		"+01:00:00",
		"++1:00",
		"utc+1",
	};
	struct clock clock;
	const char *why;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		why = NULL;
		ck_assert_msg(!clock_parse(str_of(wrong[i]), &clock, &why),
			      "%s", wrong[i]);
		ck_assert_ptr_nonnull(why);
	}
}
END_TEST

/* The offset in each hour of some years, and on both sides of each change. */
START_TEST(clocks_show_what_the_library_shows)
{
	const struct zone_example *e = &examples[_i];
	int64_t begin, end, now;
	struct clock clock;
	const char *why;
	int32_t year;

	use_zone(e->posix);
	ck_assert_msg(clock_parse(str_of(e->said), &clock, &why), "%s",
		      e->said);
	ck_assert_int_eq(clock.daylight, strchr(e->said, ',') != NULL);
	for (year = 2024; year < 2042; year++) {
		if (!clock.daylight)
			break;
		clock_daylight(&clock, year, &begin, &end);
		ck_assert_int_eq(local(begin - 1).tm_gmtoff, clock.east);
		ck_assert_int_eq(local(begin).tm_gmtoff, clock.east_daylight);
		ck_assert_int_eq(local(end - 1).tm_gmtoff, clock.east_daylight);
		ck_assert_int_eq(local(end).tm_gmtoff, clock.east);
		for (now = begin; now < end; now += CLOCK_DAY)
			ck_assert_int_eq(local(now).tm_gmtoff,
					 clock.east_daylight);
	}
	if (!clock.daylight)
		ck_assert_int_eq(local(1767225600).tm_gmtoff, clock.east);
}
END_TEST

/* What is printed is read back as the same. */
START_TEST(values_are_written_as_they_are_read)
{
	static const struct {
		const struct value_type *type;
		const char *said, *written;
	} rows[] = {
		{ &type_time, "00:00", "00:00:00" },
		{ &type_time, "23:59:59", "23:59:59" },
		{ &type_weekday, "sun", "sunday" },
		{ &type_weekday, "saturday", "saturday" },
		{ &type_helper, "h323", "h323" },
		{ &type_helper, "netbios-ns", "netbios-ns" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct value values[2], again[2];
		struct buf out = { 0 };
		const char *why;

		ck_assert_uint_eq(rows[i].type->parse(str_of(rows[i].said),
						      values, &why),
				  1);
		rows[i].type->print(&out, values[0].lo);
		ck_assert_uint_eq(out.n, strlen(rows[i].written));
		ck_assert_mem_eq(out.p, rows[i].written, out.n);
		ck_assert_uint_eq(
			rows[i].type->parse((struct str){ out.p, out.n }, again,
					    &why),
			1);
		ck_assert_mem_eq(values[0].lo, again[0].lo, WIRE_MAX);
		buf_free(&out);
	}
}
END_TEST

/* ---- rules ---- */

static const char *const words[] = {
	"time: 22:00-06:00",
	"time: [08:00-12:30, 13:15-17:00]",
	"time: { not: 06:00-22:00 }",
	"weekday: [monday, fri-sun]",
	"weekday: { not: [sat, sun] }",
	"weekday: fri, time: 22:00-23:30",
	"weekday: fri-mon, time: 00:00-01:00",
	"weekday: sunday, time: [01:30-03:30, 12:00:30-12:00:31]",
	"weekday: { not: wed }, time: { not: 11:00-12:00 }",
	"weekday: [tue, thu], time: 23:59-00:01",
	"weekday: mon-sun, time: 00:00-24:00",
};

#define WORDS (sizeof(words) / sizeof(*words))

/* Rule by rule the port 1, 2 ... */
static struct model *bind_words(struct compilation *c, const char *zone)
{
	struct source *source;
	struct buf text = { 0 };

	buf_printf(&text,
		   "policy: clock\ntimezone: \"%s\"\nzones:\n"
		   "  lan: { devices: [lan0] }\n  wan: { devices: [wan0] }\n"
		   "rules:\n",
		   zone);
	for (size_t i = 0; i < WORDS; i++)
		buf_printf(
			&text,
			"  - accept: { from: lan, to: wan, port: %zu, %s }\n",
			i + 1, words[i]);
	*c = (struct compilation){ .arena = arena_new() };
	sources_init(&c->sources, c->arena);
	c->diags = diags_new(c->arena, &c->sources);
	source = source_add(
		&c->sources, "clock.yaml",
		(struct str){ arena_strndup(c->arena, text.p, text.n),
			      text.n });
	buf_free(&text);
	c->model = policy_bind(c->arena, &c->sources, source,
			       yaml_read(c->arena, source, c->diags), c->diags);
	ck_assert_uint_eq(diags_errors(c->diags), 0);
	return c->model;
}

static void put(struct packet *packet, enum key_id id, uint64_t number)
{
	uint8_t wire[WIRE_MAX], value[WIRE_MAX];

	wire_put(key(id)->type, number, wire);
	wire_to_network(key(id)->type, wire, value);
	packet_set(packet, id, value);
}

/* What the wall's clock shows is asked of the model, the time of the rules. */
static void assert_now(const struct model *model,
		       const struct ir_machine *machine, int64_t now,
		       size_t word, size_t accepted[2])
{
	struct ir_packet first = {
		.hook = IR_HOOK_FORWARD,
		.packet = { .from = 0, .to = 1, .proto = 6 },
		.iif = "lan0",
		.oif = "wan0",
		.state = CT_NEW,
		.packets = 1,
		.now = now,
	};
	struct tm tm = local(now);
	struct ir_result done;
	struct answer said;

	put(&first.packet, KEY_TH_SPORT, 1024);
	put(&first.packet, KEY_TH_DPORT, word + 1);
	put(&first.packet, KEY_DAY, (uint64_t)tm.tm_wday);
	put(&first.packet, KEY_HOUR,
	    (uint64_t)tm.tm_hour * 3600 + (uint64_t)tm.tm_min * 60 +
		    (uint64_t)tm.tm_sec);
	model_evaluate(model, &first.packet, &said);
	done = ir_run(machine, &first);
	ck_assert_ptr_null(done.unknown);
	ck_assert_msg((said.action == ACTION_ACCEPT) == (done.end == IR_ACCEPT),
		      "%s at %lld, day %d %02d:%02d:%02d: the model says %d",
		      words[word], (long long)now, tm.tm_wday, tm.tm_hour,
		      tm.tm_min, tm.tm_sec, said.action == ACTION_ACCEPT);
	accepted[done.end == IR_ACCEPT]++;
}

/* At random, at full hours, and near those at which clocks are changed. */
static int64_t random_time(struct random *random, const struct clock *clock)
{
	int64_t years = 14 * INT64_C(365) * CLOCK_DAY, begin, end, now;

	now = 1767225600 + (int64_t)random_below(random, (uint32_t)years);
	if (random_chance(random, 50))
		now -= now % 1800 + (int64_t)random_below(random, 2);
	if (!clock->daylight || random_chance(random, 70))
		return now;
	clock_daylight(clock, 2026 + (int32_t)random_below(random, 14), &begin,
		       &end);
	/* at the change itself the rules of both offsets hold */
	return (random_chance(random, 50) ? begin : end) - 7200 +
	       (int64_t)random_below(random, 14400) * 2 + 1;
}

START_TEST(rules_hold_when_the_clock_says)
{
	static const int32_t easts[] = { 0, 3600, -18000, 20700, 50400 };
	struct random random = random_seeded((uint64_t)_i + 1);
	size_t accepted[2] = { 0 };
	struct compilation c;

	use_zone(examples[_i].posix);
	bind_words(&c, examples[_i].said);
	for (size_t i = 0; i < sizeof(easts) / sizeof(*easts); i++) {
		struct lower_options options = { .kernel_east = easts[i] };
		struct ir *ir = lower(c.arena, c.model, &options);
		struct ir_machine *machine = ir_machine(c.arena, ir);

		ck_assert_uint_eq(ir->mark.count, lower_mark_count(c.model));
		for (size_t j = 0; j < 3000; j++)
			assert_now(c.model, machine,
				   random_time(&random, &c.model->clock),
				   j % WORDS, accepted);
	}
	ck_assert_uint_gt(accepted[0], 1000);
	ck_assert_uint_gt(accepted[1], 1000);
	arena_free(c.arena);
}
END_TEST

Suite *clock_suite(void)
{
	Suite *suite = suite_create("clock");
	TCase *tcase = tcase_create("clock");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, wrong_clocks);
	tcase_add_test(tcase, values_are_written_as_they_are_read);
	tcase_add_loop_test(tcase, clocks_show_what_the_library_shows, 0,
			    EXAMPLES);
	tcase_add_loop_test(tcase, rules_hold_when_the_clock_says, 0, EXAMPLES);
	suite_add_tcase(suite, tcase);
	return suite;
}

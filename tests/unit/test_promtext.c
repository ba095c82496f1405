// SPDX-License-Identifier: GPL-2.0-only
/* Prometheus' text format: families, labels, escapes; and status as such. */
#include <stdlib.h>

#include "runtime/base/promtext.h"
#include "runtime/tell/status.h"
#include "suites.h"

static struct buf out;

static void tear_down(void)
{
	buf_free(&out);
}

START_TEST(families_and_labels)
{
	struct prom prom = { .out = &out };

	prom_family(&prom, "a_flows", PROM_GAUGE, "How many \"now\".");
	prom_label(&prom, "mode", "hardware");
	prom_label(&prom, "table", "fw4");
	prom_value(&prom, 12);
	prom_value(&prom, 3);
	prom_one(&prom, "a_bytes_total", PROM_COUNTER, "All.", UINT64_MAX);
	ck_assert_str_eq(out.p, "# HELP a_flows How many \"now\".\n"
				"# TYPE a_flows gauge\n"
				"a_flows{mode=\"hardware\",table=\"fw4\"} 12\n"
				"a_flows 3\n"
				"# HELP a_bytes_total All.\n"
				"# TYPE a_bytes_total counter\n"
				"a_bytes_total 18446744073709551615\n");
}
END_TEST

START_TEST(what_is_escaped)
{
	struct prom prom = { .out = &out };

	prom_family(&prom, "a", PROM_GAUGE, "one\\two\nthree");
	prom_label(&prom, "b", "a\"b\\c\nd");
	prom_value(&prom, 0);
	ck_assert_str_eq(out.p, "# HELP a one\\\\two\\nthree\n"
				"# TYPE a gauge\n"
				"a{b=\"a\\\"b\\\\c\\nd\"} 0\n");
}
END_TEST

/* Names of other people's tables, and families that would be empty. */
START_TEST(status_as_metrics)
{
	struct status_flow flow = { .table = "t\"",
				    .name = "f",
				    .family = 2,
				    .hardware = true,
				    .n = 4 };
	struct status s = { .by_flowtable.list = { .v = &flow, .n = 1 } };

	status_metrics(&s, &out);
	ck_assert_ptr_nonnull(
		strstr(out.p, "\nnftoffc_flows{family=\"ip\",table=\"t\\\"\","
			      "flowtable=\"f\",mode=\"hardware\"} 4\n"));
	ck_assert_ptr_null(strstr(out.p, "counter_packets"));
	ck_assert_ptr_null(strstr(out.p, "policy_info"));
	ck_assert_ptr_null(strstr(out.p, "flowtable_devices"));
}
END_TEST

Suite *promtext_suite(void)
{
	Suite *suite = suite_create("promtext");
	TCase *tcase = tcase_create("promtext");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_add_test(tcase, families_and_labels);
	tcase_add_test(tcase, what_is_escaped);
	tcase_add_test(tcase, status_as_metrics);
	suite_add_tcase(suite, tcase);
	return suite;
}

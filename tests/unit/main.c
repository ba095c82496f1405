// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs all unit tests, each in its own process unless CK_FORK=no says
 * otherwise. A new suite is a line in suites.h and a line here.
 */
#include <stdlib.h>

#include "suites.h"

static Suite *(*const suites[])(void) = {
	attach_suite,	base_suite,    clock_suite,	 container_suite,
	delta_suite,	dsl_suite,     flowfilter_suite, flowlog_suite,
	ir_suite,	keepout_suite, live_suite,	 policy_suite,
	promtext_suite, runtime_suite, yaml_suite,
};

int main(void)
{
	SRunner *runner = srunner_create(NULL);
	int failed;

	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++)
		srunner_add_suite(runner, suites[i]());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Every suite of unit tests; main.c runs those that are in its array. */
#ifndef NFTOFFC_TESTS_UNIT_SUITES_H
#define NFTOFFC_TESTS_UNIT_SUITES_H

#include <check.h>

Suite *attach_suite(void);
Suite *base_suite(void);
Suite *clock_suite(void);
Suite *container_suite(void);
Suite *delta_suite(void);
Suite *dsl_suite(void);
Suite *flowfilter_suite(void);
Suite *flowlog_suite(void);
Suite *ir_suite(void);
Suite *keepout_suite(void);
Suite *live_suite(void);
Suite *policy_suite(void);
Suite *promtext_suite(void);
Suite *runtime_suite(void);
Suite *yaml_suite(void);

#endif

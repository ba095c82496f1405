// SPDX-License-Identifier: GPL-2.0-only
/* The statements there are: a new one is a file of its own and a line here. */
#include "stmt.h"

const struct stmt_ops *const stmt_all[] = {
	&stmt_verdict, &stmt_log,      &stmt_limit, &stmt_counter,
	&stmt_ct_mark, &stmt_reject,   &stmt_nat,   &stmt_masquerade,
	&stmt_mss,     &stmt_flow_add, NULL,
};

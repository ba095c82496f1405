/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands share that ask something of a policy: it is compiled, they
 * ask, every diagnostic is printed, all is freed.
 *
 * With --json all of it is one JSON object on standard output, the answer's
 * members first, then "errors", "warnings" and "diagnostics"; a policy with
 * mistakes has those alone. Standard error is silent but for what has no line.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_ON_POLICY_H
#define NFTOFFC_RUNTIME_LIVE_ON_POLICY_H

#include "base/json.h"
#include "compile.h"
#include "runtime/base/cli.h"

struct inquiry {
	const struct cli *cli;
	struct compilation c;
	struct json *json; /* NULL: the answer is words, on standard output */
};

/* The option --json, for whoever asks for it. */
#define OPTION_JSON                                                            \
	{                                                                      \
		0, "json", NULL, "answers in JSON, for programs"               \
	}

/*
 * Compiles the policy at the first operand and, if it has no mistakes, answers
 * what @ask does: an exit_code. @json is the index of OPTION_JSON among the
 * command's options.
 */
int on_policy(const struct cli *cli, int json,
	      int (*ask)(struct inquiry *inquiry));
/* "policies/x.yaml:14: - accept: { ... }" and a new line, on stdout. */
void print_policy_line(const struct compilation *c, struct span span);
/* The exit_code for what compile_policy() returned. */
int exit_of_compile(int ret);

#endif

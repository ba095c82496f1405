// SPDX-License-Identifier: GPL-2.0-only
/* Commands on a policy: see on_policy.h. */
#include "runtime/live/on_policy.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/base/exit.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"
#include "runtime/live/answer.h"

void print_policy_line(const struct compilation *c, struct span span)
{
	puts(place_text(c, span));
}

int exit_of_compile(int ret)
{
	if (!ret)
		return EXIT_DONE;
	return ret == -EINVAL ? EXIT_POLICY : EXIT_SYSTEM;
}

static int answer(struct inquiry *inquiry, int (*ask)(struct inquiry *inquiry))
{
	int ret = compile_policy(&inquiry->c, inquiry->cli->operands[0]);

	return ret ? exit_of_compile(ret) : ask(inquiry);
}

static int answer_in_words(struct inquiry *inquiry,
			   int (*ask)(struct inquiry *inquiry))
{
	int ret = answer(inquiry, ask);

	fflush(stdout); /* what was asked stands before what was wrong */
	diags_print(inquiry->c.diags, stderr, report_colour(stderr));
	return ret;
}

/* All of it in @out, which inquiry->json writes to. */
static int answer_in_json(struct inquiry *inquiry, struct buf *out,
			  int (*ask)(struct inquiry *inquiry))
{
	struct json *json = inquiry->json;
	int ret, error;

	json_object(json);
	ret = answer(inquiry, ask);
	diags_json(json, inquiry->c.diags);
	json_end(json);
	json_finish(json);
	error = files_write(STDOUT_FILENO, out->p, out->n);
	if (error)
		ret = report_failure(error, "cannot write the output");
	return ret;
}

int on_policy(const struct cli *cli, int json,
	      int (*ask)(struct inquiry *inquiry))
{
	struct buf out = { 0 };
	struct json writer = json_begin(&out);
	struct inquiry inquiry = {
		.cli = cli,
		.json = cli->values[json] ? &writer : NULL,
	};
	int ret;

	if (inquiry.json)
		ret = answer_in_json(&inquiry, &out, ask);
	else
		ret = answer_in_words(&inquiry, ask);
	compile_free(&inquiry.c);
	buf_free(&out);
	return ret;
}

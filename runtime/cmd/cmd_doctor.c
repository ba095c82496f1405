// SPDX-License-Identifier: GPL-2.0-only
/* nftoffc doctor: prints what the checks of doctor.h found. */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/on_policy.h"
#include "runtime/tell/doctor.h"

enum { JSON, ROOT };

const struct cli_option doctor_options[] = {
	[JSON] = OPTION_JSON,
	[ROOT] = { 0, "root", "DIR",
		   "finds OpenWrt's files in DIR instead of /" },
	{ 0 },
};

static const char *const levels[] = {
	[FINDING_ERROR] = "error",
	[FINDING_WARNING] = "warning",
	[FINDING_OK] = "ok",
};

static size_t count(const struct doctor *d, enum finding_level level)
{
	size_t i, n = 0;

	for (i = 0; i < d->findings.n; i++)
		n += d->findings.v[i].level == level;
	return n;
}

static void print_findings(const struct doctor *d)
{
	size_t i;

	for (i = 0; i < d->findings.n; i++) {
		const struct finding *f = &d->findings.v[i];

		printf("%-8s %-11s %s\n", levels[f->level], f->check, f->text);
		if (f->help)
			printf("%-8s %-11s = help: %s\n", "", "", f->help);
	}
}

static void json_finding(struct json *json, const struct finding *f)
{
	json_object(json);
	json_put_str(json, "check", f->check);
	json_put_str(json, "level", levels[f->level]);
	json_put_str(json, "message", f->text);
	if (f->help)
		json_put_str(json, "help", f->help);
	json_end(json);
}

static int json_findings(const struct doctor *d)
{
	struct buf out = { 0 };
	struct json json = json_begin(&out);
	size_t i;
	int ret;

	json_object(&json);
	json_key(&json, "findings");
	json_array(&json);
	for (i = 0; i < d->findings.n; i++)
		json_finding(&json, &d->findings.v[i]);
	json_end(&json);
	json_put_u64(&json, "errors", count(d, FINDING_ERROR));
	json_put_u64(&json, "warnings", count(d, FINDING_WARNING));
	json_end(&json);
	json_finish(&json);
	ret = files_write(STDOUT_FILENO, out.p, out.n);
	buf_free(&out);
	return ret ? report_failure(ret, "cannot write the output") : EXIT_DONE;
}

int cmd_doctor(const struct cli *cli)
{
	struct arena *arena = arena_new();
	struct doctor *d = doctor_examine(arena, cli_value(cli, ROOT, ""));
	int ret = EXIT_DONE;

	if (cli->values[JSON])
		ret = json_findings(d);
	else
		print_findings(d);
	if (!ret && count(d, FINDING_ERROR))
		ret = EXIT_SYSTEM;
	doctor_close(d);
	arena_free(arena);
	return ret;
}

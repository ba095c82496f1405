/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands, each in cmd_NAME.c. commands.c lists them; a new one is a file, a
 * line here and a line there. The shells' completions are made from that list.
 */
#ifndef NFTOFFC_RUNTIME_CMD_CMD_H
#define NFTOFFC_RUNTIME_CMD_CMD_H

#include "runtime/base/cli.h"

/* --state; @does is "finds what was applied in", and the like. */
#define OPTION_STATE(does)                                                     \
	{                                                                      \
		0, "state", "DIR", does " DIR instead of " STATE_DIRECTORY     \
	}

extern const struct command commands[]; /* ended by a NULL name */

extern const struct cli_option compile_options[], check_options[],
	audit_options[], test_options[], explain_options[], apply_options[],
	status_options[], convert_options[], fmt_options[], flows_options[],
	release_options[], doctor_options[], import_options[],
	confirm_options[], rollback_options[], unload_options[], diff_options[],
	log_options[], boot_options[], history_options[], watch_options[];
extern const struct cli_option fw4_options[];

int cmd_compile(const struct cli *cli);
int cmd_audit(const struct cli *cli);
int cmd_diff(const struct cli *cli);
int cmd_check(const struct cli *cli);
int cmd_test(const struct cli *cli);
int cmd_explain(const struct cli *cli);
int cmd_apply(const struct cli *cli);
int cmd_status(const struct cli *cli);
int cmd_convert(const struct cli *cli);
int cmd_import(const struct cli *cli);
int cmd_fw4(const struct cli *cli);
int cmd_fmt(const struct cli *cli);
int cmd_flows(const struct cli *cli);
int cmd_release(const struct cli *cli);
int cmd_doctor(const struct cli *cli);
int cmd_confirm(const struct cli *cli);
int cmd_rollback(const struct cli *cli);
int cmd_unload(const struct cli *cli);
int cmd_log(const struct cli *cli);
int cmd_boot(const struct cli *cli);
int cmd_history(const struct cli *cli);
int cmd_watch(const struct cli *cli);

#endif

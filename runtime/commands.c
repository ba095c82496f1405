// SPDX-License-Identifier: GPL-2.0-only
/* The table of commands. */
#include "runtime/cli.h"
#include "runtime/cmd.h"

const struct command commands[] = {
	{ "compile", "POLICY", "prints the policy as an nftables transaction",
	  compile_options, 1, 1, cmd_compile },
	{ "check", "POLICY", "reports every mistake of the policy at its line",
	  check_options, 1, 1, cmd_check },
	{ "audit", "POLICY",
	  "says what would escape which rule if it were offloaded, and proves "
	  "that none is",
	  audit_options, 1, 1, cmd_audit },
	{ "test", "POLICY", "runs the policy's own tests", test_options, 1, 1,
	  cmd_test },
	{ "explain", "POLICY PACKET...",
	  "says what becomes of a packet, and which line decides it",
	  explain_options, 2, 64, cmd_explain },
	{ "fmt", "POLICY...",
	  "puts policies in order: indentation, blanks, columns", fmt_options,
	  1, 1024, cmd_fmt },
	{ "convert", "POLICY",
	  "prints the policy in the other spelling, without its comments",
	  convert_options, 1, 1, cmd_convert },
	{ "import", "uci [FIREWALL]",
	  "prints OpenWrt's firewall as a policy that says the same",
	  import_options, 1, 2, cmd_import },
	{ "apply", "POLICY",
	  "makes the policy the one that runs, or changes "
	  "nothing",
	  apply_options, 1, 1, cmd_apply },
	{ "confirm", "", "keeps the policy that was applied with --confirm",
	  confirm_options, 0, 0, cmd_confirm },
	{ "rollback", "", "takes it back before its time is over",
	  confirm_options, 0, 0, cmd_rollback },
	{ "status", "", "says which policy runs, and whether it is unchanged",
	  status_options, 0, 0, cmd_status },
	{ "flows", "[FILTER...]", "lists the connections that are offloaded",
	  flows_options, 0, 1024, cmd_flows },
	{ "release", "FILTER...",
	  "takes offloaded connections back to the rules, unbroken",
	  release_options, 1, 1024, cmd_release },
	{ "doctor", "",
	  "says what stands between a policy and its offload on this machine",
	  doctor_options, 0, 0, cmd_doctor },
	{ 0 },
};

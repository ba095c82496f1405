// SPDX-License-Identifier: GPL-2.0-only
/*
 * Beside fw4: what its rules have to do with the policy's, in an apply.
 *
 * What must stay true: a policy that stands beside fw4 is not applied without
 * it, for then nobody would filter; what fw4 offloads by itself is not called
 * exempt; where fw4 does not mark what it sees, nothing is dropped for that.
 */
#include "ir/fw4.h"
#include "runtime/apply/apply_parts.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"

/*
 * There is no fw4: it would be as if there were no firewall. At the most, nothing
 * new is forwarded, and the router stays within reach, for somebody has to mend
 * it.
 */
static int without_fw4(struct apply *a)
{
	struct diag *diag;

	if (a->options->without_fw4) {
		a->gate = GATE_FORWARD;
		return NEXT;
	}

	if (a->options->dry_run) {
		diag_warning(a->c.diags, a->c.model->mode_span,
			     "fw4 is not loaded now");
		return NEXT;
	}
	diag = diag_error(a->c.diags, a->c.model->mode_span,
			  "fw4 is not loaded: there is no table inet fw4, and "
			  "this policy does not filter");
	diag_help(diag,
		  "'/etc/init.d/firewall start', and see what it says; or "
		  "\"mode: alone\"");
	return EXIT_SYSTEM;
}

/* The kernel module keeps out what is exempt, whoever offloads. */
static void warn_of_offload(struct apply *a)
{
	struct diag *diag;

	if (!a->fw4.flowtable || a->module.module)
		return;
	diag = diag_warning(
		a->c.diags, a->c.model->mode_span,
		"fw4 offloads by itself, into its flowtable %s, "
		"whatever it lets pass: nothing is exempt, and what "
		"is logged of each packet is not",
		a->fw4.flowtable);
	diag_help(diag, FW4_OFFLOAD_OFF "; or load the kernel module");
}

static void warn_of_gap(struct apply *a)
{
	struct diag *diag;

	if (a->fw4.sees)
		return;
	diag = diag_warning(a->c.diags, a->c.model->mode_span,
			    "fw4 does not mark what it sees: what is opened "
			    "while it starts again stays open");
	diag_help(diag, "'nftoffc fw4 enable' has it mark them");
}

int apply_beside_fw4(struct apply *a)
{
	const struct model *model = a->c.model;
	int ret;

	if (model->mode != MODE_FW4 || a->blind)
		return NEXT;
	ret = fw4_read(a->nl, a->arena, model->mark_mask, &a->fw4);
	if (ret)
		return report_failure(ret, "cannot read fw4's rules");
	if (!a->fw4.loaded)
		return without_fw4(a);
	if (a->fw4.sees)
		a->gate = GATE_ALL;
	warn_of_offload(a);
	warn_of_gap(a);
	return NEXT;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a command may do that not every user may. It is root that starts it, and
 * all that root can do beyond what the command needs is given up before the
 * command begins, for good: from every set, the bounding set too, and no program
 * that it starts can have it back. Who starts it without that has it not anyway.
 *
 * Root stays root: what is in the state directory, which is root's own, needs no
 * privilege.
 */
#ifndef NFTOFFC_RUNTIME_BASE_PRIVILEGE_H
#define NFTOFFC_RUNTIME_BASE_PRIVILEGE_H

enum privilege {
	/* To speak to nf_tables, conntrack and the module; CAP_NET_ADMIN. */
	PRIVILEGE_ADMIN,
	/* And to ask hosts, as a policy's `verify` does; CAP_NET_RAW. */
	PRIVILEGE_VERIFY,
	/* And to try something in a namespace of its own; CAP_SYS_ADMIN. */
	PRIVILEGE_TRY,
	/*
	 * And to read the policy, whosever it is, and where the user came from
	 * in the processes above; CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE.
	 * Until it was read it is not known whether it verifies anything.
	 */
	PRIVILEGE_POLICY,
	/* All: it reads and writes the user's files as he could. */
	PRIVILEGE_FILES,
};

/* Keeps these and gives up all others: 0 or -errno. */
int privilege_keep(enum privilege privilege);

#endif

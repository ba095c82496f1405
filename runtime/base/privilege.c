// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving up privilege.
 *
 * The bounding set first: to change it is a privilege itself. Without that
 * privilege it stays as it is, which is of no use to anybody: no_new_privs
 * keeps programs that are started from gaining by it.
 *
 * Source: capabilities(7), uapi capability.h.
 */
#include "runtime/base/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP(n) (UINT64_C(1) << (n))

static const uint64_t kept[] = {
	[PRIVILEGE_ADMIN] = CAP(CAP_NET_ADMIN),
	[PRIVILEGE_VERIFY] = CAP(CAP_NET_ADMIN) | CAP(CAP_NET_RAW),
	[PRIVILEGE_TRY] = CAP(CAP_NET_ADMIN) | CAP(CAP_SYS_ADMIN),
	/* The last of them is to give up the others, once it was read. */
	[PRIVILEGE_POLICY] = CAP(CAP_NET_ADMIN) | CAP(CAP_SYS_ADMIN) |
			     CAP(CAP_NET_RAW) | CAP(CAP_DAC_READ_SEARCH) |
			     CAP(CAP_SYS_PTRACE) | CAP(CAP_SETPCAP),
	[PRIVILEGE_FILES] = ~UINT64_C(0),
};

/* What the kernel does not know ends the list. */
static void bound(uint64_t keep)
{
	unsigned long n;

	for (n = 0; n < 64 && prctl(PR_CAPBSET_READ, n, 0, 0, 0) >= 0; n++)
		if (!(keep & CAP(n)))
			prctl(PR_CAPBSET_DROP, n, 0, 0, 0);
}

static int limit(uint64_t keep)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };
	unsigned int i;

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

int privilege_keep(enum privilege privilege)
{
	if (privilege == PRIVILEGE_FILES)
		return 0;
	bound(kept[privilege]);
	/* An old kernel has none. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return limit(kept[privilege]);
}

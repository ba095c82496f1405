// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failures to order: see fault.h. What is counted is the one thing that this
 * program keeps outside of any function, and only if it is built for tests.
 */
#include "runtime/base/fault.h"

#ifdef NFTOFFC_FAULTS
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	int error;
} points[] = {
#define FAULT(id, name, error) [FAULT_##id] = { name, error },
#include "runtime/base/fault.def"
#undef FAULT
};

/* The rest of the list from the point's own word on, NULL: it has none. */
static const char *find(const char *list, const char *name)
{
	size_t n = strlen(name);

	while (list && *list) {
		if (!strncmp(list, name, n) && strchr(":,", list[n]))
			return list + n;
		list = strchr(list, ',');
		list += list ? 1 : 0;
	}
	return NULL;
}

static int happen(enum fault_id id, const char *what)
{
	/* No buffer of stdio's, which a fork would double. */
	dprintf(STDERR_FILENO, "fault: %s\n", points[id].name);
	if (*what == ':' && !strncmp(what + 1, "note", 4))
		return 0;
	if (*what == ':' && !strncmp(what + 1, "kill", 4))
		raise(SIGKILL);
	if (*what == ':' && what[1] >= '1' && what[1] <= '9')
		return -atoi(what + 1);
	return points[id].error;
}

int fault(enum fault_id id)
{
	static unsigned int came[FAULTS];
	const char *what = find(getenv("NFTOFFC_FAULT"), points[id].name);
	const char *n, *end;

	if (!what)
		return 0;
	came[id]++;
	n = *what == ':' ? strchr(what + 1, ':') : NULL;
	end = strchr(what, ',');
	if (n && (!end || n < end) && came[id] != strtoul(n + 1, NULL, 10))
		return 0;
	return happen(id, what);
}
#endif

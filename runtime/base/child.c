// SPDX-License-Identifier: GPL-2.0-only
/* Another program: see child.h. */
#include "runtime/base/child.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/files.h"

#define NO_PROGRAM 127

static void become(const char *const *args, int in)
{
	if (dup2(in, 0) < 0)
		_exit(126);
	/* execvp() changes nothing of what it is given */
	execvp(args[0], (char *const *)(uintptr_t)args);
	_exit(NO_PROGRAM);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFEXITED(status))
		return -ECHILD;
	if (WEXITSTATUS(status) == NO_PROGRAM)
		return -ENOENT;
	return WEXITSTATUS(status) ? -ECHILD : 0;
}

int child_run(const char *const *args, struct str input)
{
	int in = memfd_create("nftoffc", MFD_CLOEXEC), ret = 0;
	pid_t pid;

	if (in < 0)
		return -errno;
	if (input.n)
		ret = files_write(in, input.p, input.n);
	if (!ret && lseek(in, 0, SEEK_SET))
		ret = -errno;
	pid = ret ? -1 : fork();
	if (pid == 0)
		become(args, in);
	if (!ret)
		ret = pid < 0 ? -errno : wait_for(pid);
	close(in);
	return ret;
}

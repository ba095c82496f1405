// SPDX-License-Identifier: GPL-2.0-only
/* What takes long says what it is at: see progress.h. */
#include "runtime/base/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_MS 1000
#define AGAIN_MS 500
#define ERASE "\r\033[K"

static long milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The last phase that was told; false: there are no more. */
static bool take_phase(int fd, char *phase, size_t size)
{
	char told[512];
	ssize_t n = read(fd, told, sizeof(told)), at;

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	told[n - 1] = '\0';
	for (at = n - 1; at > 0 && told[at - 1]; at--)
		;
	snprintf(phase, size, "%.60s", told + at);
	return true;
}

static void draw(const char *what, const char *phase, long elapsed)
{
	char line[160];
	int n = snprintf(line, sizeof(line), ERASE "%s: %s, %ld s", what, phase,
			 elapsed / 1000);

	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		_exit(0);
}

static void erase(void)
{
	if (write(STDERR_FILENO, ERASE, strlen(ERASE)) < 0)
		_exit(0);
}

static _Noreturn void draw_until_end(int fd, const char *what)
{
	long start = milliseconds(), next = FIRST_MS, elapsed, left;
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	char phase[64] = "";
	bool drawn = false;

	for (;;) {
		elapsed = milliseconds() - start;
		if (elapsed >= next && *phase) {
			draw(what, phase, elapsed);
			drawn = true;
			next = elapsed + AGAIN_MS;
		}
		left = next - elapsed > 0 ? next - elapsed : 0;
		/* What it is at it has yet to say. */
		if (poll(&wait, 1, *phase ? (int)left : -1) > 0 &&
		    !take_phase(fd, phase, sizeof(phase)))
			break;
	}
	if (drawn)
		erase();
	_exit(0);
}

/* All but standard error and the pipe. */
static void leave_all(int *pipe)
{
	if (*pipe != STDIN_FILENO && dup2(*pipe, STDIN_FILENO) < 0)
		_exit(0);
	*pipe = STDIN_FILENO;
	close(STDOUT_FILENO);
#ifdef SYS_close_range
	if (!syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0))
		return;
#endif
	for (int fd = (int)sysconf(_SC_OPEN_MAX); fd > STDERR_FILENO; fd--)
		close(fd);
}

void progress_open(struct progress *progress, const char *what)
{
	int fds[2];

	*progress = (struct progress){ .pipe = -1 };
	if (!isatty(STDERR_FILENO) || pipe2(fds, O_CLOEXEC))
		return;
	progress->drawer = fork();
	if (!progress->drawer) {
		leave_all(&fds[0]);
		draw_until_end(fds[0], what);
	}
	close(fds[0]);
	if (progress->drawer > 0)
		progress->pipe = fds[1];
	else
		close(fds[1]);
}

/* Whoever reads may have been killed: that is no reason to end. */
void progress_phase(struct progress *progress, const char *phase)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

	if (progress->pipe < 0)
		return;
	sigaction(SIGPIPE, &ignore, &before);
	if (write(progress->pipe, phase, strlen(phase) + 1) < 0)
		progress_close(progress);
	sigaction(SIGPIPE, &before, NULL);
}

void progress_close(struct progress *progress)
{
	if (progress->pipe < 0)
		return;
	close(progress->pipe);
	progress->pipe = -1;
	while (waitpid(progress->drawer, NULL, 0) < 0 && errno == EINTR)
		;
}

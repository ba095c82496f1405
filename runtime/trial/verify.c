// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a policy verifies: see verify.h. verify_reach.c asks hosts.
 */
#include "runtime/trial/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/trial/verify_parts.h"

#define OUTPUT_MAX 4096 /* of what a program says, the end is kept */
#define LINES_SHOWN 10
#define CLOSE_RANGE_ON_EXEC 4u /* CLOSE_RANGE_CLOEXEC of newer headers */
#define LOOK_EVERY 20	       /* milliseconds */

/* A program that runs, or ran. */
struct run {
	pid_t pid;
	int out, error; /* what it says; why it could not be run */
	struct buf said;
	int status;
};

int64_t verify_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

bool verify_interrupted(void)
{
	sigset_t pending;

	return !sigpending(&pending) && (sigismember(&pending, SIGINT) == 1 ||
					 sigismember(&pending, SIGTERM) == 1 ||
					 sigismember(&pending, SIGHUP) == 1 ||
					 sigismember(&pending, SIGALRM) == 1);
}

/*
 * In the child
 */

/* What who applies left open is not the program's affair. */
static void close_on_exec(void)
{
	int fd;

#ifdef SYS_close_range
	if (!syscall(SYS_close_range, STDERR_FILENO + 1, ~0u,
		     CLOSE_RANGE_ON_EXEC))
		return;
#endif
	for (fd = STDERR_FILENO + 1; fd < 1024; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static _Noreturn void become(const struct verify *verify, int out, int error)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C";
	char *const environment[] = { path, locale, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;
	int number;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0 ||
	    chdir("/"))
		_exit(127);
	close_on_exec();
	execve(verify->args[0], (char *const *)verify->args, environment);
	number = errno;
	if (write(error, &number, sizeof(number)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * In the parent
 */

static int start(const struct verify *verify, struct run *run)
{
	int out[2], error[2], ret;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	ret = pipe2(error, O_CLOEXEC) ? -errno : 0;
	if (!ret) {
		run->pid = fork();
		ret = run->pid < 0 ? -errno : 0;
		if (!run->pid)
			become(verify, out[1], error[1]);
		close(error[1]);
	}
	close(out[1]);
	run->out = out[0];
	run->error = ret ? -1 : error[0];
	if (ret) {
		close(out[0]);
		return ret;
	}
	setpgid(run->pid, run->pid); /* whoever of both comes first */
	fcntl(run->out, F_SETFL, O_NONBLOCK);
	return 0;
}

static void keep_said(struct run *run)
{
	ssize_t n;

	for (;;) {
		n = read(run->out, buf_reserve(&run->said, OUTPUT_MAX),
			 OUTPUT_MAX);
		if (n <= 0)
			break;
		run->said.n += (size_t)n;
		if (run->said.n <= OUTPUT_MAX)
			continue;
		memmove(run->said.p, run->said.p + (run->said.n - OUTPUT_MAX),
			OUTPUT_MAX);
		run->said.n = OUTPUT_MAX;
	}
	run->said.p[run->said.n] = '\0';
}

/* 0: it ended; or why it did not. */
static int wait_for(struct run *run, int64_t until)
{
	struct pollfd out = { .fd = run->out, .events = POLLIN };
	pid_t ended;

	for (;;) {
		keep_said(run);
		ended = waitpid(run->pid, &run->status, WNOHANG);
		if (ended == run->pid)
			return 0;
		if (verify_interrupted())
			return -EINTR;
		if (verify_now() >= until)
			return -ETIMEDOUT;
		/* Its end alone wakes nobody; its closed output would always. */
		if (out.revents & POLLHUP)
			out.fd = -1;
		poll(&out, 1, LOOK_EVERY);
	}
}

/* With all that it started and that did not leave its group. */
static void end(struct run *run, bool waits)
{
	kill(-run->pid, SIGKILL);
	while (waits && waitpid(run->pid, &run->status, 0) < 0 &&
	       errno == EINTR)
		;
	keep_said(run);
	close(run->out);
}

static int exec_error(const struct run *run)
{
	int error = 0;

	if (read(run->error, &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(run->error);
	return error;
}

/* NULL: it ended with 0; else what was the matter. */
static const char *run_command(struct arena *arena, const struct verify *v,
			       struct run *run)
{
	int ret = start(v, run), error;

	if (ret)
		return arena_printf(arena, "it cannot be started: %s",
				    strerror(-ret));
	ret = wait_for(run, verify_now() + (int64_t)v->timeout * 1000);
	end(run, ret != 0);
	error = exec_error(run);
	if (ret == -EINTR)
		return "who applies interrupted it";
	if (ret)
		return arena_printf(arena, "it did not end in %u seconds",
				    v->timeout);
	if (error)
		return arena_printf(arena, "it cannot be run: %s",
				    strerror(error));
	if (WIFSIGNALED(run->status))
		return arena_printf(arena, "it was ended by signal %d",
				    WTERMSIG(run->status));
	if (WEXITSTATUS(run->status))
		return arena_printf(arena, "it ended with %d",
				    WEXITSTATUS(run->status));
	return NULL;
}

/* What it said last, a line each. */
static void quote(struct diag *diag, struct str said)
{
	struct str lines = said, line;
	size_t n = str_count(said, '\n');

	n += said.n && said.p[said.n - 1] != '\n';
	for (; lines.p && lines.n; n--) {
		line = str_cut(&lines, '\n');
		if (n <= LINES_SHOWN)
			diag_help(diag, "it said: %.*s", STR_ARG(line));
	}
}

/*
 * Entries
 */

static const char *name_of(struct arena *arena, const struct verify *v)
{
	struct buf out = { 0 };
	const char *name;

	verify_name(&out, v);
	name = arena_strndup(arena, out.p, out.n);
	buf_free(&out);
	return name;
}

static const char *try_once(struct arena *arena, const struct verify *v,
			    struct run *run)
{
	int ret;

	run->said.n = 0;
	if (v->args)
		return run_command(arena, v, run);
	ret = verify_reach(v);
	return ret ? strerror(-ret) : NULL;
}

static void pause_between(void)
{
	const struct timespec second = { .tv_sec = 1 };

	nanosleep(&second, NULL);
}

static bool verify_one(struct diags *diags, struct arena *arena,
		       const struct verify *v)
{
	struct run run = { 0 };
	const char *wrong = NULL;
	struct diag *diag;
	unsigned int i;

	for (i = 0; i <= v->retries; i++) {
		if (i)
			pause_between();
		wrong = try_once(arena, v, &run);
		if (!wrong || verify_interrupted())
			break;
	}
	if (wrong) {
		diag = diag_error(diags, v->span, "%s: %s", name_of(arena, v),
				  wrong);
		if (v->retries)
			diag_help(diag, "it was tried %u times",
				  i > v->retries ? i : i + 1);
		quote(diag, (struct str){ run.said.p, run.said.n });
	}
	buf_free(&run.said);
	return !wrong;
}

bool verify_all(struct diags *diags, const struct model *model)
{
	size_t i;

	for (i = 0; i < model->nverifies; i++)
		if (!verify_one(diags, model->arena, &model->verifies[i]))
			return false;
	return true;
}

void verify_print(struct buf *out, const struct model *model)
{
	size_t i;

	for (i = 0; i < model->nverifies; i++) {
		buf_puts(out, "# verify: ");
		verify_name(out, &model->verifies[i]);
		buf_putc(out, '\n');
	}
}

void verify_warn(struct diags *diags, const struct model *model)
{
	size_t i;

	for (i = 0; i < model->nverifies; i++) {
		const struct verify *v = &model->verifies[i];

		if (v->args && access(v->args[0], X_OK))
			diag_help(diag_warning(diags, v->span,
					       "%s cannot be run here: %s",
					       v->args[0], strerror(errno)),
				  "where it is applied and cannot be run, the "
				  "policy is taken back");
	}
}

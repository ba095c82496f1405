// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guard of guard.h.
 *
 *	STATE/guard	locked (F_OFD_SETLK) while the guard lives, and empty
 *	STATE/guarded	a line: "waits|confirmed|restored|failed UNTIL BACK
 *			NUMBER POLICY"
 *	STATE/.guarded.N	room for the lines that it will become
 *	STATE/.back	a link to the generation BACK, to become `current`
 *	STATE/answer	a FIFO
 */
#include "runtime/state/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/base/files.h"
#include "runtime/netlink/nl.h"

#define LOCK "guard"
#define LINE "guarded"
#define ANSWER "answer"
#define LINE_MAX_LEN 128
/* How often a guard says something: its time begins, and it is over. */
#define SAYS 2
/* How long an answer may take: the transaction of the largest policy. */
#define ANSWER_TRIES 1200
#define ANSWER_PAUSE 100 /* milliseconds */

enum guard_answer_word { SILENCE, CONFIRM = 'c', ROLLBACK = 'r' };
/* What apply tells by the pipe. */
enum word { RUNS = 'y', RUNS_NOT = 'n' };

static const char *const words[] = {
	[GUARD_WAITS] = "waits",
	[GUARD_CONFIRMED] = "confirmed",
	[GUARD_RESTORED] = "restored",
	[GUARD_FAILED] = "failed",
};

/* All that the guard has. */
struct guard_process {
	struct guard_plan plan;
	struct nl *nl;
	struct nl_errors errors;
	int apply; /* the pipe's end */
	int file, answer;
	int spares[SAYS]; /* .guarded.N, -1: it is used up */
	int refuse;	  /* of STATE_REFUSE, likewise */
	int64_t until;	  /* CLOCK_BOOTTIME, in milliseconds */
};

/* Time goes on while the machine sleeps. */
static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/*
 * The guard's life
 */

static const char *const spare_names[SAYS] = { "." LINE ".0", "." LINE ".1" };

static size_t make_line(char line[LINE_MAX_LEN], const struct guard_process *g,
			enum guard_end end)
{
	return (size_t)snprintf(line, LINE_MAX_LEN,
				"%s %" PRId64 " %u %u %.63s\n", words[end],
				g->until, g->plan.back, g->plan.number,
				g->plan.policy);
}

/* If that fails, nobody is there to be told. */
static void say(struct guard_process *g, enum guard_end end)
{
	char line[LINE_MAX_LEN];
	size_t n = make_line(line, g, end);
	int i;

	for (i = 0; i < SAYS; i++) {
		if (g->spares[i] < 0)
			continue;
		files_put(state_directory(g->plan.state), g->spares[i],
			  spare_names[i], LINE, line, n);
		g->spares[i] = -1;
		return;
	}
}

static void point_back(const struct guard_process *g)
{
	if (g->plan.back)
		state_point_back(g->plan.state, g->plan.back);
	else
		state_point_nowhere(g->plan.state);
}

/* Under the lock of the state directory, as whoever changes it. */
static enum guard_end take_back(struct guard_process *g)
{
	enum guard_end end = GUARD_FAILED;
	int ret;

	state_relock(g->plan.state);
	if (fault(FAULT_GUARD_TAKE_BACK))
		return end;
	ret = wayback_take(g->plan.way, g->nl, &g->errors);
	if (!ret && !g->errors.list.n && !twophase_back(g->plan.module))
		end = GUARD_RESTORED;
	if (end == GUARD_RESTORED) {
		state_refuse_back(g->plan.state, g->refuse, g->plan.digest);
		g->refuse = -1;
		point_back(g);
	}
	return end;
}

/* Reads @fd, if it has a word, until the time is over. */
static char wait_for(int fd, int64_t until)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char word = 0;
	int64_t left;

	do {
		left = until - now();
		if (left < 0)
			left = 0;
		if (left > INT32_MAX)
			left = INT32_MAX;
		if (poll(&poll_fd, 1, (int)left) > 0) {
			if (read(fd, &word, 1) == 1)
				return word;
			if (poll_fd.revents & POLLHUP)
				return 0;
		}
	} while (now() < until);
	return 0;
}

static _Noreturn void guard_run(struct guard_process *g)
{
	enum guard_end end;
	char answer;

	/* While it commits, a large policy may take minutes. */
	if (wait_for(g->apply, now() + 3600 * 1000) == RUNS_NOT) {
		say(g, GUARD_RESTORED);
		_exit(0);
	}
	g->until = now() + (int64_t)g->plan.seconds * 1000;
	say(g, GUARD_WAITS);
	do {
		answer = wait_for(g->answer, g->until);
	} while (answer && answer != CONFIRM && answer != ROLLBACK);
	end = answer == CONFIRM ? GUARD_CONFIRMED : take_back(g);
	say(g, end);
	_exit(0);
}

/* No terminal, no signal but SIGKILL. */
static void detach(void)
{
	static const int deaf[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
				    SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2,
				    SIGTSTP, SIGTTIN, SIGTTOU };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;
	size_t i;

	setsid();
	for (i = 0; i < sizeof(deaf) / sizeof(*deaf); i++)
		signal(deaf[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	if (chdir("/"))
		return; /* it stays where it is, which does no harm */
}

/*
 * Arming
 */

static int open_lock(struct guard_process *g, int dir)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	g->file = openat(dir, LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return g->file < 0 || fcntl(g->file, F_OFD_SETLK, &all) ? -errno : 0;
}

static int open_answer(struct guard_process *g, int dir)
{
	if (unlinkat(dir, ANSWER, 0) && errno != ENOENT)
		return -errno;
	if (mkfifoat(dir, ANSWER, 0600))
		return -errno;
	/* For writing too, so that it never ends. */
	g->answer = openat(dir, ANSWER, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return g->answer < 0 ? -errno : 0;
}

/* The line, and all that it takes to write others when there is no room. */
static int write_files(struct guard_process *g, int dir)
{
	char line[LINE_MAX_LEN];
	size_t n = make_line(line, g, GUARD_WAITS);
	int i, ret = files_store(dir, LINE, line, n);

	for (i = 0; !ret && i < SAYS; i++) {
		g->spares[i] = files_reserve(dir, spare_names[i], LINE_MAX_LEN);
		if (g->spares[i] < 0)
			ret = g->spares[i];
	}
	if (!ret)
		g->refuse = state_prepare_refuse(g->plan.state);
	if (!ret && g->refuse < 0)
		ret = g->refuse;
	if (!ret && g->plan.back)
		ret = state_prepare_back(g->plan.state, g->plan.back);
	return ret;
}

static int open_files(struct guard_process *g)
{
	int dir = state_directory(g->plan.state);
	int ret = fault(FAULT_GUARD_FILES);

	if (!ret)
		ret = open_lock(g, dir);
	if (!ret)
		ret = open_answer(g, dir);
	return ret ? ret : write_files(g, dir);
}

static int open_socket(struct guard_process *g)
{
	size_t size = wayback_size(g->plan.way);
	int ret = nl_open(&g->nl, NETLINK_NETFILTER);

	if (ret)
		return ret;
	if (nl_room_to_send(g->nl, size) < size)
		return -EMSGSIZE;
	g->errors.arena = arena_new(); /* taken now, used then */
	return 0;
}

static void close_all(struct guard_process *g)
{
	int i;

	for (i = 0; i < SAYS; i++)
		if (g->spares[i] >= 0)
			close(g->spares[i]);
	if (g->refuse >= 0)
		close(g->refuse);
	if (g->file >= 0)
		close(g->file);
	if (g->answer >= 0)
		close(g->answer);
	nl_close(g->nl);
	if (g->errors.arena)
		arena_free(g->errors.arena);
}

static int start_process(struct guard_process *g, struct guard_link *link)
{
	int ends[2];
	pid_t pid;

	pid = fault(FAULT_GUARD_FORK);
	if (pid)
		return pid;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	g->apply = ends[0];
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		state_leave_lock(g->plan.state);
		detach();
		guard_run(g);
	}
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return -errno;
	}
	link->fd = ends[1];
	link->pid = pid;
	return 0;
}

int guard_arm(struct guard_link *link, const struct guard_plan *plan)
{
	struct guard_process g = {
		.plan = *plan,
		.file = -1,
		.answer = -1,
		.spares = { -1, -1 },
		.refuse = -1,
	};
	int ret;

	link->fd = -1;
	g.until = now() + (int64_t)plan->seconds * 1000;
	ret = open_files(&g);
	if (!ret)
		ret = open_socket(&g);
	if (!ret)
		ret = start_process(&g, link);
	/* What was not armed waits for nothing; one that lives is another's. */
	if (ret && ret != -EWOULDBLOCK)
		guard_forget(plan->state);
	/* The lock is the guard's: it is of the file that both have open. */
	close_all(&g);
	return ret;
}

static void tell(struct guard_link *link, enum word word)
{
	char byte = (char)word;

	if (link->fd < 0)
		return;
	/* If it is gone, there is nothing to be told. */
	if (write(link->fd, &byte, 1) != 1)
		link->fd = -1;
	else
		close(link->fd);
	link->fd = -1;
}

void guard_start(struct guard_link *link)
{
	tell(link, RUNS);
}

/* Or whoever asks next would be told that it waits still. */
void guard_cancel(struct guard_link *link)
{
	bool armed = link->fd >= 0;

	tell(link, RUNS_NOT);
	while (armed && waitpid(link->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/*
 * Asking
 */

static enum guard_end end_of(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i] && strcmp(words[i], word) == 0)
			return (enum guard_end)i;
	return GUARD_NONE;
}

static void parse(const char *text, struct guard_status *status)
{
	char word[16];
	int64_t until;

	if (sscanf(text, "%15s %" SCNd64 " %u %u %63s", word, &until,
		   &status->back, &status->number, status->policy) != 5)
		return;
	status->end = end_of(word);
	if (until > now())
		status->left = (unsigned long)(until - now() + 999) / 1000;
}

/* Asks, and takes nothing: no look keeps a guard from being armed. */
static bool is_locked(int fd)
{
	struct flock any = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return !fcntl(fd, F_OFD_GETLK, &any) && any.l_type != F_UNLCK;
}

int guard_status(struct state *state, struct guard_status *status)
{
	struct buf text = { 0 };
	int fd, ret;
	bool lives;

	*status = (struct guard_status){ 0 };
	fd = openat(state_directory(state), LOCK, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	lives = is_locked(fd);
	ret = files_read(state_directory(state), LINE, &text);
	if (ret == -ENOENT) /* one that was never armed */
		ret = 0;
	if (!ret && text.p)
		parse(text.p, status);
	if (status->end == GUARD_WAITS && !lives)
		status->end = GUARD_DIED;
	else if (lives)
		status->end = GUARD_WAITS;
	buf_free(&text);
	close(fd);
	return ret;
}

unsigned int guard_confirmed(const struct guard_status *status,
			     unsigned int current)
{
	bool never = status->end == GUARD_DIED || status->end == GUARD_FAILED ||
		     status->end == GUARD_RESTORED;

	return never && status->number == current ? status->back : current;
}

/* The line first: without it, the others say nothing. */
void guard_forget(struct state *state)
{
	static const char *const names[] = { LINE,	    LOCK,
					     ANSWER,	    "." LINE ".0",
					     "." LINE ".1", STATE_BACK,
					     STATE_REFUSE };
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		any |= !unlinkat(state_directory(state), names[i], 0);
	if (any)
		fsync(state_directory(state));
}

void guard_forget_over(struct state *state)
{
	struct guard_status status;

	if (!guard_status(state, &status) && status.end == GUARD_RESTORED)
		guard_forget(state);
}

static int send_answer(struct state *state, bool confirm)
{
	char byte = confirm ? CONFIRM : ROLLBACK;
	int fd, ret = fault(FAULT_GUARD_ANSWER);

	if (ret)
		return ret;
	fd = openat(state_directory(state), ANSWER,
		    O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, &byte, 1) == 1 ? 0 : -errno;
	close(fd);
	return ret;
}

int guard_answer(struct state *state, bool confirm, struct guard_status *status)
{
	const struct timespec pause = { .tv_nsec = ANSWER_PAUSE * 1000000L };
	int i, ret;

	ret = send_answer(state, confirm);
	for (i = 0; !ret && i < ANSWER_TRIES; i++) {
		ret = guard_status(state, status);
		if (ret || status->end != GUARD_WAITS)
			return ret;
		nanosleep(&pause, NULL);
	}
	return ret ? ret : -ETIMEDOUT;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands timed in turn, so that what disturbs one disturbs all alike:
 *
 *	bench_time [-N] [-n ROUNDS] [-b COMMAND] A... -- B... [-- C...]
 *
 * prints a line for each: median wall and CPU milliseconds, the highest
 * resident kilobytes, and its wall and CPU time as multiples of the first
 * command's (the median of the rounds' ratios, which is steadier than the
 * ratio of medians).
 *
 *	-N	each run in a network namespace of its own, which is made
 *		before the clock starts and left to the kernel after it stops
 *	-b	a shell's command to run before each, not counted
 *
 * A command's output is thrown away unless it fails; then all ends.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 8
#define ROUNDS_MAX 1000
/* How long a namespace's end may go on behind us, as a part of the run. */
#define SETTLE 5

struct run {
	double wall, cpu; /* milliseconds */
};

struct command {
	char **argv;
	struct run runs[ROUNDS_MAX];
	long peak; /* kilobytes */
};

struct bench {
	int rounds, n;
	bool namespaces;
	const char *before;
	struct timespec *start; /* shared with the child, which sets it */
	struct command *commands;
};

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static double ms_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) * 1e3 +
	       (double)(to->tv_nsec - from->tv_nsec) / 1e6;
}

static double ms_of(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static void child(const struct bench *bench, char **argv)
{
	const char *program = argv[0];
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
		_exit(126);
	if (bench->namespaces && unshare(CLONE_NEWNET)) {
		perror("unshare");
		_exit(126);
	}
	clock_gettime(CLOCK_MONOTONIC, bench->start);
	if (program)
		execvp(program, argv);
	perror(program);
	_exit(127);
}

static void settle(double ms)
{
	struct timespec pause = { 0 };

	ms /= SETTLE;
	pause.tv_sec = (time_t)(ms / 1e3);
	pause.tv_nsec = (long)((ms - (double)pause.tv_sec * 1e3) * 1e6);
	nanosleep(&pause, NULL);
}

static void run_once(const struct bench *bench, struct command *command,
		     struct run *run)
{
	struct rusage usage;
	struct timespec end;
	int status;
	pid_t pid;

	if (bench->before && system(bench->before))
		exit(EXIT_FAILURE);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		child(bench, command->argv);
	if (wait4(pid, &status, 0, &usage) < 0)
		die("wait4");
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "bench_time: %s failed\n", command->argv[0]);
		exit(EXIT_FAILURE);
	}
	run->wall = ms_between(bench->start, &end);
	run->cpu = ms_of(usage.ru_utime) + ms_of(usage.ru_stime);
	if (usage.ru_maxrss > command->peak)
		command->peak = usage.ru_maxrss;
	if (bench->namespaces)
		settle(run->wall);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), compare);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void report(const struct bench *bench, const struct command *command)
{
	static double wall[ROUNDS_MAX], cpu[ROUNDS_MAX];
	static double wall_ratio[ROUNDS_MAX], cpu_ratio[ROUNDS_MAX];
	int i;

	for (i = 0; i < bench->rounds; i++) {
		const struct run *first = &bench->commands[0].runs[i];

		wall[i] = command->runs[i].wall;
		cpu[i] = command->runs[i].cpu;
		wall_ratio[i] = wall[i] / first->wall;
		cpu_ratio[i] = first->cpu > 0 ? cpu[i] / first->cpu : 0;
	}
	printf("%.2f %.2f %ld %.3f %.3f\n", median(wall, bench->rounds),
	       median(cpu, bench->rounds), command->peak,
	       median(wall_ratio, bench->rounds),
	       median(cpu_ratio, bench->rounds));
}

static void usage(void)
{
	fprintf(stderr, "usage: bench_time [-N] [-n ROUNDS] [-b COMMAND] "
			"A... -- B... [-- C...]\n");
	exit(2);
}

static void parse_options(struct bench *bench, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+Nn:b:")) != -1) {
		if (c == 'N')
			bench->namespaces = true;
		else if (c == 'n')
			bench->rounds = atoi(optarg);
		else if (c == 'b')
			bench->before = optarg;
		else
			usage();
	}
	if (bench->rounds < 1 || bench->rounds > ROUNDS_MAX || optind == argc)
		usage();
}

/* Divides the rest at each "--". */
static void parse_commands(struct bench *bench, char **argv)
{
	for (; *argv; argv++) {
		if (bench->n == COMMANDS_MAX || strcmp(*argv, "--") == 0)
			usage();
		bench->commands[bench->n++].argv = argv;
		while (*argv && strcmp(*argv, "--") != 0)
			argv++;
		if (!*argv)
			break;
		*argv = NULL;
	}
}

int main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MAX];
	struct bench bench = { .rounds = 5, .commands = commands };
	int round, i;

	parse_options(&bench, argc, argv);
	parse_commands(&bench, argv + optind);
	bench.start = mmap(NULL, sizeof(*bench.start), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bench.start == MAP_FAILED)
		die("mmap");
	for (round = 0; round < bench.rounds; round++)
		for (i = 0; i < bench.n; i++)
			run_once(&bench, &commands[i],
				 &commands[i].runs[round]);
	for (i = 0; i < bench.n; i++)
		report(&bench, &commands[i]);
	return EXIT_SUCCESS;
}

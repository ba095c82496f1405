// SPDX-License-Identifier: GPL-2.0-only
/* By the codes that every terminal has that has any: see screen.h. */
#include "runtime/base/screen.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define ENTER "\033[?1049h\033[?25l" /* another screen, and no cursor */
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define END_OF_LINE "\033[K\n"
#define REST "\033[J"

struct size {
	size_t rows, columns;
};

static struct size size_now(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col)
		return (struct size){ 24, 80 };
	return (struct size){ w.ws_row, w.ws_col };
}

static void put_line(struct str line, size_t columns)
{
	fwrite(line.p, 1, str_fit(line, columns).n, stdout);
	fputs(END_OF_LINE, stdout);
}

/* One row is the title's, and the last one stays free: no line ends there. */
void screen_draw(const char *title, struct str text)
{
	struct size size = size_now();
	size_t left = str_count(text, '\n');
	size_t rows = size.rows > 3 ? size.rows - 2 : 1;
	char more[64];

	if (left > rows)
		rows--;
	fputs(HOME, stdout);
	put_line(str_of(title), size.columns);
	for (; left && rows; left--, rows--)
		put_line(str_cut(&text, '\n'), size.columns);
	snprintf(more, sizeof(more), "and %zu more", left);
	if (left)
		put_line(str_of(more), size.columns);
	fputs(REST, stdout);
	fflush(stdout);
}

void screen_open(struct screen *screen)
{
	static const int ends[] = { SIGINT,  SIGTERM, SIGHUP,
				    SIGQUIT, SIGTSTP, SIGWINCH };
	size_t i;

	sigemptyset(&screen->ends);
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(&screen->ends, ends[i]);
	sigprocmask(SIG_BLOCK, &screen->ends, &screen->before);
	fputs(ENTER, stdout);
}

int screen_wait(const struct screen *screen, unsigned long seconds)
{
	const struct timespec time = { .tv_sec = (time_t)seconds };
	int signal = sigtimedwait(&screen->ends, NULL, &time);

	return signal > 0 && signal != SIGWINCH ? signal : 0;
}

void screen_close(const struct screen *screen, int signal)
{
	fputs(LEAVE, stdout);
	fflush(stdout);
	if (signal > 0)
		raise(signal);
	sigprocmask(SIG_SETMASK, &screen->before, NULL);
}

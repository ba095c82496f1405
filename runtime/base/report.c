// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages that belong to no line of a policy. One line each, the program's
 * name first, so that they can be told apart in a log.
 */
#include "runtime/base/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/exit.h"

bool report_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR");

	return isatty(fileno(out)) && !(no && *no);
}

static void say(const char *kind, const char *colour, const char *fmt,
		va_list args)
{
	bool on = report_colour(stderr);

	fprintf(stderr, "nftoffc: %s%s:%s ", on ? colour : "", kind,
		on ? "\033[0m" : "");
	vfprintf(stderr, fmt, args);
}

void report_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("error", "\033[1;31m", fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void report_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("warning", "\033[1;35m", fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void report_help(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("help", "\033[1;36m", fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

static void remedy(int error)
{
	switch (error) {
	case -EACCES:
		if (geteuid() != 0)
			report_help("run as root: nobody else may");
		break;
	case -EPERM:
		if (geteuid() != 0)
			report_help("needs CAP_NET_ADMIN (run as root)");
		else
			report_help("root lacks a capability here: it needs "
				    "CAP_NET_ADMIN");
		break;
	case -EINTR:
		report_help("other programs change it all the time: try "
			    "again");
		break;
	case -ENOSPC:
	case -EDQUOT:
		report_help("make room there, or choose another directory");
		break;
	case -EROFS:
		report_help("choose a writable directory with --state");
		break;
	case -EPROTONOSUPPORT:
		report_help("this kernel has no nf_tables: "
			    "it needs CONFIG_NETFILTER_NETLINK and NF_TABLES");
		break;
	}
}

int report_failure(int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("error", "\033[1;31m", fmt, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(-error));
	remedy(error);
	return EXIT_SYSTEM;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Debian's libmnl wants of a C library and musl has not: fprintf() of
 * _FORTIFY_SOURCE (LSB 5.0). @flag asks for more checks of the format, which is
 * the library's own.
 */
#include <stdarg.h>
#include <stdio.h>

/*
 * The library's name, declared by no header of musl's.
 * NOLINTBEGIN(bugprone-reserved-identifier)
 */
int __fprintf_chk(FILE *file, int flag, const char *format, ...);
/* NOLINTEND(bugprone-reserved-identifier) */

/* NOLINTNEXTLINE(bugprone-reserved-identifier) */
int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
	va_list args;
	int ret;

	(void)flag;
	va_start(args, format);
	ret = vfprintf(file, format, args);
	va_end(args);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Debian's static libraries want of a C library and musl has not: printf
 * that checks its buffer (_FORTIFY_SOURCE, LSB 5.0). @flag asks for more
 * checks of the format, which is the libraries' own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* The library's names, declared by no header of musl's. */
int __snprintf_chk(char *s, size_t n, int flag, size_t size, const char *format,
		   ...);
int __sprintf_chk(char *s, int flag, size_t size, const char *format, ...);
int __fprintf_chk(FILE *file, int flag, const char *format, ...);

int __snprintf_chk(char *s, size_t n, int flag, size_t size, const char *format,
		   ...)
{
	va_list args;
	int ret;

	(void)flag;
	va_start(args, format);
	ret = vsnprintf(s, n < size ? n : size, format, args);
	va_end(args);
	return ret;
}

int __sprintf_chk(char *s, int flag, size_t size, const char *format, ...)
{
	va_list args;
	int ret;

	(void)flag;
	va_start(args, format);
	ret = vsnprintf(s, size, format, args);
	va_end(args);
	return ret;
}

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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The growable buffer.
 *
 * What must stay true: once there is memory, the byte behind the text is NUL
 * and room for it is always counted.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"

void buf_free(struct buf *buf)
{
	free(buf->p);
	*buf = (struct buf){ 0 };
}

static void buf_enlarge(struct buf *buf, size_t need)
{
	size_t room = buf->room ? buf->room : 64;

	while (room < need)
		room *= 2;
	buf->p = realloc(buf->p, room);
	if (!buf->p)
		out_of_memory();
	buf->room = room;
}

char *buf_reserve(struct buf *buf, size_t n)
{
	if (n > SIZE_MAX / 4 || buf->n > SIZE_MAX / 4)
		out_of_memory();
	if (buf->room < buf->n + n + 1)
		buf_enlarge(buf, buf->n + n + 1);
	buf->p[buf->n + n] = '\0';
	return buf->p + buf->n;
}

void buf_add(struct buf *buf, const void *data, size_t n)
{
	char *end = buf_reserve(buf, n);

	if (n)
		memcpy(end, data, n);
	buf->n += n;
}

void buf_puts(struct buf *buf, const char *s)
{
	buf_add(buf, s, strlen(s));
}

/* Names and text are put together by this: it reserves only at the end. */
void buf_putc(struct buf *buf, char c)
{
	if (buf->room - buf->n < 2)
		buf_reserve(buf, 1);
	buf->p[buf->n++] = c;
	buf->p[buf->n] = '\0';
}

void buf_vprintf(struct buf *buf, const char *fmt, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	if (n > 0) {
		vsnprintf(buf_reserve(buf, (size_t)n), (size_t)n + 1, fmt,
			  again);
		buf->n += (size_t)n;
	}
	va_end(again);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buf_vprintf(buf, fmt, args);
	va_end(args);
}

void buf_pad(struct buf *buf, size_t n)
{
	memset(buf_reserve(buf, n), ' ', n);
	buf->n += n;
}

size_t buf_last_line(const struct buf *buf)
{
	const char *end = buf->n ? memrchr(buf->p, '\n', buf->n) : NULL;

	return end ? (size_t)(end + 1 - buf->p) : 0;
}

void buf_put_u64(struct buf *buf, unsigned long long value)
{
	char digits[3 * sizeof(value)];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_add(buf, digits + at, sizeof(digits) - at);
}

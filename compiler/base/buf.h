/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A growable byte buffer on the heap, for output that outlives no arena or is
 * too large for one. Adding never fails (out of memory ends the process).
 */
#ifndef NFTOFFC_BASE_BUF_H
#define NFTOFFC_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "str.h"

struct buf {
	char *p;  /* NULL while empty; always NUL-terminated otherwise */
	size_t n; /* without that NUL */
	size_t room;
};

void buf_free(struct buf *buf);
/* Room for @n more bytes; where they go. The caller adds @n to buf->n. */
char *buf_reserve(struct buf *buf, size_t n);
/* Less than was reserved was written: it ends at @end. */
static inline void buf_end(struct buf *buf, char *end)
{
	*end = '\0';
	buf->n = (size_t)(end - buf->p);
}
void buf_add(struct buf *buf, const void *data, size_t n);
void buf_puts(struct buf *buf, const char *s);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));
void buf_pad(struct buf *buf, size_t n);		     /* @n blanks */
void buf_put_u64(struct buf *buf, unsigned long long value); /* decimal, fast */

/* Where its last line begins. */
size_t buf_last_line(const struct buf *buf);

#endif

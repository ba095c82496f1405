// SPDX-License-Identifier: GPL-2.0-only
/* What is text: see text.h. Most of a policy is checked eight bytes at a time. */
#include "text.h"

#define BOM "\xef\xbb\xbf"

static struct span span_at(const struct source *source, size_t offset,
			   size_t length)
{
	return (struct span){ source->id, (uint32_t)offset, (uint32_t)length };
}

size_t text_begin(struct str text)
{
	return text.n >= 3 && memcmp(text.p, BOM, 3) == 0 ? 3 : 0;
}

static bool is_utf16(struct str text)
{
	const char *p = text.p;

	return text.n >= 2 && (memcmp(p, "\xff\xfe", 2) == 0 ||
			       memcmp(p, "\xfe\xff", 2) == 0 || !p[0] != !p[1]);
}

/*
 * What YAML calls printable, but for ASCII's own, and for a byte order mark
 * that is not at the beginning: nobody sees it and nobody means it.
 */
bool text_is_allowed(uint32_t rune)
{
	return rune == 0x85 ||
	       (rune >= 0xa0 && rune <= 0xfffd && rune != 0xfeff) ||
	       rune >= 0x10000;
}

static bool is_allowed_ascii(char c)
{
	return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
}

void text_refuse(const struct source *source, size_t at, struct diags *diags)
{
	struct str text = source->text;
	struct str rest = { text.p + at, text.n - at };
	bool utf16 = at < 2 && is_utf16(text);
	struct diag *diag;
	uint32_t rune;
	size_t n = str_rune(rest, &rune);

	if (utf16)
		diag = diag_error(diags, span_at(source, 0, 0),
				  "the file is UTF-16, not UTF-8");
	else if (!n)
		diag = diag_error(diags, span_at(source, at, 1),
				  "the byte 0x%02x here is not UTF-8",
				  rest.p[0] & 0xff);
	else if (!rune)
		diag = diag_error(diags, span_at(source, at, 1),
				  "a NUL byte: this is not a text file");
	else
		diag = diag_error(diags, span_at(source, at, n),
				  "the character U+%04X is not allowed", rune);
	if (!n || utf16)
		diag_help(diag, "save the file as UTF-8");
}

#define EACH_BYTE(c) (UINT64_MAX / 0xff * (c))

/*
 * Whether eight bytes are all in ' ' to '~'. The subtraction borrows from the
 * top bit of a byte below ' ', the addition carries into that of one above
 * '~'; what that does to the byte above it only errs towards false.
 */
static bool is_plain_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return !((word | (word - EACH_BYTE(0x20)) | (word + EACH_BYTE(0x01))) &
		 EACH_BYTE(0x80));
}

/* The length of the beginning that needs no decoding. */
size_t text_ascii_length(struct str text)
{
	size_t n = 0;

	for (;;) {
		if (text.n - n >= 8 && is_plain_word(text.p + n))
			n += 8;
		else if (n < text.n && is_allowed_ascii(text.p[n]))
			n++;
		else
			return n;
	}
}

bool text_check(const struct source *source, size_t at, struct diags *diags)
{
	struct str text = source->text;

	while (at < text.n) {
		struct str rest = { text.p + at, text.n - at };
		size_t n = text_ascii_length(rest);
		uint32_t rune;

		if (!n) {
			n = str_rune(rest, &rune);
			if (!n || !text_is_allowed(rune)) {
				text_refuse(source, at, diags);
				return false;
			}
		}
		at += n;
	}
	return true;
}

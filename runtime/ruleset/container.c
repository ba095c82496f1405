// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing and reading of the format in container.h.
 *
 * Numbers are copied from and to their places, which need not be aligned for
 * them; entries and messages are at multiples of four and eight.
 */
#include "runtime/ruleset/container.h"

#include <byteswap.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/netlink/nl.h"
#include "runtime/netlink/sound.h"

#define MAGIC "\211NFTOFFC"
#define ORDER UINT32_C(0x01020304)
#define ENTRY 8
#define ALIGN(n) (((n) + 7) & ~(uint64_t)7)

enum container_at {
	AT_ORDER = 8,
	AT_VERSION = 12,
	AT_SIZE = 16,
	AT_HEAD_DIGEST = 24,
	AT_DIGEST = 32,
	AT_CREATED = 40,
	AT_RULES = 48,
	AT_ELEMENTS = 56,
	AT_PREVIOUS = 64,
	AT_RECORD_LEN = 68,
	AT_NEEDS_LEN = 72,
	AT_ENTRIES = 76,
};

/*
 * The digest: CRC-64/XZ. "123456789" has 995dc9bbdf1939fa.
 */

/* Of each byte; in row i, of one with i zeros behind it. */
static void make_table(uint64_t table[8][256])
{
	uint64_t crc;
	unsigned int i, bit, zeros;

	for (i = 0; i < 256; i++) {
		crc = i;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^
			      (crc & 1 ? UINT64_C(0xc96c5795d7870f42) : 0);
		table[0][i] = crc;
	}
	for (zeros = 1; zeros < 8; zeros++)
		for (i = 0; i < 256; i++) {
			crc = table[zeros - 1][i];
			table[zeros][i] = crc >> 8 ^ table[0][crc & 0xff];
		}
}

/* Eight bytes at a time: each boot waits for it. */
uint64_t container_digest(uint64_t crc, const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t table[8][256], word;
	unsigned int i;

	make_table(table);
	crc = ~crc;
	for (; n >= sizeof(word); n -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		word = le64toh(word) ^ crc;
		for (crc = 0, i = 0; i < 8; i++)
			crc ^= table[7 - i][word >> 8 * i & 0xff];
	}
	for (; n; n--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	return ~crc;
}

/* With zeros where it is to stand itself. */
static uint64_t head_digest(const char *head, size_t n)
{
	static const char zeros[8];
	uint64_t crc = container_digest(0, head, AT_HEAD_DIGEST);

	crc = container_digest(crc, zeros, sizeof(zeros));
	return container_digest(crc, head + AT_DIGEST, n - AT_DIGEST);
}

static void put32(char *head, enum container_at at, uint32_t n)
{
	memcpy(head + at, &n, sizeof(n));
}

static void put64(char *head, enum container_at at, uint64_t n)
{
	memcpy(head + at, &n, sizeof(n));
}

static uint32_t get32(const char *head, enum container_at at)
{
	uint32_t n;

	memcpy(&n, head + at, sizeof(n));
	return n;
}

static uint64_t get64(const char *head, enum container_at at)
{
	uint64_t n;

	memcpy(&n, head + at, sizeof(n));
	return n;
}

/*
 * Writing
 */

static void add_entries(struct buf *out, const struct keepout *entries)
{
	uint32_t pair[2];
	size_t i;

	for (i = 0; i < entries->n; i++) {
		pair[0] = entries->entries[i].mark;
		pair[1] = entries->entries[i].mark_mask;
		buf_add(out, pair, sizeof(pair));
	}
}

static uint32_t add_needs(struct buf *out, const struct container *c)
{
	size_t i, begin = out->n;

	for (i = 0; i < c->needs.n; i++)
		buf_add(out, c->needs.v[i], strlen(c->needs.v[i]) + 1);
	return (uint32_t)(out->n - begin);
}

void container_write_head(struct buf *out, const struct container *c)
{
	size_t begin = out->n, head, record = strlen(c->record) + 1;
	char fixed[CONTAINER_FIXED] = MAGIC;
	uint32_t needs;

	buf_add(out, fixed, sizeof(fixed));
	buf_add(out, c->record, record);
	needs = add_needs(out, c);
	add_entries(out, &c->entries);
	while ((out->n - begin) % 8)
		buf_putc(out, '\0');
	head = out->n - begin;

	put32(fixed, AT_ORDER, ORDER);
	put32(fixed, AT_VERSION, CONTAINER_VERSION);
	put64(fixed, AT_SIZE, head + c->messages.n);
	put64(fixed, AT_DIGEST,
	      container_digest(0, c->messages.p, c->messages.n));
	put64(fixed, AT_CREATED, c->created);
	put64(fixed, AT_RULES, c->rules);
	put64(fixed, AT_ELEMENTS, c->elements);
	put32(fixed, AT_PREVIOUS, c->previous);
	put32(fixed, AT_RECORD_LEN, (uint32_t)record);
	put32(fixed, AT_NEEDS_LEN, needs);
	put32(fixed, AT_ENTRIES, (uint32_t)c->entries.n);
	memcpy(out->p + begin, fixed, sizeof(fixed));
	put64(out->p + begin, AT_HEAD_DIGEST,
	      head_digest(out->p + begin, head));
}

void container_write(struct buf *out, const struct container *c)
{
	container_write_head(out, c);
	buf_add(out, c->messages.p, c->messages.n);
}

/*
 * Reading
 */

/* Lengths are of 32 bits: their sum overflows nothing. */
static uint64_t head_size(const char *head)
{
	return ALIGN(CONTAINER_FIXED + (uint64_t)get32(head, AT_RECORD_LEN) +
		     get32(head, AT_NEEDS_LEN) +
		     (uint64_t)get32(head, AT_ENTRIES) * ENTRY);
}

/* What can be said before any of it is believed. */
static const char *check_kind(struct arena *arena, struct str bytes,
			      uint64_t size)
{
	uint32_t order, version;

	if (bytes.n < sizeof(MAGIC) - 1 ||
	    memcmp(bytes.p, MAGIC, sizeof(MAGIC) - 1) != 0)
		return "it is no container of nftoffc";
	if (bytes.n < CONTAINER_FIXED)
		return "it is cut short";
	order = get32(bytes.p, AT_ORDER);
	if (order == bswap_32(ORDER))
		return "it was written on a machine of the other byte order";
	if (order != ORDER)
		return "it is damaged: it has no byte order";
	version = get32(bytes.p, AT_VERSION);
	if (version != CONTAINER_VERSION)
		return arena_printf(arena,
				    "it is of version %" PRIu32
				    " of the format, and this program knows %d",
				    version, CONTAINER_VERSION);
	if (size < get64(bytes.p, AT_SIZE))
		return "it is cut short";
	if (size > get64(bytes.p, AT_SIZE))
		return "it is longer than it says";
	return NULL;
}

size_t container_head_size(struct str bytes)
{
	uint64_t n;

	if (bytes.n < CONTAINER_FIXED)
		return 0;
	n = head_size(bytes.p);
	return n <= get64(bytes.p, AT_SIZE) && n <= INT32_MAX ? (size_t)n : 0;
}

/* A text of @n bytes that ends in a NUL and has no other. */
static bool is_text(const char *p, size_t n)
{
	return n > 0 && strnlen(p, n) == n - 1;
}

/* False if they do not end in a NUL. */
static bool read_needs(struct container *c, struct arena *arena, const char *p,
		       size_t n)
{
	size_t len;

	for (; n > 0; p += len, n -= len) {
		len = strnlen(p, n) + 1;
		if (len > n || len == 1)
			return false;
		*vec_push(arena, &c->needs) = p;
	}
	return true;
}

static void read_entries(struct container *c, struct arena *arena,
			 const char *p, size_t n)
{
	struct module_match *entries = arena_array(arena, n, sizeof(*entries));
	size_t i;

	for (i = 0; i < n; i++, p += ENTRY) {
		memcpy(&entries[i].mark, p, sizeof(uint32_t));
		memcpy(&entries[i].mark_mask, p + 4, sizeof(uint32_t));
	}
	c->entries = (struct keepout){ entries, n };
}

static bool is_run(uint32_t first, uint32_t count, uint32_t max)
{
	return first && first <= max && count <= max - first + 1;
}

/* Its values must be those of its mask, which is one piece. */
static bool is_record(const struct ir_record *record)
{
	uint32_t mask = record->mask, max;

	if (!mask || !record->count)
		return false;
	max = mask >> __builtin_ctz(mask);
	return !(max & (max + 1)) &&
	       is_run(record->epoch, record->count, max) &&
	       (!record->kept_count ||
		is_run(record->kept_epoch, record->kept_count, max));
}

static bool read_parts(struct container *c, struct arena *arena,
		       const char *head)
{
	size_t record = get32(head, AT_RECORD_LEN);
	size_t needs = get32(head, AT_NEEDS_LEN);
	const char *p = head + CONTAINER_FIXED;

	if (!is_text(p, record) || !ir_record_parse(p, &c->parsed) ||
	    !is_record(&c->parsed))
		return false;
	c->record = p;
	p += record;
	if (!read_needs(c, arena, p, needs))
		return false;
	read_entries(c, arena, p + needs, get32(head, AT_ENTRIES));
	return true;
}

const char *container_head(struct container *c, struct arena *arena,
			   struct str bytes, uint64_t size)
{
	const char *why = check_kind(arena, bytes, size);
	size_t n;

	*c = (struct container){ 0 };
	if (why)
		return why;
	n = container_head_size(bytes);
	if (!n || n > bytes.n)
		return "it is damaged: its head does not fit into it";
	if (head_digest(bytes.p, n) != get64(bytes.p, AT_HEAD_DIGEST))
		return "it is damaged: its head is not what was written";
	if (!read_parts(c, arena, bytes.p))
		return "its head says what this program does not understand";
	c->created = get64(bytes.p, AT_CREATED);
	c->rules = get64(bytes.p, AT_RULES);
	c->elements = get64(bytes.p, AT_ELEMENTS);
	c->previous = get32(bytes.p, AT_PREVIOUS);
	return NULL;
}

const char *container_read(struct container *c, struct arena *arena,
			   struct str bytes)
{
	const char *why = container_head(c, arena, bytes, bytes.n);
	struct str messages;
	size_t n;

	if (why)
		return why;
	n = container_head_size(bytes);
	messages = (struct str){ bytes.p + n, bytes.n - n };
	if (container_digest(0, messages.p, messages.n) !=
	    get64(bytes.p, AT_DIGEST))
		return "it is damaged: its rules are not what was written";
	why = sound_refuses(arena, messages);
	if (!why)
		c->messages = messages;
	return why;
}

/*
 * What it needs
 */

const char *container_need(const struct container *c, const char *what)
{
	size_t i, n = strlen(what);

	for (i = 0; i < c->needs.n; i++) {
		if (strncmp(c->needs.v[i], what, n) != 0)
			continue;
		if (c->needs.v[i][n] == ' ')
			return c->needs.v[i] + n + 1;
		if (!c->needs.v[i][n])
			return c->needs.v[i] + n;
	}
	return NULL;
}

static void need_expression(struct container *c, struct arena *arena,
			    const struct nlattr *expression)
{
	const struct nlattr *attrs[NFTA_EXPR_MAX + 1];
	const char *name, *need;
	size_t i;

	nl_attrs(NULL, expression, attrs, NFTA_EXPR_MAX);
	name = nl_str(attrs[NFTA_EXPR_NAME]);
	if (!name)
		return;
	for (i = 0; i < c->needs.n; i++) {
		need = c->needs.v[i];
		if (!strncmp(need, "expression ", 11) &&
		    !strcmp(need + 11, name))
			return;
	}
	*vec_push(arena, &c->needs) =
		arena_printf(arena, "expression %s", name);
}

void container_add_expressions(struct container *c, struct arena *arena)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)c->messages.p;
	const struct nlattr *attrs[NFTA_RULE_MAX + 1], *list, *expression;
	int left = (int)c->messages.n;

	for (; nl_message_ok(message, left);
	     message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_type != NFT(NFT_MSG_NEWRULE))
			continue;
		nl_attrs(message, NULL, attrs, NFTA_RULE_MAX);
		list = attrs[NFTA_RULE_EXPRESSIONS];
		if (!list)
			continue;
		mnl_attr_for_each_nested(expression, list)
		{
			need_expression(c, arena, expression);
		}
	}
}

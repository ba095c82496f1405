// SPDX-License-Identifier: GPL-2.0-only
/*
 * A filter of flows: each word is a row with the function that reads its value,
 * which answers NULL, or what would have been one.
 */
#include "runtime/live/flowfilter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "vocab/match.h"

/* False unless all of @text up to @end is a number to @max, in C's notation. */
static bool read_number(const char *text, const char *end, unsigned long max,
			unsigned long *value)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoul(text, &stop, 0);
	return stop == end && !errno && *value <= max;
}

static const char *end_of(const char *text)
{
	return text + strlen(text);
}

static const char *read_family(struct flowfilter *filter, const char *value)
{
	uint8_t family;

	if (strcmp(value, "ipv4") == 0)
		family = AF_INET;
	else if (strcmp(value, "ipv6") == 0)
		family = AF_INET6;
	else
		return "ipv4 or ipv6";
	if (filter->match.family && filter->match.family != family)
		return "of the same family as the addresses";
	filter->match.family = family;
	return NULL;
}

/* 0 stands for any, and is none that a connection has. */
static const char *read_protocol(struct flowfilter *filter, const char *value)
{
	struct value values[2];
	const char *why;

	if (!type_protocol.parse(str_of(value), values, &why) ||
	    !values[0].lo[0])
		return "a protocol's name, as in a policy, or its number";
	filter->match.protocol = values[0].lo[0];
	return NULL;
}

/* Bits behind the prefix are as if they were not written. */
static void clear_host(uint8_t *address, unsigned int len)
{
	unsigned int i;

	for (i = len; i < 128; i++)
		address[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
}

static const char *read_address(struct flowfilter *filter, const char *value,
				uint8_t *address, uint8_t *len)
{
	const char *slash = strchr(value, '/');
	size_t n = slash ? (size_t)(slash - value) : strlen(value);
	uint8_t family = strchr(value, ':') ? AF_INET6 : AF_INET;
	unsigned long max = family == AF_INET ? 32 : 128, bits = max;
	char text[INET6_ADDRSTRLEN];

	if (n >= sizeof(text))
		return "an address";
	memcpy(text, value, n);
	text[n] = '\0';
	if (inet_pton(family, text, address) != 1)
		return "an address";
	if (slash && !read_number(slash + 1, end_of(value), max, &bits))
		return "an address and the length of its prefix";
	if (filter->match.family && filter->match.family != family)
		return "of the same family as what stands before it";
	filter->match.family = family;
	clear_host(address, (unsigned int)bits);
	*len = (uint8_t)bits;
	return NULL;
}

static const char *read_source(struct flowfilter *filter, const char *value)
{
	struct module_match *m = &filter->match;

	m->has_source = true;
	return read_address(filter, value, m->source, &m->source_len);
}

static const char *read_destination(struct flowfilter *filter,
				    const char *value)
{
	struct module_match *m = &filter->match;

	m->has_destination = true;
	return read_address(filter, value, m->destination, &m->destination_len);
}

static const char *read_ports(const char *value, uint16_t *min, uint16_t *max)
{
	const char *dash = strchr(value, '-');
	unsigned long first, last;

	if (!read_number(value, dash ? dash : end_of(value), 65535, &first))
		return "a port, or a range of them";
	last = first;
	if (dash && !read_number(dash + 1, end_of(value), 65535, &last))
		return "a port, or a range of them";
	if (last < first)
		return "a range that ends behind its beginning";
	*min = (uint16_t)first;
	*max = (uint16_t)last;
	return NULL;
}

static const char *read_sport(struct flowfilter *filter, const char *value)
{
	struct module_match *m = &filter->match;

	m->has_sport = true;
	return read_ports(value, &m->sport_min, &m->sport_max);
}

static const char *read_dport(struct flowfilter *filter, const char *value)
{
	struct module_match *m = &filter->match;

	m->has_dport = true;
	return read_ports(value, &m->dport_min, &m->dport_max);
}

static const char *read_mark(struct flowfilter *filter, const char *value)
{
	const char *slash = strchr(value, '/');
	unsigned long mark, mask = UINT32_MAX;

	if (!read_number(value, slash ? slash : end_of(value), UINT32_MAX,
			 &mark))
		return "a mark, or a mark and a mask";
	if (slash && !read_number(slash + 1, end_of(value), UINT32_MAX, &mask))
		return "a mark, or a mark and a mask";
	if (!mask || mark & ~mask)
		return "a mark within its mask";
	filter->match.mark = (uint32_t)mark;
	filter->match.mark_mask = (uint32_t)mask;
	return NULL;
}

static const char *read_zone(struct flowfilter *filter, const char *value)
{
	unsigned long zone;

	if (!read_number(value, end_of(value), 65535, &zone))
		return "a number to 65535";
	filter->match.has_zone = true;
	filter->match.zone = (uint16_t)zone;
	return NULL;
}

static const char *read_device(const char **device, const char *value)
{
	size_t star = strcspn(value, "*");

	if (star == 0 || strlen(value) >= IFNAMSIZ ||
	    (value[star] && value[star + 1]))
		return "the name of a device, or its beginning and *";
	*device = value;
	return NULL;
}

static const char *read_in(struct flowfilter *filter, const char *value)
{
	return read_device(&filter->match.in, value);
}

static const char *read_out(struct flowfilter *filter, const char *value)
{
	return read_device(&filter->match.out, value);
}

static const char *read_either(struct flowfilter *filter, const char *value)
{
	return read_device(&filter->match.device, value);
}

static const char *read_id(struct flowfilter *filter, const char *value)
{
	unsigned long id;

	if (!read_number(value, end_of(value), UINT32_MAX, &id))
		return "a number, as conntrack shows it";
	if (filter->nids == FLOWFILTER_IDS_MAX)
		return "one of at most 1024";
	filter->ids[filter->nids++] = (uint32_t)id;
	return NULL;
}

static const char *read_all(struct flowfilter *filter, const char *value)
{
	(void)filter;
	(void)value;
	return NULL;
}

const struct flowfilter_word flowfilter_words[] = {
	{ "family", "FAMILY", "ipv4 or ipv6", read_family },
	{ "protocol", "PROTOCOL",
	  "tcp, gre, and so on as in a policy, or a number", read_protocol },
	{ "source", "ADDRESS[/LENGTH]", "where the connection came from",
	  read_source },
	{ "destination", "ADDRESS[/LENGTH]", "where it went, after translation",
	  read_destination },
	{ "source-port", "PORT[-PORT]", "with tcp or udp", read_sport },
	{ "port", "PORT[-PORT]", "the destination's, after translation",
	  read_dport },
	{ "mark", "MARK[/MASK]", "the connection's mark", read_mark },
	{ "ct-zone", "NUMBER", "the zone of connection tracking", read_zone },
	{ "in", "DEVICE", "where the connection came in", read_in },
	{ "out", "DEVICE", "where it went out", read_out },
	{ "device", "DEVICE", "either of the two", read_either },
	{ "id", "NUMBER", "conntrack's number; any of those given", read_id },
	{ "all", NULL, "every flow", read_all },
	{ 0 },
};

static const struct flowfilter_word *find(const char *name, struct buf *error)
{
	const struct flowfilter_word *word, *near = NULL;
	unsigned int least = 3, distance;

	for (word = flowfilter_words; word->name; word++) {
		distance = str_distance(str_of(name), str_of(word->name), 2);
		if (distance == 0)
			return word;
		if (distance < least) {
			least = distance;
			near = word;
		}
	}
	buf_printf(error, "there is no word '%s' in a filter%s%s%s", name,
		   near ? "; did you mean '" : "", near ? near->name : "",
		   near ? "'?" : "");
	return NULL;
}

static bool read_word(struct flowfilter *filter,
		      const struct flowfilter_word *word, const char *value,
		      struct buf *error)
{
	const char *expected;

	if (word->value && !value) {
		buf_printf(error, "'%s' needs %s", word->name, word->value);
		return false;
	}
	expected = word->read(filter, value);
	if (expected) {
		buf_printf(error, "%s '%s': it must be %s", word->name, value,
			   expected);
		return false;
	}
	filter->given |= word->read != read_id;
	return true;
}

bool flowfilter_read(struct flowfilter *filter, char *const *words, int n,
		     struct buf *error)
{
	const struct flowfilter_word *word;
	bool all = false;
	int i;

	*filter = (struct flowfilter){ 0 };
	for (i = 0; i < n; i++) {
		word = find(words[i], error);
		if (!word)
			return false;
		all |= !word->value;
		if (!read_word(filter, word,
			       word->value && i + 1 < n ? words[i + 1] : NULL,
			       error))
			return false;
		i += word->value != NULL;
	}
	if (all && n > 1)
		buf_printf(error, "'all' stands alone");
	else if ((filter->match.has_sport || filter->match.has_dport) &&
		 !filter->match.protocol)
		buf_printf(error, "a port needs 'protocol tcp' or "
				  "'protocol udp'");
	return !error->n;
}

bool flowfilter_has_id(const struct flowfilter *filter, uint32_t id)
{
	size_t i;

	for (i = 0; i < filter->nids; i++)
		if (filter->ids[i] == id)
			return true;
	return !filter->nids;
}

int flowfilter_of(const struct cli *cli, struct flowfilter *filter)
{
	struct buf error = { 0 };
	int ret = EXIT_DONE;

	if (!flowfilter_read(filter, cli->operands, cli->noperands, &error)) {
		report_error("%s", error.p);
		report_help("nftoffc(1) lists the words of a filter");
		ret = EXIT_USAGE;
	}
	buf_free(&error);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random policies and packets: see random_policy.h.
 *
 * What must stay true: every policy compiles, warnings aside; each line and
 * each word of a rule may be left out, and it still does (but for what then
 * repeats an earlier rule, which is an error and no disagreement).
 */
#include "random_policy.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

struct random random_seeded(uint64_t seed)
{
	struct random random = { seed * 0x9e3779b97f4a7c15 + 0x1234567 };

	if (!random.state)
		random.state = 1;
	return random;
}

uint32_t random_below(struct random *random, uint32_t n)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return (uint32_t)((x * 0x2545f4914f6cdd1d) >> 33) % n;
}

bool random_chance(struct random *random, uint32_t percent)
{
	return random_below(random, 100) < percent;
}

#define PICK(random, list) (list)[random_below(random, COUNT(list))]

static struct random_line *add_line(struct random_policy *policy, char section,
				    const char *head)
{
	struct random_line *line = &policy->lines[policy->nlines++];

	memset(line, 0, sizeof(*line));
	line->section = section;
	snprintf(line->head, sizeof(line->head), "%s", head);
	return line;
}

static void add_word(struct random_line *line, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_word(struct random_line *line, const char *fmt, ...)
{
	va_list args;

	if (line->nwords == RANDOM_WORDS)
		return;
	va_start(args, fmt);
	vsnprintf(line->words[line->nwords++], sizeof(line->words[0]), fmt,
		  args);
	va_end(args);
}

/* Behind the value that begins @text: its brackets and quotes are closed. */
static const char *value_end(const char *text)
{
	bool quoted = false;
	int depth = 0;

	for (; *text; text++) {
		quoted ^= *text == '"';
		if (!quoted)
			depth += (*text == '[' || *text == '{') -
				 (*text == ']' || *text == '}');
		if (!quoted && ((depth == 0 && *text == ',') || depth < 0))
			break;
	}
	return text;
}

void random_line(struct random_policy *policy, char section, const char *text)
{
	int head = (int)strcspn(text, ":{");
	struct random_line *line = add_line(policy, section, "");
	const char *end;

	if (text[head] == ':')
		snprintf(line->head, sizeof(line->head), "%.*s", head, text);
	text = strchr(text, '{') + 1;
	for (; *text && *text != '}'; text = end + (*end == ',')) {
		int n;

		text += strspn(text, " ");
		end = value_end(text);
		for (n = (int)(end - text); n && text[n - 1] == ' ';)
			n--;
		add_word(line, "%.*s", n, text);
	}
}

/* ---- values ---- */

static const char *const v4[] = {
	"10.0.0.1",    "10.0.0.2",	    "10.0.0.3",
	"10.0.0.0/30", "10.0.0.2-10.0.0.5", "10.0.0.0/29",
	"10.0.1.1",    "10.0.1.0/30",	    "10.0.0.0-10.0.1.255",
	"10.0.1.2",
};

static const char *const v6[] = {
	"\"fd00::1\"", "\"fd00::2\"",	      "\"fd00::/126\"",
	"\"fd01::1\"", "\"fd00::2-fd00::5\"",
};

static const char *const ports[] = {
	"1", "2", "3", "4", "5", "1-2", "2-4", "4-8", "1-65535", "7", "8",
};

static const char *const services[] = { "own-one", "own-two", "tcp/1",
					"udp/2-4" };
static const char *const protocols[] = { "tcp", "udp", "icmp", "esp",
					 "ipv6-icmp" };
static const char *const icmps[] = {
	"echo-request",	  "echo-reply",	   "destination-unreachable",
	"packet-too-big", "time-exceeded", "parameter-problem"
};
static const char *const zones[] = { "lan", "dmz", "wan" };

static void list_of(struct random *random, char *out, size_t size,
		    const char *const *words, uint32_t n, const char *set)
{
	uint32_t first = random_below(random, n), count, i;

	if (set && random_chance(random, 20)) {
		snprintf(out, size, "%s", set);
		return;
	}
	count = random_chance(random, 60) ? 1 : 2 + random_below(random, 2);
	snprintf(out, size, "[");
	for (i = 0; i < count; i++)
		snprintf(out + strlen(out), size - strlen(out), "%s%s",
			 i ? ", " : "", words[(first + i * 3) % n]);
	snprintf(out + strlen(out), size - strlen(out), "]");
}

static void value_word(struct random *random, struct random_line *line,
		       const char *word, const char *const *words, uint32_t n,
		       const char *set, bool negatable)
{
	char list[80];

	list_of(random, list, sizeof(list), words, n, set);
	if (negatable && random_chance(random, 15))
		add_word(line, "%s: { not: %s }", word, list);
	else
		add_word(line, "%s: %s", word, list);
}

static void address_word(struct random *random, struct random_line *line,
			 const char *word)
{
	bool six = random_chance(random, 30);

	value_word(random, line, word, six ? v6 : v4,
		   six ? COUNT(v6) : COUNT(v4), "\"@hosts\"", true);
}

static void transport_word(struct random *random, struct random_line *line)
{
	switch (random_below(random, 7)) {
	case 0:
		value_word(random, line, "protocol", protocols,
			   COUNT(protocols), NULL, true);
		break;
	case 1:
		value_word(random, line, "service", services, COUNT(services),
			   NULL, false);
		break;
	case 2:
		value_word(random, line, "icmp", icmps, COUNT(icmps), NULL,
			   false);
		break;
	case 3:
		value_word(random, line, "source-port", ports, COUNT(ports),
			   "\"@doors\"", true);
		break;
	case 4:
		add_word(line, "protocol: %s",
			 random_chance(random, 50) ? "tcp" : "udp");
		/* fall through */
	default:
		value_word(random, line, "port", ports, COUNT(ports),
			   "\"@doors\"", true);
	}
}

static void match_words(struct random *random, struct random_line *line)
{
	if (random_chance(random, 45))
		address_word(random, line, "source");
	if (random_chance(random, 25))
		address_word(random, line, "destination");
	if (random_chance(random, 60))
		transport_word(random, line);
	if (random_chance(random, 8))
		add_word(line, "family: %s",
			 random_chance(random, 50) ? "ipv4" : "ipv6");
}

static const char *const marks[] = { "1", "2", "0x10/0xf0", "0/0xf" };
static const char *const dscps[] = { "ef", "cs1", "af41", "0" };
static const char *const macs[] = { "02:00:00:00:00:01", "02:00:00:00:00:02",
				    "02:00:00:00:00:03" };
static const char *const lengths[] = { "0-100", "40", "100-1500", "60-80" };
static const char *const users[] = { "0", "1000-1999", "1" };

/* What only the packet tells that opens a connection. */
static void packet_word(struct random *random, struct random_line *line,
			bool router)
{
	switch (random_below(random, 4)) {
	case 0:
		value_word(random, line, "mark", marks, COUNT(marks), NULL,
			   true);
		break;
	case 1:
		value_word(random, line, "dscp", dscps, COUNT(dscps), NULL,
			   true);
		break;
	case 2:
		value_word(random, line, "length", lengths, COUNT(lengths),
			   NULL, true);
		break;
	default:
		if (router)
			value_word(random, line, "user", users, COUNT(users),
				   NULL, true);
		else
			value_word(random, line, "mac", macs, COUNT(macs), NULL,
				   true);
	}
}

/* ---- lines ---- */

static void zone_words(struct random *random, struct random_line *line)
{
	uint32_t side = random_below(random, 10);
	char list[64];

	if (side == 0) {
		add_word(line, "from: router");
	} else if (side == 1) {
		add_word(line, "from: [%s, router]", PICK(random, zones));
	} else if (side < 9) {
		list_of(random, list, sizeof(list), zones, 3, "any");
		add_word(line, "from: %s", list);
	}
	if (side != 0 && random_chance(random, 20)) {
		add_word(line, "to: router");
	} else if (side != 0 && random_chance(random, 10)) {
		add_word(line, "to: [router, %s]",
			 random_chance(random, 50) ? "any" :
						     PICK(random, zones));
	} else if (random_chance(random, 90)) {
		list_of(random, list, sizeof(list), zones, 3, "any");
		add_word(line, "to: %s", list);
	}
}

static void log_word(struct random *random, struct random_line *line)
{
	switch (random_below(random, 3)) {
	case 0:
		add_word(line, "log: new");
		break;
	case 1:
		add_word(line, "log: every");
		break;
	default:
		add_word(line, "log: { when: new, rate: 5/minute }");
	}
}

static void bound_word(struct random *random, struct random_line *line)
{
	static const char *const bounds[] = { "limit: 1000/second burst 1000",
					      "connections: 100000",
					      "quota: 1 GB", "count: counted" };

	add_word(line, "%s", PICK(random, bounds));
}

static void rule(struct random_policy *policy, struct random *random,
		 unsigned int features)
{
	static const char *const actions[] = { "accept", "accept", "drop",
					       "drop", "reject" };
	bool logs = policy->beside ||
		    (features & RANDOM_LOGS && random_chance(random, 12));
	struct random_line *line =
		add_line(policy, 'r', logs ? "log" : PICK(random, actions));

	zone_words(random, line);
	match_words(random, line);
	if (features & RANDOM_PACKETS && random_chance(random, 15))
		packet_word(random, line,
			    !strcmp(line->words[0], "from: router"));
	if (logs ? random_chance(random, 30) :
		   features & RANDOM_LOGS && random_chance(random, 12))
		log_word(random, line);
	if (features & RANDOM_LIMITS && !policy->beside &&
	    random_chance(random, 8))
		bound_word(random, line);
}

static bool is_extra(const char *word)
{
	static const char *const extra[] = { "log:", "limit:", "connections:",
					     "quota:", "count:" };
	size_t i;

	for (i = 0; i < COUNT(extra); i++)
		if (!strncmp(word, extra[i], strlen(extra[i])))
			return true;
	return false;
}

/* The word @word of @line goes; false if there is none. */
static bool drop_word(struct random_line *line, const char *word)
{
	size_t i, n = strlen(word);

	for (i = 0; i < line->nwords; i++) {
		if (strncmp(line->words[i], word, n) != 0)
			continue;
		memmove(line->words[i], line->words[i + 1],
			(--line->nwords - i) * sizeof(line->words[0]));
		return true;
	}
	return false;
}

/* What lines of a run differ in. */
enum differs { DIFFERS_PORT = 1, DIFFERS_SOURCE = 2, DIFFERS_PROTOCOL = 4 };

/* Like the line before but for some words, and at times for the action. */
static void sibling(struct random_policy *policy, struct random *random,
		    unsigned int differs)
{
	struct random_line like = policy->lines[policy->nlines - 1];
	struct random_line *line = add_line(policy, 'r', "");

	while (like.nwords && is_extra(like.words[like.nwords - 1]))
		like.nwords--;
	*line = like;
	if (differs & DIFFERS_PROTOCOL) {
		drop_word(line, "protocol:");
		add_word(line, "protocol: %s",
			 random_chance(random, 50) ? "tcp" : "udp");
	}
	if (differs & DIFFERS_PORT) {
		drop_word(line, "port:");
		add_word(line, "port: %s", PICK(random, ports));
	}
	if (differs & DIFFERS_SOURCE) {
		drop_word(line, "source:");
		add_word(line, "source: %s", PICK(random, v4));
	}
	if (random_chance(random, 45) || !strcmp(line->head, "log"))
		snprintf(line->head, sizeof(line->head), "%s",
			 random_chance(random, 50) ? "accept" : "drop");
}

/* No word twice: YAML has no such map. */
static bool repeats_word(const struct random_line *line)
{
	size_t i, j, n;

	for (i = 0; i < line->nwords; i++) {
		n = strcspn(line->words[i], ":") + 1;
		for (j = 0; j < i; j++)
			if (!strncmp(line->words[i], line->words[j], n))
				return true;
	}
	return false;
}

static void rules(struct random_policy *policy, struct random *random,
		  unsigned int features)
{
	static const unsigned int kinds[] = {
		DIFFERS_PORT,
		DIFFERS_SOURCE,
		DIFFERS_PORT | DIFFERS_SOURCE,
		DIFFERS_PORT | DIFFERS_SOURCE | DIFFERS_PROTOCOL,
	};
	uint32_t n = 1 + random_below(random, 9), i, run;
	unsigned int differs;

	for (i = 0; i < n && policy->nlines < RANDOM_LINES / 2; i++) {
		rule(policy, random, features);
		if (!(features & RANDOM_RUNS) || !random_chance(random, 50))
			continue;
		differs = PICK(random, kinds);
		for (run = 2 + random_below(random, 8); run; run--) {
			sibling(policy, random, differs);
			if (repeats_word(&policy->lines[policy->nlines - 1]))
				policy->nlines--;
		}
	}
}

static void offload(struct random_policy *policy, struct random *random)
{
	uint32_t n = 1 + random_below(random, 3), i;
	struct random_line *line;
	char list[64];

	for (i = 0; i < n; i++) {
		line = add_line(policy,
				i && random_chance(random, 50) ? 'x' : 'e', "");
		list_of(random, list, sizeof(list), zones, 3, "any");
		add_word(line, "from: %s", list);
		list_of(random, list, sizeof(list), zones, 3, "any");
		add_word(line, "to: %s", list);
		if (random_chance(random, 50))
			transport_word(random, line);
		if (line->section == 'e' && random_chance(random, 40))
			add_word(line, "after: %u packets",
				 1 + random_below(random, 2));
	}
}

static void defaults(struct random_policy *policy, struct random *random)
{
	static const char *const hooks[] = { "input", "forward", "output" };
	static const char *const actions[] = { "drop", "accept", "reject" };
	uint32_t i;

	for (i = 0; i < COUNT(hooks); i++)
		if (random_chance(random, 50))
			add_word(add_line(policy, 'd', hooks[i]), "%s",
				 PICK(random, actions));
}

void random_policy(struct random_policy *policy, struct random *random,
		   unsigned int features)
{
	policy->nlines = 0;
	policy->head = NULL;
	policy->beside = features & RANDOM_FW4 && random_chance(random, 15);
	if (policy->beside) /* it has none */
		features &= ~(unsigned int)RANDOM_DEFAULTS;
	policy->narrowed = features & RANDOM_ZONES && random_chance(random, 40);
	if (features & RANDOM_DEFAULTS)
		defaults(policy, random);
	rules(policy, random, features);
	if (features & RANDOM_OFFLOAD && random_chance(random, 60))
		offload(policy, random);
}

/* ---- printing ---- */

static void print_line(struct buf *out, const struct random_line *line)
{
	const char *between = "";
	size_t i;

	if (line->section == 'd') {
		buf_printf(out, "  %s: %s\n", line->head, line->words[0]);
		return;
	}
	buf_puts(out, line->section == 'r' || line->section == 'n' ? "  - " :
								     "    - ");
	if (line->head[0])
		buf_printf(out, "%s: ", line->head);
	buf_puts(out, "{ ");
	for (i = 0; i < line->nwords; i++) {
		if (line->word_gone[i])
			continue;
		buf_printf(out, "%s%s", between, line->words[i]);
		between = ", ";
	}
	buf_puts(out, " }\n");
}

static void print_section(struct buf *out, const struct random_policy *policy,
			  char section, const char *title)
{
	size_t i;

	for (i = 0; i < policy->nlines; i++) {
		if (policy->lines[i].section != section ||
		    policy->lines[i].gone)
			continue;
		if (title)
			buf_puts(out, title);
		title = NULL;
		print_line(out, &policy->lines[i]);
	}
}

static bool offloads(const struct random_policy *policy)
{
	size_t i;

	for (i = 0; i < policy->nlines; i++)
		if (policy->lines[i].section == 'e' && !policy->lines[i].gone)
			return true;
	return false;
}

static void print_head(struct buf *out, const struct random_policy *policy)
{
	buf_puts(out, "policy: random\n");
	if (policy->beside)
		buf_puts(out, "mode: fw4\n");
	buf_puts(out, "zones:\n");
	buf_puts(out, policy->narrowed ?
			      "  lan: { devices: [lan0, \"lan1*\"], subnets: "
			      "[10.0.0.0/24, \"fd00::/64\"] }\n"
			      "  dmz: { devices: [dmz0], subnets: "
			      "[10.0.1.0/24, \"fd01::/64\"] }\n" :
			      "  lan: { devices: [lan0, lan1] }\n"
			      "  dmz: { devices: [dmz0] }\n");
	buf_puts(out, "  wan: { devices: [wan0] }\n");
	buf_puts(out, "sets:\n"
		      "  hosts: { type: address, elements: "
		      "[10.0.0.1, 10.0.0.4-10.0.0.6, \"fd00::2\"] }\n"
		      "  doors: { type: port, elements: [2, 4, 7] }\n"
		      "services:\n"
		      "  own-one: [tcp/1, tcp/3-4, udp/2]\n"
		      "  own-two: [tcp/5, udp/5]\n");
}

void random_print(struct buf *out, const struct random_policy *policy)
{
	if (policy->head)
		buf_puts(out, policy->head);
	else
		print_head(out, policy);
	print_section(out, policy, 'd', "default:\n");
	print_section(out, policy, 'r', "rules:\n");
	print_section(out, policy, 'n', "nat:\n");
	if (!offloads(policy))
		return;
	buf_puts(out, "offload:\n  devices: auto\n");
	print_section(out, policy, 'e', "  eligible:\n");
	print_section(out, policy, 'x', "  exempt:\n");
}

/* ---- shrinking ---- */

struct shrink {
	struct random_policy *policy;
	bool (*fails)(const struct random_policy *policy, void *data);
	void *data;
};

static bool still_fails(const struct shrink *s)
{
	return s->fails(s->policy, s->data);
}

/* The list's item number @which goes; false if there is none, or no other. */
static bool drop_item(char word[RANDOM_WORD], size_t which)
{
	char *at = strchr(word, '['), *end;
	bool first = which == 0;

	if (!at || !strchr(at, ','))
		return false;
	for (at++; which; which--) {
		at = (char *)value_end(at);
		if (*at++ != ',')
			return false;
	}
	end = (char *)value_end(at);
	if (first)
		end += 1 + strspn(end + 1, " ");
	else
		at--; /* the comma before it */
	memmove(at, end, strlen(end) + 1);
	return true;
}

static bool shrink_list(const struct shrink *s, char word[RANDOM_WORD])
{
	char before[RANDOM_WORD];
	bool shrunk = false;
	size_t which = 0;

	memcpy(before, word, sizeof(before));
	while (drop_item(word, which)) {
		if (still_fails(s)) {
			memcpy(before, word, sizeof(before));
			shrunk = true;
		} else {
			memcpy(word, before, sizeof(before));
			which++;
		}
	}
	return shrunk;
}

/* Without the whole of it, without some of its words, with shorter lists. */
static bool shrink_line(const struct shrink *s, struct random_line *line)
{
	bool shrunk = false;
	size_t j;

	line->gone = true;
	if (still_fails(s))
		return true;
	line->gone = false;
	for (j = 0; line->section != 'd' && j < line->nwords; j++) {
		if (line->word_gone[j])
			continue;
		line->word_gone[j] = true;
		if (still_fails(s)) {
			shrunk = true;
			continue;
		}
		line->word_gone[j] = false;
		shrunk |= shrink_list(s, line->words[j]);
	}
	return shrunk;
}

static bool shrink_once(const struct shrink *s)
{
	bool shrunk = false;
	size_t i;

	for (i = 0; i < s->policy->nlines; i++)
		if (!s->policy->lines[i].gone)
			shrunk |= shrink_line(s, &s->policy->lines[i]);
	return shrunk;
}

void random_shrink(struct random_policy *policy,
		   bool (*fails)(const struct random_policy *policy,
				 void *data),
		   void *data)
{
	const struct shrink shrink = { policy, fails, data };

	while (shrink_once(&shrink))
		;
}

/* ---- packets ---- */

static void random_address(struct random *random, const struct model *model,
			   int zone, uint8_t family, uint8_t *out)
{
	const struct ranges *own =
		zone < 0 ? NULL : &model->zones[zone].subnets[family];

	if (own && own->n) {
		memcpy(out, own->v, own->len);
	} else if (family) {
		out[0] = 0xfd;
		out[1] = (uint8_t)random_below(random, 2);
	} else {
		out[0] = 10;
		out[2] = (uint8_t)random_below(random, 2);
	}
	out[family ? 15 : 3] = (uint8_t)random_below(random, 9);
}

static void random_port(struct random *random, struct packet *packet,
			enum key_id id)
{
	uint8_t port[WIRE_MAX];

	wire_put(WIRE_PORT, 1 + random_below(random, 9), port);
	packet_set(packet, id, port);
}

static void random_side(struct random *random, const struct model *model,
			struct packet *packet, int zone, enum key_id id)
{
	uint8_t address[WIRE_MAX] = { 0 };

	random_address(random, model, zone, packet->family, address);
	packet_set(packet, id, address);
}

/* What only a packet tells. A reply tells another. */
static void random_rest(struct random *random, struct packet *packet)
{
	static const uint8_t classes[] = { 46, 8, 34, 0, 10 };
	static const uint32_t sizes[] = { 40, 60, 100, 101, 1500 };
	static const uint32_t uids[] = { 0, 1, 1500 };
	uint8_t value[WIRE_MAX] = { 2 };
	enum key_id dscp = packet->family ? KEY_IP6_DSCP : KEY_IP_DSCP;
	enum wire_id type = key(dscp)->type;

	if (packet->from >= 0) {
		value[5] = (uint8_t)random_below(random, 4);
		packet_set(packet, KEY_ETHER_SADDR, value);
	} else {
		wire_put(WIRE_UID, PICK(random, uids), value);
		wire_to_network(WIRE_UID, value, value);
		packet_set(packet, KEY_SKUID, value);
	}
	wire_put(WIRE_MARK, random_below(random, 0x20), value);
	wire_to_network(WIRE_MARK, value, value);
	packet_set(packet, KEY_MARK, value);
	wire_put(WIRE_LENGTH, PICK(random, sizes), value);
	wire_to_network(WIRE_LENGTH, value, value);
	packet_set(packet, KEY_LENGTH, value);
	wire_put(type,
		 (uint64_t)PICK(random, classes) << wire_type(type)->shift,
		 value);
	packet_set(packet, dscp, value);
}

static void random_transport(struct random *random, struct packet *packet)
{
	static const uint8_t protos[] = { IPPROTO_TCP,	IPPROTO_TCP,
					  IPPROTO_UDP,	IPPROTO_UDP,
					  IPPROTO_ICMP, IPPROTO_ICMPV6,
					  IPPROTO_ESP,	IPPROTO_SCTP };
	static const uint8_t types[2][4] = { { 8, 0, 3, 11 },
					     { 128, 129, 1, 2 } };

	packet->proto = protos[random_below(random, COUNT(protos))];
	if (packet->proto == (packet->family ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
		packet_set(packet,
			   packet->family ? KEY_ICMPV6_TYPE : KEY_ICMP_TYPE,
			   &types[packet->family][random_below(random, 4)]);
	}
	if (packet->proto == IPPROTO_TCP || packet->proto == IPPROTO_UDP ||
	    packet->proto == IPPROTO_SCTP) {
		random_port(random, packet, KEY_TH_SPORT);
		random_port(random, packet, KEY_TH_DPORT);
	}
}

struct packet random_packet(struct random *random, const struct model *model)
{
	struct packet packet = { 0 };
	uint32_t n = (uint32_t)model->nzones;

	packet.from = (int)random_below(random, n);
	packet.to = (int)random_below(random, n);
	if (random_chance(random, 15))
		packet.from = -1;
	else if (random_chance(random, 20))
		packet.to = -1;
	packet.family = random_chance(random, 30);
	random_side(random, model, &packet, packet.from,
		    packet_source(&packet));
	random_side(random, model, &packet, packet.to,
		    packet_destination(&packet));
	random_transport(random, &packet);
	random_rest(random, &packet);
	return packet;
}

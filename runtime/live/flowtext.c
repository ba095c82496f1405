// SPDX-License-Identifier: GPL-2.0-only
/* A connection as one writes it: see flowtext.h. */
#include "runtime/live/flowtext.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>

#include "vocab/match.h"

const char *flowtext_protocol(uint8_t protocol, char number[8])
{
	const char *name = protocol_name(protocol);

	if (name)
		return name;
	snprintf(number, 8, "%u", protocol);
	return number;
}

static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	       protocol == IPPROTO_UDPLITE || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP;
}

/* One side of a connection: who it is, and as whom others see it. */
struct end {
	const uint8_t *address, *as; /* as NULL: it is not translated */
	uint16_t port, as_port;
};

static struct end who_began(const struct module_flow *flow)
{
	const struct module_tuple *there = &flow->original;
	const struct module_tuple *back = &flow->reply;
	bool as = flow->flags & NFTOFFC_FLOW_SNAT;

	return (struct end){ there->source, as ? back->destination : NULL,
			     there->sport, back->dport };
}

static struct end whom_it_reached(const struct module_flow *flow)
{
	const struct module_tuple *there = &flow->original;
	const struct module_tuple *back = &flow->reply;
	bool as = flow->flags & NFTOFFC_FLOW_DNAT;

	return (struct end){ back->source, as ? there->destination : NULL,
			     back->sport, there->dport };
}

static void put_address(struct buf *line, const struct module_flow *flow,
			const uint8_t *address, uint16_t port)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(flow->family, address, text, sizeof(text));
	if (!has_ports(flow->protocol))
		buf_puts(line, text);
	else
		buf_printf(line, flow->family == AF_INET ? "%s:%u" : "[%s]:%u",
			   text, port);
}

static void put_end(struct buf *line, const struct module_flow *flow,
		    struct end end)
{
	put_address(line, flow, end.address, end.port);
	if (!end.as)
		return;
	buf_puts(line, " (as ");
	put_address(line, flow, end.as, end.as_port);
	buf_putc(line, ')');
}

void flowtext_ends(struct buf *line, const struct module_flow *flow)
{
	put_end(line, flow, who_began(flow));
	buf_puts(line, " > ");
	put_end(line, flow, whom_it_reached(flow));
}

void flowtext_put_line(struct buf *out, struct buf *line)
{
	if (out) {
		buf_add(out, line->p, line->n);
		buf_putc(out, '\n');
	} else {
		puts(line->p);
	}
	buf_free(line);
}

void flowtext_counters(struct buf *line, const struct module_flow *flow)
{
	const struct module_tuple *there = &flow->original;
	const struct module_tuple *back = &flow->reply;

	if (there->has_counters)
		buf_printf(line,
			   " packets %" PRIu64 "/%" PRIu64 " bytes %" PRIu64
			   "/%" PRIu64,
			   there->packets, back->packets, there->bytes,
			   back->bytes);
}

static void json_address(struct json *out, const struct module_flow *flow,
			 const char *keys[2], const uint8_t *address,
			 uint16_t port)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(flow->family, address, text, sizeof(text));
	json_put_str(out, keys[0], text);
	if (has_ports(flow->protocol))
		json_put_u64(out, keys[1], port);
}

static void json_end_of(struct json *out, const struct module_flow *flow,
			const char *key, struct end end)
{
	static const char *real[] = { "address", "port" };
	static const char *as[] = { "as_address", "as_port" };

	json_key(out, key);
	json_object(out);
	json_address(out, flow, real, end.address, end.port);
	if (end.as)
		json_address(out, flow, as, end.as, end.as_port);
	json_end(out);
}

static void json_counters(struct json *out, const char *key,
			  const struct module_tuple *tuple)
{
	json_key(out, key);
	json_object(out);
	json_put_u64(out, "packets", tuple->packets);
	json_put_u64(out, "bytes", tuple->bytes);
	json_end(out);
}

void flowtext_json(struct json *out, const struct module_flow *flow)
{
	char number[8];

	json_put_str(out, "family", flow->family == AF_INET ? "ipv4" : "ipv6");
	json_put_str(out, "protocol",
		     flowtext_protocol(flow->protocol, number));
	json_end_of(out, flow, "source", who_began(flow));
	json_end_of(out, flow, "destination", whom_it_reached(flow));
	if (flow->original.has_counters) {
		json_counters(out, "sent", &flow->original);
		json_counters(out, "received", &flow->reply);
	}
	json_put_u64(out, "id", flow->id);
	json_put_u64(out, "mark", flow->mark);
	if (flow->zone)
		json_put_u64(out, "ct_zone", flow->zone);
}

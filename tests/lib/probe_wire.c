// SPDX-License-Identifier: GPL-2.0-only
/* Probes as packets: see probe_wire.h. RFC 791, 8200, 768, 9293, 792, 4443. */
#include "probe_wire.h"

#include <endian.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#define MAGIC 0x4e46544fu /* before the number, where there is room */

static uint32_t sum(const void *data, size_t n, uint32_t acc)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < n; i++)
		acc += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return acc;
}

static uint16_t fold(uint32_t acc)
{
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return htons((uint16_t)~acc);
}

/* The pseudo header, as both families count it. */
static uint32_t pseudo(const struct probe_packet *packet, size_t n)
{
	size_t len = packet->family ? 16 : 4;
	uint32_t acc = packet->protocol + (uint32_t)n;

	acc = sum(packet->source, len, acc);
	return sum(packet->destination, len, acc);
}

static void put_number(uint8_t *at, uint32_t number)
{
	const uint32_t words[] = { htonl(MAGIC), htonl(number) };

	memcpy(at, words, sizeof(words));
}

static size_t put_tcp(const struct probe_packet *packet, uint8_t *at)
{
	bool answer = packet->number & PROBE_ANSWER;
	struct tcphdr tcp = {
		.source = htons(packet->sport),
		.dest = htons(packet->dport),
		.seq = htonl(packet->number),
		.doff = 5,
		.syn = 1,
		.ack = answer,
		.window = htons(8192),
	};

	if (answer)
		tcp.ack_seq = htonl((packet->number & ~PROBE_ANSWER) + 1);
	memcpy(at, &tcp, sizeof(tcp));
	tcp.check = fold(sum(at, sizeof(tcp), pseudo(packet, sizeof(tcp))));
	memcpy(at, &tcp, sizeof(tcp));
	return sizeof(tcp);
}

static size_t put_udp(const struct probe_packet *packet, uint8_t *at)
{
	size_t n = sizeof(struct udphdr) + 8;
	struct udphdr udp = {
		.source = htons(packet->sport),
		.dest = htons(packet->dport),
		.len = htons((uint16_t)n),
	};

	memcpy(at, &udp, sizeof(udp));
	put_number(at + sizeof(udp), packet->number);
	udp.check = fold(sum(at, n, pseudo(packet, n)));
	memcpy(at, &udp, sizeof(udp));
	return n;
}

/* Both families' echo look alike. */
static size_t put_echo(const struct probe_packet *packet, uint8_t *at)
{
	size_t n = sizeof(struct icmphdr) + 8;
	struct icmphdr icmp = { .type = packet->icmp };

	icmp.un.echo.id = htons(packet->sport);
	memcpy(at, &icmp, sizeof(icmp));
	put_number(at + sizeof(icmp), packet->number);
	icmp.checksum =
		fold(sum(at, n, packet->family ? pseudo(packet, n) : 0));
	memcpy(at, &icmp, sizeof(icmp));
	return n;
}

static size_t put_transport(const struct probe_packet *packet, uint8_t *at)
{
	switch (packet->protocol) {
	case IPPROTO_TCP:
		return put_tcp(packet, at);
	case IPPROTO_UDP:
		return put_udp(packet, at);
	default:
		return put_echo(packet, at);
	}
}

static size_t build_ipv6(const struct probe_packet *packet, uint8_t *bytes)
{
	size_t n = put_transport(packet, bytes + sizeof(struct ip6_hdr));
	struct ip6_hdr ip = { 0 };

	ip.ip6_flow = htonl(6u << 28 | (uint32_t)packet->dscp << 22);
	ip.ip6_plen = htons((uint16_t)n);
	ip.ip6_nxt = packet->protocol;
	ip.ip6_hlim = 64;
	memcpy(&ip.ip6_src, packet->source, 16);
	memcpy(&ip.ip6_dst, packet->destination, 16);
	memcpy(bytes, &ip, sizeof(ip));
	return sizeof(ip) + n;
}

size_t probe_build(const struct probe_packet *packet,
		   uint8_t bytes[PROBE_PACKET_MAX])
{
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64 };
	size_t n;

	if (packet->family == FAMILY_INDEX_IPV6)
		return build_ipv6(packet, bytes);
	n = sizeof(ip) + put_transport(packet, bytes + sizeof(ip));
	ip.tot_len = htons((uint16_t)n);
	ip.protocol = packet->protocol;
	ip.tos = (uint8_t)(packet->dscp << 2);
	memcpy(&ip.saddr, packet->source, 4);
	memcpy(&ip.daddr, packet->destination, 4);
	ip.check = fold(sum(&ip, sizeof(ip), 0));
	memcpy(bytes, &ip, sizeof(ip));
	return n;
}

/* ---- and back ---- */

static bool get_number(const uint8_t *at, size_t n, uint32_t *number)
{
	uint32_t words[2];

	if (n < sizeof(words))
		return false;
	memcpy(words, at, sizeof(words));
	*number = ntohl(words[1]);
	return words[0] == htonl(MAGIC);
}

/* What an ICMP error quotes may end behind the ports and TCP's number. */
static bool get_tcp(const uint8_t *at, size_t n, struct probe_packet *packet)
{
	struct tcphdr tcp = { 0 };

	if (n < 8)
		return false;
	memcpy(&tcp, at, n < sizeof(tcp) ? n : sizeof(tcp));
	packet->sport = ntohs(tcp.source);
	packet->dport = ntohs(tcp.dest);
	packet->refusal = tcp.rst;
	packet->number = ntohl(tcp.rst ? tcp.ack_seq : tcp.seq);
	if (tcp.rst)
		packet->number--;
	return true;
}

static bool get_udp(const uint8_t *at, size_t n, struct probe_packet *packet)
{
	struct udphdr udp;

	if (n < sizeof(udp))
		return false;
	memcpy(&udp, at, sizeof(udp));
	packet->sport = ntohs(udp.source);
	packet->dport = ntohs(udp.dest);
	return get_number(at + sizeof(udp), n - sizeof(udp), &packet->number);
}

static bool is_error(enum family_index family, uint8_t type)
{
	return family ? type == ICMP6_DST_UNREACH : type == ICMP_UNREACH;
}

static bool get_icmp(const uint8_t *at, size_t n, struct probe_packet *packet)
{
	struct probe_packet quoted;
	struct icmphdr icmp;

	if (n < sizeof(icmp))
		return false;
	memcpy(&icmp, at, sizeof(icmp));
	packet->icmp = icmp.type;
	packet->sport = packet->dport = ntohs(icmp.un.echo.id);
	if (!is_error(packet->family, icmp.type))
		return get_number(at + sizeof(icmp), n - sizeof(icmp),
				  &packet->number);
	packet->refusal = true;
	if (!probe_parse(at + sizeof(icmp), n - sizeof(icmp), &quoted))
		return false;
	packet->number = quoted.number;
	return true;
}

static bool get_transport(const uint8_t *at, size_t n,
			  struct probe_packet *packet)
{
	switch (packet->protocol) {
	case IPPROTO_TCP:
		return get_tcp(at, n, packet);
	case IPPROTO_UDP:
		return get_udp(at, n, packet);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return get_icmp(at, n, packet);
	default:
		return false;
	}
}

bool probe_parse(const uint8_t *bytes, size_t n, struct probe_packet *packet)
{
	struct ip6_hdr ip6;
	struct iphdr ip;

	*packet = (struct probe_packet){ 0 };
	if (n >= sizeof(ip6) && bytes[0] >> 4 == 6) {
		memcpy(&ip6, bytes, sizeof(ip6));
		packet->family = FAMILY_INDEX_IPV6;
		packet->protocol = ip6.ip6_nxt;
		memcpy(packet->source, &ip6.ip6_src, 16);
		memcpy(packet->destination, &ip6.ip6_dst, 16);
		return get_transport(bytes + sizeof(ip6), n - sizeof(ip6),
				     packet);
	}
	if (n < sizeof(ip) || bytes[0] != 0x45)
		return false;
	memcpy(&ip, bytes, sizeof(ip));
	packet->protocol = ip.protocol;
	memcpy(packet->source, &ip.saddr, 4);
	memcpy(packet->destination, &ip.daddr, 4);
	return get_transport(bytes + sizeof(ip), n - sizeof(ip), packet);
}

struct probe_packet probe_answer(const struct probe_packet *packet)
{
	struct probe_packet answer = *packet;

	memcpy(answer.source, packet->destination, sizeof(answer.source));
	memcpy(answer.destination, packet->source, sizeof(answer.source));
	answer.sport = packet->dport;
	answer.dport = packet->sport;
	answer.number |= PROBE_ANSWER;
	if (packet->icmp)
		answer.icmp = packet->family ? 129 : 0;
	return answer;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Probes as packets that carry their own number, and back: a packet that any
 * hook saw, translated or not, or an answer that refuses it, tells which probe
 * it belongs to.
 *
 * The number is TCP's sequence number, else the payload's first eight bytes.
 */
#ifndef NFTOFFC_TESTS_LIB_PROBE_WIRE_H
#define NFTOFFC_TESTS_LIB_PROBE_WIRE_H

#include "random_router.h"

#define PROBE_PACKET_MAX 128

/* The other way: what answers a probe. */
#define PROBE_ANSWER 0x40000000u

/* What of a packet is needed to answer it. */
struct probe_packet {
	enum family_index family;
	uint8_t protocol;
	uint8_t source[16], destination[16];
	uint16_t sport, dport; /* ICMP echo: both its id */
	uint8_t icmp;	       /* type */
	uint8_t dscp;
	uint32_t number;
	bool refusal; /* an ICMP error about the number, or a reset */
};

/* The IP packet; returns its length. Checksums are right. */
size_t probe_build(const struct probe_packet *packet,
		   uint8_t bytes[PROBE_PACKET_MAX]);
/* False if it carries no number. */
bool probe_parse(const uint8_t *bytes, size_t n, struct probe_packet *packet);
/* What would answer @packet: number, ports and addresses turned round. */
struct probe_packet probe_answer(const struct probe_packet *packet);

#endif

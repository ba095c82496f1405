/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data types of nf_tables keys as nft knows them: their id (nft's own,
 * used in set definitions so that nft can print them back), length, byte order
 * and how one value is written in nft text.
 *
 * Source: nftables include/datatype.h for the ids; uapi nf_tables.h.
 */
#ifndef NFTOFFC_VOCAB_WIRE_H
#define NFTOFFC_VOCAB_WIRE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"

/* The longest single field: an IPv6 address or a device name. */
#define WIRE_MAX 16

/* One second in WIRE_TIME. */
#define WIRE_SECOND UINT64_C(1000000000)

enum wire_id {
	WIRE_NONE,
	WIRE_NFPROTO,	 /* 1 byte, NFPROTO_* */
	WIRE_IPV4,	 /* 4 bytes, network order */
	WIRE_IPV6,	 /* 16 bytes */
	WIRE_INET_PROTO, /* 1 byte, IPPROTO_* */
	WIRE_PORT,	 /* 2 bytes, network order */
	WIRE_ICMP_TYPE,	 /* 1 byte */
	WIRE_ICMPV6_TYPE,
	WIRE_MARK,	/* 4 bytes, host order */
	WIRE_IFNAME,	/* 16 bytes, NUL padded */
	WIRE_CT_STATE,	/* 4 bytes, host order, bits */
	WIRE_CT_DIR,	/* 1 byte: 0 original, 1 reply */
	WIRE_CT_STATUS, /* 4 bytes, host order, bits */
	WIRE_FIB_TYPE,	/* 4 bytes, host order, RTN_* */
	WIRE_EXISTS,	/* 4 bytes, host order: 0 missing, 1 exists */
	WIRE_TCP_FLAGS, /* 1 byte, bits */
	WIRE_COUNT64,	/* 8 bytes, host order: packets, bytes */
	WIRE_ETHER,	/* 6 bytes */
	WIRE_DSCP,	/* 1 byte, the upper 6 bits */
	WIRE_DSCP6,	/* 2 bytes, 6 bits of their middle */
	WIRE_LENGTH,	/* 4 bytes, host order */
	WIRE_HOUR,	/* 4 bytes, host order: seconds since midnight, UTC */
	WIRE_DAY,	/* 1 byte, 0: Sunday */
	WIRE_UID,	/* 4 bytes, host order */
	WIRE_BOOLEAN,	/* 1 byte */
	WIRE_ARPHRD,	/* 2 bytes, host order: ARPHRD_* */
	WIRE_TIME,	/* 8 bytes, host order: nanoseconds since 1970, UTC */
	WIRE_HELPER,	/* 16 bytes, NUL padded */
	WIRE_IDS
};

/* A value that has a name in nft text. */
struct wire_name {
	const char *name;
	uint32_t value;
};

struct wire_type {
	const char *name; /* nft's word in "type ...": "ipv4_addr" */
	uint32_t nft_id;  /* nft's datatype number */
	uint8_t len;	  /* bytes */
	bool host_order;  /* a number in host order; else bytes as they are */
	bool flags;	  /* a bit mask: never folded into a set */
	const struct wire_name *names; /* NULL or ended by a NULL name */
	void (*print)(struct buf *out, const struct wire_type *type,
		      const uint8_t *value);
	/*
	 * A field of @bits bits, @shift above the lowest, among others that are
	 * masked out when it is loaded; 0: all of the bytes. Values are kept
	 * where they stand.
	 */
	uint8_t bits, shift;
	bool unnamed; /* nft has no word for a named set of these */
};

const struct wire_type *wire_type(enum wire_id id);

/* One value in nft text: "192.168.1.1", "tcp", "\"eth0\"", "(syn | ack)". */
void wire_print(struct buf *out, enum wire_id id, const uint8_t *value);
/* The bits of a flags type as nft tests them for any: "syn,ack". */
void wire_print_any(struct buf *out, enum wire_id id, const uint8_t *value);

/*
 * A range of one type as nft writes it: "10.0.0.0/8" where it is a prefix,
 * "a-b" else, and the single value where both are the same. A device-name
 * range made by wire_ifname_prefix() prints as "wlan*".
 */
void wire_print_range(struct buf *out, enum wire_id id, const uint8_t *lo,
		      const uint8_t *hi);
/* The same, always as "a-b"; in numbers, since a name may hold a dash. */
void wire_print_bounds(struct buf *out, enum wire_id id, const uint8_t *lo,
		       const uint8_t *hi);
/*
 * The same in libnftables' JSON, from what is printed in nft text: what is
 * a number there is one here, all else a string.
 */
void wire_json(struct json *out, enum wire_id id, const uint8_t *value);
void wire_json_any(struct json *out, enum wire_id id, const uint8_t *value);
void wire_json_range(struct json *out, enum wire_id id, const uint8_t *lo,
		     const uint8_t *hi);
void wire_json_bounds(struct json *out, enum wire_id id, const uint8_t *lo,
		      const uint8_t *hi);
void wire_json_prefix(struct json *out, enum wire_id id, const uint8_t *value,
		      unsigned int bits);
/* The length in bits of the prefix that lo..hi is, or -1. */
int wire_prefix_len(const uint8_t *lo, const uint8_t *hi, size_t len);

/* Values of small integer types, in their wire byte order; @value is filled
 * up to the type's length. */
void wire_put(enum wire_id id, uint64_t number, uint8_t *value);
uint64_t wire_get(enum wire_id id, const uint8_t *value);
/* The same value in network order, as ranges in the kernel compare it. */
void wire_to_network(enum wire_id id, const uint8_t *value, uint8_t *network);
void wire_from_network(enum wire_id id, const uint8_t *network, uint8_t *value);
/* The bits that are the field's; false if all are. */
bool wire_field_mask(enum wire_id id, uint8_t mask[WIRE_MAX]);
void wire_ifname(const char *name, size_t n, uint8_t value[WIRE_MAX]);
/* "ppp*" as the range of names it stands for: ppp\0... to ppp\xff... */
void wire_ifname_prefix(const char *prefix, size_t n, uint8_t lo[WIRE_MAX],
			uint8_t hi[WIRE_MAX]);

#endif

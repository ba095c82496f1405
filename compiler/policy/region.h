/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What entries of a policy speak of, as boxes in the space of packets: for
 * those who ask whether one entry leaves anything to another.
 *
 * A box is a product: of zones, families, protocols, and of values of each
 * field. An entry is the union of its boxes, one for each alternative. What is
 * not known here (a match whose key is no field below, a set that is filled
 * while it runs) is left out of the boxes: they may then be larger than what
 * the entry means, never smaller. Who claims that an entry takes something
 * must ask region_exact().
 */
#ifndef NFTOFFC_POLICY_REGION_H
#define NFTOFFC_POLICY_REGION_H

#include "alts.h"

enum box_field {
	FIELD_SOURCE,
	FIELD_DESTINATION,
	FIELD_SOURCE_PORT,
	FIELD_PORT,
	FIELD_ICMP,
	FIELDS
};

struct box {
	const struct zone_set *from, *to;
	uint8_t families;
	struct protos protos; /* all bits: any */
	/* NULL: any value. Of one family, where the field's length says so. */
	const struct ranges *asks[FIELDS];
};

struct region {
	struct box *boxes;
	size_t n;
	/* What is not known here: to be compared with others' word by word. */
	const struct match **opaque;
	size_t nopaque;
};

/* Larger sets are not taken to pieces: they are opaque, too. */
#define REGION_RANGES_MAX 1024

/* In @arena; @matches are those that @alts was made of. */
struct region region_of(struct arena *arena, const struct zone_set *from,
			const struct zone_set *to, uint8_t families,
			const struct alts *alts, const struct match *matches,
			size_t nmatches);

/* The packet's value of the field; zeros where it is not known. */
const uint8_t *packet_field(const struct packet *packet, enum box_field field);

/* The key's field, or FIELDS if it is none of them. */
enum box_field region_field(enum key_id key);
bool match_opaque(const struct match *match);

/* @packet's fields are all known. */
bool box_has(const struct box *box, const struct packet *packet);
bool boxes_meet(const struct box *a, const struct box *b);
/*
 * Does whatever meets @of meet all that @taker asks besides its boxes? Matches
 * are compared by what is written.
 */
bool region_opaque_met(const struct sources *sources,
		       const struct region *taker, const struct region *of);
/* NULL if no zone is in both. */
const struct zone_set *zone_set_both(struct arena *arena,
				     const struct zone_set *a,
				     const struct zone_set *b);
bool zone_sets_meet(const struct zone_set *a, const struct zone_set *b);

/*
 * Takes @less out of @box: calls @keep for each part that is left; the parts
 * do not overlap.
 */
void box_less(struct arena *arena, const struct box *box,
	      const struct box *less,
	      void (*keep)(void *data, const struct box *part), void *data);

/* A packet of @box with all that a packet of its protocol has; what the box
 * leaves open is as people would expect it. */
struct packet box_packet(const struct model *model, const struct box *box);

/* @packet in the words of explain: "from lan to wan source 10.0.0.1 tcp 443". */
const char *packet_words(struct arena *arena, const struct model *model,
			 const struct packet *packet);

#endif

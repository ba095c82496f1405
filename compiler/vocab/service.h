/* SPDX-License-Identifier: GPL-2.0-only */
/* Well-known services, the same on every machine (services.def). */
#ifndef NFTOFFC_VOCAB_SERVICE_H
#define NFTOFFC_VOCAB_SERVICE_H

#include "base/str.h"

#include <stdint.h>

struct known_service {
	const char *name;
	uint16_t port;
	uint8_t protos;	  /* SERVICE_* bits */
	uint8_t families; /* FAMILY_* bits */
};

enum {
	SERVICE_TCP = 1,
	SERVICE_UDP = 2,
	SERVICE_SCTP = 4,
	SERVICE_DCCP = 8,
};

/*
 * The rows called @name stand together: returns the first and sets @n to how
 * many they are, or NULL.
 */
const struct known_service *known_service_find(struct str name, size_t *n);
const struct known_service *known_service_at(size_t i); /* NULL past the end */

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* The table of well-known services and its search. */
#include "service.h"

#include "match.h"

#define TCP SERVICE_TCP
#define UDP SERVICE_UDP
#define SCTP SERVICE_SCTP
#define DCCP SERVICE_DCCP
#define BOTH FAMILY_BOTH
#define IPV4 FAMILY_IPV4
#define IPV6 FAMILY_IPV6
#define SERVICE(name, port, protos, families) { name, port, protos, families },

static const struct known_service known[] = {
#include "services.def"
};

#define NKNOWN (sizeof(known) / sizeof(known[0]))

const struct known_service *known_service_at(size_t i)
{
	return i < NKNOWN ? &known[i] : NULL;
}

const struct known_service *known_service_find(struct str name, size_t *n)
{
	size_t low = 0, high = NKNOWN, mid;

	while (low < high) { /* the first row not below @name */
		mid = low + (high - low) / 2;
		if (str_cmp(str_of(known[mid].name), name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (*n = 0; low + *n < NKNOWN && str_is(name, known[low + *n].name);)
		++*n;
	return *n ? &known[low] : NULL;
}

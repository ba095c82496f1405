/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prometheus' text format, 0.0.4: what node_exporter's textfile collector reads.
 *
 *	prom_family(&prom, "nftoffc_flows", PROM_GAUGE, "Offloaded ...");
 *	prom_label(&prom, "mode", "hardware");
 *	prom_value(&prom, 12);
 *
 * What must stay true: each family once, its samples behind its HELP and TYPE;
 * names are ours and well formed, values of labels are anybody's and escaped.
 */
#ifndef NFTOFFC_RUNTIME_BASE_PROMTEXT_H
#define NFTOFFC_RUNTIME_BASE_PROMTEXT_H

#include "base/buf.h"

enum prom_type { PROM_GAUGE, PROM_COUNTER };

struct prom {
	struct buf *out;
	const char *family;
	bool labelled; /* the sample under way has labels */
	bool begun;
};

void prom_family(struct prom *prom, const char *name, enum prom_type type,
		 const char *help);
/* Of the sample that prom_value() ends. */
void prom_label(struct prom *prom, const char *key, const char *value);
void prom_value(struct prom *prom, uint64_t value);
/* A family of one sample without labels. */
void prom_one(struct prom *prom, const char *name, enum prom_type type,
	      const char *help, uint64_t value);

#endif

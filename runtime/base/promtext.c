// SPDX-License-Identifier: GPL-2.0-only
/* Prometheus' text format: see promtext.h. */
#include "runtime/base/promtext.h"

static void put_escaped(struct buf *out, const char *text, bool quoted)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_puts(out, "\\n");
		else if (*text == '\\' || (quoted && *text == '"'))
			buf_printf(out, "\\%c", *text);
		else
			buf_putc(out, *text);
	}
}

void prom_family(struct prom *prom, const char *name, enum prom_type type,
		 const char *help)
{
	prom->family = name;
	buf_printf(prom->out, "# HELP %s ", name);
	put_escaped(prom->out, help, false);
	buf_printf(prom->out, "\n# TYPE %s %s\n", name,
		   type == PROM_COUNTER ? "counter" : "gauge");
}

static void begin(struct prom *prom)
{
	if (!prom->begun)
		buf_puts(prom->out, prom->family);
	prom->begun = true;
}

void prom_label(struct prom *prom, const char *key, const char *value)
{
	begin(prom);
	buf_printf(prom->out, "%c%s=\"", prom->labelled ? ',' : '{', key);
	put_escaped(prom->out, value, true);
	buf_putc(prom->out, '"');
	prom->labelled = true;
}

void prom_value(struct prom *prom, uint64_t value)
{
	begin(prom);
	buf_puts(prom->out, prom->labelled ? "} " : " ");
	buf_put_u64(prom->out, value);
	buf_putc(prom->out, '\n');
	prom->labelled = false;
	prom->begun = false;
}

void prom_one(struct prom *prom, const char *name, enum prom_type type,
	      const char *help, uint64_t value)
{
	prom_family(prom, name, type, help);
	prom_value(prom, value);
}

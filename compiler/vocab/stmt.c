// SPDX-License-Identifier: GPL-2.0-only
/* The statements there are: a new one is a file of its own and a line here. */
#include "stmt.h"

const struct stmt_ops *const stmt_all[] = {
	&stmt_verdict,	&stmt_log,   &stmt_limit,
	&stmt_counter,	&stmt_quota, &stmt_update,
	&stmt_mark,	&stmt_dscp,  &stmt_helper,
	&stmt_notrack,	&stmt_queue, &stmt_ct_mark,
	&stmt_reject,	&stmt_nat,   &stmt_masquerade,
	&stmt_redirect, &stmt_mss,   &stmt_flow_add,
	NULL,
};

void object_print(struct buf *out, const char *words, const char *name)
{
	buf_puts(out, words);
	buf_puts(out, " \"");
	buf_puts(out, name);
	buf_putc(out, '"');
}

void object_json(struct json *out, const char *words, const char *name)
{
	json_wrap(out, words);
	json_text(out, name);
	json_end(out);
}

void object_linear(struct exprs *out, uint32_t type, const char *name)
{
	struct expr *expr = expr_add(out, EXPR_OBJREF);

	expr->arg = type;
	expr->name = name;
}

static void json_mark(struct json *out, uint32_t mark)
{
	uint8_t value[WIRE_MAX];

	wire_put(WIRE_MARK, mark, value);
	wire_json(out, WIRE_MARK, value);
}

/* mark & keep */
static void json_kept(struct json *out, enum key_id id, uint32_t keep)
{
	if (keep == UINT32_MAX) {
		key_json(out, id, NULL);
		return;
	}
	json_wrap(out, "&");
	json_array(out);
	key_json(out, id, NULL);
	json_mark(out, keep);
	json_end_n(out, 2);
}

static void json_marked(struct json *out, enum key_id id, uint32_t keep,
			uint32_t set)
{
	if (!keep) {
		json_mark(out, set);
		return;
	}
	if (!set) {
		json_kept(out, id, keep);
		return;
	}
	json_wrap(out, "|");
	json_array(out);
	json_kept(out, id, keep);
	json_mark(out, set);
	json_end_n(out, 2);
}

void mark_json(struct json *out, enum key_id id, uint32_t keep, uint32_t set)
{
	json_wrap(out, "mangle");
	json_object(out);
	json_key(out, "key");
	key_json(out, id, NULL);
	json_key(out, "value");
	json_marked(out, id, keep, set);
	json_end_n(out, 2);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logging, to the kernel's log or to a group of nfnetlink_log listeners.
 *
 * What must stay true: a level that is nft's default is not sent, since the
 * kernel answers it back and nft would list it otherwise than it was written.
 */
#include <assert.h>
#include <syslog.h>

#include "stmt.h"

static const char *const levels[] = {
	[LOG_EMERG] = "emerg", [LOG_ALERT] = "alert",  [LOG_CRIT] = "crit",
	[LOG_ERR] = "err",     [LOG_WARNING] = "warn", [LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};

static void print_number(struct buf *out, const char *word, unsigned int n)
{
	buf_puts(out, word);
	buf_put_u64(out, n);
}

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, "log");
	if (stmt->log.prefix) {
		buf_puts(out, " prefix \"");
		buf_puts(out, stmt->log.prefix);
		buf_putc(out, '"');
	}
	if (stmt->log.group >= 0) {
		print_number(out, " group ", (unsigned int)stmt->log.group);
		if (stmt->log.snaplen)
			print_number(out, " snaplen ", stmt->log.snaplen);
	} else if (stmt->log.level != LOG_WARNING) {
		assert(stmt->log.level <= LOG_DEBUG);
		buf_puts(out, " level ");
		buf_puts(out, levels[stmt->log.level]);
	}
}

static void json(struct json *out, const struct stmt *stmt)
{
	json_wrap(out, "log");
	json_object(out);
	if (stmt->log.prefix)
		json_put_str(out, "prefix", stmt->log.prefix);
	if (stmt->log.group >= 0) {
		json_put_u64(out, "group", (unsigned int)stmt->log.group);
		if (stmt->log.snaplen)
			json_put_u64(out, "snaplen", stmt->log.snaplen);
	} else if (stmt->log.level != LOG_WARNING) {
		assert(stmt->log.level <= LOG_DEBUG);
		json_put_str(out, "level", levels[stmt->log.level]);
	}
	json_end_n(out, 2);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	struct expr *expr = expr_add(out, EXPR_LOG);

	expr->name = stmt->log.prefix;
	expr->log.group = stmt->log.group;
	expr->log.snaplen = stmt->log.snaplen;
	expr->log.level = stmt->log.level;
}

const struct stmt_ops stmt_log = {
	.name = "log",
	.doc = DOC("Logs the packet, to the kernel's log or to a netlink "
		   "group."),
	.later = LATER_IF_EVERY,
	.print = print,
	.json = json,
	.linear = linear,
};

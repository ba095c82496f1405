/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where records of connections go, and how they are written: a line of text or
 * of JSON on standard output, or the system's log. That is syslog(3), which
 * OpenWrt's logd takes as any other; where the journal listens, it gets the
 * fields, too (journalctl NFTOFFC_RULE=accept-lan-to-wan).
 *
 * What must stay true: a line is out when the function returns; the columns of
 * the text stay where they are, whatever is added behind them.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_LOGSINK_H
#define NFTOFFC_RUNTIME_LIVE_LOGSINK_H

#include "runtime/live/flowlog.h"

enum logsink_form { LOGSINK_TEXT, LOGSINK_JSON, LOGSINK_SYSLOG };

struct logsink {
	enum logsink_form form;
	int journal; /* its socket, -1: syslog(3) */
	struct buf line;
};

void logsink_open(struct logsink *sink, enum logsink_form form);
void logsink_close(struct logsink *sink);
/* 0 or -errno. */
int logsink_write(struct logsink *sink, const struct flowlog_record *record);

/* The line's text from the event on, and the whole line. */
void logsink_text(struct buf *out, const struct flowlog_record *record);
void logsink_line(struct buf *out, const struct flowlog_record *record);
void logsink_json(struct buf *out, const struct flowlog_record *record);
/* The journal's own form: a field a line. */
void logsink_fields(struct buf *out, const struct flowlog_record *record);

#endif

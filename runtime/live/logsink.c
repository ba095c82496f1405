// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing records of connections: see logsink.h.
 *
 * The journal's protocol is a datagram of lines FIELD=value; no value of ours
 * has a new line in it.
 */
#include "runtime/live/logsink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/files.h"
#include "runtime/live/flowtext.h"

#define JOURNAL "/run/systemd/journal/socket"
#define NSEC 1000000000u

static const char *const events[] = {
	[FLOWLOG_START] = "start",
	[FLOWLOG_END] = "end",
};

/* 2026-11-25T22:04:06.250+01:00 */
static void put_time(struct buf *out, uint64_t when)
{
	time_t seconds = (time_t)(when / NSEC);
	char text[32], zone[8];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	buf_printf(out, "%s.%03u%.3s:%.2s", text,
		   (unsigned int)(when % NSEC / 1000000), zone, zone + 3);
}

static bool has_duration(const struct flowlog_record *record)
{
	return record->what == FLOWLOG_END && record->began &&
	       record->when >= record->began;
}

static void put_duration(struct buf *out, const struct flowlog_record *record)
{
	uint64_t n = record->when - record->began;

	buf_printf(out, "%" PRIu64 ".%03" PRIu64, n / NSEC, n % NSEC / 1000000);
}

static const char *offload_of(const struct flowlog_record *record)
{
	if (record->hardware)
		return "hardware";
	return record->offloaded ? "offloaded" : "not offloaded";
}

static void put_end(struct buf *out, const struct flowlog_record *record)
{
	flowtext_counters(out, record->flow);
	if (has_duration(record)) {
		buf_putc(out, ' ');
		put_duration(out, record);
		buf_putc(out, 's');
	}
	buf_printf(out, " %s, %s", offload_of(record), record->reason);
}

void logsink_text(struct buf *out, const struct flowlog_record *record)
{
	const struct ir_flow_row *row = record->row;
	char zones[2 * sizeof(row->from) + 4], number[8];

	snprintf(zones, sizeof(zones), "%s > %s", row->from, row->to);
	buf_printf(out, "%-5s %-16s %-24s %-4s ", events[record->what], zones,
		   row->rule,
		   flowtext_protocol(record->flow->protocol, number));
	flowtext_ends(out, record->flow);
	if (record->what == FLOWLOG_END)
		put_end(out, record);
	else if (record->late)
		buf_puts(out, " seen late");
}

void logsink_line(struct buf *out, const struct flowlog_record *record)
{
	put_time(out, record->when);
	buf_putc(out, ' ');
	logsink_text(out, record);
	buf_putc(out, '\n');
}

static void put_zone(struct json *json, const char *key, const char *zone)
{
	if (strcmp(zone, "-") != 0)
		json_put_str(json, key, zone);
}

static void json_ending(struct json *json, const struct flowlog_record *record)
{
	struct buf *text;

	json_put_bool(json, "offloaded", record->offloaded || record->hardware);
	if (record->hardware)
		json_put_bool(json, "hardware", true);
	if (record->began) {
		text = json_scratch(json);
		put_time(text, record->began);
		json_put_str(json, "began", text->p);
	}
	if (has_duration(record))
		json_put_u64(json, "milliseconds",
			     (record->when - record->began) / 1000000);
	json_put_str(json, "reason", record->reason);
}

void logsink_json(struct buf *out, const struct flowlog_record *record)
{
	const struct ir_flow_row *row = record->row;
	struct json json = json_begin(out);
	struct buf *text = json_scratch(&json);

	json.one_line = true;
	json_object(&json);
	put_time(text, record->when);
	json_put_str(&json, "time", text->p);
	json_put_str(&json, "event", events[record->what]);
	if (record->late)
		json_put_bool(&json, "late", true);
	json_put_str(&json, "policy", record->policy);
	json_put_str(&json, "rule", row->rule);
	if (row->others)
		json_put_u64(&json, "or_others", row->others);
	put_zone(&json, "from", row->from);
	put_zone(&json, "to", row->to);
	flowtext_json(&json, record->flow);
	if (record->what == FLOWLOG_END)
		json_ending(&json, record);
	json_end(&json);
	json_finish(&json);
}

static void put_counters(struct buf *out, const char *direction,
			 const struct module_tuple *tuple)
{
	if (tuple->has_counters)
		buf_printf(out,
			   "NFTOFFC_PACKETS_%s=%" PRIu64
			   "\nNFTOFFC_BYTES_%s=%" PRIu64 "\n",
			   direction, tuple->packets, direction, tuple->bytes);
}

void logsink_fields(struct buf *out, const struct flowlog_record *record)
{
	const struct ir_flow_row *row = record->row;
	char number[8];

	buf_puts(out, "PRIORITY=6\nSYSLOG_FACILITY=3\n"
		      "SYSLOG_IDENTIFIER=nftoffc\nMESSAGE=");
	logsink_text(out, record);
	buf_printf(out,
		   "\nNFTOFFC_EVENT=%s\nNFTOFFC_POLICY=%s\nNFTOFFC_RULE=%s\n"
		   "NFTOFFC_FROM=%s\nNFTOFFC_TO=%s\nNFTOFFC_PROTOCOL=%s\n"
		   "NFTOFFC_ID=%u\n",
		   events[record->what], record->policy, row->rule, row->from,
		   row->to, flowtext_protocol(record->flow->protocol, number),
		   record->flow->id);
	if (record->what == FLOWLOG_START)
		return;
	put_counters(out, "SENT", &record->flow->original);
	put_counters(out, "RECEIVED", &record->flow->reply);
	buf_printf(out, "NFTOFFC_OFFLOAD=%s\nNFTOFFC_REASON=%s\n",
		   offload_of(record), record->reason);
	if (!has_duration(record))
		return;
	buf_puts(out, "NFTOFFC_SECONDS=");
	put_duration(out, record);
	buf_putc(out, '\n');
}

/*
 * Where to
 */

static int open_journal(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX,
				       .sun_path = JOURNAL };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

void logsink_open(struct logsink *sink, enum logsink_form form)
{
	*sink = (struct logsink){ .form = form, .journal = -1 };
	if (form != LOGSINK_SYSLOG)
		return;
	sink->journal = open_journal();
	if (sink->journal < 0)
		openlog("nftoffc", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void logsink_close(struct logsink *sink)
{
	if (sink->journal >= 0)
		close(sink->journal);
	else if (sink->form == LOGSINK_SYSLOG)
		closelog();
	buf_free(&sink->line);
}

/* It may have been started anew since. */
static int to_journal(struct logsink *sink)
{
	const struct buf *line = &sink->line;

	if (send(sink->journal, line->p, line->n, MSG_NOSIGNAL) >= 0)
		return 0;
	close(sink->journal);
	sink->journal = open_journal();
	if (sink->journal >= 0 &&
	    send(sink->journal, line->p, line->n, MSG_NOSIGNAL) >= 0)
		return 0;
	return -errno;
}

static int to_syslog(struct logsink *sink, const struct flowlog_record *record)
{
	if (sink->journal >= 0) {
		logsink_fields(&sink->line, record);
		return to_journal(sink);
	}
	logsink_text(&sink->line, record);
	syslog(LOG_INFO, "%s", sink->line.p);
	return 0;
}

int logsink_write(struct logsink *sink, const struct flowlog_record *record)
{
	sink->line.n = 0;
	if (sink->form == LOGSINK_SYSLOG)
		return to_syslog(sink, record);
	if (sink->form == LOGSINK_JSON)
		logsink_json(&sink->line, record);
	else
		logsink_line(&sink->line, record);
	return files_write(STDOUT_FILENO, sink->line.p, sink->line.n);
}

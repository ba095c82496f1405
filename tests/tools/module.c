// SPDX-License-Identifier: GPL-2.0-only
/*
 * module - asks the kernel module, for the tests of it
 *
 *	module info			KEY=VALUE, a line each
 *	module tables			a line for each flowtable
 *	module flows [FILTER]		a line for each flow
 *	module count [FILTER]		how many, and the milliseconds it took
 *	module release [--dry-run] FILTER
 *	module stage GENERATION [FILTER [, FILTER]...]
 *	module many GENERATION N [SHAPES]
 *					stages N addresses, or pairs of prefixes
 *					of that many pairs of lengths
 *	module commit|abort GENERATION
 *	module listen			events, a line each, until killed
 *	module session			these commands from standard input, a
 *					line each, on one socket; "ok" or
 *					"error ERRNO WORDS" after each
 *
 * FILTER is as in runtime/live/flowfilter.h; an entry may have "cookie N" ahead.
 * Ends with 0, or with 1 and "error ..." on standard output.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/live/flowfilter.h"
#include "runtime/netlink/module.h"

#define WORDS_MAX 4096
#define ENTRIES_MAX 1024

static struct module *module;

static const char *address(uint8_t family, const uint8_t *bytes)
{
	static char text[4][INET6_ADDRSTRLEN];
	static unsigned int next;
	char *to = text[next++ % 4];

	return inet_ntop(family, bytes, to, INET6_ADDRSTRLEN);
}

static int info(void)
{
	static const char *const states[] = { "idle", "staging", "armed",
					      "in-doubt" };
	struct module_info i;
	int ret = module_info(module, &i);

	if (ret)
		return ret;
	printf("abi=%u\nstate=%s\ngeneration=%" PRIu64 "\n", i.abi,
	       states[i.state % 4], i.generation);
	if (i.has_former)
		printf("former=%" PRIu64 "\n", i.former);
	printf("staged=%" PRIu64 "\nentries=%u\nentries_staged=%u\n"
	       "entries_max=%u\nshapes=%u\nflowtables=%u\nflows=%u\n"
	       "kept_out=%" PRIu64 "\nreleased=%" PRIu64 "\n",
	       i.staged, i.entries_now, i.entries_staged, i.entries_max,
	       i.shapes_now, i.flowtables, i.flows, i.kept_out, i.released);
	return 0;
}

static int print_table(const struct module_table *t, void *data)
{
	size_t i;

	(void)data;
	printf("family=%u table=%s name=%s handle=%" PRIu64 " priority=%d "
	       "flags=%u flows=%u devices=",
	       t->family, t->table, t->name, t->handle, t->priority, t->flags,
	       t->flows);
	for (i = 0; i < t->ndevices && i < MODULE_DEVICES_MAX; i++)
		printf("%s%s", i ? "," : "", t->devices[i]);
	putchar('\n');
	return 0;
}

static void print_tuple(uint8_t family, const struct module_tuple *t)
{
	printf(" src=%s dst=%s sport=%u dport=%u dev=%s",
	       address(family, t->source), address(family, t->destination),
	       t->sport, t->dport, t->device ? t->device : "-");
	if (t->has_counters)
		printf(" packets=%" PRIu64 " bytes=%" PRIu64, t->packets,
		       t->bytes);
}

static int print_flow(const struct module_flow *f, void *data)
{
	(void)data;
	printf("proto=%u", f->protocol);
	print_tuple(f->family, &f->original);
	print_tuple(f->family, &f->reply);
	printf(" flags=%u timeout=%u id=%u mark=%u zone=%u labels=%u "
	       "table=%s/%s\n",
	       f->flags, f->timeout, f->id, f->mark, f->zone, f->has_labels,
	       f->table ? f->table : "-", f->name ? f->name : "-");
	return 0;
}

static int count_flow(const struct module_flow *f, void *data)
{
	(void)f;
	++*(unsigned long *)data;
	return 0;
}

static int read_filter(struct flowfilter *filter, char **words, int n)
{
	struct buf error = { 0 };
	bool ok = flowfilter_read(filter, words, n, &error);

	if (!ok)
		fprintf(stderr, "module: %s\n", error.p);
	buf_free(&error);
	return ok ? 0 : -EINVAL;
}

static long milliseconds(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 +
	       (now.tv_nsec - since->tv_nsec) / 1000000;
}

static int flows(char **words, int n, bool count)
{
	struct flowfilter filter;
	struct timespec since;
	unsigned long found = 0;
	int ret = read_filter(&filter, words, n);

	if (ret)
		return ret;
	clock_gettime(CLOCK_MONOTONIC, &since);
	ret = module_flows(module, &filter.match,
			   count ? count_flow : print_flow, &found);
	if (!ret && count)
		printf("flows=%lu ms=%ld\n", found, milliseconds(&since));
	return ret;
}

static int release(char **words, int n)
{
	bool dry_run = n > 0 && strcmp(words[0], "--dry-run") == 0;
	struct module_released released;
	struct flowfilter filter;
	struct timespec since;
	int ret = read_filter(&filter, words + dry_run, n - dry_run);

	if (ret)
		return ret;
	clock_gettime(CLOCK_MONOTONIC, &since);
	ret = module_release(module, filter.given ? &filter.match : NULL,
			     filter.nids ? filter.ids : NULL, filter.nids,
			     dry_run, &released);
	if (!ret)
		printf("seen=%u matched=%u released=%u ms=%ld\n", released.seen,
		       released.matched, released.released,
		       milliseconds(&since));
	return ret;
}

/* An entry up to a word that is a comma; answers how many words, or -errno. */
static int read_entry(struct module_match *entry, char **words, int n)
{
	struct flowfilter filter;
	uint32_t cookie = 0;
	int len = 0, from = 0, ret;

	while (len < n && strcmp(words[len], ",") != 0)
		len++;
	if (len > 1 && strcmp(words[0], "cookie") == 0) {
		cookie = (uint32_t)strtoul(words[1], NULL, 0);
		from = 2;
	}
	ret = read_filter(&filter, words + from, len - from);
	*entry = filter.match;
	entry->cookie = cookie;
	return ret ? ret : len;
}

static int stage(uint64_t generation, char **words, int n)
{
	static struct module_match entries[ENTRIES_MAX];
	size_t index = 0, nentries = 0;
	int at = 0, ret;

	while (at < n && nentries < ENTRIES_MAX) {
		ret = read_entry(&entries[nentries++], words + at, n - at);
		if (ret < 0)
			return ret;
		at += ret + 1;
	}
	ret = module_stage(module, generation, entries, nentries, &index);
	if (ret)
		fprintf(stderr, "module: entry %zu\n", index);
	return ret;
}

static void put_address(uint8_t bytes[16], uint32_t address)
{
	address = htonl(address);
	memcpy(bytes, &address, sizeof(address));
}

/* 10.0.0.0 and up, a host each; or from 10.0.0.0/8 and longer to 11.0.0.0/8 and up,
 * and longer. */
static void fill(struct module_match *entry, size_t i, size_t shapes)
{
	size_t shape = shapes ? i % shapes : 0;

	entry->family = AF_INET;
	entry->has_source = true;
	entry->source_len = 32;
	put_address(entry->source, 0x0a000000u + (shapes ? 0 : (uint32_t)i));
	if (!shapes)
		return;
	entry->source_len = (uint8_t)(8 + shape % 25);
	entry->has_destination = true;
	entry->destination_len = (uint8_t)(8 + shape / 25);
	put_address(entry->destination, (11 + (uint32_t)(i / shapes)) << 24);
}

static int stage_many(uint64_t generation, size_t n, size_t shapes)
{
	struct module_match *entries = calloc(n, sizeof(*entries));
	struct timespec since;
	size_t i;
	int ret;

	if (!entries)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		fill(&entries[i], i, shapes);
	clock_gettime(CLOCK_MONOTONIC, &since);
	ret = module_stage(module, generation, entries, n, NULL);
	if (!ret)
		printf("entries=%zu ms=%ld\n", n, milliseconds(&since));
	free(entries);
	return ret;
}

static int end(uint64_t generation, int (*fn)(struct module *m, uint64_t g))
{
	struct timespec since;
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &since);
	ret = fn(module, generation);
	if (!ret)
		printf("ms=%ld\n", milliseconds(&since));
	return ret;
}

static int print_event(const struct module_event *e, void *data)
{
	(void)data;
	switch (e->what) {
	case NFTOFFC_CMD_RELEASED:
		printf("released matched=%u released=%u\n", e->released.matched,
		       e->released.released);
		break;
	case NFTOFFC_CMD_KEPT_OUT:
		printf("kept-out proto=%u", e->flow.protocol);
		print_tuple(e->flow.family, &e->flow.original);
		printf(" mark=%u cookie=%u\n", e->flow.mark, e->cookie);
		break;
	case NFTOFFC_CMD_GENERATION:
		printf("generation=%" PRIu64 " kept_out=%" PRIu64
		       " let_in=%u released=%u\n",
		       e->generation, e->kept_out, e->let_in,
		       e->released.released);
		break;
	default:
		printf("event=%d\n", e->what);
	}
	fflush(stdout);
	return 0;
}

static int listen_events(void)
{
	int ret = module_listen(module);

	if (ret)
		return ret;
	puts("listening");
	fflush(stdout);
	return module_events(module, print_event, NULL);
}

static int command(char **words, int n)
{
	const char *name = n ? words[0] : "";
	uint64_t number = n > 1 ? strtoull(words[1], NULL, 0) : 0;

	if (strcmp(name, "info") == 0)
		return info();
	if (strcmp(name, "tables") == 0)
		return module_flowtables(module, print_table, NULL);
	if (strcmp(name, "flows") == 0 || strcmp(name, "count") == 0)
		return flows(words + 1, n - 1, *name == 'c');
	if (strcmp(name, "release") == 0)
		return release(words + 1, n - 1);
	if (strcmp(name, "listen") == 0)
		return listen_events();
	if (strcmp(name, "stage") == 0 && n > 1)
		return stage(number, words + 2, n - 2);
	if (strcmp(name, "many") == 0 && n > 2)
		return stage_many(number, strtoul(words[2], NULL, 0),
				  n > 3 ? strtoul(words[3], NULL, 0) : 0);
	if (strcmp(name, "commit") == 0)
		return end(number, module_commit);
	if (strcmp(name, "abort") == 0)
		return end(number, module_abort);
	return -ENOSYS;
}

static int report(int ret)
{
	const char *said;

	if (ret) {
		said = module ? module_said(module) : NULL;
		printf("error %s %s\n", strerrorname_np(-ret),
		       said ? said : "");
	}
	fflush(stdout);
	return ret ? 1 : 0;
}

static void session(void)
{
	static char line[65536], *words[WORDS_MAX];
	char *word, *rest;
	int n;

	while (fgets(line, sizeof(line), stdin)) {
		n = 0;
		for (word = strtok_r(line, " \n", &rest); word && n < WORDS_MAX;
		     word = strtok_r(NULL, " \n", &rest))
			words[n++] = word;
		if (!report(command(words, n)))
			puts("ok");
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	int ret = module_open(&module);

	if (ret)
		return report(ret);
	if (argc == 2 && strcmp(argv[1], "session") == 0)
		session();
	else
		ret = report(command(argv + 1, argc - 1));
	module_close(module);
	return ret;
}

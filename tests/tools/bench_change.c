// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel takes for a small change of a large policy, against the same
 * change made by hand.
 *
 *	bench_change ROUNDS OLD NEW NAME
 *
 * OLD and NEW are what `nftoffc compile -f netlink` wrote, NEW in another epoch.
 * Each round loads OLD into the network namespace it runs in and sends what
 * delta_build() makes of the two; then loads OLD again and sends of these
 * messages only those about the chain or set NAME, which is what a person would
 * send. Prints the medians in milliseconds, their ratio, and how many messages
 * each has.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/netlink/kernel.h"
#include "runtime/netlink/nl.h"
#include "runtime/ruleset/delta.h"

static void die(const char *what, int error)
{
	fprintf(stderr, "bench_change: %s: %s\n", what, strerror(error));
	exit(EXIT_FAILURE);
}

struct bench {
	struct arena *arena;
	struct nl *nl;
	struct buf old, new;
};

static void read_file(struct buf *buf, const char *path)
{
	FILE *file = fopen(path, "rb");
	char *to;
	size_t n;

	if (!file)
		die(path, errno);
	do {
		to = buf_reserve(buf, 1 << 16);
		n = fread(to, 1, 1 << 16, file);
		buf->n += n;
	} while (n);
	fclose(file);
}

static void send_all(struct bench *b, const struct buf *bytes)
{
	struct nl_errors errors = { .arena = b->arena };
	int ret = nl_commit(b->nl, bytes->p, bytes->n, &errors);

	if (ret || errors.list.n)
		die("send", ret ? -ret : -errors.list.v[0].error);
}

static double timed(struct bench *b, const struct buf *bytes)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	send_all(b, bytes);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - begin.tv_sec) * 1e3 +
	       (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
}

static int handles(const char *chain, const uint64_t **handles, size_t *n,
		   void *data)
{
	struct bench *b = data;

	return kernel_handles(b->nl, b->arena, chain, handles, n);
}

/* @new must live as long as the batch; its messages have no lines. */
static void make_delta(struct bench *b, struct batch *delta)
{
	const struct batch new = { .bytes = b->new };
	struct delta_options options = { .handles = handles,
					 .data = b,
					 .arena = b->arena };
	struct delta_result result;
	int ret;

	ret = delta_build(delta, (struct str){ b->old.p, b->old.n }, &new,
			  &options, &result);
	if (ret)
		die("delta", -ret);
}

static bool is_about(const struct nlmsghdr *message, const char *name)
{
	const struct nlattr *attrs[NFTA_RULE_MAX + 1];

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return true; /* where the batch begins and ends */
	nl_attrs(message, NULL, attrs, NFTA_RULE_MAX);
	return nl_str(attrs[2]) && strcmp(nl_str(attrs[2]), name) == 0;
}

static size_t by_hand(const struct batch *delta, const char *name,
		      struct buf *out)
{
	size_t i, n = 0;

	for (i = 0; i < delta->n; i++) {
		const struct nlmsghdr *message =
			(const void *)(delta->bytes.p +
				       delta->messages[i].offset);

		if (!is_about(message, name))
			continue;
		buf_add(out, message, MNL_ALIGN(message->nlmsg_len));
		n++;
	}
	return n;
}

static void load_old(struct bench *b)
{
	const struct batch_options options = { .remove_only = true };
	struct nl_errors errors = { .arena = b->arena };
	struct batch remove;

	if (batch_build(&remove, NULL, &options))
		die("build", ENOMEM);
	nl_commit(b->nl, remove.bytes.p, remove.bytes.n, &errors);
	batch_free(&remove);
	send_all(b, &b->old);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return (values[n / 2] + values[(n - 1) / 2]) / 2;
}

int main(int argc, char **argv)
{
	struct bench b = { .arena = arena_new() };
	size_t rounds, i, hand_messages = 0, messages = 0;
	double *ours, *hand;

	if (argc != 5 || !(rounds = strtoul(argv[1], NULL, 10)))
		return 2;
	read_file(&b.old, argv[2]);
	read_file(&b.new, argv[3]);
	if (nl_open(&b.nl, NETLINK_NETFILTER))
		die("netlink", errno);
	ours = arena_array(b.arena, rounds, sizeof(*ours));
	hand = arena_array(b.arena, rounds, sizeof(*hand));
	for (i = 0; i < rounds; i++) {
		struct batch delta;
		struct buf single = { 0 };

		load_old(&b);
		make_delta(&b, &delta);
		messages = delta.n;
		ours[i] = timed(&b, &delta.bytes);
		batch_free(&delta);
		load_old(&b);
		make_delta(&b, &delta); /* the handles are others now */
		hand_messages = by_hand(&delta, argv[4], &single);
		hand[i] = timed(&b, &single);
		buf_free(&single);
		batch_free(&delta);
	}
	printf("%.3f %.3f %.2f %zu %zu\n", median(hand, rounds),
	       median(ours, rounds),
	       median(ours, rounds) / median(hand, rounds), hand_messages,
	       messages);
	nl_close(b.nl);
	buf_free(&b.old);
	buf_free(&b.new);
	arena_free(b.arena);
	return EXIT_SUCCESS;
}

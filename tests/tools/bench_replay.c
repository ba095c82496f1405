// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel alone takes for a batch: its bytes, made before, in one send.
 *
 *	bench_replay FILE	prints the milliseconds from send to answer
 *
 * FILE is what `nftoffc compile -f netlink` wrote. The first message behind
 * the batch's beginning is made to ask for an acknowledgement; it comes when
 * all of the batch is done with, and errors come before it.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void die(const char *what, int error)
{
	fprintf(stderr, "bench_replay: %s: %s\n", what, strerror(error));
	exit(EXIT_FAILURE);
}

static char *read_batch(const char *path, size_t *n)
{
	FILE *file = fopen(path, "rb");
	struct nlmsghdr *first;
	char *bytes;
	long size = 0;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0)
		die(path, errno);
	rewind(file);
	bytes = malloc((size_t)size);
	if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size)
		die(path, errno);
	fclose(file);
	*n = (size_t)size;
	first = (struct nlmsghdr *)bytes;
	if (*n < 2 * sizeof(*first) ||
	    first->nlmsg_type != NFNL_MSG_BATCH_BEGIN)
		die(path, EBADMSG);
	first = (struct nlmsghdr *)(bytes + first->nlmsg_len);
	first->nlmsg_flags |= NLM_F_ACK;
	return bytes;
}

static struct mnl_socket *open_socket(size_t n)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	int size = (int)n + 4096, on = 1;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID))
		die("socket", errno);
	mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
	if (setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_SNDBUFFORCE,
		       &size, sizeof(size)))
		die("SO_SNDBUFFORCE", errno);
	return socket;
}

/* The first answer is the acknowledgement, or the first error. */
static void wait_for_answer(struct mnl_socket *socket)
{
	_Alignas(struct nlmsghdr) char answer[8192];
	const struct nlmsghdr *message = (void *)answer;
	const struct nlmsgerr *error;

	if (mnl_socket_recvfrom(socket, answer, sizeof(answer)) < 0)
		die("receive", errno);
	if (message->nlmsg_type != NLMSG_ERROR)
		die("an answer of another kind", EPROTO);
	error = mnl_nlmsg_get_payload(message);
	if (error->error)
		die("refused", -error->error);
}

int main(int argc, char **argv)
{
	struct timespec begin, end;
	struct mnl_socket *socket;
	size_t n;
	char *bytes;

	if (argc != 2) {
		fprintf(stderr, "usage: bench_replay FILE\n");
		return 2;
	}
	bytes = read_batch(argv[1], &n);
	socket = open_socket(n);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (mnl_socket_sendto(socket, bytes, n) != (ssize_t)n)
		die("send", errno);
	wait_for_answer(socket);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.3f\n", (double)(end.tv_sec - begin.tv_sec) * 1e3 +
				 (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
	mnl_socket_close(socket);
	free(bytes);
	return EXIT_SUCCESS;
}

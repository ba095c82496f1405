// SPDX-License-Identifier: GPL-2.0-only
/*
 * nft, run where it can change nothing that anybody sees: a child process makes
 * the namespace, has nft load the text, and reads back what the kernel then
 * has. All of it comes through a pipe, and the namespace ends.
 *
 *	parent <- child: one head, what nft said, the kernel's messages
 *		   child <- nft: standard error; its text is its standard input
 *
 * What must stay true: no shell; nft has no other file, and an environment of
 * our own; it ends, by itself or by its alarm.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/files.h"
#include "runtime/netlink/nl.h"
#include "runtime/trial/scratch.h"
#include "runtime/trial/scratch_parts.h"

#define SECONDS_MAX 60
#define SAID_MAX (64u << 10)
#define MESSAGES_MAX (64u << 20)

/* What comes first through the pipe. */
struct head {
	enum scratch_step step;
	int error, status;
	size_t said, messages; /* bytes that follow */
};

/*
 * In the child
 */

/*
 * A program that is begun keeps its privilege in the namespace only if it is
 * root there.
 */
static int become_root(uid_t uid, gid_t gid)
{
	char uids[32], gids[32];
	struct {
		const char *path, *text;
	} files[] = { { "/proc/self/setgroups", "deny" },
		      { "/proc/self/uid_map", uids },
		      { "/proc/self/gid_map", gids } };
	size_t i;
	int fd, ret;

	snprintf(uids, sizeof(uids), "0 %u 1", uid);
	snprintf(gids, sizeof(gids), "0 %u 1", gid);
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		fd = open(files[i].path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		ret = files_write(fd, files[i].text, strlen(files[i].text));
		close(fd);
		if (ret)
			return ret;
	}
	return 0;
}

static int enter(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	bool users;
	int ret = scratch_enter(&users);

	return ret || !users ? ret : become_root(uid, gid);
}

static void run_nft(int in, int out)
{
	static const char *const paths[] = { "/usr/sbin/nft", "/sbin/nft",
					     "/usr/local/sbin/nft",
					     "/usr/bin/nft" };
	static char *const args[] = { "nft", "-f", "-", NULL };
	static char *const environment[] = { "PATH=/usr/sbin:/sbin", "LC_ALL=C",
					     NULL };
	size_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	alarm(SECONDS_MAX);
	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		execve(paths[i], args, environment);
	_exit(127);
}

static int text_file(struct str text)
{
	int fd = memfd_create("nftoffc", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (files_write(fd, text.p, text.n) || lseek(fd, 0, SEEK_SET)) {
		close(fd);
		return -EIO;
	}
	return fd;
}

/* All of it, so that nobody waits for us; but not all of it is kept. */
static void read_said(int fd, struct buf *said)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0 ||
	       (n < 0 && errno == EINTR))
		if (n > 0 && said->n + (size_t)n <= SAID_MAX)
			buf_add(said, bytes, (size_t)n);
}

static int load(struct str text, struct scratch_text *out)
{
	int in = text_file(text), fds[2];
	pid_t pid;

	if (in < 0)
		return in;
	if (pipe2(fds, O_CLOEXEC)) {
		close(in);
		return -errno;
	}
	pid = fork();
	if (pid == 0)
		run_nft(in, fds[1]);
	close(in);
	close(fds[1]);
	if (pid > 0)
		read_said(fds[0], &out->said);
	close(fds[0]);
	if (pid < 0)
		return -EAGAIN;
	while (waitpid(pid, &out->status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int keep(const struct nlmsghdr *message, void *data)
{
	struct buf *messages = data;

	if (messages->n + message->nlmsg_len > MESSAGES_MAX)
		return -EFBIG;
	buf_add(messages, message, MNL_ALIGN(message->nlmsg_len));
	return 0;
}

/* The table is attribute 1 of each of these. */
static int dump(struct nl *nl, uint8_t message, const char *set,
		struct buf *messages)
{
	struct nl_room room;
	struct nlmsghdr *request;

	request = nl_request(&room, NFT(message), NFPROTO_INET);
	mnl_attr_put_strz(request, NFTA_RULE_TABLE, IR_TABLE);
	if (set)
		mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_SET, set);
	return nl_dump(nl, request, keep, messages);
}

static int dump_elements(struct nl *nl, struct buf *messages)
{
	struct buf elements = { 0 };
	const struct nlmsghdr *message = (const void *)messages->p;
	int left = (int)messages->n, ret = 0;

	while (!ret && nl_message_ok(message, left)) {
		const struct nlattr *attrs[NFTA_SET_MAX + 1];
		const char *name;

		nl_attrs(message, NULL, attrs, NFTA_SET_MAX);
		name = nl_str(attrs[NFTA_SET_NAME]);
		if (name &&
		    nl_be32(attrs[NFTA_SET_FLAGS], 0) & NFT_SET_ANONYMOUS)
			ret = dump(nl, NFT_MSG_GETSETELEM, name, &elements);
		message = mnl_nlmsg_next(message, &left);
	}
	if (!ret)
		buf_add(messages, elements.p, elements.n);
	buf_free(&elements);
	return ret;
}

static int read_back(struct buf *messages)
{
	struct nl *nl;
	int ret = nl_open(&nl, NETLINK_NETFILTER);

	if (ret)
		return ret;
	ret = dump(nl, NFT_MSG_GETSET, NULL, messages);
	if (!ret && messages->n)
		ret = dump_elements(nl, messages);
	if (!ret)
		ret = dump(nl, NFT_MSG_GETRULE, NULL, messages);
	nl_close(nl);
	return ret;
}

static enum scratch_step work(struct str text, const struct ir *ir,
			      struct scratch_text *out, int *error)
{
	*error = enter();
	if (*error)
		return SCRATCH_NAMESPACE;
	*error = ir ? scratch_devices(ir) : 0;
	if (*error)
		return SCRATCH_DEVICE;
	*error = load(text, out);
	if (*error)
		return SCRATCH_PROCESS;
	if (WIFEXITED(out->status) && WEXITSTATUS(out->status) == 127) {
		*error = -ENOENT;
		return SCRATCH_PROGRAM;
	}
	if (out->status)
		return SCRATCH_DONE;
	*error = read_back(&out->messages);
	return *error ? SCRATCH_NETLINK : SCRATCH_DONE;
}

/* scratch_load()'s arguments. */
struct loading {
	struct str text;
	const struct ir *ir;
	struct scratch_text *out;
};

static void child(int fd, void *data)
{
	const struct loading *loading = data;
	struct scratch_text out = { 0 };
	struct head head = { 0 };

	head.step = work(loading->text, loading->ir, &out, &head.error);
	head.status = out.status;
	head.said = out.said.n;
	head.messages = out.messages.n;
	if (files_write(fd, &head, sizeof(head)) ||
	    files_write(fd, out.said.p, out.said.n) ||
	    files_write(fd, out.messages.p, out.messages.n))
		_exit(1);
}

/*
 * In the parent
 */

static bool read_buf(int fd, struct buf *buf, size_t n)
{
	bool ok = scratch_read(fd, buf_reserve(buf, n + 1), n);

	if (ok)
		buf->n = n;
	return ok;
}

static enum scratch_step hear(int fd, void *data, int *error)
{
	struct scratch_text *out = ((struct loading *)data)->out;
	struct head head;

	*error = -ECHILD;
	if (!scratch_read(fd, &head, sizeof(head)) ||
	    !read_buf(fd, &out->said, head.said) ||
	    !read_buf(fd, &out->messages, head.messages))
		return SCRATCH_PROCESS;
	*error = head.error;
	out->status = head.status;
	return head.step;
}

enum scratch_step scratch_load(struct str text, const struct ir *ir,
			       struct scratch_text *out, int *error)
{
	struct loading loading = { text, ir, out };

	return scratch_ask(&(struct scratch_question){ child, hear, &loading },
			   error);
}

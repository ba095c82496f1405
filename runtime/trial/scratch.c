// SPDX-License-Identifier: GPL-2.0-only
/*
 * A child process makes the namespace, the devices and the commit, and writes
 * what the kernel said into a pipe; it ends, and with it the namespace.
 *
 * Without privilege in the first namespace the send buffer cannot grow: a
 * larger batch is then sent as several transactions. That is not atomic, which
 * is fine where nobody looks. An anonymous set and the rule that uses it stay
 * together.
 *
 * Source: rtnetlink(7), uapi if_link.h, nf_tables.h, nfnetlink.h.
 */
#include "runtime/trial/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/files.h"
#include "runtime/netlink/kernel.h"
#include "runtime/trial/scratch_parts.h"

#define TEXT_MAX 120

/* What goes through the pipe: errors, then one that ends them. */
struct report {
	enum scratch_step step; /* of the last one */
	bool last, lost;
	uint32_t seq, offset;
	int error;
	char text[TEXT_MAX];
};

/*
 * In the child
 */

static int make_device(struct nl *nl, const char *name, const char *kind)
{
	struct nl_room room;
	struct nlmsghdr *request = mnl_nlmsg_put_header(&room);
	struct nlattr *info;

	request->nlmsg_type = RTM_NEWLINK;
	request->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(request, info);
	return nl_ask(nl, request, NULL, NULL);
}

/* Of the first kind that this kernel has. */
static int make_any_device(struct nl *nl, const char *name)
{
	static const char *const kinds[] = { "dummy", "ifb", "bridge", "veth" };
	int ret = -EOPNOTSUPP;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		ret = make_device(nl, name, kinds[i]);
		if (ret != -EOPNOTSUPP)
			break;
	}
	/* The loopback device is there already; so is one listed twice. */
	return ret == -EEXIST ? 0 : ret;
}

int scratch_devices(const struct ir *ir)
{
	const struct ir_flowtable *flowtable;
	struct nl *nl;
	int ret;
	size_t i;

	ret = nl_open(&nl, NETLINK_ROUTE);
	if (ret)
		return ret;
	for (flowtable = ir->flowtables; !ret && flowtable;
	     flowtable = flowtable->next)
		for (i = 0; !ret && i < flowtable->ndevices; i++)
			ret = make_any_device(nl, flowtable->devices[i]);
	nl_close(nl);
	return ret;
}

static bool is_type(const struct nlmsghdr *message, uint8_t type)
{
	return NFNL_SUBSYS_ID(message->nlmsg_type) == NFNL_SUBSYS_NFTABLES &&
	       NFNL_MSG_TYPE(message->nlmsg_type) == type;
}

static bool is_anonymous_set(const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_SET_MAX + 1];

	if (!is_type(message, NFT_MSG_NEWSET))
		return false;
	nl_attrs(message, NULL, attrs, NFTA_SET_MAX);
	return nl_be32(attrs[NFTA_SET_FLAGS], 0) & NFT_SET_ANONYMOUS;
}

/* The messages from @p on that make one transaction of up to @room bytes. */
static size_t part_of(const char *p, size_t left, size_t room)
{
	const struct nlmsghdr *message;
	bool open = false;
	size_t n = 0, good = 0;

	while (n < left && (n <= room || !good)) {
		message = (const struct nlmsghdr *)(p + n);
		if (is_anonymous_set(message))
			open = true;
		if (is_type(message, NFT_MSG_NEWRULE))
			open = false;
		n += MNL_ALIGN(message->nlmsg_len);
		if (!open && (n <= room || !good))
			good = n;
	}
	return good ? good : n;
}

static int commit_parts(struct nl *nl, const struct batch *batch, size_t room,
			struct nl_errors *errors)
{
	/* Without the batch's own BEGIN and END. */
	const char *p = batch->bytes.p + batch->messages[1].offset;
	size_t left = batch->messages[batch->n - 1].offset -
		      batch->messages[1].offset;
	struct buf part = { 0 };
	int ret = 0;
	size_t n;

	while (!ret && left > 0 && !errors->list.n) {
		n = part_of(p, left, room - 64);
		part.n = 0;
		nl_put_bracket(&part, NFNL_MSG_BATCH_BEGIN, 0, 0);
		buf_add(&part, p, n);
		nl_put_bracket(&part, NFNL_MSG_BATCH_END, 0, 0);
		ret = nl_commit(nl, part.p, part.n, errors);
		p += n;
		left -= n;
	}
	buf_free(&part);
	return ret;
}

static int commit_any(struct nl *nl, const struct batch *batch,
		      struct nl_errors *errors)
{
	size_t room = nl_room_to_send(nl, batch->bytes.n);

	if (room >= batch->bytes.n)
		return nl_commit(nl, batch->bytes.p, batch->bytes.n, errors);
	return commit_parts(nl, batch, room, errors);
}

static enum scratch_step commit(const struct batch *batch,
				struct nl_errors *errors, int *error)
{
	enum scratch_step step = SCRATCH_NETLINK;
	uint32_t before, after;
	struct nl *nl;

	*error = nl_open(&nl, NETLINK_NETFILTER);
	if (*error)
		return step;
	*error = kernel_genid(nl, &before);
	if (!*error)
		*error = commit_any(nl, batch, errors);
	if (!*error)
		*error = kernel_genid(nl, &after);
	if (*error)
		goto close_nl;
	step = SCRATCH_DONE;
	if (!errors->list.n && !errors->lost && before == after)
		step = SCRATCH_COMMIT;
close_nl:
	nl_close(nl);
	return step;
}

/* With privilege a namespace of our own kind: the send buffer may grow. */
int scratch_enter(bool *users)
{
	*users = unshare(CLONE_NEWNET);
	if (*users && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return -errno;
	return 0;
}

static enum scratch_step work(const struct ir *ir, const struct batch *batch,
			      struct nl_errors *errors, int *error)
{
	bool users;

	*error = scratch_enter(&users);
	if (*error)
		return SCRATCH_NAMESPACE;
	*error = scratch_devices(ir);
	if (*error)
		return SCRATCH_DEVICE;
	return commit(batch, errors, error);
}

static void tell(int fd, const struct report *report)
{
	/* Nobody listens any more: then nobody wants to know. */
	if (files_write(fd, report, sizeof(*report)))
		_exit(1);
}

/* scratch_try()'s arguments. */
struct trial {
	const struct ir *ir;
	const struct batch *batch;
	struct nl_errors *errors;
};

static void child(int fd, void *data)
{
	const struct trial *trial = data;
	struct nl_errors errors = { .arena = arena_new() };
	struct report last = { .last = true };
	size_t i;

	last.step = work(trial->ir, trial->batch, &errors, &last.error);
	last.lost = errors.lost;
	for (i = 0; i < errors.list.n; i++) {
		const struct nl_error *e = &errors.list.v[i];
		struct report report = { .seq = e->seq,
					 .offset = e->offset,
					 .error = e->error };

		if (e->text)
			strncpy(report.text, e->text, TEXT_MAX - 1);
		tell(fd, &report);
	}
	tell(fd, &last);
}

/*
 * In the parent
 */

static enum scratch_step hear(int fd, void *data, int *error)
{
	struct nl_errors *errors = ((struct trial *)data)->errors;
	struct report report;
	struct nl_error *e;

	while (scratch_read(fd, &report, sizeof(report))) {
		report.text[TEXT_MAX - 1] = '\0';
		if (report.last) {
			errors->lost = report.lost;
			*error = report.error;
			return report.step;
		}
		e = vec_push(errors->arena, &errors->list);
		*e = (struct nl_error){ report.seq, report.error, report.offset,
					NULL };
		if (report.text[0])
			e->text = arena_strndup(errors->arena, report.text,
						strlen(report.text));
	}
	*error = -ECHILD;
	return SCRATCH_PROCESS;
}

enum scratch_step scratch_try(const struct ir *ir, const struct batch *batch,
			      struct nl_errors *errors, int *error)
{
	struct trial trial = { ir, batch, errors };

	return scratch_ask(&(struct scratch_question){ child, hear, &trial },
			   error);
}

/*
 * Both ends
 */

bool scratch_read(int fd, void *into, size_t n)
{
	size_t got = 0;
	ssize_t part;

	while (got < n) {
		part = read(fd, (char *)into + got, n - got);
		if (part < 0 && errno == EINTR)
			continue;
		if (part <= 0)
			return false;
		got += (size_t)part;
	}
	return true;
}

enum scratch_step scratch_ask(const struct scratch_question *question,
			      int *error)
{
	enum scratch_step step = SCRATCH_PROCESS;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC)) {
		*error = -errno;
		return step;
	}
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		question->child(fds[1], question->data);
		_exit(0);
	}
	*error = -errno;
	close(fds[1]);
	if (pid > 0) {
		step = question->hear(fds[0], question->data, error);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(fds[0]);
	return step;
}

struct words {
	const char *phrase, *help;
};

static const struct words words[] = {
	[SCRATCH_PROCESS] = { "cannot start a process for the kernel check",
			      "there may be too little memory" },
	[SCRATCH_NAMESPACE] = { "cannot make a namespace for the kernel check",
				"run as root, or let users make them: sysctl "
				"kernel.unprivileged_userns_clone=1 and "
				"user.max_net_namespaces" },
	[SCRATCH_DEVICE] = { "cannot make a device for the kernel check",
			     "this kernel needs one of the drivers dummy, ifb, "
			     "bridge, veth" },
	[SCRATCH_NETLINK] = { "cannot ask the kernel",
			      "it needs CONFIG_NETFILTER_NETLINK and "
			      "CONFIG_NF_TABLES_INET" },
	[SCRATCH_COMMIT] = { "the kernel neither refused nor committed the "
			     "policy",
			     "please report this" },
	[SCRATCH_PROGRAM] = { "cannot run nft, which the rules in \"raw\" "
			      "need",
			      "install nftables; nothing else needs it" },
};

const char *scratch_phrase(enum scratch_step step)
{
	return words[step].phrase;
}

const char *scratch_help(enum scratch_step step)
{
	return words[step].help;
}

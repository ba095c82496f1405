// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading our table. It takes several dumps, and each may be split into
 * several answers: the generation before and after them, and the kernel's mark
 * on an interrupted dump, tell whether they belong together; if not, all is
 * read again.
 *
 * Source: uapi nf_tables.h.
 */
#include "runtime/netlink/kernel.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "runtime/netlink/fingerprint.h"
#include "runtime/netlink/nl.h"

#define TRIES 50
/* So many rules are read by one dump. */
#define ONE_DUMP 4000
/* nft's userdata of a rule is a list of type, length, value; 0 is a comment. */
#define UDATA_COMMENT 0

/* What is wanted besides names and the record. */
struct wanted {
	bool rules, elements;
	const struct kernel_parts *parts; /* NULL: none */
	struct buf *messages;		  /* all that is told; NULL: is not */
};

struct reader {
	struct kernel *kernel;
	const struct wanted *wanted;
	struct fingerprint fingerprint;
	uint64_t uses; /* of all chains: their rules, and jumps to them */
	VEC(const char *) anonymous; /* sets, if the messages are kept */
};

/* The call itself: a C library need not pass on what the kernel says of it. */
int32_t kernel_east(void)
{
	struct timezone zone = { 0 };

#ifdef SYS_gettimeofday
	syscall(SYS_gettimeofday, NULL, &zone);
#elif defined SYS_gettimeofday_time32
	syscall(SYS_gettimeofday_time32, NULL, &zone);
#endif
	return -60 * zone.tz_minuteswest;
}

static int see_genid(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[NFTA_GEN_MAX + 1];
	uint32_t *genid = data;

	nl_attrs(message, NULL, attrs, NFTA_GEN_MAX);
	*genid = nl_be32(attrs[NFTA_GEN_ID], 0);
	return 0;
}

bool kernel_only_translates(const struct kernel *kernel)
{
	const struct names *names = &kernel->names;

	return !kernel->recorded && names->chains.n == 1 &&
	       strcmp(names->chains.v[0].name, LOWER_TRANSLATED) == 0;
}

int kernel_genid(struct nl *nl, uint32_t *genid)
{
	struct nl_room room;
	int ret;

	*genid = 0;
	ret = nl_ask(nl, nl_request(&room, NFT(NFT_MSG_GETGEN), AF_UNSPEC),
		     see_genid, genid);
	/* No such subsystem, and no module for it. */
	if (ret == -EINVAL || ret == -EOPNOTSUPP)
		return -EPROTONOSUPPORT;
	return ret ? ret : *genid ? 0 : -EPROTO;
}

/* A comment is there whole, NUL included, or it is none. */
const char *kernel_comment(const struct nlattr *userdata)
{
	const uint8_t *p = mnl_attr_get_payload(userdata);
	size_t n = mnl_attr_get_payload_len(userdata), len;

	while (n >= 2) {
		len = p[1];
		if (len > n - 2)
			return NULL;
		if (p[0] == UDATA_COMMENT)
			return len && !p[2 + len - 1] ? (const char *)p + 2 :
							NULL;
		p += 2 + len;
		n -= 2 + len;
	}
	return NULL;
}

static void see_record(struct kernel *kernel, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_RULE_MAX + 1];
	const char *chain, *comment;
	struct ir_record record;
	struct ir_flow_row row;

	if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWRULE)
		return;
	nl_attrs(message, NULL, attrs, NFTA_RULE_MAX);
	chain = nl_str(attrs[NFTA_RULE_CHAIN]);
	if (!chain || strcmp(chain, IR_RECORD_CHAIN) != 0 ||
	    !attrs[NFTA_RULE_USERDATA])
		return;
	comment = kernel_comment(attrs[NFTA_RULE_USERDATA]);
	if (!comment)
		return;
	if (ir_record_parse(comment, &record)) {
		kernel->record = record;
		kernel->recorded = true;
	}
	if (ir_flow_parse(comment, &row))
		*vec_push(kernel->names.arena, &kernel->flows) = row;
}

/* Is the message about our table? Not every kernel filters a dump by it. */
static bool is_ours(const struct nlmsghdr *message)
{
	const struct nlattr *attrs[2];
	const char *table;

	nl_attrs(message, NULL, attrs, 1);
	table = nl_str(attrs[1]);
	return table && strcmp(table, IR_TABLE) == 0;
}

static void count_uses(struct reader *reader, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_CHAIN_MAX + 1];

	if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWCHAIN)
		return;
	nl_attrs(message, NULL, attrs, NFTA_CHAIN_MAX);
	reader->uses += nl_be32(attrs[NFTA_CHAIN_USE], 0);
}

void kernel_see(struct kernel *kernel, struct fingerprint *fingerprint,
		const struct nlmsghdr *message)
{
	if (!is_ours(message))
		return;
	names_add(&kernel->names, message);
	fingerprint_add(fingerprint, message);
	see_record(kernel, message);
}

static void note_anonymous(struct reader *reader,
			   const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_SET_MAX + 1];
	const char *name;

	if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWSET)
		return;
	nl_attrs(message, NULL, attrs, NFTA_SET_MAX);
	name = nl_str(attrs[NFTA_SET_NAME]);
	if (name && nl_be32(attrs[NFTA_SET_FLAGS], 0) & NFT_SET_ANONYMOUS)
		*vec_push(reader->kernel->names.arena, &reader->anonymous) =
			arena_strndup(reader->kernel->names.arena, name,
				      strlen(name));
}

static void keep_message(struct reader *reader, const struct nlmsghdr *message)
{
	struct buf *messages = reader->wanted->messages;
	size_t n = MNL_ALIGN(message->nlmsg_len);

	memset(buf_reserve(messages, n), 0, n);
	memcpy(messages->p + messages->n, message, message->nlmsg_len);
	messages->n += n;
	note_anonymous(reader, message);
}

static int see(const struct nlmsghdr *message, void *data)
{
	struct reader *reader = data;

	if (is_ours(message))
		count_uses(reader, message);
	if (is_ours(message) && reader->wanted->messages)
		keep_message(reader, message);
	kernel_see(reader->kernel, &reader->fingerprint, message);
	return 0;
}

static int dump(struct nl *nl, uint8_t message, const char *chain,
		struct reader *reader)
{
	struct nl_room room;
	struct nlmsghdr *request;
	int ret;

	request = nl_request(&room, NFT(message), NFPROTO_INET);
	mnl_attr_put_strz(request, NFTA_RULE_TABLE, IR_TABLE);
	if (chain)
		mnl_attr_put_strz(request, NFTA_RULE_CHAIN, chain);
	ret = nl_dump(nl, request, see, reader);
	/* The table, or the chain, went away meanwhile. */
	return ret == -ENOENT ? 0 : ret;
}

static int get_table(struct nl *nl, struct reader *reader)
{
	struct nl_room room;
	struct nlmsghdr *request;
	int ret;

	request = nl_request(&room, NFT(NFT_MSG_GETTABLE), NFPROTO_INET);
	mnl_attr_put_strz(request, NFTA_TABLE_NAME, IR_TABLE);
	ret = nl_ask(nl, request, see, reader);
	return ret == -ENOENT ? 0 : ret;
}

/*
 * The kernel answers 32 KB at a time, and each time walks from the table's
 * first rule to where it was: many rules are read chain by chain.
 */
static int dump_rules(struct nl *nl, struct reader *reader)
{
	const struct names *names = &reader->kernel->names;
	int ret = 0;
	size_t i;

	if (reader->uses <= ONE_DUMP)
		return dump(nl, NFT_MSG_GETRULE, NULL, reader);
	for (i = 0; !ret && i < names->chains.n; i++)
		ret = dump(nl, NFT_MSG_GETRULE, names->chains.v[i].name,
			   reader);
	return ret;
}

/* The elements of one set. */
static int dump_elements(struct nl *nl, const char *set, struct reader *reader)
{
	struct nl_room room;
	struct nlmsghdr *request;
	int ret;

	request = nl_request(&room, NFT(NFT_MSG_GETSETELEM), NFPROTO_INET);
	mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_TABLE, IR_TABLE);
	mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_SET, set);
	ret = nl_dump(nl, request, see, reader);
	return ret == -ENOENT ? 0 : ret;
}

/* Dynamic ones are others' to change. */
static int dump_static(struct nl *nl, const struct table_set *set,
		       struct reader *reader)
{
	if (set->flags & (NFT_SET_TIMEOUT | NFT_SET_EVAL))
		return 0;
	return dump_elements(nl, set->name, reader);
}

static int dump_all_elements(struct nl *nl, struct reader *reader)
{
	const struct names *names = &reader->kernel->names;
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < names->sets.n; i++)
		ret = dump_static(nl, &names->sets.v[i], reader);
	return ret;
}

static int dump_anonymous(struct nl *nl, struct reader *reader)
{
	struct fingerprint fingerprint = reader->fingerprint;
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < reader->anonymous.n; i++)
		ret = dump_elements(nl, reader->anonymous.v[i], reader);
	/* In which they have no part: whoever reads less has it, too. */
	reader->fingerprint = fingerprint;
	return ret;
}

static const struct table_set *find_set(const struct names *names,
					const char *name)
{
	size_t i;

	for (i = 0; i < names->sets.n; i++)
		if (strcmp(names->sets.v[i].name, name) == 0)
			return &names->sets.v[i];
	return NULL;
}

/* The record's chain is read in any case. */
static int dump_parts(struct nl *nl, struct reader *reader)
{
	const struct kernel_parts *parts = reader->wanted->parts;
	const struct table_set *set;
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < parts->nsets; i++) {
		set = find_set(&reader->kernel->names, parts->sets[i]);
		if (set)
			ret = dump_static(nl, set, reader);
	}
	for (i = 0; !ret && i < parts->nchains; i++)
		if (strcmp(parts->chains[i], IR_RECORD_CHAIN) != 0)
			ret = dump(nl, NFT_MSG_GETRULE, parts->chains[i],
				   reader);
	return ret;
}

static int dump_table(struct nl *nl, struct reader *reader)
{
	/* Chains have no filter by table: the attribute is not looked at. */
	static const uint8_t kinds[] = { NFT_MSG_GETCHAIN, NFT_MSG_GETSET,
					 NFT_MSG_GETOBJ, NFT_MSG_GETFLOWTABLE };
	size_t i;
	int ret;

	for (i = 0; i < sizeof(kinds); i++) {
		ret = dump(nl, kinds[i], NULL, reader);
		/* A kernel without flowtables may not know the message. */
		if (ret && !(kinds[i] == NFT_MSG_GETFLOWTABLE &&
			     (ret == -EOPNOTSUPP || ret == -EINVAL)))
			return ret;
	}
	if (reader->wanted->elements) {
		ret = dump_all_elements(nl, reader);
		if (ret)
			return ret;
	}
	ret = dump_anonymous(nl, reader);
	if (ret)
		return ret;
	if (reader->wanted->rules)
		return dump_rules(nl, reader);
	ret = dump(nl, NFT_MSG_GETRULE, IR_RECORD_CHAIN, reader);
	return ret || !reader->wanted->parts ? ret : dump_parts(nl, reader);
}

static int read_once(struct nl *nl, struct arena *arena,
		     const struct wanted *wanted, struct kernel *kernel)
{
	struct reader reader = { .kernel = kernel, .wanted = wanted };
	uint32_t genid;
	int ret;

	*kernel = (struct kernel){ .names.arena = arena };
	if (wanted->messages)
		wanted->messages->n = 0;
	ret = kernel_genid(nl, &kernel->genid);
	if (!ret)
		ret = get_table(nl, &reader);
	if (!ret && kernel->names.exists)
		ret = dump_table(nl, &reader);
	if (!ret)
		ret = kernel_genid(nl, &genid);
	if (!ret && genid != kernel->genid)
		ret = -EINTR;
	kernel->fingerprint = reader.fingerprint.sum;
	return ret;
}

static int read_table(struct nl *nl, struct arena *arena,
		      const struct wanted *wanted, struct kernel *kernel)
{
	struct arena_mark mark = arena_mark(arena);
	int ret = -EINTR, i;

	for (i = 0; i < TRIES && (ret == -EINTR || ret == -ENOBUFS); i++) {
		arena_reset(arena, mark);
		ret = read_once(nl, arena, wanted, kernel);
	}
	return ret;
}

int kernel_read(struct nl *nl, struct arena *arena, struct kernel *kernel)
{
	static const struct wanted nothing;

	return read_table(nl, arena, &nothing, kernel);
}

int kernel_read_parts(struct nl *nl, struct arena *arena,
		      const struct kernel_parts *parts, struct kernel *kernel)
{
	const struct wanted wanted = { .parts = parts };

	return read_table(nl, arena, &wanted, kernel);
}

int kernel_read_all(struct nl *nl, struct arena *arena, size_t elements,
		    struct kernel *kernel)
{
	const struct wanted wanted = {
		.rules = true,
		.elements = elements <= KERNEL_ELEMENTS_MAX,
	};

	return read_table(nl, arena, &wanted, kernel);
}

int kernel_read_messages(struct nl *nl, struct arena *arena, size_t elements,
			 struct buf *messages, struct kernel *kernel)
{
	const struct wanted wanted = {
		.rules = true,
		.elements = elements <= KERNEL_ELEMENTS_MAX,
		.messages = messages,
	};

	return read_table(nl, arena, &wanted, kernel);
}

struct handles {
	struct arena *arena;
	VEC(uint64_t) list;
};

static int see_handle(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[NFTA_RULE_MAX + 1];
	struct handles *handles = data;

	nl_attrs(message, NULL, attrs, NFTA_RULE_MAX);
	if (is_ours(message) && attrs[NFTA_RULE_HANDLE])
		*vec_push(handles->arena, &handles->list) =
			nl_be64(attrs[NFTA_RULE_HANDLE], 0);
	return 0;
}

int kernel_handles(struct nl *nl, struct arena *arena, const char *chain,
		   const uint64_t **handles, size_t *n)
{
	struct handles all = { .arena = arena };
	struct nl_room room;
	struct nlmsghdr *request;
	int ret;

	request = nl_request(&room, NFT(NFT_MSG_GETRULE), NFPROTO_INET);
	mnl_attr_put_strz(request, NFTA_RULE_TABLE, IR_TABLE);
	mnl_attr_put_strz(request, NFTA_RULE_CHAIN, chain);
	ret = nl_dump(nl, request, see_handle, &all);
	*handles = all.list.v;
	*n = all.list.n;
	return ret;
}

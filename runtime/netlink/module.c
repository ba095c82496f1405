// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel module, by generic netlink: kmod/uapi/nftoffc.h says what it
 * understands.
 *
 * An answer is taken apart attribute by attribute, each with its length looked
 * at: the module may be newer or older than we are. What we do not know is
 * passed over, what is missing is zero.
 */
#include "runtime/netlink/module.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/netlink/nl.h"

/* Room for a request; a message of STAGE is filled up to its half. */
#define REQUEST_MAX (64u * 1024)
#define STAGE_FULL (32u * 1024)
/* An attribute's length is 16 bits. */
#define IDS_MAX 8192

struct module {
	struct nl *nl;
	uint16_t family;
	uint32_t group;
	_Alignas(8) char request[REQUEST_MAX];
};

/*
 * Attributes
 */

/* Those of a message of generic netlink (@nest NULL) or of a nest. */
static void attrs_of(const struct nlmsghdr *message, const struct nlattr *nest,
		     const struct nlattr **attrs, unsigned int max)
{
	nl_attrs_behind(message, sizeof(struct genlmsghdr), nest, attrs, max);
}

/* An integer of whatever length, in host order; 0 if it is not there. */
static uint64_t number(const struct nlattr *attr)
{
	switch (attr ? mnl_attr_get_payload_len(attr) : 0) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		return mnl_attr_get_u64(attr);
	}
	return 0;
}

static bool bytes(const struct nlattr *attr, void *to, size_t n)
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	if (len)
		memcpy(to, mnl_attr_get_payload(attr), len < n ? len : n);
	return len > 0;
}

/*
 * Requests
 */

static struct nlmsghdr *request(struct module *m, uint16_t type, uint8_t cmd,
				uint8_t version)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(m->request);
	struct genlmsghdr *genl;

	message->nlmsg_type = type;
	genl = mnl_nlmsg_put_extra_header(message, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return message;
}

static struct nlmsghdr *ask_module(struct module *m, uint8_t cmd)
{
	return request(m, m->family, cmd, NFTOFFC_GENL_VERSION);
}

static uint8_t cmd_of(const struct nlmsghdr *message)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(message);

	return mnl_nlmsg_get_payload_len(message) >= sizeof(*genl) ? genl->cmd :
								     0;
}

static void see_group(struct module *m, const struct nlattr *groups)
{
	const struct nlattr *attrs[CTRL_ATTR_MCAST_GRP_MAX + 1], *group;

	mnl_attr_for_each_nested(group, groups)
	{
		attrs_of(NULL, group, attrs, CTRL_ATTR_MCAST_GRP_MAX);
		m->group = (uint32_t)number(attrs[CTRL_ATTR_MCAST_GRP_ID]);
	}
}

static int see_family(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[CTRL_ATTR_MAX + 1];
	struct module *m = data;

	attrs_of(message, NULL, attrs, CTRL_ATTR_MAX);
	m->family = (uint16_t)number(attrs[CTRL_ATTR_FAMILY_ID]);
	if (attrs[CTRL_ATTR_MCAST_GROUPS])
		see_group(m, attrs[CTRL_ATTR_MCAST_GROUPS]);
	return 0;
}

/* The kernel loads the module if there is one for it. */
static int find_family(struct module *m)
{
	struct nlmsghdr *message;
	int ret;

	message = request(m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, NFTOFFC_GENL_NAME);
	ret = nl_ask(m->nl, message, see_family, m);
	if (!ret && !m->family)
		ret = -EPROTO;
	return ret;
}

int module_open(struct module **module)
{
	struct module *m = calloc(1, sizeof(*m));
	int ret;

	if (!m)
		return -ENOMEM;
	ret = nl_open(&m->nl, NETLINK_GENERIC);
	if (!ret)
		ret = find_family(m);
	if (ret) {
		module_close(m);
		return ret;
	}
	*module = m;
	return 0;
}

void module_close(struct module *m)
{
	if (!m)
		return;
	nl_close(m->nl);
	free(m);
}

const char *module_said(const struct module *m)
{
	return nl_said(m->nl);
}

/*
 * What is asked of a connection
 */

static void put_address(struct nlmsghdr *message, uint8_t family, uint16_t attr,
			uint16_t len_attr, const uint8_t *address, uint8_t len)
{
	mnl_attr_put(message, attr, family == AF_INET ? 4 : 16, address);
	mnl_attr_put_u8(message, len_attr, len);
}

static void put_ports(struct nlmsghdr *message, uint16_t attr,
		      uint16_t max_attr, uint16_t min, uint16_t max)
{
	mnl_attr_put_u16(message, attr, min);
	mnl_attr_put_u16(message, max_attr, max);
}

static void put_addresses_and_ports(struct nlmsghdr *message,
				    const struct module_match *m)
{
	if (m->has_source)
		put_address(message, m->family, NFTOFFC_M_SOURCE,
			    NFTOFFC_M_SOURCE_LEN, m->source, m->source_len);
	if (m->has_destination)
		put_address(message, m->family, NFTOFFC_M_DESTINATION,
			    NFTOFFC_M_DESTINATION_LEN, m->destination,
			    m->destination_len);
	if (m->has_sport)
		put_ports(message, NFTOFFC_M_SPORT, NFTOFFC_M_SPORT_MAX,
			  m->sport_min, m->sport_max);
	if (m->has_dport)
		put_ports(message, NFTOFFC_M_DPORT, NFTOFFC_M_DPORT_MAX,
			  m->dport_min, m->dport_max);
}

/* A nest of type @attr. */
static void put_match(struct nlmsghdr *message, uint16_t attr,
		      const struct module_match *m)
{
	struct nlattr *nest = mnl_attr_nest_start(message, attr);

	if (m->family)
		mnl_attr_put_u8(message, NFTOFFC_M_FAMILY, m->family);
	if (m->protocol)
		mnl_attr_put_u8(message, NFTOFFC_M_PROTOCOL, m->protocol);
	put_addresses_and_ports(message, m);
	if (m->mark_mask) {
		mnl_attr_put_u32(message, NFTOFFC_M_MARK, m->mark);
		mnl_attr_put_u32(message, NFTOFFC_M_MARK_MASK, m->mark_mask);
	}
	if (m->has_zone)
		mnl_attr_put_u16(message, NFTOFFC_M_ZONE, m->zone);
	if (m->in)
		mnl_attr_put_strz(message, NFTOFFC_M_IN, m->in);
	if (m->out)
		mnl_attr_put_strz(message, NFTOFFC_M_OUT, m->out);
	if (m->device)
		mnl_attr_put_strz(message, NFTOFFC_M_DEVICE, m->device);
	if (m->cookie)
		mnl_attr_put_u32(message, NFTOFFC_M_COOKIE, m->cookie);
	mnl_attr_nest_end(message, nest);
}

/*
 * INFO
 */

static int see_info(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *a[NFTOFFC_A_MAX + 1];
	struct module_info *info = data;

	attrs_of(message, NULL, a, NFTOFFC_A_MAX);
	*info = (struct module_info){
		.abi = (uint32_t)number(a[NFTOFFC_A_ABI]),
		.state = (enum nftoffc_state)number(a[NFTOFFC_A_STATE]),
		.generation = number(a[NFTOFFC_A_GENERATION]),
		.has_former = a[NFTOFFC_A_FORMER],
		.former = number(a[NFTOFFC_A_FORMER]),
		.staged = number(a[NFTOFFC_A_STAGED]),
		.entries_now = (uint32_t)number(a[NFTOFFC_A_ENTRIES_NOW]),
		.entries_staged = (uint32_t)number(a[NFTOFFC_A_ENTRIES_STAGED]),
		.entries_max = (uint32_t)number(a[NFTOFFC_A_ENTRIES_MAX]),
		.shapes_now = (uint32_t)number(a[NFTOFFC_A_SHAPES_NOW]),
		.flowtables = (uint32_t)number(a[NFTOFFC_A_FLOWTABLES]),
		.flows = (uint32_t)number(a[NFTOFFC_A_FLOWS]),
		.kept_out = number(a[NFTOFFC_A_KEPT_OUT]),
		.released = number(a[NFTOFFC_A_RELEASED_ALL]),
	};
	return 0;
}

int module_info(struct module *m, struct module_info *info)
{
	return nl_ask(m->nl, ask_module(m, NFTOFFC_CMD_INFO), see_info, info);
}

/*
 * Dumps
 */

struct table_dump {
	module_table_fn fn;
	void *data;
};

static void read_devices(struct module_table *table, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
	{
		if (!nl_str(attr))
			continue;
		if (table->ndevices < MODULE_DEVICES_MAX)
			table->devices[table->ndevices] = nl_str(attr);
		table->ndevices++;
	}
}

static int see_table(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *a[NFTOFFC_A_MAX + 1], *t[NFTOFFC_T_MAX + 1];
	const struct table_dump *dump = data;
	struct module_table table = { 0 };

	attrs_of(message, NULL, a, NFTOFFC_A_MAX);
	if (cmd_of(message) != NFTOFFC_CMD_FLOWTABLE || !a[NFTOFFC_A_TABLE])
		return 0;
	attrs_of(NULL, a[NFTOFFC_A_TABLE], t, NFTOFFC_T_MAX);
	table.family = (uint8_t)number(t[NFTOFFC_T_FAMILY]);
	table.table = nl_str(t[NFTOFFC_T_TABLE]);
	table.name = nl_str(t[NFTOFFC_T_NAME]);
	table.handle = number(t[NFTOFFC_T_HANDLE]);
	table.priority = (int32_t)number(t[NFTOFFC_T_PRIORITY]);
	table.flags = (uint32_t)number(t[NFTOFFC_T_FLAGS]);
	table.flows = (uint32_t)number(t[NFTOFFC_T_FLOWS]);
	if (t[NFTOFFC_T_DEVICES])
		read_devices(&table, t[NFTOFFC_T_DEVICES]);
	return table.table && table.name ? dump->fn(&table, dump->data) : 0;
}

int module_flowtables(struct module *m, module_table_fn fn, void *data)
{
	struct table_dump dump = { fn, data };

	return nl_dump(m->nl, ask_module(m, NFTOFFC_CMD_FLOWTABLE), see_table,
		       &dump);
}

static void read_tuple(struct module_tuple *tuple, const struct nlattr *nest)
{
	const struct nlattr *u[NFTOFFC_U_MAX + 1];

	attrs_of(NULL, nest, u, NFTOFFC_U_MAX);
	bytes(u[NFTOFFC_U_SOURCE], tuple->source, 16);
	bytes(u[NFTOFFC_U_DESTINATION], tuple->destination, 16);
	tuple->sport = (uint16_t)number(u[NFTOFFC_U_SPORT]);
	tuple->dport = (uint16_t)number(u[NFTOFFC_U_DPORT]);
	tuple->ifindex = (uint32_t)number(u[NFTOFFC_U_IFINDEX]);
	tuple->device = nl_str(u[NFTOFFC_U_DEVICE]);
	tuple->has_counters = u[NFTOFFC_U_PACKETS];
	tuple->packets = number(u[NFTOFFC_U_PACKETS]);
	tuple->bytes = number(u[NFTOFFC_U_BYTES]);
}

static void read_flow(struct module_flow *flow, const struct nlattr *nest)
{
	const struct nlattr *f[NFTOFFC_F_MAX + 1];

	attrs_of(NULL, nest, f, NFTOFFC_F_MAX);
	*flow = (struct module_flow){
		.family = (uint8_t)number(f[NFTOFFC_F_FAMILY]),
		.protocol = (uint8_t)number(f[NFTOFFC_F_PROTOCOL]),
		.flags = (uint32_t)number(f[NFTOFFC_F_FLAGS]),
		.timeout = (uint32_t)number(f[NFTOFFC_F_TIMEOUT]),
		.id = (uint32_t)number(f[NFTOFFC_F_ID]),
		.mark = (uint32_t)number(f[NFTOFFC_F_MARK]),
		.zone = (uint16_t)number(f[NFTOFFC_F_ZONE]),
		.table_family = (uint8_t)number(f[NFTOFFC_F_TABLE_FAMILY]),
		.table = nl_str(f[NFTOFFC_F_TABLE]),
		.name = nl_str(f[NFTOFFC_F_NAME]),
	};
	flow->has_labels = bytes(f[NFTOFFC_F_LABELS], flow->labels, 16);
	if (f[NFTOFFC_F_ORIGINAL])
		read_tuple(&flow->original, f[NFTOFFC_F_ORIGINAL]);
	if (f[NFTOFFC_F_REPLY])
		read_tuple(&flow->reply, f[NFTOFFC_F_REPLY]);
}

struct flow_dump {
	module_flow_fn fn;
	void *data;
};

static int see_flow(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *a[NFTOFFC_A_MAX + 1];
	const struct flow_dump *dump = data;
	struct module_flow flow;

	attrs_of(message, NULL, a, NFTOFFC_A_MAX);
	if (cmd_of(message) != NFTOFFC_CMD_FLOW || !a[NFTOFFC_A_FLOW])
		return 0;
	read_flow(&flow, a[NFTOFFC_A_FLOW]);
	return dump->fn(&flow, dump->data);
}

int module_flows(struct module *m, const struct module_match *match,
		 module_flow_fn fn, void *data)
{
	struct nlmsghdr *message = ask_module(m, NFTOFFC_CMD_FLOW);
	struct flow_dump dump = { fn, data };

	if (match)
		put_match(message, NFTOFFC_A_FILTER, match);
	return nl_dump(m->nl, message, see_flow, &dump);
}

/*
 * RELEASE
 */

static int see_released(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *a[NFTOFFC_A_MAX + 1];
	struct module_released *released = data;

	attrs_of(message, NULL, a, NFTOFFC_A_MAX);
	/* A flow is looked at once for each message of ids. */
	released->seen = (uint32_t)number(a[NFTOFFC_A_SEEN]);
	released->matched += (uint32_t)number(a[NFTOFFC_A_MATCHED]);
	released->released += (uint32_t)number(a[NFTOFFC_A_RELEASED]);
	return 0;
}

static int release_some(struct module *m, const struct module_match *match,
			const uint32_t *ids, size_t nids, bool dry_run,
			struct module_released *released)
{
	struct nlmsghdr *message = ask_module(m, NFTOFFC_CMD_RELEASE);

	if (dry_run)
		mnl_attr_put_u32(message, NFTOFFC_A_FLAGS,
				 NFTOFFC_FLAG_DRY_RUN);
	if (match)
		put_match(message, NFTOFFC_A_FILTER, match);
	if (nids)
		mnl_attr_put(message, NFTOFFC_A_IDS, nids * sizeof(*ids), ids);
	return nl_ask(m->nl, message, see_released, released);
}

int module_release(struct module *m, const struct module_match *match,
		   const uint32_t *ids, size_t nids, bool dry_run,
		   struct module_released *released)
{
	size_t done = 0, n;
	int ret;

	*released = (struct module_released){ 0 };
	if (ids && !nids)
		return 0;
	do {
		n = nids - done < IDS_MAX ? nids - done : IDS_MAX;
		ret = release_some(m, match, n ? ids + done : NULL, n, dry_run,
				   released);
		done += n;
	} while (!ret && done < nids);
	return ret;
}

/*
 * Generations
 */

/* One message, with as many of the entries as it holds: @taken. */
static int stage_some(struct module *m, uint64_t generation,
		      const struct module_match *entries, size_t n,
		      size_t *taken)
{
	struct nlmsghdr *message = ask_module(m, NFTOFFC_CMD_STAGE);
	struct nlattr *nest;
	size_t i;

	mnl_attr_put_u64(message, NFTOFFC_A_GENERATION, generation);
	nest = mnl_attr_nest_start(message, NFTOFFC_A_ENTRIES);
	for (i = 0; i < n && message->nlmsg_len < STAGE_FULL; i++)
		put_match(message, NFTOFFC_A_FILTER, &entries[i]);
	mnl_attr_nest_end(message, nest);
	*taken = i;
	if (i == n)
		mnl_attr_put_u32(message, NFTOFFC_A_FLAGS, NFTOFFC_FLAG_LAST);
	return nl_ask(m->nl, message, NULL, NULL);
}

int module_stage(struct module *m, uint64_t generation,
		 const struct module_match *entries, size_t n, size_t *index)
{
	size_t done = 0, taken;
	int ret;

	do {
		if (index)
			*index = done;
		ret = stage_some(m, generation, entries + done, n - done,
				 &taken);
		done += taken;
	} while (!ret && done < n);
	return ret;
}

static int end_generation(struct module *m, uint8_t cmd, uint64_t generation)
{
	struct nlmsghdr *message = ask_module(m, cmd);

	mnl_attr_put_u64(message, NFTOFFC_A_GENERATION, generation);
	return nl_ask(m->nl, message, NULL, NULL);
}

int module_commit(struct module *m, uint64_t generation)
{
	return end_generation(m, NFTOFFC_CMD_COMMIT, generation);
}

int module_abort(struct module *m, uint64_t generation)
{
	return end_generation(m, NFTOFFC_CMD_ABORT, generation);
}

/*
 * Events
 */

int module_listen(struct module *m)
{
	return m->group ? nl_join(m->nl, m->group) : -EOPNOTSUPP;
}

struct event_dump {
	module_event_fn fn;
	void *data;
};

static int see_event(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *a[NFTOFFC_A_MAX + 1];
	const struct event_dump *dump = data;
	struct module_event event = { 0 };

	attrs_of(message, NULL, a, NFTOFFC_A_MAX);
	event.what = (enum nftoffc_cmd)cmd_of(message);
	see_released(message, &event.released);
	event.cookie = (uint32_t)number(a[NFTOFFC_A_COOKIE]);
	event.generation = number(a[NFTOFFC_A_GENERATION]);
	event.kept_out = number(a[NFTOFFC_A_KEPT_OUT]);
	event.let_in = (uint32_t)number(a[NFTOFFC_A_LET_IN]);
	event.state = (enum nftoffc_state)number(a[NFTOFFC_A_STATE]);
	if (a[NFTOFFC_A_FLOW])
		read_flow(&event.flow, a[NFTOFFC_A_FLOW]);
	return dump->fn(&event, dump->data);
}

int module_events(struct module *m, module_event_fn fn, void *data)
{
	struct event_dump dump = { fn, data };

	return nl_listen(m->nl, see_event, &dump);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Expressions, and what objects hold, are rows of data: what is special about
 * their attributes. Attributes are looked at by their type, in ascending order.
 *
 * What must stay true: a number of four or eight bytes that is 0 is one that is
 * not there: so means the kernel. Registers are an exception, 0 is the verdict's.
 *
 * Source: uapi nf_tables.h; net/netfilter/nft_*.c for what each of them dumps.
 */
#include "runtime/netlink/canonical.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "base/map.h"
#include "runtime/netlink/nl.h"

#define BIT(n) (UINT32_C(1) << (n))
#define ATTRS_MAX 31
/* Numbers that the uapi headers of old kernels lack. */
#define QUOTA_DEPLETED BIT(1)
#define DYNSET_HAS_EXPR BIT(1)
#define NAT_MAPS_IPS BIT(0)
#define NAT_MAPS_PORTS BIT(1)
#define CHAIN_IS_BASE BIT(0)

struct form {
	const char *name;
	/* Sets of attributes, by their type: */
	uint32_t state; /* move by themselves */
	uint32_t registers;
	uint32_t data;	      /* NFTA_DATA_* */
	uint32_t expression;  /* one of them, or */
	uint32_t expressions; /* a list */
	uint32_t set;	      /* a set's name; its id is another attribute: */
	uint8_t id;
	/* Attribute @absent stands for the same as if it were @like. */
	struct {
		uint8_t absent, like;
	} like[2];
	/* A number that means the same as none. */
	struct {
		uint8_t attr;
		uint32_t value;
	} none[2];
	/* Bits that the kernel sets for itself. */
	struct {
		uint8_t attr;
		uint32_t bits;
	} own;
};

static const struct form forms[] = {
	{ "bitwise",
	  .registers = BIT(NFTA_BITWISE_SREG) | BIT(NFTA_BITWISE_DREG),
	  .data = BIT(NFTA_BITWISE_MASK) | BIT(NFTA_BITWISE_XOR) |
		  BIT(NFTA_BITWISE_DATA) },
	{ "byteorder",
	  .registers = BIT(NFTA_BYTEORDER_SREG) | BIT(NFTA_BYTEORDER_DREG) },
	{ "cmp", .registers = BIT(NFTA_CMP_SREG), .data = BIT(NFTA_CMP_DATA) },
	{ "counter",
	  .state = BIT(NFTA_COUNTER_BYTES) | BIT(NFTA_COUNTER_PACKETS) },
	{ "ct", .registers = BIT(NFTA_CT_DREG) | BIT(NFTA_CT_SREG) },
	/* The kernel tells which protocols it found one for. */
	{ "ct helper", .state = BIT(NFTA_CT_HELPER_L3PROTO) },
	{ "dynset",
	  .registers = BIT(NFTA_DYNSET_SREG_KEY) | BIT(NFTA_DYNSET_SREG_DATA),
	  .expression = BIT(NFTA_DYNSET_EXPR),
	  .expressions = BIT(NFTA_DYNSET_EXPRESSIONS),
	  .set = BIT(NFTA_DYNSET_SET_NAME), .id = NFTA_DYNSET_SET_ID,
	  .own = { NFTA_DYNSET_FLAGS, DYNSET_HAS_EXPR } },
	{ "exthdr",
	  .registers = BIT(NFTA_EXTHDR_DREG) | BIT(NFTA_EXTHDR_SREG) },
	{ "fib", .registers = BIT(NFTA_FIB_DREG) },
	{ "fwd", .registers = BIT(NFTA_FWD_SREG_DEV) },
	{ "hash", .registers = BIT(NFTA_HASH_SREG) | BIT(NFTA_HASH_DREG) },
	{ "immediate", .registers = BIT(NFTA_IMMEDIATE_DREG),
	  .data = BIT(NFTA_IMMEDIATE_DATA) },
	{ "last", .state = BIT(NFTA_LAST_SET) | BIT(NFTA_LAST_MSECS) },
	{ "log", .none = { { NFTA_LOG_LEVEL, NFT_LOGLEVEL_WARNING } } },
	{ "lookup", .registers = BIT(NFTA_LOOKUP_SREG) | BIT(NFTA_LOOKUP_DREG),
	  .set = BIT(NFTA_LOOKUP_SET), .id = NFTA_LOOKUP_SET_ID },
	{ "masq",
	  .registers = BIT(NFTA_MASQ_REG_PROTO_MIN) |
		       BIT(NFTA_MASQ_REG_PROTO_MAX),
	  .like = { { NFTA_MASQ_REG_PROTO_MAX, NFTA_MASQ_REG_PROTO_MIN } },
	  .own = { NFTA_MASQ_FLAGS, NAT_MAPS_PORTS } },
	{ "meta", .registers = BIT(NFTA_META_DREG) | BIT(NFTA_META_SREG) },
	{ "nat",
	  .registers = BIT(NFTA_NAT_REG_ADDR_MIN) | BIT(NFTA_NAT_REG_ADDR_MAX) |
		       BIT(NFTA_NAT_REG_PROTO_MIN) |
		       BIT(NFTA_NAT_REG_PROTO_MAX),
	  .like = { { NFTA_NAT_REG_ADDR_MAX, NFTA_NAT_REG_ADDR_MIN },
		    { NFTA_NAT_REG_PROTO_MAX, NFTA_NAT_REG_PROTO_MIN } },
	  .own = { NFTA_NAT_FLAGS, NAT_MAPS_IPS | NAT_MAPS_PORTS } },
	{ "numgen", .registers = BIT(NFTA_NG_DREG) },
	{ "objref", .registers = BIT(NFTA_OBJREF_SET_SREG),
	  .set = BIT(NFTA_OBJREF_SET_NAME), .id = NFTA_OBJREF_SET_ID },
	{ "osf", .registers = BIT(NFTA_OSF_DREG) },
	{ "payload",
	  .registers = BIT(NFTA_PAYLOAD_DREG) | BIT(NFTA_PAYLOAD_SREG) },
	{ "queue", .registers = BIT(NFTA_QUEUE_SREG_QNUM),
	  .none = { { NFTA_QUEUE_FLAGS, 0 }, { NFTA_QUEUE_TOTAL, 1 } } },
	{ "quota", .state = BIT(NFTA_QUOTA_CONSUMED),
	  .own = { NFTA_QUOTA_FLAGS, QUOTA_DEPLETED } },
	{ "range", .registers = BIT(NFTA_RANGE_SREG),
	  .data = BIT(NFTA_RANGE_FROM_DATA) | BIT(NFTA_RANGE_TO_DATA) },
	{ "redir",
	  .registers = BIT(NFTA_REDIR_REG_PROTO_MIN) |
		       BIT(NFTA_REDIR_REG_PROTO_MAX),
	  .like = { { NFTA_REDIR_REG_PROTO_MAX, NFTA_REDIR_REG_PROTO_MIN } },
	  .own = { NFTA_REDIR_FLAGS, NAT_MAPS_PORTS } },
	{ "reject", .none = { { NFTA_REJECT_ICMP_CODE, 0 } } },
	{ "rt", .registers = BIT(NFTA_RT_DREG) },
	{ "socket", .registers = BIT(NFTA_SOCKET_DREG) },
	{ "tproxy",
	  .registers = BIT(NFTA_TPROXY_REG_ADDR) | BIT(NFTA_TPROXY_REG_PORT) },
	{ "xfrm", .registers = BIT(NFTA_XFRM_DREG) },
};

/* Objects hold what the expression of that name does, if there is one. */
static const char *const object_forms[] = {
	[NFT_OBJECT_COUNTER] = "counter",
	[NFT_OBJECT_QUOTA] = "quota",
	[NFT_OBJECT_CT_HELPER] = "ct helper",
};

static const struct form plain;

static const struct form *form_of(const char *name)
{
	size_t i;

	for (i = 0; name && i < sizeof(forms) / sizeof(*forms); i++)
		if (strcmp(forms[i].name, name) == 0)
			return &forms[i];
	return &plain;
}

/* What a walk through one message's attributes needs. */
struct walk {
	canonical_set_fn fn;
	void *data;
};

/*
 * Attributes
 */

static uint64_t hash_number(uint64_t hash, uint16_t type, uint64_t value)
{
	hash = hash_bytes(hash, &type, sizeof(type));
	return hash_bytes(hash, &value, sizeof(value));
}

/* In network order, of whatever length; false: it is no number. */
static bool number_of(const struct nlattr *attr, uint64_t *value)
{
	const uint8_t *p = mnl_attr_get_payload(attr);
	size_t n = mnl_attr_get_payload_len(attr), i;

	*value = 0;
	if (n != 1 && n != 2 && n != 4 && n != 8)
		return false;
	for (i = 0; i < n; i++)
		*value = *value << 8 | p[i];
	return true;
}

/* Those of 16 bytes have a number each, and those of 4 have: some have both. */
static uint64_t register_number(uint64_t value)
{
	if (value >= NFT_REG32_00 && value <= NFT_REG32_15 &&
	    (value - NFT_REG32_00) % 4 == 0)
		return NFT_REG_1 + (value - NFT_REG32_00) / 4;
	return value;
}

/* Whatever flags the types of what is nested in it have. */
static uint64_t hash_nest(uint64_t hash, const struct nlattr *nest)
{
	const struct nlattr *attrs[ATTRS_MAX + 1];
	unsigned int i;

	nl_attrs(NULL, nest, attrs, ATTRS_MAX);
	for (i = 0; i <= ATTRS_MAX; i++)
		if (attrs[i])
			hash = nl_hash_attr(hash, attrs[i]);
	return hash;
}

/* A value, or a verdict. */
static uint64_t hash_data(uint64_t hash, const struct nlattr *data)
{
	const struct nlattr *attrs[NFTA_DATA_MAX + 1];

	nl_attrs(NULL, data, attrs, NFTA_DATA_MAX);
	if (attrs[NFTA_DATA_VALUE])
		hash = nl_hash_attr(hash, attrs[NFTA_DATA_VALUE]);
	if (attrs[NFTA_DATA_VERDICT])
		hash = hash_nest(hash, attrs[NFTA_DATA_VERDICT]);
	return hash;
}

static bool is_anonymous(const char *name)
{
	return strncmp(name, "__set", 5) == 0 || strncmp(name, "__map", 5) == 0;
}

static uint64_t hash_set_name(const struct walk *walk, uint64_t hash,
			      const struct nlattr *attr,
			      const struct nlattr *id)
{
	const char *name = nl_str(attr);

	if (name && is_anonymous(name))
		return hash_number(hash, mnl_attr_get_type(attr),
				   walk->fn(name, nl_be32(id, 0), walk->data));
	return nl_hash_attr(hash, attr);
}

static uint64_t hash_expression(const struct walk *walk, uint64_t hash,
				const struct nlattr *expression);
static uint64_t hash_expressions(const struct walk *walk, uint64_t hash,
				 const struct nlattr *list);

static uint64_t hash_plain(const struct form *form, uint64_t hash,
			   const struct nlattr *attr)
{
	uint16_t type = mnl_attr_get_type(attr);
	uint64_t value;
	size_t i;

	if (!number_of(attr, &value))
		return nl_hash_attr(hash, attr);
	if (form->own.attr == type)
		value &= ~(uint64_t)form->own.bits;
	for (i = 0; i < sizeof(form->none) / sizeof(*form->none); i++)
		if (form->none[i].attr == type && form->none[i].value == value)
			return hash;
	if (!value && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t))
		return hash;
	return hash_number(hash, type, value);
}

/* As attribute @type, which it may only stand for. */
static uint64_t hash_attr(const struct walk *walk, const struct form *form,
			  uint64_t hash, const struct nlattr **attrs,
			  unsigned int type)
{
	const struct nlattr *attr = attrs[type];
	size_t i;

	for (i = 0; !attr && i < sizeof(form->like) / sizeof(*form->like); i++)
		if (form->like[i].absent && form->like[i].absent == type)
			attr = attrs[form->like[i].like];
	if (!attr || form->state & BIT(type) || (form->id && form->id == type))
		return hash;
	if (form->registers & BIT(type))
		return hash_number(hash, (uint16_t)type,
				   register_number(nl_be32(attr, 0)));
	if (form->data & BIT(type))
		return hash_data(hash_number(hash, (uint16_t)type, 0), attr);
	if (form->set & BIT(type))
		return hash_set_name(walk, hash, attr, attrs[form->id]);
	if (form->expression & BIT(type))
		return hash_expression(walk, hash, attr);
	if (form->expressions & BIT(type))
		return hash_expressions(walk, hash, attr);
	return hash_plain(form, hash, attr);
}

static uint64_t hash_form(const struct walk *walk, const struct form *form,
			  uint64_t hash, const struct nlattr *nest)
{
	const struct nlattr *attrs[ATTRS_MAX + 1];
	unsigned int i;

	if (!nest)
		return hash;
	nl_attrs(NULL, nest, attrs, ATTRS_MAX);
	for (i = 0; i <= ATTRS_MAX; i++)
		hash = hash_attr(walk, form, hash, attrs, i);
	return hash;
}

static uint64_t hash_expression(const struct walk *walk, uint64_t hash,
				const struct nlattr *expression)
{
	const struct nlattr *attrs[NFTA_EXPR_MAX + 1];
	const char *name;

	nl_attrs(NULL, expression, attrs, NFTA_EXPR_MAX);
	name = nl_str(attrs[NFTA_EXPR_NAME]);
	if (!name)
		return nl_hash_attr(hash, expression);
	hash = hash_bytes(hash, name, strlen(name) + 1);
	return hash_form(walk, form_of(name), hash, attrs[NFTA_EXPR_DATA]);
}

static uint64_t hash_expressions(const struct walk *walk, uint64_t hash,
				 const struct nlattr *list)
{
	const struct nlattr *expression;

	mnl_attr_for_each_nested(expression, list)
		hash = hash_expression(walk, hash, expression);
	return hash;
}

/*
 * Messages
 */

/* These attributes of @attrs, as they are. */
static uint64_t hash_some(uint64_t hash, const struct nlattr **attrs,
			  uint32_t which)
{
	unsigned int i;

	for (i = 0; i <= ATTRS_MAX; i++)
		if (which & BIT(i) && attrs[i])
			hash = hash_plain(&plain, hash, attrs[i]);
	return hash;
}

static uint64_t begin(const struct nlmsghdr *message,
		      const struct nlattr **attrs, uint32_t which)
{
	uint8_t type = NFNL_MSG_TYPE(message->nlmsg_type);

	nl_attrs(message, NULL, attrs, ATTRS_MAX);
	return hash_some(hash_bytes(HASH_INIT, &type, 1), attrs, which);
}

uint64_t canonical_rule(const struct nlmsghdr *message, canonical_set_fn fn,
			void *data)
{
	const struct walk walk = { fn, data };
	const struct nlattr *attrs[ATTRS_MAX + 1];
	uint64_t hash;

	hash = begin(message, attrs,
		     BIT(NFTA_RULE_CHAIN) | BIT(NFTA_RULE_USERDATA));
	if (attrs[NFTA_RULE_EXPRESSIONS])
		hash = hash_expressions(&walk, hash,
					attrs[NFTA_RULE_EXPRESSIONS]);
	return hash;
}

uint64_t canonical_chain(const struct nlmsghdr *message, bool policy)
{
	static const struct form hook_form = { NULL };
	const struct nlattr *attrs[ATTRS_MAX + 1];
	uint64_t hash;

	hash = begin(message, attrs,
		     BIT(NFTA_CHAIN_NAME) | BIT(NFTA_CHAIN_TYPE) |
			     BIT(NFTA_CHAIN_USERDATA));
	if (attrs[NFTA_CHAIN_HOOK])
		hash = hash_form(NULL, &hook_form, hash,
				 attrs[NFTA_CHAIN_HOOK]);
	hash = hash_number(hash, NFTA_CHAIN_FLAGS,
			   nl_be32(attrs[NFTA_CHAIN_FLAGS], 0) &
				   ~CHAIN_IS_BASE);
	if (policy)
		hash = hash_number(hash, NFTA_CHAIN_POLICY,
				   nl_be32(attrs[NFTA_CHAIN_POLICY],
					   1 /* NF_ACCEPT */));
	return hash;
}

uint64_t canonical_object(const struct nlmsghdr *message, bool amount)
{
	const size_t n = sizeof(object_forms) / sizeof(*object_forms);
	const struct nlattr *attrs[ATTRS_MAX + 1];
	const char *form;
	uint32_t type;
	uint64_t hash;

	hash = begin(message, attrs,
		     BIT(NFTA_OBJ_NAME) | BIT(NFTA_OBJ_TYPE) |
			     BIT(NFTA_OBJ_USERDATA));
	type = nl_be32(attrs[NFTA_OBJ_TYPE], 0);
	form = type < n ? object_forms[type] : NULL;
	if (!amount && (type == NFT_OBJECT_COUNTER || type == NFT_OBJECT_QUOTA))
		return hash;
	return hash_form(NULL, form_of(form), hash, attrs[NFTA_OBJ_DATA]);
}

uint64_t canonical_flowtable(const struct nlmsghdr *message)
{
	static const struct form hook_form = {
		.state = BIT(NFTA_FLOWTABLE_HOOK_DEVS),
	};
	const struct nlattr *attrs[ATTRS_MAX + 1];
	uint64_t hash;

	hash = begin(message, attrs,
		     BIT(NFTA_FLOWTABLE_NAME) | BIT(NFTA_FLOWTABLE_FLAGS));
	return hash_form(NULL, &hook_form, hash, attrs[NFTA_FLOWTABLE_HOOK]);
}

/* How many bytes each field has, or that it is not concatenated. */
static uint64_t hash_description(uint64_t hash, const struct nlattr *nest)
{
	const struct nlattr *attrs[NFTA_SET_DESC_MAX + 1], *field;

	if (!nest)
		return hash;
	nl_attrs(NULL, nest, attrs, NFTA_SET_DESC_MAX);
	hash = hash_some(hash, attrs, BIT(NFTA_SET_DESC_SIZE));
	if (!attrs[NFTA_SET_DESC_CONCAT])
		return hash;
	mnl_attr_for_each_nested(field, attrs[NFTA_SET_DESC_CONCAT])
		hash = hash_nest(hash, field);
	return hash;
}

uint64_t canonical_set(const struct nlmsghdr *message)
{
	const struct nlattr *attrs[ATTRS_MAX + 1];
	uint32_t which = BIT(NFTA_SET_FLAGS) | BIT(NFTA_SET_KEY_TYPE) |
			 BIT(NFTA_SET_KEY_LEN) | BIT(NFTA_SET_DATA_TYPE) |
			 BIT(NFTA_SET_DATA_LEN) | BIT(NFTA_SET_TIMEOUT) |
			 BIT(NFTA_SET_OBJ_TYPE);
	uint64_t hash;
	bool anonymous;

	nl_attrs(message, NULL, attrs, ATTRS_MAX);
	/* Of verdicts the kernel tells how many bytes they take in it. */
	if (nl_be32(attrs[NFTA_SET_DATA_TYPE], 0) == NFT_DATA_VERDICT)
		which &= ~BIT(NFTA_SET_DATA_LEN);
	anonymous = nl_be32(attrs[NFTA_SET_FLAGS], 0) & NFT_SET_ANONYMOUS;
	if (!anonymous)
		which |= BIT(NFTA_SET_NAME) | BIT(NFTA_SET_USERDATA);
	hash = begin(message, attrs, which);
	return anonymous ? hash : hash_description(hash, attrs[NFTA_SET_DESC]);
}

uint64_t canonical_element(const struct nlattr *element)
{
	static const struct form form = {
		.state = BIT(NFTA_SET_ELEM_TIMEOUT) |
			 BIT(NFTA_SET_ELEM_EXPIRATION) |
			 BIT(NFTA_SET_ELEM_USERDATA) | BIT(NFTA_SET_ELEM_EXPR) |
			 BIT(NFTA_SET_ELEM_EXPRESSIONS),
		.data = BIT(NFTA_SET_ELEM_KEY) | BIT(NFTA_SET_ELEM_KEY_END) |
			BIT(NFTA_SET_ELEM_DATA),
	};

	return hash_form(NULL, &form, HASH_INIT, element);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets and their elements.
 *
 * What must stay true: elements are written where they are sent from, and
 * nothing is allocated for one, so that a million cost their own bytes alone.
 * The order of attributes and the elements that only mark an end are nft's,
 * which is what nft can list again:
 *
 *	0 END	lo1	hi1+1 END	lo2	hi2+1 END ...
 *
 * with no end where a range reaches the top; its beginning says so in its
 * user data. In a concatenation each element has its first and last key.
 *
 * Source: uapi nf_tables.h; nftables src/segtree.c, src/mnl.c for what nft
 * keeps in user data.
 */
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>

#include "batch_parts.h"

/* Lengths of attributes count in 16 bits. */
#define NEST_MAX 65532u
#define ELEMENT_MAX 1024u
#define KEY_MAX (IR_CONCAT_MAX * WIRE_MAX)

/* nft's enum byteorder. */
enum { NFT_BYTEORDER_NONE, NFT_BYTEORDER_HOST, NFT_BYTEORDER_BIG };

/* In a concatenation nft's datatype numbers take 6 bits a field. */
#define NFT_TYPE_BITS 6

struct elements {
	struct builder *b;
	const struct ir_set *set;
	struct span span;
	const char *where;
	uint32_t id;
	bool turn;   /* keys are turned into network order */
	size_t nest; /* where the list of the open message begins */
};

const char *set_wire_name(const struct ir_set *set)
{
	if (set->name)
		return set->name;
	return set->verdicts || set->data_type ? "__map%d" : "__set%d";
}

/* ---- The definition ---- */

uint32_t set_key_type(const struct ir_set *set)
{
	uint32_t type = 0;

	for (unsigned int i = 0; i < set->nfields; i++)
		type = type << NFT_TYPE_BITS |
		       wire_type(set->fields[i])->nft_id;
	return type;
}

static uint32_t byteorder(enum wire_id type)
{
	return wire_type(type)->host_order || type == WIRE_IFNAME ||
			       type == WIRE_HELPER ?
		       NFT_BYTEORDER_HOST :
		       NFT_BYTEORDER_BIG;
}

static uint32_t key_byteorder(const struct ir_set *set)
{
	return set->nfields > 1 ? (uint32_t)NFT_BYTEORDER_NONE :
				  byteorder(set->fields[0]);
}

/* User data is type, length and value; nft's numbers are in host order. */
static size_t add_userdata(uint8_t *udata, size_t n, uint8_t type,
			   uint32_t value)
{
	udata[n] = type;
	udata[n + 1] = sizeof(value);
	memcpy(udata + n + 2, &value, sizeof(value));
	return n + 2 + sizeof(value);
}

static void put_userdata(struct attrs *a, const struct ir_set *set)
{
	uint8_t udata[NFT_USERDATA_MAXLEN];
	size_t n = add_userdata(udata, 0, NFTNL_UDATA_SET_KEYBYTEORDER,
				key_byteorder(set));

	if (set->verdicts)
		n = add_userdata(udata, n, NFTNL_UDATA_SET_DATABYTEORDER,
				 NFT_BYTEORDER_NONE);
	else if (set->data_type)
		n = add_userdata(udata, n, NFTNL_UDATA_SET_DATABYTEORDER,
				 byteorder(set->data_type));
	attr_put(a, NFTA_SET_USERDATA, udata, n);
}

static void put_field_lens(struct attrs *a, const struct ir_set *set)
{
	uint8_t *list = attr_begin(a);

	for (unsigned int i = 0; i < set->nfields; i++) {
		uint8_t *field = attr_begin(a);

		attr_u32(a, NFTA_SET_FIELD_LEN, wire_type(set->fields[i])->len);
		attr_end(a, field, NFTA_LIST_ELEM);
	}
	attr_end(a, list, NFTA_SET_DESC_CONCAT);
}

static void put_description(struct attrs *a, const struct ir_set *set,
			    uint32_t size)
{
	bool fields = ir_set_flags(set) & NFT_SET_CONCAT;
	uint8_t *description;

	if (!size && !fields)
		return;
	description = attr_begin(a);
	if (size)
		attr_u32(a, NFTA_SET_DESC_SIZE, size);
	if (fields)
		put_field_lens(a, set);
	attr_end(a, description, NFTA_SET_DESC);
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
	while (n && !*bytes) {
		bytes++;
		n--;
	}
	return !n;
}

static bool is_ones(const uint8_t *bytes, size_t n)
{
	while (n && *bytes == 0xff) {
		bytes++;
		n--;
	}
	return !n;
}

/* How many elements will be sent: the kernel makes room for them at once. */
static uint32_t count_elements(const struct ir_set *set)
{
	size_t n = set->nelems, stride = ir_set_stride(set);

	if (!set->interval || set->nfields > 1 || !n)
		return (uint32_t)n;
	return (uint32_t)(2 * n + !is_zero(set->keys, set->klen) -
			  is_ones(set->keys + n * stride - set->klen,
				  set->klen));
}

uint32_t put_set_definition(struct builder *b, const struct ir_set *set,
			    struct span span, const char *where)
{
	uint32_t size = set->name ? ir_set_size(set) : count_elements(set);
	struct attrs a =
		message_open(b, NFT_MSG_NEWSET, NLM_F_CREATE, span, where);

	attr_str(&a, NFTA_SET_TABLE, IR_TABLE);
	attr_str(&a, NFTA_SET_NAME, set_wire_name(set));
	attr_u32(&a, NFTA_SET_FLAGS, ir_set_flags(set));
	attr_u32(&a, NFTA_SET_KEY_TYPE, set_key_type(set));
	attr_u32(&a, NFTA_SET_KEY_LEN, set->klen);
	if (set->verdicts) {
		attr_u32(&a, NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
		attr_u32(&a, NFTA_SET_DATA_LEN, 0);
	} else if (set->data_type) {
		attr_u32(&a, NFTA_SET_DATA_TYPE,
			 wire_type(set->data_type)->nft_id);
		attr_u32(&a, NFTA_SET_DATA_LEN, wire_type(set->data_type)->len);
	}
	attr_u32(&a, NFTA_SET_ID, ++b->set_id);
	put_description(&a, set, size);
	if (set->timeout)
		attr_u64(&a, NFTA_SET_TIMEOUT, set->timeout);
	put_userdata(&a, set);
	message_close(b, &a);
	return b->set_id;
}

/* ---- Elements ---- */

static void put_key(struct attrs *a, unsigned int type, const uint8_t *key,
		    size_t len)
{
	uint8_t *nest = attr_begin(a);

	attr_put(a, NFTA_DATA_VALUE, key, len);
	attr_end(a, nest, type);
}

static void put_verdict(struct attrs *a, const struct ir_verdict *verdict)
{
	uint8_t *data = attr_begin(a), *value = attr_begin(a);

	attr_u32(a, NFTA_VERDICT_CODE, verdict_code(verdict->code));
	if (verdict_has_chain(verdict->code))
		attr_str(a, NFTA_VERDICT_CHAIN, verdict->chain);
	attr_end(a, value, NFTA_DATA_VERDICT);
	attr_end(a, data, NFTA_SET_ELEM_DATA);
}

/* What tells nft that no end is missing. */
static void put_open_end(struct attrs *a)
{
	uint8_t udata[2 + sizeof(uint32_t)];
	size_t n = add_userdata(udata, 0, NFTNL_UDATA_SET_ELEM_FLAGS,
				NFTNL_SET_ELEM_F_INTERVAL_OPEN);

	attr_put(a, NFTA_SET_ELEM_USERDATA, udata, n);
}

static void elements_open(struct elements *e)
{
	struct buf *bytes = &e->b->batch->bytes;
	struct attrs a = message_open(e->b, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
				      e->span, e->where);

	attr_str(&a, NFTA_SET_ELEM_LIST_TABLE, IR_TABLE);
	attr_str(&a, NFTA_SET_ELEM_LIST_SET, set_wire_name(e->set));
	if (e->id)
		attr_u32(&a, NFTA_SET_ELEM_LIST_SET_ID, e->id);
	e->nest = (size_t)(attr_begin(&a) - (uint8_t *)bytes->p);
	bytes->n = (size_t)(a.at - (uint8_t *)bytes->p);
}

static void elements_close(struct elements *e)
{
	struct buf *bytes = &e->b->batch->bytes;
	struct attrs a = { (uint8_t *)bytes->p + bytes->n };

	attr_end(&a, (uint8_t *)bytes->p + e->nest,
		 NFTA_SET_ELEM_LIST_ELEMENTS);
	message_close(e->b, &a);
}

/* Where the next element goes: into another message once one is full. */
static struct attrs element_room(struct elements *e)
{
	struct buf *bytes = &e->b->batch->bytes;

	if (bytes->n - e->nest + ELEMENT_MAX > NEST_MAX) {
		elements_close(e);
		elements_open(e);
	}
	return (struct attrs){ (uint8_t *)buf_reserve(bytes, ELEMENT_MAX) };
}

struct element {
	const uint8_t *key, *key_end;
	const struct ir_verdict *verdict;
	const uint8_t *data; /* of a map to values */
	uint32_t flags;
	bool open; /* reaches the top */
};

static void put_element(struct elements *e, const struct element *element)
{
	struct attrs a = element_room(e);
	size_t klen = e->set->klen;
	uint8_t *begin = attr_begin(&a);

	if (element->flags)
		attr_u32(&a, NFTA_SET_ELEM_FLAGS, element->flags);
	put_key(&a, NFTA_SET_ELEM_KEY, element->key, klen);
	if (element->key_end)
		put_key(&a, NFTA_SET_ELEM_KEY_END, element->key_end, klen);
	if (element->verdict)
		put_verdict(&a, element->verdict);
	if (element->data)
		put_key(&a, NFTA_SET_ELEM_DATA, element->data,
			wire_type(e->set->data_type)->len);
	if (element->open)
		put_open_end(&a);
	attr_end(&a, begin, NFTA_LIST_ELEM);
	e->b->batch->bytes.n += (size_t)(a.at - begin);
}

/* The key as the kernel compares it; @room is used where it differs. */
static const uint8_t *wire_key(const struct elements *e, const uint8_t *key,
			       uint8_t room[KEY_MAX])
{
	uint8_t *to = room;

	if (!e->turn)
		return key;
	memcpy(room, key, e->set->klen);
	for (unsigned int i = 0; i < e->set->nfields; i++) {
		wire_to_network(e->set->fields[i], key, to);
		key += ir_field_len(e->set, i);
		to += ir_field_len(e->set, i);
	}
	return room;
}

/* The key behind @key; false if there is none. */
static bool key_after(const uint8_t *key, size_t len, uint8_t next[KEY_MAX])
{
	memcpy(next, key, len);
	while (len && ++next[len - 1] == 0)
		len--;
	return len;
}

static void put_end(struct elements *e, const uint8_t *key)
{
	put_element(e, &(struct element){
			       .key = key,
			       .flags = NFT_SET_ELEM_INTERVAL_END,
		       });
}

static void put_interval(struct elements *e, const uint8_t *lo,
			 const uint8_t *hi, const struct ir_verdict *verdict)
{
	uint8_t next[KEY_MAX];
	bool open = !key_after(hi, e->set->klen, next);

	put_element(e, &(struct element){
			       .key = lo,
			       .verdict = verdict,
			       .open = open,
		       });
	if (!open)
		put_end(e, next);
}

static const uint8_t *element_data(const struct ir_set *set, size_t i)
{
	return set->data_type ? set->data + i * wire_type(set->data_type)->len :
				NULL;
}

static void put_ith(struct elements *e, size_t i)
{
	const struct ir_set *set = e->set;
	const struct ir_verdict *verdict = set->verdicts ? &set->verdicts[i] :
							   NULL;
	const uint8_t *at = set->keys + i * ir_set_stride(set), *lo, *hi;
	uint8_t lo_room[KEY_MAX], hi_room[KEY_MAX];

	lo = wire_key(e, at, lo_room);
	hi = set->interval ? wire_key(e, at + set->klen, hi_room) : NULL;
	if (set->interval && set->nfields == 1)
		put_interval(e, lo, hi, verdict);
	else
		put_element(e, &(struct element){
				       .key = lo,
				       .key_end = hi,
				       .verdict = verdict,
				       .data = element_data(set, i),
			       });
}

static bool any_host_order(const struct ir_set *set)
{
	for (unsigned int i = 0; i < set->nfields; i++)
		if (wire_type(set->fields[i])->host_order)
			return true;
	return false;
}

void put_set_elements(struct builder *b, const struct ir_set *set, uint32_t id,
		      struct span span, const char *where)
{
	static const uint8_t zero[KEY_MAX];
	struct elements e = {
		.b = b,
		.set = set,
		.span = span,
		.where = where,
		.id = id,
		.turn = set->interval && any_host_order(set),
	};

	if (!set->nelems)
		return;
	elements_open(&e);
	if (set->interval && set->nfields == 1 &&
	    !is_zero(set->keys, set->klen))
		put_end(&e, zero);
	for (size_t i = 0; i < set->nelems; i++)
		put_ith(&e, i);
	elements_close(&e);
}

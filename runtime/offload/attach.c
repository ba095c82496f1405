// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which devices each flowtable gets. How the kernel finds the way of a packet
 * through devices: nft_flow_offload's nft_dev_forward_path(), which asks each
 * device for the one below, down to the last; only that one, or else the first
 * one, is looked for among the flowtable's devices.
 */
#include "runtime/offload/attach.h"

#include <net/if_arp.h>
#include <stdlib.h>

#include "runtime/netlink/names.h"
#include "runtime/offload/devices.h"

#define FOLLOW_WORD "follow"
#define NAMED_WORD "named"

struct names_list {
	VEC(const char *) list;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_name(struct arena *arena, struct names_list *names,
		     const char *name)
{
	if (!names_have(names->list.v, names->list.n, name))
		*vec_push(arena, &names->list) = name;
}

static const char *join(struct arena *arena, const struct names_list *names)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < names->list.n; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? ", " : "",
				    names->list.v[i]);
	return text;
}

/*
 * What the policy says
 */

struct attach_wishes attach_wishes(const struct ir *ir)
{
	const struct ir_flowtable *f;
	struct attach_wishes wishes = { 0 };
	struct attach_wish *wish;
	size_t i;

	for (f = ir->flowtables; f; f = f->next) {
		wish = vec_push(ir->arena, &wishes.list);
		*wish = (struct attach_wish){
			.name = f->name,
			.hardware = f->hardware,
			.able = f->able,
			.follow = f->follow,
		};
		for (i = 0; i < f->ndevices; i++)
			*vec_push(ir->arena, &wish->devices) = f->devices[i];
	}
	return wishes;
}

static const char *mode_word(const struct attach_wish *wish)
{
	return wish->able ? "auto" : wish->hardware ? "hardware" : "software";
}

const char *attach_line(struct arena *arena, const struct attach_wish *wish)
{
	const char *line;
	size_t i;

	line = arena_printf(arena, "%s %s %s", wish->name, mode_word(wish),
			    wish->follow ? FOLLOW_WORD : NAMED_WORD);
	for (i = 0; i < wish->devices.n; i++)
		line = arena_printf(arena, "%s %s", line, wish->devices.v[i]);
	return line;
}

static bool parse_mode(struct str word, struct attach_wish *wish)
{
	wish->able = str_is(word, "auto");
	wish->hardware = str_is(word, "hardware");
	return wish->able || wish->hardware || str_is(word, "software");
}

bool attach_parse_line(struct arena *arena, struct str line,
		       struct attach_wish *wish)
{
	struct str word = str_cut(&line, ' ');

	*wish = (struct attach_wish){
		.name = arena_strndup(arena, word.p, word.n),
	};
	if (!word.n || !parse_mode(str_cut(&line, ' '), wish))
		return false;
	word = str_cut(&line, ' ');
	wish->follow = str_is(word, FOLLOW_WORD);
	if (!wish->follow && !str_is(word, NAMED_WORD))
		return false;
	while (line.n) {
		word = str_cut(&line, ' ');
		*vec_push(arena, &wish->devices) =
			arena_strndup(arena, word.p, word.n);
	}
	return true;
}

bool attach_parse(struct arena *arena, struct str text,
		  struct attach_wishes *wishes)
{
	*wishes = (struct attach_wishes){ 0 };
	while (text.n)
		if (!attach_parse_line(arena, str_cut(&text, '\n'),
				       vec_push(arena, &wishes->list)))
			return false;
	return true;
}

/*
 * What is below a device
 */

struct below {
	struct arena *arena;
	const struct links *links;
	bool *seen; /* of each link: no circle is followed */
	struct names_list found;
	bool bridge; /* one was met on the way */
	bool tunnel; /* something that is no Ethernet */
};

static bool is_kind(const struct link *link, const char *kind)
{
	return link->kind && strcmp(link->kind, kind) == 0;
}

static bool is_session(const struct link *link)
{
	return link->type == ARPHRD_PPP;
}

static void go_below(struct below *b, const struct link *link);

static void below_bridge(struct below *b, const struct link *bridge)
{
	size_t i;

	b->bridge = true;
	for (i = 0; i < b->links->list.n; i++)
		if (b->links->list.v[i].master == bridge->index)
			go_below(b, &b->links->list.v[i]);
}

/* Which session is which device nobody tells: any of them may be. */
static void below_session(struct below *b)
{
	const struct link *lower;
	size_t i;

	b->tunnel |= b->links->pppoe.n == 0;
	for (i = 0; i < b->links->pppoe.n; i++) {
		lower = links_find(b->links, b->links->pppoe.v[i]);
		if (lower)
			go_below(b, lower);
	}
}

static void go_below(struct below *b, const struct link *link)
{
	const struct link *lower = NULL;
	bool *seen = &b->seen[link - b->links->list.v];

	if (*seen)
		return;
	*seen = true;
	if (is_kind(link, "vlan"))
		lower = links_at(b->links, link->lower);
	if (lower)
		go_below(b, lower);
	else if (is_kind(link, "bridge"))
		below_bridge(b, link);
	else if (is_session(link))
		below_session(b);
	else if (link->type == ARPHRD_ETHER)
		add_name(b->arena, &b->found, link->name);
	else
		b->tunnel = true;
}

static struct below below(struct arena *arena, const struct links *links,
			  const struct link *link)
{
	struct below b = { .arena = arena, .links = links };

	b.seen = arena_array(arena, links->list.n, sizeof(*b.seen));
	go_below(&b, link);
	return b;
}

/*
 * The devices that a wish names
 */

/* In the order of their names, as they stand in @links. */
static struct names_list named(struct arena *arena,
			       const struct attach_wish *wish,
			       const struct links *links)
{
	struct names_list found = { 0 };
	size_t i, j;

	for (i = 0; i < links->list.n; i++)
		for (j = 0; j < wish->devices.n; j++)
			if (devices_named(str_of(links->list.v[i].name),
					  str_of(wish->devices.v[j]))) {
				*vec_push(arena, &found.list) =
					links->list.v[i].name;
				break;
			}
	return found;
}

/*
 * How one flowtable could be
 */

enum how {
	HOW_HARDWARE,
	HOW_SOFTWARE,
	HOW_PLAIN, /* software, and no device instead of another */
};

struct decision {
	struct arena *arena;
	const struct links *links;
	const struct attach_wish *wish;
	enum how how;
	const char *unable; /* why it is not hardware, whatever the devices */
	struct names_list blockers; /* those that cannot */
	struct attach_table *table;
};

static const char *why_unable(struct arena *arena, const struct link *link)
{
	if (link->refused)
		return arena_printf(arena,
				    "the kernel refuses hardware for "
				    "%s: %s",
				    link->name, strerror(-link->refused));
	if (link->able == LINK_OFF)
		return arena_printf(arena, "hw-tc-offload of %s is off",
				    link->name);
	return link->able == LINK_ABLE ?
		       NULL :
		       arena_printf(arena, "%s cannot offload in hardware",
				    link->name);
}

/* What of them can; all, if none can: the kernel is to say so. */
static struct names_list able_of(struct decision *d,
				 const struct names_list *all,
				 const char **left_out)
{
	struct names_list able = { 0 }, unable = { 0 };
	size_t i;

	*left_out = NULL;
	for (i = 0; i < all->list.n; i++)
		add_name(d->arena,
			 why_unable(d->arena,
				    links_find(d->links, all->list.v[i])) ?
				 &unable :
				 &able,
			 all->list.v[i]);
	if (!able.list.n)
		return *all;
	if (unable.list.n)
		*left_out = arena_printf(
			d->arena,
			"%s cannot offload in hardware, and is left out",
			join(d->arena, &unable));
	return able;
}

/* The devices instead of @link, none if it is to be left out. */
static struct names_list instead(struct decision *d, const struct link *link,
				 struct attach_fate *fate)
{
	struct below b = below(d->arena, d->links, link);
	struct names_list self = { 0 };

	add_name(d->arena, &self, link->name);
	if (d->how == HOW_HARDWARE && b.found.list.n)
		return d->wish->hardware ? able_of(d, &b.found, &fate->reason) :
					   b.found;
	if (is_session(link) && d->how != HOW_PLAIN && b.found.list.n)
		return b.found;
	if (link->type != ARPHRD_ETHER) {
		fate->reason = is_session(link) && b.found.list.n ?
				       "what is below it is in another "
				       "flowtable" :
				       "no Ethernet: the kernel's fast path "
				       "ends before it";
		return (struct names_list){ 0 };
	}
	if (d->how == HOW_SOFTWARE && !b.bridge && !b.tunnel && b.found.list.n)
		return b.found;
	return self;
}

/* What it would be in hardware. */
static struct names_list in_hardware(const struct decision *d,
				     const struct link *link)
{
	struct names_list self = { 0 };
	struct below b;

	if (d->wish->follow) {
		b = below(d->arena, d->links, link);
		if (b.found.list.n || link->type != ARPHRD_ETHER)
			return b.found;
	}
	add_name(d->arena, &self, link->name);
	return self;
}

static const char *with(struct arena *arena, const char *a, const char *b)
{
	return a ? arena_printf(arena, "%s; %s", a, b) : b;
}

/* Why not all of @names can be hardware: NULL, they can. */
static const char *why_any_unable(const struct decision *d,
				  const struct names_list *names)
{
	struct names_list plain = { 0 };
	const char *why = NULL;
	size_t i;

	for (i = 0; i < names->list.n; i++) {
		const struct link *link =
			links_find(d->links, names->list.v[i]);

		if (!link->refused && link->able == LINK_UNABLE)
			add_name(d->arena, &plain, link->name);
		else if (why_unable(d->arena, link))
			why = with(d->arena, why, why_unable(d->arena, link));
	}
	if (!plain.list.n)
		return why;
	return with(d->arena, why,
		    arena_printf(d->arena, "%s cannot offload in hardware",
				 join(d->arena, &plain)));
}

/* Why it is software, though what the policy says leaves that open. */
static const char *why_software(const struct decision *d, const char *own)
{
	if (d->unable || own)
		return d->unable ? d->unable : own;
	return arena_printf(d->arena, "kept from hardware by %s",
			    join(d->arena, &d->blockers));
}

static bool is_only(const struct names_list *names, const char *name)
{
	return names->list.n == 1 && strcmp(names->list.v[0], name) == 0;
}

static void add_device(struct decision *d, const char *name)
{
	const struct link *link = links_find(d->links, name);
	struct attach_fate *fate = vec_push(d->arena, &d->table->fates);
	struct names_list devices = { 0 }, hardware = in_hardware(d, link);
	const char *own = why_any_unable(d, &hardware);
	size_t i;

	*fate = (struct attach_fate){
		.device = name,
		.able = hardware.list.n && !own,
	};
	if (d->wish->follow)
		devices = instead(d, link, fate);
	else
		add_name(d->arena, &devices, name);
	if (!devices.list.n)
		return;
	fate->state = d->how == HOW_HARDWARE ? ATTACH_HARDWARE :
					       ATTACH_SOFTWARE;
	if (!is_only(&devices, name))
		fate->by = join(d->arena, &devices);
	if (fate->state == ATTACH_SOFTWARE && d->wish->able)
		fate->reason = why_software(d, own);
	for (i = 0; i < devices.list.n; i++)
		*vec_push(d->arena, &d->table->devices) = devices.list.v[i];
}

/* Each once, in order. */
static void sort_devices(struct attach_table *table)
{
	size_t i, n = 0;

	if (!table->devices.n)
		return;
	qsort(table->devices.v, table->devices.n, sizeof(*table->devices.v),
	      compare_names);
	for (i = 0; i < table->devices.n; i++)
		if (!n ||
		    strcmp(table->devices.v[n - 1], table->devices.v[i]) != 0)
			table->devices.v[n++] = table->devices.v[i];
	table->devices.n = n;
}

static void add_pending(struct decision *d)
{
	struct attach_fate *fate;
	size_t i;

	for (i = 0; i < d->wish->devices.n; i++) {
		const char *name = d->wish->devices.v[i];

		if (strchr(name, '*') || links_find(d->links, name))
			continue;
		fate = vec_push(d->arena, &d->table->fates);
		*fate = (struct attach_fate){
			.device = name,
			.pending = true,
			.reason = "it does not exist",
		};
	}
}

static void fill_table(struct decision *d)
{
	struct names_list devices = named(d->arena, d->wish, d->links);
	size_t i;

	*d->table = (struct attach_table){
		.name = d->wish->name,
		.hardware = d->how == HOW_HARDWARE,
	};
	for (i = 0; i < devices.list.n; i++)
		add_device(d, devices.list.v[i]);
	sort_devices(d->table);
	add_pending(d);
}

/* Can the table, which would be for hardware? */
static bool is_able(struct decision *d)
{
	size_t i;

	for (i = 0; i < d->table->devices.n; i++)
		if (why_unable(d->arena,
			       links_find(d->links, d->table->devices.v[i])))
			add_name(d->arena, &d->blockers,
				 d->table->devices.v[i]);
	return d->table->devices.n && !d->blockers.list.n;
}

static void decide_one(struct arena *arena, const struct attach_wish *wish,
		       const struct links *links, bool plain,
		       struct attach_table *table)
{
	struct decision d = {
		.arena = arena,
		.links = links,
		.wish = wish,
		.how = wish->hardware || wish->able ? HOW_HARDWARE :
						      HOW_SOFTWARE,
		.table = table,
	};

	fill_table(&d);
	if (wish->able && plain)
		d.unable = "what is below its devices is in another flowtable";
	else if (wish->able && is_able(&d))
		return;
	if (!wish->hardware)
		d.how = plain ? HOW_PLAIN : HOW_SOFTWARE;
	fill_table(&d);
}

/*
 * All of them
 */

static bool collides(const struct attach *attach, size_t of)
{
	const struct attach_table *table = &attach->tables.v[of], *other;
	size_t i, j, k;

	for (i = 0; i < attach->tables.n; i++) {
		other = &attach->tables.v[i];
		for (j = 0; i != of && j < other->devices.n; j++)
			for (k = 0; k < table->devices.n; k++)
				if (strcmp(other->devices.v[j],
					   table->devices.v[k]) == 0)
					return true;
	}
	return false;
}

struct attach attach_decide(struct arena *arena,
			    const struct attach_wishes *wishes,
			    const struct links *links)
{
	struct attach attach = { 0 };
	size_t i, n = wishes->list.n;
	bool *plain = arena_array(arena, n + 1, sizeof(*plain));

	for (i = 0; i < n; i++)
		decide_one(arena, &wishes->list.v[i], links, false,
			   vec_push(arena, &attach.tables));
	for (i = 0; i < n; i++)
		plain[i] = wishes->list.v[i].follow && collides(&attach, i);
	for (i = 0; i < n; i++)
		if (plain[i])
			decide_one(arena, &wishes->list.v[i], links, true,
				   &attach.tables.v[i]);
	return attach;
}

struct attach_candidates attach_candidates(struct arena *arena,
					   const struct attach_wishes *wishes,
					   const struct links *links)
{
	struct attach_candidates candidates = { 0 };
	struct names_list names = { 0 };
	struct attach_table table = { 0 };
	const struct link *link;
	size_t i, j;

	for (i = 0; i < wishes->list.n; i++) {
		struct decision d = {
			.arena = arena,
			.links = links,
			.wish = &wishes->list.v[i],
			.how = HOW_HARDWARE,
			.table = &table,
		};

		if (!d.wish->able)
			continue;
		fill_table(&d);
		for (j = 0; j < table.devices.n; j++) {
			link = links_find(links, table.devices.v[j]);
			if (link->able == LINK_ABLE)
				add_name(arena, &names, link->name);
		}
	}
	for (i = 0; i < names.list.n; i++)
		*vec_push(arena, &candidates.list) = names.list.v[i];
	return candidates;
}

const struct attach_table *attach_find(const struct attach *attach,
				       const char *name)
{
	size_t i;

	for (i = 0; i < attach->tables.n; i++)
		if (strcmp(attach->tables.v[i].name, name) == 0)
			return &attach->tables.v[i];
	return NULL;
}

void attach_resolve(struct ir *ir, const struct attach *attach)
{
	const struct attach_table *table;
	struct ir_flowtable *f;

	for (f = ir->flowtables; f; f = f->next) {
		table = attach_find(attach, f->name);
		if (!table)
			continue;
		f->hardware = table->hardware;
		f->devices = table->devices.v;
		f->ndevices = table->devices.n;
	}
}

const char *attach_state_word(const struct attach_fate *fate)
{
	static const char *const words[] = { "none", "software", "hardware" };

	return fate->pending ? "pending" : words[fate->state];
}

const char *attach_describe(struct arena *arena, const struct attach_fate *fate)
{
	return arena_printf(arena, "%s%s%s%s%s", attach_state_word(fate),
			    fate->by ? ", by " : "", fate->by ? fate->by : "",
			    fate->reason ? ": " : "",
			    fate->reason ? fate->reason : "");
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets and services.
 *
 * Elements are kept packed, sorted and merged: a set may hold a million of
 * them. A file holds one value a line; "#" begins a comment.
 */
#include "bind.h"
#include "vocab/service.h"

struct set_fill {
	struct set *set;
	size_t room[FAMILIES];
	const struct node *elements, *file;
};

static const char type_expected[] = "the type of the set: address, port or mac";

static void set_type(struct binder *b, const struct node *node, void *into)
{
	struct set_fill *fill = into;
	struct suggest suggest;
	const struct value_type *type;
	struct diag *diag;
	struct str text;
	size_t i;

	if (!bind_text(b, node, type_expected, &text))
		return;
	type = value_type_find(text);
	if (type && type->in_sets) {
		fill->set->type = type;
		return;
	}
	diag = bind_expected(b, node, type_expected);
	if (habit_word("a set's type", text, diag))
		return;
	suggest = suggest_for(text);
	for (i = 0; (type = value_type_at(i)); i++)
		if (type->in_sets)
			suggest_name(&suggest, str_of(type->name));
	suggest_help(&suggest, diag);
}

static void set_elements(struct binder *b, const struct node *node, void *into)
{
	(void)b;
	((struct set_fill *)into)->elements = node;
}

static void set_file(struct binder *b, const struct node *node, void *into)
{
	(void)b;
	((struct set_fill *)into)->file = node;
}

static void set_timeout(struct binder *b, const struct node *node, void *into)
{
	struct set *set = ((struct set_fill *)into)->set;
	uint64_t seconds;

	if (bind_duration(b, node, &seconds))
		set->timeout = seconds * 1000;
}

static void set_size(struct binder *b, const struct node *node, void *into)
{
	struct set *set = ((struct set_fill *)into)->set;
	uint64_t size;

	if (bind_number(b, node, 1, 100000000, &size))
		set->size = (uint32_t)size;
}

const struct field set_fields[] = {
	{ "type", set_type, true | FIELD_FIRST, .type = "address | port | mac",
	  .doc = DOC("A set of addresses holds both families.") },
	{ "elements", set_elements, FIELD_LIST | FIELD_BLOCK, .type = "<list>",
	  .doc = DOC("Values of the type: single ones, prefixes and ranges. "
		     "What overlaps is merged.") },
	{ "file", set_file, false, .type = "<path>",
	  .doc = DOC(
		  "A file with further elements, one a line; '#' begins a "
		  "comment, and empty lines are skipped. A relative path "
		  "starts at the directory of the file that names it. A "
		  "mistake in it is reported at its line. Nobody else may be "
		  "able to write it; see <SEVERAL FILES>.") },
	{ "timeout", set_timeout, FIELD_PHRASE, .type = "<duration>",
	  .doc = DOC(
		  "Elements that are added while the policy runs leave the "
		  "set after this time. There is no default: elements stay.") },
	{ "size", set_size, false, .type = "<number>",
	  .doc = DOC("How many elements it may hold, from 1 to 100000000. A "
		     "set that is filled while it runs holds 65535 unless it "
		     "says otherwise.") },
	{ NULL, NULL, false },
};

/* False, with *why, if @text is no value of the set's type. */
static bool set_add(struct binder *b, struct set_fill *fill, struct str text,
		    const char **why)
{
	struct value values[2];
	size_t i, n;

	n = fill->set->type->parse(text, values, why);
	for (i = 0; i < n; i++)
		ranges_push(b->arena, &fill->set->elements[values[i].family],
			    &fill->room[values[i].family], values[i].lo,
			    values[i].hi);
	return n > 0;
}

static void set_element(struct binder *b, const struct node *node, void *into)
{
	struct set_fill *fill = into;
	const char *why = "";
	struct diag *diag;
	struct str text;

	if (!bind_text(b, node, fill->set->type->expected, &text))
		return;
	if (set_add(b, fill, text, &why))
		return;
	diag = bind_expected(b, node, fill->set->type->expected);
	if (!habit_value(fill->set->type, text, diag))
		diag_help(diag, "%s", why);
}

static void file_line(struct binder *b, struct set_fill *fill,
		      const struct source *source, struct str line)
{
	struct str value = line, text;
	const char *why = "";
	struct diag *diag;

	text = str_trim(str_cut(&value, '#'));
	if (text.n == 0 || set_add(b, fill, text, &why))
		return;
	diag = diag_error(b->diags,
			  (struct span){
				  source->id,
				  (uint32_t)(text.p - source->text.p),
				  (uint32_t)text.n,
			  },
			  "expected %s", fill->set->type->expected);
	if (memchr(text.p, ';', text.n) || text.p[0] == '/')
		diag_help(diag, "a comment begins with \"#\"");
	else if (memchr(text.p, ',', text.n) || memchr(text.p, ' ', text.n))
		diag_help(diag, "one value stands on each line");
	else if (!habit_value(fill->set->type, text, diag))
		diag_help(diag, "%s", why);
}

struct scan {
	struct binder *b;
	struct set_fill *fill;
};

static bool scan_line(struct str line, void *data)
{
	const struct scan *scan = data;
	struct str text = str_trim(str_cut(&line, '#'));
	const char *why;

	return text.n == 0 || set_add(scan->b, scan->fill, text, &why);
}

/* Without a word: false, and nothing added, if anything is wrong with it. */
static bool scan_file(struct binder *b, struct set_fill *fill, const char *path)
{
	struct ranges *elements = fill->set->elements;
	size_t n[FAMILIES] = { elements[0].n, elements[1].n };
	struct scan scan = { b, fill };

	if (!source_scan(b->sources, path, scan_line, &scan))
		return true;
	elements[0].n = n[0];
	elements[1].n = n[1];
	return false;
}

/* Only a file with mistakes is kept, to show them. */
static void read_file(struct binder *b, const struct node *node,
		      struct set_fill *fill)
{
	struct source *source;
	struct str text, rest;
	struct span named = node->span;
	const struct expansion *e;
	const char *path;

	if (!bind_text(b, node, "a file's name", &text))
		return;
	/* beside the file in which the name is written */
	while ((e = span_expansion(b->sources, named)))
		named = e->definition;
	path = source_beside(b->arena, source_of(b->sources, named)->path,
			     text);
	if (scan_file(b, fill, path) || !bind_source(b, node, path, &source))
		return;
	rest.p = source->text.p + source->lines[0]; /* behind a mark */
	rest.n = source->text.n - source->lines[0];
	while (rest.n)
		file_line(b, fill, source, str_cut(&rest, '\n'));
}

static void fill_set(struct binder *b, struct set_fill *fill)
{
	struct set *set = fill->set;
	int f;

	for (f = 0; f < FAMILIES; f++)
		if (set->type->wire[f])
			set->elements[f].len =
				wire_type(set->type->wire[f])->len;
	if (fill->elements)
		bind_each(b, fill->elements, set_element, fill);
	if (fill->file)
		read_file(b, fill->file, fill);
	for (f = 0; f < FAMILIES; f++) {
		ranges_normalise(&set->elements[f]);
		if (set->size && set->elements[f].n > set->size)
			diag_error(b->diags, set->span,
				   "the set holds %zu elements, its size is "
				   "%u",
				   set->elements[f].n, set->size);
	}
	set->dynamic = set->timeout || (!fill->elements && !fill->file);
}

static bool name_taken(struct binder *b, const struct map *map,
		       const struct node *key, const char *name,
		       const char *what, struct span (*span_of)(const void *))
{
	const void *other = map_get(map, str_of(name));
	struct diag *diag;

	if (!other)
		return false;
	diag = diag_error(b->diags, key->span, "the %s \"%s\" is given twice",
			  what, name);
	diag_note(diag, span_of(other), "it is first given here");
	return true;
}

static struct span set_span(const void *set)
{
	return ((const struct set *)set)->span;
}

static struct span service_span(const void *service)
{
	return ((const struct service *)service)->span;
}

static struct set *bind_set(struct binder *b, const struct pair *pair)
{
	const char *name = bind_name(b, pair->key, "a set");
	struct set_fill fill = { 0 };

	if (!name || name_taken(b, &b->sets, pair->key, name, "set", set_span))
		return NULL;
	fill.set = arena_new_object(b->arena, struct set);
	fill.set->name = name;
	fill.set->span = pair->key->span;
	map_add(&b->sets, str_of(name), fill.set);
	bind_map(b, pair->value, set_fields, &fill, "a set", NULL);
	if (fill.set->type)
		fill_set(b, &fill);
	else
		fill.set->type = &type_address; /* reported already */
	return fill.set;
}

void bind_sets(struct binder *b, const struct node *node)
{
	struct model *model = b->model;
	size_t i;

	if (node->kind != NODE_MAP) {
		bind_names(b, node, "sets, each a name and what it is");
		return;
	}
	model->sets = arena_array(b->arena, node->map.n, sizeof(struct set *));
	for (i = 0; i < node->map.n; i++) {
		struct set *set = bind_set(b, &node->map.pairs[i]);

		if (!set)
			continue;
		set->index = (uint32_t)model->nsets;
		model->sets[model->nsets++] = set;
	}
}

struct service_fill {
	struct service *service;
	VEC(struct service_item) items;
};

static const char service_expected[] =
	"protocol/port, as in tcp/443 or udp/5000-5010, or a service's name";

static bool has_ports(uint8_t proto)
{
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 ||
	       proto == 136;
}

static bool parse_item(struct str text, struct service_item *item,
		       const char **why)
{
	struct str rest = text, name = str_cut(&rest, '/');
	struct value proto[2], port[2];

	if (!type_protocol.parse(name, proto, why))
		return false;
	if (!has_ports(proto[0].lo[0])) {
		*why = "this protocol has no ports";
		return false;
	}
	if (!type_port.parse(rest, port, why))
		return false;
	*item = (struct service_item){
		.proto = proto[0].lo[0],
		.families = FAMILY_BOTH,
		.lo = (uint16_t)wire_get(WIRE_PORT, port[0].lo),
		.hi = (uint16_t)wire_get(WIRE_PORT, port[0].hi),
	};
	return true;
}

static void add_known(struct binder *b, struct service_fill *fill,
		      const struct known_service *known, size_t n)
{
	static const struct {
		uint8_t bit, proto;
	} protos[] = { { SERVICE_TCP, 6 },
		       { SERVICE_UDP, 17 },
		       { SERVICE_DCCP, 33 },
		       { SERVICE_SCTP, 132 } };
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < sizeof(protos) / sizeof(protos[0]); j++)
			if (known[i].protos & protos[j].bit)
				*vec_push(b->arena, &fill->items) =
					(struct service_item){
						protos[j].proto,
						known[i].families,
						known[i].port,
						known[i].port,
					};
}

static void unknown_service(struct binder *b, struct str name, struct span span)
{
	struct suggest suggest = suggest_for(name);
	struct diag *diag;
	size_t i;

	diag = diag_error(b->diags, span, "no service is called \"%.*s\"",
			  STR_ARG(name));
	if (habit_value(&type_service, name, diag))
		return;
	if (name.n && name.p[0] >= '0' && name.p[0] <= '9')
		diag_help(diag,
			  "a number needs its protocol: \"tcp/%.*s\"; or "
			  "write \"port: %.*s\"",
			  STR_ARG(name), STR_ARG(name));
	for (i = 0; i < b->services.entries.n; i++)
		suggest_name(&suggest, b->services.entries.v[i].key);
	for (i = 0; known_service_at(i); i++)
		suggest_name(&suggest, str_of(known_service_at(i)->name));
	suggest_help(&suggest, diag);
}

static void wrong_item(struct binder *b, struct str text, struct span span,
		       const char *why)
{
	struct diag *diag = diag_error(b->diags, span,
				       "found \"%.*s\", expected %s",
				       STR_ARG(text), service_expected);

	if (!habit_value(&type_service, text, diag))
		diag_help(diag, "%s", why);
}

static void fill_service(struct binder *b, struct service_fill *fill,
			 struct str text, struct span span)
{
	const struct known_service *known;
	struct service *other;
	struct service_item item;
	const char *why = "";
	size_t i, n;

	other = map_get(&b->services, text);
	if (other) {
		other->used = true;
		for (i = 0; i < other->nitems; i++)
			*vec_push(b->arena, &fill->items) = other->items[i];
	} else if (memchr(text.p, '/', text.n)) {
		if (parse_item(text, &item, &why))
			*vec_push(b->arena, &fill->items) = item;
		else
			wrong_item(b, text, span, why);
	} else if ((known = known_service_find(text, &n))) {
		add_known(b, fill, known, n);
	} else {
		unknown_service(b, text, span);
	}
}

const struct service *service_resolve(struct binder *b, struct str name,
				      struct span span)
{
	struct service *service = map_get(&b->services, name);
	struct service_fill fill = { 0 };

	if (service) {
		service->used = true;
		return service;
	}
	fill_service(b, &fill, name, span);
	service = arena_new_object(b->arena, struct service);
	service->name = arena_strndup(b->arena, name.p, name.n);
	service->items = fill.items.v;
	service->nitems = fill.items.n;
	map_add(&b->services, str_of(service->name), service);
	return service;
}

static void service_item(struct binder *b, const struct node *node, void *into)
{
	struct str text;

	if (bind_text(b, node, service_expected, &text))
		fill_service(b, into, text, node->span);
}

static void bind_service(struct binder *b, const struct pair *pair)
{
	const char *name = bind_name(b, pair->key, "a service");
	struct service_fill fill = { 0 };
	struct service *service;

	if (!name || name_taken(b, &b->services, pair->key, name, "service",
				service_span))
		return;
	bind_each(b, pair->value, service_item, &fill);
	service = arena_new_object(b->arena, struct service);
	service->name = name;
	service->span = pair->key->span;
	service->items = fill.items.v;
	service->nitems = fill.items.n;
	map_add(&b->services, str_of(name), service);
}

void bind_services(struct binder *b, const struct node *node)
{
	size_t i;

	if (node->kind != NODE_MAP) {
		bind_names(b, node, "services, each a name and its ports");
		return;
	}
	for (i = 0; i < node->map.n; i++)
		bind_service(b, &node->map.pairs[i]);
}

// SPDX-License-Identifier: GPL-2.0-only
/* The zones of fw4: see zones.h. */
#include "zones.h"

#include <errno.h>

#include "import/import.h"
#include "ir/fw4.h"
#include "read/tree.h"

#define UCI_DIRECTORY "/etc/config"

/* The pair whose value names fw4's zones, or NULL. */
static struct pair *find(struct node *root)
{
	size_t i;

	for (i = 0; root->kind == NODE_MAP && i < root->map.n; i++) {
		struct pair *pair = &root->map.pairs[i];

		if (str_is(pair->key->scalar, "zones") &&
		    pair->value->kind == NODE_SCALAR && pair->value->scalar.n &&
		    (str_is(pair->value->scalar, "fw4") ||
		     memchr(pair->value->scalar.p, '/', pair->value->scalar.n)))
			return pair;
	}
	return NULL;
}

static const char *directory_of(struct compilation *c, const struct node *node)
{
	if (str_is(node->scalar, "fw4"))
		return UCI_DIRECTORY;
	return source_beside(c->arena, source_of(&c->sources, node->span)->path,
			     node->scalar);
}

static struct source *read_file(struct compilation *c, const struct node *node,
				const char *name)
{
	const char *path =
		arena_printf(c->arena, "%s/%s", directory_of(c, node), name);
	struct distrust distrust;
	struct source *source;
	int err = source_read_named(&c->sources, path, node->span, &source,
				    &distrust);

	if (!err)
		return source;
	diag_help(diag_error(c->diags, node->span, "cannot read %s: %s", path,
			     err == -EKEYREJECTED ? "it is not to be trusted" :
						    strerror(-err)),
		  "\"fw4\" is " UCI_DIRECTORY
		  "; elsewhere, name the directory, "
		  "as in \"zones: ./config\"");
	return NULL;
}

static struct node *import_zones(struct compilation *c, const struct node *node,
				 struct span *offloads)
{
	struct import import = {
		.arena = c->arena,
		.diags = c->diags,
		.name = "fw4",
		.zones_only = true,
	};
	struct source *firewall = read_file(c, node, "firewall");
	struct source *network = firewall ? read_file(c, node, "network") :
					    NULL;

	if (!network)
		return NULL;
	import.networks = networks_read(c->arena, network, c->diags);
	if (!import_uci(&import, firewall))
		return NULL;
	*offloads = import.offloads;
	return tree_get(import.root, "zones");
}

struct node *zones_of_fw4(struct compilation *c, struct node *root,
			  struct span *offloads)
{
	struct pair *said = find(root);
	struct node *copy, *zones;

	if (!said)
		return root;
	zones = import_zones(c, said->value, offloads);
	copy = arena_new_object(c->arena, struct node);
	*copy = *root;
	copy->map.pairs =
		arena_array(c->arena, root->map.n, sizeof(*copy->map.pairs));
	memcpy(copy->map.pairs, root->map.pairs,
	       root->map.n * sizeof(*copy->map.pairs));
	if (zones) {
		copy->map.pairs[said - root->map.pairs].value = zones;
	} else { /* which is said; what follows is not worth saying */
		zones = arena_new_object(c->arena, struct node);
		*zones = *said->value;
		zones->reported = true;
		copy->map.pairs[said - root->map.pairs].value = zones;
	}
	return copy;
}

void zones_check_offloads(struct compilation *c, struct span offloads)
{
	struct diag *diag;

	if (!offloads.source || c->model->mode != MODE_FW4)
		return;
	c->model->fw4_offloads = offloads;
	diag = diag_warning(
		c->diags, offloads,
		"fw4 itself offloads whatever it lets pass: nothing "
		"is exempt, and what is logged of each packet is "
		"not");
	diag_note(diag, c->model->mode_span, "this policy cannot prevent it");
	diag_help(diag, FW4_OFFLOAD_OFF "; or load the kernel module");
}

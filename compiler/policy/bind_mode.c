// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is the firewall: this policy, or OpenWrt's fw4.
 *
 *	mode: alone | fw4
 *
 * It is looked for before anything else is bound, for beside fw4 the language
 * has fewer words: what fw4 has, a row says in its "fw4", and it is refused
 * where it stands.
 *
 * What must stay true: beside fw4 the model accepts whatever comes to it, for
 * that one has decided; so nothing that follows from the model drops a packet
 * that fw4 lets pass.
 */
#include "bind.h"

static const struct node *value_of(const struct node *map, const char *key)
{
	size_t i;

	for (i = 0; map->kind == NODE_MAP && i < map->map.n; i++)
		if (str_is(map->map.pairs[i].key->scalar, key))
			return map->map.pairs[i].value;
	return NULL;
}

static void beside_fw4(struct model *model)
{
	int h;

	model->mode = MODE_FW4;
	for (h = 0; h < HOOKS; h++)
		model->defaults[h] = ACTION_ACCEPT;
	model->invalid_drop = false;
	model->lockout_ignored = true; /* it cuts off nobody */
}

void bind_mode(struct binder *b, const struct node *root)
{
	static const char *const words[] = { "alone", "fw4", NULL };
	const struct node *node = value_of(root, "mode");

	if (!node || node->kind == NODE_NULL)
		return; /* that it has no value is said with all others */
	b->model->mode_span = node->span;
	if (bind_word(b, node, words, "who the firewall is") == 1)
		beside_fw4(b->model);
}

void bind_left_to_fw4(struct binder *b, const struct node *key, const char *fw4)
{
	struct diag *diag;

	diag = diag_error(b->diags, key->span,
			  "with \"mode: fw4\", \"%.*s\" is not this policy's "
			  "to say",
			  STR_ARG(key->scalar));
	diag_help(diag,
		  "leave it to fw4, to %s; with \"mode: alone\" it is said "
		  "here",
		  fw4);
}

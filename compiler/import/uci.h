/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * OpenWrt's configuration files, as libuci reads them: sections with a type
 * and perhaps a name, options with one value, lists with several.
 *
 *	config zone 'lan'
 *		option name 'lan'
 *		list network "lan"
 *
 * What must stay true: whatever is read has its place in the file, and every
 * mistake is reported; nothing is known here of what an option means.
 *
 * A word may be in pieces (a'b'"c"). In single quotes all is text, line ends
 * too; in double quotes, and in no quotes, a backslash takes what follows as
 * it is and joins two lines. "#" begins a comment unless it is in quotes, ";"
 * ends a statement as the line's end does, and the first letter of a statement's
 * word stands for it. A later option replaces an earlier one, a list grows; an
 * empty value is none. Sections of one name are one.
 */
#ifndef NFTOFFC_IMPORT_UCI_H
#define NFTOFFC_IMPORT_UCI_H

#include "base/diag.h"

struct uci_value {
	struct str text; /* decoded */
	struct span span;
};

struct uci_option {
	struct str name;
	struct span span; /* of the whole statement, the last of a list's */
	/* An earlier statement that it replaced, or that it is a list beside. */
	struct span before;
	bool list;
	VEC(struct uci_value) values;
};

struct uci_section {
	struct str type;
	struct str name; /* p NULL if it is anonymous */
	size_t index;	 /* among those of its type, from 0 */
	struct span span;
	struct span again; /* where it is begun once more, or nowhere */
	/* The lines right above it that are comments, as they stand. */
	struct str comment;
	VEC(struct uci_option *) options; /* in the order of the file */
};

struct uci {
	VEC(struct uci_section *) sections;
};

/* What could be read; whether that is all, @diags tells. */
struct uci *uci_read(struct arena *arena, const struct source *source,
		     struct diags *diags);

/* NULL if it is not given, or empty. */
const struct uci_option *uci_option(const struct uci_section *section,
				    const char *name);

#endif

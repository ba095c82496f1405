/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The options of /etc/config/firewall that fw4 knows, a row each, said once in
 * option.c: what its value is, and what becomes of it in a policy. What fw4
 * refuses is refused by the row; the manual's table and the count of the tests'
 * cases read it, too.
 */
#ifndef NFTOFFC_IMPORT_OPTION_H
#define NFTOFFC_IMPORT_OPTION_H

#include "base/doc.h"
#include "uci.h"

enum option_fate {
	OPTION_LEFT_OUT, /* a policy cannot say it; zero is the careful value */
	OPTION_SAID,
	OPTION_NEARLY, /* said where it can be; the text says where it is not */
	OPTION_SYSTEM, /* it is no affair of a policy's: a sysctl, a script */
	OPTION_UNUSED, /* fw4 does nothing with it either */
};

enum option_how {
	OPTION_LIST = 1, /* several values, also in one, with blanks */
	OPTION_REQUIRED = 1 << 1,
	OPTION_PLAIN = 1 << 2, /* may not be negated */
};

struct option {
	const char *name;
	/* Whether fw4 takes a value; NULL: whatever there is. */
	bool (*is_value)(struct str text);
	enum option_fate fate;
	unsigned int how; /* option_how */
	const char *doc;  /* a sentence: what it becomes, or why nothing */
};

struct section {
	const char *type;
	const struct option *options; /* ended by a NULL name */
};

const struct section *section_at(size_t i); /* NULL past the end */
const struct section *section_find(struct str type);
const struct option *option_find(const struct section *section,
				 struct str name);
/* "left out", for tables. */
const char *option_fate_word(enum option_fate fate);

/*
 * The value of a list at @i, whether it is one of several or one of the words
 * of a single one; false past the end.
 */
bool option_value_at(const struct uci_option *option, size_t i,
		     struct uci_value *value);

#endif

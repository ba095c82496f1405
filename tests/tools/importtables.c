// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of nftoffc-import(7): what becomes of each option of OpenWrt's
 * firewall, as mdoc, a table for each type of section. With --names, each option
 * as "section.option", a line each, for who counts the cases.
 *
 * What must stay true: nothing about an option is said here.
 */
#include <stdio.h>
#include <string.h>

#include "import/option.h"

static void put_names(const struct section *section)
{
	const struct option *option;

	for (option = section->options; option->name; option++)
		printf("%s.%s\n", section->type, option->name);
}

/* A sentence a line; what begins a line like a macro is none. */
static void put_doc(const char *doc)
{
	struct str rest = str_of(doc);

	while (rest.p) {
		struct str word = str_cut(&rest, ' ');
		bool ends = word.n && word.p[word.n - 1] == '.';

		printf("%.*s%c", STR_ARG(word), !rest.p || ends ? '\n' : ' ');
	}
}

static void put_table(const struct section *section)
{
	const struct option *option;

	printf(".\\\" begin generated: %s\n", section->type);
	puts(".Bl -tag -width Ds -compact");
	for (option = section->options; option->name; option++) {
		printf(".It Cm %s Pq %s\n", option->name,
		       option_fate_word(option->fate));
		put_doc(option->doc);
	}
	puts(".El");
	printf(".\\\" end generated: %s\n", section->type);
}

int main(int argc, char **argv)
{
	bool names = argc > 1 && strcmp(argv[1], "--names") == 0;
	const struct section *section;
	size_t i;

	for (i = 0; (section = section_at(i)); i++)
		if (names)
			put_names(section);
		else
			put_table(section);
	return 0;
}

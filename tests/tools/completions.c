// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shells' completions, from the program's own table of commands:
 *
 *	completions bash|zsh|fish
 *
 * What must stay true: nothing is spelled here that the tables have: commands,
 * options, what an option may be, and the words of a packet. tests/completions
 * compares what is printed with packaging/completions, and asks the shells.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cli.h"
#include "runtime/cmd/cmd.h"
#include "vocab/match.h"

/* Beside those of matches, as policy/bind_test.c and packet.c have them. */
static const char *const packet_words[] = { "from", "to", "tcp", "udp", NULL };

/* What stands beside the table, see cli.h. */
static const struct cli_option global_options[] = {
	{ 'h', "help", NULL, "says how it is used", NULL },
	{ 0, "version", NULL, "says which version it is", NULL },
	{ 0 },
};

#define EACH_OPTION(o, of)                                                     \
	(o) = (of);                                                            \
	(o) && (o)->name;                                                      \
	(o)++

static bool takes_path(const struct cli_option *o)
{
	return o->argument &&
	       (!strcmp(o->argument, "FILE") || !strcmp(o->argument, "DIR"));
}

static bool takes_policy(const struct command *c)
{
	return !strncmp(c->arguments, "POLICY", strlen("POLICY"));
}

static bool takes_packet(const struct command *c)
{
	return strstr(c->arguments, "PACKET") != NULL;
}

/* @s between single quotes, where a quote is @escaped. */
static void put_quoted(const char *s, const char *escaped)
{
	putchar('\'');
	for (; *s; s++) {
		if (*s == '\'')
			fputs(escaped, stdout);
		else
			putchar(*s);
	}
	putchar('\'');
}

static void put_list(const char *const *words, const char *separator)
{
	for (size_t i = 0; words[i]; i++)
		printf("%s%s", i ? separator : "", words[i]);
}

static void put_packet_words(const char *separator)
{
	put_list(packet_words, separator);
	for (size_t i = 0; match_word_at(i); i++)
		printf("%s%s", separator, match_word_at(i)->word);
}

static void put_commands(const char *separator)
{
	for (const struct command *c = commands; c->name; c++)
		printf("%s%s", c->name, separator);
	fputs("help", stdout);
}

/* ---- bash ---- */

static void bash_option_names(const struct cli_option *options)
{
	const struct cli_option *o;

	for (EACH_OPTION(o, options)) {
		if (o->letter)
			printf(" -%c", o->letter);
		printf(" --%s", o->name);
	}
}

static void bash_values(const struct cli_option *o)
{
	if (!o->argument)
		return;
	fputs("\t\t", stdout);
	if (o->letter)
		printf("-%c|", o->letter);
	printf("--%s) ", o->name);
	if (o->choices) {
		fputs("_nftoffc_words ", stdout);
		put_list(o->choices, " ");
	} else if (!strcmp(o->argument, "DIR")) {
		fputs("_nftoffc_paths -d", stdout);
	} else if (takes_path(o)) {
		fputs("_nftoffc_paths -f", stdout);
	} else {
		putchar(':');
	}
	puts("; return ;;");
}

static void bash_operands(const struct command *c)
{
	if (takes_packet(c)) {
		puts("\t\tif [ \"$operand\" -gt 1 ]; then");
		fputs("\t\t\t_nftoffc_words ", stdout);
		put_packet_words(" ");
		puts("\n\t\t\treturn\n\t\tfi");
	}
	if (takes_policy(c))
		puts("\t\t_nftoffc_policies");
}

static void bash_command(const struct command *c)
{
	const struct cli_option *o;
	bool values = false;

	printf("\t%s)\n", c->name);
	for (EACH_OPTION(o, c->options))
		values |= o->argument != NULL;
	if (values)
		puts("\t\tcase $previous in");
	for (EACH_OPTION(o, c->options))
		bash_values(o);
	if (values)
		puts("\t\tesac");
	puts("\t\tif [[ $current == -* ]]; then");
	fputs("\t\t\t_nftoffc_words", stdout);
	bash_option_names(c->options);
	puts(" -h --help\n\t\t\treturn\n\t\tfi");
	bash_operands(c);
	puts("\t\t;;");
}

static const char bash_head[] =
	"# shellcheck shell=bash\n"
	"\n"
	"_nftoffc_words()\n"
	"{\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$*\" -- \"$current\")\n"
	"}\n"
	"\n"
	"_nftoffc_paths()\n"
	"{\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen \"$1\" -- \"$current\")\n"
	"}\n"
	"\n"
	"# Directories, too: a policy may be in one.\n"
	"_nftoffc_policies()\n"
	"{\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(\n"
	"\t\tcompgen -f -X '!*.yaml' -- \"$current\"\n"
	"\t\tcompgen -f -X '!*.policy' -- \"$current\"\n"
	"\t\tcompgen -d -- \"$current\")\n"
	"}\n"
	"\n"
	"# Which operand the cursor is at, from 1.\n"
	"_nftoffc_operand()\n"
	"{\n"
	"\tlocal i\n"
	"\n"
	"\toperand=1\n"
	"\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
	"\t\t[[ ${COMP_WORDS[i]} == -* ]] || operand=$((operand + 1))\n"
	"\tdone\n"
	"}\n"
	"\n"
	"_nftoffc()\n"
	"{\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} operand\n"
	"\tlocal previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\t# \"--format=json\" is three words to bash\n"
	"\tif [ \"$previous\" = = ]; then\n"
	"\t\tprevious=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\telif [ \"$current\" = = ]; then\n"
	"\t\tcurrent=\n"
	"\tfi\n"
	"\t_nftoffc_operand\n"
	"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	"\t\t_nftoffc_words ";

static void bash(void)
{
	fputs(bash_head, stdout);
	put_commands(" ");
	for (const struct cli_option *o = global_options; o->name; o++)
		printf(" --%s", o->name);
	puts("\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in");
	for (const struct command *c = commands; c->name; c++)
		bash_command(c);
	fputs("\thelp)\n\t\t_nftoffc_words ", stdout);
	put_commands(" ");
	puts("\n\t\t;;\n\tesac\n}\n\ncomplete -F _nftoffc nftoffc");
}

/* ---- zsh ---- */

/* _arguments ends a description at ']', and an argument's at ':'. */
static void zsh_text(const char *s)
{
	for (; *s; s++) {
		if (strchr("[]:\\", *s))
			putchar('\\');
		if (*s == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*s);
	}
}

static void zsh_value(const struct cli_option *o)
{
	if (!o->argument)
		return;
	printf(":%s:", o->argument);
	if (o->choices) {
		putchar('(');
		put_list(o->choices, " ");
		putchar(')');
	} else if (!strcmp(o->argument, "DIR")) {
		fputs("_files -/", stdout);
	} else if (takes_path(o)) {
		fputs("_files", stdout);
	} else {
		putchar(' ');
	}
}

/* '(-f --format)'{-f+,--format=}'[what it is]:FORMAT:(text json)' */
static void zsh_option(const struct cli_option *o)
{
	fputs("\t\t\t", stdout);
	if (o->letter)
		printf("'(-%c --%s)'{-%c%s,--%s%s}'[", o->letter, o->name,
		       o->letter, o->argument ? "+" : "", o->name,
		       o->argument ? "=" : "");
	else
		printf("'--%s%s[", o->name, o->argument ? "=" : "");
	zsh_text(o->doc);
	putchar(']');
	zsh_value(o);
	puts("' \\");
}

static void zsh_command(const struct command *c)
{
	const struct cli_option *o;

	printf("\t%s)\n\t\t_arguments -s \\\n", c->name);
	for (EACH_OPTION(o, c->options))
		zsh_option(o);
	zsh_option(&global_options[0]);
	if (takes_policy(c))
		puts("\t\t\t'1:policy:_files -g \"*.(yaml|policy)\"' \\");
	if (takes_packet(c)) {
		fputs("\t\t\t'*:packet:(", stdout);
		put_packet_words(" ");
		puts(")' \\");
	}
	puts("\t\t\t&& return\n\t\t;;");
}

static void zsh(void)
{
	puts("\n_nftoffc()\n{\n\tlocal -a commands\n\n\tcommands=(");
	for (const struct command *c = commands; c->name; c++) {
		printf("\t\t'%s:", c->name);
		zsh_text(c->doc);
		puts("'");
	}
	puts("\t\t'help:says how a command is used'\n\t)\n"
	     "\tif ((CURRENT == 2)); then\n"
	     "\t\t_describe command commands\n"
	     "\t\treturn\n\tfi\n"
	     "\tshift words\n\t((CURRENT--))\n"
	     "\tcase $words[1] in");
	for (const struct command *c = commands; c->name; c++)
		zsh_command(c);
	puts("\thelp)\n\t\t_describe command commands\n\t\t;;\n\tesac\n}\n\n"
	     "_nftoffc \"$@\"");
}

/* ---- fish ---- */

static void fish_option(const char *command, const struct cli_option *o)
{
	printf("complete -c nftoffc -n '__fish_seen_subcommand_from %s'",
	       command);
	if (o->letter)
		printf(" -s %c", o->letter);
	printf(" -l %s", o->name);
	if (takes_path(o))
		fputs(" -r -F", stdout);
	else if (o->argument)
		fputs(" -x", stdout);
	if (o->choices) {
		fputs(" -a '", stdout);
		put_list(o->choices, " ");
		putchar('\'');
	}
	fputs(" -d ", stdout);
	put_quoted(o->doc, "\\'");
	putchar('\n');
}

static void fish_command(const struct command *c)
{
	const struct cli_option *o;

	printf("complete -c nftoffc -n __fish_use_subcommand -a %s -d ",
	       c->name);
	put_quoted(c->doc, "\\'");
	putchar('\n');
	for (EACH_OPTION(o, c->options))
		fish_option(c->name, o);
	if (takes_policy(c))
		printf("complete -c nftoffc -n '__fish_seen_subcommand_from "
		       "%s' -k -a '(__fish_complete_suffix .policy; "
		       "__fish_complete_suffix .yaml)'\n",
		       c->name);
	if (!takes_packet(c))
		return;
	printf("complete -c nftoffc -n '__fish_seen_subcommand_from %s; and "
	       "test (count (commandline -opc)) -gt 2' -a '",
	       c->name);
	put_packet_words(" ");
	puts("'");
}

static void fish(void)
{
	puts("\ncomplete -c nftoffc -f");
	for (const struct cli_option *o = global_options; o->name; o++) {
		printf("complete -c nftoffc -n __fish_use_subcommand -l %s -d ",
		       o->name);
		put_quoted(o->doc, "\\'");
		putchar('\n');
	}
	for (const struct command *c = commands; c->name; c++)
		fish_command(c);
	fputs("complete -c nftoffc -n __fish_use_subcommand -a help -d "
	      "'says how a command is used'\n"
	      "complete -c nftoffc -n '__fish_seen_subcommand_from help' -a '",
	      stdout);
	put_commands(" ");
	puts("'");
}

static const struct {
	const char *name, *first; /* first: a line that must come first */
	void (*print)(void);
} shells[] = {
	{ "bash", NULL, bash },
	{ "zsh", "#compdef nftoffc", zsh },
	{ "fish", NULL, fish },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		if (argc != 2 || strcmp(argv[1], shells[i].name))
			continue;
		if (shells[i].first)
			puts(shells[i].first);
		printf("# SPDX-License-Identifier: GPL-2.0-only\n"
		       "#\n"
		       "# nftoffc(1) for %s: made by tests/tools/completions.c "
		       "of the program's tables.\n",
		       shells[i].name);
		shells[i].print();
		return EXIT_SUCCESS;
	}
	fputs("usage: completions bash|zsh|fish\n", stderr);
	return EXIT_FAILURE;
}

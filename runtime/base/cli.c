// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parsing and help, both from the table of commands. A value that an option
 * was given stays the text it was: what it means is the command's affair.
 *
 * getopt_long() keeps its state in globals; main() is its only caller, once.
 */
#include "runtime/base/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"

#ifndef NFTOFFC_VERSION
#define NFTOFFC_VERSION "0.1.0"
#endif

/* Long options are told by their index, above any letter. */
#define LONG_BASE 256

/* How far help reaches to the right; where its sentences begin. */
#define HELP_WIDTH 80
#define COMMANDS_COLUMN 13
#define OPTIONS_COLUMN 27

/*
 * @left, and from @column on the sentence @right, in as many lines as it
 * takes; its first is one of its own if @left reaches too far.
 */
static void print_row(FILE *out, const char *left, int column,
		      const char *right)
{
	struct str rest = str_of(right), word;
	int at = fprintf(out, "  %s", left);

	if (at >= column)
		at = HELP_WIDTH;
	while (rest.p) {
		word = str_cut(&rest, ' ');
		if (at + 1 + (int)word.n > HELP_WIDTH) {
			fputc('\n', out);
			at = 0;
		}
		at += fprintf(out, "%*s%.*s", at < column ? column - at : 1, "",
			      STR_ARG(word));
	}
	fputc('\n', out);
}

static int print_usage(FILE *out, const struct command *commands)
{
	const struct command *c;

	fputs("usage: nftoffc COMMAND [OPTION...] [ARGUMENT...]\n\n"
	      "Compiles a firewall policy with selective flow offload to "
	      "nftables, and runs it.\n\n",
	      out);
	for (c = commands; c->name; c++)
		print_row(out, c->name, COMMANDS_COLUMN, c->doc);
	print_row(out, "help", COMMANDS_COLUMN, "says how a command is used");
	fputs("\n"
	      "'nftoffc help COMMAND' tells more; nftoffc(1) tells all.\n",
	      out);
	return out == stderr ? EXIT_USAGE : EXIT_DONE;
}

static void print_option(FILE *out, const struct cli_option *o)
{
	char left[40];
	char letter[] = { '-', o->letter, ',', ' ', '\0' };

	snprintf(left, sizeof(left), "%s--%s%s%s%s",
		 o->letter ? letter : "    ", o->name,
		 o->alone    ? "[=" :
		 o->argument ? " " :
			       "",
		 o->argument ? o->argument : "", o->alone ? "]" : "");
	print_row(out, left, OPTIONS_COLUMN, o->doc);
}

static void print_command(FILE *out, const struct command *c)
{
	const struct cli_option *o = c->options;

	fprintf(out, "usage: nftoffc %s%s%s%s\n", c->name,
		o && o->name ? " [OPTION...]" : "", *c->arguments ? " " : "",
		c->arguments);
}

static int print_help(const struct command *c)
{
	const struct cli_option *o = c->options;

	print_command(stdout, c);
	printf("\n%s\n", c->doc);
	if (o && o->name)
		putchar('\n');
	for (; o && o->name; o++)
		print_option(stdout, o);
	return EXIT_DONE;
}

/* The command of that name, or NULL after a message. */
static const struct command *find_command(const struct command *commands,
					  const char *name)
{
	const struct command *c, *near = NULL;
	unsigned int distance, least = 3;

	for (c = commands; c->name; c++) {
		distance = str_distance(str_of(name), str_of(c->name), 2);
		if (distance == 0)
			return c;
		if (distance < least) {
			least = distance;
			near = c;
		}
	}
	report_error("there is no command '%s'", name);
	if (near)
		report_help("did you mean '%s'?", near->name);
	else
		report_help("'nftoffc help' lists the commands");
	return NULL;
}

static bool is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 ||
	       strcmp(word, "-h") == 0;
}

static int help(const struct command *commands, int argc, char **argv)
{
	const struct command *c;

	if (argc < 2 || is_help(argv[1]))
		return print_usage(stdout, commands);
	c = find_command(commands, argv[1]);
	return c ? print_help(c) : EXIT_USAGE;
}

/* What getopt_long() wants, from the table's rows; --help is one more. */
static void getopt_rows(const struct cli_option *o, char *letters,
			struct option *rows)
{
	int i;

	*letters++ = ':';
	*letters++ = 'h';
	for (i = 0; o && o[i].name; i++) {
		rows[i] = (struct option){ o[i].name,
					   o[i].alone	 ? optional_argument :
					   o[i].argument ? required_argument :
							   no_argument,
					   NULL, LONG_BASE + i };
		if (!o[i].letter)
			continue;
		*letters++ = o[i].letter;
		if (o[i].argument)
			*letters++ = ':';
		if (o[i].alone)
			*letters++ = ':';
	}
	rows[i] = (struct option){ "help", no_argument, NULL, 'h' };
	rows[i + 1] = (struct option){ 0 };
	*letters = '\0';
}

/* The index of the option that getopt_long() answered with @c, or -1. */
static int option_index(const struct cli_option *o, int c)
{
	int i;

	if (c >= LONG_BASE)
		return c - LONG_BASE;
	for (i = 0; o && o[i].name; i++)
		if (o[i].letter == c)
			return i;
	return -1;
}

static void suggest_option(const struct command *command, const char *word)
{
	struct str rest = str_of(word), name = str_cut(&rest, '=');
	const struct cli_option *o, *near = NULL;
	unsigned int distance, least = 3;

	while (name.n && *name.p == '-')
		name = (struct str){ name.p + 1, name.n - 1 };
	for (o = command->options; o && o->name; o++) {
		distance = str_distance(name, str_of(o->name), 2);
		if (distance < least && distance < name.n) {
			least = distance;
			near = o;
		}
	}
	if (near)
		report_help("did you mean '--%s'?", near->name);
	else
		report_help("'nftoffc help %s' lists the options",
			    command->name);
}

static int bad_option(const struct command *command, int c, char **argv)
{
	/* musl counts a value that is missing, too: that is behind the end */
	const char *word = argv[argv[optind - 1] ? optind - 1 : optind - 2];

	if (c == ':')
		report_error("option '%s' needs a value", word);
	else if (optopt && optopt < LONG_BASE)
		report_error("there is no option '-%c'", optopt);
	else if (optopt)
		report_error("option '%s' takes no value", word);
	else
		report_error("there is no option '%s'", word);
	if (c != ':' && (!optopt || optopt < LONG_BASE))
		suggest_option(command, optopt ? "" : word);
	return EXIT_USAGE;
}

/* The index of @value, or of the NULL at the end. */
static size_t find_choice(const char *const *choices, const char *value)
{
	size_t i = 0;

	while (choices[i] && strcmp(choices[i], value) != 0)
		i++;
	return i;
}

static int bad_choice(const struct cli_option *o, const char *value)
{
	struct buf all = { 0 };
	size_t i;

	for (i = 0; o->choices[i]; i++)
		buf_printf(&all, "%s%s",
			   !i		     ? "" :
			   o->choices[i + 1] ? ", " :
					       " or ",
			   o->choices[i]);
	report_error("--%s: there is no %s '%s'", o->name, o->name, value);
	report_help("it is %s", all.p);
	buf_free(&all);
	return EXIT_USAGE;
}

static int check_choices(const struct cli *cli)
{
	const struct cli_option *o = cli->command->options;
	int i;

	for (i = 0; o && o[i].name; i++)
		if (o[i].choices && cli->values[i] &&
		    !o[i].choices[find_choice(o[i].choices, cli->values[i])])
			return bad_choice(&o[i], cli->values[i]);
	return 0;
}

static int parse_options(struct cli *cli, int argc, char **argv)
{
	struct option rows[CLI_OPTIONS_MAX + 2];
	char letters[3 * CLI_OPTIONS_MAX + 3];
	int c, i;

	getopt_rows(cli->command->options, letters, rows);
	while ((c = getopt_long(argc, argv, letters, rows, NULL)) != -1) {
		if (c == 'h') {
			print_help(cli->command);
			return -1;
		}
		i = c == '?' || c == ':' ?
			    -1 :
			    option_index(cli->command->options, c);
		if (i < 0)
			return bad_option(cli->command, c, argv);
		cli->values[i] = optarg ? optarg :
				 cli->command->options[i].alone ?
					  cli->command->options[i].alone :
					  "";
	}
	cli->operands = argv + optind;
	cli->noperands = argc - optind;
	return check_choices(cli);
}

/* "POLICY PACKET...": the first that is not given. */
static void missing_operand(const struct cli *cli)
{
	struct str rest = str_of(cli->command->arguments), word = rest;
	int i;

	for (i = 0; i <= cli->noperands && rest.p; i++)
		word = str_cut(&rest, ' ');
	while (word.n && word.p[word.n - 1] == '.')
		word.n--;
	report_error("%s: %.*s is missing", cli->command->name, STR_ARG(word));
}

int cli_keep_privilege(enum privilege privilege)
{
	int ret = privilege_keep(privilege);

	return ret ? report_failure(ret, "cannot give up root's privileges") :
		     EXIT_DONE;
}

/* The command's arguments are fine: now it begins. */
static int begin_command(const struct cli *cli)
{
	int ret = cli_keep_privilege(cli->command->privilege);

	return ret ? ret : cli->command->run(cli);
}

static int run_command(const struct command *command, int argc, char **argv)
{
	struct cli cli = { .command = command, .operands = argv + argc };
	int ret;

	ret = parse_options(&cli, argc, argv);
	if (ret)
		return ret < 0 ? EXIT_DONE : ret;
	if (cli.noperands >= command->min && cli.noperands <= command->max)
		return begin_command(&cli);
	if (cli.noperands < command->min)
		missing_operand(&cli);
	else
		report_error("%s: '%s' is one argument too many", command->name,
			     cli.operands[command->max]);
	print_command(stderr, command);
	return EXIT_USAGE;
}

int cli_main(const struct command *commands, int argc, char **argv)
{
	const struct command *command;
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!name)
		return print_usage(stderr, commands);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("nftoffc " NFTOFFC_VERSION);
		return EXIT_DONE;
	}
	if (is_help(name))
		return help(commands, argc - 1, argv + 1);
	command = find_command(commands, name);
	return command ? run_command(command, argc - 1, argv + 1) : EXIT_USAGE;
}

const char *cli_value(const struct cli *cli, int option, const char *otherwise)
{
	return cli->values[option] ? cli->values[option] : otherwise;
}

size_t cli_choice(const struct cli *cli, int option)
{
	const char *value = cli->values[option];

	return value ? find_choice(cli->command->options[option].choices,
				   value) :
		       0;
}

int cli_number(const struct cli *cli, int option, unsigned long max,
	       unsigned long *value)
{
	const char *text = cli->values[option];
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && *value <= max)
		return 0;
	report_error("--%s: '%s' is not a number from 0 to %lu",
		     cli->command->options[option].name, text, max);
	return EXIT_USAGE;
}

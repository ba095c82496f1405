/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line: commands and their options are rows of data. Parsing and
 * help are both derived from the same rows, so that they cannot disagree.
 */
#ifndef NFTOFFC_RUNTIME_BASE_CLI_H
#define NFTOFFC_RUNTIME_BASE_CLI_H

#include <stddef.h>

#include "runtime/base/privilege.h"

#define CLI_OPTIONS_MAX 16

struct cli_option {
	char letter;	      /* 0: only the long name */
	const char *name;     /* NULL: end of the table */
	const char *argument; /* NULL: takes none; FILE and DIR are paths */
	const char *doc;
	const char *const *choices; /* NULL: any value; else all there are */
	/* Its value where it stands alone; NULL: it must have one. */
	const char *alone;
};

/* One command line, parsed. */
struct cli {
	const struct command *command;
	/* By index into the command's options: NULL if it was not given. */
	const char *values[CLI_OPTIONS_MAX];
	char **operands;
	int noperands;
};

struct command {
	const char *name; /* NULL: end of the table */
	/* As the usage line shows the operands; POLICY is a policy's file. */
	const char *arguments;
	const char *doc; /* one line, lower case, no full stop */
	const struct cli_option *options;
	int min, max;			   /* operands */
	int (*run)(const struct cli *cli); /* answers an exit_code */
	enum privilege privilege;	   /* what it keeps of root's */
};

/*
 * Runs the command that @argv names: @commands, or one of `help [COMMAND]`,
 * --help and --version, which stand beside them. Answers the exit code.
 */
int cli_main(const struct command *commands, int argc, char **argv);

/* Gives up all but this: EXIT_DONE, or another exit_code after a message. */
int cli_keep_privilege(enum privilege privilege);
/* What was given, or @otherwise. */
const char *cli_value(const struct cli *cli, int option, const char *otherwise);
/* The index of the choice that was given, 0 if none was. */
size_t cli_choice(const struct cli *cli, int option);
/* 0 with @value, or EXIT_USAGE after a message. */
int cli_number(const struct cli *cli, int option, unsigned long max,
	       unsigned long *value);

#endif

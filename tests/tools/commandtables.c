// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of nftoffc(1) that the program's own tables tell, as mdoc between the
 * comments that tests/man/run finds them by: how each command is called, and
 * what doctor looks at. Nothing about a command or a check is said here.
 */
#include <ctype.h>
#include <stdio.h>

#include "base/str.h"
#include "runtime/base/cli.h"
#include "runtime/cmd/cmd.h"
#include "runtime/tell/doctor.h"

static void put_lower(struct str word)
{
	size_t i;

	for (i = 0; i < word.n; i++)
		putchar(tolower((unsigned char)word.p[i]));
}

/* "Fl n Ar max", in brackets. */
static void put_option(const struct cli_option *option)
{
	printf(".Op Fl ");
	if (option->letter)
		putchar(option->letter);
	else
		printf("Fl %s", option->name);
	if (option->argument) {
		fputs(!option->alone ? " Ar " :
		      option->letter ? " Ns Op Ar " :
				       " Ns Op = Ns Ar ",
		      stdout);
		put_lower(str_of(option->argument));
	}
	putchar('\n');
}

/* Words that are to be typed: "enable|disable". */
static void put_words(struct str words)
{
	struct str word;

	fputs("Cm", stdout);
	while (words.p) {
		word = str_cut(&words, '|');
		printf(" %.*s%s", STR_ARG(word), words.p ? " |" : "");
	}
	putchar('\n');
}

/* "POLICY", "[FILTER...]" or "uci". */
static void put_operand(struct str word)
{
	bool many;

	putchar('.');
	if (*word.p == '[') {
		fputs("Op ", stdout);
		word = (struct str){ word.p + 1, word.n - 2 };
	}
	if (islower((unsigned char)*word.p)) {
		put_words(word);
		return;
	}
	many = word.n > 3 && word.p[word.n - 1] == '.';
	word.n -= many ? 3 : 0;
	fputs("Ar ", stdout);
	put_lower(word);
	puts(many ? " ..." : "");
}

static void put_command(const struct command *command)
{
	const struct cli_option *option = command->options;
	struct str rest = str_of(command->arguments);

	printf(".Nm\n.Cm %s\n", command->name);
	for (; option && option->name; option++)
		put_option(option);
	while (rest.n)
		put_operand(str_cut(&rest, ' '));
}

int main(void)
{
	const struct doctor_check *check;
	const struct command *command;

	puts(".\\\" begin generated: synopsis");
	for (command = commands; command->name; command++)
		put_command(command);
	puts(".\\\" end generated: synopsis");
	puts(".\\\" begin generated: checks");
	puts(".Bl -tag -width Ds -compact");
	for (check = doctor_checks; check->name; check++)
		printf(".It Cm %s\n%s\n", check->name, check->doc);
	puts(".El");
	puts(".\\\" end generated: checks");
	return 0;
}

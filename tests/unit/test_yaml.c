// SPDX-License-Identifier: GPL-2.0-only
/*
 * compiler/read/yaml.c: what it reads, where it says that it stood, and what
 * it refuses. Each message of the reader is in one row of the refusals.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "read/yaml.h"
#include "suites.h"
#include "trees.h"

static struct arena *arena;
static struct sources sources;
static struct diags *diags;

static void set_up(void)
{
	arena = arena_new();
	sources_init(&sources, arena);
	diags = diags_new(arena, &sources);
}

static void tear_down(void)
{
	arena_free(arena);
}

static struct node *read_str(struct str text)
{
	return yaml_read(arena, source_add(&sources, "f", text), diags);
}

static struct node *read_text(const char *text)
{
	return read_str(str_of(text));
}

static char *printed(void)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	diags_print(diags, out, false);
	fclose(out);
	return text;
}

static void check_clean(void)
{
	char *text = printed();

	ck_assert_str_eq(text, "");
	free(text);
}

static const struct {
	const char *yaml, *tree;
} trees[] = {
	{ "", "~" },
	{ "# nothing\n", "~" },
	{ "---\n", "~" },
	{ "--- {}\n...\n", "{}" },
	{ "%YAML 1.2\n---\na: b\n", "{a:b}" },
	{ "[]", "[]" },
	{ "a", "a" },
	{ "\"\"", "''" },
	{ "a: 1\nb: [x, 'y', {c: d}, e: f]\n", "{a:1 b:[x 'y' {c:d} {e:f}]}" },
	{ "a:\n- x\n-\n- - y\n  - z\n", "{a:[x ~ [y z]]}" },
	{ "a:\nb: ~\nc: null\n", "{a:~ b:~ c:null}" },
	{ "{a, b: , c: d}", "{a:~ b:~ c:d}" },
	{ "? a\n: b\n? c\n", "{a:b c:~}" },
	{ "yes: no\n0x10: 1:20\n", "{yes:no 0x10:1:20}" },
	{ "a: 1\na: 2\n", "{a:1 a:2}" },
	{ "a b: c  d # e\n", "{a b:c  d}" },
	{ "a: b\n   c\n", "{a:b c}" },
	{ "a: \"b\\tc\\u00e9\"\n", "{a:'b\tc\xc3\xa9'}" },
	{ "a: 'it''s'\n", "{a:'it's'}" },
	{ "a: |\n  b\n  c\nd: >-\n  e\n  f\n", "{a:'b\nc\n' d:'e f'}" },
	{ "a: !!str 7\nb: !!str\n", "{a:'7' b:''}" },
	{ "%TAG !e! tag:yaml.org,2002:\n---\na: !e!str 7\n", "{a:'7'}" },
	{ "\"<<\": a\n", "{'<<':a}" },
	{ "a: &x 1\nb: *x\nc: &x 2\nd: *x\n", "{a:1 b:1 c:2 d:2}" },
	{ "a: &x [1, &x 2, *x]\nb: *x\n", "{a:[1 2 2] b:2}" },
	{ "&x a: 1\nb: [*x , {*x : *x }]\n", "{a:1 b:[a {a:a}]}" },
	{ "a: &x {b: [c]}\nd: [*x, *x]\n", "{a:{b:[c]} d:[{b:[c]} {b:[c]}]}" },
	{ "a: &x\nb: *x\n", "{a:~ b:~}" },
	{ "a: 1\r\nb:\r\n  - c\r\n", "{a:1 b:[c]}" },
	{ "\357\273\277a: 1\nb: 2\n", "{a:1 b:2}" },
	{ "\xc3\xa9: \xe2\x82\xac \xf0\x9f\x94\xa5\n",
	  "{\xc3\xa9:\xe2\x82\xac \xf0\x9f\x94\xa5}" },
	{ "a:\t1\t# tab\n", "{a:1}" },
};

#define N_TREES ((int)(sizeof(trees) / sizeof(*trees)))

START_TEST(yaml_trees)
{
	struct node *root = read_text(trees[_i].yaml);
	struct buf tree = { 0 };

	check_clean();
	ck_assert_ptr_nonnull(root);
	tree_put(&tree, root);
	ck_assert_str_eq(tree.p, trees[_i].tree);
	buf_free(&tree);
}
END_TEST

static const struct {
	const char *yaml, *spans;
} spans[] = {
	{ "  \"a\"  # b\n", "\"a\"|" },
	{ "a: 1\n\n# c\n", "a: 1|a|1|" },
	{ "# c\n\na:\n  - x\n  -  y # d\n\n",
	  "a:\n  - x\n  -  y|a|x\n  -  y|x|y|" },
	{ "a: [ x , {y: z} ] # c\n",
	  "a: [ x , {y: z} ]|a|[ x , {y: z} ]|x|{y: z}|y|z|" },
	{ "[a: b, c]", "[a: b, c]|a: b|a|b|c|" },
	{ "a:\n- b\n- c\nd: e\n", "a:\n- b\n- c\nd: e|a|b\n- c|b|c|d|e|" },
	{ "a: 'b''c'\n", "a: 'b''c'|a|'b''c'|" },
	{ "a: |\n  b\n  c\n\n# d\n", "a: |\n  b\n  c|a||\n  b\n  c|" },
	{ "a: b\n   c\n\nd: e\n", "a: b\n   c\n\nd: e|a|b\n   c|d|e|" },
	/* Anchors and tags are not part of what they are on. */
	{ "a: &x !!str # c\n  b\n", "a: &x !!str # c\n  b|a|b|" },
	{ "a: !!str &x \"b\"\n", "a: !!str &x \"b\"|a|\"b\"|" },
	{ "a: &x [ b ]\n", "a: &x [ b ]|a|[ b ]|b|" },
	{ "a: &x {}\n", "a: &x {}|a|{}|" },
	{ "a: &x\n  b: c\n", "a: &x\n  b: c|a|b: c|b|c|" },
	{ "{a: !!str, b: c}", "{a: !!str, b: c}|a||b|c|" },
	/* An alias shows where its anchor is, but covers itself. */
	{ "a: &x 7\nb: *x\n", "a: &x 7\nb: *x|a|7|b|7|" },
	{ "[&x 7, *x]", "[&x 7, *x]|7|7|" },
	/* What is missing is nowhere near the next thing that is not. */
	{ "a:\n\n# c\n\n", "a:|a||" },
	{ "? a\n\n# c\n\n", "a|a||" },
	{ "? a\n\n# c\n\n? b\n: c\n", "a\n\n# c\n\n? b\n: c|a||b|c|" },
	{ "{a,\n b\n}", "{a,\n b\n}|a||b||" },
	/* Bytes, though libyaml counts characters. */
	{ "\xc3\xa9: [\xe2\x82\xac, \xf0\x9f\x94\xa5 x, y]\nz: \xc3\xbc\n",
	  "\xc3\xa9: [\xe2\x82\xac, \xf0\x9f\x94\xa5 x, y]\nz: \xc3\xbc|\xc3"
	  "\xa9|[\xe2\x82\xac, \xf0\x9f\x94\xa5 x, y]|\xe2\x82\xac|\xf0\x9f"
	  "\x94\xa5 x|y|z|\xc3\xbc|" },
	/* A next line character between others of its width. */
	{ "a: \xc3\xa9\xc2\x85\xc3\xa9: b\n",
	  "a: \xc3\xa9\xc2\x85\xc3\xa9: b|a|\xc3\xa9|\xc3\xa9|b|" },
	{ "\357\273\277a: b\n", "a: b|a|b|" },
	{ "\357\273\277\xc3\xa9: b\n", "\xc3\xa9: b|\xc3\xa9|b|" },
	{ "a: b\r\nc:\r\n  d\r\n", "a: b\r\nc:\r\n  d|a|b|c|d|" },
};

#define N_SPANS ((int)(sizeof(spans) / sizeof(*spans)))

START_TEST(yaml_spans)
{
	struct node *root = read_text(spans[_i].yaml);
	struct buf text = { 0 };

	check_clean();
	ck_assert_ptr_nonnull(root);
	tree_put_spans(&text, &sources, root);
	ck_assert_str_eq(text.p, spans[_i].spans);
	buf_free(&text);
}
END_TEST

/* The whole of what is printed, but for "f:" and the lines of source. */
static const struct {
	struct str yaml;
	const char *message;
} refusals[] = {
	/* What is not text. */
	{ STR("a: \0\n"), "1:4: error: a NUL byte: this is not a text file\n" },
	{ STR("a\0b\0"), "1:1: error: the file is UTF-16, not UTF-8\n"
			 "= help: save the file as UTF-8\n" },
	{ STR("\377\376a\0"), "1:1: error: the file is UTF-16, not UTF-8\n"
			      "= help: save the file as UTF-8\n" },
	{ STR("\xfe\xff\0a"), "1:1: error: the file is UTF-16, not UTF-8\n"
			      "= help: save the file as UTF-8\n" },
	{ STR("a: b\xe9\n"), "1:5: error: the byte 0xe9 here is not UTF-8\n"
			     "= help: save the file as UTF-8\n" },
	{ STR("\xc3\xa9: \x80"), "1:4: error: the byte 0x80 here is not UTF-8\n"
				 "= help: save the file as UTF-8\n" },
	{ STR("a: \033[31m\n"),
	  "1:4: error: the character U+001B is not allowed\n" },
	{ STR("\xc3\xa9\x7f"),
	  "1:2: error: the character U+007F is not allowed\n" },
	{ STR("a: \xc2\x9b"),
	  "1:4: error: the character U+009B is not allowed\n" },
	{ STR("a: \xef\xbb\xbf"),
	  "1:4: error: the character U+FEFF is not allowed\n" },
	{ STR("a: \xef\xbf\xbf"),
	  "1:4: error: the character U+FFFF is not allowed\n" },
	/* What YAML allows and we do not. */
	{ STR("a: 1\n---\nb: 2\n"),
	  "2:1: error: a second document begins here\n"
	  "= help: a file holds one policy: remove the \"---\", or make two "
	  "files\n" },
	{ STR("a: !!int 1\nb: &x !y []\n! c: !<!z> {}\n"),
	  "1:4: error: tags are not allowed\n"
	  "= help: text that begins with \"!\" needs quotes: \"!!int\"\n"
	  "2:7: error: tags are not allowed\n"
	  "= help: text that begins with \"!\" needs quotes: \"!y\"\n"
	  "3:1: error: tags are not allowed\n"
	  "= help: text that begins with \"!\" needs quotes: \"!\"\n"
	  "3:6: error: tags are not allowed\n"
	  "= help: text that begins with \"!\" needs quotes: \"!<!z>\"\n" },
	{ STR("a: !!str []\n"),
	  "1:4: error: tags are not allowed\n"
	  "= help: text that begins with \"!\" needs quotes: \"!!str\"\n" },
	{ STR("a: &x {b: c}\nd:\n  <<: *x\n"),
	  "3:3: error: merge keys are not supported\n"
	  "= help: write the fields of the other map out\n" },
	{ STR("? [a]\n: b\n{c: {{ d }}}: e\n"),
	  "1:3: error: a key must be text, not a list\n"
	  "= help: text with brackets in it needs quotes\n"
	  "3:1: error: a key must be text, not a map\n"
	  "= help: text with brackets in it needs quotes\n"
	  "3:6: error: a key must be text, not a map\n"
	  "= help: text with brackets in it needs quotes\n" },
	{ STR("a: &x [b]\n*x : c\n"),
	  "2:1: error: a key must be text, not a list\n"
	  "= help: text with brackets in it needs quotes\n" },
	{ STR("?\n: a\n"), "1:2: error: a key is missing here\n" },
	{ STR("lan: &lan 1\nb: [*lna, *dmz]\n*dm : x\n"),
	  "2:5: error: no anchor is called \"lna\"\n"
	  "= help: did you mean \"lan\"?\n"
	  "2:11: error: no anchor is called \"dmz\"\n"
	  "= help: text that begins with \"*\" needs quotes: \"*dmz\"\n"
	  "3:1: error: no anchor is called \"dm\"\n"
	  "= help: text that begins with \"*\" needs quotes: \"*dm\"\n" },
	{ STR("*a"), "1:1: error: no anchor is called \"a\"\n"
		     "= help: text that begins with \"*\" needs quotes: "
		     "\"*a\"\n" },
	{ STR("a: &b [c, {d: *b}]\n"),
	  "1:15: error: \"b\" cannot contain itself\n"
	  "1:7: note: \"b\" begins here\n" },
	/* What libyaml refuses. */
	{ STR("a: 1\nb\nc: 2\n"),
	  "2:1: error: a \":\" is missing after this key\n"
	  "= help: every line of a map is \"key: value\"\n" },
	{ STR("a: b: c\n"),
	  "1:5: error: a \":\" is not expected here\n"
	  "= help: indent all keys of a map alike, and put text that holds "
	  "\": \" in quotes\n" },
	{ STR("a:\n  x: 1\n  - y\n"), "3:3: error: a key is expected here\n"
				      "= help: indent all keys of a map alike\n"
				      "2:3: note: the map begins here\n" },
	{ STR(": a\n"), "1:1: error: a key is expected here\n"
			"= help: indent all keys of a map alike\n" },
	{ STR("a:\n  - x\n  y: 1\n"),
	  "3:3: error: a \"-\" is expected here\n"
	  "= help: indent all \"-\" of a list alike\n"
	  "2:3: note: the list begins here\n" },
	{ STR("a: - x\n"), "1:4: error: a \"-\" is not expected here\n"
			   "= help: begin a list on the line below its key\n" },
	{ STR("a: ? b\n"),
	  "1:4: error: a \"?\" is not expected here\n"
	  "= help: put text that begins with \"?\" in quotes\n" },
	{ STR("  a: 1\nb: 2\n"),
	  "2:1: error: the end of the file is expected here\n"
	  "= help: indent the outermost keys alike\n" },
	{ STR("a: \"x\" y\n"),
	  "1:8: error: the end of the line is expected here\n" },
	{ STR("- [a]]\n"),
	  "1:6: error: the end of the line is expected here\n" },
	{ STR("{a: b} c\n"),
	  "1:8: error: the end of the line is expected here\n" },
	{ STR("a: @b\n"), "1:4: error: text cannot begin with this character\n"
			  "= help: put the text in quotes, as in \"@set\"\n" },
	{ STR("a:\n\tb: 1\n"), "2:1: error: this line is indented with a tab\n"
			       "= help: YAML wants spaces there\n" },
	{ STR("a:\n  b: 1\n \tc: 2\n"),
	  "3:2: error: this line is indented with a tab\n"
	  "= help: YAML wants spaces there\n" },
	{ STR("a: |\n\tb\n"), "2:1: error: this line is indented with a tab\n"
			      "= help: YAML wants spaces there\n" },
	{ STR("a: [1, 2\nb: 3\n"),
	  "2:2: error: a \",\" or \"]\" is expected here\n"
	  "1:4: note: the list begins here\n" },
	{ STR("a: {b: 1, c: 2\n\n"),
	  "1:15: error: a \",\" or \"}\" is expected here\n"
	  "1:4: note: the map begins here\n" },
	{ STR("a: [1,,2]\n"), "1:7: error: a value is expected here\n" },
	{ STR("\xc3\xa9: [\xc3\xa9,,2]\n"),
	  "1:7: error: a value is expected here\n" },
	{ STR("a: [b:]\n"),
	  "1:6: error: between brackets, text cannot end in \":\"\n"
	  "= help: put the text in quotes\n" },
	{ STR("a: { b: fe80::, c: 1 }\n"),
	  "1:14: error: between brackets, text cannot end in \":\"\n"
	  "= help: between brackets, an address that begins or ends with "
	  "\":\" needs quotes\n" },
	{ STR("a: { b: ::1 }\n"),
	  "1:9: error: a value is expected here\n"
	  "= help: between brackets, an address that begins or ends with "
	  "\":\" needs quotes\n" },
	{ STR("a: \"x\nb: 1\n"), "1:4: error: this quote is never closed\n" },
	{ STR("a: 'x\n---\nb: '\n"),
	  "1:4: error: this quote is never closed\n" },
	{ STR("a: \"\\q\"\n"),
	  "1:5: error: no escape sequence is called this\n"
	  "= help: in single quotes, a backslash is a backslash\n" },
	{ STR("a: \"\\xz\"\n"),
	  "1:7: error: a hexadecimal digit is expected here\n" },
	{ STR("a: \"\\ud800\"\n"),
	  "1:7: error: there is no character of this number\n" },
	{ STR("%YAML 3.0\n---\n"),
	  "1:1: error: only YAML 1.1 and 1.2 are understood\n" },
	{ STR("a: *.example.org\n"),
	  "1:4: error: the name of an alias is letters, digits, \"-\" and "
	  "\"_\"\n"
	  "= help: put text that begins with \"*\" in quotes\n" },
	{ STR("a: &b.c d\n"),
	  "1:4: error: the name of an anchor is letters, digits, \"-\" and "
	  "\"_\"\n"
	  "= help: put text that begins with \"&\" in quotes\n" },
	{ STR("a: !<b\n"), "1:4: error: tags are not allowed\n"
			   "= help: put text that begins with \"!\" in "
			   "quotes\n" },
	{ STR("a: !%\n"), "1:4: error: tags are not allowed\n"
			  "= help: put text that begins with \"!\" in "
			  "quotes\n" },
	{ STR("a: !b!c d\n"), "1:4: error: tags are not allowed\n"
			      "= help: put text that begins with \"!\" in "
			      "quotes\n" },
	{ STR("%wheel\n"),
	  "1:1: error: a line that begins with \"%\" is a directive to YAML\n"
	  "= help: put text that begins with \"%\" in quotes\n" },
	{ STR("a: |0\n b\n"),
	  "1:5: error: only \"+\", \"-\" or an indentation from 1 to 9 may "
	  "follow \"|\" or \">\"\n"
	  "= help: put text that begins with \"|\" or \">\" in quotes\n" },
	{ STR("%TAG ! x\n%TAG ! y\n---\n"),
	  "2:1: error: found duplicate %TAG directive\n" },
};

#define N_REFUSALS ((int)(sizeof(refusals) / sizeof(*refusals)))

/* Leaves the lines that say something. */
static char *messages_of(const char *text)
{
	struct str rest = str_of(text);
	struct buf out = { 0 };

	while (rest.n) {
		struct str line = str_cut(&rest, '\n');

		if (line.n > 2 && memcmp(line.p, "f:", 2) == 0)
			buf_printf(&out, "%.*s\n", (int)line.n - 2, line.p + 2);
		else if (line.n > 6 && line.p[6] == '=')
			buf_printf(&out, "%.*s\n", (int)line.n - 6, line.p + 6);
	}
	return out.p;
}

START_TEST(yaml_refusals)
{
	struct node *root = read_str(refusals[_i].yaml);
	char *text = printed();
	char *messages = messages_of(text);

	ck_assert_ptr_null(root);
	ck_assert_ptr_nonnull(messages);
	ck_assert_str_eq(messages, refusals[_i].message);
	free(messages);
	free(text);
}
END_TEST

/* One whole diagnostic, to see the parts together. */
START_TEST(yaml_refusal_in_full)
{
	char *text;

	ck_assert_ptr_null(read_text("\xc3\xa9: [1, 2\nb: 3\n"));
	text = printed();
	ck_assert_str_eq(text,
			 "f:2:2: error: a \",\" or \"]\" is expected here\n"
			 "    2 | b: 3\n"
			 "      |  ^\n"
			 "f:1:4: note: the list begins here\n"
			 "    1 | \xc3\xa9: [1, 2\n"
			 "      |    ^\n");
	free(text);
}
END_TEST

static void check_refused(struct buf *yaml, const char *message)
{
	char *text;

	ck_assert_ptr_null(read_str((struct str){ yaml->p, yaml->n }));
	text = printed();
	ck_assert_msg(strstr(text, message) != NULL, "%s", text);
	free(text);
	buf_free(yaml);
}

/* Ten levels of ten aliases each: 10^10 nodes from a few lines. */
START_TEST(yaml_refuses_a_bomb)
{
	struct buf yaml = { 0 };

	buf_puts(&yaml, "a0: &a0 x\n");
	for (int level = 1; level <= 10; level++) {
		buf_printf(&yaml, "a%d: &a%d [", level, level);
		for (int i = 0; i < 10; i++)
			buf_printf(&yaml, "%s*a%d", i ? ", " : "", level - 1);
		buf_puts(&yaml, "]\n");
	}
	check_refused(&yaml, "f:8:45: error: the file holds more than 10000000 "
			     "values, with every alias written out\n");
	ck_assert_uint_eq(diags_errors(diags), 1);
	ck_assert_uint_lt(arena_used(arena), 100000);
}
END_TEST

static void put_nested(struct buf *yaml, int depth)
{
	for (int i = 0; i < depth; i++)
		buf_putc(yaml, '[');
	buf_putc(yaml, 'x');
	for (int i = 0; i < depth; i++)
		buf_putc(yaml, ']');
}

START_TEST(yaml_depth)
{
	struct buf yaml = { 0 };

	put_nested(&yaml, TREE_MAX_DEPTH);
	ck_assert_ptr_nonnull(read_str((struct str){ yaml.p, yaml.n }));
	check_clean();
	buf_free(&yaml);
	put_nested(&yaml, TREE_MAX_DEPTH + 1);
	check_refused(&yaml, "f:1:65: error: lists and maps are nested more "
			     "than 64 deep\n");
}
END_TEST

/* 40 deep in 24 deep is as deep as can be, 40 in 25 is not. */
START_TEST(yaml_depth_through_aliases)
{
	struct buf yaml = { 0 };

	buf_puts(&yaml, "a: &a ");
	put_nested(&yaml, 40);
	buf_puts(&yaml, "\nb: &b ");
	for (int i = 0; i < 22; i++)
		buf_putc(&yaml, '[');
	buf_puts(&yaml, "*a");
	for (int i = 0; i < 22; i++)
		buf_putc(&yaml, ']');
	buf_puts(&yaml, "\nc: [*b]\n");
	ck_assert_ptr_nonnull(read_str((struct str){ yaml.p, yaml.n }));
	check_clean();
	buf_puts(&yaml, "d: [[*b]]\n");
	check_refused(&yaml, "f:4:6: error: lists and maps are nested more "
			     "than 64 deep\n");
}
END_TEST

/* An anchor within what had its name before is still only what it is on. */
START_TEST(yaml_inner_anchor)
{
	struct buf yaml = { 0 };

	buf_puts(&yaml, "a: &x [&x 1, ");
	put_nested(&yaml, 40);
	buf_puts(&yaml, "]\nb: ");
	for (int i = 0; i < 40; i++)
		buf_putc(&yaml, '[');
	buf_puts(&yaml, "*x");
	for (int i = 0; i < 40; i++)
		buf_putc(&yaml, ']');
	ck_assert_ptr_nonnull(read_str((struct str){ yaml.p, yaml.n }));
	check_clean();
	buf_free(&yaml);
}
END_TEST

/* What can be shown in place is not copied: a large file costs once. */
START_TEST(yaml_points_into_the_text)
{
	const char *text = "a: b\nc: \"d e\"\nf: 'g'\n\"h\\x41\": i\n";
	const struct node *root = read_text(text);
	const struct pair *pairs = root->map.pairs;

	ck_assert_ptr_eq(pairs[0].key->scalar.p, text);
	ck_assert_ptr_eq(pairs[0].value->scalar.p, text + 3);
	ck_assert_ptr_eq(pairs[1].value->scalar.p, text + 9);
	ck_assert_ptr_eq(pairs[2].value->scalar.p, text + 18);
	ck_assert(str_is(pairs[3].key->scalar, "hA"));
}
END_TEST

/* Thousands of mistakes of one kind, with thousands of candidates. */
START_TEST(yaml_many_mistakes_are_fast)
{
	struct buf yaml = { 0 };

	for (int i = 0; i < 30000; i++)
		buf_printf(&yaml, "- &anchor%d x\n- *unknown%d\n", i, i);
	ck_assert_ptr_null(read_str((struct str){ yaml.p, yaml.n }));
	ck_assert_uint_eq(diags_errors(diags), 30000);
	buf_free(&yaml);
}
END_TEST

/* Non-ASCII far into a large file, and a mark that goes back a long way. */
START_TEST(yaml_spans_in_a_large_file)
{
	struct buf yaml = { 0 };
	struct node *root;
	char *text;

	buf_puts(&yaml, "\xef\xbb\xbf");
	for (int i = 0; i < 5000; i++)
		buf_printf(&yaml, "- \xc3\xa9 %d \xe2\x82\xac\n", i);
	root = read_str((struct str){ yaml.p, yaml.n });
	ck_assert_uint_eq(root->list.n, 5000);
	for (size_t i = 0; i < 5000; i++) {
		struct span span = root->list.items[i]->span;

		text = arena_printf(arena, "\xc3\xa9 %zu \xe2\x82\xac", i);
		ck_assert(str_is(span_text(&sources, span), text));
	}
	buf_puts(&yaml, "x: 1\n");
	check_refused(&yaml, "f:1:1: note: the list begins here\n");
}
END_TEST

Suite *yaml_suite(void)
{
	Suite *suite = suite_create("yaml");
	TCase *tc = tcase_create("yaml");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, yaml_trees, 0, N_TREES);
	tcase_add_loop_test(tc, yaml_spans, 0, N_SPANS);
	tcase_add_loop_test(tc, yaml_refusals, 0, N_REFUSALS);
	tcase_add_test(tc, yaml_refusal_in_full);
	tcase_add_test(tc, yaml_refuses_a_bomb);
	tcase_add_test(tc, yaml_depth);
	tcase_add_test(tc, yaml_depth_through_aliases);
	tcase_add_test(tc, yaml_inner_anchor);
	tcase_add_test(tc, yaml_points_into_the_text);
	tcase_add_test(tc, yaml_many_mistakes_are_fast);
	tcase_add_test(tc, yaml_spans_in_a_large_file);
	suite_add_tcase(suite, tc);
	return suite;
}

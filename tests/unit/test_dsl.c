// SPDX-License-Identifier: GPL-2.0-only
/*
 * compiler/read/dsl*: what the policy's own spelling is read to, where it says
 * that it stood, what it refuses, and where it goes on.
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy/policy.h"
#include "print/fmt.h"
#include "print/print.h"
#include "read/dsl.h"
#include "read/read.h"
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
	return dsl_read(arena, source_add(&sources, "f", text), policy_fields(),
			diags);
}

/* What is printed, but for "f:" and the lines of source. */
static char *printed(void)
{
	char *text = NULL, *line, *rest;
	struct buf kept = { 0 };
	size_t n;
	FILE *out = open_memstream(&text, &n);

	diags_print(diags, out, false);
	fclose(out);
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, "f:", 2) == 0)
			buf_printf(&kept, "%s\n", line + 2);
		else if (strncmp(line, "      = ", 8) == 0)
			buf_printf(&kept, "%s\n", line + 6);
	}
	free(text);
	line = arena_strndup(arena, kept.n ? kept.p : "", kept.n);
	buf_free(&kept);
	return line;
}

static const struct {
	const char *policy, *tree;
} trees[] = {
	{ "", "~" },
	{ "# nothing\n;;\n\n ; # at all\n", "~" },
	{ "\357\273\277policy p", "{policy:p}" },
	{ "policy p\ninvalid drop\r\nmark-mask 0xff\r\n",
	  "{policy:p invalid:drop mark-mask:0xff}" },
	{ "policy p; invalid drop", "{policy:p invalid:drop}" },
	{ "policy \\\n p", "{policy:p}" },
	/* A key of one's own, and one that has a word's name. */
	{ "\"a b\" c; \"zone\" d; \"accept\" e",
	  "{'a b':c 'zone':d 'accept':e}" },
	/* Named maps: a statement for each, in one map. */
	{ "zone lan { devices a }\nzone wan { devices b, c; masquerade }",
	  "{zones:{lan:{devices:[a]} wan:{devices:[b c] masquerade:true}}}" },
	{ "zone lan { devices a; masquerade ipv4, ipv6; required false }",
	  "{zones:{lan:{devices:[a] masquerade:[ipv4 ipv6] "
	  "required:false}}}" },
	{ "zone lan devices a masquerade clamp-mss",
	  "{zones:{lan:{devices:[a] masquerade:true clamp-mss:true}}}" },
	{ "zone lan { devices\n}", "{zones:{lan:{devices:~}}}" },
	{ "zone lan", "{zones:{lan:{}}}" },
	{ "zone \"l\" {}", "{zones:{'l':{}}}" },
	{ "zone lan { devices a }\npolicy p\nzone wan { devices b }",
	  "{zones:{lan:{devices:[a]} wan:{devices:[b]}} policy:p}" },
	{ "set s address { a, b, }\nset t port timeout 1 hour size 5",
	  "{sets:{s:{type:address elements:[a b]} t:{type:port timeout:1 "
	  "hour size:5}}}" },
	{ "set s address {\n\ta\n\tb, c # d\n}\nset t address {}",
	  "{sets:{s:{type:address elements:[a b c]} t:{type:address "
	  "elements:[]}}}" },
	{ "set s type address elements a, b",
	  "{sets:{s:{type:address elements:[a b]}}}" },
	{ "set s timeout 1h", "{sets:{s:{timeout:1h}}}" },
	{ "set s \"timeout\" size 1", "{sets:{s:{type:'timeout' size:1}}}" },
	{ "service a { tcp/1, b }\nservice c tcp/2\nservice d tcp/3, e",
	  "{services:{a:[tcp/1 b] c:[tcp/2] d:[tcp/3 e]}}" },
	/* Rules: the word is the kind. */
	{ "accept\ndrop from a to b\n", "{rules:[{accept:{}} {drop:{from:a "
					"to:b}}]}" },
	{ "accept { from a; to b, c }",
	  "{rules:[{accept:{from:a to:[b c]}}]}" },
	{ "accept from a to b {\n\tlog every\n}",
	  "{rules:[{accept:{from:a to:b log:every}}]}" },
	{ "log from a log { when new; rate 5/minute burst 10 }",
	  "{rules:[{log:{from:a log:{when:new rate:5/minute burst 10}}}]}" },
	/* A value is a value, whatever it is called; a phrase ends at a key. */
	{ "accept from to to from log log",
	  "{rules:[{accept:{from:to to:from log:log}}]}" },
	{ "accept limit 10/second burst 20 source a",
	  "{rules:[{accept:{limit:10/second burst 20 source:a}}]}" },
	{ "accept limit 10/second burst 20 \"name\" x",
	  "{rules:[{accept:{limit:10/second burst 20 'name':x}}]}" },
	{ "accept limit \"10/second  burst 20\" name x",
	  "{rules:[{accept:{limit:'10/second  burst 20' name:x}}]}" },
	{ "accept { limit 10/second burst 20 }",
	  "{rules:[{accept:{limit:10/second burst 20}}]}" },
	{ "accept { limit 10/second burst 20; name x }",
	  "{rules:[{accept:{limit:10/second burst 20 name:x}}]}" },
	{ "accept count { when new } limit { rate 10/second burst 20 }",
	  "{rules:[{accept:{count:{when:new} limit:{rate:10/second burst "
	  "20}}}]}" },
	{ "accept source not @a, b port not 80",
	  "{rules:[{accept:{source:{not:[@a b]} port:{not:80}}}]}" },
	{ "accept source { not a } from not service not",
	  "{rules:[{accept:{source:{not:a} from:not service:not}}]}" },
	{ "accept source \"not\" port [80]",
	  "{rules:[{accept:{source:'not' port:[80]}}]}" },
	{ "accept from", "{rules:[{accept:{from:~}}]}" },
	/* What is no key is left to binding, and what follows it is read. */
	{ "accept a b from lan", "{rules:[{accept:{a:b from:lan}}]}" },
	{ "accept lan to wan", "{rules:[{accept:{lan:~ to:wan}}]}" },
	{ "nat forward to [fd00::1]:22 reflect name x port",
	  "{nat:[{forward:{to:[fd00::1]:22 reflect:true name:x "
	  "port:~}}]}" },
	{ "nat source persistent address a", "{nat:[{source:{persistent:true "
					     "address:a}}]}" },
	{ "nat forwrad from a reflect false", "{nat:[{forwrad:{from:a "
					      "reflect:false}}]}" },
	{ "offload { eligible from a after 1 MB; mode auto; counters\n"
	  "eligible { to b }\nexempt source a reason \"b c\" }",
	  "{offload:{eligible:[{from:a after:1 MB} {to:b}] mode:auto "
	  "counters:true exempt:[{source:a reason:'b c'}]}}" },
	{ "test \"a b\" { packet from a port 1; expect accept log }\n"
	  "test { packet { from b }; expect drop }",
	  "{tests:[{name:'a b' packet:{from:a port:1} expect:[accept log]} "
	  "{packet:{from:b} expect:[drop]}]}" },
	{ "include a.policy\npolicy p; include \"b c\", d",
	  "{include:[a.policy 'b c' d] policy:p}" },
	{ "include [a]", "{include:[a]}" },
	{ "include", "{include:[~]}" },
	{ "define a 1\npolicy p\ndefine b c, d\ndefine e { f g }",
	  "{define:{a:1 b:[c d] e:{f:g}} policy:p}" },
	{ "define { a 1; b c, d }", "{define:{a:1 b:[c d]}}" },
	/* Words that would be taken for keys, where they are none. */
	{ "nat forward \"reflect\" from \"foo\" to \"bar\" { x y } \"source\" not "
	  "to a limit \"a b\" zed q",
	  "{nat:[{forward:{'reflect':from 'foo':to 'bar':{x:y} 'source':not "
	  "to:a limit:'a b' zed:q}}]}" },
	{ "set a type type { x }\nset b \"type\" size 1\nset c not",
	  "{sets:{a:{type:type elements:[x]} b:{type:'type' size:1} "
	  "c:{type:not}}}" },
	{ "test { name name; packet from not \"port\" not to from }",
	  "{tests:[{name:name packet:{from:not 'port':not to:from}}]}" },
	/* Any tree at all: what a table does not say, is said in full. */
	{ "rules [{ accept { a b; c { } } }, d, [], [[~]]]",
	  "{rules:[{accept:{a:b c:{}}} d [] [[~]]]}" },
	{ "nat [a]\nnat source a b", "{nat:[a] nat:[{source:{a:b}}]}" },
	{ "policy ~; invalid \"~\"; mark-mask", "{policy:~ invalid:'~' "
						"mark-mask:~}" },
	{ "policy a,\n  # b\n  c,\nd", "{policy:[a c d]}" },
	{ "policy [\na,\n\nb,\n]", "{policy:[a b]}" },
	/* Words. */
	{ "policy a#b; invalid \xc3\xa9\xe2\x82\xac", "{policy:a#b "
						      "invalid:\xc3\xa9"
						      "\xe2\x82\xac}" },
	{ "policy ${a}b$c", "{policy:${a}b$c}" },
	{ "policy no; invalid 0x10; mark-mask 1:20",
	  "{policy:no invalid:0x10 mark-mask:1:20}" },
	{ "policy \"\\\\ \\\" \\n \\t \\r \\u{e9} \\u{1F525}\"",
	  "{policy:'\\ \" \n \t \r \xc3\xa9 \xf0\x9f\x94\xa5'}" },
	{ "policy \"\"", "{policy:''}" },
	{ "policy \"\"\"\n\t  a \"b\"\n\n\tc\\n\n\t\"\"\"",
	  "{policy:'  a \"b\"\n\nc\\n\n'}" },
	{ "policy \"\"\" a\n b\"\"\"\n", "{policy:' a\n b'}" },
};

#define N_TREES ((int)(sizeof(trees) / sizeof(*trees)))

/* What is printed of a tree, in either spelling, is the same one. */
static void check_twins(const struct node *root)
{
	struct buf policy = { 0 }, yaml = { 0 };
	struct node *again;

	if (root->kind != NODE_MAP)
		return;
	print_policy(&policy, root, policy_fields());
	print_yaml(&yaml, root);
	again = read_str((struct str){ policy.p, policy.n });
	ck_assert_msg(again && print_same(root, again, policy_fields()), "%s",
		      policy.p);
	again = yaml_read(arena,
			  source_add(&sources, "y",
				     (struct str){ yaml.p, yaml.n }),
			  diags);
	ck_assert_msg(again && print_same(root, again, policy_fields()), "%s",
		      yaml.p);
	buf_free(&policy);
	buf_free(&yaml);
}

START_TEST(dsl_trees)
{
	struct node *root = read_str(str_of(trees[_i].policy));
	struct buf tree = { 0 };

	ck_assert_str_eq(printed(), "");
	ck_assert_ptr_nonnull(root);
	tree_put(&tree, root);
	ck_assert_str_eq(tree.p, trees[_i].tree);
	check_twins(root);
	buf_free(&tree);
}
END_TEST

static const struct {
	const char *policy, *spans;
} spans[] = {
	{ " policy  p # c\n", "policy  p|policy|p|" },
	{ "\xc3\xa9 \"\xe2\x82\xac\" ;", NULL },
	{ "policy \"\xe2\x82\xac\" ; invalid x",
	  "policy \"\xe2\x82\xac\" ; invalid x|policy|\"\xe2\x82\xac\"|"
	  "invalid|x|" },
	{ "zone a { devices b }",
	  "zone a { devices b }|zone|zone a { devices b }|a|{ devices b "
	  "}|devices|b|b|" },
	{ "accept from a to b, c log every\n",
	  "accept from a to b, c log every|accept|accept from a to b, c log "
	  "every|accept from a to b, c log every|accept|from a to b, c log "
	  "every|from|a|to|b, c|b|c|log|every|" },
	{ "accept limit 1/second  burst 2",
	  "accept limit 1/second  burst 2|accept|accept limit 1/second  burst "
	  "2|accept limit 1/second  burst 2|accept|limit 1/second  burst "
	  "2|limit|1/second  burst 2|" },
	{ "accept port not 1",
	  "accept port not 1|accept|accept port not 1|accept port not "
	  "1|accept|port not 1|port|not 1|not|1|" },
	{ "nat source persistent",
	  "nat source persistent|nat|nat source persistent|source "
	  "persistent|source|persistent|persistent|persistent|" },
	{ "set a address { b }",
	  "set a address { b }|set|set a address { b }|a|address { b "
	  "}|address|address|{ b }|{ b }|b|" },
	{ "accept\n", "accept|accept|accept|accept|accept||" },
	{ "policy\n\n# x\n", "policy|policy||" },
};

#define N_SPANS ((int)(sizeof(spans) / sizeof(*spans)))

START_TEST(dsl_spans)
{
	struct node *root = read_str(str_of(spans[_i].policy));
	struct buf text = { 0 };

	if (!spans[_i].spans) {
		ck_assert_ptr_null(root);
		return;
	}
	ck_assert_str_eq(printed(), "");
	ck_assert_ptr_nonnull(root);
	tree_put_spans(&text, &sources, root);
	ck_assert_str_eq(text.p, spans[_i].spans);
	buf_free(&text);
}
END_TEST

/* One message for each mistake, and what follows it is read. */
static const struct {
	struct str policy;
	const char *message;
} refusals[] = {
	{ STR("policy \0"),
	  "1:8: error: a NUL byte: this is not a text file\n" },
	{ STR("policy \xe9"), "1:8: error: the byte 0xe9 here is not UTF-8\n"
			      "= help: save the file as UTF-8\n" },
	{ STR("policy \033"),
	  "1:8: error: the character U+001B is not allowed\n" },
	{ STR("zoen a\nx\n"), "1:1: error: no statement begins with \"zoen\"\n"
			      "= help: did you mean \"zone\"?\n"
			      "2:1: error: no statement begins with \"x\"\n" },
	{ STR("acept from a"),
	  "1:1: error: no statement begins with \"acept\"\n"
	  "= help: did you mean \"accept\"?\n" },
	{ STR("invlaid drop"),
	  "1:1: error: no statement begins with \"invlaid\"\n"
	  "= help: did you mean \"invalid\"?\n" },
	{ STR("[a] b\n{ c }"), "1:1: error: a statement begins with a word\n"
			       "2:1: error: a statement begins with a word\n" },
	{ STR("policy = x\npolicy 'x\n"),
	  "1:8: error: \"=\" cannot be part of a word\n"
	  "= help: a value stands behind its key, with nothing between them\n"
	  "2:8: error: \"'\" cannot be part of a word\n"
	  "= help: text with blanks is put in double quotes\n" },
	{ STR("policy (x\naccept source !a"),
	  "1:8: error: \"(\" cannot be part of a word\n"
	  "= help: text that has it is put in double quotes\n"
	  "2:15: error: \"!\" cannot be part of a word\n"
	  "= help: everything but a value is \"not\" and the value\n" },
	{ STR("policy \"x\nzoen"),
	  "1:8: error: this quote is never closed\n"
	  "= help: text of several lines stands between \"\"\" and \"\"\"\n"
	  "2:1: error: no statement begins with \"zoen\"\n"
	  "= help: did you mean \"zone\"?\n" },
	{ STR("policy \"\"\"x\nzoen { \"\n"),
	  "1:8: error: this quote is never closed\n" },
	{ STR("policy \"a\\q\\u{d800}\\u{110000}\\u{}\\\""),
	  "1:8: error: this quote is never closed\n"
	  "= help: text of several lines stands between \"\"\" and \"\"\"\n" },
	{ STR("policy \"a\\q\\u{d800}\\u{110000}\\u{}\""),
	  "1:10: error: \"\\q\" means nothing\n"
	  "= help: it is one of \\\\, \\\", \\n, \\t, \\r and \\u{e9}\n"
	  "1:12: error: \"\\u\" means nothing\n"
	  "= help: it is one of \\\\, \\\", \\n, \\t, \\r and \\u{e9}\n"
	  "1:20: error: \"\\u\" means nothing\n"
	  "= help: it is one of \\\\, \\\", \\n, \\t, \\r and \\u{e9}\n"
	  "1:30: error: \"\\u\" means nothing\n"
	  "= help: it is one of \\\\, \\\", \\n, \\t, \\r and \\u{e9}\n" },
	{ STR(", x\npolicy a,, b\npolicy a,; x"),
	  "1:1: error: found \",\", expected a word\n"
	  "2:10: error: found \",\", expected a value\n"
	  "3:10: error: found \";\", expected a value\n"
	  "= help: behind a \",\" a list goes on\n"
	  "3:12: error: no statement begins with \"x\"\n" },
	{ STR("policy a,\n"), "2:1: error: found the end, expected a value\n"
			      "= help: behind a \",\" a list goes on\n" },
	{ STR("policy [a b]\npolicy [a, , b] c\npolicy [a; b]\nx"),
	  "1:11: error: found \"b\", expected \",\" or \"]\"\n"
	  "2:12: error: found \",\", expected a value\n"
	  "3:10: error: found \";\", expected \",\" or \"]\"\n"
	  "4:1: error: no statement begins with \"x\"\n" },
	{ STR("policy [a { b; c } d\nx"),
	  "1:11: error: found \"{\", expected \",\" or \"]\"\n"
	  "2:1: error: no statement begins with \"x\"\n" },
	{ STR("policy { a , , b { c\n d } }\nx"),
	  "1:14: error: found \",\", expected a value\n"
	  "3:1: error: no statement begins with \"x\"\n" },
	{ STR("policy { a\n , b\n c }\nx"),
	  "2:2: error: found \",\", expected a word\n"
	  "4:1: error: no statement begins with \"x\"\n" },
	{ STR("policy a ]\nx"),
	  "1:10: error: this \"]\" closes nothing\n"
	  "2:1: error: no statement begins with \"x\"\n" },
	{ STR("policy a }\nx"),
	  "1:10: error: this \"}\" closes nothing\n"
	  "2:1: error: no statement begins with \"x\"\n" },
	{ STR("policy { a [b }\nx"),
	  "1:15: error: found \"}\", expected \"]\"\n"
	  "1:12: note: the list begins here\n"
	  "2:1: error: no statement begins with \"x\"\n" },
	{ STR("policy { a {\n b\nzone c { d }\n"),
	  "1:12: error: this \"{\" is never closed\n" },
	{ STR("policy [a, b\nzone c\n"),
	  "2:1: error: found \"zone\", expected \",\" or \"]\"\n" },
	{ STR("policy [a,\n"), "1:8: error: this \"[\" is never closed\n" },
	{ STR("policy a b\ndefault { input drop accept }"),
	  "1:10: error: the end of the statement is expected behind the value "
	  "of \"policy\"\n"
	  "= help: several values have commas between them, and text of "
	  "several words stands in double quotes\n"
	  "2:22: error: the end of the statement is expected behind the value "
	  "of \"input\"\n"
	  "= help: several values have commas between them, and text of "
	  "several words stands in double quotes\n" },
	{ STR("policy: a\naccept from: b"),
	  "1:1: error: a key has no \":\" behind it\n"
	  "= help: write \"policy\"; in YAML, a policy's name does not end in "
	  "\".policy\"\n"
	  "2:8: error: a key has no \":\" behind it\n"
	  "= help: write \"from\"; in YAML, a policy's name does not end in "
	  "\".policy\"\n" },
	{ STR("accept from a [b] to c"),
	  "1:15: error: a key is expected here, and then its value\n" },
	{ STR("zone\nzone { }\n"),
	  "1:5: error: a name is expected behind \"zone\"\n"
	  "2:6: error: a name is expected behind \"zone\"\n" },
	{ STR("nat\nnat { }\n"),
	  "1:4: error: a word is expected behind \"nat\"\n"
	  "= help: it is one of forward, redirect, map, masquerade, source, exempt\n"
	  "2:5: error: a word is expected behind \"nat\"\n"
	  "= help: it is one of forward, redirect, map, masquerade, source, exempt\n" },
};

#define N_REFUSALS ((int)(sizeof(refusals) / sizeof(*refusals)))

START_TEST(dsl_refusals)
{
	read_str(refusals[_i].policy);
	ck_assert_uint_gt(diags_errors(diags), 0);
	ck_assert_str_eq(printed(), refusals[_i].message);
}
END_TEST

/* What other readers of YAML would take for something else is in quotes. */
static const struct {
	const char *policy, *yaml;
} printed_yaml[] = {
	{ "policy no", "policy: \"no\"\n" },
	{ "policy On", "policy: \"On\"\n" },
	{ "policy null", "policy: \"null\"\n" },
	{ "policy 443", "policy: 443\n" },
	{ "policy \"443\"", "policy: \"443\"\n" },
	{ "policy 0xff", "policy: 0xff\n" },
	{ "policy 010", "policy: \"010\"\n" },
	{ "policy 1e3", "policy: \"1e3\"\n" },
	{ "policy 1:20", "policy: \"1:20\"\n" },
	{ "policy 2001-12-14", "policy: \"2001-12-14\"\n" },
	{ "policy 10.0.0.0/8", "policy: 10.0.0.0/8\n" },
	{ "policy fd00::/8", "policy: \"fd00::/8\"\n" },
	{ "policy @set", "policy: \"@set\"\n" },
	{ "policy wlan*", "policy: \"wlan*\"\n" },
	{ "policy -", "policy: \"-\"\n" },
	{ "policy \"\"", "policy: \"\"\n" },
	{ "policy \"a b\"", "policy: a b\n" },
	{ "policy \"a: b # c\"", "policy: \"a: b # c\"\n" },
	{ "policy \"\\u{0}\\u{2028}\\n\"", "policy: \"\\u0000\\u2028\\n\"\n" },
	{ "policy \"\"\"\na\n b\n\"\"\"", "policy: |\n  a\n   b\n" },
	{ "policy [a]", "policy: [a]\n" },
	{ "policy ~", "policy:\n" },
	{ "accept source not @a, 1 log { when new }",
	  "rules:\n  - accept: { source: { not: [\"@a\", 1] }, log: { when: "
	  "new } }\n" },
};

#define N_PRINTED ((int)(sizeof(printed_yaml) / sizeof(*printed_yaml)))

START_TEST(dsl_printed_yaml)
{
	struct node *root = read_str(str_of(printed_yaml[_i].policy)), *again;
	struct buf yaml = { 0 };

	ck_assert_str_eq(printed(), "");
	print_yaml(&yaml, root);
	ck_assert_str_eq(yaml.p, printed_yaml[_i].yaml);
	again = yaml_read(arena,
			  source_add(&sources, "y",
				     (struct str){ yaml.p, yaml.n }),
			  diags);
	ck_assert_ptr_nonnull(again);
	ck_assert(print_same(root, again, policy_fields()));
	buf_free(&yaml);
}
END_TEST

/* Put in order, and what is put in order already stays as it is. */
static const struct {
	const char *text, *ordered;
} ordered[] = {
	{ "", "" },
	{ "policy   p ;;\n\n\n\ninvalid drop ; mark-mask 0xff;\n",
	  "policy p\n\ninvalid drop; mark-mask 0xff\n" },
	{ "zone a {devices b}\nzone ccc{devices d ,e}#x\nzone f {}",
	  "zone a   { devices b }\nzone ccc { devices d, e }  #x\nzone f   "
	  "{}\n" },
	{ "accept from a\n#c\ndrop  to b", "accept from a\n#c\ndrop to b\n" },
	{ "offload {\n\n\teligible from a   # b\n  # c\n}\n",
	  "offload {\n  eligible from a  # b\n  # c\n}\n" },
	{ "accept from a \\\n to b,\n c\nset s address {\na,\n b }",
	  "accept from a \\\n  to b,\n  c\nset s address {\n  a,\n  b }\n" },
	{ "policy [ a ,[ b ] , {c d} ]", "policy [a, [b], { c d }]\n" },
	{ "policy \"\"\"\n  a\n\"\"\"\n", "policy \"\"\"\n  a\n\"\"\"\n" },
};

#define N_ORDERED ((int)(sizeof(ordered) / sizeof(*ordered)))

static char *put_in_order(const char *text)
{
	struct buf out = { 0 };
	char *copy;

	fmt_policy(&out, source_add(&sources, "f", str_of(text)),
		   policy_fields());
	copy = arena_strndup(arena, out.p ? out.p : "", out.n);
	buf_free(&out);
	return copy;
}

START_TEST(dsl_in_order)
{
	char *once = put_in_order(ordered[_i].text);

	ck_assert_str_eq(once, ordered[_i].ordered);
	ck_assert_str_eq(put_in_order(once), once);
	ck_assert(fmt_equal(read_str(str_of(ordered[_i].text)),
			    read_str(str_of(once))));
}
END_TEST

static struct node *read_nested(unsigned int depth, char open, char close)
{
	struct buf text = { 0 };
	struct str copy;
	unsigned int i;

	buf_puts(&text, "policy ");
	for (i = 0; i < depth; i++)
		buf_printf(&text, "%c%s", open, open == '{' ? "a" : "");
	buf_puts(&text, open == '{' ? " b" : "b");
	for (i = 0; i < depth; i++)
		buf_putc(&text, close);
	copy = (struct str){ arena_strndup(arena, text.p, text.n), text.n };
	buf_free(&text);
	return read_str(copy);
}

START_TEST(dsl_depth)
{
	ck_assert_ptr_nonnull(read_nested(DSL_MAX_DEPTH, '{', '}'));
	ck_assert_ptr_nonnull(read_nested(DSL_MAX_DEPTH, '[', ']'));
	ck_assert_str_eq(printed(), "");
	ck_assert_ptr_null(read_nested(DSL_MAX_DEPTH + 1, '[', ']'));
	ck_assert_str_eq(printed(), "1:64: error: lists and maps are nested "
				    "more than 56 deep\n");
	ck_assert_ptr_null(read_nested(100000, '{', '}'));
}
END_TEST

/* The scalars of a plain file are the file's own bytes. */
START_TEST(dsl_points_into_the_text)
{
	static const char text[] = "policy p\ninvalid \"q\"\n";
	struct node *root = read_str(str_of(text));

	ck_assert_ptr_eq(root->map.pairs[0].value->scalar.p, text + 7);
	ck_assert_ptr_eq(root->map.pairs[1].value->scalar.p, text + 18);
}
END_TEST

/* Thousands of mistakes, and each is told. */
START_TEST(dsl_many_mistakes_are_fast)
{
	struct buf text = { 0 };

	for (int i = 0; i < 30000; i++)
		buf_printf(&text, "policy { a , , b%d }\n", i);
	ck_assert_ptr_null(read_str((struct str){ text.p, text.n }));
	ck_assert_uint_eq(diags_errors(diags), 30000);
	buf_free(&text);
}
END_TEST

static const struct {
	const char *path, *text;
	enum spelling spelling;
} spellings[] = {
	{ "a.policy", "policy: x", SPELLING_POLICY },
	{ ".policy", "policy: x", SPELLING_YAML },
	{ "a.yaml", "policy x", SPELLING_YAML },
	{ "a", "policy x", SPELLING_YAML },
	{ "<stdin>", "", SPELLING_YAML },
	{ "<stdin>", "# a: b\n\npolicy x\n", SPELLING_POLICY },
	{ "<stdin>", "# a\npolicy: x\n", SPELLING_YAML },
	{ "<stdin>", "policy : x\n", SPELLING_YAML },
	{ "<stdin>", "---\npolicy: x\n", SPELLING_YAML },
	{ "<stdin>", "{policy: x}\n", SPELLING_YAML },
	{ "<stdin>", "accept\n", SPELLING_POLICY },
	{ "<stdin>", "zone a { devices b }\n", SPELLING_POLICY },
};

#define N_SPELLINGS ((int)(sizeof(spellings) / sizeof(*spellings)))

START_TEST(dsl_spelling_of_a_file)
{
	ck_assert_int_eq(spelling_of(source_add(&sources, spellings[_i].path,
						str_of(spellings[_i].text))),
			 spellings[_i].spelling);
}
END_TEST

Suite *dsl_suite(void)
{
	Suite *suite = suite_create("dsl");
	TCase *tc = tcase_create("dsl");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, dsl_trees, 0, N_TREES);
	tcase_add_loop_test(tc, dsl_spans, 0, N_SPANS);
	tcase_add_loop_test(tc, dsl_refusals, 0, N_REFUSALS);
	tcase_add_loop_test(tc, dsl_printed_yaml, 0, N_PRINTED);
	tcase_add_loop_test(tc, dsl_in_order, 0, N_ORDERED);
	tcase_add_test(tc, dsl_depth);
	tcase_add_test(tc, dsl_points_into_the_text);
	tcase_add_test(tc, dsl_many_mistakes_are_fast);
	tcase_add_loop_test(tc, dsl_spelling_of_a_file, 0, N_SPELLINGS);
	suite_add_tcase(suite, tc);
	return suite;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scalars of the policy. A plain YAML scalar is never reinterpreted: "no" and
 * "on" are text, and where true or false is expected only these two will do.
 */
#include <errno.h>

#include "bind.h"

bool bind_text(struct binder *b, const struct node *node, const char *expected,
	       struct str *out)
{
	if (node->kind != NODE_SCALAR || node->scalar.n == 0) {
		bind_expected(b, node, expected);
		return false;
	}
	*out = node->scalar;
	return true;
}

void bind_bool(struct binder *b, const struct node *node, bool *out)
{
	static const char *const yes[] = { "yes",  "on",   "Yes", "On",
					   "True", "TRUE", "y",	  "1" };
	static const char *const no[] = { "no",	   "off",   "No", "Off",
					  "False", "FALSE", "n",  "0" };
	struct diag *diag;
	struct str text;
	size_t i;

	if (!bind_text(b, node, "true or false", &text))
		return;
	*out = str_is(text, "true");
	if (*out || str_is(text, "false"))
		return;
	diag = bind_expected(b, node, "true or false");
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (str_is(text, yes[i]))
			diag_help(diag, "write \"true\"");
		if (str_is(text, no[i]))
			diag_help(diag, "write \"false\"");
	}
}

static bool digits(struct str *s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	size_t n = 0;

	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9' && n < 19)
		value = value * 10 + (uint64_t)(s->p[n++] - '0');
	if (n == 0 || (n > 1 && s->p[0] == '0') || value > max)
		return false;
	s->p += n;
	s->n -= n;
	*out = value;
	return true;
}

bool bind_number(struct binder *b, const struct node *node, uint64_t min,
		 uint64_t max, uint64_t *out)
{
	char expected[64];
	struct str text;
	uint64_t value = 0;

	snprintf(expected, sizeof(expected), "a number from %llu to %llu",
		 (unsigned long long)min, (unsigned long long)max);
	if (!bind_text(b, node, expected, &text))
		return false;
	if (!digits(&text, max, &value) || text.n || value < min) {
		habit_number(node->scalar, bind_expected(b, node, expected));
		return false;
	}
	*out = value;
	return true;
}

static bool skip(struct str *text, const char *word)
{
	size_t n = strlen(word);

	if (text->n < n || memcmp(text->p, word, n) != 0)
		return false;
	*text = (struct str){ text->p + n, text->n - n };
	return true;
}

/* What stands behind a name: nothing, or as in "+ 10". */
static bool parse_offset(struct str text, int64_t *out)
{
	uint64_t value = 0;
	bool minus;

	text = str_trim(text);
	minus = skip(&text, "-");
	if (text.n && !minus && !skip(&text, "+"))
		return false;
	text = str_trim(text);
	if ((text.n || minus) && !digits(&text, INT32_MAX, &value))
		return false;
	*out = minus ? -(int64_t)value : (int64_t)value;
	return !text.n;
}

static bool parse_priority(struct str text, const struct priority_name *names,
			   int64_t *out)
{
	uint64_t value;
	bool minus;

	for (; names->name; names++) {
		if (!skip(&text, names->name))
			continue;
		if (!parse_offset(text, out))
			return false;
		*out += names->priority;
		return true;
	}
	minus = skip(&text, "-");
	if (!digits(&text, (uint64_t)INT32_MAX + minus, &value) || text.n)
		return false;
	*out = minus ? -(int64_t)value : (int64_t)value;
	return true;
}

/* Names that this hook has not, but others have. */
static void other_names(struct binder *b, struct str text,
			const struct priority_name *names, struct diag *diag)
{
	static const char *const all[] = { "raw",    "mangle",	 "dstnat",
					   "srcnat", "security", NULL };
	const char *list = "";
	size_t i;

	for (; names->name; names++)
		list = arena_printf(b->arena, "%s%s%s", list, *list ? ", " : "",
				    names->name);
	for (i = 0; all[i]; i++)
		if (skip(&text, all[i]))
			diag_help(diag, "of nft's names, this hook has: %s",
				  list);
}

bool bind_priority(struct binder *b, const struct node *node,
		   const struct priority_name *names, int32_t *out)
{
	static const char expected[] =
		"a priority: a number from -2147483648 to 2147483647, or as in "
		"\"filter\" or \"filter - 10\"";
	int64_t value;
	struct str text;

	if (!bind_text(b, node, expected, &text))
		return false;
	if (!parse_priority(text, names, &value) || value < INT32_MIN ||
	    value > INT32_MAX) {
		other_names(b, text, names, bind_expected(b, node, expected));
		return false;
	}
	*out = (int32_t)value;
	return true;
}

struct unit {
	const char *name;
	uint64_t seconds;
};

static const struct unit units[] = {
	{ "second", 1 },  { "minute", 60 },   { "hour", 3600 },
	{ "day", 86400 }, { "week", 604800 }, { "s", 1 },
	{ "m", 60 },	  { "h", 3600 },      { "d", 86400 },
	{ "w", 604800 },
};

/* "2 hours", too */
static bool unit_find(struct str name, uint64_t *seconds)
{
	size_t i;

	if (name.n > 2 && name.p[name.n - 1] == 's')
		name.n--;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!str_is(name, units[i].name))
			continue;
		*seconds = units[i].seconds;
		return true;
	}
	return false;
}

bool bind_duration(struct binder *b, const struct node *node, uint64_t *out)
{
	static const char expected[] = "a duration, as in 90s, 5m, 1h or 2d";
	uint64_t value, unit;
	struct str text;

	if (!bind_text(b, node, expected, &text))
		return false;
	if (!digits(&text, 100000000, &value) ||
	    !unit_find(str_trim(text), &unit) || value == 0) {
		habit_duration(node->scalar, bind_expected(b, node, expected));
		return false;
	}
	*out = value * unit;
	return true;
}

static bool parse_rate(struct str text, struct limit_spec *out)
{
	struct str rest = text, rate = str_trim(str_cut(&rest, '/'));
	struct str unit = str_trim(str_cut(&rest, ' '));
	uint64_t burst = 5; /* nft's own default */

	if (!digits(&rate, UINT32_MAX, &out->rate) || rate.n || out->rate == 0)
		return false;
	if (!unit_find(unit, &out->unit))
		return false;
	rest = str_trim(rest);
	if (rest.n) {
		if (!str_is(str_cut(&rest, ' '), "burst"))
			return false;
		rest = str_trim(rest);
		if (!digits(&rest, UINT32_MAX, &burst) || rest.n || !burst)
			return false;
	}
	out->burst = (uint32_t)burst;
	return true;
}

bool bind_rate(struct binder *b, const struct node *node,
	       struct limit_spec *out)
{
	static const char expected[] =
		"a rate, as in 10/second or 5/minute burst 20";
	struct limit_spec rate = { 0 };
	struct str text;

	if (!bind_text(b, node, expected, &text))
		return false;
	if (!parse_rate(text, &rate)) {
		habit_rate(node->scalar, bind_expected(b, node, expected));
		return false;
	}
	*out = rate;
	return true;
}

static void refused(struct binder *b, const struct node *node, const char *path,
		    const struct distrust *distrust)
{
	struct diag *diag = diag_error(b->diags, node->span,
				       "%s cannot be trusted: %s", path,
				       distrust->why);
	const char *what = path, *slash = strrchr(path, '/');

	if (distrust->directory)
		what = !slash	     ? "." :
		       slash == path ? "/" :
				       arena_printf(b->arena, "%.*s",
						    (int)(slash - path), path);
	if (distrust->chmod[0])
		diag_help(diag, "chmod %s %s", distrust->chmod, what);
	else
		diag_help(diag, "copy it to where only root and you can write");
}

bool bind_source(struct binder *b, const struct node *node, const char *path,
		 struct source **source)
{
	struct distrust distrust;
	int err = source_read_named(b->sources, path, node->span, source,
				    &distrust);

	if (err == -EKEYREJECTED)
		refused(b, node, path, &distrust);
	else if (err)
		diag_error(b->diags, node->span, "cannot read %s: %s", path,
			   strerror(-err));
	return !err;
}

struct amount {
	const char *unit;
	uint64_t packets, bytes;
};

static const struct amount amounts[] = {
	{ "packets", 1, 0 },
	{ "packet", 1, 0 },
	{ "bytes", 0, 1 },
	{ "kB", 0, 1000 },
	{ "MB", 0, 1000000 },
	{ "GB", 0, 1000000000 },
	{ "kbytes", 0, 1024 },
	{ "mbytes", 0, 1048576 },
	{ "TB", 0, UINT64_C(1000000000000) },
};

static bool parse_amount(struct str text, uint64_t *packets, uint64_t *bytes)
{
	uint64_t n;
	size_t i;

	if (!digits(&text, 999999999, &n) || n == 0)
		return false;
	for (i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		if (!str_is(str_trim(text), amounts[i].unit))
			continue;
		*packets = n * amounts[i].packets;
		*bytes = n * amounts[i].bytes;
		return true;
	}
	return false;
}

bool bind_amount(struct binder *b, const struct node *node,
		 const char *expected, uint64_t *packets, uint64_t *bytes)
{
	struct str text;

	if (!bind_text(b, node, expected, &text))
		return false;
	if (parse_amount(text, packets, bytes))
		return true;
	habit_amount(expected, text, bind_expected(b, node, expected));
	return false;
}

static bool name_char(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return !first && ((c >= '0' && c <= '9') || c == '-' || c == '_');
}

/* nft's identifiers hold 128 bytes; ours are joined, two of them and more. */
#define NAME_MAX_BYTES 32

/* The same with "-" for whatever cannot be in a name. */
static void near_name(struct str text, struct diag *diag)
{
	char name[NAME_MAX_BYTES + 1];
	size_t i, n = 0;

	for (i = 0; i < text.n && n < NAME_MAX_BYTES; i++) {
		if (text.p[i] & 0x80 || !name_char(text.p[0], true))
			return;
		if (name_char(text.p[i], n == 0))
			name[n++] = text.p[i];
		else if (n && name[n - 1] != '-')
			name[n++] = '-';
	}
	while (n && name[n - 1] == '-')
		n--;
	if (n > 1 && i == text.n)
		diag_help(diag, "write \"%.*s\"", (int)n, name);
}

const char *bind_name(struct binder *b, const struct node *node,
		      const char *what)
{
	struct diag *diag;
	struct str text;
	size_t i;

	if (!bind_text(b, node, "a name", &text))
		return NULL;
	for (i = 0; i < text.n; i++)
		if (!name_char(text.p[i], i == 0))
			break;
	if (i < text.n || text.n > NAME_MAX_BYTES) {
		diag = diag_error(
			b->diags, node->span,
			"\"%.*s\" cannot be the name of %s: a name is "
			"a letter, then letters, digits, \"-\" or "
			"\"_\", at most %d in all",
			STR_ARG(text), what, NAME_MAX_BYTES);
		if (text.p[0] == '$')
			diag_help(diag, "variables stand for values, not for "
					"names that are given");
		else
			near_name(text, diag);
		return NULL;
	}
	return arena_strndup(b->arena, text.p, text.n);
}

static const char *word_list(struct binder *b, const char *const *words)
{
	const char *list = words[0];
	size_t i;

	for (i = 1; words[i]; i++)
		list = arena_printf(b->arena, "%s%s%s", list,
				    words[i + 1] ? ", " : " or ", words[i]);
	return list;
}

int bind_word(struct binder *b, const struct node *node,
	      const char *const *words, const char *what)
{
	struct suggest suggest;
	struct diag *diag;
	int i;

	for (i = 0; node->kind == NODE_SCALAR && words[i]; i++)
		if (str_is(node->scalar, words[i]))
			return i;
	diag = bind_expected(b, node,
			     arena_printf(b->arena, "%s: %s", what,
					  word_list(b, words)));
	if (node->kind != NODE_SCALAR || habit_word(what, node->scalar, diag))
		return -1;
	suggest = suggest_for(node->scalar);
	for (i = 0; words[i]; i++)
		suggest_name(&suggest, str_of(words[i]));
	suggest_help(&suggest, diag);
	return -1;
}

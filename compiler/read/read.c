// SPDX-License-Identifier: GPL-2.0-only
/* Which reader reads it. */
#include "read.h"

#include "dsl.h"
#include "yaml.h"

#define SUFFIX ".policy"

static bool has_suffix(const char *path)
{
	size_t n = strlen(path), suffix = strlen(SUFFIX);

	return n > suffix && strcmp(path + n - suffix, SUFFIX) == 0;
}

/* "key:", "- item", "{", "---", "%YAML", "&anchor", "'key'", "[". */
static bool begins_yaml(struct str line)
{
	size_t n = 0;

	if (strchr("{[-%&!'", line.p[0]))
		return true;
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	if (line.p[n - 1] == ':')
		return true;
	line = str_trim((struct str){ line.p + n, line.n - n });
	return line.n && line.p[0] == ':';
}

enum spelling spelling_of(const struct source *source)
{
	struct str rest = source->text;

	if (has_suffix(source->path))
		return SPELLING_POLICY;
	if (source->path[0] != '<')
		return SPELLING_YAML;
	while (rest.p) {
		struct str line = str_trim(str_cut(&rest, '\n'));

		if (line.n && line.p[0] != '#')
			return begins_yaml(line) ? SPELLING_YAML :
						   SPELLING_POLICY;
	}
	return SPELLING_YAML;
}

struct node *policy_read(struct arena *arena, const struct source *source,
			 const struct field *language, struct diags *diags)
{
	if (spelling_of(source) == SPELLING_POLICY)
		return dsl_read(arena, source, language, diags);
	return yaml_read(arena, source, diags);
}

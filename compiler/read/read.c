// SPDX-License-Identifier: GPL-2.0-only
/* Which reader a file is for. */
#include "read/read.h"

#include "read/yaml.h"

struct node *policy_read(struct arena *arena, const struct source *source,
			 const struct field *language, struct diags *diags)
{
	(void)language; /* YAML needs none to be read */
	return yaml_read(arena, source, diags);
}

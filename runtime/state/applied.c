// SPDX-License-Identifier: GPL-2.0-only
/* What was applied, as a compilation: see applied.h. */
#include "runtime/state/applied.h"

#include <errno.h>

#include "runtime/state/sourcefile.h"

static int read_files(struct applied *a, struct state *state,
		      unsigned int number)
{
	int ret = state_read(state, number, STATE_SOURCES, &a->bytes);

	if (ret)
		return ret;
	return sourcefile_read(&a->kept, a->arena,
			       (struct str){ a->bytes.p, a->bytes.n }) ?
		       0 :
		       -EBADMSG;
}

int applied_open(struct applied *applied, struct compilation *c,
		 struct state *state, unsigned int number)
{
	int ret;

	*applied = (struct applied){ .arena = arena_new() };
	ret = read_files(applied, state, number);
	if (!ret)
		ret = compile_kept(c, &applied->kept);
	else
		compile_nothing(c);
	if (ret != -EINVAL)
		return ret;
	compile_free(c);
	compile_nothing(c);
	return ret;
}

void applied_close(struct applied *applied)
{
	if (!applied->arena)
		return;
	buf_free(&applied->bytes);
	arena_free(applied->arena);
	*applied = (struct applied){ 0 };
}

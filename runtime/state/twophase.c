// SPDX-License-Identifier: GPL-2.0-only
/* The kernel module's two phases: see twophase.h. */
#include "runtime/state/twophase.h"

#include <errno.h>

#include "runtime/base/fault.h"

static int look(struct twophase *t)
{
	int ret = module_info(t->module, &t->info);

	if (ret)
		return ret;
	t->found = t->info.abi == NFTOFFC_ABI ? TWOPHASE_READY :
						TWOPHASE_OTHER_ABI;
	return 0;
}

int twophase_open(struct twophase *t)
{
	int ret;

	*t = (struct twophase){ 0 };
	ret = module_open(&t->module);
	if (!ret)
		ret = look(t);
	if (t->found != TWOPHASE_READY) {
		module_close(t->module);
		t->module = NULL;
	}
	return ret == -ENOENT ? 0 : ret;
}

void twophase_close(struct twophase *t)
{
	module_close(t->module);
	t->module = NULL;
}

const char *twophase_missing(const struct twophase *t)
{
	switch (t->found) {
	case TWOPHASE_ABSENT:
		return "not loaded";
	case TWOPHASE_OTHER_ABI:
		return "of another version than this program";
	case TWOPHASE_READY:
		break;
	}
	return NULL;
}

const char *twophase_help(const struct twophase *t)
{
	return t->found == TWOPHASE_OTHER_ABI ?
		       "build module and program from the same source" :
		       MODULE_MISSING_HELP;
}

/* Where no rules run: none, as after it was loaded, or the one of nothing. */
static bool is_of(uint64_t generation, const struct ir_record *running)
{
	return running ? generation == keepout_generation(running) :
			 generation <= KEEPOUT_NOTHING;
}

bool twophase_agrees(const struct twophase *t, const struct ir_record *running)
{
	return !t->module || is_of(t->info.generation, running);
}

/*
 * In doubt: it was killed around the commit of its rules. Not in doubt, and
 * the rules that run are those of the generation before: it was killed when
 * it had taken its rules back, and not the module.
 */
int twophase_settle(struct twophase *t, const struct ir_record *running,
		    bool *settled)
{
	int ret = 0;

	*settled = false;
	if (!t->module)
		return 0;
	if (t->info.state == NFTOFFC_STATE_IN_DOUBT)
		ret = is_of(t->info.staged, running) ?
			      module_commit(t->module, t->info.staged) :
			      module_abort(t->module, t->info.staged);
	else if (t->info.state == NFTOFFC_STATE_IDLE && t->info.has_former &&
		 !is_of(t->info.generation, running) &&
		 is_of(t->info.former, running))
		ret = module_abort(t->module, t->info.generation);
	else
		return 0;
	*settled = !ret;
	return ret ? ret : look(t);
}

int twophase_stage(struct twophase *t, uint64_t generation,
		   const struct keepout *keepout)
{
	int ret;

	if (!t->module || t->info.generation == generation)
		return 0;
	ret = fault(FAULT_MODULE_STAGE);
	if (ret)
		return ret;
	ret = module_stage(t->module, generation, keepout->entries, keepout->n,
			   NULL);
	if (!ret)
		t->staged = generation;
	return ret;
}

int twophase_commit(struct twophase *t)
{
	int ret = t->staged ? fault(FAULT_MODULE_COMMIT) : 0;

	return t->staged && !ret ? module_commit(t->module, t->staged) : ret;
}

/* If it is gone, or has been loaded anew, it keeps out nothing of ours. */
int twophase_back(struct twophase *t)
{
	int ret;

	if (!t->staged)
		return 0;
	ret = fault(FAULT_MODULE_BACK);
	if (!ret)
		ret = module_abort(t->module, t->staged);
	t->staged = 0;
	return ret == -ENOENT ? 0 : ret;
}

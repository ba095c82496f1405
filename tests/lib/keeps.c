// SPDX-License-Identifier: GPL-2.0-only
#include "tests/lib/keeps.h"

bool keeps_out(const struct keepout *keepout, uint32_t mark)
{
	size_t i;

	for (i = 0; i < keepout->n; i++)
		if ((mark & keepout->entries[i].mark_mask) ==
		    keepout->entries[i].mark)
			return true;
	return false;
}

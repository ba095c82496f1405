// SPDX-License-Identifier: GPL-2.0-only
/* A command's output: see deliver.h. */
#include "runtime/base/deliver.h"

#include <unistd.h>

#include "runtime/base/exit.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"

int deliver(const struct buf *out, const char *path)
{
	int ret;

	if (path)
		ret = files_replace(path, out->p, out->n);
	else
		ret = files_write(STDOUT_FILENO, out->p, out->n);
	return ret ? report_failure(ret, "cannot write %s",
				    path ? path : "the output") :
		     EXIT_DONE;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of nftoffc(1) that lists what doctor looks at, as mdoc between the
 * comments that tests/man/run finds it by. Nothing about a check is said here.
 */
#include <stdio.h>

#include "runtime/tell/doctor.h"

int main(void)
{
	const struct doctor_check *check;

	puts(".\\\" begin generated: checks");
	puts(".Bl -tag -width Ds -compact");
	for (check = doctor_checks; check->name; check++)
		printf(".It Cm %s\n%s\n", check->name, check->doc);
	puts(".El");
	puts(".\\\" end generated: checks");
	return 0;
}

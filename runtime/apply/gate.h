/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Beside fw4, our rules drop what it has not marked (ir/lower_fw4.c). Where it
 * does not mark, for somebody took that away, nobody could reach the router to
 * mend it: then these rules go.
 *
 * What must stay true: while fw4 starts again, and is not there, they stay.
 */
#ifndef NFTOFFC_RUNTIME_APPLY_GATE_H
#define NFTOFFC_RUNTIME_APPLY_GATE_H

#include <stdbool.h>

/*
 * @ended: fw4 is at the end of its start, so that it is not there means that its
 * rules were refused: then what is for the router passes, and nothing through
 * it. 0 or -errno, after a message, as after doing anything.
 */
int gate_tend(bool ended);

#endif

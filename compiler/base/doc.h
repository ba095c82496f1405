/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rows of a table say of themselves to the manual, the JSON schema and
 * the tests. The program itself never reads it: built for a small flash (make
 * SMALL=1) it has none of it.
 */
#ifndef NFTOFFC_BASE_DOC_H
#define NFTOFFC_BASE_DOC_H

#ifdef NFTOFFC_SMALL
#define DOC(sentences) NULL
#else
#define DOC(sentences) sentences
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Diagnostics: the user's mistakes, each at its place, all in one run.
 *
 *	policies/x.yaml:14:15: error: no zone is called "lna"
 *	   14 |   - accept: { from: lna, to: wan }
 *	      |                     ^~~
 *	      = help: did you mean "lan"?
 *	policies/x.yaml:4:3: note: "lan" is defined here
 *	    4 |   lan: { devices: [br-lan] }
 *	      |   ^~~
 *
 * Reporting never fails and never stops the caller: it carries on and reports
 * more; whoever emits asks diags_errors() first.
 */
#ifndef NFTOFFC_BASE_DIAG_H
#define NFTOFFC_BASE_DIAG_H

#include <stdio.h>

#include "json.h"
#include "source.h"

enum severity {
	SEVERITY_ERROR, /* zero is the careful value */
	SEVERITY_WARNING,
	SEVERITY_NOTE,
};

struct diag;
struct diags;

/*
 * After this many errors, or warnings, further ones are counted, not kept.
 * The same severity, place and text twice is one diagnostic.
 */
#define DIAGS_MAX 200

/*
 * Reports are kept in @arena, whenever they come: it must not be one that a
 * pass marks and resets.
 */
struct diags *diags_new(struct arena *arena, const struct sources *sources);

struct diag *diag_error(struct diags *diags, struct span span, const char *fmt,
			...) __attribute__((format(printf, 3, 4)));
struct diag *diag_warning(struct diags *diags, struct span span,
			  const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What takes notes and helps and is never shown: where all is said already. */
struct diag *diag_nothing(struct diags *diags);
/* A second place that belongs to @diag. */
void diag_note(struct diag *diag, struct span span, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What to do about it. */
void diag_help(struct diag *diag, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * What is advised of places in @source is put into other words first: that file
 * is in a spelling of its own.
 */
void diags_reword(struct diags *diags, uint32_t source,
		  const char *(*reword)(struct arena *arena, const char *help));

/*
 * Adds a help line "did you mean ...?" with the nearest of @names, where one
 * is near (distance at most 2, or 1 for words of up to 3 letters). Call with
 * each candidate, then finish:
 *	struct suggest s = suggest_for(word);
 *	for (...) suggest_name(&s, candidate);
 *	suggest_help(&s, diag);
 */
#define SUGGEST_LISTED 8 /* more names than this are not listed */

struct suggest {
	struct str word, best;
	unsigned int distance;
	struct str names[SUGGEST_LISTED]; /* the first of them */
	size_t n;			  /* of all of them */
};

struct suggest suggest_for(struct str word);
void suggest_name(struct suggest *suggest, struct str candidate);
void suggest_help(const struct suggest *suggest, struct diag *diag);
/* The same; where none is near, which @things ("zones") there are. */
void suggest_list(const struct suggest *suggest, const char *things,
		  struct diag *diag);

size_t diags_errors(const struct diags *diags);
size_t diags_warnings(const struct diags *diags);
/*
 * Prints all, ordered by file (in the order they were read), place and time
 * of report. Colour only if @colour.
 */
void diags_print(const struct diags *diags, FILE *out, bool colour);
/*
 * The same for programs, as members of the object that is open: "errors" and
 * "warnings", how many, and "diagnostics".
 */
void diags_json(struct json *out, const struct diags *diags);
/* Where @span is, as members of the object that is open; nothing for nowhere. */
void span_json(struct json *out, const struct sources *sources,
	       struct span span);

#endif

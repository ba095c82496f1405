/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A JSON writer: text as it is asked for, into a buffer, laid out to be read.
 *
 * What fits on a line stands on one; other objects and arrays have a member a
 * line. The caller keeps the order: in an object each value follows its key.
 * Adding never fails; opening and closing must match, which is asserted.
 *
 *	json_object(&json);
 *	json_put_str(&json, "verdict", "accept");
 *	json_key(&json, "rule");
 *	json_wrap(&json, "named");	   {"named": [1, 2]}
 *	json_array(&json);
 *	...
 *	json_end(&json);
 */
#ifndef NFTOFFC_BASE_JSON_H
#define NFTOFFC_BASE_JSON_H

#include "buf.h"

#define JSON_DEPTH_MAX 32

enum json_kind { JSON_OBJECT, JSON_ARRAY, JSON_WRAP };

struct json_level {
	enum json_kind kind;
	bool any;     /* it has a member */
	size_t begin; /* of its members, in the buffer */
	size_t flat;  /* bytes of its members, were they on one line */
};

struct json {
	struct buf *out;
	struct buf scratch;
	bool keyed;    /* a value follows on this line */
	bool one_line; /* however long it gets: set behind json_begin() */
	unsigned int depth, indent;
	struct json_level levels[JSON_DEPTH_MAX];
};

/* One value at the outermost level, a newline behind it. */
struct json json_begin(struct buf *out);
void json_finish(struct json *json);
/* Room for the caller to put a value's text together, empty. */
struct buf *json_scratch(struct json *json);

void json_object(struct json *json);
void json_array(struct json *json);
/* An object of the one member @key, which is what is written next. */
void json_wrap(struct json *json, const char *key);
/* Ends what was begun last. */
void json_end(struct json *json);
/* Ends the last @n. */
void json_end_n(struct json *json, unsigned int n);

void json_key(struct json *json, const char *key);
/* What is no UTF-8 is written as U+FFFD, what cannot be seen as \uXXXX. */
void json_str(struct json *json, struct str s);
void json_text(struct json *json, const char *s);
void json_u64(struct json *json, uint64_t n);
void json_i64(struct json *json, int64_t n);
void json_bool(struct json *json, bool yes);
void json_null(struct json *json);

/* A key and its value. */
void json_put_str(struct json *json, const char *key, const char *s);
void json_put_u64(struct json *json, const char *key, uint64_t n);
void json_put_bool(struct json *json, const char *key, bool yes);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* Files for fw4: see includes.h. */
#include "runtime/includes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "emit/text.h"
#include "ir/fw4.h"
#include "runtime/exit.h"
#include "runtime/files.h"
#include "runtime/report.h"
#include "runtime/scratch.h"

struct include {
	const char *path; /* below the directory */
	struct buf text;
};

/* What marks comes first: alone it does no harm. */
enum { INPUT, FORWARD, RULESET, FILES };

static void make_texts(struct include files[FILES], const struct ir *ir)
{
	static const char *const paths[FILES] = {
		[INPUT] = "chain-pre/input/nftoffc.nft",
		[FORWARD] = "chain-pre/forward/nftoffc.nft",
		[RULESET] = "ruleset-post/nftoffc.nft",
	};
	int i;

	for (i = 0; i < FILES; i++)
		files[i] = (struct include){ .path = paths[i] };
	fw4_seen_rule(&files[INPUT].text, ir->mark.mask);
	fw4_seen_rule(&files[FORWARD].text, ir->mark.mask);
	emit_text(&files[RULESET].text, ir);
}

static void put_chain(struct buf *out, const char *name,
		      const struct buf *include)
{
	buf_printf(out,
		   "\tchain %s {\n\t\ttype filter hook %s priority filter; "
		   "policy drop;\n\t\t%.*s\t}\n",
		   name, name, (int)include->n, include->p);
}

/* As fw4 includes them. */
static void put_whole(struct buf *out, const struct include files[FILES])
{
	buf_puts(out, "table inet " FW4_TABLE " {\n");
	put_chain(out, "input", &files[INPUT].text);
	put_chain(out, "forward", &files[FORWARD].text);
	buf_puts(out, "}\n");
	buf_add(out, files[RULESET].text.p, files[RULESET].text.n);
}

static int judge(const struct scratch_text *answer)
{
	if (!answer->status)
		return EXIT_DONE;
	report_error("nft refuses these files: nothing is written");
	fprintf(stderr, "%.*s", (int)answer->said.n, answer->said.p);
	return EXIT_SYSTEM;
}

static int check(const struct include files[FILES], const struct ir *ir)
{
	struct scratch_text answer = { 0 };
	struct buf whole = { 0 };
	enum scratch_step step;
	int error, ret;

	put_whole(&whole, files);
	step = scratch_load((struct str){ whole.p, whole.n }, ir, &answer,
			    &error);
	if (step == SCRATCH_DONE) {
		ret = judge(&answer);
	} else {
		ret = report_failure(error, "%s", scratch_phrase(step));
		report_help("%s; or --unchecked, and 'fw4 check' before fw4 is "
			    "started again",
			    scratch_help(step));
	}
	buf_free(&whole);
	buf_free(&answer.said);
	buf_free(&answer.messages);
	return ret;
}

static bool is_there(const char *path, const struct buf *text)
{
	struct buf old = { 0 };
	bool same = !files_read(AT_FDCWD, path, &old) && old.n == text->n &&
		    !memcmp(old.p, text->p, text->n);

	buf_free(&old);
	return same;
}

/* Every directory on the way to @path, a copy that is changed and put right. */
static void make_way(char *path)
{
	char *slash = path;

	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		mkdir(path, 0755); /* what cannot be made is missed later */
		*slash = '/';
	}
}

static int write_file(struct arena *arena, const char *directory,
		      const struct include *file)
{
	char *path = arena_printf(arena, "%s/%s", directory, file->path);
	int ret;

	if (is_there(path, &file->text))
		return EXIT_DONE;
	make_way(path);
	ret = files_replace(path, file->text.p, file->text.n);
	if (ret)
		return report_failure(ret, "cannot write %s", path);
	printf("%s\n", path);
	return EXIT_DONE;
}

int includes_write(struct compilation *c, const struct ir *ir,
		   const char *directory, bool unchecked)
{
	struct include files[FILES];
	int ret = EXIT_DONE, i;

	make_texts(files, ir);
	if (!unchecked)
		ret = check(files, ir);
	for (i = 0; i < FILES; i++) {
		if (!ret)
			ret = write_file(c->arena, directory, &files[i]);
		buf_free(&files[i].text);
	}
	return ret;
}

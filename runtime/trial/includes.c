// SPDX-License-Identifier: GPL-2.0-only
/* Files for fw4: see includes.h. */
#include "runtime/trial/includes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emit/text.h"
#include "ir/fw4.h"
#include "runtime/base/exit.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"
#include "runtime/trial/scratch.h"

struct include {
	const char *path; /* below the directory */
	struct buf text;
};

/* What marks comes first: alone it does no harm. */
enum { INPUT, FORWARD, RULESET, DEVICES, FILES };

/*
 * The devices
 */

/* A pattern of the shell's: 'wlan'*. */
static void put_pattern(struct buf *out, const char *device)
{
	size_t n = strlen(device), i;
	bool prefix = n && device[n - 1] == '*';

	buf_putc(out, '\'');
	for (i = 0; i < n - prefix; i++)
		if (device[i] == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, device[i]);
	buf_puts(out, prefix ? "'*" : "'");
}

static void put_flowtable(struct buf *out, const struct ir_flowtable *f)
{
	size_t i;

	if (!f->ndevices)
		return;
	buf_puts(out, "\tcase $nftoffc_device in\n\t");
	for (i = 0; i < f->ndevices; i++) {
		if (i)
			buf_putc(out, '|');
		put_pattern(out, f->devices[i]);
	}
	buf_printf(out,
		   ")\n\t\tnft \"add flowtable inet " IR_TABLE
		   " %s { hook ingress priority %d;"
		   " devices = { \\\"$nftoffc_device\\\" }; }\" ;;\n\tesac\n",
		   f->name, f->priority);
}

/* Each device by itself: what one is refused, the others are not. */
static void put_devices(struct buf *out, const struct ir *ir)
{
	const struct ir_flowtable *f;

	buf_puts(
		out,
		"# nftoffc: fw4 is to run this once it has loaded its rules. It "
		"puts the devices that\n"
		"# there are into the policy's flowtables; rules that name one "
		"that is missing would\n"
		"# be refused, and fw4's own with them.\n"
		"while IFS=' :' read -r nftoffc_device nftoffc_rest; do\n");
	for (f = ir->flowtables; f; f = f->next)
		put_flowtable(out, f);
	buf_puts(out, "done </proc/net/dev\n");
}

static void take_devices(struct ir *ir)
{
	struct ir_flowtable *f;

	for (f = ir->flowtables; f; f = f->next)
		f->ndevices = 0;
}

/*
 * The files
 */

static void make_texts(struct include files[FILES], struct ir *ir)
{
	static const char *const paths[FILES] = {
		[INPUT] = "chain-pre/input/nftoffc.nft",
		[FORWARD] = "chain-pre/forward/nftoffc.nft",
		[RULESET] = "ruleset-post/nftoffc.nft",
		[DEVICES] = "nftoffc-devices.sh",
	};
	int i;

	for (i = 0; i < FILES; i++)
		files[i] = (struct include){ .path = paths[i] };
	fw4_seen_rule(&files[INPUT].text, ir->mark.mask);
	fw4_seen_rule(&files[FORWARD].text, ir->mark.mask);
	if (ir->flowtables)
		put_devices(&files[DEVICES].text, ir);
	take_devices(ir);
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

/* Of an earlier policy. */
static int remove_file(struct arena *arena, const char *directory,
		       const struct include *file)
{
	unlink(arena_printf(arena, "%s/%s", directory, file->path));
	return EXIT_DONE;
}

/* The rest is found by fw4 where it lies. */
static void tell_of_script(const char *directory)
{
	report_help(
		"for the flowtables' devices, fw4 is to run a script:\n"
		"uci set firewall.nftoffc_devices=include\n"
		"uci set firewall.nftoffc_devices.type=script\n"
		"uci set firewall.nftoffc_devices.path=%s/nftoffc-devices.sh\n"
		"uci set firewall.nftoffc_devices.fw4_compatible=1\n"
		"uci commit firewall",
		directory);
}

int includes_write(struct compilation *c, struct ir *ir, const char *directory,
		   bool unchecked)
{
	struct include files[FILES];
	int ret = EXIT_DONE, i;

	make_texts(files, ir);
	if (!unchecked)
		ret = check(files, ir);
	for (i = 0; i < FILES; i++) {
		if (!ret)
			ret = files[i].text.n ? write_file(c->arena, directory,
							   &files[i]) :
						remove_file(c->arena, directory,
							    &files[i]);
		buf_free(&files[i].text);
	}
	if (!ret && ir->flowtables)
		tell_of_script(directory);
	return ret;
}

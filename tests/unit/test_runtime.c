// SPDX-License-Identifier: GPL-2.0-only
/*
 * The runtime's parts that need no kernel: what is read from messages and
 * built of them, the state directory, the choice of an epoch, differences,
 * the command line. What needs one is in tests/kernel/apply and kill.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "emit/batch.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/files.h"
#include "runtime/base/textdiff.h"
#include "runtime/netlink/fingerprint.h"
#include "runtime/netlink/names.h"
#include "runtime/netlink/nl.h"
#include "runtime/netlink/reject.h"
#include "runtime/offload/devices.h"
#include "runtime/ruleset/epoch.h"
#include "runtime/ruleset/restore.h"
#include "runtime/state/guard.h"
#include "runtime/state/state.h"
#include "runtime/state/stored.h"
#include "suites.h"

static const struct span nowhere;
static struct arena *arena;
static char folder[64];

static void set_up(void)
{
	arena = arena_new();
	/* Where each fsync() is not waited for, if there is such a place. */
	snprintf(folder, sizeof(folder), "%s/nftoffc-runtime-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void tear_down(void)
{
	char *command = arena_printf(arena, "rm -rf %s", folder);

	ck_assert_int_eq(system(command), 0);
	arena_free(arena);
}

static char *in_folder(const char *name)
{
	return arena_printf(arena, "%s/%s", folder, name);
}

/* Differences. */

static const struct {
	const char *old, *new, *expected;
} diffs[] = {
	{ "a\n", "a\n", "" },
	{ "", "", "" },
	{ "", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n" },
	{ "a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n" },
	{ "a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n" },
	{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n5\n6\n7\n8\n9\n",
	  "@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+x\n 5\n 6\n 7\n" },
	{ "a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
	  "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n" },
	{ "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
	  "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
	  "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n" },
	{ "a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n" },
	/* Myers' own example: five changes. */
	{ "a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n",
	  "@@ -1,7 +1,6 @@\n-a\n-b\n c\n-a\n b\n+a\n b\n a\n+c\n" },
};

START_TEST(diff_of_two_texts)
{
	struct buf out = { 0 }, expected = { 0 };
	bool differ;

	differ = textdiff(&out, "old", str_of(diffs[_i].old), "new",
			  str_of(diffs[_i].new));
	ck_assert_int_eq(differ, *diffs[_i].expected != '\0');
	if (differ) {
		buf_printf(&expected, "--- old\n+++ new\n%s",
			   diffs[_i].expected);
		ck_assert_str_eq(out.p, expected.p);
	}
	buf_free(&expected);
	buf_free(&out);
}
END_TEST

/* What `patch` would make of @old: the hunks tell every line they touch. */
static void apply_diff(struct buf *out, struct str old, struct str diff)
{
	size_t line = 1, from;
	struct str text;

	str_cut(&diff, '\n');
	str_cut(&diff, '\n');
	while (diff.n > 0) {
		text = str_cut(&diff, '\n');
		if (text.p[0] == '@') {
			from = strtoul(text.p + 4, NULL, 10);
			from += memcmp(strchr(text.p + 4, ' ') - 2, ",0", 2) ==
				0;
			for (; line < from; line++) {
				text = str_cut(&old, '\n');
				buf_add(out, text.p, text.n);
				buf_putc(out, '\n');
			}
			continue;
		}
		if (text.p[0] != '+') {
			ck_assert(
				str_eq(str_cut(&old, '\n'),
				       (struct str){ text.p + 1, text.n - 1 }));
			line++;
		}
		if (text.p[0] != '-') {
			buf_add(out, text.p + 1, text.n - 1);
			buf_putc(out, '\n');
		}
	}
	buf_add(out, old.p, old.n);
}

static size_t count_changes(struct str diff)
{
	size_t n = 0;
	struct str line;

	str_cut(&diff, '\n');
	str_cut(&diff, '\n');
	while (diff.n > 0) {
		line = str_cut(&diff, '\n');
		n += line.p[0] == '+' || line.p[0] == '-';
	}
	return n;
}

#define LINES 40

/* Lines that one text must lose and gain: by the longest common sequence. */
static size_t least_changes(const int *a, size_t na, const int *b, size_t nb)
{
	size_t lcs[LINES + 1][LINES + 1] = { { 0 } };
	size_t i, j;

	for (i = 1; i <= na; i++)
		for (j = 1; j <= nb; j++) {
			lcs[i][j] = lcs[i - 1][j] > lcs[i][j - 1] ?
					    lcs[i - 1][j] :
					    lcs[i][j - 1];
			if (a[i - 1] == b[j - 1])
				lcs[i][j] = lcs[i - 1][j - 1] + 1;
		}
	return na + nb - 2 * lcs[na][nb];
}

static size_t random_text(struct buf *text, int *lines, int letters)
{
	size_t n = (size_t)(rand() % (LINES + 1)), i;

	for (i = 0; i < n; i++) {
		lines[i] = rand() % letters;
		buf_printf(text, "%c\n", 'a' + lines[i]);
	}
	return n;
}

START_TEST(diff_is_right_and_shortest)
{
	struct buf a, b, diff, made;
	int la[LINES], lb[LINES], round;
	size_t na, nb;

	srand(1);
	for (round = 0; round < 1000; round++) {
		a = b = diff = made = (struct buf){ 0 };
		na = random_text(&a, la, 1 + round % 7);
		nb = random_text(&b, lb, 1 + round % 7);
		if (textdiff(&diff, "a", (struct str){ a.p, a.n }, "b",
			     (struct str){ b.p, b.n })) {
			apply_diff(&made, (struct str){ a.p, a.n },
				   (struct str){ diff.p, diff.n });
			ck_assert(str_eq((struct str){ made.p, made.n },
					 (struct str){ b.p, b.n }));
			ck_assert_uint_eq(
				count_changes((struct str){ diff.p, diff.n }),
				least_changes(la, na, lb, nb));
		}
		buf_free(&made);
		buf_free(&diff);
		buf_free(&b);
		buf_free(&a);
	}
}
END_TEST

/* The worst case: the same 20,000 lines in another order. */
START_TEST(diff_of_large_texts_is_quick)
{
	struct buf a = { 0 }, b = { 0 }, diff = { 0 }, made = { 0 };
	clock_t begin;
	int i;

	for (i = 0; i < 20000; i++) {
		buf_printf(&a, "line %d\n", i);
		buf_printf(&b, "line %d\n", i * 7919 % 20000);
	}
	begin = clock();
	ck_assert(textdiff(&diff, "a", (struct str){ a.p, a.n }, "b",
			   (struct str){ b.p, b.n }));
	ck_assert_int_lt((clock() - begin) / CLOCKS_PER_SEC, 5);
	apply_diff(&made, (struct str){ a.p, a.n },
		   (struct str){ diff.p, diff.n });
	ck_assert(str_eq((struct str){ made.p, made.n },
			 (struct str){ b.p, b.n }));
	buf_free(&made);
	buf_free(&diff);
	buf_free(&b);
	buf_free(&a);
}
END_TEST

/* The epoch. */

static bool runs_meet(uint32_t a, uint32_t na, uint32_t b, uint32_t nb)
{
	return a < b + nb && b < a + na;
}

START_TEST(epochs_never_meet)
{
	static const uint32_t masks[] = { 0xff000000, 0x7,	  0x3c0,
					  0xffff,     0xffffffff, 0x3 };
	struct ir_record running = { 0 };
	uint32_t mask = masks[_i], count, epoch;
	int round;

	srand(2);
	running.mask = mask;
	for (round = 0; round < 5000; round++) {
		count = epoch_count_max(mask);
		count = 1 + (uint32_t)rand() % (count > 300 ? 300 : count);
		if (round % 10 == 0 && epoch_count_max(mask) < 70000)
			count = epoch_count_max(mask);
		epoch = epoch_choose(mask, count, round ? &running : NULL);
		ck_assert_uint_ne(epoch, 0);
		ck_assert_uint_le(count, epoch_max(mask));
		ck_assert_uint_le(epoch, epoch_max(mask) - count + 1);
		ck_assert(!round || !runs_meet(epoch, count, running.epoch,
					       running.count));
		running.epoch = epoch;
		running.count = count;
	}
}
END_TEST

START_TEST(epoch_follows_and_wraps)
{
	struct ir_record running = { .mask = 0xff00, .epoch = 5, .count = 3 };

	ck_assert_uint_eq(epoch_max(0xff00), 254); /* 255 is fw4's */
	ck_assert_uint_eq(epoch_choose(0xff00, 4, NULL), 1);
	ck_assert_uint_eq(epoch_choose(0xff00, 4, &running), 8);
	running.epoch = 252;
	ck_assert_uint_eq(epoch_choose(0xff00, 4, &running), 1);
	/* Somebody else's, who takes nearly all. */
	running.epoch = 2;
	running.count = 250;
	ck_assert_uint_eq(epoch_choose(0xff00, 3, &running), 252);
	ck_assert_uint_eq(epoch_choose(0xff00, 4, &running), 0);
	ck_assert_uint_eq(epoch_choose(0xff00, 256, NULL), 0);
}
END_TEST

START_TEST(epoch_under_another_mask)
{
	/* 1 to 3 of bits 24 and up are 0x10, 0x20, 0x30 of bits 20 and up. */
	struct ir_record running = { .mask = 0xff000000,
				     .epoch = 1,
				     .count = 3 };
	uint32_t epoch = epoch_choose(0x0ff00000, 20, &running);

	ck_assert_uint_ne(epoch, 0);
	ck_assert(!runs_meet(epoch, 20, 0x10, 1));
	ck_assert(!runs_meet(epoch, 20, 0x20, 1));
	ck_assert(!runs_meet(epoch, 20, 0x30, 1));
	ck_assert_uint_eq(epoch_choose(0x00ff0000, 20, &running), 1);
}
END_TEST

/* Files. */

static void ck_content(const char *path, const char *expected)
{
	struct buf out = { 0 };

	ck_assert_int_eq(files_read(AT_FDCWD, path, &out), 0);
	ck_assert_str_eq(out.p, expected);
	buf_free(&out);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 0777;
}

START_TEST(replace_keeps_mode_and_link)
{
	const char *file = in_folder("file"), *link = in_folder("link");

	umask(022);
	ck_assert_int_eq(files_replace(file, "one", 3), 0);
	ck_content(file, "one");
	ck_assert_int_eq(mode_of(file), 0644);
	ck_assert_int_eq(chmod(file, 0640), 0);
	ck_assert_int_eq(symlink(file, link), 0);
	ck_assert_int_eq(files_replace(link, "other", 5), 0);
	ck_content(file, "other");
	ck_assert_int_eq(mode_of(file), 0640);
	ck_assert_int_eq(files_replace("/dev/null", "x", 1), 0);
	ck_assert_int_eq(files_replace(in_folder("no/file"), "x", 1), -ENOENT);
}
END_TEST

START_TEST(store_is_whole_and_private)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY);

	umask(0);
	ck_assert_int_eq(files_store(dir, "f", "longer", 6), 0);
	ck_assert_int_eq(files_store(dir, "f", "one", 3), 0);
	ck_content(in_folder("f"), "one");
	ck_assert_int_eq(mode_of(in_folder("f")), 0600);
	ck_assert_int_eq(access(in_folder(".f.new"), F_OK), -1);
	/* What cannot be written beside leaves what is there. */
	ck_assert_int_eq(mkdir(in_folder(".f.new"), 0700), 0);
	ck_assert_int_eq(files_store(dir, "f", "two", 3), -EISDIR);
	ck_content(in_folder("f"), "one");
	close(dir);
}
END_TEST

START_TEST(what_is_reserved_is_used)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	int fd = files_reserve(dir, "beside", 1000);
	struct stat st;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(stat(in_folder("beside"), &st), 0);
	ck_assert_int_eq(st.st_size, 1000);
	ck_assert_int_eq(files_put(dir, fd, "beside", "f", "line\n", 5), 0);
	ck_content(in_folder("f"), "line\n");
	ck_assert_int_eq(mode_of(in_folder("f")), 0600);
	ck_assert_int_eq(access(in_folder("beside"), F_OK), -1);
	close(dir);
}
END_TEST

START_TEST(remove_dir_with_files)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(files_remove_dir(dir, "absent"), 0);
	ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
	ck_assert_int_eq(files_replace(in_folder("d/.a"), "x", 1), 0);
	ck_assert_int_eq(files_replace(in_folder("d/b"), "x", 1), 0);
	ck_assert_int_eq(files_remove_dir(dir, "d"), 0);
	ck_assert_int_eq(access(in_folder("d"), F_OK), -1);
	close(dir);
}
END_TEST

/* The state directory. */

static struct state *open_state(void)
{
	struct state *state;

	ck_assert_int_eq(state_open(&state, in_folder("state"), true), 0);
	return state;
}

/* The least transaction. */
static struct str empty_batch(void)
{
	struct batch batch;
	struct str bytes;

	ck_assert_int_eq(batch_build(&batch, ir_new(arena, "p"),
				     &(struct batch_options){ 0 }),
			 0);
	bytes = (struct str){ arena_strndup(arena, batch.bytes.p,
					    batch.bytes.n),
			      batch.bytes.n };
	batch_free(&batch);
	return bytes;
}

static unsigned int stage(struct state *state, uint64_t digest,
			  unsigned int epoch, unsigned int previous)
{
	const struct str brackets = empty_batch();
	struct container container = {
		.record = arena_printf(arena,
				       "policy p digest %016llx epoch %u+2 "
				       "mask ff000000",
				       (unsigned long long)digest, epoch),
		.previous = previous,
		.elements = 12,
		.rules = 34,
		.created = 1700000000,
		.messages = { brackets.p, brackets.n },
	};
	const struct state_content content = { &container, STR("text"), 0 };
	unsigned int number;

	ck_assert_int_eq(state_stage(state, &content, &number), 0);
	return number;
}

START_TEST(state_holds_generations)
{
	struct ir_record wanted = { .digest = 0xabc,
				    .epoch = 3,
				    .mask = 0xff000000 };
	struct state *state = open_state();
	struct generation g;
	struct buf text = { 0 }, bytes = { 0 };
	struct container c;
	const char *why;

	ck_assert_int_eq(state_current(state, &g), -ENOENT);
	ck_assert_int_eq(state_find(state, &wanted, &g), -ENOENT);
	ck_assert_uint_eq(stage(state, 0xabc, 1, 0), 1);
	ck_assert_int_eq(state_current(state, &g), -ENOENT);
	ck_assert_int_eq(state_point(state, 1), 0);
	ck_assert_int_eq(state_current(state, &g), 0);
	ck_assert_uint_eq(g.number, 1);
	ck_assert_uint_eq(g.genid, 0);

	ck_assert_uint_eq(stage(state, 0xabc, 3, 1), 2);
	ck_assert_int_eq(state_note(state,
				    &(struct generation){ .number = 2,
							  .genid = 77,
							  .fingerprint = 0xfeed,
							  .slow = true }),
			 0);
	ck_assert_int_eq(state_find(state, &wanted, &g), 0);
	ck_assert_uint_eq(g.number, 2);
	ck_assert_uint_eq(g.previous, 1);
	ck_assert_uint_eq(g.elements, 12);
	ck_assert_uint_eq(g.rules, 34);
	ck_assert_uint_eq(g.created, 1700000000);
	ck_assert_uint_eq(g.genid, 77);
	ck_assert_uint_eq(g.fingerprint, 0xfeed);
	ck_assert(g.slow);
	ck_assert_uint_eq(g.record.count, 2);
	ck_assert_int_eq(state_current(state, &g), 0);
	ck_assert_uint_eq(g.number, 1);

	ck_assert_int_eq(state_read(state, 2, "policy.nft", &text), 0);
	ck_assert_str_eq(text.p, "text");
	ck_assert_int_eq(state_container(state, 2, arena, &bytes, &c, &why), 0);
	ck_assert_uint_eq(c.parsed.epoch, 3);
	ck_assert_uint_eq(c.messages.n, empty_batch().n);
	ck_assert_int_eq(mode_of(in_folder("state")), 0700);
	ck_assert_int_eq(mode_of(in_folder("state/generations/2/container")),
			 0600);
	buf_free(&text);
	buf_free(&bytes);
	state_close(state);
}
END_TEST

/* Ten, and the one before, which may be older; what was staged goes. */
START_TEST(state_keeps_some)
{
	struct state *state = open_state();
	struct state_list list = { .arena = arena };
	struct generation g;
	unsigned int i;

	for (i = 1; i <= 12; i++)
		stage(state, i, i, i - 1);
	ck_assert_int_eq(state_point(state, 11), 0);
	ck_assert_int_eq(state_prune(state, 11, 1, STATE_KEEP), 0);
	ck_assert_int_eq(state_list(state, &list), 0);
	ck_assert_uint_eq(list.generations.n, 11);
	ck_assert_uint_eq(list.generations.v[0].number, 1);
	ck_assert_uint_eq(list.generations.v[1].number, 2);
	ck_assert_uint_eq(list.generations.v[10].number, 11);
	ck_assert_int_eq(state_load(state, 12, &g), -ENOENT);
	ck_assert_int_eq(state_current(state, &g), 0);
	ck_assert_uint_eq(g.number, 11);
	ck_assert_int_eq(state_prune(state, 11, 9, 1), 0);
	ck_assert_int_eq(state_load(state, 10, &g), -ENOENT);
	ck_assert_int_eq(state_load(state, 9, &g), 0);
	/* A number is not given twice while it may be meant. */
	ck_assert_uint_eq(stage(state, 4, 7, 3), 12);
	state_close(state);
}
END_TEST

/* What went back has the record of where it went: the current one is meant. */
START_TEST(state_finds_the_latest_of_a_record)
{
	const struct ir_record wanted = { .digest = 7,
					  .epoch = 1,
					  .mask = 0xff000000 };
	struct state *state = open_state();
	struct generation g;

	stage(state, 7, 1, 0);
	stage(state, 8, 3, 1);
	stage(state, 7, 1, 2);
	ck_assert_int_eq(state_find(state, &wanted, &g), 0);
	ck_assert_uint_eq(g.number, 3);
	ck_assert_int_eq(state_point(state, 1), 0);
	ck_assert_int_eq(state_find(state, &wanted, &g), 0);
	ck_assert_uint_eq(g.number, 1);
	state_close(state);
}
END_TEST

/* As versions before wrote it: it is told so, and is no generation. */
START_TEST(state_knows_an_old_directory)
{
	struct state *state = open_state();
	struct buf bytes = { 0 };
	struct generation g;
	struct container c;
	const char *why;

	ck_assert_int_eq(mkdir(in_folder("state/generations/4"), 0700), 0);
	ck_assert_int_eq(files_replace(in_folder("state/generations/4/record"),
				       "policy", 6),
			 0);
	ck_assert_int_eq(state_point(state, 4), 0);
	ck_assert_int_eq(state_current(state, &g), -EBADMSG);
	ck_assert_int_eq(state_container(state, 4, arena, &bytes, &c, &why),
			 -EBADMSG);
	ck_assert_str_eq(why, "it was written by an earlier version of "
			      "nftoffc");
	buf_free(&bytes);
	state_close(state);
}
END_TEST

/* Whatever a killed apply left, the next one starts from whole generations. */
START_TEST(state_bears_leftovers)
{
	struct state *state = open_state();
	struct generation g;

	stage(state, 1, 1, 0);
	ck_assert_int_eq(state_point(state, 1), 0);
	ck_assert_int_eq(mkdir(in_folder("state/generations/.new"), 0700), 0);
	ck_assert_int_eq(files_replace(in_folder("state/generations/.new/x"),
				       "x", 1),
			 0);
	ck_assert_int_eq(symlink("generations/9", in_folder("state/next")), 0);
	/* Torn: pruning was killed in the middle. */
	ck_assert_int_eq(mkdir(in_folder("state/generations/7"), 0700), 0);
	ck_assert_int_eq(
		files_replace(in_folder("state/generations/7/container"), "pol",
			      3),
		0);
	ck_assert_int_eq(state_load(state, 7, &g), -EBADMSG);
	ck_assert_uint_eq(stage(state, 2, 3, 1), 8);
	ck_assert_int_eq(state_point(state, 8), 0);
	ck_assert_int_eq(state_prune(state, 8, 1, 1), 0);
	ck_assert_int_eq(state_current(state, &g), 0);
	ck_assert_uint_eq(g.number, 8);
	ck_assert_int_eq(state_load(state, 7, &g), -ENOENT);
	ck_assert_int_eq(access(in_folder("state/generations/.new"), F_OK), -1);
	state_close(state);
}
END_TEST

START_TEST(state_without_write_access_writes_nothing)
{
	struct state *state;
	struct generation g;
	struct buf holder = { 0 };

	ck_assert_int_eq(state_open(&state, in_folder("state"), false),
			 -ENOENT);
	ck_assert_int_eq(mkdir(in_folder("state"), 0700), 0);
	ck_assert_int_eq(state_open(&state, in_folder("state"), false), 0);
	ck_assert_int_eq(state_lock(state, "test", &holder), 0);
	ck_assert_int_eq(state_current(state, &g), -ENOENT);
	ck_assert_int_eq(state_find(state, &(struct ir_record){ 0 }, &g),
			 -ENOENT);
	state_close(state);
	ck_assert_int_eq(rmdir(in_folder("state")), 0);
}
END_TEST

START_TEST(state_lock_names_its_holder)
{
	struct state *state = open_state(), *other;
	struct buf holder = { 0 };

	ck_assert_int_eq(state_lock(state, "nftoffc apply x", &holder), 0);
	other = open_state();
	ck_assert_int_eq(state_lock(other, "late", &holder), -EWOULDBLOCK);
	ck_assert_str_eq(holder.p, arena_printf(arena, "%d nftoffc apply x",
						(int)getpid()));
	state_close(other);
	state_close(state);
	other = open_state();
	ck_assert_int_eq(state_lock(other, "late", &holder), 0);
	state_close(other);
	buf_free(&holder);
}
END_TEST

/* Names, and the way back. */

static struct ir_set *dynamic_set(struct ir *ir, const char *name,
				  uint64_t timeout)
{
	struct ir_set *set = ir_set_add(ir, name, nowhere);

	ir_set_field(set, WIRE_IPV4);
	set->dynamic = true;
	set->timeout = timeout;
	return set;
}

static void add_drop(struct ir *ir, struct ir_chain *chain, const char *comment)
{
	struct ir_build b = ir_build(ir);

	ir_verdict(&b, VERDICT_DROP, NULL);
	ir_rule_add(&b, chain, nowhere, comment);
}

static struct ir_chain *base_chain(struct ir *ir, const char *name,
				   int priority)
{
	struct ir_chain *chain = ir_chain_add(ir, name, nowhere);

	chain->type = "filter";
	chain->hook = IR_HOOK_FORWARD;
	chain->priority = priority;
	chain->priority_text = "filter";
	chain->policy_drop = true;
	add_drop(ir, chain, "last");
	return chain;
}

static const char *devices_ab[] = { "a0", "b0" };

/* What was stored: forward, other, a limit, a flowtable, two sets. */
static struct ir *old_ir(void)
{
	struct ir *ir = ir_new(arena, "old");
	struct ir_flowtable *flowtable;

	base_chain(ir, "forward", 0);
	add_drop(ir, ir_chain_add(ir, "other", nowhere), NULL);
	ir_limit_add(ir, "limit", nowhere)->rate = 5;
	ir->limits->unit = 1;
	ir_object_add(ir, NFT_OBJECT_COUNTER, "count", nowhere);
	flowtable = ir_flowtable_add(ir, "fast", nowhere);
	flowtable->devices = devices_ab;
	flowtable->ndevices = 2;
	dynamic_set(ir, "kept", 60000);
	dynamic_set(ir, "changed", 60000);
	return ir;
}

/* What runs when the way back is taken. */
static struct ir *new_ir(void)
{
	struct ir *ir = ir_new(arena, "new");

	base_chain(ir, "forward", 0);
	base_chain(ir, "moved", 10);
	ir_chain_add(ir, "mine", nowhere);
	dynamic_set(ir, "kept", 60000);
	dynamic_set(ir, "changed", 90000);
	ir_object_add(ir, NFT_OBJECT_COUNTER, "count", nowhere);
	ir_object_add(ir, NFT_OBJECT_QUOTA, "quota", nowhere);
	return ir;
}

static void content_of(struct batch *batch, const struct ir *ir,
		       struct names *names, struct table_names *table)
{
	const struct batch_options options = { 0 };

	ck_assert_int_eq(batch_build(batch, ir, &options), 0);
	*names = (struct names){ .arena = arena };
	names_add_batch(names, batch->bytes.p, batch->bytes.n);
	names_table(names, table);
}

/* A process that does nothing but look, until it is killed. */
static pid_t look_at_guard(void)
{
	struct guard_status status;
	struct state *state;
	pid_t pid = fork();

	if (pid)
		return pid;
	if (state_open(&state, in_folder("state"), false))
		_exit(1);
	while (!guard_status(state, &status))
		;
	_exit(1);
}

/* Armed, and told that nothing was committed; then it ends by itself. */
static void arm_and_cancel(struct state *state, unsigned int number)
{
	const struct wayback way = { 0 };
	struct twophase module = { 0 };
	const struct guard_plan plan = {
		.state = state,
		.way = &way,
		.number = number,
		.policy = "p",
		.seconds = 600,
		.module = &module,
	};
	struct guard_status status;
	struct guard_link link;

	ck_assert_int_eq(guard_arm(&link, &plan), 0);
	ck_assert_int_eq(guard_status(state, &status), 0);
	ck_assert_int_eq(status.end, GUARD_WAITS);
	ck_assert_uint_eq(status.number, number);
	guard_cancel(&link);
	do {
		usleep(200);
		ck_assert_int_eq(guard_status(state, &status), 0);
	} while (status.end == GUARD_WAITS);
	ck_assert_int_eq(status.end, GUARD_RESTORED);
}

START_TEST(guard_is_armed_whoever_looks)
{
	struct state *state = open_state();
	unsigned int i;
	pid_t pid;
	int ended;

	arm_and_cancel(state, 1);
	pid = look_at_guard();
	ck_assert_int_gt(pid, 0);
	for (i = 0; i < 200; i++)
		arm_and_cancel(state, i + 1);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &ended, 0), pid);
	ck_assert(WIFSIGNALED(ended)); /* it looked until then */
	state_close(state);
}
END_TEST

/* Two never wait at once: the one that lives is left alone. */
START_TEST(guard_is_alone)
{
	struct state *state = open_state();
	const struct wayback way = { 0 };
	struct twophase module = { 0 };
	const struct guard_plan plan = { .state = state,
					 .way = &way,
					 .number = 1,
					 .policy = "p",
					 .seconds = 600,
					 .module = &module };
	struct guard_link first, second;
	struct guard_status status;

	ck_assert_int_eq(guard_arm(&first, &plan), 0);
	ck_assert_int_eq(guard_arm(&second, &plan), -EAGAIN);
	ck_assert_int_eq(guard_status(state, &status), 0);
	ck_assert_int_eq(status.end, GUARD_WAITS);
	guard_start(&first);
	ck_assert_int_eq(guard_answer(state, true, &status), 0);
	ck_assert_int_eq(status.end, GUARD_CONFIRMED);
	state_close(state);
}
END_TEST

START_TEST(names_of_a_batch)
{
	struct batch batch;
	struct names names;
	struct table_names table;

	content_of(&batch, old_ir(), &names, &table);
	ck_assert(table.exists);
	ck_assert_uint_eq(table.nchains, 2);
	ck_assert_str_eq(table.chains[0].name, "forward");
	ck_assert_str_eq(table.chains[0].type, "filter");
	ck_assert_uint_eq(table.chains[0].hook, NF_INET_FORWARD);
	ck_assert_ptr_null(table.chains[1].type);
	ck_assert_uint_eq(table.nsets, 2);
	ck_assert_str_eq(table.sets[0].name, "kept");
	ck_assert_uint_eq(table.sets[0].flags, NFT_SET_TIMEOUT | NFT_SET_EVAL);
	ck_assert_uint_eq(table.sets[0].key_len, 4);
	ck_assert_uint_eq(table.sets[0].timeout, 60000);
	ck_assert_uint_eq(table.nlimits, 1);
	ck_assert_uint_eq(table.nobjects, 1);
	ck_assert_str_eq(table.objects[0].name, "count");
	ck_assert_uint_eq(table.objects[0].type, NFT_OBJECT_COUNTER);
	ck_assert_uint_eq(table.nflowtables, 1);
	ck_assert_uint_eq(names.flowtables.v[0].devices.n, 2);
	ck_assert_str_eq(names.flowtables.v[0].devices.v[1], "b0");
	ck_assert_uint_eq(names.nrules, 2);
	batch_free(&batch);
}
END_TEST

/* "DELSET changed" and so on, a line each. */
static char *list_messages(const struct buf *bytes)
{
	static const struct {
		uint16_t type;
		uint16_t name;
		const char *word;
	} rows[] = {
		{ NFNL_MSG_BATCH_BEGIN, 0, "BEGIN" },
		{ NFNL_MSG_BATCH_END, 0, "END" },
		{ NFT(NFT_MSG_NEWTABLE), NFTA_TABLE_NAME, "NEWTABLE" },
		{ NFT(NFT_MSG_NEWCHAIN), NFTA_CHAIN_NAME, "NEWCHAIN" },
		{ NFT(NFT_MSG_DELCHAIN), NFTA_CHAIN_NAME, "DELCHAIN" },
		{ NFT(NFT_MSG_NEWRULE), NFTA_RULE_CHAIN, "NEWRULE" },
		{ NFT(NFT_MSG_DELRULE), NFTA_RULE_CHAIN, "DELRULE" },
		{ NFT(NFT_MSG_NEWSET), NFTA_SET_NAME, "NEWSET" },
		{ NFT(NFT_MSG_DELSET), NFTA_SET_NAME, "DELSET" },
		{ NFT(NFT_MSG_NEWOBJ), NFTA_OBJ_NAME, "NEWOBJ" },
		{ NFT(NFT_MSG_DELOBJ), NFTA_OBJ_NAME, "DELOBJ" },
		{ NFT(NFT_MSG_NEWFLOWTABLE), NFTA_FLOWTABLE_NAME,
		  "NEWFLOWTABLE" },
		{ NFT(NFT_MSG_DELFLOWTABLE), NFTA_FLOWTABLE_NAME,
		  "DELFLOWTABLE" },
	};
	const struct nlmsghdr *m = (const struct nlmsghdr *)bytes->p;
	const struct nlattr *attrs[8];
	int left = (int)bytes->n;
	uint32_t seq = 0;
	char *out = "";
	size_t i;

	while (mnl_nlmsg_ok(m, left)) {
		ck_assert_uint_eq(m->nlmsg_seq, seq++);
		for (i = 0; rows[i].type != m->nlmsg_type; i++)
			ck_assert_uint_lt(i, sizeof(rows) / sizeof(*rows));
		nl_attrs(m, NULL, attrs, 7);
		out = arena_printf(arena, "%s%s %s\n", out, rows[i].word,
				   rows[i].name && attrs[rows[i].name] ?
					   nl_str(attrs[rows[i].name]) :
					   "-");
		m = mnl_nlmsg_next(m, &left);
	}
	ck_assert_int_eq(left, 0);
	return out;
}

static struct devices devices_of(const char *const *names, size_t n)
{
	struct devices devices = { 0 };
	size_t i;

	for (i = 0; i < n; i++)
		*vec_push(arena, &devices.names) = names[i];
	return devices;
}

/* Software was stored; hardware, with other devices, is what the kernel has. */
static void see_stored(const char *need, bool hardware, struct names *seen)
{
	struct container c = { .record = "" };
	struct ir *ir = old_ir();
	struct batch stored, runs;
	struct names was, now;
	struct table_names table;
	struct buf out = { 0 };

	content_of(&stored, ir, &was, &table);
	c.messages = (struct str){ stored.bytes.p, stored.bytes.n };
	*vec_push(arena, &c.needs) = need;
	ir->flowtables->hardware = hardware;
	ir->flowtables->counter = true;
	ir->flowtables->devices = devices_ab + 1;
	ir->flowtables->ndevices = 1;
	content_of(&runs, ir, &now, &table);
	stored_now(&out, arena, &c, &now);
	*seen = (struct names){ .arena = arena };
	names_add_batch(seen, out.p, out.n);
	ck_assert_uint_eq(seen->chains.n, was.chains.n);
	ck_assert_uint_eq(seen->sets.n, was.sets.n);
	buf_free(&out);
	batch_free(&stored);
	batch_free(&runs);
}

START_TEST(stored_flowtables_are_as_they_run)
{
	struct names seen;

	see_stored("flowtable fast auto named a0 b0", true, &seen);
	ck_assert_uint_eq(seen.flowtables.v[0].flags, NFT_FLOWTABLE_HW_OFFLOAD);
	ck_assert_uint_eq(seen.flowtables.v[0].devices.n, 1);
	ck_assert_str_eq(seen.flowtables.v[0].devices.v[0], "b0");
	/* of the same kind: it is not for here what differs */
	see_stored("flowtable fast auto named a0 b0", false, &seen);
	ck_assert_uint_eq(seen.flowtables.v[0].flags, 0);
	ck_assert_uint_eq(seen.flowtables.v[0].devices.n, 2);
	/* the policy does not leave it open; or speaks of another */
	see_stored("flowtable fast software named a0 b0", true, &seen);
	ck_assert_uint_eq(seen.flowtables.v[0].flags, 0);
	see_stored("flowtable slow auto named a0 b0", true, &seen);
	ck_assert_uint_eq(seen.flowtables.v[0].flags, 0);
	see_stored("flowtable malformed", true, &seen);
	ck_assert_uint_eq(seen.flowtables.v[0].flags, 0);
}
END_TEST

START_TEST(restore_goes_from_new_to_old)
{
	static const char *const present[] = { "b0", "lo" };
	struct devices devices = devices_of(present, 2);
	struct batch old, new;
	struct names names;
	struct table_names now, then;
	struct buf out = { 0 };

	content_of(&new, new_ir(), &names, &now);
	content_of(&old, old_ir(), &names, &then);
	ck_assert_int_eq(
		restore_build(&out, (struct str){ old.bytes.p, old.bytes.n },
			      &now,
			      &(struct restore_options){ .devices = &devices }),
		0);
	ck_assert_str_eq(list_messages(&out), "BEGIN -\n"
					      "NEWTABLE nftoffc\n"
					      "DELRULE -\n"
					      "DELSET changed\n"
					      "DELCHAIN moved\n"
					      "DELCHAIN mine\n"
					      "DELOBJ quota\n"
					      "NEWCHAIN forward\n"
					      "NEWCHAIN other\n"
					      "NEWFLOWTABLE fast\n"
					      "NEWOBJ count\n"
					      "NEWOBJ limit\n"
					      "NEWSET kept\n"
					      "NEWSET changed\n"
					      "NEWRULE forward\n"
					      "NEWRULE other\n"
					      "END -\n");
	/* Only the device that is still there. */
	names = (struct names){ .arena = arena };
	names_add_batch(&names, out.p, out.n);
	ck_assert_uint_eq(names.flowtables.v[0].devices.n, 1);
	ck_assert_str_eq(names.flowtables.v[0].devices.v[0], "b0");
	buf_free(&out);
	batch_free(&old);
	batch_free(&new);
}
END_TEST

START_TEST(restore_of_a_moved_chain)
{
	struct devices devices = { 0 };
	struct batch old, new;
	struct names names;
	struct table_names now, then;
	struct ir *a = ir_new(arena, "a"), *b = ir_new(arena, "b");
	struct buf out = { 0 };

	base_chain(a, "forward", 0);
	base_chain(b, "forward", -5);
	content_of(&new, b, &names, &now);
	content_of(&old, a, &names, &then);
	ck_assert_int_eq(
		restore_build(&out, (struct str){ old.bytes.p, old.bytes.n },
			      &now,
			      &(struct restore_options){ .devices = &devices }),
		0);
	ck_assert_ptr_nonnull(strstr(list_messages(&out),
				     "DELCHAIN forward\nNEWCHAIN forward\n"));
	buf_free(&out);
	batch_free(&old);
	batch_free(&new);
}
END_TEST

/* A torn or foreign file is told from a batch, at whatever length. */
START_TEST(restore_refuses_what_is_no_batch)
{
	struct devices devices = { 0 };
	struct batch old;
	struct names names;
	struct table_names now;
	struct buf out = { 0 };
	size_t n;

	content_of(&old, old_ir(), &names, &now);
	for (n = 0; n < old.bytes.n; n++) {
		ck_assert_int_eq(restore_build(&out,
					       (struct str){ old.bytes.p, n },
					       &now,
					       &(struct restore_options){
						       .devices = &devices }),
				 -EBADMSG);
		ck_assert_uint_eq(out.n, 0);
	}
	batch_free(&old);
	buf_free(&out);
}
END_TEST

/* The fingerprint. */

struct rule_seen {
	const char *chain, *set;
	uint32_t handle, packets, value;
};

static void put_expression(struct nlmsghdr *m, const char *name, uint16_t attr,
			   const void *data, size_t n)
{
	struct nlattr *elem = mnl_attr_nest_start(m, NFTA_LIST_ELEM), *nest;

	mnl_attr_put_strz(m, NFTA_EXPR_NAME, name);
	nest = mnl_attr_nest_start(m, NFTA_EXPR_DATA);
	mnl_attr_put(m, attr, n, data);
	mnl_attr_nest_end(m, nest);
	mnl_attr_nest_end(m, elem);
}

static void see_rule(struct fingerprint *f, struct rule_seen r)
{
	struct nl_room room;
	struct nlmsghdr *m =
		nl_request(&room, NFT(NFT_MSG_NEWRULE), NFPROTO_INET);
	uint64_t packets = r.packets;
	struct nlattr *list;

	mnl_attr_put_strz(m, NFTA_RULE_TABLE, IR_TABLE);
	mnl_attr_put_strz(m, NFTA_RULE_CHAIN, r.chain);
	mnl_attr_put_u64(m, NFTA_RULE_HANDLE, r.handle);
	mnl_attr_put_u64(m, NFTA_RULE_POSITION, r.handle - 1);
	list = mnl_attr_nest_start(m, NFTA_RULE_EXPRESSIONS);
	put_expression(m, "counter", NFTA_COUNTER_PACKETS, &packets, 8);
	put_expression(m, "lookup", NFTA_LOOKUP_SET, r.set, strlen(r.set) + 1);
	put_expression(m, "cmp", NFTA_CMP_DATA, &r.value, sizeof(r.value));
	mnl_attr_nest_end(m, list);
	fingerprint_add(f, m);
}

static uint64_t print_of(const struct rule_seen *rules, size_t n)
{
	struct fingerprint f = { 0 };
	size_t i;

	for (i = 0; i < n; i++)
		see_rule(&f, rules[i]);
	return f.sum;
}

START_TEST(fingerprint_sees_what_counts)
{
	const struct rule_seen before[] = { { "a", "__set0", 1, 10, 7 },
					    { "a", "named", 2, 10, 8 },
					    { "b", "named", 3, 10, 9 } };
	const struct rule_seen moved[] = { { "b", "named", 13, 99, 9 },
					   { "a", "__set5", 11, 98, 7 },
					   { "a", "named", 12, 97, 8 } };
	struct rule_seen other[3];
	uint64_t expected = print_of(before, 3);

	/* Handles, counters, anonymous sets' numbers, order of chains. */
	ck_assert_uint_eq(print_of(moved, 3), expected);
	/* Order of rules, a value, a named set, a missing rule. */
	memcpy(other, before, sizeof(other));
	other[0] = before[1];
	other[1] = before[0];
	ck_assert_uint_ne(print_of(other, 3), expected);
	memcpy(other, before, sizeof(other));
	other[2].value = 10;
	ck_assert_uint_ne(print_of(other, 3), expected);
	memcpy(other, before, sizeof(other));
	other[2].set = "renamed";
	ck_assert_uint_ne(print_of(other, 3), expected);
	ck_assert_uint_ne(print_of(before, 2), expected);
}
END_TEST

/* Devices. */

START_TEST(devices_are_compared)
{
	static const char *wanted[] = { "eth0", "wlan0", "wlan1" };
	struct ir *ir = ir_new(arena, "p");
	struct ir_flowtable *flowtable = ir_flowtable_add(ir, "f", nowhere);
	struct names names = { .arena = arena };
	struct names_flowtable *found;

	flowtable->devices = wanted;
	flowtable->ndevices = 3;
	ck_assert(!devices_match(ir, &names));
	found = vec_push(arena, &names.flowtables);
	*found = (struct names_flowtable){ .name = "f" };
	*vec_push(arena, &found->devices) = "wlan1";
	*vec_push(arena, &found->devices) = "eth0";
	ck_assert(!devices_match(ir, &names));
	*vec_push(arena, &found->devices) = "wlan0";
	ck_assert(devices_match(ir, &names));
	found->flags = NFT_FLOWTABLE_HW_OFFLOAD;
	ck_assert(!devices_match(ir, &names));
	flowtable->hardware = true;
	ck_assert(devices_match(ir, &names));
}
END_TEST

START_TEST(devices_are_imagined)
{
	static const char *wanted[] = { "wlan*", "eth0", "wlan0" };
	struct ir *ir = ir_new(arena, "p");
	struct ir_flowtable *flowtable = ir_flowtable_add(ir, "f", nowhere);

	flowtable->devices = wanted;
	flowtable->ndevices = 3;
	devices_imagine(ir);
	ck_assert_uint_eq(flowtable->ndevices, 2);
	ck_assert_str_eq(flowtable->devices[0], "eth0");
	ck_assert_str_eq(flowtable->devices[1], "wlan0");
}
END_TEST

/* What the kernel refuses. */

static char *report_of(const struct batch *batch, const struct nl_error *list,
		       size_t n)
{
	struct nl_errors errors = { .arena = arena };
	struct sources sources;
	struct diags *diags;
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	sources_init(&sources, arena);
	diags = diags_new(arena, &sources);
	for (i = 0; i < n; i++)
		*vec_push(arena, &errors.list) = list[i];
	reject_report(diags, batch, &errors);
	diags_print(diags, out, false);
	fclose(out);
	return text;
}

static uint32_t seq_of(const struct batch *batch, uint16_t type)
{
	uint32_t i;

	for (i = 0; batch->messages[i].type != type; i++)
		ck_assert_uint_lt(i, batch->n);
	return i + 1;
}

START_TEST(refusals_are_told_once)
{
	const struct batch_options options = { 0 };
	struct batch batch;
	struct nl_error errors[2] = { 0 };
	char *text;

	ck_assert_int_eq(batch_build(&batch, old_ir(), &options), 0);
	errors[0].seq = seq_of(&batch, NFT_MSG_NEWFLOWTABLE);
	errors[0].error = -ENOENT;
	errors[1].seq = seq_of(&batch, NFT_MSG_NEWRULE);
	errors[1].error = -ENOENT;
	text = report_of(&batch, errors, 2);
	ck_assert_ptr_nonnull(
		strstr(text, "the kernel refuses flowtable fast"));
	ck_assert_ptr_nonnull(strstr(text, "CONFIG_NF_FLOW_TABLE"));
	ck_assert_ptr_null(strstr(text, "rule in chain"));
	free(text);

	/* By itself a rule's is a cause; so is another error beside it. */
	text = report_of(&batch, errors + 1, 1);
	ck_assert_ptr_nonnull(strstr(text, "rule in chain forward"));
	free(text);
	errors[1].error = -EINVAL;
	text = report_of(&batch, errors, 2);
	ck_assert_ptr_nonnull(strstr(text, "rule in chain forward"));
	free(text);
	batch_free(&batch);
}
END_TEST

START_TEST(refusal_names_the_expression)
{
	const struct batch_options options = { 0 };
	struct ir *ir = ir_new(arena, "p");
	struct batch batch;
	struct nl_error error = { .error = -ENOENT, .text = "its words" };
	const struct nlattr *attrs[NFTA_RULE_MAX + 1];
	const struct nlmsghdr *m;
	char *text;

	base_chain(ir, "forward", 0);
	ck_assert_int_eq(batch_build(&batch, ir, &options), 0);
	error.seq = seq_of(&batch, NFT_MSG_NEWRULE);
	m = (const struct nlmsghdr *)(batch.bytes.p +
				      batch.messages[error.seq - 1].offset);
	nl_attrs(m, NULL, attrs, NFTA_RULE_MAX);
	error.offset = (uint32_t)((const char *)mnl_attr_get_payload(
					  attrs[NFTA_RULE_EXPRESSIONS]) -
				  (const char *)m);
	text = report_of(&batch, &error, 1);
	ck_assert_ptr_nonnull(strstr(text, "\"immediate\""));
	ck_assert_ptr_nonnull(strstr(text, "(its words)"));
	free(text);
	/* Wherever else it points, nothing is read beyond the message. */
	for (error.offset = 0; error.offset < m->nlmsg_len + 8; error.offset++)
		free(report_of(&batch, &error, 1));
	error.seq = (uint32_t)batch.n + 5;
	text = report_of(&batch, &error, 1);
	ck_assert_ptr_nonnull(strstr(text, "the transaction"));
	free(text);
	batch_free(&batch);
}
END_TEST

/* The command line. */

enum { FLAG, VALUE, ALONE };

static const struct cli_option options_row[] = {
	[FLAG] = { 'x', "flag", NULL, "a flag" },
	[VALUE] = { 0, "value", "N", "a number" },
	[ALONE] = { 'w', "alone", "N", "a number, 20 alone", NULL, "20" },
	{ 0 },
};

static int run_test_command(const struct cli *cli)
{
	unsigned long value = 0, alone = 0;

	if (cli->values[VALUE] && cli_number(cli, VALUE, 50, &value))
		return EXIT_USAGE;
	if (cli->values[ALONE] && cli_number(cli, ALONE, 50, &alone))
		return EXIT_USAGE;
	return 10 + (cli->values[FLAG] ? 1 : 0) + (int)(value + alone) +
	       100 * cli->noperands;
}

static const struct command test_commands[] = {
	{ "run", "FILE...", "runs", options_row, 1, 2, run_test_command },
	{ 0 },
};

static const struct {
	const char *argv[6];
	int expected;
} lines[] = {
	{ { "nftoffc", "run", "a" }, 110 },
	{ { "nftoffc", "run", "-x", "a", "b" }, 211 },
	{ { "nftoffc", "run", "a", "--flag" }, 111 },
	{ { "nftoffc", "run", "--value=7", "a" }, 117 },
	{ { "nftoffc", "run", "--value", "7", "a" }, 117 },
	{ { "nftoffc", "run", "-w", "7" }, 130 },
	{ { "nftoffc", "run", "-w7", "a" }, 117 },
	{ { "nftoffc", "run", "--alone", "7" }, 130 },
	{ { "nftoffc", "run", "--alone=7", "a" }, 117 },
	{ { "nftoffc", "run", "--", "-x" }, 110 },
	{ { "nftoffc", "run", "-" }, 110 },
	{ { "nftoffc", "run", "--value=51", "a" }, EXIT_USAGE },
	{ { "nftoffc", "run", "--value=-1", "a" }, EXIT_USAGE },
	{ { "nftoffc", "run", "--value=", "a" }, EXIT_USAGE },
	{ { "nftoffc", "run", "--value" }, EXIT_USAGE },
	{ { "nftoffc", "run", "--flag=1", "a" }, EXIT_USAGE },
	{ { "nftoffc", "run", "-y", "a" }, EXIT_USAGE },
	{ { "nftoffc", "run", "--other", "a" }, EXIT_USAGE },
	{ { "nftoffc", "run" }, EXIT_USAGE },
	{ { "nftoffc", "run", "a", "b", "c" }, EXIT_USAGE },
	{ { "nftoffc", "ran", "a" }, EXIT_USAGE },
	{ { "nftoffc" }, EXIT_USAGE },
	{ { "nftoffc", "help" }, EXIT_DONE },
	{ { "nftoffc", "help", "run" }, EXIT_DONE },
	{ { "nftoffc", "help", "other" }, EXIT_USAGE },
	{ { "nftoffc", "run", "--help" }, EXIT_DONE },
	{ { "nftoffc", "--version" }, EXIT_DONE },
};

/* What is printed is for people: other tests compare it. */
static int run_quietly(int argc, char **argv)
{
	int out = dup(1), err = dup(2), nothing = open("/dev/null", O_WRONLY);
	int ret;

	fflush(stdout);
	dup2(nothing, 1);
	dup2(nothing, 2);
	optind = 0;
	ret = cli_main(test_commands, argc, argv);
	fflush(stdout);
	dup2(out, 1);
	dup2(err, 2);
	close(nothing);
	close(out);
	close(err);
	return ret;
}

START_TEST(command_lines)
{
	char *argv[7] = { NULL };
	int argc = 0;

	for (; argc < 6 && lines[_i].argv[argc]; argc++)
		argv[argc] = arena_strndup(arena, lines[_i].argv[argc],
					   strlen(lines[_i].argv[argc]));
	ck_assert_int_eq(run_quietly(argc, argv), lines[_i].expected);
}
END_TEST

#define N(array) ((int)(sizeof(array) / sizeof(*(array))))

/* A request has room for what the kernel bears, and not for more. */
START_TEST(names_too_long_are_none)
{
	static const size_t lengths[] = { 10, NFT_NAME_MAXLEN - 1,
					  NFT_NAME_MAXLEN, 4000 };
	struct names names = { .arena = arena };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		_Alignas(8) char bytes[8192] = { 0 };
		char name[4001] = { 0 };
		struct nlmsghdr *m = mnl_nlmsg_put_header(bytes);
		struct nfgenmsg *gen =
			mnl_nlmsg_put_extra_header(m, sizeof(*gen));

		memset(name, 'c', lengths[i]);
		gen->nfgen_family = NFPROTO_INET;
		m->nlmsg_type = NFT(NFT_MSG_NEWCHAIN);
		mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, IR_TABLE);
		mnl_attr_put_strz(m, NFTA_CHAIN_NAME, name);
		names_add(&names, m);
	}
	ck_assert_uint_eq(names.chains.n, 2);
}
END_TEST

START_TEST(messages_end_where_the_bytes_do)
{
	struct nlmsghdr message = { .nlmsg_len = sizeof(message) };

	ck_assert(nl_message_ok(&message, sizeof(message)));
	ck_assert(!nl_message_ok(&message, sizeof(message) - 1));
	ck_assert(!nl_message_ok(&message, -1));
	message.nlmsg_len++;
	ck_assert(!nl_message_ok(&message, sizeof(message)));
	message.nlmsg_len = 1;
	ck_assert(!nl_message_ok(&message, sizeof(message)));
	message.nlmsg_len = UINT32_C(1)
			    << 31; /* libmnl takes it for negative */
	ck_assert(!nl_message_ok(&message, sizeof(message)));
}
END_TEST

Suite *runtime_suite(void)
{
	Suite *suite = suite_create("runtime");
	TCase *tcase = tcase_create("runtime");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, diff_of_two_texts, 0, N(diffs));
	tcase_add_test(tcase, diff_is_right_and_shortest);
	tcase_add_test(tcase, diff_of_large_texts_is_quick);
	tcase_add_loop_test(tcase, epochs_never_meet, 0, 6);
	tcase_add_test(tcase, epoch_follows_and_wraps);
	tcase_add_test(tcase, epoch_under_another_mask);
	tcase_add_test(tcase, replace_keeps_mode_and_link);
	tcase_add_test(tcase, store_is_whole_and_private);
	tcase_add_test(tcase, what_is_reserved_is_used);
	tcase_add_test(tcase, remove_dir_with_files);
	tcase_add_test(tcase, state_holds_generations);
	tcase_add_test(tcase, state_keeps_some);
	tcase_add_test(tcase, state_finds_the_latest_of_a_record);
	tcase_add_test(tcase, state_knows_an_old_directory);
	tcase_add_test(tcase, state_bears_leftovers);
	tcase_add_test(tcase, state_without_write_access_writes_nothing);
	tcase_add_test(tcase, state_lock_names_its_holder);
	tcase_add_test(tcase, guard_is_armed_whoever_looks);
	tcase_add_test(tcase, guard_is_alone);
	tcase_add_test(tcase, names_of_a_batch);
	tcase_add_test(tcase, stored_flowtables_are_as_they_run);
	tcase_add_test(tcase, restore_goes_from_new_to_old);
	tcase_add_test(tcase, restore_of_a_moved_chain);
	tcase_add_test(tcase, restore_refuses_what_is_no_batch);
	tcase_add_test(tcase, fingerprint_sees_what_counts);
	tcase_add_test(tcase, devices_are_compared);
	tcase_add_test(tcase, devices_are_imagined);
	tcase_add_test(tcase, names_too_long_are_none);
	tcase_add_test(tcase, messages_end_where_the_bytes_do);
	tcase_add_test(tcase, refusals_are_told_once);
	tcase_add_test(tcase, refusal_names_the_expression);
	tcase_add_loop_test(tcase, command_lines, 0, N(lines));
	suite_add_tcase(suite, tcase);
	return suite;
}

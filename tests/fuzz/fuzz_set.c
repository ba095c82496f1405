// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as the file that fills a set (libFuzzer); the first of them says
 * which type the set is of.
 *
 * Beyond not crashing: the file is read again, to show what is wrong with it,
 * if and only if something is reported; the elements are in order and apart
 * from each other; written down as nft has them, they are the same elements;
 * nothing that a terminal would act upon is printed.
 *
 * The file is a real one, in a directory of its own, since reading it is what
 * this is about.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/policy.h"
#include "read/yaml.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* What is longer says the same again, and takes its time. */
#define LIST_MAX 1024

struct list {
	struct arena *arena;
	struct sources sources;
	struct diags *diags;
	const struct set *set; /* NULL if something was reported */
};

static char directory[] = "/tmp/nftoffc-fuzz-XXXXXX";
static char file_path[sizeof(directory) + 8];
static char policy_path[sizeof(directory) + 16];

static void clean_up(void)
{
	unlink(file_path);
	rmdir(directory);
}

static void set_up(void)
{
	if (file_path[0])
		return;
	require(mkdtemp(directory) != NULL);
	snprintf(file_path, sizeof(file_path), "%s/list", directory);
	snprintf(policy_path, sizeof(policy_path), "%s/policy.yaml", directory);
	atexit(clean_up);
}

static void write_list(const char *text, size_t n)
{
	int fd = open(file_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	require(fd >= 0 && write(fd, text, n) == (ssize_t)n);
	close(fd);
}

static const char *policy_text(bool ports)
{
	return ports ? "policy: p\nzones: { a: { devices: [x] } }\n"
		       "sets: { s: { type: port, file: list } }\n" :
		       "policy: p\nzones: { a: { devices: [x] } }\n"
		       "sets: { s: { type: address, file: list } }\n";
}

static void read_list(struct list *list, bool ports)
{
	struct source *source;
	struct model *model;
	struct node *root;

	*list = (struct list){ .arena = arena_new() };
	sources_init(&list->sources, list->arena);
	list->diags = diags_new(list->arena, &list->sources);
	source = source_add(&list->sources, policy_path,
			    str_of(policy_text(ports)));
	root = yaml_read(list->arena, source, list->diags);
	require(root != NULL);
	model = policy_bind(list->arena, &list->sources, source, root,
			    list->diags);
	require((list->sources.files.n > 1) == (diags_errors(list->diags) > 0));
	if (!diags_errors(list->diags))
		list->set = model->sets[0];
	require_printable(list->diags);
}

static void check_order(const struct ranges *ranges)
{
	size_t i, len = ranges->len;

	for (i = 0; i < ranges->n; i++) {
		const uint8_t *v = ranges->v + 2 * i * len;

		require(memcmp(v, v + len, len) <= 0);
		require(i == 0 || memcmp(v - len, v, len) < 0);
	}
}

static void write_down(const struct set *set, struct buf *text)
{
	size_t f, i;

	for (f = 0; f < FAMILIES; f++) {
		const struct ranges *ranges = &set->elements[f];

		for (i = 0; i < ranges->n; i++) {
			const uint8_t *v = ranges->v + 2 * i * ranges->len;

			wire_print_range(text, set->type->wire[f], v,
					 v + ranges->len);
			buf_putc(text, '\n');
		}
	}
}

static void check_again(const struct set *set, bool ports)
{
	struct buf text = { 0 };
	struct list again;
	size_t f;

	write_down(set, &text);
	write_list(text.p, text.n);
	read_list(&again, ports);
	require(again.set != NULL);
	for (f = 0; f < FAMILIES; f++) {
		const struct ranges *a = &set->elements[f];
		const struct ranges *b = &again.set->elements[f];

		check_order(a);
		require(a->n == b->n);
		require(!a->n || memcmp(a->v, b->v, 2 * a->n * a->len) == 0);
	}
	arena_free(again.arena);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct list list;
	bool ports;

	if (!size || size > LIST_MAX)
		return -1; /* not worth keeping */
	set_up();
	ports = data[0] & 1;
	write_list((const char *)data + 1, size - 1);
	read_list(&list, ports);
	if (list.set)
		check_again(list.set, ports);
	arena_free(list.arena);
	return 0;
}

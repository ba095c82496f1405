// SPDX-License-Identifier: GPL-2.0-only
/* Comments for what is printed: see notes.h. */
#include "notes.h"

struct note {
	const struct node *node; /* the map's key is this pointer's bytes */
	const char *text;
	struct note *next;
};

void print_notes_init(struct print_notes *notes, struct arena *arena)
{
	notes->arena = arena;
	map_init(&notes->by_node, arena);
}

static struct str key_of(const struct node *const *node)
{
	return (struct str){ (const char *)node, sizeof(*node) };
}

void print_note(struct print_notes *notes, const struct node *node,
		const char *text)
{
	struct note *note = arena_new_object(notes->arena, struct note);
	struct note *last = map_get(&notes->by_node, key_of(&node));

	note->node = node;
	note->text = text;
	if (!last) {
		map_add(&notes->by_node, key_of(&note->node), note);
		return;
	}
	while (last->next)
		last = last->next;
	last->next = note;
}

/* Nothing in it can end the comment. */
static void put_line(struct buf *out, struct str line, size_t indent)
{
	size_t i;

	buf_puts(out, line.n ? "# " : "#");
	for (i = 0; i < line.n; i++)
		buf_putc(out,
			 (unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f ?
				 '?' :
				 line.p[i]);
	buf_putc(out, '\n');
	buf_pad(out, indent);
}

void print_notes_of(struct buf *out, const struct print_notes *notes,
		    const struct node *node, size_t indent)
{
	const struct note *note =
		notes ? map_get(&notes->by_node, key_of(&node)) : NULL;

	for (; note; note = note->next) {
		struct str rest = str_of(note->text);

		while (rest.p)
			put_line(out, str_cut(&rest, '\n'), indent);
	}
}

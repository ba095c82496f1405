// SPDX-License-Identifier: GPL-2.0-only
/*
 * The built-in fail-safe policy: its text, and the container that comes of it.
 *
 * The assembler takes the text in as it stands in policies/, where it is read,
 * formatted and tested as any other; so there is no copy of it.
 */
#include "runtime/state/failsafe.h"

#include <assert.h>

#include "compile.h"
#include "runtime/netlink/reject.h"
#include "runtime/state/contain.h"

extern const char failsafe_text[], failsafe_text_end[];

__asm__(".pushsection .rodata\n"
	".global failsafe_text\n"
	".global failsafe_text_end\n"
	"failsafe_text:\n"
	"\t.incbin \"policies/failsafe.policy\"\n"
	"failsafe_text_end:\n"
	"\t.byte 0\n"
	".popsection\n");

void failsafe_build(struct buf *out)
{
	/* cppcheck-suppress comparePointers // one object, above */
	const size_t n = (size_t)(failsafe_text_end - failsafe_text);
	const struct str text = { failsafe_text, n };
	const struct batch_options batch_options = { 0 };
	const struct lower_options lower_options = { 0 };
	struct container container;
	struct batch batch = { 0 };
	struct compilation c;
	struct ir *ir;
	int ret;

	ret = compile_string(&c, "failsafe.policy", text);
	/* The tests have compiled the same text. */
	assert(!ret);
	ir = lower(c.arena, c.model, &lower_options);
	contain(&container, c.arena, ir, c.model);
	ret = reject_build(c.diags, &batch, ir, &batch_options);
	assert(!ret);
	(void)ret;
	container.messages = (struct str){ batch.bytes.p, batch.bytes.n };
	container_write(out, &container);
	batch_free(&batch);
	compile_free(&c);
}

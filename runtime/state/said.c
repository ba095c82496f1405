// SPDX-License-Identifier: GPL-2.0-only
/* What was said last: see said.h. Source: random(4), boot_id. */
#include "runtime/state/said.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/map.h"
#include "runtime/base/files.h"

#define SAID "said"
#define DIGEST_LEN 17 /* and its line's end */

/* Where there is none, a restart of the machine makes no difference. */
static uint64_t of_this_start(void)
{
	struct buf id = { 0 };
	uint64_t hash = HASH_INIT;

	if (!files_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &id))
		hash = hash_bytes(hash, id.p, id.n);
	buf_free(&id);
	return hash;
}

static bool is_noted(int dir, const char *digest)
{
	struct buf noted = { 0 };
	bool same = !files_read(dir, SAID, &noted) && noted.n == DIGEST_LEN &&
		    memcmp(noted.p, digest, DIGEST_LEN) == 0;

	buf_free(&noted);
	return same;
}

/* What cannot be noted is said again: nobody is told of that. */
bool said_before(const struct state *state, struct str text)
{
	char digest[DIGEST_LEN + 1];
	int dir = state_directory(state);

	if (!text.n) {
		unlinkat(dir, SAID, 0);
		return true;
	}
	snprintf(digest, sizeof(digest), "%016" PRIx64 "\n",
		 hash_bytes(of_this_start(), text.p, text.n));
	if (is_noted(dir, digest))
		return true;
	files_store(dir, SAID, digest, DIGEST_LEN);
	return false;
}

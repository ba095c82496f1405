// SPDX-License-Identifier: GPL-2.0-only
/* The container: what is written is read; what is not what was written, not. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile.h"
#include "emit/batch.h"
#include "runtime/base/files.h"
#include "runtime/netlink/nl.h"
#include "runtime/netlink/sound.h"
#include "runtime/ruleset/unoffload.h"
#include "runtime/state/contain.h"
#include "runtime/state/failsafe.h"
#include "runtime/state/sourcefile.h"
#include "suites.h"

static struct arena *arena;
static struct buf bytes;

static void setup(void)
{
	arena = arena_new();
	failsafe_build(&bytes);
}

static void teardown(void)
{
	buf_free(&bytes);
	arena_free(arena);
}

/* Why @n bytes of a copy are refused, NULL if they are not. */
static const char *refused(const char *p, size_t n)
{
	char *copy = malloc(n ? n : 1); /* so that a reader beyond is seen */
	struct container c;
	const char *why;

	ck_assert_ptr_nonnull(copy);
	if (n)
		memcpy(copy, p, n);
	why = container_read(&c, arena, (struct str){ copy, n });
	free(copy);
	return why;
}

START_TEST(the_digest_is_the_one_it_says)
{
	ck_assert_uint_eq(container_digest(0, "123456789", 9),
			  UINT64_C(0x995dc9bbdf1939fa));
	/* In parts as at once. */
	ck_assert_uint_eq(container_digest(container_digest(0, "1234", 4),
					   "56789", 5),
			  UINT64_C(0x995dc9bbdf1939fa));
}
END_TEST

START_TEST(what_is_written_is_read)
{
	struct module_match entries[] = { { .mark = 1, .mark_mask = 2 },
					  { .mark = 3, .mark_mask = 4 } };
	struct container c, whole, read;
	struct buf out = { 0 };

	ck_assert_ptr_null(container_read(&whole, arena,
					  (struct str){ bytes.p, bytes.n }));
	c = (struct container){
		.record = "policy p digest 0123456789abcdef epoch 1+4 "
			  "mask ff000000 kept 9+2",
		.created = 12,
		.rules = 34,
		.elements = UINT64_C(1) << 40,
		.previous = 56,
		.entries = { entries, 2 },
		.messages = whole.messages,
	};
	*vec_push(arena, &c.needs) = "module";
	*vec_push(arena, &c.needs) = "flowtable fast auto named eth0 wlan*";
	container_write(&out, &c);
	ck_assert_ptr_null(
		container_read(&read, arena, (struct str){ out.p, out.n }));
	ck_assert_str_eq(read.record, c.record);
	ck_assert_uint_eq(read.parsed.kept_count, 2);
	ck_assert_uint_eq(read.created, 12);
	ck_assert_uint_eq(read.rules, 34);
	ck_assert_uint_eq(read.elements, UINT64_C(1) << 40);
	ck_assert_uint_eq(read.previous, 56);
	ck_assert_uint_eq(read.entries.n, 2);
	ck_assert_uint_eq(read.entries.entries[1].mark, 3);
	ck_assert_uint_eq(read.entries.entries[1].mark_mask, 4);
	ck_assert_str_eq(container_need(&read, "module"), "");
	ck_assert_str_eq(container_need(&read, "flowtable fast"),
			 "auto named eth0 wlan*");
	ck_assert_ptr_null(container_need(&read, "flowtable fas"));
	ck_assert(str_eq(read.messages, whole.messages));
	buf_free(&out);
}
END_TEST

/* The head of a file is read without what follows. */
START_TEST(the_head_stands_alone)
{
	struct container c;
	size_t n = container_head_size((struct str){ bytes.p, bytes.n });

	ck_assert_uint_gt(n, CONTAINER_FIXED);
	ck_assert_uint_lt(n, bytes.n);
	ck_assert_ptr_null(
		container_head(&c, arena, (struct str){ bytes.p, n }, bytes.n));
	ck_assert_str_eq(c.parsed.policy, "failsafe");
	ck_assert_ptr_nonnull(container_head(
		&c, arena, (struct str){ bytes.p, n - 1 }, bytes.n));
}
END_TEST

START_TEST(any_bit_that_flips_is_seen)
{
	size_t head = container_head_size((struct str){ bytes.p, bytes.n });
	size_t i;

	ck_assert_ptr_null(refused(bytes.p, bytes.n));
	/* Each of the head; the messages are one digest's, at any place. */
	for (i = 0; i < bytes.n * 8; i += i < head * 8 ? 1 : 61) {
		bytes.p[i / 8] ^= (char)(1 << i % 8);
		if (!refused(bytes.p, bytes.n))
			ck_abort_msg("bit %zu", i);
		bytes.p[i / 8] ^= (char)(1 << i % 8);
	}
}
END_TEST

START_TEST(any_other_length_is_seen)
{
	size_t n;

	for (n = 0; n < bytes.n; n += n < 4096 ? 1 : 7)
		if (!refused(bytes.p, n))
			ck_abort_msg("%zu bytes", n);
	buf_putc(&bytes, '\0');
	ck_assert_str_eq(refused(bytes.p, bytes.n),
			 "it is longer than it says");
}
END_TEST

START_TEST(it_says_what_it_is_not)
{
	char other[] = { 1, 2, 3, 4 };

	ck_assert_str_eq(refused("table inet x { }", 16),
			 "it is no container of nftoffc");
	ck_assert_str_eq(refused("", 0), "it is no container of nftoffc");
	ck_assert_str_eq(refused(bytes.p, 100), "it is cut short");
	bytes.p[12]++;
	ck_assert_str_eq(refused(bytes.p, bytes.n),
			 "it is of version 2 of the format, and this program "
			 "knows 1");
	bytes.p[12]--;
	if (bytes.p[8] == 1)
		memcpy(other, (char[]){ 4, 3, 2, 1 }, 4);
	memcpy(bytes.p + 8, other, 4);
	ck_assert_str_eq(refused(bytes.p, bytes.n),
			 "it was written on a machine of the other byte order");
}
END_TEST

/* Digests that are right, of messages that are not. */

/* Why they are refused, in an otherwise good container. */
static const char *with_messages(const char *p, size_t n)
{
	struct buf other = { 0 };
	struct container c;
	const char *why;

	ck_assert_ptr_null(
		container_read(&c, arena, (struct str){ bytes.p, bytes.n }));
	c.messages = (struct str){ p, n };
	container_write(&other, &c);
	why = refused(other.p, other.n);
	buf_free(&other);
	return why;
}

static char *copy_messages(size_t *n)
{
	struct container c;
	char *copy;

	ck_assert_ptr_null(
		container_read(&c, arena, (struct str){ bytes.p, bytes.n }));
	copy = arena_alloc(arena, c.messages.n);
	memcpy(copy, c.messages.p, c.messages.n);
	*n = c.messages.n;
	return copy;
}

/* The message after BEGIN, which makes the table. */
static struct nlmsghdr *second(char *messages)
{
	return (struct nlmsghdr *)(void *)(messages +
					   ((struct nlmsghdr *)(void *)messages)
						   ->nlmsg_len);
}

START_TEST(only_our_table)
{
	size_t n;
	char *copy = copy_messages(&n);
	struct nlmsghdr *table = second(copy);
	char *name = mnl_attr_get_payload(
		mnl_nlmsg_get_payload_offset(table, sizeof(struct nfgenmsg)));

	ck_assert_str_eq(name, "nftoffc");
	name[0] = 'x';
	ck_assert_str_eq(with_messages(copy, n),
			 "message 1 is about another table");
}
END_TEST

START_TEST(only_our_family)
{
	size_t n;
	char *copy = copy_messages(&n);
	struct nfgenmsg *gen = mnl_nlmsg_get_payload(second(copy));

	gen->nfgen_family = NFPROTO_IPV4;
	ck_assert_str_eq(with_messages(copy, n),
			 "message 1 is about another table");
}
END_TEST

START_TEST(nothing_is_deleted)
{
	static const uint16_t types[] = {
		NFT(NFT_MSG_DELTABLE),
		NFT(NFT_MSG_DELRULE),
		NFT(NFT_MSG_GETTABLE),
		(NFNL_SUBSYS_CTNETLINK << 8),
		0,
	};
	size_t n, i;
	char *copy = copy_messages(&n);

	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		second(copy)->nlmsg_type = types[i];
		ck_assert_str_eq(with_messages(copy, n),
				 "message 1 does more than make what the "
				 "policy has");
	}
	second(copy)->nlmsg_type = NFT(NFT_MSG_NEWTABLE);
	ck_assert_ptr_null(with_messages(copy, n));
	second(copy)->nlmsg_flags |= NLM_F_REPLACE;
	ck_assert_ptr_nonnull(with_messages(copy, n));
}
END_TEST

START_TEST(one_batch)
{
	size_t n;
	char *copy = copy_messages(&n);
	uint32_t begin = ((struct nlmsghdr *)(void *)copy)->nlmsg_len;

	ck_assert_str_eq(with_messages(copy, 0), "it holds no transaction");
	ck_assert_str_eq(with_messages(copy, begin), "it holds no transaction");
	ck_assert_str_eq(with_messages(copy + begin, n - begin),
			 "message 0 does not begin a batch");
	ck_assert_ptr_nonnull(with_messages(copy, n - begin));
	ck_assert_ptr_nonnull(with_messages(copy, n - 4));
}
END_TEST

START_TEST(attributes_fill_their_message)
{
	size_t n;
	char *copy = copy_messages(&n);
	struct nlattr *attr = mnl_nlmsg_get_payload_offset(
		second(copy), sizeof(struct nfgenmsg));
	uint16_t len = attr->nla_len;

	attr->nla_len = 3;
	ck_assert_str_eq(with_messages(copy, n),
			 "message 1 has attributes that do not fit into it");
	attr->nla_len = 1000;
	ck_assert_ptr_nonnull(with_messages(copy, n));
	attr->nla_len = len;
	ck_assert_ptr_null(with_messages(copy, n));
	attr->nla_type |= NLA_F_NESTED; /* "nftoffc" is no attribute */
	ck_assert_str_eq(with_messages(copy, n),
			 "message 1 has attributes that do not fit into it");
}
END_TEST

/* A flowtable, and a rule that adds to it. */
static const char offloading[] =
	"policy p\n"
	"zone a { devices eth0 }\n"
	"zone b { devices eth1 }\n"
	"default { input drop; forward drop; output accept }\n"
	"accept from a to b\n"
	"offload {\n"
	"  devices auto\n"
	"  eligible from a to b protocol tcp, udp after 16 packets\n"
	"}\n";

static size_t count(const struct buf *batch, uint16_t type)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)batch->p;
	int left = (int)batch->n;
	size_t n = 0;

	for (; nl_message_ok(message, left);
	     message = mnl_nlmsg_next(message, &left))
		n += message->nlmsg_type == type;
	return n;
}

START_TEST(without_offload_the_rest_stays)
{
	const struct batch_options batch_options = { 0 };
	const struct lower_options lower_options = { 0 };
	struct batch batch = { 0 };
	struct buf *b = &batch.bytes;
	struct compilation c;
	size_t rules, all;

	ck_assert_int_eq(compile_string(&c, "p.policy", str_of(offloading)), 0);
	ck_assert_int_eq(batch_build(&batch,
				     lower(c.arena, c.model, &lower_options),
				     &batch_options),
			 0);
	rules = count(b, NFT(NFT_MSG_NEWRULE));
	ck_assert_uint_eq(count(b, NFT(NFT_MSG_NEWFLOWTABLE)), 1);
	ck_assert_uint_eq(unoffload(b), 1);
	ck_assert_uint_eq(count(b, NFT(NFT_MSG_NEWFLOWTABLE)), 0);
	ck_assert_uint_eq(count(b, NFT(NFT_MSG_NEWRULE)), rules - 1);
	ck_assert_uint_eq(count(b, NFNL_MSG_BATCH_END), 1);
	ck_assert_ptr_null(with_messages(b->p, b->n));
	/* There is nothing more to take. */
	all = b->n;
	ck_assert_uint_eq(unoffload(b), 0);
	ck_assert_uint_eq(b->n, all);
	batch_free(&batch);
	compile_free(&c);
}
END_TEST

static void put_message(struct buf *batch, uint16_t type, const char *word,
			bool anonymous)
{
	struct nl_room room;
	struct nlmsghdr *message = nl_request(&room, type, NFPROTO_INET);
	struct nlattr *list, *element;

	mnl_attr_put_strz(message, 1, "nftoffc");
	if (anonymous)
		mnl_attr_put_u32(message, NFTA_SET_FLAGS,
				 htonl(NFT_SET_ANONYMOUS));
	if (word) {
		list = mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
		element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
		mnl_attr_put_strz(message, NFTA_EXPR_NAME, word);
		mnl_attr_nest_end(message, element);
		mnl_attr_nest_end(message, list);
	}
	buf_add(batch, message, message->nlmsg_len);
}

/* Those of other rules stay. */
START_TEST(anonymous_sets_go_with_their_rule)
{
	struct buf b = { 0 };

	put_message(&b, NFT(NFT_MSG_NEWSET), NULL, false);
	put_message(&b, NFT(NFT_MSG_NEWSETELEM), NULL, false);
	put_message(&b, NFT(NFT_MSG_NEWSET), NULL, true);
	put_message(&b, NFT(NFT_MSG_NEWSETELEM), NULL, false);
	put_message(&b, NFT(NFT_MSG_NEWRULE), "lookup", false);
	put_message(&b, NFT(NFT_MSG_NEWSET), NULL, true);
	put_message(&b, NFT(NFT_MSG_NEWSETELEM), NULL, false);
	put_message(&b, NFT(NFT_MSG_NEWSET), NULL, true);
	put_message(&b, NFT(NFT_MSG_NEWSETELEM), NULL, false);
	put_message(&b, NFT(NFT_MSG_NEWRULE), "flow_offload", false);
	put_message(&b, NFT(NFT_MSG_NEWRULE), "flow_offload", false);
	put_message(&b, NFT(NFT_MSG_NEWRULE), NULL, false);
	ck_assert_uint_eq(unoffload(&b), 2);
	ck_assert_uint_eq(count(&b, NFT(NFT_MSG_NEWSET)), 2);
	ck_assert_uint_eq(count(&b, NFT(NFT_MSG_NEWSETELEM)), 2);
	ck_assert_uint_eq(count(&b, NFT(NFT_MSG_NEWRULE)), 2);
	buf_free(&b);
}
END_TEST

/* ---- the files beside it ---- */

static const struct kept_file files[] = {
	{ "d/policy.yaml", STR("policy: p\ninclude: parts/*.yaml\n"
			       "zones: { lan: { devices: [lan0] } }\n"
			       "default: { forward: drop }\n"
			       "rules: [ { drop: { from: any, to: any, "
			       "source: \"@near\" } } ]\n") },
	{ "d/parts/a.yaml", STR("sets: { near: { type: address, file: "
				"./list.txt } }\n") },
	{ "d/parts/list.txt", STR("\xef\xbb\xbf"
				  "192.0.2.1\n\n192.0.2.9") },
};
#define NFILES (sizeof(files) / sizeof(*files))

/* Compiles what is in @dir, and writes what it was compiled from to @out. */
static void write_sources(const char *dir, struct buf *out)
{
	struct compilation c;
	int fd;

	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(compile_policy(&c, files[0].path), 0);
	ck_assert_int_eq(sourcefile_write(AT_FDCWD, "sources", &c.sources), 0);
	compile_free(&c);
	fd = open("sources", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(files_read_some(fd, out, 1 << 16), 0);
	close(fd);
}

static void make_files(char dir[])
{
	size_t i;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(mkdir("d", 0755), 0);
	ck_assert_int_eq(mkdir("d/parts", 0755), 0);
	for (i = 0; i < NFILES; i++)
		ck_assert_int_eq(files_create(AT_FDCWD, files[i].path,
					      files[i].text.p, files[i].text.n),
				 0);
}

static void remove_files(const char *dir)
{
	size_t i;

	for (i = 0; i < NFILES; i++)
		unlink(files[i].path);
	unlink("sources");
	rmdir("d/parts");
	rmdir("d");
	ck_assert_int_eq(chdir("/"), 0);
	rmdir(dir);
}

/* What was compiled once compiles again, with nothing of it on the disk. */
START_TEST(sources_compile_again)
{
	char here[4096], dir[] = "/tmp/sources.XXXXXX";
	struct kept_files kept;
	struct compilation c;
	struct buf out = { 0 };

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	make_files(dir);
	write_sources(dir, &out);
	remove_files(dir);
	ck_assert_int_eq(chdir(here), 0);
	ck_assert(sourcefile_read(&kept, arena, (struct str){ out.p, out.n }));
	ck_assert_int_eq(kept.files.n, NFILES);
	ck_assert_int_eq(compile_kept(&c, &kept), 0);
	ck_assert_int_eq(c.model->sets[0]->elements[0].n, 2);
	compile_free(&c);
	kept.files.v[2].path = "d/parts/other.txt";
	ck_assert_int_eq(compile_kept(&c, &kept), -EINVAL);
	compile_free(&c);
	buf_free(&out);
}
END_TEST

/* Any byte that is another one is seen, and any that is missing. */
START_TEST(damaged_sources_are_refused)
{
	char here[4096], dir[] = "/tmp/sources.XXXXXX";
	struct kept_files kept;
	struct buf out = { 0 };
	size_t i;

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	make_files(dir);
	write_sources(dir, &out);
	remove_files(dir);
	ck_assert_int_eq(chdir(here), 0);
	for (i = 0; i < out.n; i++) {
		ck_assert(!sourcefile_read(&kept, arena,
					   (struct str){ out.p, i }));
		out.p[i] ^= 4;
		ck_assert(!sourcefile_read(&kept, arena,
					   (struct str){ out.p, out.n }));
		out.p[i] ^= 4;
	}
	buf_free(&out);
}
END_TEST

START_TEST(kept_files_are_found)
{
	const struct kept_file named = { "a/./b//c", { 0 } };
	struct kept_files kept = { 0 };

	*vec_push(arena, &kept.files) = named;
	ck_assert_ptr_nonnull(kept_find(&kept, "./a/b/c"));
	ck_assert_ptr_nonnull(kept_find(&kept, "a/b/./c"));
	ck_assert_ptr_null(kept_find(&kept, "a/b/cc"));
	ck_assert_ptr_null(kept_find(&kept, "/a/b/c"));
	ck_assert_ptr_null(kept_find(&kept, "a/b"));
}
END_TEST

Suite *container_suite(void)
{
	Suite *suite = suite_create("container");
	TCase *tcase = tcase_create("container");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, the_digest_is_the_one_it_says);
	tcase_add_test(tcase, what_is_written_is_read);
	tcase_add_test(tcase, the_head_stands_alone);
	tcase_add_test(tcase, any_bit_that_flips_is_seen);
	tcase_add_test(tcase, any_other_length_is_seen);
	tcase_add_test(tcase, it_says_what_it_is_not);
	tcase_add_test(tcase, only_our_table);
	tcase_add_test(tcase, only_our_family);
	tcase_add_test(tcase, nothing_is_deleted);
	tcase_add_test(tcase, one_batch);
	tcase_add_test(tcase, attributes_fill_their_message);
	tcase_add_test(tcase, without_offload_the_rest_stays);
	tcase_add_test(tcase, anonymous_sets_go_with_their_rule);
	tcase_add_test(tcase, sources_compile_again);
	tcase_add_test(tcase, damaged_sources_are_refused);
	tcase_add_test(tcase, kept_files_are_found);
	suite_add_tcase(suite, tcase);
	return suite;
}

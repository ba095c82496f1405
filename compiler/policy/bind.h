/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside compiler/policy only: binding the tree's fields to the model.
 *
 *	tree -> bind.c (top level, order) -> bind_*.c (one area each) -> model
 *
 * A map of the policy is described by a table of fields. The binder walks the
 * pairs, finds the field, reports unknown and repeated keys with the nearest
 * right name, and calls what binds the value. Each bind function reports what
 * is wrong and carries on: the model that comes out of a policy with errors is
 * never used.
 */
#ifndef NFTOFFC_POLICY_BIND_H
#define NFTOFFC_POLICY_BIND_H

#include "base/diag.h"
#include "model.h"
#include "read/tree.h"
#include "vocab/field.h"

struct binder {
	struct arena *arena;
	struct arena *scratch; /* marked and reset by who uses it */
	struct sources *sources;
	struct diags *diags;
	const struct source *source;
	struct model *model;
	struct map zones;      /* name -> struct zone * */
	struct map sets;       /* name -> struct set * */
	struct map services;   /* name -> struct service *, user's and used */
	struct map names;      /* every rule's name -> its struct span * */
	struct map flowtables; /* name -> struct flowtable * */
};

/* Where match words may stand too, they are collected here. */
struct matches {
	VEC(struct match) list;
};

/*
 * Binds each pair of @map to its field of @fields (ended by a NULL key);
 * @what names the thing in messages ("a zone"). With @matches, match words are
 * allowed beside the fields. False if @map is no map.
 */
bool bind_map(struct binder *b, const struct node *map,
	      const struct field *fields, void *into, const char *what,
	      struct matches *matches);

/* Scalars. On a mistake: reported, the result is false or 0. */
struct diag *bind_expected(struct binder *b, const struct node *node,
			   const char *expected);
/* The same for a list of entries, or a map of names; with what that looks like. */
void bind_list(struct binder *b, const struct node *node, const char *expected);
void bind_names(struct binder *b, const struct node *node,
		const char *expected);
bool bind_text(struct binder *b, const struct node *node, const char *expected,
	       struct str *out);
void bind_bool(struct binder *b, const struct node *node, bool *out);
bool bind_number(struct binder *b, const struct node *node, uint64_t min,
		 uint64_t max, uint64_t *out);
/* nft's names for priorities; the list ends with a NULL name. */
struct priority_name {
	const char *name;
	int32_t priority;
};

/* A hook's: a number, or as in "filter", or "filter + 10". */
bool bind_priority(struct binder *b, const struct node *node,
		   const struct priority_name *names, int32_t *out);
/* "1h", "90s", "2d": seconds. */
bool bind_duration(struct binder *b, const struct node *node, uint64_t *out);
/* "10/second", optionally "10/second burst 20". */
bool bind_rate(struct binder *b, const struct node *node,
	       struct limit_spec *out);
/* Reads the file @path, which @node names. False, reported, if it cannot be. */
bool bind_source(struct binder *b, const struct node *node, const char *path,
		 struct source **source);
/* "16 packets", "1 MB": one of both is 0 then. */
/* "192.0.2.1:80", "[2001:db8::1]:80": @port is empty if there is none. */
bool bind_split_port(struct binder *b, struct str text, struct str *address,
		     struct str *port, const char **why);
bool bind_amount(struct binder *b, const struct node *node,
		 const char *expected, uint64_t *packets, uint64_t *bytes);
/* A name of our own: letters, digits, '-' and '_', a letter first. */
const char *bind_name(struct binder *b, const struct node *node,
		      const char *what);
/* Index of the scalar in @words (ended by NULL), or -1 and reported. */
int bind_word(struct binder *b, const struct node *node,
	      const char *const *words, const char *what);
/* Calls @item for each item of a list, or once for anything else. */
void bind_each(struct binder *b, const struct node *node, bind_fn item,
	       void *into);

/* The areas, and the fields of their maps. */
extern const struct field zone_fields[], set_fields[], rule_fields[],
	offload_fields[], flowtable_fields[], packet_fields[], test_fields[],
	syn_flood_fields[], raw_fields[], verify_fields[];
bool action_at(size_t i, struct field_kind *kind);
bool nat_kind_at(size_t i, struct field_kind *kind);
void bind_match(struct binder *b, const struct match_word *word,
		const struct node *key, const struct node *value,
		struct matches *matches);
/* The set that "@name" names, or NULL, reported. */
const struct set *bind_set_ref(struct binder *b, const struct node *node);
void bind_zone_set(struct binder *b, const struct node *node,
		   struct zone_set *out);
void zone_set_any(struct binder *b, struct zone_set *set);
void bind_devices(struct binder *b, const struct node *node,
		  struct device **devices, size_t *n);
void bind_families(struct binder *b, const struct node *node, uint8_t *out);
void bind_zones(struct binder *b, const struct node *node);
void bind_sets(struct binder *b, const struct node *node);
void bind_services(struct binder *b, const struct node *node);
const struct service *service_resolve(struct binder *b, struct str name,
				      struct span span);
/* Actions as kinds of rules: see struct field. */
#define KIND(action) (UINT32_C(1) << (action))
#define KINDS (KIND(ACTIONS) - 1)
#define SETTING                                                                \
	(KIND(ACTION_MARK) | KIND(ACTION_DSCP) | KIND(ACTION_HELPER) |         \
	 KIND(ACTION_ADD_TO))
/* Those that stand where connections are not decided. */
#define ELSEWHERE                                                              \
	(KIND(ACTION_MARK) | KIND(ACTION_CLAMP_MSS) | KIND(ACTION_NOTRACK))
#define ENDING                                                                 \
	(KIND(ACTION_DROP) | KIND(ACTION_REJECT) | KIND(ACTION_ACCEPT) |       \
	 KIND(ACTION_QUEUE))

/* What the keys of a rule are, beside its matches: bind_effect.c. */
struct rule_fill {
	struct rule *rule;
	struct matches matches;
	const char *name;
	struct span name_span;
	bool from, to;
	const struct node *set; /* of mark, dscp ..., bound at the end */
};

extern const struct field limit_fields[], connections_fields[], count_fields[],
	add_fields[];
void limit_rate(struct binder *b, const struct node *node, void *into);
void limit_burst(struct binder *b, const struct node *node, void *into);
void limit_size(struct binder *b, const struct node *node, void *into);
void rule_limit(struct binder *b, const struct node *node, void *into);
void rule_connections(struct binder *b, const struct node *node, void *into);
void rule_quota(struct binder *b, const struct node *node, void *into);
void rule_count(struct binder *b, const struct node *node, void *into);
void rule_add_to(struct binder *b, const struct node *node, void *into);
void rule_timeout(struct binder *b, const struct node *node, void *into);
void rule_offload(struct binder *b, const struct node *node, void *into);
void rule_after(struct binder *b, const struct node *node, void *into);
void rule_with(struct binder *b, const struct node *node, void *into);
void rule_set(struct binder *b, const struct node *node, void *into);
void rule_num(struct binder *b, const struct node *node, void *into);
void rule_bypass(struct binder *b, const struct node *node, void *into);
void rule_fanout(struct binder *b, const struct node *node, void *into);
void rule_size(struct binder *b, const struct node *node, void *into);
/* What depends on the action, called @word, when all keys are bound. */
void bind_effects(struct binder *b, const struct node *map,
		  struct rule_fill *fill, const char *word);

/* The policy's mode (bind_mode.c), from its root. */
void bind_mode(struct binder *b, const struct node *root);
/* Reports @key, which a policy of "mode: fw4" has not; @fw4 has it. */
void bind_left_to_fw4(struct binder *b, const struct node *key,
		      const char *fw4);
void bind_rules(struct binder *b, const struct node *node);
void bind_nats(struct binder *b, const struct node *node);
void bind_syn_flood(struct binder *b, const struct node *node);
void bind_existing(struct binder *b, const struct node *node);
void bind_lockout(struct binder *b, const struct node *node);
void bind_raws(struct binder *b, const struct node *node);
void bind_offload(struct binder *b, const struct node *node);
/* The flowtable that the scalar names, or NULL, reported. */
struct flowtable *bind_flowtable_ref(struct binder *b, const struct node *node);
void bind_tests(struct binder *b, const struct node *node);
void bind_verifies(struct binder *b, const struct node *node);
void bind_packet(struct binder *b, const struct node *node,
		 struct packet *packet);

/*
 * What people write who come from elsewhere (habit.c): a help, where it is
 * known what was meant; false if it is not. @what is what bind_map() and
 * bind_word() call the thing.
 */
bool habit_key(const char *what, const struct field *fields, bool matches,
	       struct str key, struct diag *diag);
bool habit_means(const char *what, const struct field *fields, struct str key,
		 const char *right);
/* What such a map looks like, where something else was written. */
void habit_map(const char *what, struct diag *diag);
bool habit_word(const char *what, struct str word, struct diag *diag);
bool habit_value(const struct value_type *type, struct str text,
		 struct diag *diag);
bool habit_duration(struct str text, struct diag *diag);
bool habit_rate(struct str text, struct diag *diag);
bool habit_amount(const char *expected, struct str text, struct diag *diag);
bool habit_device(struct str text, struct diag *diag);
bool habit_number(struct str text, struct diag *diag);

/* Reads a set's file into @set; @node is the scalar that names it. */
void bind_set_file(struct binder *b, const struct node *node, struct set *set);

/*
 * Derived names. @given may be NULL. Reports a name that is taken.
 */
const char *name_entry(struct binder *b, const char *given,
		       struct span given_span, struct span span,
		       const char *derived);
/* "lan to wan source admins port 443" as a name: see name.c. */
const char *name_derive(struct binder *b, const char *word,
			const struct zone_set *from, const struct zone_set *to,
			const struct match *matches, size_t n,
			const char *more);

/*
 * May a connection of @entry be offloaded? If not, @kept_by is a rule that
 * keeps them from it, or NULL: no rule accepts them.
 */
bool entry_has_effect(struct binder *b, const struct eligible *entry,
		      const struct rule **kept_by);
/* What is to be said of the chains of nft's own text (bind_raw.c). */
void check_raws(struct binder *b);
/* What rules require of their offload. */
void check_required(struct binder *b);
/*
 * Which flowtable each eligible entry means, and the devices of each
 * (flowtable.c): to be called before what the zones of entries are matters.
 */
void check_flowtables(struct binder *b);
/* Is each device that @b stands for one that @a does? */
bool device_has(const struct device *a, const struct device *b);

/* Everything that needs the whole model, after all is bound. */
void check_model(struct binder *b);
/* What the policy says in vain; every entry's alternatives are expanded. */
void analyse_model(struct binder *b);

#endif

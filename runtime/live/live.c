// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model is asked of what connection tracking remembers (connections.h), with
 * the zones that the routes tell (places.h).
 */
#include "runtime/live/live.h"

#include <linux/netfilter/nf_conntrack_common.h>

#include "runtime/netlink/kernel.h"

struct live {
	struct arena *scratch; /* of one answer, from here on: */
	struct arena_mark mark;
	struct lower_values *values;
	struct model model; /* that allocates there */
	struct places *places;
};

struct live *live_new(struct arena *arena, const struct model *model,
		      struct places *places)
{
	struct live *live = arena_new_object(arena, struct live);

	live->scratch = arena_new();
	arena_alloc(live->scratch, 1); /* so that its chunk stays */
	live->mark = arena_mark(live->scratch);
	live->values = lower_values(arena, model, kernel_east());
	live->model = *lower_values_model(live->values);
	live->model.arena = live->scratch;
	live->places = places;
	return live;
}

int live_open(struct arena *arena, const struct model *model,
	      struct live **live)
{
	struct places *places;
	int ret = places_read(arena, model, &places);

	*live = NULL;
	if (!ret)
		*live = live_new(arena, model, places);
	return ret;
}

void live_close(struct live *live)
{
	if (live)
		arena_free(live->scratch);
}

/* Where packets with these addresses come from and go to; or why not. */
static const char *find_zones(struct live *live, struct packet *packet,
			      enum hook_index *hook)
{
	struct located source, destination;
	bool from, to;

	places_find(live->places, packet, &source, &destination);
	from = source.kind != PLACE_UNKNOWN;
	to = destination.kind != PLACE_UNKNOWN;
	packet->from = source.zone;
	packet->to = destination.zone;
	*hook = destination.kind == PLACE_HERE ? HOOK_INPUT :
		source.kind == PLACE_HERE      ? HOOK_OUTPUT :
						 HOOK_FORWARD;
	if (!from)
		return "the routes do not tell where it comes from";
	if (!to)
		return "the routes do not tell where it goes";
	if (source.kind == PLACE_HERE && destination.kind == PLACE_HERE)
		return "it is the router's own, with itself";
	/* One may be translated that comes by whatever device. */
	if (!packet->lives && live->model.nnats &&
	    (source.kind == PLACE_OUTSIDE || destination.kind == PLACE_OUTSIDE))
		return "no zone has a device that it would go by";
	return NULL;
}

bool live_passes(const struct live_answer *answer)
{
	return answer->answer.action == ACTION_ACCEPT ||
	       answer->answer.action == ACTION_QUEUE;
}

/* Asks the model: why that is no answer, or NULL. */
static const char *ask(struct live *live, struct packet *packet,
		       struct live_answer *out)
{
	struct answer *answer = &out->answer;
	const char *why;

	*out = (struct live_answer){ .from = -1, .to = -1 };
	why = find_zones(live, packet, &answer->hook);
	answer->action = live->model.defaults[answer->hook];
	if (why)
		return why;
	out->asked = true;
	out->from = packet->from;
	out->to = packet->to;
	arena_reset(live->scratch, live->mark);
	model_evaluate(&live->model, packet, answer);
	if (raw_next(&live->model, answer->hook, NULL))
		return "nft's own rules have a say in it";
	if (answer->spoofed)
		return "its source is another zone's";
	return answer->unsure ? "a rule asks what is not remembered" : NULL;
}

static const char *decide(struct live *live, const struct connection *c,
			  struct live_answer *answer)
{
	if (!live_passes(answer)) {
		answer->verdict = LIVE_DENIED;
		return NULL;
	}
	if (c->mark & lower_values_marks(live->values))
		return "a rule has marked it";
	if (!lower_value(live->values, &answer->answer, &answer->value))
		return "it is decided packet by packet";
	answer->flowtable = lower_value_flowtable(live->values, answer->value);
	answer->verdict = LIVE_ACCEPTED;
	return NULL;
}

/* What its packets do not show. */
static const char *is_hidden(const struct connection *c)
{
	if (c->has_master || c->status & IPS_EXPECTED)
		return "another connection announced it";
	return c->zone ? "it is in a zone of connection tracking" : NULL;
}

static void ask_connection(struct live *live,
			   const struct connection *connection, bool kept,
			   struct live_answer *answer)
{
	const char *hidden = is_hidden(connection);
	struct packet packet;

	connection_packet(connection, &packet);
	packet.kept = kept;
	answer->unknown = ask(live, &packet, answer);
	if (hidden)
		answer->unknown = hidden;
	if (!answer->unknown)
		answer->unknown = decide(live, connection, answer);
}

void live_ask(struct live *live, const struct connection *connection,
	      struct live_answer *answer)
{
	ask_connection(live, connection, false, answer);
}

void live_ask_kept(struct live *live, const struct connection *connection,
		   struct live_answer *answer)
{
	ask_connection(live, connection, true, answer);
}

/* A first packet, which is not translated yet. */
static struct packet first_packet(const struct connection_tuple *tuple)
{
	struct connection c = {
		.original = *tuple,
		.reply.sport = tuple->dport,
	};
	struct packet packet;

	memcpy(c.reply.source, tuple->destination, sizeof(c.reply.source));
	connection_packet(&c, &packet);
	return packet;
}

void live_ask_new(struct live *live, const struct connection_tuple *tuple,
		  struct live_answer *answer)
{
	struct packet packet = first_packet(tuple);

	packet.lives = false;
	answer->unknown = ask(live, &packet, answer);
	if (!answer->unknown)
		answer->verdict = live_passes(answer) ? LIVE_ACCEPTED :
							LIVE_DENIED;
}

const struct model *live_model(const struct live *live)
{
	return &live->model;
}

const struct flowtable *live_flowtable(const struct live *live, uint32_t value)
{
	return lower_value_flowtable(live->values, value);
}

bool live_returns(struct live *live, const struct connection *connection)
{
	struct packet packet = first_packet(&connection->reply);
	struct live_answer answer;

	if (ask(live, &packet, &answer) || live_passes(&answer))
		return true;
	live_ask_new(live, &connection->reply, &answer);
	/* It would go to somebody else, or may. */
	return answer.verdict == LIVE_UNKNOWN || answer.answer.nat_forward;
}

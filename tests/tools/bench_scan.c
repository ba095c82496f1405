// SPDX-License-Identifier: GPL-2.0-only
/*
 * What merely reading a file as YAML costs: libyaml's events, each thrown away.
 * No program that reads YAML through libyaml can be faster.
 *
 *	bench_scan FILE		prints how many events there were
 */
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

static char *read_whole(const char *path, size_t *n)
{
	FILE *file = fopen(path, "rb");
	char *text;
	long size = 0;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	rewind(file);
	text = malloc((size_t)size + 1);
	if (!text) {
		perror("malloc");
		exit(EXIT_FAILURE);
	}
	*n = fread(text, 1, (size_t)size, file);
	fclose(file);
	return text;
}

static unsigned long count_events(yaml_parser_t *parser, const char *path)
{
	unsigned long n = 0;
	yaml_event_t event;
	int last;

	do {
		if (!yaml_parser_parse(parser, &event)) {
			fprintf(stderr, "%s: %s\n", path, parser->problem);
			exit(EXIT_FAILURE);
		}
		last = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		n++;
	} while (!last);
	return n;
}

int main(int argc, char **argv)
{
	yaml_parser_t parser;
	size_t n;
	char *text;

	if (argc != 2 || !yaml_parser_initialize(&parser)) {
		fprintf(stderr, "usage: bench_scan FILE\n");
		return 2;
	}
	text = read_whole(argv[1], &n);
	yaml_parser_set_input_string(&parser, (unsigned char *)text, n);
	printf("%lu\n", count_events(&parser, argv[1]));
	yaml_parser_delete(&parser);
	free(text);
	return EXIT_SUCCESS;
}

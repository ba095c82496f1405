#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
#
# Reads Prometheus' text format 0.0.4 strictly, on standard input, and ends with
# 1 and the line if anything is not as the format or the conventions have it:
#
#	a family is a HELP line, a TYPE line and its samples, in this order, and
#	comes once; it has a sample
#	names and labels are of the letters they may have; a label is there once
#	in values of labels only \\, \" and \n are escaped, and they are UTF-8
#	a sample, name and labels, comes once; its value is a number
#	a counter's name ends in _total, no other's does; no unit but a base unit
#	the last line ends
#
# Prints the samples, one a line, with their labels in order.

import re
import sys

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*'
PAIR = re.compile(r'(' + LABEL + r')="((?:[^"\\\n]|\\["\\n])*)"')


def bad(number, line, why):
    print(f'{number}: {why}: {line}', file=sys.stderr)
    sys.exit(1)


def labels_of(text):
    found = []
    while text:
        match = PAIR.match(text)
        if not match:
            return None
        found.append(match.groups())
        text = text[match.end():]
        if text and not text.startswith(','):
            return None
        if text == ',':
            return None
        text = text[1:]
    names = [name for name, value in found]
    if len(set(names)) != len(names) or any(n.startswith('__') for n in names):
        return None
    return sorted(found)


def main():
    text = sys.stdin.buffer.read().decode('utf-8', 'strict')
    if not text.endswith('\n'):
        bad(0, text[-20:], 'the last line does not end')
    helped = typed = None
    kind = None
    families, samples = {}, {}
    for number, line in enumerate(text[:-1].split('\n'), 1):
        match = re.fullmatch(r'# HELP (' + NAME + r') (\S.*)', line)
        if match:
            if typed and not families.get(typed):
                bad(number, line, f'{typed} has no sample')
            helped, typed = match.group(1), None
            if helped in families:
                bad(number, line, 'a family comes again')
            if re.search(r'\\[^\\n]|\\$', match.group(2)):
                bad(number, line, 'a wrong escape')
            continue
        match = re.fullmatch(r'# TYPE (' + NAME + r') (counter|gauge)', line)
        if match:
            typed, kind = match.groups()
            if typed != helped:
                bad(number, line, 'no HELP before it')
            if (kind == 'counter') != typed.endswith('_total'):
                bad(number, line, '_total is for counters')
            if re.search(r'_(ms|milliseconds|minutes|kb|mb|kilobytes)(_|$)',
                         typed):
                bad(number, line, 'no base unit')
            families[typed] = 0
            continue
        match = re.fullmatch(r'(' + NAME + r')(?:\{(.*)\})? ([0-9]+)', line)
        if not match or match.group(1) != typed:
            bad(number, line, 'no sample of its family')
        labels = labels_of(match.group(2) or '')
        if labels is None or match.group(2) == '':
            bad(number, line, 'wrong labels')
        key = match.group(1) + ''.join(f' {k}={v}' for k, v in labels)
        if key in samples:
            bad(number, line, 'a sample comes again')
        samples[key] = match.group(3)
        families[typed] += 1
    if typed and not families[typed]:
        bad(0, typed, 'it has no sample')
    for key, value in samples.items():
        print(key, value)


main()

# SPDX-License-Identifier: GPL-2.0-only
# nftoffc: see "make help".

B ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
DESTDIR ?=
VERSION := 0.1
# where `apply` remembers, if not in runtime/state/state.h's directory
STATE ?=
# for a small flash: without what only the manual and the tests read, and with a
# lexer that takes 1 KB instead of 21 and 5 % more of the time to compile
SMALL ?=

MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash

# What a bare Debian 12 lacks: to build, to test, and to run the tests' virtual
# machine.
DEPS_BUILD := gcc libc6-dev make pkg-config flex bison libyaml-dev \
	libnftnl-dev libmnl-dev
DEPS_TEST := check libsubunit-dev nftables iproute2 conntrack ethtool strace jq \
	qemu-system-x86 busybox-static kmod cpio mandoc libelf1 zsh fish \
	wireguard-tools ppp pppoe \
	python3-jsonschema python3-yaml
DEPS_LINT := clang clang-format clang-tidy cppcheck shellcheck libclang-rt-dev \
	valgrind
DEPS_KMOD := sparse perl
DEPS_STATIC := musl-tools
DEPS_DEB := dpkg-dev debhelper dh-dkms lintian
DEPS_KASAN := bc libelf-dev libssl-dev xz-utils

CPPFLAGS := -D_GNU_SOURCE -DNFTOFFC_VERSION='"$(VERSION)"' -Icompiler -I. \
	$(if $(STATE),-DNFTOFFC_STATE='"$(STATE)"') \
	$(if $(SMALL),-DNFTOFFC_SMALL)
LEXFLAGS := $(if $(SMALL),-Cem,-Cfr)
# A table's row says what is special about it; the rest is zero, and careful.
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wno-missing-field-initializers
OPT ?= -O2 -g
# as the kernel: containers are reached through void pointers
CFLAGS := -std=gnu11 -fno-strict-aliasing $(OPT) $(WARN) $(SANITIZE)
LDFLAGS := $(SANITIZE)
LDLIBS := -lyaml -lmnl
CHECK_LIBS := -lcheck -lsubunit -lm -lrt -lpthread

LIB_SRC := $(sort $(wildcard compiler/*.c compiler/*/*.c) \
	$(filter-out runtime/cmd/main.c,$(wildcard runtime/*/*.c)))
GENERATED := $(wildcard compiler/read/*.[ly])
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(GENERATED:%=$(B)/%.o)
TEST_SRC := $(sort $(wildcard tests/lib/*.c))
TEST_OBJ := $(TEST_SRC:%.c=$(B)/%.o)
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
UNIT_OBJ := $(UNIT_SRC:%.c=$(B)/%.o)
TOOLS := $(patsubst tests/tools/%.c,$(B)/tests/%,$(wildcard tests/tools/*.c))

.PHONY: all
all: $(B)/nftoffc

$(B)/nftoffc: $(B)/runtime/cmd/main.o $(LIB_OBJ)
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/tests/unit/run: $(UNIT_OBJ) $(TEST_OBJ) $(LIB_OBJ)
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(CHECK_LIBS)

$(B)/tests/%: $(B)/tests/tools/%.o $(TEST_OBJ) $(LIB_OBJ)
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lpthread

# The same program with failures to order (runtime/base/fault.h), for the tests.
FAULT_SRC := $(shell grep -l runtime/base/fault.h runtime/*/*.c)
$(B)/faulty/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $< (faulty)"
	@$(CC) $(CPPFLAGS) -DNFTOFFC_FAULTS $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/nftoffc-faulty: $(B)/runtime/cmd/main.o $(FAULT_SRC:%.c=$(B)/faulty/%.o) \
		$(filter-out $(FAULT_SRC:%.c=$(B)/%.o),$(LIB_OBJ))
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/%.l.c: %.l
	@mkdir -p $(@D)
	@echo "  LEX   $<"
	@flex $(LEXFLAGS) -o $@ $<

$(B)/%.y.c: %.y
	@mkdir -p $(@D)
	@echo "  YACC  $<"
	@bison -Werror -o $@ $<

$(B)/%.o: $(B)/%.c
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Its text is in the program.
$(B)/runtime/state/failsafe.o: policies/failsafe.policy

.PRECIOUS: $(B)/tests/tools/%.o $(B)/tests/lib/%.o $(B)/%.l.c $(B)/%.y.c
-include $(shell find $(B) -path $(B)/vm -prune -o -name '*.d' -type f -print 2>/dev/null)

.PHONY: tools
tools: $(TOOLS) $(B)/tests/nftoffc-faulty

## check: everything that must hold, in under 15 minutes
.PHONY: check
check:
	@$(MAKE) --no-print-directory deps
	@tests/check $(B)

## asan: unit, golden and reject tests under address and undefined sanitizers
.PHONY: asan
asan:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -j2 B=$(B)/asan OPT='-O1 -g' \
		SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' \
		$(B)/asan/nftoffc $(B)/asan/tests/unit/run \
		$(B)/asan/tests/importtables $(B)/asan/tests/mantables
	@tests/check --quick $(B)/asan

## check-clang: the same tests with the other compiler
.PHONY: check-clang
check-clang:
	@$(MAKE) --no-print-directory -j2 B=$(B)/clang CC=clang \
		$(B)/clang/nftoffc $(B)/clang/tests/unit/run \
		$(B)/clang/tests/importtables $(B)/clang/tests/mantables
	@tests/check --quick $(B)/clang

## check-long: TRIES (100) times as many random policies, in the kernel too
TRIES ?= 100
.PHONY: check-long
check-long: all
	@$(MAKE) --no-print-directory $(B)/tests/unit/run
	@TRIES=$(TRIES) CK_RUN_SUITE=policy $(B)/tests/unit/run
	@$(MAKE) --no-print-directory tools
	@NFTOFFC_BUILD=$(abspath $(B)) tests/kernel/random \
		$$(date +%s) $$(($(TRIES) * 20))

## check-kernels: the kernel tests on Debian's newer kernel, too
.PHONY: check-kernels
check-kernels: all tools
	@$(MAKE) --no-print-directory deps
	@tests/check --kernels $(B)

## check-kmod: the kernel modules under W=1, sparse and checkpatch
.PHONY: check-kmod
check-kmod:
	@$(MAKE) --no-print-directory deps \
		DEPS='$(DEPS_BUILD) $(DEPS_TEST) $(DEPS_KMOD)'
	@tests/kmod/check

## check-kasan: their tests on a kernel that watches itself, for most of an hour
.PHONY: check-kasan
check-kasan: all tools
	@$(MAKE) --no-print-directory deps \
		DEPS='$(DEPS_BUILD) $(DEPS_TEST) $(DEPS_KASAN)'
	@tests/kmod/kasan $(B)

## lint: format, include directions, clang-tidy, cppcheck, shellcheck, manual
.PHONY: lint
lint:
	@$(MAKE) --no-print-directory deps DEPS='$(DEPS_BUILD) $(DEPS_TEST) $(DEPS_LINT)'
	@tests/lint

## bench: compile and apply, each as a ratio taken in this run
.PHONY: bench
bench: all tools
	@tests/bench/run $(B)

## bench-packets: guest instructions per packet, in the virtual machine
.PHONY: bench-packets
bench-packets: all tools
	@tests/bench/packets $(B)

## fuzz: each fuzz target for SECONDS (60)
SECONDS ?= 60
.PHONY: fuzz
fuzz:
	@tests/fuzz/run $(SECONDS)

## demo: home-router between two networks, live, and what became of whom
.PHONY: demo
demo:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -j2 all tools
	@tests/demo/run $(B)

## update: writes the golden files anew; read the difference before you commit
.PHONY: update
update: all tools
	@tests/golden/run --update $(B)
	@tests/reject/run --update $(B)
	@tests/man/run --update $(B)

## deps: installs the Debian packages that are missing
DEPS ?= $(DEPS_BUILD) $(DEPS_TEST)
.PHONY: deps
deps:
	@missing=; for p in $(DEPS); do \
		dpkg-query -W -f '$${db:Status-Status}\n' $$p 2>/dev/null | \
			grep -qx installed || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "installing:$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -qq -y --no-install-recommends $$missing \
			> /dev/null; \
	fi

## install: the program, manual pages, completions, examples; DESTDIR and PREFIX
.PHONY: install
install: all
	install -D -m 755 $(B)/nftoffc $(DESTDIR)$(PREFIX)/sbin/nftoffc
	install -D -m 644 man/nftoffc.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/nftoffc.1
	install -D -m 644 man/nftoffc-policy.5 \
		$(DESTDIR)$(PREFIX)/share/man/man5/nftoffc-policy.5
	install -D -m 644 man/nftoffc-import.7 \
		$(DESTDIR)$(PREFIX)/share/man/man7/nftoffc-import.7
	install -D -m 644 man/nftoffc-policy.schema.json \
		$(DESTDIR)$(PREFIX)/share/nftoffc/nftoffc-policy.schema.json
	install -D -m 644 packaging/completions/nftoffc.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/nftoffc
	install -D -m 644 packaging/completions/_nftoffc \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_nftoffc
	install -D -m 644 packaging/completions/nftoffc.fish \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/nftoffc.fish
	install -D -m 644 man/nftoffc.4 \
		$(DESTDIR)$(PREFIX)/share/man/man4/nftoffc.4
	@mkdir -p $(DESTDIR)$(PREFIX)/lib/systemd/system
	for u in nftoffc nftoffc-watch; do \
		sed 's|@SBINDIR@|$(PREFIX)/sbin|' packaging/systemd/$$u.service \
			> $(DESTDIR)$(PREFIX)/lib/systemd/system/$$u.service && \
		chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/$$u.service || \
		exit 1; done
	for p in policies/*; do install -D -m 644 $$p \
		$(DESTDIR)$(PREFIX)/share/doc/nftoffc/$$p || exit 1; done

## static: one small file that needs nothing else: $(B)/static/nftoffc
#
# On musl.  For another machine: STATIC_CC, and STATIC_LIBS, a directory with
# the libraries' include/ and lib/*.a.  It has a fixed address, as static
# programs do without -static-pie.  A larger one than STATIC_MAX, in bytes, is a
# failure: it grows because somebody decided so.
STATIC_CC ?= musl-gcc
STATIC_LIBS ?= $(B)/static/libs
STATIC_FLAGS := -Oz -flto=auto -flto-partition=one -fno-pie \
	-ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-unwind-tables
# Code and constants in one segment, as on every machine but this one.
STATIC_LINK := -static -no-pie -s -Wl,--gc-sections -Wl,-z,noseparate-code
STATIC_MAX ?= 850000
.PHONY: static
static:
ifeq ($(STATIC_LIBS),$(B)/static/libs)
	@$(MAKE) --no-print-directory deps DEPS='$(DEPS_BUILD) $(DEPS_STATIC)'
	@packaging/static/libs $(STATIC_LIBS) $(STATIC_CC) $(STATIC_FLAGS)
endif
	@$(MAKE) --no-print-directory -j2 B=$(B)/static SMALL=1 \
		CC='$(STATIC_CC)' \
		OPT='$(STATIC_FLAGS) -isystem $(STATIC_LIBS)/include' \
		LDFLAGS='$(STATIC_FLAGS) $(STATIC_LINK)' \
		LDLIBS='-Wl,--start-group $(STATIC_LIBS)/lib/*.a -Wl,--end-group' \
		$(B)/static/nftoffc
	@tests/golden/run $(B)/static
	@tests/cli/run $(B)/static
	@size=$$(stat -c %s $(B)/static/nftoffc); \
	echo "$(B)/static/nftoffc: $$size bytes of $(STATIC_MAX)"; \
	[ $$size -le $(STATIC_MAX) ]

## deb: Debian's packages, nftoffc and nftoffc-dkms, in $(B)/deb
.PHONY: deb
deb:
	@$(MAKE) --no-print-directory deps DEPS='$(DEPS_BUILD) $(DEPS_DEB)'
	@packaging/build-deb $(B)/deb

## kmod: the kernel module, for the running kernel or the header tree KDIR
.PHONY: kmod
kmod:
	@$(MAKE) --no-print-directory -C kmod

## clean: removes what was built (not the virtual machine's cache)
.PHONY: clean
clean:
	rm -rf $(B)/compiler $(B)/runtime $(B)/tests $(B)/kmod $(B)/asan $(B)/clang \
		$(B)/fuzz $(B)/nftoffc

## help: this list
.PHONY: help
help:
	@echo "make              builds $(B)/nftoffc"
	@sed -n 's/^## \(\([a-z-]*\):\)\{0,1\} *\(.*\)/\2\t\3/p' Makefile | \
		while IFS=$$'\t' read -r t d; do \
			printf '%-17s %s\n' "$${t:+make $$t}" "$$d"; done

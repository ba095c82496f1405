# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # build, netns: lib.sh's
#
# What the tests of the kernel module share, beside lib.sh: the modules, and the
# router's questions to nftoffc.ko.

modules=$build/kmod/$(uname -r)
asks=$build/tests/module

# need_module NAME [PARAMETER=VALUE...]: built for this kernel, and loaded.
need_module()
{
	[ -e "$modules/$1.ko" ] || skip "no $1.ko for $(uname -r)"
	modprobe -qa nf_conntrack nf_tables nf_flow_table nf_flow_table_inet ||
		skip "no flowtables"
	insmod "$modules/$1.ko" "${@:2}" ||
		fail "$1.ko: $(dmesg | tail -n 3)"
}

# module WORD...: as tests/tools/module.c has it, in the router's namespace.
module()
{
	in_ns router "$asks" "$@"
}

# module_error WORD...: what the module refused it with; "none" if it did not.
module_error()
{
	local said

	said=$(in_ns router "$asks" "$@" 2>/dev/null) || :
	case $said in
	error*)	echo "$said" | cut -d' ' -f2 ;;
	*)	echo none ;;
	esac
}

# info KEY: one of the module's counts.
info()
{
	module info | sed -n "s/^$1=//p"
}

# One socket for several commands: session opens it, tell sends a line and
# prints the answer, hang_up closes it.
session()
{
	local end

	coproc talk { in_ns router "$asks" session; }
	# Copies: bash closes its own in subshells.
	exec {talk_in}>&"${talk[1]}" {talk_out}<&"${talk[0]}"
	end=${talk[1]}
	exec {end}>&-
	talk_pid=$talk_PID
}

tell()
{
	local line

	echo "$*" >&"$talk_in"
	while read -r line <&"$talk_out"; do
		case $line in
		ok)	return ;;
		error*)	echo "$line"; return ;;
		esac
		echo "$line"
	done
}

hang_up()
{
	exec {talk_in}>&- {talk_out}<&-
	wait "$talk_pid" || :
}

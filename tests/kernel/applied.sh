# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of `nftoffc apply` share, beside lib.sh: two policies that
# differ in about everything, and the question which of them runs.
#
# What must stay true: both work on a kernel without flowtables.

# shellcheck disable=SC2154 # lib.sh
program=$build/nftoffc
# shellcheck disable=SC2154
state=$scratch/state
[ -x "$program" ] || fail "$program is not built"

# What the policies need: loaded one by one they take seconds.
modprobe -qa nf_conntrack nf_conntrack_netlink nft_ct nft_limit nft_log \
	nft_reject_inet nft_fib_inet nft_masq nft_nat || :

# The kept set stays through a change; the lost one, and the log's chain, goes.
write_policies()
{
	cat >"$scratch/a.yaml" <<-'END'
	policy: a
	zones:
	  lan: { devices: [lan0, lan1] }
	  wan: { devices: [wan0] }
	sets:
	  admins: { type: address, elements: [192.0.2.0/28, "2001:db8::/64"] }
	  kept:   { type: address, timeout: 1h }
	  lost:   { type: address, timeout: 1h }
	default: { input: drop, forward: drop, output: accept }
	rules:
	  - accept: { from: lan, to: wan }
	  - accept: { from: lan, to: router, service: ssh, source: "@admins", log: new }
	  - drop:   { from: wan, to: any, source: "@lost" }
	  - drop:   { from: wan, to: any, source: "@kept" }
	  - accept: { from: any, to: router, icmp: echo-request, limit: 10/second }
	END
	cat >"$scratch/b.yaml" <<-'END'
	policy: b
	zones:
	  lan: { devices: [lan0] }
	  dmz: { devices: [lan1] }
	  wan: { devices: [wan0], masquerade: true }
	sets:
	  kept: { type: address, timeout: 1h }
	default: { input: drop, forward: drop, output: accept }
	rules:
	  - accept: { from: lan, to: [wan, dmz] }
	  - drop:   { from: wan, to: any, source: "@kept" }
	  - accept: { from: lan, to: router, service: dns }
	END
}

# apply NAME [OPTION...]: of policies a and b; its output is in $scratch/out.
apply()
{
	local name=$1

	shift
	in_ns router "$program" apply --state "$state" "$@" \
		"$scratch/$name.yaml" >"$scratch/out" 2>&1
}

# expect STATUS COMMAND...
expect()
{
	local expected=$1 status=0

	shift
	"$@" || status=$?
	[ "$status" -eq "$expected" ] ||
		fail "status $status, not $expected, of: $*: $(cat "$scratch/out")"
}

# said TEXT: the last apply said so.
said()
{
	grep -qF -e "$1" "$scratch/out" ||
		fail "it did not say '$1': $(cat "$scratch/out")"
}

# The record in the kernel; nothing if there is none.
record()
{
	{ nft_in router list chain inet nftoffc applied 2>/dev/null || :; } |
		sed -n 's/.*comment "\(.*\)"/\1/p'
}

# Which policy runs: "a", "b" or nothing.
running()
{
	record | awk '{ print $2 }'
}

# listing ROLE: the table without what moves by itself.  Sets stand in the
# order in which they came to be, and elements in their hashes' order: neither
# is ours.  So chains are a line each, elements too, and all are sorted.
listing()
{
	{ nft_in "$1" -s list table inet nftoffc 2>/dev/null || :; } |
		awk -v RS= '
		{ sub(/\n}$/, "") }
		$1 ~ /^(set|map)$/ {
			name = $1 " " $2
			gsub(/elements = \{|[\n\t,{}]+ */, "\n")
			n = split($0, line, "\n")
			for (i = 1; i <= n; i++) {
				gsub(/^ +| +$/, "", line[i])
				if (line[i] != "")
					print name ": " line[i]
			}
			next
		}
		{ gsub(/\n/, "\001"); print }' | sort
}

# The same for the same policy, whatever epoch it runs in.
ageless()
{
	sed -E 's/epoch [0-9]+//; s/0x[0-9a-f]{2}(ffffff|000000)/MARK/g
		s/ct mark & MARK \| MARK/ct mark | MARK/'
}

# same WHAT EXPECTED FOUND: two listings; the difference is printed.
same()
{
	[ "$2" = "$3" ] || fail "$1 differs:
$(diff <(tr '\001' '\n' <<<"$2") <(tr '\001' '\n' <<<"$3") || :)"
}

# The kernel's generation.
genid()
{
	in_ns router "$program" status --state "$state" --json |
		jq .ruleset_generation
}

# The same, as the current generation has it.
stored_record()
{
	grep -aom1 'policy [^ ]* digest [ -~]*' "$state/current/container"
}

# Kernel and state directory speak of the same policy, and nothing is left over.
agree()
{
	local n

	equal "record in kernel and state" "$(record)" "$(stored_record)"
	n=$(find "$state/generations" -mindepth 1 -maxdepth 1 | wc -l)
	between "generations kept" 1 10 "$n"
	[ ! -L "$state/next" ] || fail "a link is left over"
}

# calls_of_apply NAME: the system calls of an apply from when it opens the state
# directory, a line each: its name, and how many of its name there were by then.
calls_of_apply()
{
	in_ns router strace -f -qq -o "$scratch/trace" "$program" apply \
		--state "$state" "$scratch/$1.yaml" >"$scratch/out" 2>&1 ||
		fail "$(cat "$scratch/out")"
	awk -v state="$state" '
		{ sub(/^[0-9]+ +/, "") }
		!/^[a-z]/ || /^exit/ { next }
		{
			name = $0
			sub(/\(.*/, "", name)
			n[name]++
			if (name != "execve" && index($0, "\"" state "\""))
				begun = 1
			if (begun)
				print name, n[name]
		}' "$scratch/trace"
}

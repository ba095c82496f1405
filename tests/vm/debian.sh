# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # kernel, suites: the caller's
# shellcheck disable=SC2086 # suites are words
#
# Gets packages of a given Debian: the kernel's for the scripts here, and what
# packaging/static asks for.
#
# What must stay true: apt has lists, cache and sources of its own, so that the
# suite decides the version, whatever the host runs; the host's lists stay as
# they are, and no privilege is needed.  The caller has set $kernel (6.1, 6.12),
# or $suites (ARCHIVE/SUITE ...), and $types if deb-src is to be among them, and
# works in a directory that is its own.

readonly mirror=${NFTOFFC_VM_MIRROR:-http://deb.debian.org}

private_apt()
{
	local command=$1

	shift
	"$command" -q -o Dir::Etc::sourcelist="$PWD/apt/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$PWD/apt/state" -o Dir::Cache="$PWD/apt/cache" \
		-o Dir::State::status=/dev/null -o APT::Sandbox::User= \
		-o APT::Architecture=amd64 -o Debug::NoLocking=true "$@"
}

apt_sources()
{
	local key=/usr/share/keyrings/debian-archive-keyring.gpg suite type

	case ${kernel-} in
	6.1)	set -- debian/bookworm debian-security/bookworm-security ;;
	6.12)	set -- debian/bookworm-backports ;;
	*)	set -- $suites ;;
	esac
	for suite; do
		for type in ${types-deb}; do
			printf '%s [signed-by=%s] %s/%s %s main\n' "$type" \
				"$key" "$mirror" "${suite%/*}" "${suite#*/}"
		done
	done
}

# apt_depends PACKAGE PREFIX: the package of that prefix that it stands for.
apt_depends()
{
	private_apt apt-cache depends "$1" |
		sed -n "s/^ *Depends: \\($2[0-9].*\\)\$/\\1/p"
}

apt_begin()
{
	mkdir -p apt/state/lists/partial apt/cache/archives/partial
	apt_sources >apt/sources.list
	private_apt apt-get update >&2
}

# apt_fetch PACKAGE [PREFIX]: downloads it, or what it depends on of that
# prefix, into the current directory.
apt_fetch()
{
	local package=$1

	[ -d apt ] || apt_begin || return
	[ $# -eq 1 ] || package=$(apt_depends "$1" "$2")
	[ -n "$package" ] || return
	private_apt apt-get download "$package" >&2
}

# apt_source PACKAGE: downloads its source into the current directory.
apt_source()
{
	[ -d apt ] || apt_begin || return
	private_apt apt-get source --download-only "$1" >&2
}

# SPDX-License-Identifier: GPL-2.0-only
#
# A stand-in for OpenWrt's rules.mk: what a package's Makefile may count on
# before it says anything. The names are those of OpenWrt's.
INCLUDE_DIR := $(TOPDIR)/include
BUILD_DIR := $(OUTPUT)/build
LINUX_DIR := $(OUTPUT)/linux
TARGET_CC := $(CC)
TARGET_CFLAGS := -O2
TARGET_CPPFLAGS :=
TARGET_LDFLAGS :=
PKG_JOBS := -j2
KERNEL_MAKE_FLAGS := ARCH=x86
CONFIG_PACKAGE_kmod-nftoffc := y
CP := cp -fpR
INSTALL_DIR := install -d -m0755
INSTALL_BIN := install -m0755
INSTALL_DATA := install -m0644
INSTALL_CONF := install -m0600

# SPDX-License-Identifier: GPL-2.0-only
#
# A stand-in for OpenWrt's kernel.mk. KernelPackage lists the module's files,
# which Build/Compile must have made.
AutoProbe = probe:$(1)

define KernelPackage
$(eval $(call KernelPackage/$(1)))
.PHONY: kmod-$(1)
kmod-$(1): compile
	@echo "kmod-$(1): $(strip $(DEPENDS)): $(strip $(AUTOLOAD))"
	@ls $(strip $(FILES)) | sed 's,.*/,,'
all: kmod-$(1)
endef

# SPDX-License-Identifier: GPL-2.0-only
#
# A stand-in for OpenWrt's package.mk: BuildPackage prepares, configures and
# compiles, and installs into $(OUTPUT)/root.
PKG_BUILD_DIR ?= $(BUILD_DIR)/$(PKG_NAME)-$(PKG_VERSION)

.PHONY: all compile
all:
compile:
	$(call Build/Prepare)
	$(call Build/Configure)
	$(call Build/Compile)

define BuildPackage
$(eval $(call Package/$(1)))
.PHONY: $(1)
$(1): compile
	@echo "$(1) $(PKG_VERSION)-$(PKG_RELEASE): $(SECTION)/$(CATEGORY): $(strip $(DEPENDS))"
	$$(call Package/$(1)/install,$(OUTPUT)/root)
all: $(1)
endef

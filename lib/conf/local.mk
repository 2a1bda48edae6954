# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += lib/conf/libconf.la
lib_conf_libconf_la_SOURCES = \
	%D%/conf.c %D%/conf_private.h \
	%D%/conf_read.c \
	%D%/toml.c %D%/toml.h %D%/toml_shim.h

# The only C++: it is loaded when there is TOML to read.
pkglib_LTLIBRARIES += lib/conf/flux-toml.la
lib_conf_flux_toml_la_SOURCES = %D%/toml_shim.cpp %D%/toml_shim.h
lib_conf_flux_toml_la_CPPFLAGS = $(AM_CPPFLAGS) $(TOMLPLUSPLUS_CFLAGS)
lib_conf_flux_toml_la_CXXFLAGS = $(AM_CXXFLAGS) -std=c++17
lib_conf_flux_toml_la_LDFLAGS = -module -avoid-version -shared
lib_conf_flux_toml_la_LIBADD = $(TOMLPLUSPLUS_LIBS) $(JANSSON_LIBS)
dist_man_MANS += %D%/flux-config.5

# SPDX-License-Identifier: LGPL-2.1-or-later
# For programs that load plugins: the job shell, and whoever else has callbacks to offer.
noinst_LTLIBRARIES += lib/plugin/libplugin.la
lib_plugin_libplugin_la_SOURCES = \
	%D%/plugin.c %D%/arg.c
lib_plugin_libplugin_la_LIBADD = lib/util/libutil.la $(JANSSON_LIBS)

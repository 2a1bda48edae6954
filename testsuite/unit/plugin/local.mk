# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/plugin/test_plugin
TESTS += testsuite/unit/plugin/test_plugin
testsuite_unit_plugin_test_plugin_SOURCES = %D%/test_plugin.c
testsuite_unit_plugin_test_plugin_LDADD = lib/plugin/libplugin.la $(UNIT_LIBS)

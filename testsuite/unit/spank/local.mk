# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/spank/test_settings
TESTS += testsuite/unit/spank/test_settings
testsuite_unit_spank_test_settings_SOURCES = %D%/test_settings.c
testsuite_unit_spank_test_settings_LDADD = spank/libspankcore.la lib/util/libutil.la $(UNIT_LIBS)

# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/conf/test_conf
TESTS += testsuite/unit/conf/test_conf
testsuite_unit_conf_test_conf_SOURCES = %D%/test_conf.c
testsuite_unit_conf_test_conf_CPPFLAGS = $(AM_CPPFLAGS) -DTOML_DIR=\"$(abs_top_builddir)/lib/conf/.libs\"
testsuite_unit_conf_test_conf_LDADD = lib/conf/libconf.la lib/job/libjob.la $(UNIT_LIBS)

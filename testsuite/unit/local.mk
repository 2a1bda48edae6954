# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests (cmocka). Each is one program, and lies under the path of what it tests.
EXTRA_DIST += %D%/cmocka.h
UNIT_LIBS = $(CMOCKA_LIBS)

include testsuite/unit/util/local.mk
include testsuite/unit/set/local.mk
include testsuite/unit/codec/local.mk
include testsuite/unit/conf/local.mk
include testsuite/unit/job/local.mk
include testsuite/unit/graph/local.mk
include testsuite/unit/client/local.mk
include testsuite/unit/overlay/local.mk
include testsuite/unit/bootstrap/local.mk
include testsuite/unit/plugin/local.mk
include testsuite/unit/tasks/local.mk
include testsuite/unit/pmi/local.mk
include testsuite/unit/shell/local.mk
include testsuite/unit/broker/local.mk
include testsuite/unit/service/local.mk
include testsuite/unit/cmd/local.mk
include testsuite/unit/spank/local.mk
include testsuite/unit/wrappers/local.mk
include testsuite/unit/select/local.mk

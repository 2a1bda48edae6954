# SPDX-License-Identifier: GPL-2.0-or-later
# The broker's services: one file or one folder each, all in one convenience library.
noinst_LTLIBRARIES += shell/service/libservice.la
shell_service_libservice_la_SOURCES =
shell_service_libservice_la_CPPFLAGS = $(AM_CPPFLAGS) $(LMDB_CFLAGS) $(HWLOC_CFLAGS)

include shell/service/kvs/local.mk
include shell/service/job_manager/local.mk
include shell/service/job_exec/local.mk

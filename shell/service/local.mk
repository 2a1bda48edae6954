# SPDX-License-Identifier: GPL-2.0-or-later
# The broker's services: one file or one folder each, all in one convenience library.
noinst_LTLIBRARIES += shell/service/libservice.la
shell_service_libservice_la_SOURCES = %D%/services.c %D%/services.h %D%/kvsconf.c %D%/kvsconf.h %D%/startlog.c %D%/startlog.h
shell_service_libservice_la_CPPFLAGS = $(AM_CPPFLAGS) $(HWLOC_CFLAGS)

include shell/service/kvs/local.mk
include shell/service/resource/local.mk
include shell/service/sched/local.mk
include shell/service/job_manager/local.mk
include shell/service/job_exec/local.mk
include shell/service/job_info/local.mk
include shell/service/job_list/local.mk
include shell/service/rexec/local.mk
include shell/service/step/local.mk
include shell/service/module/local.mk
include shell/service/group/local.mk
include shell/service/uplink/local.mk

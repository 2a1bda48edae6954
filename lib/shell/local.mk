# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += lib/shell/libshell.la lib/shell/libspawnpkt.la lib/shell/libioencode.la
lib_shell_libioencode_la_SOURCES = %D%/ioencode.c %D%/ioencode.h
lib_shell_libshell_la_LIBADD = lib/archive/libfilearchive.la lib/shell/libioencode.la lib/tasks/libgroupframe.la
lib_shell_libspawnpkt_la_SOURCES = %D%/spawnpkt.c %D%/spawnpkt.h
lib_shell_libshell_la_SOURCES = \
	%D%/affinity.c %D%/affinity.h \
	%D%/collect.c \
	%D%/cputopo.c %D%/cputopo.h \
	%D%/distribute.c %D%/distribute.h %D%/slots.c %D%/slots.h \
	%D%/envlist.c %D%/envlist.h \
	%D%/exits.c \
	%D%/helper.c %D%/helper.h \
	%D%/hwlocxml.c \
	%D%/info.c %D%/info.h \
	%D%/input.c %D%/input.h \
	%D%/joblog.c %D%/joblog.h \
	%D%/jobfiles.c %D%/jobfiles.h \
	%D%/jobtmp.c %D%/jobtmp.h \
	%D%/launch.c \
	%D%/link.c %D%/link.h \
	%D%/maphosts.c %D%/maphosts.h \
	%D%/methods.c \
	%D%/mustache.c %D%/mustache.h \
	%D%/options.c \
	%D%/outconf.c %D%/outconf.h \
	%D%/outfile.c %D%/outfile.h \
	%D%/output.c %D%/output.h %D%/output_private.h \
	%D%/output_log.c \
	%D%/output_open.c \
	%D%/peers.c %D%/peers.h %D%/peers_private.h \
	%D%/plugapi.c \
	%D%/plugstack.c %D%/plugstack.h \
	%D%/proctable.c %D%/proctable.h \
	%D%/proctree.c %D%/proctree.h \
	%D%/request.c %D%/request.h \
	%D%/rlimits.c %D%/rlimits.h \
	%D%/shell.c %D%/shell.h \
	%D%/signals.c \
	%D%/stagein.c %D%/stagein.h \
	%D%/stay.c \
	%D%/sysmon.c %D%/sysmon.h \
	%D%/start.h \
	%D%/task.c %D%/task.h \
	%D%/taskpmi.c %D%/taskpmi.h \
	%D%/taskpty.c %D%/taskpty.h %D%/taskpty_private.h %D%/taskpty_client.c

# SPDX-License-Identifier: GPL-2.0-or-later
# Broker modules: what others add to a broker at run time.
shell_service_libservice_la_SOURCES += \
	%D%/modinfo.c %D%/modinfo.h \
	%D%/modconf.c %D%/modconf.h \
	%D%/modrun.c %D%/modrun.h \
	%D%/module.c %D%/module.h \
	%D%/modtrace.c %D%/modtrace.h \
	%D%/modules.c %D%/modules.h %D%/modules_private.h %D%/modules_query.c \
	%D%/module_private.h %D%/module_link.c %D%/module_run.c

# A module as a process of its own. Modules find the library's functions in the program.
libexec_programs += shell/service/module/flux-module-exec
shell_service_module_flux_module_exec_SOURCES = %D%/exec_main.c \
	%D%/modrun.c %D%/modrun.h
shell_service_module_flux_module_exec_CPPFLAGS = $(AM_CPPFLAGS)
shell_service_module_flux_module_exec_LDFLAGS = $(module_host_flags)
shell_service_module_flux_module_exec_LDADD = lib/libwhole.la $(JANSSON_LIBS) $(EV_LIBS) -lm

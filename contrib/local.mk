# SPDX-License-Identifier: GPL-2.0-or-later
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = %D%/completions/flux

# Examples. They are built for `make check`, whose tests load them, and not installed.
EXTRA_DIST += %D%/shell-plugins/task-report.c
check_LTLIBRARIES += contrib/shell-plugins/task-report.la
contrib_shell_plugins_task_report_la_SOURCES = %D%/shell-plugins/task-report.c
contrib_shell_plugins_task_report_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
EXTRA_DIST += %D%/quickstart

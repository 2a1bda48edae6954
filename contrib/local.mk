# SPDX-License-Identifier: GPL-2.0-or-later
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = %D%/completions/flux

# Examples. They are built for `make check`, whose tests load them, and not installed.
EXTRA_DIST += %D%/shell-plugins/task-report.c
check_LTLIBRARIES += contrib/shell-plugins/task-report.la
contrib_shell_plugins_task_report_la_SOURCES = %D%/shell-plugins/task-report.c
contrib_shell_plugins_task_report_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
EXTRA_DIST += %D%/jobtap-plugins/site-policy.c
check_LTLIBRARIES += contrib/jobtap-plugins/site-policy.la
contrib_jobtap_plugins_site_policy_la_SOURCES = %D%/jobtap-plugins/site-policy.c
contrib_jobtap_plugins_site_policy_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
EXTRA_DIST += %D%/quickstart %D%/graph.conf.example

# Slurm's commands for scripts in an instance: one program under four names, and srun, in a folder of
# their own. srun is a small program without a library, see wrappers/quick.h.
libexec_programs += contrib/wrappers/flux-slurm-wrap
QUICK_FILES = \
	%D%/wrappers/quick.c \
	%D%/wrappers/quick_run.c \
	%D%/wrappers/quick_spec.c \
	lib/job/jsonbuf.c lib/util/base64.c lib/util/buf.c lib/util/utf8.c
QUICK_DEPS = %D%/wrappers/quick.h lib/job/jsonbuf.h lib/util/base64.h lib/util/buf.h lib/util/utf8.h
EXTRA_DIST += %D%/wrappers/quick.c %D%/wrappers/quick.h %D%/wrappers/quick_run.c %D%/wrappers/quick_spec.c
libexec_extra += contrib/wrappers/flux-slurm-srun
CLEANFILES += contrib/wrappers/flux-slurm-srun
contrib/wrappers/flux-slurm-srun: $(QUICK_FILES) $(QUICK_DEPS) | contrib/wrappers/flux-slurm-wrap
	$(AM_V_CCLD)cd $(top_srcdir) && $(QUICK_CC) -std=gnu11 -O2 -Wall -Wextra $(WERROR) -I. \
		-o $(abs_top_builddir)/$@ $(QUICK_FILES) $(QUICK_LDFLAGS)
contrib_wrappers_flux_slurm_wrap_SOURCES = \
	%D%/wrappers/main.c %D%/wrappers/all.c \
	%D%/wrappers/array.c %D%/wrappers/array.h \
	%D%/wrappers/convert.c \
	%D%/wrappers/job_opts.c \
	%D%/wrappers/sbatch.c \
	%D%/wrappers/squeue.c \
	%D%/wrappers/srun.c \
	%D%/wrappers/wrap.h
contrib_wrappers_flux_slurm_wrap_LDADD = $(FLUX_CMD_LIBS)
dist_man_MANS += %D%/wrappers/flux-wrappers.1
WRAPPERS = sbatch salloc squeue scancel
all-local: contrib/wrappers/srun
contrib/wrappers/srun: contrib/wrappers/flux-slurm-srun | contrib/wrappers/flux-slurm-wrap
	$(AM_V_GEN)for f in $(WRAPPERS); do ln -sf flux-slurm-wrap contrib/wrappers/$$f; done
	$(AM_V_at)ln -sf flux-slurm-srun contrib/wrappers/srun
CLEANFILES += $(WRAPPERS:%=contrib/wrappers/%) contrib/wrappers/srun
install-exec-hook:
	$(MKDIR_P) $(DESTDIR)$(pkglibexecdir)/wrappers
	for f in $(WRAPPERS); do ln -sf ../flux-slurm-wrap $(DESTDIR)$(pkglibexecdir)/wrappers/$$f; done
	ln -sf ../flux-slurm-srun $(DESTDIR)$(pkglibexecdir)/wrappers/srun
uninstall-hook:
	rm -rf $(DESTDIR)$(pkglibexecdir)/wrappers
EXTRA_DIST += %D%/modules/hello.c
check_LTLIBRARIES += contrib/modules/hello.la
contrib_modules_hello_la_SOURCES = %D%/modules/hello.c
contrib_modules_hello_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
EXTRA_DIST += %D%/modules/sched-ranks.c
check_LTLIBRARIES += contrib/modules/sched-ranks.la
contrib_modules_sched_ranks_la_SOURCES = %D%/modules/sched-ranks.c
contrib_modules_sched_ranks_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
contrib_modules_sched_ranks_la_LIBADD = $(JANSSON_LIBS)

# Tasks that exchange messages, see flux-tasks(7).
TASKS_EXAMPLES = contrib/examples/sum contrib/examples/farm contrib/examples/feed \
	contrib/examples/stream
check_PROGRAMS += $(TASKS_EXAMPLES)
EXTRA_DIST += $(TASKS_EXAMPLES:%=%.c)
contrib_examples_sum_SOURCES = %D%/examples/sum.c
contrib_examples_sum_LDADD = lib/tasks/libflux-tasks.la
contrib_examples_sum_LDFLAGS = -no-install
contrib_examples_farm_SOURCES = %D%/examples/farm.c
contrib_examples_farm_LDADD = lib/tasks/libflux-tasks.la
contrib_examples_farm_LDFLAGS = -no-install
contrib_examples_feed_SOURCES = %D%/examples/feed.c
contrib_examples_feed_LDADD = lib/tasks/libflux-tasks.la
contrib_examples_feed_LDFLAGS = -no-install
contrib_examples_stream_SOURCES = %D%/examples/stream.c
contrib_examples_stream_LDADD = lib/tasks/libflux-tasks.la
contrib_examples_stream_LDFLAGS = -no-install

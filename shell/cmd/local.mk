# SPDX-License-Identifier: GPL-2.0-or-later
# The `flux` command. Everything but main() is in libcmd.la, so that unit tests can link it.
noinst_LTLIBRARIES += shell/cmd/libcmd.la
shell_cmd_libcmd_la_SOURCES = \
	%D%/cmd.h %D%/args.c %D%/help.c %D%/run_verb.c \
	%D%/fmt.c %D%/fmt.h %D%/fmt_internal.h %D%/fmt_value.c \
	%D%/verbs.c %D%/verbs.h \
	%D%/helpverb.c \
	%D%/version.c

bin_PROGRAMS += shell/cmd/flux
shell_cmd_flux_SOURCES = %D%/main.c
shell_cmd_flux_LDADD = shell/cmd/libcmd.la lib/util/libutil.la $(JANSSON_LIBS)

# Man pages: the prose is in flux-VERB.1.in, synopsis and options come from the tables.
flux_man_in = \
	%D%/flux-help.1.in \
	%D%/flux-version.1.in
EXTRA_DIST += $(flux_man_in)
nodist_man_MANS = $(flux_man_in:.1.in=.1)
CLEANFILES += $(nodist_man_MANS)
SUFFIXES = .1.in .1
.1.in.1:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./shell/cmd/flux --man=$< >$@.tmp && mv $@.tmp $@
$(nodist_man_MANS): shell/cmd/flux$(EXEEXT)

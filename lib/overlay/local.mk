# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs that link it add $(ZMQ_LIBS) $(EV_LIBS) $(MUNGE_LIBS) $(JANSSON_LIBS).
dist_man_MANS += %D%/flux-security.7
noinst_LTLIBRARIES += lib/overlay/liboverlay.la
lib_overlay_liboverlay_la_CPPFLAGS = $(AM_CPPFLAGS) $(ZMQ_CFLAGS)
lib_overlay_liboverlay_la_SOURCES = \
	%D%/overlay.c %D%/overlay.h %D%/private.h %D%/limits.h \
	%D%/admit.c %D%/health.c %D%/join.c \
	%D%/children.c %D%/children_bind.c %D%/children_io.c \
	%D%/parent.c %D%/parent_api.c %D%/parent_io.c \
	%D%/heal.c %D%/heal.h \
	%D%/hello.c %D%/hello.h \
	%D%/ifaddr.c \
	%D%/presence.c \
	%D%/outq.c %D%/outq.h \
	%D%/probe.c %D%/probe.h \
	%D%/prover.c %D%/prover.h \
	%D%/reach.c %D%/reach.h \
	%D%/replay.c %D%/replay.h \
	%D%/topology.c %D%/topology.h \
	%D%/wire.c %D%/wire.h \
	%D%/zap.c \
	%D%/zloop.c %D%/zloop.h

# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += lib/overlay/liboverlay.la
lib_overlay_liboverlay_la_SOURCES = \
	%D%/overlay.h \
	%D%/topology.c %D%/topology.h

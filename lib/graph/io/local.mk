# SPDX-License-Identifier: LGPL-2.1-or-later
# Readers and writers beside the matcher: it knows no format, they know all.
noinst_LTLIBRARIES += lib/graph/io/libgraphio.la
lib_graph_io_libgraphio_la_SOURCES = \
	%D%/allow.c %D%/allow.h \
	%D%/constraint.c %D%/constraint.h \
	%D%/join_slots.c %D%/units.c \
	%D%/jobspec.c %D%/jobspec_text.c %D%/jobspec.h \
	%D%/write.c %D%/write.h %D%/write_priv.h %D%/write_jgf.c %D%/write_rlite.c \
	%D%/find.c %D%/find.h \
	%D%/load.h %D%/load_jgf.c %D%/load_jgf_text.c %D%/load_rv1.c %D%/load_rv1_items.c %D%/rv1_priv.h %D%/topo.c %D%/topo.h %D%/load_grug.c %D%/xml.c %D%/xml.h

# YAML apart: who reads only JSON does not load libyaml.
noinst_LTLIBRARIES += lib/graph/io/libgraphyaml.la
lib_graph_io_libgraphyaml_la_SOURCES = %D%/yaml.c %D%/yaml.h
lib_graph_io_libgraphyaml_la_CFLAGS = $(AM_CFLAGS) $(YAML_CFLAGS)

# The same for programs that may have to read YAML and start fast: they load it then.
pkglib_LTLIBRARIES += lib/graph/io/flux-yaml.la
lib_graph_io_flux_yaml_la_SOURCES =
lib_graph_io_flux_yaml_la_LDFLAGS = -module -avoid-version -shared
lib_graph_io_flux_yaml_la_LIBADD = lib/graph/io/libgraphyaml.la lib/util/libutil.la $(YAML_LIBS) $(JANSSON_LIBS)

# hwloc apart: it is heavy, and only tools read its XML.
noinst_LTLIBRARIES += lib/graph/io/libgraphhwloc.la
lib_graph_io_libgraphhwloc_la_SOURCES = %D%/load_hwloc.c %D%/load_hwloc.h
lib_graph_io_libgraphhwloc_la_CFLAGS = $(AM_CFLAGS) $(HWLOC_CFLAGS)

dist_man_MANS += %D%/flux-jgf.5

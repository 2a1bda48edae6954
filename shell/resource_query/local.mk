# SPDX-License-Identifier: GPL-2.0-or-later
# The matcher on the command line.
libexec_programs += shell/resource_query/flux-resource-query
shell_resource_query_flux_resource_query_SOURCES = \
	%D%/main.c %D%/request.c \
	%D%/command.c %D%/command.h %D%/command_match.c %D%/command_book.c %D%/command_graph.c \
	%D%/graph_out.c %D%/query.h
shell_resource_query_flux_resource_query_LDADD = lib/graph/io/libgraphhwloc.la lib/graph/io/libgraphio.la \
	lib/graph/io/libgraphyaml.la \
	lib/graph/libgraph.la \
	lib/job/libjob.la lib/util/libutil.la $(HWLOC_LIBS) $(YAML_LIBS) $(JANSSON_LIBS) -lm

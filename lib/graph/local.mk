# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LTLIBRARIES += lib/graph/libgraph.la
lib_graph_libgraph_la_SOURCES = \
	%D%/types.h %D%/names.c \
	%D%/graph.h %D%/graph_priv.h %D%/graph.c %D%/graph_build.c %D%/graph_tree.c %D%/graph_layout.c %D%/tree_priv.h \
	%D%/graph_extra.c %D%/graph_state.c %D%/graph_find.c %D%/graph_remove.c %D%/graph_property.c %D%/graph_check.c \
	%D%/recipe.h %D%/recipe.c \
	%D%/request.h %D%/request_priv.h %D%/request.c %D%/constraint.c \
	%D%/result.h %D%/result.c \
	%D%/planner.h %D%/planner.c \
	%D%/policy.h %D%/policy_priv.h %D%/policy.c \
	%D%/policy/first.c %D%/policy/firstnodex.c %D%/policy/high.c %D%/policy/low.c \
	%D%/policy/hinode.c %D%/policy/lonode.c %D%/policy/hinodex.c %D%/policy/lonodex.c \
	%D%/policy/locality.c %D%/policy/variation.c %D%/policy/pack.c %D%/policy/spread.c \
	%D%/policy/bestfit.c %D%/policy/power.c %D%/policy/nearest.c \
	%D%/match.h %D%/match_priv.h %D%/match.c %D%/match_book.c %D%/match_look.c \
	%D%/match_time.c %D%/match_fast.c \
	%D%/index.h %D%/index.c %D%/index_make.c %D%/fast_type.c %D%/fast_slot.c %D%/fast_scored.c \
	%D%/compile.c %D%/groups.c %D%/walk.c %D%/explore.c %D%/walk_priv.h %D%/slots.c %D%/flexible.c %D%/collect.c \
	%D%/weights.c %D%/prune.c %D%/jobs.c
lib_graph_libgraph_la_LIBADD = lib/util/libutil.la -lm

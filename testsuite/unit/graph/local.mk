# SPDX-License-Identifier: GPL-2.0-or-later
GRAPH_TEST_LIBS = lib/graph/libgraph.la lib/util/libutil.la $(UNIT_LIBS) -lm

check_PROGRAMS += testsuite/unit/graph/test_graph testsuite/unit/graph/test_match
TESTS += testsuite/unit/graph/test_graph testsuite/unit/graph/test_match
testsuite_unit_graph_test_graph_SOURCES = %D%/test_graph.c
testsuite_unit_graph_test_graph_LDADD = $(GRAPH_TEST_LIBS)
testsuite_unit_graph_test_match_SOURCES = %D%/test_match.c %D%/request_text.c %D%/request_text.h
testsuite_unit_graph_test_match_LDADD = $(GRAPH_TEST_LIBS)

check_PROGRAMS += testsuite/unit/graph/test_policy
TESTS += testsuite/unit/graph/test_policy
testsuite_unit_graph_test_policy_SOURCES = %D%/test_policy.c %D%/request_text.c %D%/request_text.h
testsuite_unit_graph_test_policy_LDADD = $(GRAPH_TEST_LIBS)

# Random sequences against the reference.
check_PROGRAMS += testsuite/unit/graph/test_random
TESTS += testsuite/unit/graph/test_random
testsuite_unit_graph_test_random_SOURCES = %D%/test_random.c %D%/random_graph.c %D%/random_steps.c \
	%D%/random.h %D%/reference.c %D%/reference_choice.c %D%/reference_count.c %D%/reference.h \
	%D%/reference_priv.h %D%/request_text.c %D%/request_text.h
testsuite_unit_graph_test_random_LDADD = $(GRAPH_TEST_LIBS)

# The same with AddressSanitizer and UndefinedBehaviorSanitizer, fewer of them.
if HAVE_SANITIZERS
check_PROGRAMS += testsuite/unit/graph/test_random_sanitized
TESTS += testsuite/unit/graph/test_random_sanitized
testsuite_unit_graph_test_random_sanitized_SOURCES = $(testsuite_unit_graph_test_random_SOURCES) \
	$(lib_graph_libgraph_la_SOURCES) lib/util/errprintf.c
testsuite_unit_graph_test_random_sanitized_CFLAGS = $(AM_CFLAGS) -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
testsuite_unit_graph_test_random_sanitized_LDADD = -lm
endif

check_PROGRAMS += testsuite/unit/graph/test_io
TESTS += testsuite/unit/graph/test_io
testsuite_unit_graph_test_io_SOURCES = %D%/test_io.c %D%/dump.c %D%/dump.h \
	%D%/request_text.c %D%/request_text.h
testsuite_unit_graph_test_io_LDADD = $(GRAPH_IO_TEST_LIBS)
GRAPH_IO_TEST_LIBS = lib/graph/io/libgraphio.la lib/graph/io/libgraphyaml.la \
	lib/job/libjob.la $(GRAPH_TEST_LIBS) $(YAML_LIBS) $(JANSSON_LIBS)

check_PROGRAMS += testsuite/unit/graph/test_hwloc
TESTS += testsuite/unit/graph/test_hwloc
testsuite_unit_graph_test_hwloc_SOURCES = %D%/test_hwloc.c
testsuite_unit_graph_test_hwloc_CFLAGS = $(AM_CFLAGS) $(HWLOC_CFLAGS)
testsuite_unit_graph_test_hwloc_LDADD = lib/graph/io/libgraphhwloc.la $(GRAPH_TEST_LIBS) $(HWLOC_LIBS)

check_PROGRAMS += testsuite/unit/graph/test_alloc
TESTS += testsuite/unit/graph/test_alloc
testsuite_unit_graph_test_alloc_SOURCES = %D%/test_alloc.c %D%/request_text.c %D%/request_text.h
testsuite_unit_graph_test_alloc_LDADD = $(GRAPH_TEST_LIBS)
testsuite_unit_graph_test_alloc_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc

# What is refused, with which words, and that nothing has changed.
check_PROGRAMS += testsuite/unit/graph/test_bad
TESTS += testsuite/unit/graph/test_bad
testsuite_unit_graph_test_bad_SOURCES = %D%/test_bad.c %D%/dump.c %D%/dump.h \
	%D%/request_text.c %D%/request_text.h
testsuite_unit_graph_test_bad_LDADD = $(GRAPH_IO_TEST_LIBS)

# What jobspecs may say, line by line.
check_PROGRAMS += testsuite/unit/graph/test_jobspec
TESTS += testsuite/unit/graph/test_jobspec
testsuite_unit_graph_test_jobspec_SOURCES = %D%/test_jobspec.c
testsuite_unit_graph_test_jobspec_LDADD = $(GRAPH_IO_TEST_LIBS)

# SPDX-License-Identifier: GPL-2.0-or-later
CMD_LIBS = $(FLUX_CMD_LIBS) $(UNIT_LIBS)

check_PROGRAMS += testsuite/unit/cmd/test_args
TESTS += testsuite/unit/cmd/test_args
testsuite_unit_cmd_test_args_SOURCES = %D%/test_args.c
testsuite_unit_cmd_test_args_LDADD = $(CMD_LIBS)

check_PROGRAMS += testsuite/unit/cmd/test_fmt
TESTS += testsuite/unit/cmd/test_fmt
testsuite_unit_cmd_test_fmt_SOURCES = %D%/test_fmt.c
testsuite_unit_cmd_test_fmt_LDADD = $(CMD_LIBS)

check_PROGRAMS += testsuite/unit/cmd/test_subst
TESTS += testsuite/unit/cmd/test_subst
testsuite_unit_cmd_test_subst_SOURCES = %D%/test_subst.c
testsuite_unit_cmd_test_subst_LDADD = $(CMD_LIBS)

check_PROGRAMS += testsuite/unit/cmd/test_envrules
TESTS += testsuite/unit/cmd/test_envrules
testsuite_unit_cmd_test_envrules_SOURCES = %D%/test_envrules.c
testsuite_unit_cmd_test_envrules_LDADD = $(CMD_LIBS)

check_PROGRAMS += testsuite/unit/cmd/test_directives
TESTS += testsuite/unit/cmd/test_directives
testsuite_unit_cmd_test_directives_SOURCES = %D%/test_directives.c
testsuite_unit_cmd_test_directives_LDADD = $(CMD_LIBS)

check_PROGRAMS += testsuite/unit/cmd/test_jobinfo
TESTS += testsuite/unit/cmd/test_jobinfo
testsuite_unit_cmd_test_jobinfo_SOURCES = %D%/test_jobinfo.c
testsuite_unit_cmd_test_jobinfo_LDADD = $(CMD_LIBS)

check_PROGRAMS += testsuite/unit/cmd/test_tree_plan
TESTS += testsuite/unit/cmd/test_tree_plan
testsuite_unit_cmd_test_tree_plan_SOURCES = %D%/test_tree_plan.c
testsuite_unit_cmd_test_tree_plan_LDADD = $(CMD_LIBS)

check_PROGRAMS += testsuite/unit/cmd/test_graph_slurm
TESTS += testsuite/unit/cmd/test_graph_slurm
testsuite_unit_cmd_test_graph_slurm_SOURCES = %D%/test_graph_slurm.c
testsuite_unit_cmd_test_graph_slurm_LDADD = $(CMD_LIBS)

check_PROGRAMS += testsuite/unit/cmd/test_follow
TESTS += testsuite/unit/cmd/test_follow
testsuite_unit_cmd_test_follow_SOURCES = %D%/test_follow.c
testsuite_unit_cmd_test_follow_LDADD = $(CMD_LIBS)

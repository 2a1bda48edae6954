#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The harness itself: a case that should fail does, and what it started is gone after.
. "$(dirname "$0")/lib.sh"

# inner BODY: run a test file of its own with this body
inner ()
{
    mkdir -p inner
    cp "$T_DIR/lib.sh" inner/lib.sh
    printf '. "$(dirname "$0")/lib.sh"\n%s\ntest_done\n' "$1" >inner/0-inner.sh
    TMPDIR=$PWD/inner bash inner/0-inner.sh
}

test_case 'a case passes, sees functions of the file, and runs in the temporary folder' <<'END'
[ "$PWD" = "$T_TMP" ]
declare -F inner
END

test_case 'a failing command in the middle fails the case' <<'END'
out=$(inner 'test_case x <<<"false; true"') && exit 1
expect_match '^not ok 1 - x' "$out"
expect_match 'exit 1: false' "$out"
END

test_case 'a failing part of a pipe and an unset variable fail the case' <<'END'
expect_exit 1 inner 'test_case x <<<"false | true"'
expect_exit 1 inner 'test_case x <<<": \$nosuch"'
END

test_case 'a case is ended by its time limit, with its children' <<'END'
out=$(inner 'test_case -t 1 x <<<"sleep 4711; true"') && exit 1
expect_match 'took more than 1 s' "$out"
expect_fail pgrep -f '^sleep 4711'
END

test_case 'at_end runs last first, after failure too, and the folder goes' <<'END'
out=$(inner 'at_end echo one ">>$T_DIR/log"; at_end echo two ">>$T_DIR/log"; test_case x <<<false') && exit 1
expect_equal "two one" "$(xargs <inner/log)"
expect_equal "" "$(find inner -name 't-*')"
END

test_case 'expectations say no' <<'END'
expect_fail expect_exit 0 false
expect_fail expect_fail true
expect_fail expect_fail nosuch-program
expect_fail expect_equal a b
expect_fail expect_match b a
expect_fail expect_no_match a a
expect_fail expect_output a echo b
expect_fail wait_until 1 false
END

test_case 'a skipped case and a skipped file' <<'END'
out=$(inner 'skip_case x "not here" <<<false')
expect_match '^ok 1 - x # SKIP not here' "$out"
out=$(inner 'case_if false "no" -- -t 5 y <<<false; case_if true "no" -- z <<<true')
expect_match '^ok 1 - y # SKIP no' "$out"
expect_match '^ok 2 - z' "$out"
expect_output '1..0 # SKIP why' inner 'skip_all why'
END

test_done

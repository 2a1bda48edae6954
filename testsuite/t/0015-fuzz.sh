#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Each fuzz target is built with libFuzzer and both sanitizers, and looks for something for a moment,
# always for the same.
# (`make check` replays their corpora, and `make fuzz` lets them look for long.)

. "$(dirname "$0")/lib.sh"

command -v clang >/dev/null || skip_all "no clang"
echo 'int LLVMFuzzerTestOneInput (const char *p, long n) { return 0; }' >none.c
clang -fsanitize=fuzzer,address,undefined none.c -o none 2>/dev/null || skip_all "clang has no libFuzzer"

test_case -t 600 'a short run of each' <<'END'
nice make -j2 -s -C "$top_builddir" fuzz FUZZ_RUNS=3000 FUZZ_SECONDS=4 FUZZ_SEED=1 >out 2>&1 || { tail -n 40 out; exit 1; }
expect_equal "$(ls "$top_srcdir"/testsuite/fuzz/fuzz_*.c | wc -l)" "$(grep -c '^Done [1-9][0-9]* runs' out)"
END

test_done

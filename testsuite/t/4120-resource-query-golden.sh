#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux resource-query against golden files: each case of testsuite/data/resource-query/cases is a
# file of commands, whose first line has the options, and what they must write. With GOLDEN=write in
# the environment what they write now is put there.

. "$(dirname "$0")/lib.sh"

data=$top_srcdir/testsuite/data/resource-query

# run CASE: from the folder of the data, to ./out
run ()
{
    local options out=$PWD/out
    options=$(sed -n '1s/^# options: //p' "$data/cases/$1.cmds")
    (cd "$data" && eval "flux resource-query -d -t '$out' $options" <"cases/$1.cmds") >said 2>err
}

for file in "$data"/cases/*.cmds; do
    name=$(basename "$file" .cmds)
    test_case "$name" <<END
run $name
[ "\${GOLDEN:-}" != write ] || cp out "$data/cases/$name.out"
cmp out "$data/cases/$name.out" || { diff out "$data/cases/$name.out" | head -20; false; }
END
done

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# contrib/docs/policies.md: what it says that policies choose is what they choose, and its pictures
# are there.

. "$(dirname "$0")/lib.sh"

docs=$top_srcdir/contrib/docs

test_case 'each policy chooses what the page says' <<'END'
FLUX=$top_builddir/shell/cmd/flux "$docs/pictures/make" --list >got
cat >want <<'EOF'
nodes-low: node0 node3 node4
nodes-high: node8 node10 node11
nodes-locality: node7 node10 node11
nodes-pack: node8 node10 node11
nodes-spread: node0 node4 node8
nodes-nearest: node0 node4 node7
cores-first: node10/core1 node11/core0 node11/core1
cores-low: node0/core0 node3/core0 node4/core0
cores-high: node0/core1 node3/core1 node4/core1
cores-lonode: node0/core0 node0/core1 node2/core1
cores-hinode: node10/core1 node11/core0 node11/core1
cores-bestfit: node0/core0 node2/core1 node6/core1
EOF
expect_same_file want got
# the page names the nodes where it names them all
while IFS=: read -r picture names; do
    text=$(grep -F "(pictures/$picture.svg)" "$docs/policies.md")
    case $picture in
    nodes-low | nodes-high | nodes-locality)
        expect_equal "$(xargs <<<"$names")" "$(grep -o 'node[0-9][0-9]*' <<<"$text" | sort -V | xargs)" ;;
    esac
done <got
END

test_case 'its pictures are there, and of what is chosen' <<'END'
for file in $(grep -o 'pictures/[a-z-]*\.svg' "$docs/policies.md" | sort -u); do
    [ -s "$docs/$file" ] || { echo "$file is missing"; exit 1; }
done
# green: three whole nodes of two cores, or three cores
for file in "$docs"/pictures/nodes-*.svg; do
    expect_equal "$file 9" "$file $(grep -c '58b368' "$file")"
done
for file in "$docs"/pictures/cores-*.svg; do
    expect_equal "$file 3" "$file $(grep -c '58b368' "$file")"
done
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What is made of the tables of options: --help, man pages, completion.

. "$(dirname "$0")/lib.sh"

verbs ()
{
    flux --help | sed -n 's/^   \([a-z]*\) .*/\1/p' | grep -v '^broker$'
}

test_case 'every verb has --help of at most 80 columns, and a man page' <<'END'
[ $(verbs | wc -l) -gt 30 ]
for verb in $(verbs); do
    flux $verb --help >help || { echo "flux $verb --help"; exit 1; }
    head -n1 help | grep -q "^Usage: flux $verb" || { cat help; exit 1; }
    awk -v v=$verb 'length ($0) > 80 { print v ": " $0; bad = 1 } END { exit bad }' help
    [ -f "$top_srcdir/shell/cmd/flux-$verb.1.in" ] || { echo "flux-$verb has no man page"; exit 1; }
done
END

test_case 'man pages: every option is in, groff has nothing to say' <<'END'
for verb in submit jobs job resource; do
    flux --man="$top_srcdir/shell/cmd/flux-$verb.1.in" >page
    expect_in_file "^\.SH NAME" page
    if command -v groff >/dev/null; then
        groff -man -ww -z page 2>warnings
        [ ! -s warnings ] || { cat warnings; exit 1; }
    fi
done
flux --man="$top_srcdir/shell/cmd/flux-jobs.1.in" | sed 's/\\//g' >page
for opt in $(flux jobs --help | grep -o -- '--[a-z-]*' | sort -u | grep -v -- --help); do
    grep -q -- "fB$opt" page || { echo "$opt is not in the man page"; exit 1; }
done
printf '@OPTIONS nosuchverb@\n' >bad.in
expect_exit 1 flux --man=bad.in
END

test_case 'flux help' <<'END'
flux help >out
expect_in_file '^   submit ' out
flux help --plain submit >out
expect_in_file 'Usage: flux submit' out
expect_exit 1 flux help nosuch 2>err
expect_equal "flux: no help on" "$(sed 's/-help//; s/ `.*//' err)"
expect_exit 1 flux nosuch 2>err
expect_equal "flux: \`nosuch' is not a flux command (see \`flux help\`)" "$(cat err)"
expect_exit 1 flux job nosuch 2>err
expect_equal "flux-job: unknown command: nosuch (see \`flux job --help\`)" "$(cat err)"
END

test_case 'programs on FLUX_EXEC_PATH are commands too' <<'END'
mkdir bin; printf '#!/bin/sh\necho "mine: $*"\n' >bin/flux-mine; chmod +x bin/flux-mine
expect_output 'mine: a -b' env FLUX_EXEC_PATH=$PWD/bin flux mine a -b
END

test_case 'completion in bash' <<'END'
. "$top_srcdir/contrib/completions/flux"
words () { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); compopt () { :; }; _flux; echo "${COMPREPLY[*]}"; }
expect_equal 'submit' "$(words flux subm)"
expect_equal '--ntasks=' "$(words flux submit --nt)"
expect_equal 'eventlog' "$(words flux job eventl)"
expect_match '--stats --stats-only' "$(words flux jobs --stats)"
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Attributes that steer the log, and the commands around the initial program.

. "$(dirname "$0")/lib.sh"

test_case 'the manual page has every attribute, and no other' <<'END'
sed -n '/known_attrs\[\] = {/,/^};/s/^ *{"\([^"]*\)",.*/\1/p' "$top_srcdir/shell/broker/attr.c" | sort >known
sed -n 's/^\.BR* //p' "$top_srcdir/shell/broker/flux-broker-attributes.7" |
    sed 's/\\-/-/g; s/(r)\|(t)\|[",]//g' | tr ' ' '\n' | grep -E '^[a-z]' |
    grep -vE '^flux|^spank' | sort >paged
grep -vE '^(vendor|test|test-nr|test-ro|test-im)\.\*$' known >wanted
diff wanted paged >&2
END

test_case 'flux-environment(7) has every variable, and no other' <<'END'
cd "$top_srcdir"
grep -rhoE '"(FLUX|GRAPH)_[A-Z0-9_]+' lib shell spank contrib/wrappers --include=*.c |
    grep -vE '_$|"FLUX_(JOB|TASK|TEST.*|OPT.*)$|"FLUX_BOOTSTRAP_|"GRAPH_(POLICY|REQUEST)$' | tr -d '"' | sort -u >"$T_TMP/used"
grep -oE '\b(FLUX|GRAPH)_[A-Z0-9_]+' shell/cmd/flux-environment.7 | grep -v '^FLUX_BOOTSTRAP_' | sort -u >"$T_TMP/paged"
diff "$T_TMP/used" "$T_TMP/paged" >&2
END

test_case 'levels: what the ring keeps, what goes to rank 0, to stderr and to a file' <<'END'
cat >run.sh <<'EOF'
flux logger -s err zero-err
flux logger -s warning zero-warning
flux exec -r 1 flux logger -s err one-err
flux exec -r 1 flux logger -s warning one-warning
flux exec -r 1 flux logger -s info one-info
wait_until 5 expect_in_file one-warning log
flux exec -r 1 flux dmesg >ring1
EOF
flux start -s2 -Slog-filename=log -Slog-forward-level=4 -Slog-level=5 bash -eEu run.sh 2>err
expect_in_file zero-warning log
expect_in_file one-err log
expect_no_match one-info "$(cat log ring1)"
expect_in_file one-warning ring1
expect_in_file 'err\[0\]: zero-err' err
expect_in_file 'err\[1\]: one-err' err
expect_no_match 'warning' "$(cat err)"
END

test_case 'stderr of each broker, or of none' <<'END'
flux start -s2 -Slog-stderr-mode=local -Slog-forward-level=-1 flux exec -r 1 flux logger -s err mine 2>err
expect_output 1 grep -c 'err\[1\]: mine' err
flux start -Slog-stderr-level=-1 -Slog-critical-level=-1 flux logger -s emerg quiet 2>err
expect_no_match quiet "$(cat err)"
END

test_case 'what was not set has its default; what may change does, to what it may be' <<'END'
cat >run.sh <<'EOF'
expect_output 30s flux getattr tbon.torpid_max
expect_output 7 flux getattr log-level
expect_output 2 flux getattr broker.quorum
flux lsattr | grep -q '^log-ring-size$'
flux setattr log-stderr-level 5
expect_output 5 flux getattr log-stderr-level
expect_exit 1 flux setattr log-stderr-level 8 2>err
expect_in_file '^flux-setattr: log-stderr-level: 8 is not' err
expect_output 5 flux getattr log-stderr-level
expect_exit 1 flux setattr log-level 5
expect_exit 1 flux setattr nosuch.attr 5
flux setattr test-nr.a x
expect_exit 1 flux setattr test-nr.a y
flux setattr --force test-nr.a y
expect_output y flux getattr test-nr.a
EOF
flux start -s2 bash -eEu run.sh
expect_output 40s flux start -s2 -Stbon.torpid_max=40s flux getattr tbon.torpid_max
END

test_case 'bad values are refused by name' <<'END'
for a in log-level=x log-stderr-level=8 log-stderr-mode=none log-filename=/nowhere/x log-ring-size=-1; do
    expect_exit 1 flux start -S$a true 2>err
    expect_in_file "${a%%=*}" err
done
END

test_case 'rc1 comes before the program on all ranks, rc3 after it' <<'END'
flux start -s3 -Sbroker.rc1_path='sleep 0.$(flux getattr rank); echo rc1' -Sbroker.rc3_path='echo rc3' \
    sh -c 'echo program; exit 7' >out || test $? -eq 7
expect_output 'rc1 rc1 rc1 program rc3 rc3 rc3' paste -sd' ' out
END

test_case 'the instance does not start when rc1 fails' <<'END'
expect_exit 1 flux start -s2 -Sbroker.rc1_path='test $(flux getattr rank) -eq 0' touch ran 2>err
expect_in_file 'rank 1: broker.rc1_path failed' err
expect_in_file 'rank 1 ended before the instance had started' err
test ! -e ran
expect_output '' flux start -Sbroker.rc1_path= true
END

test_case 'where the brokers are' <<'END'
expect_output '[[0,1,4,1]]' flux start -s4 flux getattr broker.mapping
expect_output '[[0,1,1,1],[1,1,2,1],[0,1,1,1]]' flux start -s4 --test-hosts=a,b,b,a flux getattr broker.mapping
expect_output wire-up flux start -s2 flux getattr broker.boot-method
expect_output single flux start flux getattr broker.boot-method
expect_output 0 flux start flux getattr broker.critical-ranks
expect_fail flux start -Sbroker.critical-ranks=0-1 true 2>err
expect_in_file "invalid value for broker.critical-ranks='0-1'" err
END

test_done

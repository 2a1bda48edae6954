#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What is installed, under which names, and that it works from there.
. "$(dirname "$0")/lib.sh"

install_to () # DESTDIR MAKE-ARGS...
{
    local dest=$1
    shift
    make -s -C "$top_builddir" install DESTDIR="$dest" "$@" >make.log 2>&1 || { tail make.log; return 1; }
}
var () { sed -n "s/^$1 = //p" "$top_builddir/Makefile" | head -n 1; }
prefix=$(var prefix)

test_case -t 300 'programs, library, headers, plugin, man pages and completion' <<'END'
install_to "$PWD/inst"
cd "inst/$prefix"
for f in bin/flux libexec/slurm-flux/flux-broker libexec/slurm-flux/flux-shell lib/libflux-slurm.so \
    lib/pkgconfig/flux-slurm.pc lib/slurm-wlm/spank_flux.so include/flux/core.h \
    share/man/man1/flux-submit.1 share/man/man8/spank_flux.8 \
    share/bash-completion/completions/flux; do
    [ -e "$f" ] || { echo "$f was not installed"; exit 1; }
done
END

test_case 'an instance of installed programs' <<'END'
export FLUX_EXEC_PATH=$PWD/inst/$prefix/libexec/slurm-flux
expect_equal 2 "$("inst/$prefix/bin/flux" start --test-size=2 "inst/$prefix/bin/flux" getattr size)"
END

test_case -t 300 'with a program prefix flux has another name, also for jobs that are instances' <<'END'
install_to "$PWD/pre" program_transform_name='s,^,sf-,'
bin=$PWD/pre/$prefix/bin
[ -x "$bin/sf-flux" ] && [ ! -e "$bin/flux" ]
export FLUX_EXEC_PATH=$PWD/pre/$prefix/libexec/slurm-flux
[ -x "$FLUX_EXEC_PATH/flux-broker" ]
PATH=$bin:/usr/bin:/bin
expect_equal 1 "$(sf-flux start sf-flux alloc -n1 sf-flux getattr instance-level)"
END

test_case 'a program can be built with pkg-config' <<'END'
cat >prog.c <<'C'
#include <flux/core.h>
#include <stdio.h>
int main (void)
{
    uint32_t size;
    flux_t *h = flux_open (NULL, 0);
    if (!h || flux_get_size (h, &size) < 0)
        return 1;
    printf ("%u\n", size);
    flux_close (h);
    return 0;
}
C
export PKG_CONFIG_PATH=$PWD/inst/$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$PWD/inst
gcc -Wall -Werror prog.c -o prog $(pkg-config --cflags --libs flux-slurm)
export LD_LIBRARY_PATH=$PWD/inst/$prefix/lib
expect_equal 3 "$(flux start --test-size=3 ./prog)"
END

test_case 'tasks that exchange messages are built with pkg-config, too' <<'END'
export PKG_CONFIG_PATH=$PWD/inst/$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$PWD/inst
# the example of the man page as well as that of contrib
sed -n '/^#include <stdio.h>/,/^\.EE/p' "$top_srcdir/lib/tasks/flux-tasks.7" |
    sed '/^\.EE/d; s/\\e/\\/g' >page.c
for src in page.c "$top_srcdir/contrib/examples/sum.c"; do
    gcc -Wall -Werror $src -o sum $(pkg-config --cflags --libs flux-tasks)
    LD_LIBRARY_PATH=$PWD/inst/$prefix/lib flux start -s2 flux run -N2 -n2 ./sum >out
    grep '^sum of squares of 2 ranks: 1$\|^rank 1 of 2: the sum of all ranks is 1$' out
done
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# libflux-slurm.so as a user's program sees it.

. "$(dirname "$0")/lib.sh"

CC=${CC:-gcc}
CFLAGS="-Wall -Wextra -Werror -I$top_srcdir/lib/include"
LIBDIR=$top_builddir/lib/.libs

test_case 'each header stands alone, in C and C++' <<'END'
for h in "$top_srcdir"/lib/include/flux/*.h; do
    printf '#include <flux/%s>\n#include <flux/%s>\n' "${h##*/}" "${h##*/}" >h.c
    $CC $CFLAGS -fsyntax-only h.c
    $CC $CFLAGS -x c++ -fsyntax-only h.c
done
END

test_case 'each header is installed' <<'END'
for h in "$top_srcdir"/lib/include/flux/*.h; do
    expect_in_file "/flux/${h##*/}" "$top_srcdir/lib/include/local.mk"
done
END

test_case 'what is exported has the names of Flux, and is in a header' <<'END'
nm -D --defined-only "$LIBDIR/libflux-slurm.so" | awk '$2 ~ /[TDBR]/ { print $3 }' >names
[ "$(wc -l <names)" -gt 300 ]
while read -r name; do
    expect_match '^(flux|idset|hostlist|taskmap)_' "$name"
    grep -qw "$name" "$top_srcdir"/lib/include/flux/*.h
done <names
END

test_case 'a program links it and talks to an instance' <<'END'
cat >prog.c <<'EOC'
#include <stdio.h>
#include <flux/core.h>

static void on_pong (flux_future_t *f, void *arg)
{
    const char *s;

    if (flux_rpc_get (f, &s) == 0)
        printf ("pong %d\n", ++*(int *)arg);
    flux_future_destroy (f);
}

int main (void)
{
    flux_t *h = flux_open (NULL, 0);
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    uint32_t size;
    int count = 0;
    const char *val;

    if (!h || flux_get_size (h, &size) < 0)
        return 1;
    printf ("size %u\n", size);
    flux_kvs_txn_put (txn, 0, "lib.test", "value");
    flux_future_t *f = flux_kvs_commit (h, NULL, 0, txn);
    if (flux_future_get (f, NULL) < 0)
        return 1;
    flux_future_destroy (f);
    flux_kvs_txn_destroy (txn);
    f = flux_kvs_lookup (h, NULL, 0, "lib.test");
    if (flux_kvs_lookup_get (f, &val) < 0)
        return 1;
    printf ("%s\n", val);
    flux_future_destroy (f);
    for (uint32_t rank = 0; rank < size; rank++)
        flux_future_then (flux_rpc (h, "broker.ping", "{}", rank, 0), -1., on_pong, &count);
    if (flux_reactor_run (flux_get_reactor (h), 0) < 0)
        return 1;
    flux_close (h);
    return 0;
}
EOC
$CC $CFLAGS prog.c -o prog -L"$LIBDIR" -lflux-slurm
LD_LIBRARY_PATH=$LIBDIR flux start -s3 ./prog >out
printf 'size 3\nvalue\npong 1\npong 2\npong 3\n' >want
diff want out
END

test_case 'flux-slurm.pc is whole' <<'END'
! grep -q @ "$top_builddir/lib/flux-slurm.pc"
if command -v pkg-config >/dev/null; then
    expect_match '-lflux-slurm' "$(PKG_CONFIG_PATH=$top_builddir/lib pkg-config --libs flux-slurm)"
fi
END

test_done

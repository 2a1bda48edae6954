#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Secret keys and tokens stay in the memory of those who use them: a library that is loaded before all
# others notes each that is made, and then it is looked for wherever somebody could read it.

. "$(dirname "$0")/lib.sh"

[ -x "$top_builddir/shell/broker/flux-broker" ] || skip_all "flux-broker is not built"
CC=${CC:-gcc}

# Notes CURVE keys as they are written and as bytes, and draws of 32 random bytes, which tokens are.
$CC -shared -fPIC -o "$T_TMP/note.so" -ldl -xc - <<'EOC'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
static void note (const char *kind, const uint8_t *p, size_t n)
{
    char line[256];
    int len = sprintf (line, "%s ", kind), fd = getenv ("NOTES") ? open (getenv ("NOTES"), O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    for (size_t i = 0; i < n; i++)
        len += sprintf (line + len, "%02x", p[i]);
    line[len++] = '\n';
    if (fd >= 0 && write (fd, line, len) == len)
        close (fd);
}
int zmq_curve_keypair (char *public_key, char *secret_key)
{
    int (*f) (char *, char *) = dlsym (RTLD_NEXT, "zmq_curve_keypair");
    uint8_t *(*decode) (uint8_t *, const char *) = dlsym (RTLD_NEXT, "zmq_z85_decode");
    uint8_t bytes[32];
    int rc = f (public_key, secret_key);
    note ("curve", (uint8_t *)secret_key, 40);
    if (decode (bytes, secret_key))
        note ("curve", bytes, 32);
    return rc;
}
ssize_t getrandom (void *buf, size_t n, unsigned int flags)
{
    ssize_t (*f) (void *, size_t, unsigned int) = dlsym (RTLD_NEXT, "getrandom");
    ssize_t rc = f (buf, n, flags);
    if (n == 32 && rc == 32)
        note ("random", buf, 32);
    return rc;
}
EOC

# look NOTES FILE...: says which files have a secret in them, as bytes, or as hexadecimal digits
$CC -o "$T_TMP/look" -xc - <<'EOC'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main (int argc, char *argv[])
{
    static char line[256], data[64 << 20];
    char hex[128];
    int found = 0, n;
    for (int i = 2; i < argc; i++) {
        FILE *f = fopen (argv[i], "r"), *notes = fopen (argv[1], "r");
        size_t size = f ? fread (data, 1, sizeof (data), f) : 0;
        while (fgets (line, sizeof (line), notes) && sscanf (line, "%*s %127[0-9a-f]", hex) == 1) {
            unsigned char bytes[64];
            for (n = 0; hex[2 * n]; n++)
                sscanf (hex + 2 * n, "%2hhx", &bytes[n]);
            if (memmem (data, size, bytes, n) || memmem (data, size, hex, 2 * n)) {
                printf ("%s has %s", argv[i], line);
                found = 1;
            }
        }
        if (f)
            fclose (f);
        fclose (notes);
    }
    return found;
}
EOC

cat >collect.sh <<'EOF'
# In the instance: copies of what can be read about its processes, and of what it tells.
dir=$1
mkdir -p "$dir"
for p in $(pgrep -f "$T_TMP" || true) $$ $PPID; do
    cat "/proc/$p/cmdline" >"$dir/cmdline.$p" 2>/dev/null || true
    cat "/proc/$p/environ" >"$dir/environ.$p" 2>/dev/null || true
done
env >"$dir/env"
flux dmesg >"$dir/dmesg"
flux lsattr -v >"$dir/attrs"
flux config get >"$dir/config"
flux dump -q "$dir/dump.tar"
flux overlay status >"$dir/status"
flux run printenv >"$dir/task" 2>&1
EOF

# no_secret KIND N: that many of this kind at least were made, and none of any kind is to be found
no_secret ()
{
    [ "$(grep -c "$1" notes)" -ge "$2" ]
    find rd state tmp collected -type f >files
    [ "$(wc -l <files)" -gt 10 ]
    xargs "$T_TMP/look" notes <files >found || { cat found; return 1; }
    sed -n '1s/.* /x/p' notes >collected/planted # one that is to be found
    ! "$T_TMP/look" notes collected/planted >/dev/null
    rm collected/planted
}

start ()
{
    rm -rf rd state tmp collected notes
    mkdir -m 700 rd tmp
    : >notes
    mkdir state
    LD_PRELOAD=$T_TMP/note.so NOTES=$PWD/notes TMPDIR=$PWD/tmp \
        timeout -k 5 50 flux start --test-rundir="$PWD/rd" -Sstatedir="$PWD/state" "$@"
}

test_case 'brokers of one host, over TCP: keys, the token; one that rejoins' <<'END'
cat >inside.sh <<'EOF'
. ./collect.sh collected/first
kill -9 "$(broker_pid 2)"
flux overlay status --wait=degraded --timeout=20 >/dev/null
flux overlay rejoin --force 2 &
flux overlay status --wait=full --timeout=20 >/dev/null
. ./collect.sh collected/again
EOF
start --test-size=3 -Stbon.prefertcp=1 bash -eu inside.sh
no_secret curve 8
no_secret random 1
END

test_case 'an instance in an instance: nothing goes through the KVS of the outer one' <<'END'
cat >inside.sh <<'EOF'
flux alloc -N2 bash -eu -c '. ./collect.sh collected/inner'
. ./collect.sh collected/outer
EOF
start --test-size=2 bash -eu inside.sh
no_secret random 2
END

case_if '[ "$(id -u)" = 0 ]' 'needs root to be a user' -- 'the memory of a broker is closed to the other processes of its user' <<'END'
mkdir bin home
cp "$top_builddir"/shell/cmd/flux "$top_builddir"/shell/broker/flux-broker "$top_builddir"/shell/job/flux-shell bin
chown 60001 home
chmod 755 .
cat >home/inside.sh <<'EOF'
pid=$(flux getattr broker.pid)
stat -c %u "/proc/$pid/environ" /proc/self/environ
! head -c 1 "/proc/$pid/environ" 2>/dev/null
! head -c 1 "/proc/$pid/mem" 2>/dev/null
EOF
setpriv --reuid=60001 --regid=60001 --clear-groups env HOME=/ PATH="$PWD/bin:$PATH" FLUX_EXEC_PATH="$PWD/bin" \
    timeout -k 5 30 flux start bash -eu home/inside.sh >out
expect_equal '0 60001' "$(head -n 2 out | xargs)"
END

test_done

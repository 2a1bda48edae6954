/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* replay_NAME: runs one fuzz target over corpus/NAME. No compiler support is needed. */

#include <dirent.h>

#include "lib/util/fdutil.h"
#include "testsuite/fuzz/fuzz.h"

int main (int argc, char *argv[])
{
    const char *top = getenv ("top_srcdir"), *name = strstr (argv[0], "replay_");
    char dir[512], path[1024];
    int n = 0;

    if (!name)
        return 99;
    name += strlen ("replay_");
    snprintf (dir, sizeof (dir), "%s/testsuite/fuzz/corpus/%s", top ? top : ".", name);
    DIR *d = opendir (dir);
    if (!d) {
        perror (dir);
        return 99;
    }
    for (struct dirent *e; (e = readdir (d));) {
        char *data;
        snprintf (path, sizeof (path), "%s/%s", dir, e->d_name);
        ssize_t len = e->d_name[0] == '.' ? -1 : file_read_all (path, 1 << 24, &data);
        if (len < 0)
            continue;
        LLVMFuzzerTestOneInput ((const uint8_t *)data, len);
        free (data);
        n++;
    }
    closedir (d);
    printf ("%s: %d inputs\n", name, n);
    return n > 0 ? 0 : 1;
}

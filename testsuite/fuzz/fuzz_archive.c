/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Archives (RFC 37), as they are in a jobspec: whatever they name, nothing is made or changed
 * beside the folder that they are unpacked to. A link in it points out of it. */

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "lib/archive/extract.h"
#include "lib/util/removetree.h"
#include "testsuite/fuzz/fuzz.h"

static int count_entries (const char *path)
{
    DIR *d = opendir (path);
    int n = 0;

    MUST (d);
    while (readdir (d))
        n++;
    closedir (d);
    return n - 2;
}

static void extract (json_t *o, const char *top, bool overwrite)
{
    struct archive_extract x = {.what = "archive", .overwrite = overwrite};
    char in[64], out[64], path[80];
    flux_error_t error;

    snprintf (in, sizeof (in), "%s/in", top);
    snprintf (out, sizeof (out), "%s/out", top);
    snprintf (path, sizeof (path), "%s/l", in);
    MUST (mkdir (in, 0700) == 0 && mkdir (out, 0500) == 0 && symlink ("../out", path) == 0);
    (void)archive_extract (&x, o, in, &error);
    struct stat st;
    MUST (count_entries (top) == 2 && count_entries (out) == 0);
    MUST (stat (out, &st) == 0 && (st.st_mode & 07777) == 0500);
    remove_tree (in);
    rmdir (out);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char top[32];
    json_t *o = json_loadb ((const char *)data, size, 0, NULL);

    strcpy (top, access ("/dev/shm", W_OK) == 0 ? "/dev/shm/fuzz-XXXXXX" : "/tmp/fuzz-XXXXXX");
    if (o) {
        MUST (mkdtemp (top));
        extract (o, top, size % 2);
        remove_tree (top);
    }
    json_decref (o);
    return 0;
}

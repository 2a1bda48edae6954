/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* replay_NAME: runs one fuzz target over corpus/NAME, and then over variations of it: bytes
 * changed, pieces left out, doubled or taken from another input. The same ones each time. No
 * compiler support is needed. */

#include <dirent.h>

#include "lib/util/fdutil.h"
#include "testsuite/fuzz/fuzz.h"

enum { VARIATIONS = 40000, INPUTS_MAX = 4096, SIZE_MAX_VARIED = 4096 };

struct input {
    char *data;
    size_t len;
};

struct corpus {
    struct input in[INPUTS_MAX];
    size_t count;
    uint64_t random;
};

static int by_content (const void *a, const void *b)
{
    const struct input *x = a, *y = b;
    int c = memcmp (x->data, y->data, x->len < y->len ? x->len : y->len);
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

/* In an order that does not depend on the folder's. */
static int load (struct corpus *c, const char *dir)
{
    DIR *d = opendir (dir);
    char path[1024];

    if (!d) {
        perror (dir);
        return -1;
    }
    for (struct dirent *e; (e = readdir (d)) && c->count < INPUTS_MAX;) {
        struct input *in = &c->in[c->count];
        snprintf (path, sizeof (path), "%s/%s", dir, e->d_name);
        ssize_t len = e->d_name[0] == '.' ? -1 : file_read_all (path, 1 << 24, &in->data);
        in->len = len < 0 ? 0 : len;
        c->count += len >= 0;
    }
    closedir (d);
    qsort (c->in, c->count, sizeof (c->in[0]), by_content);
    return 0;
}

static size_t below (struct corpus *c, size_t n)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 7;
    c->random ^= c->random << 17;
    return n ? c->random % n : 0;
}

static void change_bytes (struct corpus *c, char *p, size_t len)
{
    static const char special[] = "\0\xff\x7f\x80{}[]\",:.-0919eE \n/+\\";

    for (size_t n = 1 + below (c, 4); n > 0 && len > 0; n--) {
        size_t at = below (c, len);
        p[at] = below (c, 2) ? special[below (c, sizeof (special) - 1)] : (char)below (c, 256);
    }
}

static size_t cut_out (struct corpus *c, char *p, size_t len)
{
    size_t at = below (c, len), n = below (c, len - at) / (1 + below (c, 8));

    memmove (p + at, p + at + n, len - at - n);
    return len - n;
}

/* Insert a piece of some input. */
static size_t put_in (struct corpus *c, char *p, size_t len)
{
    const struct input *in = &c->in[below (c, c->count)];
    size_t at = below (c, len + 1), from = below (c, in->len), n = below (c, in->len - from);

    if (n > SIZE_MAX_VARIED - len)
        n = SIZE_MAX_VARIED - len;
    memmove (p + at + n, p + at, len - at);
    memcpy (p + at, in->data + from, n);
    return len + n;
}

static void vary (struct corpus *c)
{
    const struct input *in = &c->in[below (c, c->count)];
    char p[SIZE_MAX_VARIED];
    size_t len = in->len < sizeof (p) ? in->len : sizeof (p);

    memcpy (p, in->data, len);
    for (size_t n = 1 + below (c, 3); n > 0; n--) {
        switch (below (c, 4)) {
        case 0:
            len = len ? cut_out (c, p, len) : 0;
            break;
        case 1:
            len = put_in (c, p, len);
            break;
        default:
            change_bytes (c, p, len);
        }
    }
    uint8_t *exact = malloc (len + !len); // so that a memory checker sees its end
    MUST (exact);
    memcpy (exact, p, len);
    LLVMFuzzerTestOneInput (exact, len);
    free (exact);
}

int main (int argc, char *argv[])
{
    const char *top = getenv ("top_srcdir"), *name = strstr (argv[0], "replay_");
    struct corpus *c = calloc (1, sizeof (*c));
    char dir[512];

    if (!name || !c)
        return 99;
    name += strlen ("replay_");
    snprintf (dir, sizeof (dir), "%s/testsuite/fuzz/corpus/%s", top ? top : ".", name);
    c->random = 88172645463325252ull;
    if (load (c, dir) < 0)
        return 99;
    for (size_t i = 0; i < c->count; i++)
        LLVMFuzzerTestOneInput ((const uint8_t *)c->in[i].data, c->in[i].len);
    for (int i = 0; i < VARIATIONS && c->count > 0; i++)
        vary (c);
    printf ("%s: %zu inputs\n", name, c->count);
    int rc = c->count > 0 ? 0 : 1;
    for (size_t i = 0; i < c->count; i++)
        free (c->in[i].data);
    free (c);
    return rc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What benchmarks make of many figures. */

#ifndef FLUX_BENCH_MEDIAN_H
#define FLUX_BENCH_MEDIAN_H

#include <stdlib.h>

static inline int figures_compare (const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* They are sorted, ascending. */
static inline double median (double *v, int n)
{
    qsort (v, (size_t)n, sizeof (*v), figures_compare);
    return v[n / 2];
}

#endif /* !FLUX_BENCH_MEDIAN_H */

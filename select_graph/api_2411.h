/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What the select plugin needs of Slurm 24.11: the calls of its select interface. */

#ifndef FLUX_SELECT_GRAPH_API_2411_H
#define FLUX_SELECT_GRAPH_API_2411_H

#include "select_graph/api_own.h"
#include "select_graph/api_window.h"

#endif // !FLUX_SELECT_GRAPH_API_2411_H

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Requests for tests in one line: "node=2!/slot=4/[core=2;gpu=1]". "!" after the count: exclusive,
 * "?": exclusive false; a count may be "2-8" or "2-8*2" (min, max, operator, operand) or "1,4,9".
 */

#ifndef FLUX_TESTSUITE_REQUEST_TEXT_H
#define FLUX_TESTSUITE_REQUEST_TEXT_H

#include "lib/graph/request.h"

/* Sealed, to be destroyed by the caller; aborts on bad text. */
struct request *request_from_text (const char *text, double duration);

#endif /* !FLUX_TESTSUITE_REQUEST_TEXT_H */

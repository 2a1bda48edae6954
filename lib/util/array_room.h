/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Arrays that double when they are full. */

#ifndef FLUX_UTIL_ARRAY_ROOM_H
#define FLUX_UTIL_ARRAY_ROOM_H

#include <errno.h>
#include <stdlib.h>

/* Room in `array` for one item more than `count`. `room`, a number of any unsigned type, is how
 * many it can hold: 0 when it is NULL, and `first` after that. 0, or -1 with ENOMEM and all as it
 * was. */
#define ARRAY_ROOM(array, count, room, first)                                                      \
    ({                                                                                             \
        int rc_ = 0;                                                                               \
        if ((count) == (room)) {                                                                   \
            __typeof__ (room) more_ = (room) ? (room)*2 : (first);                                 \
            void *grown_ = more_ > (room) ? realloc ((array), more_ * sizeof (*(array))) : NULL;   \
            if (grown_) {                                                                          \
                (array) = grown_;                                                                  \
                (room) = more_;                                                                    \
            } else {                                                                               \
                errno = ENOMEM;                                                                    \
                rc_ = -1;                                                                          \
            }                                                                                      \
        }                                                                                          \
        rc_;                                                                                       \
    })

#endif /* !FLUX_UTIL_ARRAY_ROOM_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* libarchive, loaded when it is needed: it brings a dozen libraries with it, and `flux` must start
 * fast. ARCHIVE (x) is the function archive_x of its manual. */

#ifndef FLUX_CMD_ARCHIVE_LIB_H
#define FLUX_CMD_ARCHIVE_LIB_H

#include <archive.h>
#include <archive_entry.h>

#include "shell/cmd/cmd.h"

#define ARCHIVE_FUNCTIONS(F)                                                                       \
    F (write_new)                                                                                  \
    F (write_set_format_pax_restricted)                                                            \
    F (write_set_format_filter_by_ext)                                                             \
    F (write_open_fd)                                                                              \
    F (write_open_filename)                                                                        \
    F (write_header)                                                                               \
    F (write_data)                                                                                 \
    F (write_close)                                                                                \
    F (write_free)                                                                                 \
    F (read_new)                                                                                   \
    F (read_support_format_all)                                                                    \
    F (read_support_filter_all)                                                                    \
    F (read_open_fd)                                                                               \
    F (read_open_filename)                                                                         \
    F (read_next_header)                                                                           \
    F (read_data)                                                                                  \
    F (read_close)                                                                                 \
    F (read_free)                                                                                  \
    F (error_string)                                                                               \
    F (entry_new)                                                                                  \
    F (entry_free)                                                                                 \
    F (entry_pathname)                                                                             \
    F (entry_filetype)                                                                             \
    F (entry_size)                                                                                 \
    F (entry_symlink)                                                                              \
    F (entry_set_pathname)                                                                         \
    F (entry_set_size)                                                                             \
    F (entry_set_perm)                                                                             \
    F (entry_set_filetype)                                                                         \
    F (entry_set_symlink)                                                                          \
    F (entry_set_mtime)                                                                            \
    F (entry_set_uid)                                                                              \
    F (entry_set_gid)

struct archive_lib {
#define F(name) __typeof__ (archive_##name) *name;
    ARCHIVE_FUNCTIONS (F)
#undef F
};

/* Ends the program when the library is not there. */
void archive_lib_load (const struct cmd *c, struct archive_lib *lib);

#endif /* !FLUX_CMD_ARCHIVE_LIB_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Parts of shell_info that need to know how job ids and durations are written. */

#include <errno.h>
#include <strings.h>
#include <flux/job.h>

#include "lib/util/fsd.h"
#include "lib/shell/distribute.h"
#include "lib/shell/info.h"

int shell_info_encode_id (struct shell_info *info)
{
    if (flux_job_id_encode (info->id, "f58", info->id_f58, sizeof (info->id_f58)) < 0 ||
        flux_job_id_encode (info->id, "f58plain", info->id_plain, sizeof (info->id_plain)) < 0)
        return -1;
    return 0;
}

bool shell_info_is_none (const struct shell_info *info, const char *path)
{
    const char *text = json_string_value (shell_info_option (info, path));

    return text && !strcasecmp (text, "none");
}

int shell_info_duration (const struct shell_info *info, const char *path, double *value)
{
    json_t *o = shell_info_option (info, path);

    if (!o)
        return 0;
    if (json_is_number (o)) {
        *value = json_number_value (o);
        return 0;
    }
    if (json_is_string (o))
        return fsd_parse_duration (json_string_value (o), value);
    errno = EINVAL;
    return -1;
}

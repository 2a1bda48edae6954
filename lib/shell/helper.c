/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/shell/helper.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/spawn.h"

#define COMPLAINT_MAX 65536

/* The last line of what it says is the reason. */
static void last_line (char *text)
{
    size_t len = strlen (text);

    while (len > 0 && text[len - 1] == '\n')
        text[--len] = '\0';
    char *nl = strrchr (text, '\n');
    if (nl)
        memmove (text, nl + 1, strlen (nl + 1) + 1);
}

int helper_run (const char *what, char *const *argv, char *const *envv, flux_error_t *errp)
{
    struct spawn_spec spec = {.argv = argv, .envp = envv, .fds = {-1, -1, -1}};
    char *said = NULL;
    int fds[2], status = 0;

    if (pipe (fds) < 0)
        return errprintf (errp, "%s: %s", what, strerror (errno));
    fd_set_cloexec (fds[0]);
    spec.fds[2] = fds[1];
    pid_t pid = spawn_program (&spec, errp);
    close (fds[1]);
    if (pid >= 0 && fd_read_all (fds[0], COMPLAINT_MAX, &said) >= 0)
        last_line (said);
    close (fds[0]);
    if (pid < 0)
        return -1;
    while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0) {
        errno = EIO;
        errprintf (errp, "%s: %s", what, said && *said ? said : "it failed");
    }
    free (said);
    return status == 0 ? 0 : -1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Log to the broker (flux dmesg); without a handle to stderr. Levels are those of syslog(3). */

#ifndef FLUX_FLOG_H
#define FLUX_FLOG_H

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <syslog.h>
#include <flux/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* buf is an RFC 5424 line of len bytes. */
typedef void (*flux_log_f) (const char *buf, int len, void *arg);

/* What stands in the lines of this handle. First values: the program's name, its process id, and
 * the broker's rank as the host. */
FLUX_EXPORT void flux_log_set_appname (flux_t *h, const char *s);
FLUX_EXPORT void flux_log_set_procid (flux_t *h, const char *s);
FLUX_EXPORT void flux_log_set_hostname (flux_t *h, const char *s);

/* Give the lines to fun instead of the broker. */
FLUX_EXPORT void flux_log_set_redirect (flux_t *h, flux_log_f fun, void *arg);

/* Keep errno when they succeed. A text of several lines becomes several entries. */
FLUX_EXPORT int flux_vlog (flux_t *h, int level, const char *fmt, va_list ap)
    __attribute__ ((format (printf, 3, 0)));
FLUX_EXPORT int flux_log (flux_t *h, int level, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));

/* At LOG_ERR, with ": " and the text of errno at the end. */
FLUX_EXPORT void flux_log_verror (flux_t *h, const char *fmt, va_list ap)
    __attribute__ ((format (printf, 2, 0)));
FLUX_EXPORT void flux_log_error (flux_t *h, const char *fmt, ...)
    __attribute__ ((format (printf, 2, 3)));
#define FLUX_LOG_ERROR(h) flux_log_error ((h), "%s::%d[%s]", __FILE__, __LINE__, __FUNCTION__)

/* flux_vlog() in the form that libraries with a log callback want; arg is the handle. */
FLUX_EXPORT void flux_llog (void *arg, const char *file, int line, const char *func,
                            const char *subsys, int level, const char *fmt, va_list ap)
    __attribute__ ((format (printf, 7, 0)));

FLUX_EXPORT const char *flux_strerror (int errnum);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_FLOG_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A message of the brokers' log, in the syslog form of RFC 5424:
 * <PRI>1 TIMESTAMP HOSTNAME APPNAME PROCID MSGID - MESSAGE
 * but with the severity in the upper bits of PRI, as flux-core has it: severity * 8 + facility. */

#ifndef FLUX_CMD_LOGLINE_H
#define FLUX_CMD_LOGLINE_H

struct logline {
    char *own;
    int severity;
    const char *timestamp, *hostname, *appname, *message;
    double time; // seconds since the epoch
};

int logline_parse (struct logline *l, const char *text);
void logline_clear (struct logline *l);

const char *logline_severity_name (int severity);
int logline_severity (const char *name); // -1: no such name

#endif /* !FLUX_CMD_LOGLINE_H */

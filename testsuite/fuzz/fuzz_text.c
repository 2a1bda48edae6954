/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Small decoders of text: base64, UTF-8, durations, dates, lines of the log, and what `srun` of
 * --flux=wrap is told of a line of a job's output. */

#include <math.h>

#include <jansson.h>

#include "lib/job/eventlog.h"
#include "lib/util/base64.h"
#include "lib/util/fsd.h"
#include "lib/util/utf8.h"
#include "shell/cmd/client.h"
#include "shell/cmd/logline.h"
#include "shell/service/step/output.h"
#include "testsuite/fuzz/fuzz.h"

static void try_base64 (const char *data, size_t size)
{
    size_t len, len2;
    char *raw = base64_decode_alloc (data, size, &len);

    if (raw) {
        char *text = base64_encode_alloc (raw, len);
        char *again = base64_decode_alloc (text, strlen (text), &len2);
        MUST (again && len == len2 && memcmp (raw, again, len) == 0);
        free (again);
        free (text);
    }
    free (raw);
    char *text = base64_encode_alloc (data, size);
    MUST (strlen (text) == BASE64_ENCODED_LENGTH (size));
    raw = base64_decode_alloc (text, strlen (text), &len);
    MUST (raw && len == size && memcmp (raw, data, size) == 0);
    free (raw);
    free (text);
}

/* jansson has a decoder of its own, which takes no NUL. */
static void try_utf8 (const char *data, size_t size)
{
    size_t cut;
    bool valid = utf8_valid (data, size, NULL);
    json_t *o = json_stringn (data, size);

    MUST (valid == (o != NULL));
    MUST (!valid || (utf8_valid (data, size, &cut) && cut == 0));
    if (!valid && utf8_valid (data, size, &cut))
        MUST (cut > 0 && cut < 4 && cut <= size && utf8_valid (data, size - cut, NULL));
    json_decref (o);
    const char *end = data + size, *p = utf8_skip_ascii (data, end);
    MUST (p <= end && (p == end || (*p & 0x80)));
    const char *q = utf8_skip_plain (data, end, UTF8_HIGH);
    MUST (q <= p);
    for (const char *r = data; r < q; r++)
        MUST (*r >= 0x20 && *r != '"' && *r != '\\');
    MUST (q == end || (*q & 0x80) || *q < 0x20 || *q == '"' || *q == '\\');
}

static void try_times (const char *s)
{
    double seconds, again;
    char buf[64];

    if (fsd_parse_duration (s, &seconds) == 0) {
        MUST (seconds >= 0 && fsd_format_duration (buf, sizeof (buf), seconds) > 0);
        MUST (fsd_parse_duration (buf, &again) == 0);
        MUST (isinf (seconds) ? isinf (again) : fabs (again - seconds) <= seconds * 1e-5);
    }
    for (int i = 0; i < 2; i++) {
        if (cmd_datetime (s, 1700000000. * i, &seconds) == 0)
            MUST (isfinite (seconds));
    }
}

static void try_log (const char *s)
{
    struct logline l;

    if (logline_parse (&l, s) == 0) {
        MUST (logline_severity (logline_severity_name (l.severity)) == l.severity);
        MUST (strlen (l.timestamp) + strlen (l.hostname) + strlen (l.appname) +
                  strlen (l.message) <=
              strlen (s));
        logline_clear (&l);
    }
}

/* A line that needs no decoder of JSON is read without one: of an entry the same is to come out. */
static void try_output (const char *data, size_t size)
{
    json_t *o = json_loadb (data, size, JSON_REJECT_DUPLICATES, NULL);
    bool entry = o && eventlog_entry_parse (o, NULL, NULL, NULL) == 0;
    char *other = entry ? json_dumps (o, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_SORT_KEYS) : NULL;
    struct buf a = {0}, b = {0};
    int severity = 0;

    step_output (&a, data, size, 0.);
    if (other) {
        step_output (&b, other, strlen (other), 0.);
        MUST (a.len == b.len && (a.len == 0 || memcmp (a.data, b.data, a.len) == 0));
        step_exception (&b, other, "1", 0., &severity);
    }
    buf_clear (&a);
    buf_clear (&b);
    free (other);
    json_decref (o);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *s = fuzz_string (data, size);

    try_base64 (s, size);
    try_utf8 (s, size);
    try_times (s);
    try_log (s);
    try_output (s, size);
    free (s);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/words.h"

const char *words_quoted (const char *p, const char *end, struct buf *word)
{
    char quote = *p++;

    for (; p < end && *p != quote; p++) {
        if (quote == '"' && *p == '\\' && p + 1 < end && strchr ("\\\"$`", p[1]))
            p++;
        buf_putc (word, *p);
    }
    return p < end ? p + 1 : NULL;
}

static const char *read_word (const char *p, const char *end, struct buf *word, words_quote_f quote,
                              void *arg)
{
    buf_puts (word, ""); // a word of nothing but quotes is a word
    while (p && p < end && !strchr (" \t\r\n", *p)) {
        if (*p == '"' || *p == '\'')
            p = quote ? quote (p, end, word, arg) : words_quoted (p, end, word);
        else if (*p == '\\' && p + 1 < end) {
            buf_putc (word, p[1]);
            p += 2;
        } else
            buf_putc (word, *p++);
    }
    return p;
}

int words_push (char ***words, int *count, struct buf *b)
{
    char **more = realloc (*words, (*count + 2) * sizeof (char *));
    char *word = buf_take (b);

    if (more)
        *words = more;
    if (!more || !word) {
        free (word);
        errno = ENOMEM;
        return -1;
    }
    more[(*count)++] = word;
    more[*count] = NULL;
    return 0;
}

int words_append (char ***words, int *count, const char *p, const char *end, words_quote_f quote,
                  void *arg)
{
    for (;;) {
        struct buf word = {0};
        while (p < end && strchr (" \t\r\n", *p))
            p++;
        if (p >= end || *p == '#')
            return 0;
        if (!(p = read_word (p, end, &word, quote, arg))) {
            buf_clear (&word);
            errno = EINVAL;
            return -1;
        }
        if (words_push (words, count, &word) < 0)
            return -1;
    }
}

char **words_split (const char *p, const char *end, int *count)
{
    char **words = calloc (1, sizeof (char *));

    *count = 0;
    if (words && words_append (&words, count, p, end, NULL, NULL) < 0) {
        words_free (words); // keeps errno
        return NULL;
    }
    return words;
}

void words_free (char **words)
{
    int saved_errno = errno;

    for (char **w = words; w && *w; w++)
        free (*w);
    free (words);
    errno = saved_errno;
}

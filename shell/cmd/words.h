/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Lines split into words as a shell does it: blanks, quotes of both kinds, backslashes, comments.
 */

#ifndef FLUX_CMD_WORDS_H
#define FLUX_CMD_WORDS_H

#include "lib/util/buf.h"

/* The text of a quote, which begins at p, is appended to word. What stands behind its end, or NULL
 * when the quote is not closed in front of `end`. */
const char *words_quoted (const char *p, const char *end, struct buf *word);

/* The words of [p, end), up to a word that begins with #, go to the end of a NULL-ended array.
 * quote() is called where a quote begins, and does as words_quoted() does, which stands for NULL.
 * -1 with errno EINVAL when it fails, or ENOMEM; words that were read before are in the array then.
 */
typedef const char *(*words_quote_f) (const char *p, const char *end, struct buf *word, void *arg);
int words_append (char ***words, int *count, const char *p, const char *end, words_quote_f quote,
                  void *arg);

/* One more word; takes over what is in b. -1 with ENOMEM. */
int words_push (char ***words, int *count, struct buf *b);

/* The words of [p, end) in a NULL-ended array that the caller frees with words_free(); `*count` is
 * their number. NULL with errno EINVAL when a quote is not closed, or ENOMEM. */
char **words_split (const char *p, const char *end, int *count);
void words_free (char **words);

#endif /* !FLUX_CMD_WORDS_H */

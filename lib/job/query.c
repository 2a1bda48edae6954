/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* RFC 35, by recursive descent:
 *
 *   or    = and { ("|" "or") and }
 *   and   = unary { ["&" "and"] unary }
 *   unary = "not" unary | "(" or ")" | "-" term | term */

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/limits.h"
#include "lib/job/query.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"

static const struct query_alias requires_aliases[] = {
    {"host", "hostlist"}, {"hosts", "hostlist"}, {"rank", "ranks"}, {NULL, NULL}};
static const char *const requires_properties[] = {"properties", NULL};
static const char *const requires_allowed[] = {"properties", "hostlist", "ranks", NULL};

const struct query_syntax query_requires = {
    .default_op = "properties",
    .aliases = requires_aliases,
    .split = requires_properties,
    .combine = requires_properties,
    .allowed = requires_allowed,
};

enum token { T_END, T_AND, T_OR, T_NOT, T_NEGATE, T_OPEN, T_CLOSE, T_TERM, T_ERROR };

struct parser {
    const char *begin;
    const char *p;
    const char *at; // where the current token begins
    enum token token;
    struct buf term; // text of a T_TERM
    const struct query_syntax *syntax;
    int depth;
    flux_error_t *errp;
};

static json_t *fail (struct parser *q, const char *what)
{
    errno = EINVAL;
    errprintf (q->errp, "query: %s at position %d", what, (int)(q->at - q->begin) + 1);
    return NULL;
}

/* Does a word end at p? */
static bool ends_word (const char *p)
{
    return *p == '\0' || isspace ((unsigned char)*p) || strchr ("()|&\"'", *p);
}

static bool take_quoted (struct parser *q)
{
    char quote = *q->p;
    const char *end = strchr (q->p + 1, quote);

    if (!end) {
        q->at = q->p;
        fail (q, "quote is not closed");
        return false;
    }
    buf_append (&q->term, q->p + 1, end - q->p - 1);
    q->p = end + 1;
    return true;
}

static enum token take_term (struct parser *q)
{
    buf_reset (&q->term);
    if (*q->p == '"' || *q->p == '\'')
        return take_quoted (q) ? T_TERM : T_ERROR;
    const char *start = q->p;
    while (!ends_word (q->p))
        q->p++;
    buf_append (&q->term, start, q->p - start);
    if (q->p[-1] != ':')
        return T_TERM;
    while (isspace ((unsigned char)*q->p))
        q->p++;
    if (*q->p == '"' || *q->p == '\'')
        return take_quoted (q) ? T_TERM : T_ERROR;
    fail (q, "operand is missing");
    return T_ERROR;
}

static enum token take_token (struct parser *q)
{
    static const struct {
        const char *word;
        enum token token;
    } words[] = {{"and", T_AND}, {"or", T_OR}, {"not", T_NOT}};

    while (isspace ((unsigned char)*q->p))
        q->p++;
    q->at = q->p;
    switch (*q->p) {
    case '\0':
        return T_END;
    case '(':
        q->p++;
        return T_OPEN;
    case ')':
        q->p++;
        return T_CLOSE;
    case '-':
        q->p++;
        return T_NEGATE;
    case '&':
    case '|':
        q->p += q->p[1] == q->p[0] ? 2 : 1;
        return *q->at == '&' ? T_AND : T_OR;
    }
    for (size_t i = 0; i < sizeof (words) / sizeof (words[0]); i++) {
        size_t len = strlen (words[i].word);
        if (strncmp (q->p, words[i].word, len) == 0 && ends_word (q->p + len)) {
            q->p += len;
            return words[i].token;
        }
    }
    return take_term (q);
}

static void advance (struct parser *q)
{
    q->token = take_token (q);
}

static bool is_in (const char *const *list, const char *s)
{
    for (; list && *list; list++) {
        if (strcmp (*list, s) == 0)
            return true;
    }
    return false;
}

static const char *full_name (const struct query_syntax *syntax, const char *op)
{
    for (const struct query_alias *a = syntax->aliases; a && a->name; a++) {
        if (strcmp (a->name, op) == 0)
            return a->op;
    }
    return op;
}

static json_t *operands (const char *s, bool split)
{
    json_t *list = json_array ();

    for (;;) {
        size_t len = split ? strcspn (s, ",") : strlen (s);
        if (json_array_append_new (list, json_stringn (s, len)) < 0) {
            json_decref (list);
            return NULL;
        }
        if (s[len] == '\0')
            return list;
        s += len + 1;
    }
}

/* [operator:]operand */
static json_t *parse_term (struct parser *q)
{
    char *text = q->term.data, *colon = text ? strchr (text, ':') : NULL;
    const char *op = q->syntax->default_op;

    if (!text)
        return fail (q, "out of memory");
    if (colon) {
        *colon = '\0';
        op = full_name (q->syntax, text);
        for (const char *c = text; *c; c++) {
            if (!isalnum ((unsigned char)*c) && !strchr ("_.+@-", *c))
                return fail (q, "operator has a bad character");
        }
        if (*text == '\0')
            return fail (q, "operator is missing");
    }
    if (!op)
        return fail (q, "term has no operator");
    if (q->syntax->allowed && !is_in (q->syntax->allowed, op))
        return fail (q, "unknown operator");
    json_t *list = operands (colon ? colon + 1 : text, is_in (q->syntax->split, op));
    json_t *o = list ? json_pack ("{s:o}", op, list) : NULL;
    if (!o)
        return fail (q, "text is not UTF-8");
    advance (q);
    return o;
}

static json_t *parse_or (struct parser *q);

static json_t *negate (json_t *o)
{
    return o ? json_pack ("{s:[o]}", "not", o) : NULL;
}

static json_t *parse_group (struct parser *q)
{
    advance (q);
    json_t *o = parse_or (q);
    if (o && q->token != T_CLOSE) {
        json_decref (o);
        return fail (q, "parenthesis is not closed");
    }
    if (o)
        advance (q);
    return o;
}

static json_t *parse_unary (struct parser *q)
{
    json_t *o = NULL;

    if (++q->depth > CONSTRAINT_MAX_DEPTH)
        return fail (q, "too deep");
    switch (q->token) {
    case T_NOT:
        advance (q);
        o = negate (parse_unary (q));
        break;
    case T_NEGATE:
        advance (q);
        if (q->token == T_TERM)
            o = negate (parse_term (q));
        else if (q->token != T_ERROR)
            fail (q, "'-' must be followed by a term");
        break;
    case T_OPEN:
        o = parse_group (q);
        break;
    case T_TERM:
        o = parse_term (q);
        break;
    case T_END:
        fail (q, "unexpected end");
        break;
    case T_ERROR:
        break;
    default:
        fail (q, "unexpected operator or parenthesis");
    }
    q->depth--;
    return o;
}

/* Both are consumed. */
static json_t *join_and (struct parser *q, json_t *a, json_t *b)
{
    json_t *list = json_object_get (a, "and");
    const char *op = json_object_iter_key (json_object_iter (a));

    if (list) {
        json_array_append_new (list, b);
        return a;
    }
    if (is_in (q->syntax->combine, op) && json_object_get (b, op)) {
        json_array_extend (json_object_get (a, op), json_object_get (b, op));
        json_decref (b);
        return a;
    }
    return json_pack ("{s:[oo]}", "and", a, b);
}

static json_t *join_or (json_t *a, json_t *b)
{
    json_t *list = json_object_get (a, "or");

    if (!list)
        return json_pack ("{s:[oo]}", "or", a, b);
    json_array_append_new (list, b);
    return a;
}

static json_t *parse_and (struct parser *q)
{
    json_t *o = parse_unary (q);

    while (o && q->token != T_END && q->token != T_OR && q->token != T_CLOSE) {
        if (q->token == T_AND)
            advance (q);
        json_t *right = parse_unary (q);
        if (!right) {
            json_decref (o);
            return NULL;
        }
        o = join_and (q, o, right);
    }
    return o;
}

static json_t *parse_or (struct parser *q)
{
    json_t *o = parse_and (q);

    while (o && q->token == T_OR) {
        advance (q);
        json_t *right = parse_and (q);
        if (!right) {
            json_decref (o);
            return NULL;
        }
        o = join_or (o, right);
    }
    return o;
}

json_t *query_parse (const char *s, const struct query_syntax *syntax, flux_error_t *errp)
{
    struct parser q = {.begin = s, .p = s, .at = s, .syntax = syntax, .errp = errp};

    if (!s || strlen (s) > CONSTRAINT_TEXT_MAX) {
        errno = EINVAL;
        errprintf (errp, "query: %s", s ? "too long" : "not given");
        return NULL;
    }
    advance (&q);
    json_t *o = parse_or (&q);
    if (o && q.token != T_END) {
        json_decref (o);
        o = fail (&q, "unexpected ')'");
    }
    buf_clear (&q.term);
    return o;
}

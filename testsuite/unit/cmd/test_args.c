/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdlib.h>
#include <string.h>

#include "shell/cmd/cmd.h"
#include "testsuite/unit/cmocka.h"

static const struct cmd_opt first[] = {
    {.name = "ntasks", .key = 'n', .arg = "N", .help = "Number of tasks"},
    {.name = "env", .arg = "RULE", .help = "Rule", .flags = CMD_OPT_REPEAT},
    {.name = "env-file", .arg = "FILE", .help = "File", .flags = CMD_OPT_REPEAT},
    {0},
};
static const struct cmd_opt second[] = {
    {.help = "More"},
    {.name = "verbose", .key = 'v', .help = "Say more", .flags = CMD_OPT_REPEAT},
    {.name = "wait", .arg = "STATE", .help = "Wait", .flags = CMD_OPT_OPTARG},
    {.name = "format", .key = 'o', .arg = "FMT", .help = "Format", .env = "TEST_CMD_FORMAT"},
    {0},
};
static const struct cmd_verb stop = {
    .name = "stop", .args = "CMD", .summary = "S", .opts = {first, second}, .flags = CMD_VERB_STOP};
static const struct cmd_verb permute = {
    .name = "permute", .args = "ID...", .summary = "P", .opts = {first, second}};
static const struct cmd_verb noargs = {.name = "noargs", .summary = "N", .opts = {first}};

/* Options in the order found as "name=value;", then the operands as "|operand". */
static void show (const struct cmd *c, char *out, size_t size)
{
    FILE *f = fmemopen (out, size, "w");

    for (int i = 0; i < c->nvalues; i++)
        fprintf (f, "%s=%s;", c->values[i].opt->name, c->values[i].value ? c->values[i].value : "");
    for (int i = 0; i < c->argc; i++)
        fprintf (f, "|%s", c->argv[i]);
    fputc ('\0', f);
    fclose (f);
}

struct parse_case {
    const struct cmd_verb *verb;
    const char *line;
    const char *want; // as show() says it, or the error
};

static const struct parse_case cases[] = {
    {&stop, "-n4 true -n 5", "ntasks=4;|true|-n|5"},
    {&stop, "-vvn 4 true", "verbose=;verbose=;ntasks=4;|true"},
    {&stop, "--ntasks=4 --env=A=b -- -x", "ntasks=4;env=A=b;|-x"},
    {&stop, "--env-file f --env E x", "env-file=f;env=E;|x"},
    {&stop, "--wait true", "wait=;|true"},
    {&stop, "--wait=start true", "wait=start;|true"},
    {&stop, "--help --verbose", "help=;verbose=;"},
    {&permute, "a -v b --form=x c", "verbose=;format=x;|a|b|c"},
    {&permute, "a - -- -v", "|a|-|-v"},
    {&permute, "--ver", "verbose=;"},
    {&noargs, "", ""},
    {&stop, "--bogus x", "unknown option --bogus"},
    {&stop, "-q", "unknown option -q"},
    {&stop, "--e=1", "option --e is ambiguous"},
    {&stop, "-n", "option -n needs an argument (N)"},
    {&stop, "--ntasks", "option --ntasks needs an argument (N)"},
    {&stop, "--verbose=2 -v", "verbose=;verbose=;verbose=;"},
    {&stop, "--verbose=0 x", "|x"},
    {&stop, "--verbose=x", "option --verbose takes no argument"},
    {&stop, "--verbose=11", "option --verbose takes no argument"},
    {&stop, "--help=1", "option --help takes no argument"},
    {&noargs, "x", "unexpected argument: x"},
};

static void test_parse (void **state)
{
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        char line[128], out[256] = "", *argv[16] = {"prog"}, *save = NULL;
        struct cmd c = {0};
        int argc = 1;

        snprintf (line, sizeof (line), "%s", cases[i].line);
        for (char *s = strtok_r (line, " ", &save); s; s = strtok_r (NULL, " ", &save))
            argv[argc++] = s;
        if (cmd_parse (&c, cases[i].verb, argc, argv, out, sizeof (out)) == 0)
            show (&c, out, sizeof (out));
        assert_string_equal (out, cases[i].want);
        cmd_clear (&c);
    }
}

static void test_values (void **state)
{
    char *argv[] = {"stop", "--env=A", "-n", "12", "--env=B", "--wait", "-n3", NULL};
    char err[64];
    struct cmd c = {0};
    int iter = 0;

    assert_int_equal (cmd_parse (&c, &stop, 7, argv, err, sizeof (err)), 0);
    assert_int_equal (cmd_int (&c, "ntasks", 1, 1, 100), 3);
    assert_string_equal (cmd_next (&c, "env", &iter), "A");
    assert_string_equal (cmd_next (&c, "env", &iter), "B");
    assert_null (cmd_next (&c, "env", &iter));
    assert_true (cmd_has (&c, "wait"));
    assert_string_equal (cmd_str (&c, "wait", "clean"), "clean");
    unsetenv ("TEST_CMD_FORMAT");
    assert_null (cmd_str (&c, "format", NULL));
    setenv ("TEST_CMD_FORMAT", "{id}", 1);
    assert_string_equal (cmd_str (&c, "format", NULL), "{id}");
    assert_false (cmd_has (&c, "format"));
    cmd_clear (&c);
}

/* Every verb: names are unique, help texts are there, and no line of --help is over 80 columns. */
static void check_verb (const struct cmd_verb *v)
{
    char *text = NULL;
    size_t size = 0;

    assert_non_null (v->summary);
    if (v->subs) {
        for (int i = 0; v->subs[i]; i++)
            check_verb (v->subs[i]);
    } else {
        struct cmd c = {0};
        char arg[80], *argv[] = {"x", arg, NULL};
        char err[128];

        assert_non_null (v->run);
        for (int t = 0; t < CMD_TABLES_MAX && v->opts[t]; t++) {
            for (const struct cmd_opt *o = v->opts[t]; o->name || o->help; o++) {
                assert_non_null (o->help);
                if (!o->name)
                    continue;
                snprintf (arg, sizeof (arg), "--%s%s", o->name, o->arg ? "=x" : "");
                assert_int_equal (cmd_parse (&c, v, 2, argv, err, sizeof (err)), 0);
                if (c.values[0].opt != o)
                    fail_msg ("%s: --%s is there twice", v->name, o->name);
                cmd_clear (&c);
            }
        }
    }
    FILE *f = open_memstream (&text, &size);
    cmd_help (f, NULL, v);
    fclose (f);
    for (char *line = text; line && *line;) {
        size_t len = strcspn (line, "\n");
        if (len > 80)
            fail_msg ("%s: over 80 columns: %.*s", v->name, (int)len, line);
        line += len + 1;
    }
    free (text);
}

static void test_all_verbs (void **state)
{
    for (int i = 0; cmd_verbs[i]; i++)
        check_verb (cmd_verbs[i]);
}

static void test_complete (void **state)
{
    char *words[] = {"help", "--pl"}, *verb[] = {"versi"};
    char *text = NULL;
    size_t size = 0;

    FILE *f = open_memstream (&text, &size);
    cmd_complete (f, 2, words);
    cmd_complete (f, 1, verb);
    fclose (f);
    assert_string_equal (text, "--plain\nversion\n");
    free (text);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_parse),
        cmocka_unit_test (test_values),
        cmocka_unit_test (test_all_verbs),
        cmocka_unit_test (test_complete),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

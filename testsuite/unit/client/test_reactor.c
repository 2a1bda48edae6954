/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/core.h>

#include "testsuite/unit/cmocka.h"

struct tally {
    int count;
    int stop_at;
    int revents;
};

static void tally_cb (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct tally *t = arg;

    t->revents = revents;
    if (++t->count == t->stop_at)
        flux_watcher_stop (w);
}

static void test_fd (void **state)
{
    flux_reactor_t *r = flux_reactor_create (0);
    struct tally t = {.stop_at = 3};
    int fd[2];

    assert_int_equal (pipe2 (fd, O_CLOEXEC), 0);
    assert_int_equal (write (fd[1], "x", 1), 1);
    flux_watcher_t *w = flux_fd_watcher_create (r, fd[0], FLUX_POLLIN, tally_cb, &t);
    assert_int_equal (flux_fd_watcher_get_fd (w), fd[0]);
    assert_false (flux_watcher_is_active (w));
    flux_watcher_start (w);
    assert_true (flux_watcher_is_active (w));
    assert_int_equal (flux_reactor_run (r, FLUX_REACTOR_ONCE), 1);
    assert_int_equal (flux_reactor_run (r, 0), 0);
    assert_int_equal (t.count, 3);
    assert_int_equal (t.revents, FLUX_POLLIN);
    flux_watcher_destroy (w);
    close (fd[0]);
    close (fd[1]);
    flux_reactor_destroy (r);
}

static void test_timer (void **state)
{
    flux_reactor_t *r = flux_reactor_create (0);
    struct tally once = {0}, repeat = {.stop_at = 5}, again = {.stop_at = 2};
    flux_watcher_t *a = flux_timer_watcher_create (r, 0.001, 0., tally_cb, &once);
    flux_watcher_t *b = flux_timer_watcher_create (r, 0., 0.001, tally_cb, &repeat);
    flux_watcher_t *c = flux_timer_watcher_create (r, 100., 0., tally_cb, &again);

    assert_null (flux_timer_watcher_create (r, -1., 0., tally_cb, NULL));
    flux_watcher_start (a);
    flux_watcher_start (b);
    flux_watcher_start (c);
    flux_timer_watcher_reset (c, 0.002, 0.002);
    flux_timer_watcher_again (c);
    assert_true (flux_watcher_next_wakeup (c) > flux_reactor_now (r));
    assert_int_equal (flux_reactor_run (r, 0), 0);
    assert_int_equal (once.count, 1);
    assert_int_equal (repeat.count, 5);
    assert_int_equal (again.count, 2);
    flux_watcher_destroy (a);
    flux_watcher_destroy (b);
    flux_watcher_destroy (c);
    flux_reactor_destroy (r);
}

static double soon (flux_watcher_t *w, double now, void *arg)
{
    struct tally *t = arg;

    return t->count < 3 ? now + 0.001 : 0.;
}

static void test_periodic (void **state)
{
    flux_reactor_t *r = flux_reactor_create (0);
    struct tally t = {.stop_at = 2}, s = {0};
    flux_watcher_t *w = flux_periodic_watcher_create (r, 0., 0.001, NULL, tally_cb, &t);
    flux_watcher_t *x = flux_periodic_watcher_create (r, 0., 0., soon, tally_cb, &s);

    flux_watcher_start (w);
    assert_true (flux_watcher_next_wakeup (w) >= flux_reactor_now (r));
    flux_watcher_start (x);
    assert_int_equal (flux_reactor_run (r, 0), 0); // x ends by its own word
    assert_int_equal (t.count, 2);
    assert_true (s.count >= 3);
    assert_false (flux_watcher_is_active (x));
    flux_periodic_watcher_reset (w, flux_reactor_time (), 0.001, NULL);
    assert_true (flux_watcher_is_active (w));
    flux_watcher_destroy (w);
    flux_watcher_destroy (x);
    flux_reactor_destroy (r);
}

static void test_loop_watchers (void **state)
{
    flux_reactor_t *r = flux_reactor_create (0);
    struct tally t[3] = {{.stop_at = 2}, {.stop_at = 2}, {.stop_at = 2}};
    flux_watcher_t *w[] = {
        flux_prepare_watcher_create (r, tally_cb, &t[0]),
        flux_check_watcher_create (r, tally_cb, &t[1]),
        flux_idle_watcher_create (r, tally_cb, &t[2]),
    };

    flux_watcher_set_priority (w[1], 2);
    for (int i = 0; i < 3; i++)
        flux_watcher_start (w[i]);
    assert_int_equal (flux_reactor_run (r, 0), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal (t[i].count, 2);
        assert_true (flux_watcher_next_wakeup (w[i]) == -1.);
        assert_int_equal (errno, EINVAL);
        flux_watcher_destroy (w[i]);
    }
    flux_reactor_destroy (r);
}

static void test_signal_and_stat (void **state)
{
    flux_reactor_t *r = flux_reactor_create (0);
    struct tally t = {.stop_at = 1}, st = {.stop_at = 1};
    char path[] = "/tmp/flux-stat-XXXXXX";
    int fd = mkstemp (path);
    struct stat now, prev;
    flux_watcher_t *w = flux_signal_watcher_create (r, SIGUSR1, tally_cb, &t);
    flux_watcher_t *s = flux_stat_watcher_create (r, path, 0.02, tally_cb, &st);

    assert_int_equal (flux_signal_watcher_get_signum (w), SIGUSR1);
    assert_null (flux_signal_watcher_create (r, 0, tally_cb, &t));
    flux_watcher_start (w);
    flux_watcher_start (s);
    raise (SIGUSR1);
    assert_int_equal (write (fd, "x", 1), 1);
    assert_int_equal (flux_reactor_run (r, 0), 0);
    assert_int_equal (t.count, 1);
    assert_int_equal (st.count, 1);
    assert_int_equal (flux_stat_watcher_get_rstat (s, &now, &prev), 0);
    assert_int_equal (now.st_size, 1);
    assert_int_equal (prev.st_size, 0);
    assert_int_equal (flux_stat_watcher_get_rstat (w, &now, &prev), -1);
    flux_watcher_destroy (w);
    flux_watcher_destroy (s);
    unlink (path);
    close (fd);
    flux_reactor_destroy (r);
}

/* Unreferenced watchers run, but do not keep the loop running, however often they are stopped. */
static void test_unref (void **state)
{
    flux_reactor_t *r = flux_reactor_create (0);
    struct tally t = {0}, other = {.stop_at = 1};
    flux_watcher_t *idle = flux_prepare_watcher_create (r, tally_cb, &t);
    flux_watcher_t *timer = flux_timer_watcher_create (r, 0.01, 0., tally_cb, &other);
    flux_watcher_t *gone = flux_timer_watcher_create (r, 0.001, 0., tally_cb, &t);

    flux_watcher_unref (idle);
    flux_watcher_start (idle);
    assert_false (flux_watcher_is_referenced (idle));
    assert_int_equal (flux_reactor_run (r, 0), 0);
    flux_watcher_stop (idle);
    flux_watcher_start (idle);
    flux_watcher_ref (idle);
    flux_watcher_unref (idle);
    flux_watcher_start (gone);
    flux_watcher_unref (gone);
    flux_watcher_start (timer);
    assert_int_equal (flux_reactor_run (r, 0), 0);
    assert_int_equal (other.count, 1);
    assert_true (t.count > 1);
    flux_watcher_destroy (idle);
    flux_watcher_destroy (timer);
    flux_watcher_destroy (gone);
    assert_int_equal (flux_reactor_run (r, FLUX_REACTOR_NOWAIT), 0);
    flux_reactor_destroy (r);
}

static void stop_cb (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    if (arg)
        flux_reactor_stop_error (r);
    else
        flux_reactor_stop (r);
    flux_watcher_destroy (w); // in its own callback
}

static void test_stop (void **state)
{
    flux_reactor_t *r = flux_reactor_create (0);

    flux_watcher_start (flux_idle_watcher_create (r, stop_cb, NULL));
    assert_true (flux_reactor_run (r, 0) >= 0);
    flux_watcher_start (flux_idle_watcher_create (r, stop_cb, r));
    assert_int_equal (flux_reactor_run (r, 0), -1);
    assert_int_equal (flux_reactor_run (r, 99), -1);
    assert_int_equal (errno, EINVAL);
    assert_null (flux_reactor_create (99));
    flux_reactor_destroy (r);
    flux_reactor_destroy (NULL);
}

/* Futures without a handle. */
static void on_ready (flux_future_t *f, void *arg)
{
    struct tally *t = arg;
    const void *val;

    t->revents = flux_future_get (f, &val) < 0 ? -errno : (int)(intptr_t)val;
    if (++t->count < t->stop_at)
        flux_future_reset (f);
}

static void test_future_results (void **state)
{
    flux_reactor_t *r = flux_reactor_create (0);
    flux_future_t *f = flux_future_create (NULL, NULL);
    struct tally t = {.stop_at = 3};
    const void *val;

    assert_int_equal (flux_future_wait_for (f, 0.), -1);
    assert_int_equal (errno, ETIMEDOUT);
    assert_int_equal (flux_future_wait_for (f, -1.), -1);
    assert_int_equal (errno, EDEADLK);
    assert_int_equal (flux_future_then (f, -1., on_ready, &t), -1); // no reactor
    flux_future_set_reactor (f, r);
    assert_int_equal (flux_future_then (f, -1., on_ready, &t), 0);
    flux_future_fulfill (f, (void *)1, NULL);
    flux_future_fulfill (f, (void *)2, NULL);
    flux_future_fulfill_error (f, EPERM, "no");
    assert_int_equal (flux_reactor_run (r, 0), 0);
    assert_int_equal (t.count, 3);
    assert_int_equal (t.revents, -EPERM);
    assert_true (flux_future_has_error (f));
    assert_string_equal (flux_future_error_string (f), "no");
    flux_future_reset (f);
    assert_false (flux_future_is_ready (f));
    assert_null (flux_future_error_string (f));
    flux_future_fatal_error (f, EIO, NULL);
    flux_future_fulfill (f, strdup ("dropped"), free);
    assert_int_equal (flux_future_get (f, &val), -1);
    assert_int_equal (errno, EIO);
    flux_future_reset (f);
    assert_int_equal (flux_future_get (f, &val), -1);
    flux_future_destroy (f);
    flux_reactor_destroy (r);
}

static void test_future_with (void **state)
{
    flux_future_t *p = flux_future_create (NULL, NULL);
    flux_future_t *f = flux_future_create (NULL, NULL);
    flux_future_t *q = flux_future_create (NULL, NULL);
    const void *val;

    assert_int_equal (flux_future_fulfill_with (f, p), -1);
    assert_int_equal (errno, EAGAIN);
    flux_future_aux_set (p, "x", "aux of p", NULL);
    flux_future_fulfill (p, strdup ("value"), free);
    assert_int_equal (flux_future_fulfill_with (f, p), 0);
    flux_future_destroy (p);
    assert_int_equal (flux_future_get (f, &val), 0);
    assert_string_equal (val, "value");
    assert_string_equal (flux_future_aux_get (f, "x"), "aux of p");
    flux_future_fulfill (q, NULL, NULL);
    assert_int_equal (flux_future_fulfill_with (f, q), -1);
    assert_int_equal (errno, EEXIST);
    flux_future_destroy (q);
    flux_future_destroy (f);
}

static void on_timer (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    flux_future_fulfill (arg, (void *)7, NULL);
}

static void destroy_watcher (void *w)
{
    flux_watcher_destroy (w);
}

static void init_timer (flux_future_t *f, void *arg)
{
    flux_watcher_t *w =
        flux_timer_watcher_create (flux_future_get_reactor (f), 0.005, 0., on_timer, f);

    ++*(int *)arg;
    flux_future_aux_set (f, NULL, w, destroy_watcher);
    flux_watcher_start (w);
}

static void test_future_init (void **state)
{
    flux_reactor_t *r = flux_reactor_create (0);
    int inits = 0;
    flux_future_t *f = flux_future_create (init_timer, &inits);
    struct tally t = {.stop_at = 1};
    const void *val;

    assert_int_equal (flux_future_wait_for (f, 0.001), -1);
    assert_int_equal (errno, ETIMEDOUT);
    assert_int_equal (flux_future_get (f, &val), 0);
    assert_true (val == (void *)7);
    assert_int_equal (inits, 1);
    flux_future_reset (f);
    flux_future_set_reactor (f, r);
    assert_int_equal (flux_future_then (f, 10., on_ready, &t), 0);
    assert_int_equal (inits, 2);
    assert_int_equal (flux_reactor_run (r, 0), 0);
    assert_int_equal (t.revents, 7);
    flux_future_destroy (f);

    flux_future_t *all = flux_future_wait_all_create ();
    assert_int_equal (flux_future_get (all, NULL), 0); // of nothing
    flux_future_destroy (all);
    flux_reactor_destroy (r);
}

/* A continuation that destroys other futures which are ready too. */
struct many {
    flux_future_t *f[10];
    int called;
};

static void kill_others (flux_future_t *f, void *arg)
{
    struct many *m = arg;

    m->called++;
    for (int i = 0; i < 10; i++) {
        flux_future_destroy (m->f[i]);
        m->f[i] = NULL;
    }
}

static void test_future_destroyed (void **state)
{
    flux_reactor_t *r = flux_reactor_create (0);
    struct many m = {0};

    for (int i = 0; i < 10; i++) {
        m.f[i] = flux_future_create (NULL, NULL);
        flux_future_set_reactor (m.f[i], r);
        flux_future_then (m.f[i], -1., kill_others, &m);
        flux_future_fulfill (m.f[i], NULL, NULL);
    }
    assert_int_equal (flux_reactor_run (r, 0), 0);
    assert_int_equal (m.called, 1);
    flux_reactor_destroy (r);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_fd),
        cmocka_unit_test (test_timer),
        cmocka_unit_test (test_periodic),
        cmocka_unit_test (test_loop_watchers),
        cmocka_unit_test (test_signal_and_stat),
        cmocka_unit_test (test_unref),
        cmocka_unit_test (test_stop),
        cmocka_unit_test (test_future_results),
        cmocka_unit_test (test_future_with),
        cmocka_unit_test (test_future_init),
        cmocka_unit_test (test_future_destroyed),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

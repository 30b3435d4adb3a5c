/* SPDX-License-Identifier: Apache-2.0
 * daemon.c - the life of a daemon: start-up in a fixed order, readiness, orderly end.
 *
 * daemon_start(): options; to the background (before any thread or loop exists; the parent waits on
 * a pipe for one byte, which means ready); log targets; run directory; pid file, whose lock keeps a
 * second instance out while a stale file of a dead one is simply taken over; the daemon's setup();
 * plugins; its open() of what needs privileges; the configuration's text; then privileges go; the
 * configuration is applied, the shells listen, started() runs, and readiness is told.
 */
#include "config.h"
#include "daemon.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif
#include "cli.h"
#include "conf.h"
#include "daemon_private.h"
#include "log.h"
#include "mem.h"
#include "plugin.h"
#include "plugin_private.h"
#include "privs.h"
#include "shell.h"

/* FRR's harness takes a daemon for hung 15 s after SIGTERM. */
#define STOP_LIMIT_US 10000000

static int ready_pipe = -1; /* background: to the waiting parent */
static int pid_fd = -1;
static struct loop_timer *stop_timer, *watchdog_timer;
static uint64_t watchdog_us;
static bool stopping;

static _Noreturn void fatal(const struct daemon *d, const char *what, const char *arg,
                            const char *why)
{
    log_err("%s%s%s: %s", what, arg ? " " : "", arg ? arg : "", why);
    if (!log_has_stderr())
        fprintf(stderr, "%s: %s%s%s: %s\n", d->progname, what, arg ? " " : "", arg ? arg : "", why);
    exit(1);
}

/* --- background ------------------------------------------------------------- */

static _Noreturn void parent_wait(int fd, pid_t child)
{
    char c;
    ssize_t n;
    do
        n = read(fd, &c, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1)
        _exit(0);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1);
}

static void to_background(struct daemon *d)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        fatal(d, "pipe", NULL, strerror(errno));
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        fatal(d, "fork", NULL, strerror(errno));
    if (pid > 0) {
        close(fds[1]);
        parent_wait(fds[0], pid);
    }
    close(fds[0]);
    ready_pipe = fds[1];
    setsid();
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        close(null);
    }
}

static void tell_ready(void)
{
#ifdef HAVE_SYSTEMD
    sd_notify(0, "READY=1");
#endif
    if (ready_pipe < 0)
        return;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0) {
        fflush(NULL);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        close(null);
    }
    ssize_t n = write(ready_pipe, "r", 1);
    (void)n; /* the parent was killed: nobody waits */
    close(ready_pipe);
    ready_pipe = -1;
}

/* --- preparation ------------------------------------------------------------ */

/* A service whose stderr systemd reads: then lines go to the journal with their fields. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long dev, ino;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

static void start_log(struct daemon *d, const struct daemon_options *o)
{
    int level = d->log_level ? log_level_parse(d->log_level) : LOG_L_DEBUG;
    log_init(d->progname);
    for (unsigned i = 0; i < o->n_log; i++) {
        int rc = log_target_parse("cmdline", o->log[i], level);
        if (rc < 0)
            fatal(d, "--log", o->log[i], rc == -EINVAL ? "not understood" : strerror(-rc));
    }
    /* FRR logs nowhere by default; ours must not stay silent. */
    if (o->n_log || d->frr_compat)
        return;
    if (!d->log_level)
        level = LOG_L_INFO;
    if (!d->foreground)
        log_target_syslog("default", level);
    else if (!stderr_is_journal() || log_target_journald("default", level) < 0)
        log_target_stderr("default", level);
}

/* Whom to run as: the command line's choice, else the suite's user when it exists. */
static void choose_user(struct daemon *d, const struct daemon_options *o)
{
    if (d->user || o->skip_user || geteuid() != 0) {
        if (o->skip_user)
            d->user = d->group = NULL;
        return;
    }
    const char *name = d->frr_compat ? "frr" : "godwit";
    if (getpwnam(name))
        d->user = name;
    else
        log_notice("there is no user %s: staying root", name);
}

static void make_dirs(struct daemon *d)
{
    const char *base = d->frr_compat ? GW_FRR_RUNDIR : GW_RUNDIR;
    const char *dirs[] = { d->pathspace ? base : d->run_dir, d->run_dir, d->vty_dir };
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        int rc = privs_make_dir(dirs[i], d->user, d->group);
        if (rc < 0)
            fatal(d, "directory", dirs[i], strerror(-rc));
    }
}

/* The lock goes with the process, so a file left by a dead one does no harm. */
static void take_pid_file(struct daemon *d)
{
    char text[32];
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    pid_fd = open(d->pid_file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (pid_fd < 0 && errno == ENOENT)
        pid_fd = open(d->pid_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (pid_fd < 0)
        fatal(d, "pid file", d->pid_file, strerror(errno));
    if (fcntl(pid_fd, F_SETLK, &lock) < 0) {
        lock.l_pid = 0;
        fcntl(pid_fd, F_GETLK, &lock);
        snprintf(text, sizeof(text), "already running as %d", (int)lock.l_pid);
        fatal(d, "pid file", d->pid_file, text);
    }
    int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (ftruncate(pid_fd, 0) < 0 || write(pid_fd, text, (size_t)n) != n)
        fatal(d, "pid file", d->pid_file, strerror(errno));
}

static void raise_limits(void)
{
    struct rlimit rl;
    if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < rl.rlim_max) {
        rl.rlim_cur = rl.rlim_max;
        setrlimit(RLIMIT_NOFILE, &rl);
    }
}

/* What needs root once more before it goes. The pid file's lock says that sockets are stale. */
static void prepare_places(struct daemon *d)
{
    char path[PATH_MAX];
    struct stat st;
    struct passwd *pw = d->user ? getpwnam(d->user) : NULL;
    if (pw && geteuid() == 0)
        log_files_own(pw->pw_uid, pw->pw_gid);
    snprintf(path, sizeof(path), "%s/%s.vty", d->vty_dir, d->progname);
    if (unlink(path) < 0 && errno != ENOENT)
        log_warn("%s: %s", path, strerror(errno));
    if (!d->frr_compat || strcmp(d->progname, "zebra") != 0)
        return;
    /* FRR's harness looks for zebra's client socket by name; ours has another. */
    snprintf(path, sizeof(path), "%s/zserv.api", d->run_dir);
    if (lstat(path, &st) == 0)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    else
        log_warn("%s: %s", path, strerror(errno));
}

/* --- signals, watchdog, end ------------------------------------------------- */

void daemon_done(struct daemon *d)
{
    loop_stop(d->loop, 0);
}

static void stop_overdue(void *ctx)
{
    log_warn("the orderly end takes too long: ending now");
    daemon_done(ctx);
}

static void on_end(void *ctx, int signo)
{
    struct daemon *d = ctx;
    if (stopping) {
        if (signo == SIGINT)
            daemon_done(d);
        return;
    }
    stopping = true;
    log_notice("Terminating on signal %d", signo);
#ifdef HAVE_SYSTEMD
    sd_notify(0, "STOPPING=1");
#endif
    stop_timer = loop_timer_new(d->loop, "stop", stop_overdue, d);
    loop_timer_arm(stop_timer, STOP_LIMIT_US);
    if (d->stop)
        d->stop(d);
    else
        daemon_done(d);
}

static void on_reopen(void *ctx, int signo)
{
    (void)ctx;
    (void)signo;
    log_reopen();
}

static void on_watchdog(void *ctx)
{
    (void)ctx;
#ifdef HAVE_SYSTEMD
    sd_notify(0, "WATCHDOG=1");
#endif
    loop_timer_arm(watchdog_timer, watchdog_us / 2);
}

static void start_signals(struct daemon *d)
{
    signal(SIGPIPE, SIG_IGN);
    loop_signal(d->loop, SIGTERM, on_end, d);
    loop_signal(d->loop, SIGINT, on_end, d);
    loop_signal(d->loop, SIGHUP, on_reopen, d);
    loop_signal(d->loop, SIGUSR1, on_reopen, d);
#ifdef HAVE_SYSTEMD
    if (sd_watchdog_enabled(0, &watchdog_us) > 0 && watchdog_us) {
        watchdog_timer = loop_timer_new(d->loop, "watchdog", on_watchdog, d);
        loop_timer_arm(watchdog_timer, watchdog_us / 2);
    }
#endif
}

/* --- the order of it all ----------------------------------------------------- */

static void set_up(struct daemon *d, const struct daemon_options *o)
{
    char err[512];
    d->loop = loop_new();
    d->cli = cli_tree_new(d->app);
    d->conf = conf_new(d->cli, d->app);
    shell_common_add(d);
    if (d->setup)
        d->setup(d);
    for (unsigned i = 0; i < o->n_plugin; i++) {
        if (plugin_load(d, o->plugin[i], err, sizeof(err)) == 0)
            continue;
        /* FRR's own modules are named in its users' start files; we have what they do, or not. */
        if (!d->frr_compat)
            fatal(d, "-M", o->plugin[i], err);
        log_warn("-M %s: %s", o->plugin[i], err);
    }
}

static _Noreturn void dry_run(struct daemon *d, const struct daemon_options *o)
{
    set_up(d, o);
    struct daemon_config *c = daemon_config_read(d, o->config_arg, true);
    unsigned bad = daemon_config_apply(d, c, true);
    daemon_config_free(c);
    exit(bad ? 1 : 0);
}

void daemon_start(struct daemon *d, int argc, char **argv)
{
    struct daemon_options o;
    char err[512];
    d->start_us = loop_now();
    d->start_wall = loop_wall();
    daemon_options_parse(d, &o, argc, argv);
    if (o.grammar) {
        set_up(d, &o);
        daemon_grammar_print(d);
        exit(fflush(stdout) ? 1 : 0);
    }
    if (o.dry_run)
        dry_run(d, &o);
    if (o.daemonize)
        to_background(d);
    start_log(d, &o);
    choose_user(d, &o);
    make_dirs(d);
    take_pid_file(d);
    raise_limits();

    set_up(d, &o);
    start_signals(d);
    int rc = d->open ? d->open(d) : 0;
    if (rc < 0)
        fatal(d, "opening what the daemon needs", NULL, strerror(-rc));
    struct daemon_config *c = daemon_config_read(d, o.config_arg, false);
    prepare_places(d);
    if (privs_drop(d->user, d->group, d->keep_caps, err, sizeof(err)) < 0)
        fatal(d, "privileges", NULL, err);
    if (err[0])
        log_warn("%s", err);

    daemon_config_apply(d, c, false);
    daemon_config_free(c);
    if ((rc = shell_ipc_start(d)) < 0)
        fatal(d, "shell service in", d->run_dir, strerror(-rc));
    if ((rc = shell_vty_start(d)) < 0)
        fatal(d, "shell socket in", d->vty_dir, strerror(-rc));
    if (d->started)
        d->started(d);
    log_notice("%s %s starting: ready after %u ms", d->progname, PACKAGE_VERSION,
               (unsigned)((loop_now() - d->start_us) / 1000));
    tell_ready();
}

int daemon_run(struct daemon *d)
{
    int rc = loop_run(d->loop);
    shell_vty_stop(d);
    shell_ipc_stop(d);
    plugin_fini_all(d);
    if (unlink(d->pid_file) < 0 && errno != ENOENT)
        log_info("%s stays: %s", d->pid_file, strerror(errno)); /* the folder is root's */
    log_notice("%s ended", d->progname);
    log_fini();
    return rc;
}

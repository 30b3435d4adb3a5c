/* SPDX-License-Identifier: Apache-2.0
 * log.c - the log's targets and lines.
 *
 * A line is built on the caller's stack and written to every target that wants its level, under one
 * lock, each with one write. Files and terminals get FRR's form
 *     2026/11/30 03:00:00.123 BGP: text
 * with the short name of the protocol and the configured number of second's digits; journald gets
 * fields. A target is one (who, kind): the command line's and the configuration's do not disturb
 * each other.
 */
#include "config.h"
#include "log.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif

#define LINE_MAX_BYTES 4096

enum kind { KIND_STDERR, KIND_STDOUT, KIND_SYSLOG, KIND_JOURNALD, KIND_FILE, KIND_COUNT };

struct target {
    struct target *next;
    enum kind kind;
    int level;
    int fd; /* KIND_FILE */
    char *who, *path;
};

static struct {
    pthread_mutex_t lock;
    struct target *targets;
    char program[32], proto[16];
    bool started, record_priority;
    int precision, facility;
    struct log_debug *debugs;
} lg = { .lock = PTHREAD_MUTEX_INITIALIZER, .facility = LOG_DAEMON };

/* The highest level that any target wants: read without the lock. */
static _Atomic(int) wanted = LOG_L_WARN;

static const char *const level_names[] = { "emergencies",   "alerts",   "critical",
                                           "errors",        "warnings", "notifications",
                                           "informational", "debugging" };

void log_debug_register(struct log_debug *d)
{
    pthread_mutex_lock(&lg.lock);
    d->next = lg.debugs;
    lg.debugs = d;
    pthread_mutex_unlock(&lg.lock);
}

void log_debug_unregister(struct log_debug *d)
{
    pthread_mutex_lock(&lg.lock);
    struct log_debug **p = &lg.debugs;
    while (*p && *p != d)
        p = &(*p)->next;
    if (*p)
        *p = d->next;
    pthread_mutex_unlock(&lg.lock);
}

struct log_debug *log_debugs(void)
{
    return lg.debugs;
}

const char *log_level_name(enum log_level l)
{
    return (unsigned)l < 8 ? level_names[l] : "unknown";
}

int log_level_parse(const char *word)
{
    size_t n = strlen(word);
    for (int i = 0; n && i < 8; i++)
        if (strncasecmp(word, level_names[i], n) == 0)
            return i;
    return -1;
}

/* --- start and end ---------------------------------------------------------- */

static void protocol_name(const char *program, char *out, size_t size)
{
    static const char *const names[][2] = { { "zebra", "ZEBRA" },
                                            { "zebrad", "ZEBRA" },
                                            { "bgpd", "BGP" },
                                            { "bfdd", "BFD" },
                                            { "staticd", "STATIC" } };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(program, names[i][0]) == 0) {
            snprintf(out, size, "%s", names[i][1]);
            return;
        }
    size_t i;
    for (i = 0; program[i] && i + 1 < size; i++)
        out[i] = (char)(program[i] >= 'a' && program[i] <= 'z' ? program[i] - 32 : program[i]);
    out[i] = '\0';
}

static void targets_changed(void)
{
    int max = lg.started ? -1 : LOG_L_WARN;
    for (struct target *t = lg.targets; t; t = t->next)
        if (t->level > max)
            max = t->level;
    atomic_store_explicit(&wanted, max, memory_order_relaxed);
}

void log_init(const char *program)
{
    pthread_mutex_lock(&lg.lock);
    snprintf(lg.program, sizeof(lg.program), "%s", program);
    protocol_name(program, lg.proto, sizeof(lg.proto));
    lg.started = true;
    targets_changed();
    pthread_mutex_unlock(&lg.lock);
}

static void target_free(struct target *t)
{
    if (t->fd >= 0)
        close(t->fd);
    free(t->who);
    free(t->path);
    free(t);
}

void log_targets_clear(const char *who)
{
    pthread_mutex_lock(&lg.lock);
    for (struct target **p = &lg.targets; *p;) {
        struct target *t = *p;
        if (who && strcmp(t->who, who) != 0) {
            p = &t->next;
            continue;
        }
        *p = t->next;
        target_free(t);
    }
    targets_changed();
    pthread_mutex_unlock(&lg.lock);
}

void log_fini(void)
{
    log_targets_clear(NULL);
    pthread_mutex_lock(&lg.lock);
    lg.started = false;
    targets_changed();
    pthread_mutex_unlock(&lg.lock);
}

/* --- writing ---------------------------------------------------------------- */

static int timestamp(char *buf, size_t size)
{
    static _Thread_local time_t last = -1;
    static _Thread_local char text[32];
    struct timeval tv;
    gettimeofday(&tv, NULL);
    if (tv.tv_sec != last) {
        struct tm tm;
        localtime_r(&tv.tv_sec, &tm);
        strftime(text, sizeof(text), "%Y/%m/%d %H:%M:%S", &tm);
        last = tv.tv_sec;
    }
    if (lg.precision == 0)
        return snprintf(buf, size, "%s", text);
    char frac[8];
    snprintf(frac, sizeof(frac), "%06u", (unsigned)tv.tv_usec % 1000000u);
    return snprintf(buf, size, "%s.%.*s", text, lg.precision, frac);
}

static void write_fd(int fd, enum log_level level, const char *text, size_t len)
{
    char head[96];
    int n = timestamp(head, sizeof(head));
    n += snprintf(head + n, sizeof(head) - (size_t)n,
                  " %s%s%s: ", lg.record_priority ? log_level_name(level) : "",
                  lg.record_priority ? ": " : "", lg.proto[0] ? lg.proto : "GODWIT");
    struct iovec iov[3] = { { head, (size_t)n }, { (void *)text, len }, { (void *)"\n", 1 } };
    ssize_t done = writev(fd, iov, 3);
    (void)done; /* a full disk must not end a router, and there is nobody else to tell */
}

static void write_target(struct target *t, enum log_level level, const char *text, size_t len)
{
    switch (t->kind) {
    case KIND_STDERR:
        write_fd(STDERR_FILENO, level, text, len);
        break;
    case KIND_STDOUT:
        write_fd(STDOUT_FILENO, level, text, len);
        break;
    case KIND_FILE:
        write_fd(t->fd, level, text, len);
        break;
    case KIND_SYSLOG:
        syslog(lg.facility | (int)level, "%s", text);
        break;
    case KIND_JOURNALD:
#ifdef HAVE_SYSTEMD
        sd_journal_send("MESSAGE=%s", text, "PRIORITY=%d", (int)level, "SYSLOG_IDENTIFIER=%s",
                        lg.program, "GODWIT_PROTOCOL=%s", lg.proto, NULL);
#endif
        break;
    case KIND_COUNT:
        break;
    }
}

void log_writev(enum log_level level, const char *fmt, va_list ap)
{
    if ((int)level > atomic_load_explicit(&wanted, memory_order_relaxed))
        return;
    char line[LINE_MAX_BYTES];
    int saved = errno;
    int n = vsnprintf(line, sizeof(line), fmt, ap);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (len >= sizeof(line)) {
        len = sizeof(line) - 1;
        memcpy(line + len - 3, "...", 3);
    }
    /* One line stays one line, whatever was quoted in it. */
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < ' ' && line[i] != '\t')
            line[i] = '.';
    pthread_mutex_lock(&lg.lock);
    if (!lg.started && !lg.targets)
        write_fd(STDERR_FILENO, level, line, len);
    for (struct target *t = lg.targets; t; t = t->next)
        if ((int)level <= t->level)
            write_target(t, level, line, len);
    pthread_mutex_unlock(&lg.lock);
    errno = saved;
}

void log_write(enum log_level level, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    log_writev(level, fmt, ap);
    va_end(ap);
}

/* --- targets ---------------------------------------------------------------- */

static int open_file(const char *path)
{
    /* Without O_CREAT first: with it, the kernel keeps even root from another's file in a folder
     * that is everybody's (fs.protected_regular). */
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
    return fd < 0 ? -errno : fd;
}

/* The path as seen from the root, since daemons may be told relative ones. Freed with free(). */
static char *absolute(const char *path)
{
    char cwd[PATH_MAX], *out = NULL;
    if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
        return strdup(path);
    return asprintf(&out, "%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, path) < 0 ? NULL : out;
}

/* Replaces or removes (level < 0) the target of this who and kind; takes over fd and path. */
static int target_set(const char *who, enum kind kind, int level, int fd, char *path)
{
    struct target *fresh = NULL;
    if (level > LOG_L_DEBUG)
        level = LOG_L_DEBUG;
    if (level >= 0) {
        fresh = calloc(1, sizeof(*fresh));
        char *copy = strdup(who);
        if (!fresh || !copy) {
            free(fresh);
            free(copy);
            free(path);
            if (fd >= 0)
                close(fd);
            return -ENOMEM;
        }
        *fresh =
            (struct target){ .kind = kind, .level = level, .fd = fd, .who = copy, .path = path };
    }
    pthread_mutex_lock(&lg.lock);
    struct target **p = &lg.targets;
    while (*p && ((*p)->kind != kind || strcmp((*p)->who, who) != 0))
        p = &(*p)->next;
    struct target *old = *p;
    if (old)
        *p = old->next;
    if (fresh) {
        fresh->next = *p;
        *p = fresh;
    }
    targets_changed();
    pthread_mutex_unlock(&lg.lock);
    if (old)
        target_free(old);
    return 0;
}

int log_target_stderr(const char *who, int level)
{
    return target_set(who, KIND_STDERR, level, -1, NULL);
}

int log_target_stdout(const char *who, int level)
{
    return target_set(who, KIND_STDOUT, level, -1, NULL);
}

int log_target_syslog(const char *who, int level)
{
    if (level >= 0)
        openlog(lg.program[0] ? lg.program : NULL, LOG_PID | LOG_NDELAY, lg.facility);
    return target_set(who, KIND_SYSLOG, level, -1, NULL);
}

int log_target_journald(const char *who, int level)
{
#ifndef HAVE_SYSTEMD
    if (level >= 0)
        return -EOPNOTSUPP;
#endif
    return target_set(who, KIND_JOURNALD, level, -1, NULL);
}

int log_target_file(const char *who, const char *path, int level)
{
    if (level < 0)
        return target_set(who, KIND_FILE, -1, -1, NULL);
    char *full = absolute(path);
    if (!full)
        return -ENOMEM;
    int fd = open_file(full);
    if (fd < 0) {
        free(full);
        return fd;
    }
    return target_set(who, KIND_FILE, level, fd, full);
}

int log_target_parse(const char *who, const char *dest, int level)
{
    if (strcmp(dest, "stdout") == 0)
        return log_target_stdout(who, level);
    if (strcmp(dest, "stderr") == 0)
        return log_target_stderr(who, level);
    if (strcmp(dest, "syslog") == 0)
        return log_target_syslog(who, level);
    if (strcmp(dest, "journald") == 0)
        return log_target_journald(who, level);
    if (strncmp(dest, "file:", 5) != 0 || !dest[5])
        return -EINVAL;
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s", dest + 5) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    char *colon = strrchr(path, ':');
    if (colon) {
        int l = log_level_parse(colon + 1);
        if (l < 0)
            return -EINVAL;
        *colon = '\0';
        level = l;
    }
    return log_target_file(who, path, level);
}

bool log_has_stderr(void)
{
    pthread_mutex_lock(&lg.lock);
    bool has = !lg.started && !lg.targets;
    for (const struct target *t = lg.targets; t; t = t->next)
        has |= t->kind == KIND_STDERR && t->level >= LOG_L_ERR;
    pthread_mutex_unlock(&lg.lock);
    return has;
}

void log_files_own(uid_t uid, gid_t gid)
{
    struct stat st;
    pthread_mutex_lock(&lg.lock);
    for (struct target *t = lg.targets; t; t = t->next)
        if (t->kind == KIND_FILE && fstat(t->fd, &st) == 0 && S_ISREG(st.st_mode) &&
            st.st_uid == 0 && fchown(t->fd, uid, gid) < 0)
            continue; /* it can be written, only not opened again */
    pthread_mutex_unlock(&lg.lock);
}

void log_timestamp_precision(int digits)
{
    pthread_mutex_lock(&lg.lock);
    lg.precision = digits < 0 ? 0 : digits > 6 ? 6 : digits;
    pthread_mutex_unlock(&lg.lock);
}

void log_record_priority(bool on)
{
    pthread_mutex_lock(&lg.lock);
    lg.record_priority = on;
    pthread_mutex_unlock(&lg.lock);
}

void log_facility(int facility)
{
    pthread_mutex_lock(&lg.lock);
    lg.facility = facility;
    pthread_mutex_unlock(&lg.lock);
}

void log_reopen(void)
{
    pthread_mutex_lock(&lg.lock);
    for (struct target *t = lg.targets; t; t = t->next) {
        if (t->kind != KIND_FILE)
            continue;
        int fd = open_file(t->path);
        if (fd < 0)
            continue; /* the old file still takes the lines */
        close(t->fd);
        t->fd = fd;
    }
    pthread_mutex_unlock(&lg.lock);
}

/* --- show logging ----------------------------------------------------------- */

static const struct target *target_get(const char *who, enum kind kind)
{
    for (const struct target *t = lg.targets; t; t = t->next)
        if (t->kind == kind && strcmp(t->who, who) == 0)
            return t;
    return NULL;
}

static const char *facility_name(int facility)
{
    static const struct {
        int value;
        const char *name;
    } names[] = { { LOG_KERN, "kern" },     { LOG_USER, "user" },     { LOG_MAIL, "mail" },
                  { LOG_DAEMON, "daemon" }, { LOG_AUTH, "auth" },     { LOG_SYSLOG, "syslog" },
                  { LOG_LPR, "lpr" },       { LOG_NEWS, "news" },     { LOG_UUCP, "uucp" },
                  { LOG_CRON, "cron" },     { LOG_LOCAL0, "local0" }, { LOG_LOCAL1, "local1" },
                  { LOG_LOCAL2, "local2" }, { LOG_LOCAL3, "local3" }, { LOG_LOCAL4, "local4" },
                  { LOG_LOCAL5, "local5" }, { LOG_LOCAL6, "local6" }, { LOG_LOCAL7, "local7" } };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].value == facility)
            return names[i].name;
    return "unknown";
}

static void describe_target(const struct target *t, char *buf, size_t size)
{
    if (!t)
        snprintf(buf, size, "disabled");
    else if (t->kind == KIND_SYSLOG)
        snprintf(buf, size, "level %s, facility %s, ident %s", level_names[t->level],
                 facility_name(lg.facility), lg.program);
    else if (t->kind == KIND_FILE)
        snprintf(buf, size, "level %s, filename %s", level_names[t->level], t->path);
    else
        snprintf(buf, size, "level %s", level_names[t->level]);
}

void log_describe(void (*line)(void *ctx, const char *text), void *ctx)
{
    static const char *const kind_names[KIND_COUNT] = { "stderr", "stdout", "syslog", "journald",
                                                        "file" };
    char buf[PATH_MAX + 128], what[PATH_MAX + 64];
    pthread_mutex_lock(&lg.lock);
    static const struct {
        enum kind kind;
        const char *title;
        bool always; /* FRR prints it whether it is on or not */
    } rows[] = { { KIND_SYSLOG, "Syslog logging", true },
                 { KIND_STDOUT, "Stdout logging", true },
                 { KIND_STDERR, "Stderr logging", false },
                 { KIND_JOURNALD, "Journald logging", false },
                 { KIND_FILE, "File logging", true } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct target *t = target_get("config", rows[i].kind);
        if (!t && !rows[i].always)
            continue;
        describe_target(t, what, sizeof(what));
        snprintf(buf, sizeof(buf), "%s: %s", rows[i].title, what);
        line(ctx, buf);
    }
    for (const struct target *t = lg.targets; t; t = t->next) {
        if (strcmp(t->who, "config") == 0)
            continue;
        if (strcmp(t->who, "cmdline") != 0) {
            describe_target(t, what, sizeof(what));
            snprintf(buf, sizeof(buf), "By default to %s: %s", kind_names[t->kind], what);
            line(ctx, buf);
            continue;
        }
        snprintf(buf, sizeof(buf), "From command line: \"--log %s%s%s --log-level %s\"",
                 kind_names[t->kind], t->path ? ":" : "", t->path ? t->path : "",
                 level_names[t->level]);
        line(ctx, buf);
    }
    snprintf(buf, sizeof(buf), "Protocol name: %s", lg.proto);
    line(ctx, buf);
    snprintf(buf, sizeof(buf), "Record priority: %s", lg.record_priority ? "enabled" : "disabled");
    line(ctx, buf);
    snprintf(buf, sizeof(buf), "Timestamp precision: %d", lg.precision);
    line(ctx, buf);
    pthread_mutex_unlock(&lg.lock);
}

/* SPDX-License-Identifier: Apache-2.0
 * log.h - structured log to stderr, file, syslog and journald, with per-subsystem debug.
 *
 * lib/ below the daemons' edges never logs; the caller that knows peer, file and line does, once.
 * Any thread may log: lines are built in the caller and handed to the targets under one lock.
 * Levels and words are FRR's: emergencies alerts critical errors warnings notifications
 * informational debugging.
 */
#ifndef GW_LOG_H
#define GW_LOG_H
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

enum log_level { LOG_L_EMERG, LOG_L_ALERT, LOG_L_CRIT, LOG_L_ERR, LOG_L_WARN, LOG_L_NOTICE,
                 LOG_L_INFO, LOG_L_DEBUG };

/* A subsystem that `debug ...` switches; define one per area with LOG_DEBUG_DEFINE. */
struct log_debug {
    const char *name; /* "bgp updates" */
    bool on;          /* read without a lock on hot paths: if (unlikely(d.on)) */
    struct log_debug *next;
};
#define LOG_DEBUG_DEFINE(id, text)                                                                 \
    struct log_debug log_debug_##id = { .name = (text) };                                          \
    __attribute__((constructor)) static void log_debug_register_##id(void)                         \
    {                                                                                              \
        log_debug_register(&log_debug_##id);                                                       \
    }                                                                                              \
    __attribute__((destructor)) static void log_debug_unregister_##id(void)                        \
    {                                                                                              \
        log_debug_unregister(&log_debug_##id);                                                     \
    }                                                                                              \
    struct log_debug log_debug_##id
#define LOG_DEBUG_DECLARE(id) extern struct log_debug log_debug_##id
#define log_dbg(id, ...)                                                                           \
    do {                                                                                           \
        if (__builtin_expect(log_debug_##id.on, 0))                                                \
            log_write(LOG_L_DEBUG, __VA_ARGS__);                                                   \
    } while (0)

void log_debug_register(struct log_debug *d);
void log_debug_unregister(struct log_debug *d); /* a plugin's, when it is unloaded */
struct log_debug *log_debugs(void);

/* Starts logging for the program; until then lines of level warning and worse go to stderr. */
void log_init(const char *program);
void log_fini(void);
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_writev(enum log_level level, const char *fmt, va_list ap);
#define log_err(...)    log_write(LOG_L_ERR, __VA_ARGS__)
#define log_warn(...)   log_write(LOG_L_WARN, __VA_ARGS__)
#define log_notice(...) log_write(LOG_L_NOTICE, __VA_ARGS__)
#define log_info(...)   log_write(LOG_L_INFO, __VA_ARGS__)

/* Targets. `who` separates the command line's choice from the configuration's ("cmdline", "config"),
 * so that `clear log cmdline-targets` can drop the first. A relative file is relative to the working
 * directory at the call. Return 0, or -errno with nothing changed. level < 0 removes the target. */
int log_target_stderr(const char *who, int level);
int log_target_stdout(const char *who, int level);
int log_target_syslog(const char *who, int level);
int log_target_journald(const char *who, int level);
int log_target_file(const char *who, const char *path, int level);
void log_targets_clear(const char *who);
bool log_has_stderr(void); /* errors are seen on stderr anyway */
/* DEST of --log: "stdout", "stderr", "syslog", "journald", "file:NAME", "file:NAME:LEVEL". -EINVAL when unknown. */
int log_target_parse(const char *who, const char *dest, int level);
/* Gives the files that root opened to the user that the daemon becomes, who may have to open them again. */
void log_files_own(uid_t uid, gid_t gid);
void log_timestamp_precision(int digits); /* 0-6 */
void log_record_priority(bool on);
void log_facility(int facility);
void log_reopen(void);                          /* SIGUSR1: after logrotate */
int log_level_parse(const char *word);          /* prefix of a level's word; -1 when unknown */
const char *log_level_name(enum log_level l);
/* The lines of `show logging` after "Logging configuration for DAEMON:", through a callback. */
void log_describe(void (*line)(void *ctx, const char *text), void *ctx);
#endif

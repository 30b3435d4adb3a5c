/* SPDX-License-Identifier: Apache-2.0
 * daemon_config.c - which configuration files a daemon reads, and how bad lines are treated.
 *
 * A file is the daemon's own (-f FILE, DAEMON.conf), where every bad line is reported, or one for
 * all daemons (godwit.conf, frr.conf), where lines that this daemon does not know belong to others.
 * There an unindented line that is not known takes the indented lines below it along: inside
 * another daemon's block nothing is tried, though some words may be ours. What no daemon knows is
 * found by daemon_grammar.c.
 */
#include "config.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "conf.h"
#include "daemon_private.h"
#include "log.h"
#include "mem.h"

MEM_DEFINE(conf_file, "Configuration file");

#define FILE_MAX (64u << 20)

struct conf_file {
    struct conf_file *next;
    char *path, *text;
    bool shared;
};

struct daemon_config {
    struct conf_file *files;
};

struct report_ctx {
    struct daemon *d;
    const struct conf_file *file;
    unsigned count, foreign;
};

/* The whole file, or NULL with errno. */
static char *slurp(const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return NULL;
    size_t cap = 4096, len = 0;
    char *text = mem_alloc(MEM(conf_file), cap);
    for (size_t got; (got = fread(text + len, 1, cap - len - 1, f)) > 0;) {
        len += got;
        if (len > FILE_MAX) {
            fclose(f);
            mem_free(MEM(conf_file), text);
            errno = EFBIG;
            return NULL;
        }
        if (cap - len < 2)
            text = mem_realloc(MEM(conf_file), text, cap *= 2);
    }
    int bad = ferror(f) ? EIO : 0;
    fclose(f);
    if (bad) {
        mem_free(MEM(conf_file), text);
        errno = bad;
        return NULL;
    }
    /* A NUL inside would hide what follows. */
    for (size_t i = 0; i < len; i++)
        if (!text[i])
            text[i] = ' ';
    text[len] = '\0';
    return text;
}

static bool add_file(struct daemon_config *c, const char *path, bool shared)
{
    char *text = slurp(path);
    if (!text)
        return false;
    struct conf_file *f = mem_calloc(MEM(conf_file), 1, sizeof(*f));
    f->path = mem_strdup(MEM(conf_file), path);
    f->text = text;
    f->shared = shared;
    struct conf_file **tail = &c->files;
    while (*tail)
        tail = &(*tail)->next;
    *tail = f;
    return true;
}

static bool is_shared_name(const char *path)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    return strcmp(base, "godwit.conf") == 0 || strcmp(base, "frr.conf") == 0;
}

/* The first of DAEMON.conf and the shared file that is there; its name in any case. */
static void add_default(struct daemon *d, struct daemon_config *c)
{
    char own[PATH_MAX], shared[PATH_MAX], more[PATH_MAX];
    const char *dir = d->frr_compat ? GW_FRR_SYSCONFDIR : GW_SYSCONFDIR;
    const char *ns = d->pathspace ? d->pathspace : "", *sep = d->pathspace ? "/" : "";
    snprintf(own, sizeof(own), "%s/%s%s%s.conf", dir, ns, sep, d->progname);
    snprintf(shared, sizeof(shared), "%s/%s%s%s.conf", dir, ns, sep,
             d->frr_compat ? "frr" : "godwit");
    const char *used = own;
    bool found = add_file(c, own, d->foreign_config);
    if (!found && errno != ENOENT)
        log_err("%s: %s", own, strerror(errno));
    if (!found) {
        found = add_file(c, shared, true);
        if (!found && errno != ENOENT)
            log_err("%s: %s", shared, strerror(errno));
        if (found || !d->frr_compat)
            used = shared;
    }
    d->config_file = mem_strdup(MEM(str), used);
    /* Static routes are ours, so staticd's file is read here. */
    if (d->frr_compat && strcmp(d->progname, "zebra") == 0) {
        snprintf(more, sizeof(more), "%s/%s%sstaticd.conf", dir, ns, sep);
        if (!add_file(c, more, false) && errno != ENOENT)
            log_err("%s: %s", more, strerror(errno));
    }
}

struct daemon_config *daemon_config_read(struct daemon *d, const char *config_arg, bool must_exist)
{
    struct daemon_config *c = mem_calloc(MEM(conf_file), 1, sizeof(*c));
    if (!config_arg) {
        add_default(d, c);
        return c;
    }
    /* The working directory stays, but what is written later should not depend on that. */
    char *full = config_arg[0] == '/' ? NULL : realpath(config_arg, NULL);
    d->config_file = mem_strdup(MEM(str), full ? full : config_arg);
    free(full);
    if (!add_file(c, config_arg, d->foreign_config || is_shared_name(config_arg)) &&
        (must_exist || errno != ENOENT)) {
        int e = errno;
        log_err("%s: %s", config_arg, strerror(e));
        if (!log_has_stderr())
            fprintf(stderr, "%s: %s: %s\n", d->progname, config_arg, strerror(e));
        exit(1);
    }
    if (!c->files)
        log_warn("%s is not there: starting without configuration", config_arg);
    return c;
}

void daemon_config_free(struct daemon_config *c)
{
    while (c->files) {
        struct conf_file *f = c->files;
        c->files = f->next;
        mem_free(MEM(conf_file), f->path);
        mem_free(MEM(conf_file), f->text);
        mem_free(MEM(conf_file), f);
    }
    mem_free(MEM(conf_file), c);
}

static bool not_ours(int rc)
{
    return rc == CLI_NO_MATCH || rc == CLI_AMBIGUOUS || rc == CLI_INCOMPLETE;
}

/* To the log, and to stderr as long as that is open. */
static void complain(const struct report_ctx *r, unsigned lineno, const char *text)
{
    log_err("%s line %u: %s", r->file->path, lineno, text);
    if (!log_has_stderr())
        fprintf(stderr, "%s: %s line %u: %s\n", r->d->progname, r->file->path, lineno, text);
}

static void report(void *ctx, unsigned lineno, int rc, const char *msg, const char *line)
{
    struct report_ctx *r = ctx;
    char text[1024];
    if (r->file->shared && not_ours(rc)) {
        r->foreign++; /* another daemon's, or nobody's: unknown_line() tells */
        return;
    }
    r->count++;
    if (!msg || !*msg)
        msg = "% Unknown command";
    size_t len = strcspn(msg, "\n");
    bool quoted = !line || strstr(msg, line);
    snprintf(text, sizeof(text), "%.*s%s%s", (int)len, msg, quoted ? "" : ": ", quoted ? "" : line);
    complain(r, lineno, text);
}

static void unknown_line(void *ctx, unsigned lineno, unsigned last, int rc, const char *line)
{
    struct report_ctx *r = ctx;
    char text[1024], block[64] = "";
    const char *what = rc == CLI_AMBIGUOUS    ? "Ambiguous command"
                       : rc == CLI_INCOMPLETE ? "Command incomplete"
                                              : "Unknown command";
    r->count++;
    if (last > lineno)
        snprintf(block, sizeof(block), " (with its block, to line %u)", last);
    snprintf(text, sizeof(text), "%% %s: %.800s%s", what, line, block);
    complain(r, lineno, text);
}

static bool indented(const char *line)
{
    return *line == ' ' || *line == '\t';
}

static const char *next_line(const char *p)
{
    const char *nl = strchr(p, '\n');
    return nl ? nl + 1 : p + strlen(p);
}

/* A copy of a shared file with other daemons' blocks blanked out. Entering a block is how we find
 * out whether it is ours; that has the effect that the line has anyway when the file is loaded. */
static char *without_foreign_blocks(struct daemon *d, const char *text, unsigned *ret_foreign)
{
    char *out = mem_strdup(MEM(conf_file), text);
    char err[512], head[1024];
    for (const char *p = text; *p;) {
        const char *body = next_line(p), *end = body;
        while (*end && (indented(end) || *end == '\n' || *end == '\r'))
            end = next_line(end);
        bool block = false;
        for (const char *q = body; q < end; q = next_line(q))
            block |= indented(q);
        size_t len = strcspn(p, "\r\n");
        if (block && !indented(p) && *p != '!' && *p != '#' && len < sizeof(head)) {
            memcpy(head, p, len);
            head[len] = '\0';
            struct conf_pos pos = { .obj = conf_root(d->conf) };
            if (not_ours(conf_line(d->conf, &pos, head, err, sizeof(err)))) {
                /* Blank lines keep the numbers of the others. */
                ++*ret_foreign;
                for (size_t i = (size_t)(p - text); i < (size_t)(end - text); i++)
                    if (out[i] != '\n')
                        out[i] = ' ';
            }
        }
        p = end;
    }
    return out;
}

unsigned daemon_config_apply(struct daemon *d, struct daemon_config *c, bool dry_run)
{
    struct report_ctx r = { .d = d };
    for (struct conf_file *f = c->files; f; f = f->next) {
        r.file = f;
        if (dry_run) {
            conf_replace(d->conf, f->text, true, report, &r, NULL);
        } else if (f->shared) {
            char *ours = without_foreign_blocks(d, f->text, &r.foreign);
            conf_load(d->conf, ours, report, &r);
            mem_free(MEM(conf_file), ours);
        } else {
            conf_load(d->conf, f->text, report, &r);
        }
        if (f->shared && !d->foreign_config && r.foreign &&
            !daemon_grammar_check(d, GW_GRAMMARDIR, f->text, unknown_line, &r))
            log_info("%s: %u lines are not for %s", f->path, r.foreign, d->progname);
        r.foreign = 0;
        log_info("configuration read from %s", f->path);
    }
    return r.count;
}

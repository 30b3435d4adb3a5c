/* SPDX-License-Identifier: Apache-2.0
 * vtysh_config.c - configuration as a whole: showing, saving, loading, checking, replacing.
 *
 * A file is split once by vtysh, which knows all grammars: every line goes into the texts of the
 * daemons that take it (struct split), in the blocks it stands in. A daemon's text has its own line
 * numbers; `origin` leads back to the file's. A replacement is prepared by every daemon and
 * committed only when none has refused a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vtysh.h"

#define FRR_VERSION "8.4.4" /* whose file format we write */

/* ---- showing ---- */

static void buf_out(void *ctx, const char *data, size_t len)
{
    buf_add(ctx, data, len);
}

static void put(void (*out)(void *, const char *, size_t), void *ctx, const char *s)
{
    out(ctx, s, strlen(s));
}

int config_running(struct vtysh *v, const char *daemon, bool header, bool secrets,
                   void (*out)(void *ctx, const char *data, size_t len), void *ctx)
{
    const struct vdaemon *only = daemon ? client_find(v, daemon) : NULL;
    struct merged *m = merge_new();
    struct buf b = { 0 };
    int rc = CLI_OK;

    if (daemon && (!only || !only->up)) {
        out_printf(v, "%% %s is not running\n", daemon);
        merge_free(m);
        return CLI_NOT_RUNNING;
    }
    for (unsigned i = 0; i < v->n_daemons && rc == CLI_OK; i++) {
        struct shell_msg q = { .type = ST_RUNNING_CONFIG, .secrets = secrets };
        if (!v->d[i].up || (only && only != &v->d[i]))
            continue;
        b.n = 0;
        rc = client_request(&v->d[i], &q, buf_out, NULL, &b);
        if (rc == CLI_OK && b.n)
            merge_add(m, b.s);
    }
    buf_free(&b);
    if (v->integrated == INTEGRATED_YES && !merge_has(m, "service integrated-vtysh-config"))
        merge_add(m, "service integrated-vtysh-config\n");
    else if (v->integrated == INTEGRATED_NO)
        merge_add(m, "no service integrated-vtysh-config\n");
    if (!merge_has(m, "frr version"))
        merge_add(m, "frr version " FRR_VERSION "\n");
    if (!merge_has(m, "frr defaults"))
        merge_add(m, "frr defaults traditional\n");
    if (rc == CLI_OK) {
        if (header)
            put(out, ctx, "Building configuration...\n\nCurrent configuration:\n!\n");
        merge_print(m, out, ctx);
        put(out, ctx, "end\n");
    }
    merge_free(m);
    return rc;
}

/* ---- saving ---- */

/* Writes beside the file, makes it durable, then takes its place; the owner and mode stay. */
static int save(const char *path, const char *text, size_t len)
{
    struct stat st;
    char tmp[300];
    int err = 0;

    snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path);
    int fd = mkstemp(tmp);
    if (fd < 0)
        return -errno;
    bool old = stat(path, &st) == 0;
    if (fchmod(fd, old ? st.st_mode & 07777 : 0640) != 0 ||
        (old && geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) != 0))
        err = errno;
    for (size_t at = 0; at < len && !err;) {
        ssize_t n = write(fd, text + at, len - at);
        if (n < 0 && errno != EINTR)
            err = errno;
        else if (n > 0)
            at += (size_t)n;
    }
    if (!err && fsync(fd) != 0)
        err = errno;
    close(fd);
    if (!err && rename(tmp, path) != 0)
        err = errno;
    if (err) {
        unlink(tmp);
        return -err;
    }
    char *dir = mem_strdup(MEM(vtysh), path);
    if (strrchr(dir, '/'))
        *strrchr(dir, '/') = 0;
    fd = open(*dir ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    mem_free(MEM(vtysh), dir);
    return 0;
}

static int write_integrated(struct vtysh *v)
{
    struct buf b = { 0 };
    int rc = config_running(v, NULL, false, true, buf_out, &b);
    int err = 0;

    if (rc != CLI_OK) {
        buf_free(&b);
        return rc;
    }
    /* A saved file needs no "end"; one would end a file that includes others. */
    if (b.n >= 4 && strcmp(b.s + b.n - 4, "end\n") == 0)
        b.n -= 4;
    err = save(v->config_file, b.s, b.n);
    buf_free(&b);
    if (err) {
        out_printf(v, "%% Error: cannot write %s: %s\n", v->config_file, strerror(-err));
        return CLI_CONFIG_FAILED;
    }
    out_printf(v, "Integrated configuration saved to %s\n[OK]\n", v->config_file);
    return CLI_OK;
}

int config_write(struct vtysh *v, bool integrated)
{
    int worst = CLI_OK;

    if (!client_count(v)) {
        out_printf(v, "%% No daemon is running\n");
        return CLI_NOT_RUNNING;
    }
    out_printf(v,
               "Note: this version of vtysh never writes vtysh.conf\nBuilding Configuration...\n");
    if (!integrated && v->integrated == INTEGRATED_UNSET)
        integrated = !v->compat || access(v->config_file, F_OK) == 0;
    if (integrated || v->integrated == INTEGRATED_YES)
        return write_integrated(v);
    for (unsigned i = 0; i < v->n_daemons; i++) {
        if (!v->d[i].up)
            continue;
        int rc = exec_on(v, &v->d[i], "write file", out_write, v);
        if (rc > worst)
            worst = rc;
    }
    return worst;
}

/* ---- files ---- */

static bool read_file(struct vtysh *v, const char *path, struct buf *b)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char chunk[16384];
    size_t n;

    if (!f) {
        fprintf(stderr, "%% Can't open config file %s due to '%s'.\n", path, strerror(errno));
        return false;
    }
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buf_add(b, chunk, n);
    if (f != stdin)
        fclose(f);
    if (!b->s)
        buf_add(b, "", 0);
    if (strlen(b->s) != b->n) {
        fprintf(stderr, "%% %s is not a text file\n", path);
        return false;
    }
    (void)v;
    return true;
}

struct origin {
    unsigned *line;
    size_t n, cap;
};
struct split {
    struct vtysh *v;
    struct buf text[VTYSH_MAX_DAEMONS];
    struct origin origin[VTYSH_MAX_DAEMONS];
    struct vmode pos[VTYSH_MAX_DAEMONS][VTYSH_MAX_DEPTH]; /* in which blocks each text is */
    unsigned n_pos[VTYSH_MAX_DAEMONS];
    struct vmode mode[VTYSH_MAX_DEPTH];
    unsigned n_mode, lineno, errors;
    bool unknown; /* the last line was, and stood this deep: what is deeper belongs to it */
    size_t unknown_at;
};

static void split_put(struct split *s, unsigned i, const char *line)
{
    struct origin *o = &s->origin[i];

    buf_puts(&s->text[i], line);
    buf_puts(&s->text[i], "\n");
    if (o->n == o->cap) {
        o->cap = o->cap ? o->cap * 2 : 64;
        o->line = mem_realloc(MEM(vtysh), o->line, o->cap * sizeof(*o->line));
    }
    o->line[o->n++] = s->lineno;
}

/* A bad line, as FRR words it: who refused it on stderr, why on stdout. */
static void complain(struct split *s, unsigned lineno, int rc, const char *line, const char *why,
                     const char *daemon)
{
    const char *what = rc == CLI_NO_MATCH     ? "Unknown command"
                       : rc == CLI_AMBIGUOUS  ? "Ambiguous command"
                       : rc == CLI_INCOMPLETE ? "Command incomplete"
                                              : NULL;

    s->errors++;
    line += strspn(line, " \t");
    if (what) {
        fprintf(stderr, "line %u: %% %s[%d]: %s\n", lineno, what, rc, line);
        return;
    }
    if (why && *why) {
        out_printf(s->v, "%s\n", why);
        fflush(s->v->out);
    }
    fprintf(stderr, "line %u: Failure to communicate[%d] to %s, line: %s\n", lineno, rc, daemon,
            line);
}

/* Leaves and enters blocks in daemon i's text until it is where the file is. */
static void split_follow(struct split *s, unsigned i)
{
    const struct vmode *want[VTYSH_MAX_DEPTH];
    unsigned n = 0, same = 0;

    for (unsigned k = 1; k < s->n_mode; k++) /* the first is "config" itself */
        if (s->mode[k].mask & 1u << i)
            want[n++] = &s->mode[k];
    while (same < n && same < s->n_pos[i] && strcmp(want[same]->line, s->pos[i][same].line) == 0)
        same++;
    while (s->n_pos[i] > same) {
        struct cli_node_info info = { 0 };
        const char *node = s->pos[i][s->n_pos[i] - 1].node;
        bool known = cli_node_info(s->v->d[i].tree, node, &info) && info.exit_word;
        split_put(s, i, known ? info.exit_word : "exit");
        mode_pop_to(s->pos[i], &s->n_pos[i], s->n_pos[i] - 1);
    }
    for (; same < n; same++) {
        split_put(s, i, want[same]->line);
        mode_push(s->pos[i], &s->n_pos[i], want[same]->node, want[same]->line, 0);
    }
}

static bool split_moves(struct split *s, const struct resolved *r)
{
    struct cli_node_info info = { 0 };
    const char *g = r->cmd->grammar;

    if (strcmp(g, "end") == 0) {
        mode_pop_to(s->mode, &s->n_mode, 1);
        return true;
    }
    if (strcmp(g, "exit") == 0 || strcmp(g, "quit") == 0 ||
        (cli_node_info(s->v->all, s->mode[r->depth - 1].node, &info) && info.exit_word &&
         strcmp(g, info.exit_word) == 0)) {
        mode_pop_to(s->mode, &s->n_mode, r->depth > 1 ? r->depth - 1 : 1);
        return true;
    }
    return false;
}

static void split_line(struct split *s, const char *line)
{
    struct vtysh *v = s->v;
    struct resolved r;
    size_t deep = strspn(line, " \t");

    line += deep;
    if (!*line || *line == '!' || *line == '#' || strncmp(line, "configure t", 11) == 0)
        return;
    if (s->unknown && deep > s->unknown_at) {
        complain(s, s->lineno, CLI_NO_MATCH, line, NULL, "");
        return;
    }
    resolve(v, s->mode, s->n_mode, line, &r);
    if (r.rc == CLI_OK && r.exec)
        r.rc = CLI_NO_MATCH;
    s->unknown = r.rc == CLI_NO_MATCH;
    s->unknown_at = deep;
    if (r.rc != CLI_OK) {
        complain(s, s->lineno, r.rc, line, r.err, "");
    } else if (!split_moves(s, &r)) {
        mode_pop_to(s->mode, &s->n_mode, r.depth);
        if (r.local)
            (void)local_run(v, &r, line);
        for (unsigned i = 0; i < v->n_daemons; i++) {
            if (!(r.mask & 1u << i) || !v->d[i].up)
                continue;
            split_follow(s, i);
            split_put(s, i, line);
            if (r.enters)
                mode_push(s->pos[i], &s->n_pos[i], r.enters, line, 0);
        }
        if (r.enters)
            mode_push(s->mode, &s->n_mode, r.enters, line, r.mask);
    }
    resolved_free(&r);
}

static void split_text(struct split *s, struct vtysh *v, const char *text)
{
    char *copy = mem_strdup(MEM(vtysh), text), *p = copy, *line;

    s->v = v;
    mode_push(s->mode, &s->n_mode, "config", "configure terminal", VTYSH_ALL_UP);
    while (p && (line = strsep(&p, "\n"))) {
        size_t n = strlen(line);
        s->lineno++;
        while (n && (line[n - 1] == '\r' || line[n - 1] == ' ' || line[n - 1] == '\t'))
            line[--n] = 0;
        split_line(s, line);
    }
    mem_free(MEM(vtysh), copy);
}

static void split_free(struct split *s)
{
    for (unsigned i = 0; i < VTYSH_MAX_DAEMONS; i++) {
        buf_free(&s->text[i]);
        mem_free(MEM(vtysh), s->origin[i].line);
        mode_pop_to(s->pos[i], &s->n_pos[i], 0);
    }
    mode_pop_to(s->mode, &s->n_mode, 0);
    mem_free(MEM(vtysh), s);
}

static void on_report(void *ctx, struct vdaemon *d, const struct shell_msg *m)
{
    struct split *s = ctx;
    const struct origin *o = &s->origin[d->index];
    unsigned lineno = m->number && m->number <= o->n ? o->line[m->number - 1] : m->number;

    complain(s, lineno, (int)m->rc, m->line, m->message, d->name);
}

/* One request with its text to every daemon that is up; CLI_OK, or the worst answer. */
static int all_daemons(struct split *s, enum shell_type type, bool with_text)
{
    struct vtysh *v = s->v;
    int worst = CLI_OK;

    for (unsigned i = 0; i < v->n_daemons; i++) {
        struct shell_msg m = { .type = type };
        if (!v->d[i].up || (type == ST_CONFIG_LOAD && !s->text[i].n))
            continue;
        if (with_text && s->text[i].n && !client_send_text(&v->d[i], s->text[i].s, s->text[i].n)) {
            fprintf(stderr, "%% %s is not running\n", v->d[i].name);
            worst = CLI_NOT_RUNNING;
            continue;
        }
        int rc = client_request(&v->d[i], &m, out_write, on_report, s);
        if (rc > worst)
            worst = rc;
    }
    return worst;
}

int config_load_file(struct vtysh *v, const char *path)
{
    struct split *s;
    struct buf b = { 0 };

    if (!read_file(v, path, &b)) {
        buf_free(&b);
        return CLI_CONFIG_FAILED;
    }
    s = mem_calloc(MEM(vtysh), 1, sizeof(*s));
    split_text(s, v, b.s);
    int rc = all_daemons(s, ST_CONFIG_LOAD, true);
    if (rc == CLI_OK && s->errors)
        rc = CLI_CONFIG_FAILED;
    split_free(s);
    buf_free(&b);
    return rc;
}

int config_replace_file(struct vtysh *v, const char *path, bool dry_run)
{
    struct split *s;
    struct buf b = { 0 };

    if (!read_file(v, path, &b)) {
        buf_free(&b);
        return CLI_CONFIG_FAILED;
    }
    s = mem_calloc(MEM(vtysh), 1, sizeof(*s));
    split_text(s, v, b.s);
    int rc = all_daemons(s, ST_CONFIG_PREPARE, true);
    if (rc == CLI_OK && s->errors)
        rc = CLI_CONFIG_FAILED;
    if (rc != CLI_OK || dry_run)
        (void)all_daemons(s, ST_CONFIG_ABORT, false);
    else
        rc = all_daemons(s, ST_CONFIG_COMMIT, false);
    if (rc != CLI_OK && !dry_run)
        out_printf(v, "%% Nothing was changed\n");
    split_free(s);
    buf_free(&b);
    return rc;
}

/* Its few lines are about the shell only. */
void config_read_vtysh_conf(struct vtysh *v)
{
    FILE *f = fopen(v->vtysh_conf, "r");
    char line[512];

    while (f && fgets(line, sizeof(line), f)) {
        char *s = line + strspn(line, " \t");
        s[strcspn(s, "\r\n")] = 0;
        if (strcmp(s, "service integrated-vtysh-config") == 0)
            v->integrated = INTEGRATED_YES;
        else if (strcmp(s, "no service integrated-vtysh-config") == 0)
            v->integrated = INTEGRATED_NO;
        else if (strncmp(s, "hostname ", 9) == 0)
            snprintf(v->hostname, sizeof(v->hostname), "%s", s + 9);
    }
    if (f)
        fclose(f);
}

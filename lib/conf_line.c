/* SPDX-License-Identifier: Apache-2.0
 * conf_line.c - one line in its mode, and texts of many.
 *
 * A line is matched in the node where the reader stands, then in that node's parents; the first
 * that takes it is where the reader stands afterwards, so a missing `exit` does no harm. If none
 * takes it, the first node's complaint is the one that is told.
 */
#include "config.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "conf_int.h"

/* The child object that implicit lines under o go to. */
static int implicit_obj(struct cmodel *m, struct conf_obj *o, struct cnode *via,
                        struct conf_obj **ret, char *err, size_t errlen)
{
    const struct cli_cmd *cmd;
    struct cli_args a;
    const struct cnode *n = o->node;
    int rc = cli_match(m->c->tree, n->node->name, n->node->implicit, &cmd, &a, err, errlen);
    if (rc != CLI_OK)
        return rc;
    rc = cedit_enter(m, o, via, &a, ret, err, errlen);
    cli_args_free(&a);
    return rc;
}

static int run(struct cmodel *m, struct conf_obj *o, const struct ccmd *cmd, struct cli_args *a,
               struct conf_obj **ret_obj, char *err, size_t errlen)
{
    *ret_obj = o;
    switch (cmd->kind) {
    case CCMD_ENTER:
        return cedit_enter(m, o, cmd->node, a, ret_obj, err, errlen);
    case CCMD_LEAVE:
        return cedit_leave(m, o, cmd->node, a, err, errlen);
    default:
        break;
    }
    if (cmd->via) {
        int rc = implicit_obj(m, o, cmd->via, &o, err, errlen);
        if (rc != CLI_OK)
            return rc;
    }
    return cmd->kind == CCMD_SET ? cedit_set(m, o, cmd->row, a, err, errlen)
                                 : cedit_unset(m, o, cmd->row, a, err, errlen);
}

/* Messages of checks get FRR's sign in front. */
static void sign(char *err, size_t errlen)
{
    size_t n = strlen(err);
    if (!n || err[0] == '%' || errlen < 4)
        return;
    if (n > errlen - 3)
        n = errlen - 3;
    memmove(err + 2, err, n);
    err[0] = '%';
    err[1] = ' ';
    err[n + 2] = '\0';
}

int conf_line_in(struct cmodel *m, struct conf_pos *pos, const char *line, char *err, size_t errlen)
{
    int first = CLI_NO_MATCH;
    bool told = false;
    err[0] = '\0';
    while (isspace((unsigned char)*line))
        line++;
    if (!*line || *line == '!' || *line == '#')
        return CLI_OK;
    for (struct conf_obj *o = pos->obj; o; o = o->parent) {
        const struct cli_cmd *cmd;
        struct cli_args a;
        struct conf_obj *to = o;
        char msg[512];
        int rc = cli_match(m->c->tree, conf_obj_node(o), line, &cmd, &a, msg, sizeof(msg));
        if (rc == CLI_OK) {
            msg[0] = '\0';
            if (conf_cmd_is(cmd)) {
                rc = run(m, o, (const struct ccmd *)cmd, &a, &to, msg, sizeof(msg));
                sign(msg, sizeof(msg));
            } else if (cmd->fn == cli_builtin_exit) {
                to = o->parent ? o->parent : o;
            } else if (cmd->fn == cli_builtin_end) {
                to = m->root;
            } else {
                rc = cli_error(CLI_NO_MATCH, line, msg, sizeof(msg));
            }
            cli_args_free(&a);
        }
        if (rc == CLI_OK || rc == CLI_WARNING || rc == CLI_CONFIG_FAILED) {
            snprintf(err, errlen, "%s", msg);
            pos->obj = to;
            return rc;
        }
        if (!told) {
            told = true;
            first = rc;
            snprintf(err, errlen, "%s", msg);
        }
    }
    return first;
}

int conf_line(struct conf *c, struct conf_pos *pos, const char *line, char *err, size_t errlen)
{
    char dummy[8];
    if (!errlen) {
        err = dummy;
        errlen = sizeof(dummy);
    }
    if (!pos->obj)
        pos->obj = c->run.root;
    return conf_line_in(&c->run, pos, line, err, errlen);
}

unsigned conf_load_in(struct cmodel *m, const char *text,
                      void (*report)(void *ctx, unsigned lineno, int rc, const char *msg,
                                     const char *line),
                      void *ctx)
{
    struct conf_pos pos = { .obj = m->root };
    char err[512], *buf = NULL;
    size_t cap = 0;
    unsigned bad = 0, lineno = 0, unknown_at = 0;
    bool unknown = false;
    if (m->live)
        conf_pos_attach(m->c, &pos);
    while (*text) {
        size_t n = strcspn(text, "\n"), len = n;
        lineno++;
        while (len && isspace((unsigned char)text[len - 1]))
            len--;
        if (len + 1 > cap) {
            cap = (len + 1) * 2;
            buf = mem_realloc(MEM(tmp), buf, cap);
        }
        memcpy(buf, text, len);
        buf[len] = '\0';
        unsigned deep = (unsigned)strspn(buf, " \t");
        int rc;
        if (unknown && buf[deep] && deep > unknown_at) {
            /* Of a block that is not one: its words may mean something else here. */
            rc = cli_error(CLI_NO_MATCH, buf + deep, err, sizeof(err));
        } else {
            rc = conf_line_in(m, &pos, buf, err, sizeof(err));
            unknown = buf[deep] ? rc == CLI_NO_MATCH : unknown;
            unknown_at = buf[deep] ? deep : unknown_at;
        }
        if (rc != CLI_OK) {
            bad++;
            if (report)
                report(ctx, lineno, rc, err, buf + strspn(buf, " \t"));
        }
        text += n + (text[n] == '\n');
    }
    if (m->live)
        conf_pos_detach(m->c, &pos);
    mem_free(MEM(tmp), buf);
    return bad;
}

unsigned conf_load(struct conf *c, const char *text,
                   void (*report)(void *ctx, unsigned lineno, int rc, const char *msg,
                                  const char *line),
                   void *ctx)
{
    return conf_load_in(&c->run, text, report, ctx);
}

/* SPDX-License-Identifier: Apache-2.0
 * vtysh.h - the shell's parts and what they share.
 *
 * vtysh holds no grammar. Every daemon exports its commands when a shell connects (vtysh_client.c); they
 * are kept twice: in a tree of the daemon's own, which decides whether it is meant, and all together in
 * v->all, for help, completion and ambiguity. A few commands are vtysh's own (vtysh_local.c); they are a
 * "daemon" without a process here.
 *
 * Files: main.c options and ways to run; vtysh_client.c connections and requests; vtysh_exec.c one line,
 * modes; vtysh_local.c commands of its own; vtysh_config.c running-config, saving, whole files;
 * vtysh_merge.c several daemons' configuration as one; vtysh_mark.c -m; vtysh_edit.c the terminal.
 */
#ifndef GW_VTYSH_H
#define GW_VTYSH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "lib/cli.h"
#include "lib/ipc.h"
#include "lib/ipc_arena.h"
#include "lib/loop.h"
#include "lib/mem.h"
#include "lib/shell_ipc.h"

MEM_DECLARE(vtysh);

#define VTYSH_MAX_DAEMONS 16
#define VTYSH_MAX_DEPTH   (SHELL_MAX_PATH - 2)
#define VTYSH_ANSWER_WAIT (2 * 1000 * 1000) /* usec for a daemon's hello */

struct buf {               /* growing text, always ended by 0 once used */
    char *s;
    size_t n, cap;
};
void buf_add(struct buf *b, const char *s, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_free(struct buf *b);

struct vtysh;
struct vdaemon {
    struct vtysh *v;
    char service[32];      /* "zebrad": of the socket */
    char name[32];         /* as it calls itself: "zebrad", "zebra" */
    unsigned index;        /* bit in masks */
    struct ipc_link *link;
    struct ipc_arena arena;
    bool up;               /* said hello */
    bool refused;          /* nobody listens on its socket */
    bool failed;           /* answered wrongly */
    uint64_t again_at;     /* not asked before, as it did not answer */
    uint32_t generation, have_generation;
    bool have_grammar;
    struct cli_tree *tree;
    /* the request that is running */
    uint32_t id;
    bool done, lost, cancelled;
    struct shell_msg answer;
    void (*out)(void *ctx, const char *data, size_t len);
    void (*report)(void *ctx, struct vdaemon *d, const struct shell_msg *m);
    void *ctx;
};
struct vmode {
    char *node, *line;
    uint32_t mask;         /* daemons that know it */
};
struct vtysh {
    struct loop *loop;
    struct vdaemon d[VTYSH_MAX_DAEMONS];
    unsigned n_daemons;
    struct cli_tree *all, *local;
    struct vmode mode[VTYSH_MAX_DEPTH];
    unsigned n_mode;       /* 0: exec */
    char hostname[80];
    bool compat, user_mode, interactive, echo, no_error_stop, timestamp, writing_config;
    const char *only;      /* -d */
    char run_dir[108], config_dir[200], config_file[256], vtysh_conf[256];
    enum { INTEGRATED_UNSET, INTEGRATED_YES, INTEGRATED_NO } integrated;
    const char *hist_file;
    /* output */
    FILE *out;             /* stdout or the pager */
    FILE *pager;
    const char *pager_cmd;
    bool paginate, out_broken;
    long terminal_length;  /* -1: not set */
    volatile int interrupted;
    bool quit;
    struct buf *history;
};

/* vtysh_client.c */
void client_open(struct vtysh *v);         /* finds the daemons, waits for their hellos and grammars */
void client_refresh(struct vtysh *v);      /* before a prompt: daemons that came, went or learnt something */
void client_grammars(struct vtysh *v);     /* of daemons that said they have a new one */
void client_close(struct vtysh *v);
unsigned client_count(const struct vtysh *v);      /* that are up */
struct vdaemon *client_find(struct vtysh *v, const char *name); /* either name; up or not */
/* Sends a request and waits for its end: enum cli_rc. Output goes to `out`; CLI_NOT_RUNNING when it is lost. */
int client_request(struct vdaemon *d, struct shell_msg *m, void (*out)(void *ctx, const char *data, size_t len),
                   void (*report)(void *ctx, struct vdaemon *d, const struct shell_msg *m), void *ctx);
bool client_send_text(struct vdaemon *d, const char *text, size_t len);

/* vtysh_exec.c */
struct resolved {
    int rc;
    unsigned depth;            /* of the mode stack that the line belongs to */
    uint32_t mask;             /* daemons that have it */
    const struct cli_cmd *local;
    struct cli_args args;      /* of local */
    const struct cli_cmd *cmd; /* of one that has it */
    char *canonical;
    const char *enters;        /* node or NULL */
    bool exec;
    char err[512];
};
#define VTYSH_ALL_UP 0xffffffffu
/* Which daemons a line is for, in the mode stack (mode, n_mode). Free with resolved_free(). */
void resolve(struct vtysh *v, const struct vmode *mode, unsigned n_mode, const char *line, struct resolved *r);
const char *filter_find(const char *line, const char **ret_re); /* "| include RE" in it, or NULL */
void resolved_free(struct resolved *r);
int exec_line(struct vtysh *v, const char *line);      /* prints; returns enum cli_rc */
int exec_on(struct vtysh *v, struct vdaemon *d, const char *line,
            void (*out)(void *ctx, const char *data, size_t len), void *ctx); /* exec command on one daemon */
const char *exec_node(const struct vtysh *v);
void exec_prompt(struct vtysh *v, char *buf, size_t len);
void mode_push(struct vmode *mode, unsigned *n, const char *node, const char *line, uint32_t mask);
void mode_pop_to(struct vmode *mode, unsigned *n, unsigned depth);
void out_write(void *v, const char *data, size_t len); /* ctx: struct vtysh */
void out_printf(struct vtysh *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void out_begin(struct vtysh *v); /* pager */
void out_end(struct vtysh *v);

/* vtysh_local.c */
void local_init(struct vtysh *v);
int local_run(struct vtysh *v, const struct resolved *r, const char *line);
void history_add(struct vtysh *v, const char *line);

/* vtysh_config.c */
int config_running(struct vtysh *v, const char *daemon, bool header, bool secrets, void (*out)(void *ctx, const char *data, size_t len),
                   void *ctx);
int config_write(struct vtysh *v, bool integrated);
int config_load_file(struct vtysh *v, const char *path);                /* as -f */
int config_replace_file(struct vtysh *v, const char *path, bool dry_run);
void config_read_vtysh_conf(struct vtysh *v);

/* vtysh_merge.c */
struct merged;
struct merged *merge_new(void);
void merge_free(struct merged *m);
void merge_add(struct merged *m, const char *text); /* one daemon's */
void merge_print(const struct merged *m, void (*out)(void *ctx, const char *data, size_t len), void *ctx);
bool merge_has(const struct merged *m, const char *first_words);

/* vtysh_mark.c */
void mark_text(const char *text, FILE *out);

/* vtysh_edit.c */
int edit_run(struct vtysh *v);
#endif

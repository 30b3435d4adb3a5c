/* SPDX-License-Identifier: Apache-2.0
 * cli.h - grammar, matching, help and completion of commands; and the requests that run them.
 *
 * One entry per command, beside its handler. The grammar is FRR's notation:
 *   keyword  <a|b>  [optional]  {any|set|in any order}  (1-255)  A.B.C.D  A.B.C.D/M  X:X::X:X
 *   X:X::X:X/M  WORD  LINE...  (the rest)  ![x] (optional only after no)
 * A token may be named with $name (no space): "neighbor <A.B.C.D|X:X::X:X|WORD>$peer shutdown".
 * A keyword captured by name has its full word as value. Keywords may be abbreviated while unambiguous.
 * Help is by keyword or $name: "show|Show running system information\nbgp|BGP information\n..." in `help`,
 * falling back to the dictionary cli_help_add() gave. Every keyword must have one (a unit test checks).
 *
 * A cli_tree belongs to one process: a daemon's own commands, or, in vtysh, the union of what the
 * daemons sent (cli_export()/cli_import()), each command tagged with the daemons that have it.
 */
#ifndef GW_CLI_H
#define GW_CLI_H
#include <stdbool.h>
#include <stdint.h>
#include "prefix.h"
#include "writer.h"

enum cli_rc {                 /* FRR's numbers: they are what the .vty protocol and vtysh report */
    CLI_OK = 0, CLI_WARNING = 1, CLI_NO_MATCH = 2, CLI_AMBIGUOUS = 3, CLI_INCOMPLETE = 4,
    CLI_CONFIG_FAILED = 13, CLI_NOT_RUNNING = 16,
    CLI_MORE = 100,           /* handler emitted a slice; call me again when the output has drained */
    CLI_WAIT = 101,           /* handler waits for others; cli_req_wake() continues it */
};

enum cli_arg_type { CLI_A_KEYWORD, CLI_A_WORD, CLI_A_LINE, CLI_A_NUM, CLI_A_IP4, CLI_A_IP6, CLI_A_PFX4, CLI_A_PFX6 };
struct cli_arg {
    const char *name;         /* $name, or the token's own text in lower case */
    enum cli_arg_type type;
    const char *text;         /* canonical: full keyword, number in decimal, address as printed, else as typed */
    uint64_t num;             /* CLI_A_NUM */
    struct ipaddr ip;         /* addresses; of prefixes the address as written */
    struct prefix pfx;        /* prefixes, canonical */
    uint8_t plen;             /* of prefixes */
};
struct cli_args { struct cli_arg *v; unsigned n; };
const struct cli_arg *cli_arg(const struct cli_args *a, const char *name);       /* NULL when absent */
const char *cli_arg_text(const struct cli_args *a, const char *name);            /* NULL when absent */
uint64_t cli_arg_num(const struct cli_args *a, const char *name, uint64_t dflt);
bool cli_has(const struct cli_args *a, const char *name); /* an argument of this name, or this keyword under any name */

/* One running command. Lives until its handler returned something other than CLI_MORE/CLI_WAIT,
 * or its shell went away (then `cancel` runs, if set, and the request is freed). */
struct cli_session;
struct cli_req {
    const struct cli_cmd *cmd;
    struct cli_args args;
    struct writer *out;
    void *app;                         /* the daemon's context, from cli_tree_new() */
    struct cli_session *session;       /* mode, user */
    int (*resume)(struct cli_req *r);  /* set by the handler before returning CLI_MORE or CLI_WAIT; same return values */
    void (*cancel)(struct cli_req *r); /* frees r->state; runs at the end in every case, when set */
    void *state;                       /* the handler's own */
};
/* The loop's thread: schedules r->resume after CLI_WAIT. Safe to call before the handler has returned. */
void cli_req_wake(struct cli_req *r);

enum cli_flags { CLI_F_VIEW = 1, CLI_F_HIDDEN = 2, CLI_F_DEPRECATED = 4 };
struct cli_cmd {
    const char *node;     /* "view" (exec commands) or a configuration node's name */
    const char *grammar;
    const char *help;     /* "word|text\n..." for words that are not in the dictionary or differ from it */
    int (*fn)(struct cli_req *r);  /* returns enum cli_rc */
    unsigned flags;
};

struct cli_tree;
struct loop;
struct cli_tree *cli_tree_new(void *app);
void cli_tree_free(struct cli_tree *t);
/* With a loop, slices of long outputs and wake-ups run from it; without one (tests) they run at once. */
void cli_tree_set_loop(struct cli_tree *t, struct loop *l);
void cli_help_add(struct cli_tree *t, const char *dictionary); /* "word|text\n..." */
/* 0, or -1 and a message on a grammar error (a programming error of ours, or a plugin's: refused). cmd must outlive t. */
int cli_add(struct cli_tree *t, const struct cli_cmd *cmd, char *err, size_t errlen);
void cli_add_all(struct cli_tree *t, const struct cli_cmd *cmds, unsigned n); /* errors are fatal */
uint32_t cli_generation(const struct cli_tree *t);  /* grows with every change, so shells know to ask again */

/* Finds the command. On success fills *ret_args (free with cli_args_free) and returns CLI_OK.
 * err gets FRR's words: "% Unknown command: LINE" etc. */
int cli_match(struct cli_tree *t, const char *node, const char *line, const struct cli_cmd **ret_cmd,
              struct cli_args *ret_args, char *err, size_t errlen);
void cli_args_free(struct cli_args *a);
char *cli_canonical(const struct cli_cmd *cmd, const struct cli_args *a); /* full words; mem_free(MEM(str), ..) */
/* `?`: one line "  word  help" per candidate; `TAB`: the common completions. Through callbacks. */
void cli_help(struct cli_tree *t, const char *node, const char *line,
              void (*row)(void *ctx, const char *word, const char *help), void *ctx);
void cli_complete(struct cli_tree *t, const char *node, const char *line,
                  void (*word)(void *ctx, const char *w), void *ctx);
/* Calls missing() for every word of every command that has no help: a unit test's business. */
void cli_check_help(struct cli_tree *t, void (*missing)(void *ctx, const char *node, const char *word), void *ctx);
void cli_list(struct cli_tree *t, const char *node, void (*line)(void *ctx, const char *text), void *ctx); /* `list` */
/* What a node is (also an imported one): false when unknown. And the node that a command leads into, or NULL. */
struct cli_node_info { const char *parent, *prompt /* "config-router" */, *exit_word; };
bool cli_node_info(struct cli_tree *t, const char *node, struct cli_node_info *ret);
const char *cli_enters(const struct cli_cmd *cmd);
/* Grammar as text for a shell: lines "node\tflags\tgrammar\thelp", and back. tag: the daemon's name. */
void cli_export(struct cli_tree *t, void (*line)(void *ctx, const char *text), void *ctx);
int cli_import(struct cli_tree *t, const char *tag, const char *line);
void cli_forget(struct cli_tree *t, const char *tag);           /* drop a daemon's commands */
const char *const *cli_tags(const struct cli_cmd *cmd, unsigned *ret_n); /* imported commands: whose */

/* ---- A session: one shell's connection to a daemon, with its mode stack (node, indices). ---- */
struct conf;                                   /* conf.h */
struct cli_session *cli_session_new(struct cli_tree *t, struct conf *c);
void cli_session_free(struct cli_session *s);  /* cancels a running request */
const char *cli_session_node(const struct cli_session *s); /* "view", "config", "router bgp", ... */
const char *cli_session_prompt(const struct cli_session *s); /* "(config-router)" or "" */
/* Runs one line in the session's mode: exec command or configuration line, `do`, exit/end/configure, falling
 * back to parent nodes as FRR does, "CMD json" and "| include RE" handled here. Output through sink;
 * done(ctx, rc) is called exactly once, possibly before this returns. One line at a time per session. */
void cli_session_run(struct cli_session *s, const char *line,
                     void (*sink)(void *ctx, const char *data, size_t len),
                     void (*done)(void *ctx, int rc), void *ctx);
/* Flow control: the transport says "stop" while its peer has not taken what was given. */
void cli_session_throttle(struct cli_session *s, bool stop);
void *cli_session_app(const struct cli_session *s);
struct conf_pos;
struct conf *cli_session_conf(const struct cli_session *s);
struct conf_pos *cli_session_pos(struct cli_session *s);
#endif

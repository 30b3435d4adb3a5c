/* SPDX-License-Identifier: Apache-2.0
 * vtysh_local.c - the commands that are the shell's own: they are about all daemons at once, or
 * about none.
 *
 * They stand in v->local with their handlers, and in v->all under the tag "vtysh", where a daemon
 * may have the same command; vtysh's comes first.
 */
#include "regex_safe.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "vtysh.h"

/* Handlers get no writer: their output goes through a filter to v->out. */
struct local_out {
    struct vtysh *v;
    regex_t re;
    bool filter;
    struct buf line;
};
static struct local_out lo;

static void lo_write(void *ctx, const char *data, size_t len)
{
    struct local_out *o = ctx;

    if (!o->filter) {
        out_write(o->v, data, len);
        return;
    }
    while (len) {
        const char *nl = memchr(data, '\n', len);
        size_t n = nl ? (size_t)(nl - data) : len;
        buf_add(&o->line, data, n);
        if (!nl)
            return;
        if (regexec(&o->re, o->line.s, 0, NULL, 0) == 0) {
            out_write(o->v, o->line.s, o->line.n);
            out_write(o->v, "\n", 1);
        }
        o->line.n = 0;
        data += n + 1;
        len -= n + 1;
    }
}

static void lo_puts(const char *s)
{
    lo_write(&lo, s, strlen(s));
}

static int cmd_running_config(struct cli_req *q)
{
    return config_running(q->app, cli_arg_text(&q->args, "daemon"), !cli_has(&q->args, "no-header"),
                          true, lo_write, &lo);
}

static int cmd_startup_config(struct cli_req *q)
{
    struct vtysh *v = q->app;
    FILE *f = fopen(v->config_file, "r");
    char line[4096];

    if (!f) {
        lo_puts("% Can't open configuration file\n");
        return CLI_WARNING;
    }
    while (fgets(line, sizeof(line), f))
        lo_puts(line);
    fclose(f);
    return CLI_OK;
}

static int cmd_write_terminal(struct cli_req *q)
{
    return config_running(q->app, NULL, true, true, lo_write, &lo);
}

static int cmd_write(struct cli_req *q)
{
    struct vtysh *v = q->app;

    return config_write(v, cli_has(&q->args, "integrated"));
}

static int cmd_copy_in(struct cli_req *q)
{
    return config_load_file(q->app, cli_arg_text(&q->args, "file"));
}

static int cmd_replace(struct cli_req *q)
{
    return config_replace_file(q->app, cli_arg_text(&q->args, "file"),
                               cli_has(&q->args, "dry-run"));
}

static int cmd_daemons(struct cli_req *q)
{
    const struct vtysh *v = q->app;

    for (unsigned i = 0; i < v->n_daemons; i++)
        if (v->d[i].up) {
            lo_puts(" ");
            lo_puts(v->d[i].name);
        }
    lo_puts("\n");
    return CLI_OK;
}

/* One answer for all, by the first that has it. */
static int cmd_version(struct cli_req *q)
{
    struct vtysh *v = q->app;
    char line[64];

    snprintf(line, sizeof(line), "show version%s", cli_has(&q->args, "json") ? " json" : "");
    for (unsigned i = 0; i < v->n_daemons; i++)
        if (v->d[i].up)
            return exec_on(v, &v->d[i], line, lo_write, &lo);
    lo_puts("% No daemon is running\n");
    return CLI_NOT_RUNNING;
}

static int cmd_history(struct cli_req *q)
{
    const struct vtysh *v = q->app;

    if (v->history && v->history->s)
        lo_puts(v->history->s);
    return CLI_OK;
}

void history_add(struct vtysh *v, const char *line)
{
    if (!v->history)
        v->history = mem_calloc(MEM(vtysh), 1, sizeof(*v->history));
    buf_puts(v->history, "  ");
    buf_puts(v->history, line);
    buf_puts(v->history, "\n");
}

static int cmd_paginate(struct cli_req *q)
{
    struct vtysh *v = q->app;

    v->paginate = !cli_has(&q->args, "no");
    if (v->paginate && !v->pager_cmd)
        v->pager_cmd = "more";
    return CLI_OK;
}

static int cmd_length(struct cli_req *q)
{
    struct vtysh *v = q->app;

    v->terminal_length = cli_has(&q->args, "no") ? -1 : (long)cli_arg_num(&q->args, "lines", 0);
    return CLI_OK;
}

static int run_program(char *const argv[])
{
    int status = 0;

    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[0], argv);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return CLI_WARNING;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        lo_puts("% Can't execute ");
        lo_puts(argv[0]);
        lo_puts("\n");
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? CLI_OK : CLI_WARNING;
}

static int cmd_probe(struct cli_req *q)
{
    const char *dest = cli_arg_text(&q->args, "dest");
    char *argv[4] = { (char *)(uintptr_t)(cli_has(&q->args, "ping") ? "ping" : "traceroute") };
    unsigned n = 1;

    if (*dest == '-') { /* never an option of theirs */
        lo_puts("% Not an address\n");
        return CLI_WARNING;
    }
    if (cli_has(&q->args, "ipv6"))
        argv[n++] = (char *)(uintptr_t) "-6";
    argv[n++] = (char *)(uintptr_t)dest;
    return run_program(argv);
}

static int cmd_accepted(struct cli_req *q)
{
    (void)q; /* means something to the file's reader, or to another program */
    return CLI_OK;
}

static int cmd_integrated(struct cli_req *q)
{
    struct vtysh *v = q->app;

    v->integrated = cli_has(&q->args, "no") ? INTEGRATED_NO : INTEGRATED_YES;
    return CLI_OK;
}

static const char dictionary[] =
    "show|Show running system information\nrunning-config|Current operating "
    "configuration\nno-header|Skip the header\n"
    "startup-config|Contents of startup configuration\nwrite|Write running configuration to "
    "memory, network, or terminal\n"
    "terminal|Set terminal line parameters\nmemory|Write configuration to the file (same as write "
    "file)\n"
    "file|Write configuration to the file (same as write memory)\nintegrated|Write integrated "
    "configuration file\n"
    "copy|Copy from one file to another\nconfigure|Configuration from vty interface\n"
    "replace|Make a file the whole configuration\ndry-run|Only check the file\n"
    "daemons|Show list of running daemons\nversion|Displays version\njson|JavaScript Object "
    "Notation\n"
    "history|The list of entered commands\npaginate|Use a pager for long output\nno|Negate a "
    "command or set its defaults\n"
    "length|Set number of lines on a screen\nping|Send echo messages\ntraceroute|Trace route to "
    "destination\nip|IPv4\n"
    "ipv6|IPv6\nservice|Set up miscellaneous service\nintegrated-vtysh-config|Write configuration "
    "into integrated file\n"
    "frr|The release that wrote this file\ndefaults|Default settings "
    "profile\ntraditional|Traditional defaults\n"
    "datacenter|Defaults for data centers\nusername|User of the shell\nnopassword|No password "
    "needed\n"
    "enable|Turn on privileged mode command\ndisable|Turn off privileged mode command\n"
    "exit|Exit current mode and down to previous mode\nquit|Exit current mode and down to previous "
    "mode\n"
    "end|End current mode and change to enable mode\nlist|Print command list\npermutations|Print "
    "all possible command permutations\n"
    "find|Find CLI command matching a regular expression\n";

#define FILE_HELP "file|Name of a file"
static const struct cli_cmd commands[] = {
    { "view", "show running-config [no-header]", NULL, cmd_running_config, CLI_F_VIEW },
    { "view", "show running-config WORD$daemon [no-header]", "daemon|Of this daemon only",
      cmd_running_config, CLI_F_VIEW },
    { "view", "show startup-config", NULL, cmd_startup_config, CLI_F_VIEW },
    { "view", "write", NULL, cmd_write, 0 },
    { "view", "write <memory|file|integrated>", NULL, cmd_write, 0 },
    { "view", "write terminal", NULL, cmd_write_terminal, 0 },
    { "view", "copy running-config startup-config", NULL, cmd_write, 0 },
    { "view", "copy WORD$file running-config", FILE_HELP, cmd_copy_in, 0 },
    { "view", "configure replace WORD$file [dry-run]", FILE_HELP, cmd_replace, 0 },
    { "view", "show daemons", NULL, cmd_daemons, CLI_F_VIEW },
    { "view", "show version [json]", NULL, cmd_version, CLI_F_VIEW },
    { "view", "show history", NULL, cmd_history, CLI_F_VIEW },
    { "view", "[no]$no terminal paginate", NULL, cmd_paginate, CLI_F_VIEW },
    { "view", "terminal length (0-512)$lines", "lines|Lines on the screen, 0 for no pausing",
      cmd_length, CLI_F_VIEW },
    { "view", "no terminal length [(0-512)$lines]", "lines|Lines on the screen, 0 for no pausing",
      cmd_length, CLI_F_VIEW },
    { "view", "ping [<ip|ipv6>] WORD$dest", "dest|Address or host name", cmd_probe, CLI_F_VIEW },
    { "view", "traceroute [<ip|ipv6>] WORD$dest", "dest|Address or host name", cmd_probe,
      CLI_F_VIEW },
    /* As daemons have them; vtysh_exec.c does what they say. */
    { "view", "configure [terminal]", NULL, cmd_accepted, 0 },
    { "view", "enable", NULL, cmd_accepted, CLI_F_VIEW },
    { "view", "disable", NULL, cmd_accepted, CLI_F_VIEW },
    { "view", "exit", NULL, cmd_accepted, CLI_F_VIEW },
    { "view", "quit", NULL, cmd_accepted, CLI_F_VIEW },
    { "view", "end", NULL, cmd_accepted, CLI_F_VIEW },
    { "view", "list [permutations]", NULL, cmd_accepted, CLI_F_VIEW },
    { "config", "exit", NULL, cmd_accepted, 0 },
    { "config", "quit", NULL, cmd_accepted, 0 },
    { "config", "end", NULL, cmd_accepted, 0 },
    { "config", "[no] service integrated-vtysh-config", NULL, cmd_integrated, 0 },
    { "config", "frr version LINE...$version", "version|Version string", cmd_accepted, 0 },
    { "config", "frr defaults <traditional|datacenter>", NULL, cmd_accepted, 0 },
    { "config", "[no] username WORD$user nopassword", "user|Name", cmd_accepted, 0 },
};

static void import_line(void *ctx, const char *text)
{
    struct vtysh *v = ctx;

    (void)cli_import(v->all, "vtysh", text);
}

void local_init(struct vtysh *v)
{
    char err[200];

    v->all = cli_tree_new(v);
    v->local = cli_tree_new(v);
    cli_help_add(v->local, dictionary);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (cli_add(v->local, &commands[i], err, sizeof(err)) != 0) {
            fprintf(stderr, "vtysh: %s: %s\n", commands[i].grammar, err);
            exit(1);
        }
    cli_export(v->local, import_line, v);
}

int local_run(struct vtysh *v, const struct resolved *r, const char *line)
{
    struct cli_req q = { .cmd = r->local, .args = r->args, .app = v };
    const char *re;

    lo = (struct local_out){ .v = v };
    if (r->exec && filter_find(line, &re)) {
        if (!*re || regex_safe_compile(&lo.re, re, REG_NOSUB) != 0) {
            out_printf(v, "%% Bad regexp '%s'\n", re);
            return CLI_WARNING;
        }
        lo.filter = true;
    }
    int rc = r->local->fn(&q);
    if (lo.filter) {
        if (lo.line.n)
            lo_puts("\n");
        regfree(&lo.re);
        buf_free(&lo.line);
    }
    return rc;
}

/* SPDX-License-Identifier: Apache-2.0
 * shell_show.c - commands that every daemon has: show version, logging, memory, event cpu,
 * debugging, plugins; terminal, echo, send log, clear log, plugin load.
 */
#include "config.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "cli.h"
#include "log.h"
#include "mem.h"
#include "plugin.h"
#include "shell_private.h"

static struct daemon *self; /* one per process */

static int show_version(struct cli_req *r)
{
    struct utsname u;
    struct writer *w = r->out;
    if (uname(&u) < 0)
        memset(&u, 0, sizeof(u));
    writer_line(w, "FRRouting %s (%s) on %s(%s).", SHELL_FRR_VERSION, shell_hostname(), u.sysname,
                u.release);
    writer_line(w, "Godwit %s, %s. Speaks as FRRouting %s to its tools.", PACKAGE_VERSION,
                self->description ? self->description : self->name, SHELL_FRR_VERSION);
    writer_obj(w, NULL);
    writer_str(w, "hostName", shell_hostname());
    writer_str(w, "version", SHELL_FRR_VERSION);
    writer_str(w, "name", "FRRouting");
    writer_str(w, "suite", "Godwit");
    writer_str(w, "suiteVersion", PACKAGE_VERSION);
    writer_str(w, "daemon", self->name);
    writer_str(w, "kernel", u.release);
    writer_end(w);
    return CLI_OK;
}

static void logging_line(void *ctx, const char *text)
{
    writer_line(ctx, "%s", text);
    writer_str(ctx, NULL, text);
}

static int show_logging(struct cli_req *r)
{
    writer_line(r->out, "Logging configuration for %s:", self->progname);
    writer_obj(r->out, NULL);
    writer_arr(r->out, self->progname);
    log_describe(logging_line, r->out);
    writer_end_all(r->out);
    writer_line(r->out, "%s", "");
    return CLI_OK;
}

static const char *human(uint64_t n, char *buf, size_t len)
{
    if (n < 10 * 1024)
        snprintf(buf, len, "%llu bytes", (unsigned long long)n);
    else if (n < 10 * 1024 * 1024)
        snprintf(buf, len, "%llu KiB", (unsigned long long)n >> 10);
    else
        snprintf(buf, len, "%llu MiB", (unsigned long long)n >> 20);
    return buf;
}

static int mem_cmp(const void *a, const void *b)
{
    const struct mem_type *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void show_types(struct writer *w)
{
    struct mem_type *v[512];
    size_t n = 0;
    for (struct mem_type *t = mem_types(); t && n < sizeof(v) / sizeof(v[0]); t = t->next)
        v[n++] = t;
    qsort(v, n, sizeof(v[0]), mem_cmp);
    writer_line(w, "--- qmem %s ---", self->name);
    writer_line(w, "%-30s: %8s %6s %11s", "Type", "Current#", "Size", "Total");
    writer_obj(w, "types");
    for (size_t i = 0; i < n; i++) {
        uint64_t count = v[i]->count, bytes = v[i]->bytes;
        if (!count && !bytes)
            continue;
        writer_line(w, "%-30s: %8llu %6llu %11llu", v[i]->name, (unsigned long long)count,
                    (unsigned long long)(count ? bytes / count : 0), (unsigned long long)bytes);
        writer_obj(w, v[i]->name);
        writer_uint(w, "count", count);
        writer_uint(w, "bytes", bytes);
        writer_end(w);
    }
    writer_end(w);
}

static int show_memory(struct cli_req *r)
{
    struct writer *w = r->out;
    char b[40];
    struct mallinfo2 m = mallinfo2();
    writer_line(w, "System allocator statistics:");
    writer_line(w, "  Total heap allocated:  %s", human(m.arena + m.hblkhd, b, sizeof(b)));
    writer_line(w, "  Holding block headers: %s", human(m.hblkhd, b, sizeof(b)));
    writer_line(w, "  Used ordinary blocks:  %s", human(m.uordblks, b, sizeof(b)));
    writer_line(w, "  Free ordinary blocks:  %s", human(m.fordblks, b, sizeof(b)));
    writer_line(w, "  Ordinary blocks:       %zu", m.ordblks);
    writer_line(w, "  Holding blocks:        %zu", m.hblks);
    writer_obj(w, NULL);
    writer_obj(w, "system");
    writer_uint(w, "heapBytes", m.arena + m.hblkhd);
    writer_uint(w, "mappedBytes", m.hblkhd);
    writer_uint(w, "usedBytes", m.uordblks + m.hblkhd);
    writer_uint(w, "freeBytes", m.fordblks);
    writer_end(w);
    show_types(w);
    writer_end(w);
    return CLI_OK;
}

static void cpu_row(void *ctx, const struct loop_stat *s)
{
    struct writer *w = ctx;
    uint64_t avg = s->calls ? s->total_us / s->calls : 0;
    writer_line(w, "%12llu.%03llu %9llu %8llu %9llu  %s", (unsigned long long)s->total_us / 1000,
                (unsigned long long)s->total_us % 1000, (unsigned long long)s->calls,
                (unsigned long long)avg, (unsigned long long)s->max_us, s->name);
    writer_obj(w, NULL);
    writer_str(w, "name", s->name);
    writer_uint(w, "calls", s->calls);
    writer_uint(w, "totalUsec", s->total_us);
    writer_uint(w, "avgUsec", avg);
    writer_uint(w, "maxUsec", s->max_us);
    writer_end(w);
}

static int show_cpu(struct cli_req *r)
{
    struct writer *w = r->out;
    writer_line(w, "%s", "");
    writer_line(w, "Showing statistics for pthread main");
    writer_line(w, "-----------------------------------");
    writer_line(w, "                            Real (wall-clock):");
    writer_line(w, "%16s %9s %8s %9s  %s", "Runtime(ms)", "Invoked", "Avg uSec", "Max uSecs",
                "Event");
    writer_obj(w, NULL);
    writer_arr(w, "main");
    loop_stats(self->loop, cpu_row, w);
    writer_end_all(w);
    return CLI_OK;
}

static int clear_cpu(struct cli_req *r)
{
    loop_stats_clear(self->loop);
    return CLI_OK;
}

static int show_debugging(struct cli_req *r)
{
    struct writer *w = r->out;
    writer_line(w, "%s debugging status:", self->progname);
    writer_obj(w, NULL);
    writer_arr(w, "debugging");
    for (const struct log_debug *d = log_debugs(); d; d = d->next)
        if (d->on) {
            writer_line(w, "  %s debugging is on", d->name);
            writer_str(w, NULL, d->name);
        }
    writer_end_all(w);
    return CLI_OK;
}

static void plugin_row(void *ctx, const struct godwit_plugin *p)
{
    struct writer *w = ctx;
    writer_line(w, "%-12s %-25s %s", p->name, p->version ? p->version : "",
                p->description ? p->description : "");
    writer_obj(w, NULL);
    writer_str(w, "name", p->name);
    writer_str(w, "version", p->version);
    writer_str(w, "description", p->description);
    writer_end(w);
}

static int show_plugins(struct cli_req *r)
{
    struct writer *w = r->out;
    writer_line(w, "%-12s %-25s %s", "Module Name", "Version", "Description");
    writer_line(w, "%s", "");
    writer_line(w, "%-12s %-25s %s", self->name, PACKAGE_VERSION,
                self->description ? self->description : "");
    writer_obj(w, NULL);
    writer_arr(w, "plugins");
    plugin_list(plugin_row, w);
    writer_end_all(w);
    return CLI_OK;
}

static int do_plugin_load(struct cli_req *r)
{
    char err[400];
    if (plugin_load(self, cli_arg_text(&r->args, "plugin"), err, sizeof(err)) < 0) {
        writer_error(r->out, "%s", err);
        return CLI_WARNING;
    }
    shell_ipc_announce(self);
    return CLI_OK;
}

static int nothing(struct cli_req *r)
{
    return CLI_OK;
}

static int echo(struct cli_req *r)
{
    writer_line(r->out, "%s", cli_arg_text(&r->args, "text"));
    return CLI_OK;
}

static int send_log(struct cli_req *r)
{
    log_write((enum log_level)log_level_parse(cli_arg_text(&r->args, "level")), "%s",
              cli_arg_text(&r->args, "text"));
    return CLI_OK;
}

static int clear_log(struct cli_req *r)
{
    log_targets_clear("cmdline");
    return CLI_OK;
}

static const char help[] =
    "version|Displays version\nlogging|Show current logging configuration\nmemory|Memory "
    "statistics\n"
    "event|Event information\nthread|Thread information\ncpu|CPU usage\ndebugging|State of each "
    "debugging option\n"
    "plugins|Loaded plugins\nmodules|Loaded modules\nplugin|Plugins\nload|Load a "
    "plugin\n$plugin|NAME[:ARGUMENTS], or a path\n"
    "terminal|Set terminal line parameters\nmonitor|Copy debug output to the current terminal "
    "line\n"
    "paginate|Use pager for command output scrolling\nlength|Set number of lines on a "
    "screen\n$lines|Lines (0: no pausing)\n"
    "echo|Echo a message back to the vty\n$text|The message\nsend|Send a "
    "message\nlog|Logging\nlevel|Level of the message\n"
    "cmdline-targets|Targets given on the command line\n";

#define LEVELS \
    "<emergencies|alerts|critical|errors|warnings|notifications|informational|debugging>$level"
static const struct cli_cmd cmds[] = {
    { "view", "show version [json]", help, show_version, CLI_F_VIEW },
    { "view", "show logging [json]", help, show_logging, CLI_F_VIEW },
    { "view", "show memory [json]", help, show_memory, CLI_F_VIEW },
    { "view", "show <event|thread> cpu [json]", help, show_cpu, CLI_F_VIEW },
    { "view", "clear <event|thread> cpu", help, clear_cpu, 0 },
    { "view", "show debugging [json]", help, show_debugging, CLI_F_VIEW },
    { "view", "show <plugins|modules> [json]", help, show_plugins, CLI_F_VIEW },
    { "view", "plugin load WORD$plugin", help, do_plugin_load, 0 },
    { "view", "terminal monitor", help, nothing, CLI_F_VIEW },
    { "view", "terminal no monitor", help, nothing, CLI_F_VIEW | CLI_F_HIDDEN },
    { "view", "[no] terminal paginate", help, nothing, CLI_F_VIEW },
    { "view", "terminal length (0-512)$lines", help, nothing, CLI_F_VIEW },
    { "view", "terminal no length", help, nothing, CLI_F_VIEW | CLI_F_HIDDEN },
    { "view", "echo LINE...$text", help, echo, CLI_F_VIEW },
    { "view", "send log level " LEVELS " LINE...$text", help, send_log, 0 },
    { "view", "clear log cmdline-targets", help, clear_log, 0 },
};

void shell_show_add(struct daemon *d)
{
    self = d;
    cli_add_all(d->cli, cmds, sizeof(cmds) / sizeof(cmds[0]));
    shell_write_add(d);
}

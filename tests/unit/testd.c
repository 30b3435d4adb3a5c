/* SPDX-License-Identifier: Apache-2.0
 * testd.c - the smallest daemon, for test_daemon.c. It notes what is called in the file of -x.
 *
 * The shells are stubs: what is tested is daemon.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "conf.h"
#include "daemon.h"
#include "log.h"
#include "shell.h"

static const char *trace_path;

static void note(const char *what, const char *arg)
{
    FILE *f = trace_path ? fopen(trace_path, "a") : NULL;
    if (!f)
        return;
    fchmod(fileno(f), 0666); /* root begins it, another user goes on */
    fprintf(f, "%s%s%s\n", what, arg ? " " : "", arg ? arg : "");
    fclose(f);
}

int shell_ipc_start(struct daemon *d)
{
    note("ipc", NULL);
    return 0;
}

void shell_ipc_stop(struct daemon *d)
{
}

int shell_vty_start(struct daemon *d)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%s.vty", d->vty_dir, d->progname) >=
        (int)sizeof(sa.sun_path))
        return -ENAMETOOLONG;
    unlink(sa.sun_path);
    if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 5) < 0)
        return -errno;
    note("vty", NULL);
    return 0;
}

void shell_vty_stop(struct daemon *d)
{
    note("vty stop", NULL);
}

static void apply_name(const struct conf_change *c)
{
    note("hostname", cli_arg_text(c->args, "name"));
}

static void apply_log(const struct conf_change *c)
{
    int rc = log_target_file("config", cli_arg_text(c->args, "file"), LOG_L_DEBUG);
    note("log", rc ? "failed" : "opened");
}

static void apply_id(const struct conf_change *c)
{
    note("id", cli_arg_text(c->args, "id"));
}

static int check_as(struct conf_change *c, char *err, size_t errlen)
{
    if (cli_arg_num(c->args, "as", 0) != 23456)
        return 0;
    snprintf(err, errlen, "AS 23456 is reserved");
    return -1;
}

static const struct conf_node nodes[] = {
    { .name = "router bgp",
      .parent = "config",
      .grammar = "router bgp (1-4294967295)$as",
      .keys = "as",
      .help = "router|Enable a routing process\nbgp|BGP information\n$as|AS number\n",
      .prompt = "config-router",
      .exit_word = "exit",
      .check = check_as,
      .separator = true },
};
static const struct conf_row rows[] = {
    { .node = "config",
      .grammar = "hostname WORD$name",
      .help = "hostname|Set system's network name\n$name|This system's network name\n",
      .apply = apply_name },
    { .node = "config",
      .grammar = "log file WORD$file",
      .help = "log|Logging control\nfile|Logging to file\n$file|Logging filename\n",
      .apply = apply_log },
    { .node = "router bgp",
      .grammar = "bgp router-id A.B.C.D$id",
      .help = "bgp|BGP information\nrouter-id|Override configured router identifier\n$id|Id\n",
      .apply = apply_id },
};

void shell_common_add(struct daemon *d)
{
    conf_add_nodes(d->conf, nodes, 1);
    conf_add_rows(d->conf, rows, sizeof(rows) / sizeof(rows[0]));
}

static void setup(struct daemon *d)
{
    note("setup", d->frr_compat ? "compat" : "native");
    note("config", NULL);
}

static int open_it(struct daemon *d)
{
    note("open", NULL);
    return trace_path && strstr(trace_path, "refuse") ? -EADDRINUSE : 0;
}

static void started(struct daemon *d)
{
    note("started", d->config_file);
    log_info("started");
}

static void stop(struct daemon *d)
{
    note("stop", NULL);
    if (!trace_path || !strstr(trace_path, "hang"))
        daemon_done(d);
}

static bool option(struct daemon *d, int opt, const char *arg)
{
    if (opt == 'x')
        trace_path = arg;
    else if (opt == 'l')
        note("listen", arg);
    return opt == 'x' || opt == 'l';
}

int main(int argc, char **argv)
{
    static struct daemon d = { .name = "testd",
                               .frr_name = "zebra",
                               .description = "A daemon for tests.",
                               .setup = setup,
                               .open = open_it,
                               .started = started,
                               .stop = stop,
                               .optstring = "x:l:",
                               .option = option,
                               .option_help = "  -x FILE  trace\n",
                               .keep_caps = "cap_net_admin,cap_net_raw+ep" };
    daemon_start(&d, argc, argv);
    return daemon_run(&d);
}

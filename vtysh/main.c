/* SPDX-License-Identifier: Apache-2.0
 * main.c - vtysh: options, places, and the ways to run: interactive, lines of a pipe, -c, -f, -b,
 * -C, -m, -w.
 *
 * Exit status: -c ends with 1 at the first command that fails (results other than success and
 * warning) and otherwise with the last result; -f and -b with 2 when a line failed; 1 when nothing
 * can be reached.
 */
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>
#include "config.h"
#include "lib/log.h"
#include "vtysh.h"

MEM_DEFINE(vtysh, "Shell");

static struct vtysh vtysh = { .terminal_length = -1 };

static const char usage[] =
    "Usage: vtysh [OPTION]...\n\n"
    "The shell of Godwit (version " PACKAGE_VERSION ").\n\n"
    "  -b, --boot               apply the boot configuration\n"
    "  -c, --command LINES      run and end; may be repeated, the mode is kept\n"
    "  -d, --daemon NAME        only this daemon\n"
    "  -f, --inputfile FILE     apply a configuration file\n"
    "  -E, --echo               with -c: show prompt and command\n"
    "  -C, --dryrun             check the configuration (of -f) and end; nothing is changed\n"
    "  -m, --markfile           print FILE of -f with the end of every block marked\n"
    "  -w, --writeconfig        save the integrated configuration and end\n"
    "  -n, --no-error           with -c: go on after a command that failed\n"
    "  -t, --timestamp          with -c or a terminal: a time before every command\n"
    "  -u, --user               start in the view of an unprivileged user\n"
    "  -e, --execute LINES      as -c\n"
    "  -N, --pathspace NAME     insert NAME into the paths\n"
    "  -H, --histfile FILE      history file\n"
    "      --vty_socket DIR     where the daemons' sockets are\n"
    "      --config_dir DIR     where the configuration is\n"
    "      --no-fork            accepted: one process does all here\n"
    "      --exec-timeout N     accepted: a session does not end by itself\n"
    "  -h, --help\n";

enum { OPT_SOCKET = 256, OPT_CONFIG, OPT_NOFORK, OPT_TIMEOUT, OPT_VERSION };
static const struct option options[] = {
    { "boot", no_argument, NULL, 'b' },
    { "command", required_argument, NULL, 'c' },
    { "execute", required_argument, NULL, 'e' },
    { "daemon", required_argument, NULL, 'd' },
    { "inputfile", required_argument, NULL, 'f' },
    { "echo", no_argument, NULL, 'E' },
    { "dryrun", no_argument, NULL, 'C' },
    { "markfile", no_argument, NULL, 'm' },
    { "writeconfig", no_argument, NULL, 'w' },
    { "no-error", no_argument, NULL, 'n' },
    { "noerror", no_argument, NULL, 'n' },
    { "timestamp", no_argument, NULL, 't' },
    { "user", no_argument, NULL, 'u' },
    { "pathspace", required_argument, NULL, 'N' },
    { "histfile", required_argument, NULL, 'H' },
    { "vty_socket", required_argument, NULL, OPT_SOCKET },
    { "config_dir", required_argument, NULL, OPT_CONFIG },
    { "no-fork", no_argument, NULL, OPT_NOFORK },
    { "exec-timeout", required_argument, NULL, OPT_TIMEOUT },
    { "version", no_argument, NULL, OPT_VERSION },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

struct opts {
    const char *file, *socket_dir, *config_dir, *pathspace;
    bool boot, dry_run, mark, write;
    const char **commands;
    unsigned n_commands;
};

static void command_add(struct opts *o, const char *s)
{
    o->commands = mem_realloc(MEM(vtysh), o->commands, (o->n_commands + 1) * sizeof(*o->commands));
    o->commands[o->n_commands++] = s;
}

static void option(struct vtysh *v, struct opts *o, int c)
{
    switch (c) {
    case 'b':
        o->boot = true;
        break;
    case 'c':
    case 'e':
        command_add(o, optarg);
        break;
    case 'd':
        v->only = optarg;
        break;
    case 'f':
        o->file = optarg;
        break;
    case 'E':
        v->echo = true;
        break;
    case 'C':
        o->dry_run = true;
        break;
    case 'm':
        o->mark = true;
        break;
    case 'w':
        o->write = true;
        break;
    case 'n':
        v->no_error_stop = true;
        break;
    case 't':
        v->timestamp = true;
        break;
    case 'u':
        v->user_mode = true;
        break;
    case 'N':
        o->pathspace = optarg;
        break;
    case 'H':
        v->hist_file = optarg;
        break;
    case OPT_SOCKET:
        o->socket_dir = optarg;
        break;
    case OPT_CONFIG:
        o->config_dir = optarg;
        break;
    case OPT_NOFORK:
    case OPT_TIMEOUT:
        break;
    case OPT_VERSION:
        printf("vtysh version %s\n", PACKAGE_VERSION);
        exit(0);
    case 'h':
        fputs(usage, stdout);
        exit(0);
    default:
        fputs(usage, stderr);
        exit(1);
    }
}

static bool is_compat_path(const char *path)
{
    return path && (strstr(path, "frr-compat/") || strstr(path, "/lib/frr/"));
}

/* Started from the folder of the names that FRR's tools use, perhaps by a link to it or found in
 * PATH. */
static bool is_compat(const char *argv0)
{
    const char *executed = (const char *)getauxval(AT_EXECFN);
    char path[PATH_MAX];
    ssize_t n = executed ? readlink(executed, path, sizeof(path) - 1) : -1;

    path[n > 0 ? n : 0] = 0;
    return is_compat_path(argv0) || is_compat_path(executed) || is_compat_path(path);
}

static void must_fit(int n, size_t cap)
{
    if (n >= 0 && (size_t)n < cap)
        return;
    fprintf(stderr, "vtysh: path too long\n");
    exit(1);
}

static void find_places(struct vtysh *v, const struct opts *o, const char *argv0)
{
    static char hist[PATH_MAX];
    const char *ns = o->pathspace, *home = getenv("HOME");

    v->compat = is_compat(argv0);
    if (ns && (strchr(ns, '/') || !*ns || *ns == '.')) {
        fprintf(stderr, "vtysh: a path space is one name without '/'\n");
        exit(1);
    }
    const char *run = o->socket_dir ? o->socket_dir : v->compat ? GW_FRR_RUNDIR : GW_RUNDIR;
    const char *conf = o->config_dir ? o->config_dir
                       : v->compat   ? GW_FRR_SYSCONFDIR
                                     : GW_SYSCONFDIR;
    const char *run_ns =
        o->socket_dir ? NULL : ns; /* a given place is meant as it is, as the daemons take it */
    must_fit(snprintf(v->run_dir, sizeof(v->run_dir), "%s%s%s", run, run_ns ? "/" : "",
                      run_ns ? run_ns : ""),
             sizeof(v->run_dir));
    must_fit(
        snprintf(v->config_dir, sizeof(v->config_dir), "%s%s%s", conf, ns ? "/" : "", ns ? ns : ""),
        sizeof(v->config_dir));
    must_fit(snprintf(v->config_file, sizeof(v->config_file), "%s/%s", v->config_dir,
                      v->compat ? "frr.conf" : "godwit.conf"),
             sizeof(v->config_file));
    must_fit(snprintf(v->vtysh_conf, sizeof(v->vtysh_conf), "%s/vtysh.conf", v->config_dir),
             sizeof(v->vtysh_conf));
    if (!v->hist_file && getenv("VTYSH_HISTFILE"))
        v->hist_file = getenv("VTYSH_HISTFILE");
    if (!v->hist_file && home) {
        must_fit(snprintf(hist, sizeof(hist), "%s/.history_godwit", home), sizeof(hist));
        v->hist_file = hist;
    }
    v->pager_cmd = getenv("VTYSH_PAGER");
    v->paginate = v->pager_cmd && *v->pager_cmd;
    if (!v->paginate)
        v->pager_cmd = NULL;
}

static void on_interrupt(int sig)
{
    (void)sig;
    vtysh.interrupted = 1;
}

static void show_command(struct vtysh *v, const char *line)
{
    char prompt[200], when[64];
    time_t now = time(NULL);
    struct tm tm;

    if (v->timestamp && localtime_r(&now, &tm) &&
        strftime(when, sizeof(when), "%a %b %e %T %Z %Y", &tm))
        printf("# %s\n", when);
    if (!v->echo)
        return;
    exec_prompt(v, prompt, sizeof(prompt));
    printf("%s%s\n", prompt, line);
}

/* -c: the exit status. */
static int run_commands(struct vtysh *v, const struct opts *o)
{
    int rc = 0;

    for (unsigned i = 0; i < o->n_commands && !v->quit; i++) {
        char *copy = mem_strdup(MEM(vtysh), o->commands[i]), *p = copy, *line;
        while (p && !v->quit && (line = strsep(&p, "\n"))) {
            show_command(v, line);
            rc = exec_line(v, line);
            if (rc != CLI_OK && rc != CLI_WARNING && rc != 10 && !v->no_error_stop) {
                mem_free(MEM(vtysh), copy);
                return 1;
            }
        }
        mem_free(MEM(vtysh), copy);
    }
    return rc;
}

/* A pipe or file as standard input: goes on after errors. */
static int run_lines(struct vtysh *v)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;

    while (!v->quit && !v->out_broken && (n = getline(&line, &cap, stdin)) >= 0) {
        while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            line[--n] = 0;
        if (v->echo || v->timestamp)
            show_command(v, line);
        exec_line(v, line);
    }
    free(line);
    return 0;
}

static int mark_file(const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    struct buf b = { 0 };
    char chunk[8192];
    size_t n;

    if (!f) {
        fprintf(stderr, "%% Can't open config file %s\n", path);
        return 1;
    }
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buf_add(&b, chunk, n);
    if (f != stdin)
        fclose(f);
    mark_text(b.s ? b.s : "", stdout);
    buf_free(&b);
    return 0;
}

static int run(struct vtysh *v, const struct opts *o)
{
    if (o->dry_run)
        return config_replace_file(v, o->file ? o->file : v->config_file, true) == CLI_OK ? 0 : 2;
    if (o->write)
        return config_write(v, true) == CLI_OK ? 0 : 1;
    if (o->file)
        return config_load_file(v, o->file) == CLI_OK ? 0 : 2;
    if (o->boot) {
        if (access(v->config_file, R_OK) != 0)
            return 0; /* every daemon reads its own */
        return config_load_file(v, v->config_file) == CLI_OK ? 0 : 2;
    }
    if (o->n_commands)
        return run_commands(v, o);
    v->interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    return v->interactive ? edit_run(v) : run_lines(v);
}

int main(int argc, char **argv)
{
    struct vtysh *v = &vtysh;
    struct opts o = { 0 };
    struct sigaction sa = { .sa_handler = on_interrupt };
    int c, rc = 1;

    v->out = stdout;
    while ((c = getopt_long(argc, argv, "be:c:d:f:H:mEhCwN:unt", options, NULL)) != -1)
        option(v, &o, c);
    if (o.mark)
        return o.file ? mark_file(o.file) : 1;
    find_places(v, &o, argv[0]);
    gethostname(v->hostname, sizeof(v->hostname) - 1);
    v->hostname[strcspn(v->hostname, ".")] = 0;
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGINT, &sa, NULL);
    log_init("vtysh"); /* without a target: what the shell has to say it prints */
    v->loop = loop_new();
    local_init(v);
    config_read_vtysh_conf(v);
    client_open(v);
    if (!client_count(v) &&
        !(isatty(STDIN_FILENO) && !o.n_commands && !o.file && !o.boot && !o.write)) {
        fprintf(stderr, "Exiting: failed to connect to any daemons.\n");
        if (geteuid() != 0)
            fprintf(stderr, "The daemons' sockets are for root and the group of %s.\n", v->run_dir);
    } else {
        rc = run(v, &o);
    }
    fflush(v->out);
    mode_pop_to(v->mode, &v->n_mode, 0);
    client_close(v);
    cli_tree_free(v->all);
    cli_tree_free(v->local);
    if (v->history)
        buf_free(v->history);
    mem_free(MEM(vtysh), v->history);
    mem_free(MEM(vtysh), o.commands);
    loop_free(v->loop);
    return rc;
}

/* SPDX-License-Identifier: Apache-2.0
 * daemon_options.c - the command line, and the places that follow from it.
 *
 * FRR's options keep their letters and long names, so that its scripts start our daemons; those
 * without a meaning here are accepted and -h says so. A daemon's own handler is asked first.
 */
#include "config.h"
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include "daemon_private.h"
#include "log.h"
#include "mem.h"

/* What operators' scripts compare: the FRR release whose commands and output we follow. */
#define FRR_VERSION "8.4.4"

enum {
    OPT_LOG = 1000,
    OPT_LOG_LEVEL,
    OPT_COMMAND_LOG,
    OPT_VTY_SOCKET,
    OPT_THREADS,
    OPT_GRAMMAR,
    OPT_IGNORED
};

static const struct option long_options[] = {
    { "daemon", no_argument, NULL, 'd' },
    { "terminal", no_argument, NULL, 't' },
    { "config_file", required_argument, NULL, 'f' },
    { "pid_file", required_argument, NULL, 'i' },
    { "pathspace", required_argument, NULL, 'N' },
    { "vty_addr", required_argument, NULL, 'A' },
    { "vty_port", required_argument, NULL, 'P' },
    { "socket", required_argument, NULL, 'z' },
    { "module", required_argument, NULL, 'M' },
    { "version", no_argument, NULL, 'v' },
    { "help", no_argument, NULL, 'h' },
    { "user", required_argument, NULL, 'u' },
    { "group", required_argument, NULL, 'g' },
    { "no_kernel", no_argument, NULL, 'n' },
    { "graceful_restart", required_argument, NULL, 'K' },
    { "dryrun", no_argument, NULL, 'C' },
    { "log", required_argument, NULL, OPT_LOG },
    { "log-level", required_argument, NULL, OPT_LOG_LEVEL },
    { "command-log-always", no_argument, NULL, OPT_COMMAND_LOG },
    { "vty_socket", required_argument, NULL, OPT_VTY_SOCKET },
    { "threads", required_argument, NULL, OPT_THREADS },
    { "grammar", no_argument, NULL, OPT_GRAMMAR },
    /* FRR's, of single daemons */
    { "nl-bufsize", required_argument, NULL, 's' },
    { "socket_size", required_argument, NULL, 's' },
    { "bgp_port", required_argument, NULL, 'p' },
    { "listenon", required_argument, NULL, 'l' },
    { "ecmp", required_argument, NULL, 'e' },
    { "retain", no_argument, NULL, 'r' },
    { "keep_kernel", no_argument, NULL, 'k' },
    { "skip_runas", no_argument, NULL, 'S' },
    { "no_zebra", no_argument, NULL, 'Z' },
    { "int_num", required_argument, NULL, 'I' },
    { "allow_delete", no_argument, NULL, 'a' },
    { "moduledir", required_argument, NULL, OPT_IGNORED },
    { "scriptdir", required_argument, NULL, OPT_IGNORED },
    { "vrfwnetns", no_argument, NULL, OPT_IGNORED },
    { "limit-fds", required_argument, NULL, OPT_IGNORED },
    { "vrfdefaultname", required_argument, NULL, OPT_IGNORED },
    { "asic-offload", optional_argument, NULL, OPT_IGNORED },
    { "v6-with-v4-nexthops", no_argument, NULL, OPT_IGNORED },
    { "tcli", no_argument, NULL, OPT_IGNORED },
    { NULL, 0, NULL, 0 },
};
static const char short_options[] = "dtf:i:N:A:P:z:M:vhu:g:nK:Cs:p:l:e:rkSZI:ao:";

static const char help_text[] =
    "  -d, --daemon               go to the background; returns when the daemon is ready\n"
    "  -f, --config_file FILE     read this configuration\n"
    "  -i, --pid_file FILE        process id file\n"
    "  -N, --pathspace NAME       a second instance: NAME becomes part of all paths\n"
    "  -z, --socket PATH          where zebrad is reached\n"
    "      --vty_socket DIR       folder of the .vty sockets\n"
    "  -M, --module NAME[:ARGS]   load a plugin (may be repeated)\n"
    "  -u, --user USER            run as this user\n"
    "  -g, --group GROUP          and group\n"
    "      --log DEST             stdout, stderr, syslog, journald, file:NAME[:LEVEL] (may be "
    "repeated)\n"
    "      --log-level LEVEL      of those: emergencies ... debugging\n"
    "      --threads N            threads to use (default: one for each CPU)\n"
    "  -C, --dryrun               check the configuration and exit: 0 when it is good\n"
    "      --grammar              print what its configuration understands and exit\n"
    "  -n, --no_kernel            do not give routes to the kernel\n"
    "  -K, --graceful_restart SEC keep the routes of an earlier run for so long\n"
    "  -v, --version              print the version\n"
    "  -h, --help                 print this\n"
    "Accepted for FRR's sake, without a meaning here:\n"
    "  -A, --vty_addr ADDR, -P, --vty_port PORT (there is no telnet), -t, --terminal,\n"
    "  -s, --nl-bufsize BYTES, --command-log-always (`log commands` is the setting), --moduledir,\n"
    "  --scriptdir, --limit-fds, --vrfwnetns, --tcli\n";

static void print_version(const struct daemon *d)
{
    if (d->frr_compat)
        printf("%s version %s (Godwit %s)\n", d->progname, FRR_VERSION, PACKAGE_VERSION);
    else
        printf("%s version %s (Godwit)\n", d->progname, PACKAGE_VERSION);
    printf("Released under the Apache License, version 2.0.\n");
}

static void print_help(const struct daemon *d)
{
    printf("Usage: %s [OPTION...]\n%s\n\n", d->progname, d->description ? d->description : "");
    if (d->option_help)
        fputs(d->option_help, stdout);
    fputs(help_text, stdout);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Started by a name or from a folder of FRR's? What was really executed counts as well as argv[0].
 */
static bool is_frr_name(const char *path)
{
    static const char *const names[] = { "zebra", "staticd", "mgmtd" };
    if (!path)
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(base_name(path), names[i]) == 0)
            return true;
    return strstr(path, "/frr-compat/") || strstr(path, "/lib/frr/") ||
           strncmp(path, "frr-compat/", 11) == 0;
}

static _Noreturn void usage_error(const struct daemon *d, const char *what, const char *arg)
{
    fprintf(stderr, "%s: %s: %s\n", d->progname, what, arg);
    exit(1);
}

static unsigned number(const struct daemon *d, const char *what, const char *arg, unsigned max)
{
    char *end;
    unsigned long v = strtoul(arg, &end, 10);
    if (!*arg || *end || *arg == '-' || v > max)
        usage_error(d, what, arg);
    return (unsigned)v;
}

static void list_add(const struct daemon *d, const char **list, unsigned *n, const char *arg)
{
    if (*n == DAEMON_LIST_MAX)
        usage_error(d, "option repeated too often", arg);
    list[(*n)++] = arg;
}

static void pathspace_check(const struct daemon *d, const char *name)
{
    if (!*name || strchr(name, '/') || strchr(name, '.') || strlen(name) > 64)
        usage_error(d, "bad pathspace name", name);
}

/* True when the option belongs to the base. */
static bool base_option(struct daemon *d, struct daemon_options *o, int opt, const char *arg)
{
    switch (opt) {
    case 'd':
        o->daemonize = true;
        return true;
    case 't':
        d->terminal = true;
        return true;
    case 'f':
        o->config_arg = arg;
        return true;
    case 'i':
        d->pid_file = arg;
        return true;
    case 'N':
        pathspace_check(d, arg);
        d->pathspace = arg;
        return true;
    case 'z':
        d->zebra_path = arg;
        return true;
    case 'M':
        list_add(d, o->plugin, &o->n_plugin, arg);
        return true;
    case 'u':
        d->user = arg;
        return true;
    case 'g':
        d->group = arg;
        return true;
    case 'n':
        /* FRR's zebra means VRFs by network namespaces with it. */
        if (!d->frr_compat || strcmp(d->progname, "zebra") != 0)
            d->no_kernel = true;
        return true;
    case 'K':
        d->retain_seconds = number(d, "bad number of seconds", arg, 86400);
        return true;
    case 'C':
        o->dry_run = true;
        return true;
    case OPT_GRAMMAR:
        o->grammar = true;
        return true;
    case 'S':
        o->skip_user = true;
        return true;
    case OPT_LOG:
        list_add(d, o->log, &o->n_log, arg);
        return true;
    case OPT_LOG_LEVEL:
        if (log_level_parse(arg) < 0)
            usage_error(d, "unknown log level", arg);
        d->log_level = arg;
        return true;
    case OPT_VTY_SOCKET:
        d->vty_dir = arg;
        return true;
    case OPT_THREADS:
        d->threads = number(d, "bad number of threads", arg, 256);
        return true;
    default:
        return false;
    }
}

/* DIR/NAME and a suffix; lives as long as the process. */
static const char *path_of(const char *dir, const char *name, const char *suffix)
{
    char buf[PATH_MAX];
    snprintf(buf, sizeof(buf), "%s/%s%s", dir, name, suffix);
    return mem_strdup(MEM(str), buf);
}

static void default_places(struct daemon *d)
{
    const char *run = d->frr_compat ? GW_FRR_RUNDIR : GW_RUNDIR;
    d->run_dir = d->pathspace ? path_of(run, d->pathspace, "") : run;
    if (!d->vty_dir)
        d->vty_dir = d->run_dir;
    if (!d->pid_file)
        d->pid_file = path_of(d->run_dir, d->progname, ".pid");
}

void daemon_options_parse(struct daemon *d, struct daemon_options *o, int argc, char **argv)
{
    char shorts[256];
    memset(o, 0, sizeof(*o));
    d->frr_compat =
        is_frr_name(argv[0]) || is_frr_name((const char *)(uintptr_t)getauxval(AT_EXECFN));
    d->progname = d->frr_compat && d->frr_name ? d->frr_name : d->name;
    /* The daemon's own letters come first, so that its idea of an argument wins. */
    snprintf(shorts, sizeof(shorts), "%s%s", d->optstring ? d->optstring : "", short_options);
    for (int opt; (opt = getopt_long(argc, argv, shorts, long_options, NULL)) != -1;) {
        if (opt == 'v') {
            print_version(d);
            exit(0);
        }
        if (opt == 'h') {
            print_help(d);
            exit(0);
        }
        if (opt == '?') {
            fprintf(stderr, "%s: try --help\n", d->progname);
            exit(1);
        }
        if (d->option && d->option(d, opt, optarg))
            continue;
        base_option(d, o, opt, optarg);
    }
    if (optind < argc)
        usage_error(d, "argument not understood", argv[optind]);
    d->foreground = !o->daemonize;
    default_places(d);
}

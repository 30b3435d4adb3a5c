/* SPDX-License-Identifier: Apache-2.0
 * shell_common.c - configuration rows that every daemon has: names, log, debug, terminal settings.
 *
 * The commands beside them are in shell_show.c. `debug` rows come from log_debugs() and from the
 * list of FRR's words: what has no switch of ours is kept and printed, so that files go round.
 */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include "cli_int.h"
#include "conf.h"
#include "log.h"
#include "mem.h"
#include "shell.h"
#include "shell_private.h"

MEM_DEFINE(shell_cmd, "Shell");

static struct {
    char hostname[256];
    bool log_commands;
    struct daemon *d;
} common;

const char *shell_hostname(void)
{
    static char system_name[256];
    if (common.hostname[0])
        return common.hostname;
    if (gethostname(system_name, sizeof(system_name) - 1) < 0)
        strcpy(system_name, "localhost");
    return system_name;
}

void shell_log_command(const char *line)
{
    if (common.log_commands && *line)
        log_notice("command: %s", line);
}

/* ---- apply ---- */

static void hostname_apply(const struct conf_change *c)
{
    const char *name = c->op == CONF_SET ? cli_arg_text(c->args, "host") : NULL;
    snprintf(common.hostname, sizeof(common.hostname), "%s", name ? name : "");
}

static int arg_level(const struct conf_change *c)
{
    const char *word = cli_arg_text(c->args, "level");
    return c->op == CONF_UNSET ? -1 : word ? log_level_parse(word) : LOG_L_DEBUG;
}

static void log_failed(const char *what, int rc)
{
    if (rc < 0)
        log_err("log %s: %s", what, strerror(-rc));
}

static void stdout_apply(const struct conf_change *c)
{
    log_failed("stdout", log_target_stdout("config", arg_level(c)));
}

static void syslog_apply(const struct conf_change *c)
{
    log_failed("syslog", log_target_syslog("config", arg_level(c)));
}

static void file_apply(const struct conf_change *c)
{
    const char *path = cli_arg_text(c->args, "file");
    log_failed(path, log_target_file("config", path, arg_level(c)));
}

static void precision_apply(const struct conf_change *c)
{
    log_timestamp_precision(c->op == CONF_SET ? (int)cli_arg_num(c->args, "precision", 0) : 0);
}

static void priority_apply(const struct conf_change *c)
{
    log_record_priority(c->op == CONF_SET);
}

static void commands_apply(const struct conf_change *c)
{
    common.log_commands = c->op == CONF_SET;
}

static void defaults_apply(const struct conf_change *c)
{
    const char *profile = c->op == CONF_SET ? cli_arg_text(c->args, "profile") : NULL;
    bool datacenter = profile && !strcmp(profile, "datacenter");
    if (datacenter == common.d->datacenter)
        return;
    common.d->datacenter = datacenter;
    if (common.d->defaults_changed)
        common.d->defaults_changed(common.d);
}

static void facility_apply(const struct conf_change *c)
{
    static const struct {
        const char *name;
        int facility;
    } v[] = { { "kern", LOG_KERN },     { "user", LOG_USER },     { "mail", LOG_MAIL },
              { "daemon", LOG_DAEMON }, { "auth", LOG_AUTH },     { "syslog", LOG_SYSLOG },
              { "lpr", LOG_LPR },       { "news", LOG_NEWS },     { "uucp", LOG_UUCP },
              { "cron", LOG_CRON },     { "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 },
              { "local2", LOG_LOCAL2 }, { "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 },
              { "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 } };
    const char *name = c->op == CONF_SET ? cli_arg_text(c->args, "facility") : "daemon";
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
        if (!strcmp(v[i].name, name))
            log_facility(v[i].facility);
}

/* ---- rows ---- */

#define LEVEL \
    "[<emergencies|alerts|critical|errors|warnings|notifications|informational|debugging>$level]"
#define FACILITY                                                                                \
    "<kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|local0|local1|local2|local3|local4|" \
    "local5|local6|local7>$facility"

static const char dictionary[] =
    "hostname|Set system's network name\n$host|This system's network name\n"
    "domainname|Set system's domain name\n$domain|This system's domain name\n"
    "frr|FRR global parameters\nversion|FRR configuration version\n$version|Version string\n"
    "defaults|Set of configuration defaults used\ntraditional|Long-established defaults\n"
    "datacenter|Defaults for data centers\nservice|Set up miscellaneous service\n"
    "integrated-vtysh-config|Write configuration into integrated file\n"
    "password-encryption|Enable encrypted passwords\nadvanced-vty|Enable advanced mode vty "
    "interface\n"
    "terminal-length|System wide terminal length configuration\n$lines|Number of lines of VTY (0 "
    "means no "
    "line control)\npassword|Modify the terminal connection password\n8|Specifies that a hidden "
    "password follows\n"
    "$password|The password\nenable|Modify enable password parameters\nbanner|Set banner\nmotd|Set "
    "message of the day\ndefault|Default string\nfile|Banner from a file, or log to a file\nline|A "
    "line\n"
    "$text|Text\nlog|Logging control\nstdout|Set stdout logging level\nsyslog|Set syslog logging "
    "level\n"
    "$file|File name\nemergencies|System is unusable\nalerts|Immediate action "
    "needed\ncritical|Critical "
    "conditions\nerrors|Error conditions\nwarnings|Warning conditions\nnotifications|Normal but "
    "significant "
    "conditions\ninformational|Informational messages\ndebugging|Debugging messages\n"
    "timestamp|Timestamp configuration\nprecision|Set the timestamp precision\n$precision|Number "
    "of subsecond digits\n"
    "facility|Facility parameter for syslog messages\nkern|Kernel\nuser|User process\nmail|Mail "
    "system\n"
    "daemon|System daemons\nauth|Authorization system\nlpr|Line printer system\nnews|USENET "
    "news\nuucp|Unix-to-Unix "
    "copy system\ncron|Cron/at facility\nlocal0|Local use\nlocal1|Local use\nlocal2|Local "
    "use\nlocal3|Local use\n"
    "local4|Local use\nlocal5|Local use\nlocal6|Local use\nlocal7|Local use\nrecord-priority|Log "
    "the priority of the "
    "message within the message\ncommands|Log all commands\nunique-id|Include unique ID in log "
    "messages\n"
    "error-category|Prefix log message text with error category\nimmediate-mode|Output "
    "immediately, without buffering\n"
    "monitor|Set terminal line (monitor) logging level\nfilter-text|Add new filter "
    "text\n$filter|Text to filter on\n"
    "filtered-file|Logging to specific file with filters\nvty|Virtual terminal\n"
    "exec-timeout|Set timeout value\n$minutes|Timeout value in minutes\n$seconds|Timeout value in "
    "seconds\n"
    "login|Enable password checking\naccess-class|Filter connections based on an IP access "
    "list\n$acl|Access list\n"
    "start-shell|Start a shell\nnetwork|Network\nforeign-line|Word\nallow-reserved-ranges|Allow "
    "using IPv4 reserved "
    "(Class E) IP ranges for daemons\n";

static const struct conf_node nodes[] = {
    { .name = "line vty",
      .parent = "config",
      .grammar = "line vty",
      .prompt = "config-line",
      .help = "line|Configure a terminal line\nvty|Virtual terminal",
      .order = 20000,
      .separator_before = true },
};

static const struct conf_row rows[] = {
    { .node = "config", .grammar = "frr version LINE...$version", .flags = CONF_F_IGNORED },
    { .node = "config",
      .grammar = "frr defaults <traditional|datacenter>$profile",
      .order = -200,
      .def = "frr defaults traditional",
      .apply = defaults_apply },
    { .node = "config", .grammar = "hostname WORD$host", .order = -100, .apply = hostname_apply },
    { .node = "config", .grammar = "domainname WORD$domain", .order = -99 },
    { .node = "config",
      .grammar = "password [8] LINE...$password",
      .order = -98,
      .flags = CONF_F_SECRET },
    { .node = "config",
      .grammar = "enable password [8] LINE...$password",
      .order = -97,
      .flags = CONF_F_SECRET },
    { .node = "config", .grammar = "log file WORD$file " LEVEL, .order = -90, .apply = file_apply },
    { .node = "config", .grammar = "log stdout " LEVEL, .order = -89, .apply = stdout_apply },
    { .node = "config", .grammar = "log syslog " LEVEL, .order = -88, .apply = syslog_apply },
    { .node = "config", .grammar = "log monitor " LEVEL, .order = -87 },
    { .node = "config",
      .grammar = "log facility " FACILITY,
      .order = -86,
      .def = "log facility daemon",
      .apply = facility_apply },
    { .node = "config",
      .grammar = "log timestamp precision (0-6)$precision",
      .order = -85,
      .def = "log timestamp precision 0",
      .apply = precision_apply },
    { .node = "config", .grammar = "log record-priority", .order = -84, .apply = priority_apply },
    { .node = "config", .grammar = "log commands", .order = -83, .apply = commands_apply },
    { .node = "config", .grammar = "log unique-id", .order = -82, .def = "log unique-id" },
    { .node = "config",
      .grammar = "log error-category",
      .order = -81,
      .def = "log error-category" },
    { .node = "config", .grammar = "log immediate-mode", .order = -80 },
    { .node = "config", .grammar = "log filter-text WORD$filter", .keys = "filter", .order = -79 },
    { .node = "config", .grammar = "log filtered-file WORD$file " LEVEL, .order = -78 },
    { .node = "config", .grammar = "service integrated-vtysh-config", .order = -70 },
    { .node = "config", .grammar = "service password-encryption", .order = -69 },
    { .node = "config", .grammar = "service advanced-vty", .order = -68 },
    { .node = "config", .grammar = "service terminal-length (0-512)$lines", .order = -67 },
    { .node = "config",
      .grammar = "banner motd <default|file WORD$file|line LINE...$text>",
      .order = -66 },
    { .node = "config", .grammar = "allow-reserved-ranges", .order = -65 },
    { .node = "line vty", .grammar = "access-class WORD$acl", .order = 1 },
    { .node = "line vty", .grammar = "ipv6 access-class WORD$acl", .order = 2 },
    { .node = "line vty",
      .grammar = "exec-timeout (0-35791)$minutes [(0-2147483)$seconds]",
      .order = 3,
      .def = "exec-timeout 10 0" },
    { .node = "line vty", .grammar = "login", .order = 4, .def = "login" },
};

/* ---- debug ---- */

static const char *const bgpd_words[] = {
    "bgp allow-martians",
    "bgp as4",
    "bgp as4 segment",
    "bgp bestpath [<A.B.C.D/M|X:X::X:X/M>$prefix]",
    "bgp bfd",
    "bgp conditional-advertisement",
    "bgp flowspec",
    "bgp graceful-restart",
    "bgp keepalives [<A.B.C.D|X:X::X:X|WORD>$peer]",
    "bgp labelpool",
    "bgp neighbor-events [<A.B.C.D|X:X::X:X|WORD>$peer]",
    "bgp nht",
    "bgp pbr",
    "bgp update-groups",
    "bgp updates [<in|out>$dir [<A.B.C.D|X:X::X:X|WORD>$peer]]",
    "bgp vpn <leak-to-vrf|leak-from-vrf|rmap-event|label>$what",
    "bgp zebra",
    "route-map [detail]",
    "vrf",
    NULL
};
static const char *const zebrad_words[] = { "zebra dplane [detailed]",
                                            "zebra events",
                                            "zebra fpm",
                                            "zebra kernel [msgdump [<recv|send>$dir]]",
                                            "zebra mpls [detailed]",
                                            "zebra neigh",
                                            "zebra nexthop [detail]",
                                            "zebra nht [detailed]",
                                            "zebra packet [<recv|send>$dir] [detail]",
                                            "zebra pbr",
                                            "zebra rib [detailed]",
                                            "zebra vxlan",
                                            "static [{events|route|bfd}]",
                                            "route-map [detail]",
                                            "vrf",
                                            NULL };
static const char *const bfdd_words[] = { "bfd distributed", "bfd network", "bfd peer",
                                          "bfd zebra",       "vrf",         NULL };

static const char debug_help[] =
    "debug|Debugging functions\nbgp|BGP information\nzebra|Zebra configuration\nbfd|Bidirectional "
    "Forwarding Detection\n"
    "route-map|Debug route maps\nvrf|VRF Debugging\nstatic|Static routes\nupdates|BGP "
    "updates\nneighbor-events|BGP neighbor events\n"
    "keepalives|BGP keepalives\nbestpath|BGP bestpath\nnht|Next hop tracking\nupdate-groups|Update "
    "groups\n"
    "in|Inbound\nout|Outbound\n$prefix|Prefix\n$peer|Neighbor address, interface or "
    "peer-group\ndetail|Detailed output\n"
    "detailed|Detailed output\nrecv|Received\nsend|Sent\n";

/* What `debug WORDS [...]` switches: the subsystem whose name is its first words. */
static struct log_debug *debug_find(const struct cli_args *a)
{
    char words[160] = "";
    struct log_debug *best = NULL;
    for (unsigned i = 0; i < a->n; i++) {
        if (a->v[i].type != CLI_A_KEYWORD || !strcmp(a->v[i].text, "no") ||
            !strcmp(a->v[i].text, "debug"))
            continue;
        size_t n = strlen(words);
        snprintf(words + n, sizeof(words) - n, "%s%s", n ? " " : "", a->v[i].text);
        for (struct log_debug *d = log_debugs(); d; d = d->next)
            if (!strcmp(d->name, words))
                best = d;
    }
    return best;
}

static void debug_apply(const struct conf_change *c)
{
    struct log_debug *d = debug_find(c->args);
    if (d)
        d->on = c->op == CONF_SET;
}

static int debug_exec(struct cli_req *r)
{
    struct log_debug *d = debug_find(&r->args);
    if (d)
        d->on = !cli_has(&r->args, "no");
    return CLI_OK;
}

/* Words of a grammar that have no help of their own get the subsystem's name. */
static char *word_help(const char *grammar)
{
    char *copy = mem_strdup(MEM(tmp), grammar),
         *help = mem_calloc(MEM(shell_cmd), 1, strlen(grammar) * 12 + 400);
    char *p = help + sprintf(help, "%s", "");
    for (char *save = NULL, *w = strtok_r(copy, " <>[]{}|", &save); w;
         w = strtok_r(NULL, " <>[]{}|", &save)) {
        char key[80];
        size_t len;
        snprintf(key, sizeof(key), "%s", w);
        key[strcspn(key, "$")] = '\0';
        if (w[0] == '$' || !*key || key[0] == '(' || strchr(key, '.') || strchr(key, ':') ||
            cli_tok_is_variable(key, strlen(key)))
            continue;
        const char *known = cli_help_find(debug_help, key, &len);
        p += known ? sprintf(p, "%s|%.*s\n", key, (int)len, known)
                   : sprintf(p, "%s|Debug %s\n", key, key);
    }
    mem_free(MEM(tmp), copy);
    return help;
}

/* A row and a command made at start-up; they live as long as the process. */
struct debug_words {
    struct conf_row row;
    struct cli_cmd cmd;
    struct debug_words *next;
};
static struct debug_words *debug_words;

static void debug_add(struct daemon *d, const char *words)
{
    char grammar[200], err[200];
    struct debug_words *w = mem_calloc(MEM(shell_cmd), 1, sizeof(*w));
    struct conf_row *row = &w->row;
    struct cli_cmd *cmd = &w->cmd;
    w->next = debug_words;
    debug_words = w;
    snprintf(grammar, sizeof(grammar), "debug %s", words);
    const char *help = word_help(words);
    *row = (struct conf_row){ .node = "config",
                              .grammar = mem_strdup(MEM(shell_cmd), grammar),
                              .help = help,
                              .order = 50,
                              .group = "debug",
                              .flags = CONF_F_MULTI,
                              .apply = debug_apply };
    conf_add_rows(d->conf, row, 1);
    snprintf(grammar, sizeof(grammar), "[no] debug %s", words);
    *cmd = (struct cli_cmd){ "view", mem_strdup(MEM(shell_cmd), grammar), help, debug_exec, 0 };
    if (cli_add(d->cli, cmd, err, sizeof(err)) < 0)
        log_err("%s: %s", grammar, err);
}

/* FRR's word for it, perhaps with arguments behind? */
static bool listed(const char *const *words, const char *name)
{
    size_t n = strlen(name);
    for (; words && *words; words++)
        if (!strncmp(*words, name, n) && (!(*words)[n] || !strncmp(*words + n, " [", 2)))
            return true;
    return false;
}

static void debugs_add(struct daemon *d)
{
    const char *const *words = !strcmp(d->name, "bgpd")     ? bgpd_words
                               : !strcmp(d->name, "zebrad") ? zebrad_words
                               : !strcmp(d->name, "bfdd")   ? bfdd_words
                                                            : NULL;
    for (unsigned i = 0; words && words[i]; i++)
        debug_add(d, words[i]);
    for (const struct log_debug *g = log_debugs(); g; g = g->next)
        if (!listed(words, g->name))
            debug_add(d, g->name);
}

void shell_common_add(struct daemon *d)
{
    common.d = d;
    cli_tree_set_loop(d->cli, d->loop);
    cli_help_add(d->cli, dictionary);
    cli_help_add(d->cli, debug_help);
    conf_add_nodes(d->conf, nodes, sizeof(nodes) / sizeof(nodes[0]));
    conf_add_rows(d->conf, rows, sizeof(rows) / sizeof(rows[0]));
    debugs_add(d);
    shell_show_add(d);
}

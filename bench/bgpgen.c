/* SPDX-License-Identifier: Apache-2.0
 * bgpgen.c - the load generator's options, commands, events and loop. See bgpgen.h for the parts.
 *
 * It is steered by lines on stdin (`go`, `withdraw`, `announce`, `expect N`, `stat`, `close`,
 * `cease`, `reset`, `open`, `quit`) and reports on stdout, one JSON object a line, each with the
 * monotonic time `t` in seconds, which is the same clock in all processes of a host.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include "bgpgen.h"

struct gconf conf = {
    .base_len = 24,
    .port = 179,
    .hold = 180,
    .peers = 1,
    .as = 65001,
    .as4 = true,
    .seed = 1,
};
int loop_fd;

/* What a sink waits for: the number of prefixes present. */
static struct {
    bool armed, started;
    uint64_t target;
    double last;
} expected;

void fatal(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("bgpgen: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

double loop_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void event(const char *name, const char *fmt, ...)
{
    va_list ap;
    printf("{\"t\":%.6f,\"event\":\"%s\",", loop_now(), name);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    puts("}");
    fflush(stdout);
}

static void count_event(const char *name)
{
    event(name,
          "\"present\":%lu,\"announced\":%lu,\"withdrawn\":%lu,\"updates\":%lu,\"eor\":%lu,"
          "\"last\":%.6f",
          (unsigned long)count.present, (unsigned long)count.announced,
          (unsigned long)count.withdrawn, (unsigned long)count.updates, (unsigned long)count.eor,
          expected.last);
}

void sink_progress(void)
{
    expected.last = loop_now();
    if (!expected.armed)
        return;
    if (!expected.started) {
        expected.started = true;
        count_event("first");
    }
    if (count.present == expected.target) {
        expected.armed = false;
        count_event("reached");
    }
}

static void command(char *line)
{
    unsigned long n;
    line[strcspn(line, "\r\n")] = '\0';
    if (!strcmp(line, "go") || !strcmp(line, "announce"))
        session_announce_all();
    else if (!strcmp(line, "withdraw"))
        session_withdraw_all();
    else if (!strcmp(line, "close"))
        session_close_all(CLOSE_FIN);
    else if (!strcmp(line, "cease"))
        session_close_all(CLOSE_CEASE);
    else if (!strcmp(line, "reset"))
        session_close_all(CLOSE_RST);
    else if (!strcmp(line, "open"))
        session_reopen_all();
    else if (!strcmp(line, "stat")) {
        fflush(NULL);
        count_event("stat");
    } else if (sscanf(line, "expect %lu", &n) == 1) {
        expected.armed = true;
        expected.started = false;
        expected.target = n;
        if (count.present == n)
            sink_progress();
    } else if (!strcmp(line, "quit"))
        exit(0);
    else if (*line)
        fprintf(stderr, "bgpgen: unknown command '%s'\n", line);
}

/* Reads commands; at the end of input leaves, unless told to stay. */
static void read_commands(void)
{
    static char buf[4096];
    static size_t len;
    ssize_t n = read(STDIN_FILENO, buf + len, sizeof(buf) - 1 - len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        if (!conf.stay)
            exit(0);
        epoll_ctl(loop_fd, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
        return;
    }
    len += (size_t)n;
    buf[len] = '\0';
    char *at = buf, *eol;
    while ((eol = strchr(at, '\n'))) {
        *eol = '\0';
        command(at);
        at = eol + 1;
    }
    len -= (size_t)(at - buf);
    if (len == sizeof(buf) - 1)
        fatal("a command line of more than %zu characters", len);
    memmove(buf, at, len);
}

static void loop(void)
{
    double keepalive_at = 0, tick_at = 0, every = conf.hold ? conf.hold / 4.0 : 1e9;
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };
    if (epoll_ctl(loop_fd, EPOLL_CTL_ADD, STDIN_FILENO, &ev) < 0 && !conf.stay)
        fatal("stdin cannot be waited for (%s); give --stay", strerror(errno));
    for (;;) {
        double now = loop_now();
        if (now >= tick_at) {
            session_tick(now);
            tick_at = now + 0.05;
        }
        if (now >= keepalive_at) {
            session_keepalive_all();
            keepalive_at = now + every;
        }
        struct epoll_event evs[64];
        int n = epoll_wait(loop_fd, evs, 64, 50);
        for (int i = 0; i < n; i++) {
            if (evs[i].data.ptr)
                session_event(evs[i].data.ptr, evs[i].events);
            else
                read_commands();
        }
    }
}

/* `fib`: says when the number of IPv4 routes in this namespace's main table changes. */
static long fib_count(void)
{
    char line[256];
    long n = -1;
    FILE *f = fopen(conf.v6 ? "/proc/net/rt6_stats" : "/proc/net/fib_triestat", "r");
    if (!f)
        fatal("cannot read the kernel's route count: %s", strerror(errno));
    if (conf.v6) {
        unsigned entries;
        if (fscanf(f, "%*x %*x %*x %x", &entries) == 1)
            n = (long)entries;
    } else {
        bool main_table = false;
        while (n < 0 && fgets(line, sizeof(line), f)) {
            if (strchr(line, ':') && line[0] != ' ' && line[0] != '\t')
                main_table = !strncmp(line, "Main:", 5);
            if (main_table)
                (void)!sscanf(line, " Prefixes: %ld", &n);
        }
    }
    fclose(f);
    return n < 0 ? 0 : n;
}

int fib_watch(void)
{
    long was = -1;
    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    for (;;) {
        char c;
        double before = loop_now();
        long n = fib_count();
        double took = loop_now() - before;
        if (n != was)
            event("fib", "\"routes\":%ld", n);
        was = n;
        if (read(STDIN_FILENO, &c, 1) == 0)
            return 0;
        /* Looking walks the whole table, 45 ms for a million routes: a fifth of the time at most,
         * so that it does not become the load, and a quarter of a second is not lost to waiting. */
        double rest = took * 4 < 0.02 ? 0.02 : took * 4;
        struct timespec ts = { (time_t)rest, (long)((rest - (double)(time_t)rest) * 1e9) };
        nanosleep(&ts, NULL);
    }
}

static const char help[] =
    "usage: bgpgen feed|sink|replay FILE|fib [options]\n"
    "  -l, --local ADDR       our address; session i uses ADDR + i\n"
    "  -r, --remote ADDR      the peer's address\n"
    "  -P, --port N           the peer's port, or ours when listening (179)\n"
    "  -L, --listen           wait for the peer to connect\n"
    "  -a, --as N             our AS; session i uses N + i (65001)\n"
    "  -A, --same-as          all sessions use the same AS\n"
    "  -p, --peers N          number of sessions (1)\n"
    "  -H, --hold SECONDS     hold time to offer (180)\n"
    "  -K, --password KEY     TCP MD5 key\n"
    "  -2, --as2              do not offer 4-byte AS numbers\n"
    "  -w, --wait             announce on the command 'go'\n"
    "      --dump FILE        write all UPDATE messages that come in, as they are\n"
    "      --stay             do not leave at the end of stdin\n"
    "the table of feed, and what sink counts fastest:\n"
    "  -b, --base PREFIX      the first prefix (16.0.0.0/24, with -6 2a00::/48)\n"
    "  -n, --prefixes N       number of prefixes of each session\n"
    "  -s, --sets N           number of path attribute sets (one for 8 prefixes)\n"
    "  -k, --per-update N     at most N prefixes in an UPDATE\n"
    "  -u, --unique           session i announces the i-th run of N prefixes\n"
    "  -x, --shuffle          send the attribute sets in scattered order\n"
    "  -6, --ipv6             IPv6 prefixes\n"
    "  -N, --nexthop ADDR     the next hop (our address)\n"
    "      --seed N           seed of the attributes\n"
    "replay (of the UPDATEs of the first peer in an MRT file, plain, .gz or .bz2):\n"
    "  -e, --external         prepend our AS and set our next hop\n"
    "commands on stdin: go announce withdraw expect N stat close cease reset open quit\n";

static const struct option long_options[] = {
    { "local", 1, NULL, 'l' },      { "remote", 1, NULL, 'r' },   { "port", 1, NULL, 'P' },
    { "listen", 0, NULL, 'L' },     { "as", 1, NULL, 'a' },       { "same-as", 0, NULL, 'A' },
    { "peers", 1, NULL, 'p' },      { "hold", 1, NULL, 'H' },     { "password", 1, NULL, 'K' },
    { "as2", 0, NULL, '2' },        { "wait", 0, NULL, 'w' },     { "stay", 0, NULL, 'S' },
    { "base", 1, NULL, 'b' },       { "prefixes", 1, NULL, 'n' }, { "sets", 1, NULL, 's' },
    { "per-update", 1, NULL, 'k' }, { "unique", 0, NULL, 'u' },   { "shuffle", 0, NULL, 'x' },
    { "ipv6", 0, NULL, '6' },       { "nexthop", 1, NULL, 'N' },  { "seed", 1, NULL, 'D' },
    { "external", 0, NULL, 'e' },   { "dump", 1, NULL, 'W' },     { "help", 0, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static uint32_t number(const char *s, uint32_t least, uint32_t most)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(s, &end, 10);
    if (errno || *end || end == s || *s == '-' || v < least || v > most)
        fatal("'%s' is not a number from %u to %u", s, least, most);
    return (uint32_t)v;
}

static struct gaddr address(const char *s)
{
    struct gaddr a;
    if (!gaddr_parse(&a, s))
        fatal("'%s' is not an address", s);
    return a;
}

static void parse_base(char *s)
{
    char *slash = strchr(s, '/');
    if (!slash)
        fatal("'%s' is not a prefix", s);
    *slash = '\0';
    conf.base = address(s);
    conf.base_len = number(slash + 1, 1, conf.base.af == AF_INET6 ? 64 : 32);
    conf.v6 = conf.base.af == AF_INET6;
}

static void parse_flag(int c)
{
    switch (c) {
    case 'L':
        conf.listen = true;
        break;
    case 'A':
        conf.same_as = true;
        break;
    case '2':
        conf.as4 = false;
        break;
    case 'w':
        conf.wait = true;
        break;
    case 'S':
        conf.stay = true;
        break;
    case 'u':
        conf.unique = true;
        break;
    case 'x':
        conf.shuffle = true;
        break;
    case '6':
        conf.v6 = true;
        break;
    case 'e':
        conf.external = true;
        break;
    case 'h':
        fputs(help, stdout);
        exit(0);
    default:
        exit(2);
    }
}

static void parse_options(int argc, char **argv)
{
    int c;
    while ((c = getopt_long(argc, argv, "l:r:P:La:Ap:H:K:2wb:n:s:k:ux6N:eh", long_options, NULL)) >=
           0) {
        switch (c) {
        case 'l':
            conf.local = address(optarg);
            break;
        case 'r':
            conf.remote = address(optarg);
            break;
        case 'N':
            conf.nexthop = address(optarg);
            break;
        case 'P':
            conf.port = number(optarg, 1, 65535);
            break;
        case 'a':
            conf.as = number(optarg, 1, UINT32_MAX);
            break;
        case 'p':
            conf.peers = number(optarg, 1, 65535);
            break;
        case 'H':
            conf.hold = number(optarg, 0, 65535);
            break;
        case 'K':
            conf.password = optarg;
            break;
        case 'b':
            parse_base(optarg);
            break;
        case 'n':
            conf.prefixes = number(optarg, 0, UINT32_MAX);
            break;
        case 's':
            conf.sets = number(optarg, 1, UINT32_MAX);
            break;
        case 'k':
            conf.per_update = number(optarg, 1, UINT32_MAX);
            break;
        case 'W':
            conf.dump = optarg;
            break;
        case 'D':
            conf.seed = number(optarg, 0, UINT32_MAX);
            break;
        default:
            parse_flag(c);
        }
    }
}

int main(int argc, char **argv)
{
    static const char *const modes[] = { "feed", "sink", "replay", "fib" };
    unsigned mode = 0;
    parse_options(argc, argv);
    while (optind < argc && mode < 4 && strcmp(argv[optind], modes[mode]) != 0)
        mode++;
    if (optind >= argc || mode == 4 || optind + 1 + (mode == MODE_REPLAY) != argc) {
        fputs(help, stderr);
        return 2;
    }
    conf.mode = (enum gmode)mode;
    conf.file = mode == MODE_REPLAY ? argv[optind + 1] : NULL;
    if (conf.mode == MODE_FIB)
        return fib_watch();
    if (!conf.local.af || (!conf.listen && !conf.remote.af))
        fatal("--local and one of --remote, --listen are needed");
    if (!conf.base.af)
        parse_base(conf.v6 ? (char[]){ "2a00::/48" } : (char[]){ "16.0.0.0/24" });
    if (!conf.sets)
        conf.sets = conf.prefixes / 8 + 1;
    uint64_t all = (uint64_t)conf.prefixes * (conf.unique ? conf.peers : 1);
    count_init(conf.mode == MODE_SINK && all < UINT32_MAX ? (uint32_t)all : 0);
    loop_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!session_init(conf.peers))
        fatal("cannot start");
    if (conf.mode == MODE_SINK && conf.prefixes) {
        expected.armed = true;
        expected.target = all;
    }
    loop();
    return 0;
}

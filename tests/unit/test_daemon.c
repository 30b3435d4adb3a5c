/* SPDX-License-Identifier: Apache-2.0
 * test_daemon.c - starts testd as users and FRR's scripts do.
 *
 * Everything happens in a mount namespace with folders of its own over the run directories and
 * /etc/frr, so it needs root; without it the tests of the options remain.
 */
#include "config.h"
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/test_daemon.XXXXXX", testd[512], zebra[256], text[65536];
static bool isolated;

static const char *slurp(const char *path)
{
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    text[n] = '\0';
    if (f)
        fclose(f);
    return text;
}

static void put(const char *path, const char *what)
{
    FILE *f = fopen(path, "w");
    ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
    fputs(what, f);
    fclose(f);
}

static bool there(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

/* sh -c in dir: exit status. Output in out and err there. */
static int sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int sh(const char *fmt, ...)
{
    char cmd[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(cmd, sizeof(cmd), fmt, ap);
    va_end(ap);
    int st = system(cmd);
    return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static struct {
    char path[256];
    size_t keep; /* so much of the path was there before */
} covers[4];
static unsigned n_covers;

/* An empty folder over `path`, if it can be made. */
static bool cover(const char *path)
{
    if (n_covers == 4 || strlen(path) >= sizeof(covers[0].path))
        return false;
    char *p = strcpy(covers[n_covers].path, path);
    size_t keep = strlen(p);
    for (char *slash; !there(p) && (slash = strrchr(p, '/')) && slash != p; *slash = '\0')
        keep = (size_t)(slash - p);
    strcpy(p, path);
    covers[n_covers++].keep = keep;
    return sh("mkdir -p %s 2>/dev/null", path) == 0 &&
           mount("tmpfs", path, "tmpfs", 0, "mode=1777") == 0;
}

/* Takes the mounts away and the folders that were made for them. */
static void uncover(void)
{
    while (n_covers) {
        char *p = covers[--n_covers].path;
        umount2(p, MNT_DETACH);
        while (strlen(p) > covers[n_covers].keep && rmdir(p) == 0)
            *strrchr(p, '/') = '\0';
    }
}

static void once(void)
{
    ck_assert_ptr_nonnull(realpath("tests/unit/testd", testd));
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chmod(dir, 0777), 0);
    ck_assert_int_eq(chdir(dir), 0);
    snprintf(zebra, sizeof(zebra), "%s/zebra", dir);
    ck_assert_int_eq(symlink(testd, zebra), 0);
    if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return;
    isolated =
        cover("/var/run/frr") && cover("/etc/frr") && cover(GW_RUNDIR) && cover(GW_SYSCONFDIR);
}

static void at_end(void)
{
    uncover();
    if (chdir("/") == 0)
        sh("rm -rf %s", dir);
}

static void need_isolation(void)
{
    if (!isolated) {
        fprintf(stderr, "skipped: needs root and mount namespaces\n");
        exit(0);
    }
}

static int pid_in(const char *path)
{
    return atoi(slurp(path));
}

/* True when the process is gone within so many milliseconds. */
static bool gone_within(int pid, int ms)
{
    for (; ms > 0; ms -= 10) {
        if (kill(pid, 0) < 0 && errno == ESRCH)
            return true;
        usleep(10000);
    }
    return false;
}

static void before_each(void)
{
    unlink("trace");
}

/* What a failed test left running. */
static void after_each(void)
{
    static const char *const files[] = { "/var/run/frr/zebra.pid", GW_RUNDIR "/testd.pid",
                                         GW_RUNDIR "/two/testd.pid", "priv/pid" };
    char exe[64], target[512] = "";
    for (size_t i = 0; isolated && i < sizeof(files) / sizeof(files[0]); i++) {
        int pid = pid_in(files[i]);
        snprintf(exe, sizeof(exe), "/proc/%d/exe", pid);
        if (pid > 1 && readlink(exe, target, sizeof(target) - 1) > 0 && strcmp(target, testd) == 0)
            kill(pid, SIGKILL);
    }
}

START_TEST(version_and_help)
{
    char want[128];
    ck_assert_int_eq(sh("%s -v >out 2>err", testd), 0);
    snprintf(want, sizeof(want), "testd version %s ", PACKAGE_VERSION);
    ck_assert_int_eq(strncmp(slurp("out"), want, strlen(want)), 0);
    ck_assert_int_eq(sh("%s -v >out 2>err", zebra), 0);
    snprintf(want, sizeof(want), "zebra version 8.4.4 (Godwit %s)\n", PACKAGE_VERSION);
    ck_assert_int_eq(strncmp(slurp("out"), want, strlen(want)), 0);
    ck_assert_int_eq(sh("%s -h >out 2>err", testd), 0);
    ck_assert_ptr_nonnull(strstr(slurp("out"), "-x FILE  trace"));
    ck_assert_ptr_nonnull(strstr(text, "without a meaning here"));
    ck_assert_int_eq(sh("%s --frobnicate >out 2>err", testd), 1);
    ck_assert_ptr_nonnull(strstr(slurp("err"), "try --help"));
    ck_assert_int_eq(sh("%s --log-level loud >out 2>err", testd), 1);
    ck_assert_ptr_nonnull(strstr(slurp("err"), "unknown log level: loud"));
    ck_assert_int_eq(sh("%s --threads many >out 2>err", testd), 1);
    ck_assert_int_eq(sh("%s -N ../x >out 2>err", testd), 1);
    ck_assert_int_eq(sh("%s extra >out 2>err", testd), 1);
}
END_TEST

START_TEST(dry_run)
{
    put("good.conf", "hostname a\nrouter bgp 65001\n bgp router-id 1.1.1.1\nexit\n");
    put("bad.conf", "hostname a\nnonsense\nrouter bgp 23456\n");
    ck_assert_int_eq(sh("%s -C -f good.conf -x trace >out 2>err", testd), 0);
    ck_assert_str_eq(slurp("err"), "");
    ck_assert_ptr_null(strstr(slurp("trace"), "hostname"));
    ck_assert_int_eq(sh("%s -C -f bad.conf -x trace >out 2>err", testd), 1);
    ck_assert_ptr_nonnull(strstr(slurp("err"), "bad.conf line 2: "));
    ck_assert_ptr_nonnull(strstr(text, "nonsense"));
    ck_assert_ptr_nonnull(strstr(text, "bad.conf line 3: "));
    ck_assert_ptr_nonnull(strstr(text, "AS 23456 is reserved"));
    ck_assert_int_eq(sh("%s -C -f missing.conf >out 2>err", testd), 1);
}
END_TEST

START_TEST(frr_life)
{
    need_isolation();
    put("/etc/frr/zebra.conf", "hostname r1\nno such line\nlog file two.log\n"
                               "router bgp 65001\n bgp router-id 1.1.1.1\n!\n");
    put("/etc/frr/staticd.conf", "hostname r2\n");
    put("/var/run/frr/zebra.pid", "999999999\n");
    put("/var/run/frr/zebra.vty", "stale");
    ck_assert_int_eq(sh("%s --command-log-always --log file:zebra.log "
                        "--log-level debug -s 90000000 -d -x %s/trace >out 2>err",
                        zebra, dir),
                     0);
    int pid = pid_in("/var/run/frr/zebra.pid");
    ck_assert_int_gt(pid, 1);
    ck_assert_int_ne(pid, 999999999);
    ck_assert_int_eq(kill(pid, 0), 0);
    ck_assert(there("/var/run/frr/zserv.api"));
    slurp("trace");
    ck_assert_str_eq(text, "setup compat\nconfig\nopen\nhostname r1\nlog opened\nid 1.1.1.1\n"
                           "hostname r2\nipc\nvty\nstarted /etc/frr/zebra.conf\n");
    slurp("zebra.log");
    ck_assert_ptr_nonnull(strstr(text, " ZEBRA: /etc/frr/zebra.conf line 2: "));
    ck_assert_ptr_nonnull(strstr(text, "ready after"));
    ck_assert(there("two.log"));
    ck_assert_ptr_nonnull(strstr(slurp("err"), "line 2: "));
    /* the working directory is kept, the terminal let go */
    char link[64], target[256] = "";
    snprintf(link, sizeof(link), "/proc/%d/cwd", pid);
    ck_assert_int_gt(readlink(link, target, sizeof(target) - 1), 0);
    ck_assert_str_eq(target, dir);
    snprintf(link, sizeof(link), "/proc/%d/fd/2", pid);
    memset(target, 0, sizeof(target));
    ck_assert_int_gt(readlink(link, target, sizeof(target) - 1), 0);
    ck_assert_str_eq(target, "/dev/null");
    /* a second one is refused and harms nothing */
    ck_assert_int_ne(sh("%s -d --log file:other.log >out 2>err", zebra), 0);
    ck_assert_ptr_nonnull(strstr(slurp("err"), "already running as"));
    ck_assert_int_eq(pid_in("/var/run/frr/zebra.pid"), pid);
    /* kill -9 and again with the same arguments */
    kill(pid, SIGKILL);
    ck_assert(gone_within(pid, 3000));
    ck_assert_int_eq(sh("%s --log file:zebra.log -d -x %s/trace >out 2>err", zebra, dir), 0);
    int again = pid_in("/var/run/frr/zebra.pid");
    ck_assert_int_ne(again, pid);
    kill(again, SIGTERM);
    ck_assert(gone_within(again, 3000));
    ck_assert_ptr_nonnull(strstr(slurp("trace"), "stop\nvty stop\n"));
}
END_TEST

START_TEST(shared_file)
{
    need_isolation();
    /* Blocks of others are not looked into, though they have a line that would be ours. */
    put("/etc/frr/frr.conf", "frr version 8.4.4\nhostname shared\n!\nrouter ospf\n hostname inner\n"
                             " ospf router-id 1.1.1.1\nexit\n!\nrouter bgp 65001\n"
                             " bgp router-id 2.2.2.2\nexit\n!\nrouter bgp 23456\n"
                             " bgp router-id 3.3.3.3\nexit\nend\n");
    unlink("/etc/frr/zebra.conf");
    unlink("/etc/frr/staticd.conf");
    ck_assert_int_eq(sh("%s -d --log file:shared.log -x %s/trace >out 2>err", zebra, dir), 0);
    slurp("trace");
    ck_assert_ptr_nonnull(strstr(text, "hostname shared\nid 2.2.2.2\nipc\n"));
    ck_assert_ptr_nonnull(strstr(text, "started /etc/frr/frr.conf\n"));
    slurp("shared.log");
    ck_assert_ptr_null(strstr(text, "ospf"));
    int pid = pid_in("/var/run/frr/zebra.pid");
    kill(pid, SIGTERM);
    ck_assert(gone_within(pid, 3000));
}
END_TEST

START_TEST(native)
{
    need_isolation();
    put(GW_SYSCONFDIR "/godwit.conf", "hostname native\n");
    ck_assert_int_eq(sh("%s -d --log file:native.log -x %s/trace >out 2>err", testd, dir), 0);
    ck_assert_ptr_nonnull(strstr(slurp("trace"), "setup native\n"));
    ck_assert_ptr_nonnull(strstr(text, "hostname native\n"));
    int pid = pid_in(GW_RUNDIR "/testd.pid");
    ck_assert_int_gt(pid, 1);
    ck_assert(there(GW_RUNDIR "/testd.vty"));
    /* a second instance beside it */
    ck_assert_int_eq(sh("%s -d -N two --log file:native2.log >out 2>err", testd), 0);
    int pid2 = pid_in(GW_RUNDIR "/two/testd.pid");
    ck_assert_int_gt(pid2, 1);
    ck_assert(there(GW_RUNDIR "/two/testd.vty"));
    /* log rotation */
    ck_assert_int_eq(rename("native.log", "native.log.1"), 0);
    kill(pid, SIGUSR1);
    for (int i = 0; i < 100 && !there("native.log"); i++)
        usleep(10000);
    ck_assert(there("native.log"));
    kill(pid, SIGTERM);
    kill(pid2, SIGINT);
    ck_assert(gone_within(pid, 3000));
    ck_assert(gone_within(pid2, 3000));
    ck_assert(!there(GW_RUNDIR "/testd.pid"));
}
END_TEST

START_TEST(failing_start)
{
    need_isolation();
    ck_assert_int_eq(sh("%s -d -x %s/refuse >out 2>err", testd, dir), 1);
    ck_assert_ptr_nonnull(strstr(slurp("err"), "Address already in use"));
    ck_assert_int_eq(sh("%s -d -M nothing >out 2>err", testd), 1);
    ck_assert_ptr_nonnull(strstr(slurp("err"), "nothing.so"));
    ck_assert_int_eq(sh("%s -d --log file:/nonexistent/x >out 2>err", testd), 1);
    ck_assert_ptr_nonnull(strstr(slurp("err"), "No such file"));
    ck_assert_int_eq(sh("%s -d -u nobody-here >out 2>err", testd), 1);
    ck_assert_ptr_nonnull(strstr(slurp("err"), "nobody-here"));
    /* FRR's modules in start files are no reason not to start */
    ck_assert_int_eq(sh("%s -d -M snmp >out 2>err", zebra), 0);
    int pid = pid_in("/var/run/frr/zebra.pid");
    kill(pid, SIGTERM);
    ck_assert(gone_within(pid, 3000));
}
END_TEST

START_TEST(privileges)
{
    char status[64];
    need_isolation();
    ck_assert_int_eq(sh("mkdir -p priv && chmod 777 priv && %s -d -u nobody -g nogroup "
                        "--vty_socket %s/priv -i %s/priv/pid -N priv --log file:priv/log "
                        ">out 2>err",
                        testd, dir, dir),
                     0);
    int pid = pid_in("priv/pid");
    snprintf(status, sizeof(status), "/proc/%d/status", pid);
    slurp(status);
    ck_assert_ptr_nonnull(strstr(text, "NoNewPrivs:\t1"));
    ck_assert_ptr_nonnull(strstr(text, "CapEff:\t0000000000003000"));
    ck_assert_ptr_nonnull(strstr(text, "CapPrm:\t0000000000003000"));
    ck_assert_ptr_null(strstr(text, "Uid:\t0"));
    ck_assert_ptr_null(strstr(text, "Gid:\t0"));
    kill(pid, SIGTERM);
    ck_assert(gone_within(pid, 3000));
}
END_TEST

START_TEST(hanging_end)
{
    need_isolation();
    ck_assert_int_eq(sh("%s -d -x %s/hang --log file:hang.log >out 2>err", testd, dir), 0);
    int pid = pid_in(GW_RUNDIR "/testd.pid");
    kill(pid, SIGTERM);
    ck_assert(!gone_within(pid, 300));
    ck_assert(gone_within(pid, 14000));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("daemon");
    TCase *tc = tcase_create("all");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, once, at_end);
    tcase_add_checked_fixture(tc, before_each, after_each);
    tcase_add_test(tc, version_and_help);
    tcase_add_test(tc, dry_run);
    tcase_add_test(tc, frr_life);
    tcase_add_test(tc, shared_file);
    tcase_add_test(tc, native);
    tcase_add_test(tc, failing_start);
    tcase_add_test(tc, privileges);
    tcase_add_test(tc, hanging_end);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}

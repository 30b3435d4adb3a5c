/* SPDX-License-Identifier: Apache-2.0
 * test_shell.c - what every daemon's shell has: the common commands and rows, and FRR's socket
 * protocol.
 */
#include "config.h"
#include "cli.h"
#include "conf.h"
#include "loop.h"
#include "mem.h"
#include "shell.h"
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct daemon d;
static char dir[60], conf_path[80], sock_path[80];

static int flood_more(struct cli_req *r)
{
    unsigned *slices = r->state;
    for (int i = 0; i < 1000; i++)
        writer_line(r->out, "%099d", i);
    return ++*slices < 1000 ? CLI_MORE : CLI_OK;
}

static void flood_end(struct cli_req *r)
{
    mem_free(MEM(tmp), r->state);
}

static int flood(struct cli_req *r)
{
    r->state = mem_calloc(MEM(tmp), 1, sizeof(unsigned));
    r->resume = flood_more;
    r->cancel = flood_end;
    return CLI_MORE;
}

static const struct cli_cmd cmds[] = {
    { "view", "flood", "flood|A hundred megabytes", flood, 0 },
};

static void setup(void)
{
    strcpy(dir, "/tmp/gw-test-shell-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(conf_path, sizeof(conf_path), "%s/testd.conf", dir);
    snprintf(sock_path, sizeof(sock_path), "%s/testd.vty", dir);
    d = (struct daemon){ .name = "bgpd",
                         .progname = "testd",
                         .description = "test",
                         .config_file = conf_path,
                         .vty_dir = dir };
    d.loop = loop_new();
    d.cli = cli_tree_new(NULL);
    d.conf = conf_new(d.cli, NULL);
    shell_common_add(&d);
    cli_add_all(d.cli, cmds, 1);
    ck_assert_int_eq(shell_vty_start(&d), 0);
}

static void teardown(void)
{
    shell_vty_stop(&d);
    ck_assert_int_ne(access(sock_path, F_OK), 0);
    unlink(conf_path);
    rmdir(dir);
    conf_free(d.conf);
    cli_tree_free(d.cli);
    loop_free(d.loop);
}

static void stop_cb(void *ctx)
{
    loop_stop(d.loop, 0);
}

static struct loop_waker *stopper;

/* Runs client() in a thread while the loop runs here. */
static void with_client(void *(*client)(void *))
{
    pthread_t t;
    stopper = loop_waker_new(d.loop, "stop", stop_cb, NULL);
    ck_assert_int_eq(pthread_create(&t, NULL, client, NULL), 0);
    loop_run(d.loop);
    pthread_join(t, NULL);
    loop_waker_free(stopper);
}

static int dial(void)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    strcpy(sa.sun_path, sock_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    return fd;
}

static char reply[300000];

/* One reply into reply[]; returns its code. */
static int get(int fd)
{
    size_t n = 0;
    while (n < 4 || memcmp(reply + n - 4, "\0\0\0", 3)) {
        ck_assert_int_eq(read(fd, reply + n, 1), 1);
        n++;
        ck_assert_uint_lt(n, sizeof(reply));
    }
    int rc = (unsigned char)reply[n - 1];
    reply[n - 4] = '\0';
    return rc;
}

static int ask(int fd, const char *line)
{
    ck_assert_int_gt(write(fd, line, strlen(line) + 1), 0);
    return get(fd);
}

static void *talk(void *arg)
{
    int fd = dial();
    ck_assert_int_eq(ask(fd, "enable"), 0);
    ck_assert_str_eq(reply, "");
    ck_assert_int_eq(ask(fd, "show version"), 0);
    ck_assert(!strncmp(reply, "FRRouting 8.4.4 (", 17));
    ck_assert_int_eq(ask(fd, "show logging"), 0);
    ck_assert(!strncmp(reply, "Logging configuration for testd:\n", 33));
    ck_assert_int_eq(ask(fd, "show foo"), 2);
    ck_assert_str_eq(reply, "% Unknown command: show foo\n");
    ck_assert_int_eq(ask(fd, "show memory json"), 0);
    ck_assert_int_eq(reply[0], '{');
    ck_assert_int_eq(ask(fd, "show thread cpu"), 0);
    ck_assert_ptr_nonnull(strstr(reply, "vty client"));
    ck_assert_int_eq(
        ask(fd, "conf t\nhostname r1\nlog timestamp precision 3\ndebug bgp updates in"), 0);
    ck_assert_int_eq(ask(fd, "line vty"), 0);
    ck_assert_int_eq(ask(fd, "exec-timeout 0 0"), 0);
    ck_assert_int_eq(ask(fd, "do show running-config no-header"), 0);
    ck_assert_str_eq(reply, "frr version 8.4.4\nfrr defaults traditional\nhostname r1\n"
                            "log timestamp precision 3\n!\ndebug bgp updates in\n!\nline vty\n"
                            " exec-timeout 0 0\nexit\n!\nend\n");
    ck_assert_int_eq(ask(fd, "end"), 0);
    ck_assert_int_eq(ask(fd, "write"), 0);
    ck_assert_ptr_nonnull(strstr(reply, "Configuration saved to "));
    ck_assert_int_eq(ask(fd, "show startup-config"), 0);
    ck_assert_ptr_nonnull(strstr(reply, "\nhostname r1\n"));
    ck_assert_int_eq(write(fd, "echo a\0echo b\0ech", 17), 17); /* pipelined, and in pieces */
    ck_assert_int_eq(get(fd), 0);
    ck_assert_str_eq(reply, "a\n");
    ck_assert_int_eq(get(fd), 0);
    ck_assert_str_eq(reply, "b\n");
    ck_assert_int_eq(write(fd, "o c\0", 4), 4);
    ck_assert_int_eq(get(fd), 0);
    ck_assert_str_eq(reply, "c\n");
    close(fd);
    loop_wake(stopper);
    return NULL;
}

START_TEST(protocol)
{
    with_client(talk);
}
END_TEST

static uint64_t vty_bytes(void)
{
    for (struct mem_type *t = mem_types(); t; t = t->next)
        if (!strcmp(t->name, "Shell socket client"))
            return t->bytes;
    return 0;
}

static void *sleepy(void *arg)
{
    int fd = dial(), other = dial(), gone = dial();
    static char junk[65536];
    ck_assert_int_eq(write(fd, "flood\0echo x\0", 13), 13);
    ck_assert_int_eq(write(gone, "flood\0", 6), 6);
    usleep(100000);
    close(gone); /* in the middle of its command */
    usleep(100000);
    ck_assert_int_eq(ask(other, "echo still here"), 0);
    ck_assert_uint_lt(vty_bytes(), 2000000);
    size_t total = 0;
    while (total < 100 * 1000 * 1000) {
        ssize_t n = read(fd, junk, sizeof(junk));
        ck_assert_int_gt(n, 0);
        total += (size_t)n;
    }
    ck_assert_uint_lt(vty_bytes(), 2000000);
    close(fd);
    close(other);
    loop_wake(stopper);
    return NULL;
}

/* A reader who does not read stops the handler; others are served meanwhile. */
START_TEST(back_pressure)
{
    with_client(sleepy);
}
END_TEST

static void no_help(void *ctx, const char *node, const char *word)
{
    size_t n = strlen(reply);
    snprintf(reply + n, sizeof(reply) - n, "%s: %s\n", node, word);
}

START_TEST(every_word_has_help)
{
    reply[0] = '\0';
    cli_check_help(d.cli, no_help, NULL);
    ck_assert_str_eq(reply, "");
}
END_TEST

/* Lines that FRR's users have in their files and harnesses send. */
START_TEST(frr_lines)
{
    static const char text[] =
        "frr version 10.1\nfrr defaults traditional\nhostname r1\nlog syslog informational\nlog "
        "file x/y\n"
        "no log file\nlog stdout\nno log stdout\nlog stdout notifications\nno log commands\nno "
        "hostname r1\n"
        "no log timestamp precision 3\nservice integrated-vtysh-config\nno service "
        "integrated-vtysh-config\n"
        "password zebra\nenable password zebra\nline vty\n exec-timeout 0 0\n!\nlog facility "
        "local3\n"
        "debug bgp updates\ndebug bgp neighbor\ndebug bgp bestpath 10.0.0.0/8\ndebug bgp nht\n"
        "debug bgp update-groups\ndebug bgp zebra\nno debug bgp updates\nlog record-priority\n"
        "banner motd default\nservice advanced-vty\nallow-reserved-ranges\n";
    ck_assert_uint_eq(conf_load(d.conf, text, NULL, NULL), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("shell");
    TCase *tc = tcase_create("shell");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, protocol);
    tcase_add_test(tc, back_pressure);
    tcase_add_test(tc, every_word_has_help);
    tcase_add_test(tc, frr_lines);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}

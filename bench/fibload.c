/* SPDX-License-Identifier: Apache-2.0
 * fibload.c - how fast the kernel takes routes: the raw rate to compare zebrad with.
 *
 *   fibload ROUTES GATEWAY DEVICE [del]
 *
 * Makes one nexthop object, adds ROUTES prefixes 20.0.0.0/24 and up by its id, 512 messages per
 * send, asking for one acknowledgement per send; with "del" deletes the object then, which flushes
 * them. Prints the times.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NH_ID    99
#define PER_SEND 512

static int fd;
static char buf[256 * 1024];
static size_t len;
static uint32_t seq;

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct nlmsghdr *begin(uint16_t type, uint16_t flags, const void *hdr, size_t n)
{
    struct nlmsghdr *h = (struct nlmsghdr *)(void *)(buf + len);
    memset(h, 0, sizeof(*h));
    h->nlmsg_type = type;
    h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    h->nlmsg_seq = ++seq;
    h->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + n);
    memcpy(NLMSG_DATA(h), hdr, n);
    return h;
}

static void attr(struct nlmsghdr *h, uint16_t type, const void *v, size_t n)
{
    struct rtattr *a = (struct rtattr *)(void *)((char *)h + NLMSG_ALIGN(h->nlmsg_len));
    a->rta_type = type;
    a->rta_len = (uint16_t)RTA_LENGTH(n);
    memcpy(RTA_DATA(a), v, n);
    h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) + (uint32_t)RTA_ALIGN(a->rta_len);
}

static void end(struct nlmsghdr *h)
{
    len += NLMSG_ALIGN(h->nlmsg_len);
}

/* Sends what was built, with an acknowledgement for the last message; returns the number of
 * refusals. */
static unsigned flush(struct nlmsghdr *last)
{
    char in[65536];
    unsigned bad = 0;
    last->nlmsg_flags |= NLM_F_ACK;
    if (send(fd, buf, len, 0) < 0) {
        perror("send");
        exit(1);
    }
    len = 0;
    for (;;) {
        ssize_t n = recv(fd, in, sizeof(in), 0);
        if (n < 0) {
            perror("recv");
            exit(1);
        }
        for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)in; NLMSG_OK(h, n);
             h = NLMSG_NEXT(h, n)) {
            const struct nlmsgerr *e = NLMSG_DATA(h);
            if (h->nlmsg_type == NLMSG_ERROR && e->error) {
                if (!bad++)
                    fprintf(stderr, "refused: %s\n", strerror(-e->error));
            }
            if (h->nlmsg_seq == seq)
                return bad;
        }
    }
}

static void nexthop(uint16_t type, const char *gateway, unsigned ifindex)
{
    struct nhmsg m = { .nh_family = gateway ? AF_INET : AF_UNSPEC };
    uint32_t id = NH_ID;
    struct in_addr a;
    m.nh_protocol = gateway ? RTPROT_STATIC : 0;
    struct nlmsghdr *h = begin(type, gateway ? NLM_F_CREATE | NLM_F_REPLACE : 0, &m, sizeof(m));
    attr(h, NHA_ID, &id, 4);
    if (gateway) {
        inet_pton(AF_INET, gateway, &a);
        attr(h, NHA_OIF, &ifindex, 4);
        attr(h, NHA_GATEWAY, &a, 4);
    }
    end(h);
    if (flush(h))
        exit(1);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: fibload ROUTES GATEWAY DEVICE [del]\n");
        return 2;
    }
    unsigned n = (unsigned)atoi(argv[1]), bad = 0;
    int size = 4 * 1024 * 1024;
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    nexthop(RTM_NEWNEXTHOP, argv[2], if_nametoindex(argv[3]));
    double t = now();
    struct nlmsghdr *h = NULL;
    for (unsigned i = 0; i < n; i++) {
        struct rtmsg m = { .rtm_family = AF_INET,
                           .rtm_dst_len = 24,
                           .rtm_table = RT_TABLE_MAIN,
                           .rtm_protocol = RTPROT_STATIC,
                           .rtm_type = RTN_UNICAST };
        uint32_t dst = htonl(0x14000000u + (i << 8)), id = NH_ID, metric = 20;
        h = begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &m, sizeof(m));
        attr(h, RTA_DST, &dst, 4);
        attr(h, RTA_PRIORITY, &metric, 4);
        attr(h, RTA_NH_ID, &id, 4);
        end(h);
        if (i % PER_SEND == PER_SEND - 1 || i == n - 1)
            bad += flush(h);
    }
    t = now() - t;
    printf("raw: %u routes in %.3f s (%.0f routes/s), %u refused\n", n, t, n / t, bad);
    if (argc > 4) {
        t = now();
        nexthop(RTM_DELNEXTHOP, NULL, 0);
        printf("raw: nexthop object deleted with its routes in %.3f s\n", now() - t);
    }
    close(fd);
    return bad != 0;
}

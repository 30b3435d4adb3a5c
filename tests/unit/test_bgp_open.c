/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_open.c - header, OPEN with every capability, NOTIFICATION, ROUTE-REFRESH, KEEPALIVE:
 * vectors both ways.
 */
#include "bgp_vec.h"
#include "bgp_wire_util.h"

#define MARKER "ffffffffffffffffffffffffffffffff"
#define HEAD   "04 fde9 00b4 c0000201 "

struct header_vec {
    const char *hex;
    unsigned max;
    int want;
    uint8_t type_or_subcode;
    uint16_t len;
    const char *data;
};
static const struct header_vec headers[] = {
    { MARKER "0013 04", 4096, 1, BGP_KEEPALIVE, 19, "" },
    { MARKER "001d 01", 4096, 1, BGP_OPEN, 29, "" },
    { MARKER "1000 02", 4096, 1, BGP_UPDATE, 4096, "" },
    { MARKER "ffff 02", 65535, 1, BGP_UPDATE, 65535, "" },
    { MARKER "0015 03", 4096, 1, BGP_NOTIFICATION, 21, "" },
    { MARKER "0017 05", 4096, 1, BGP_ROUTE_REFRESH, 23, "" },
    { "", 4096, 0, 0, 0, "" },
    { "ff", 4096, 0, 0, 0, "" },
    { MARKER "0013", 4096, 0, 0, 0, "" },
    { "00", 4096, -1, BN_HDR_SYNC, 0, "" },
    { "fffffffffffffffffffffffffffffffe 0013 04", 4096, -1, BN_HDR_SYNC, 0, "" },
    { MARKER "0012 04", 4096, -1, BN_HDR_LEN, 0, "0012" },
    { MARKER "1001 02", 4096, -1, BN_HDR_LEN, 0, "1001" },
    { MARKER "0014 04", 4096, -1, BN_HDR_LEN, 0, "0014" },
    { MARKER "001c 01", 4096, -1, BN_HDR_LEN, 0, "001c" },
    { MARKER "1001 01", 65535, -1, BN_HDR_LEN, 0, "1001" }, /* RFC 8654 4 */
    { MARKER "0016 02", 4096, -1, BN_HDR_LEN, 0, "0016" },
    { MARKER "0014 03", 4096, -1, BN_HDR_LEN, 0, "0014" },
    { MARKER "0016 05", 4096, -1, BN_HDR_LEN, 0, "0016" },
    { MARKER "0013 00", 4096, -1, BN_HDR_TYPE, 0, "00" },
    { MARKER "0013 06", 4096, -1, BN_HDR_TYPE, 0, "06" },
};

START_TEST(test_header)
{
    const struct header_vec *v = &headers[_i];
    struct bgp_error err = { 0 };
    uint8_t buf[64], data[8], type = 0;
    uint16_t len = 0;
    size_t n = vec_hex(v->hex, buf, sizeof(buf));
    uint8_t *p = vec_exact(buf, n);

    ck_assert_int_eq(bgp_header_decode(p, n, v->max, &type, &len, &err), v->want);
    if (v->want == 1) {
        ck_assert_uint_eq(type, v->type_or_subcode);
        ck_assert_uint_eq(len, v->len);
    } else if (v->want < 0) {
        ck_assert_uint_eq(err.code, BN_HEADER);
        ck_assert_uint_eq(err.subcode, v->type_or_subcode);
        ck_assert_uint_eq(err.data_len, vec_hex(v->data, data, sizeof(data)));
        ck_assert_mem_eq(err.data, data, err.data_len);
        ck_assert_uint_gt(strlen(err.text), 0);
    }
    free(p);
}
END_TEST

struct open_vec {
    const char *name, *hex, *want;
};
/* want: "as hold id caps=.. af=.. ..." or "!code/subcode data". */
static const struct open_vec opens[] = {
    { "bare", HEAD "00", "65001 180 c0000201 caps=0 af=1" },
    { "hold time 0", "04 fde9 0000 c0000201 00", "65001 0 c0000201 caps=0 af=1" },
    { "hold time 3", "04 fde9 0003 c0000201 00", "65001 3 c0000201 caps=0 af=1" },
    { "hold time 1", "04 fde9 0001 c0000201 00", "!2/6 " },
    { "hold time 2", "04 fde9 0002 c0000201 00", "!2/6 " },
    { "version 3", "03 fde9 00b4 c0000201 00", "!2/1 0004" },
    { "version 5", "05 fde9 00b4 c0000201 00", "!2/1 0004" },
    { "AS 0", "04 0000 00b4 c0000201 00", "!2/2 0000" },
    { "router id 0", "04 fde9 00b4 00000000 00", "!2/3 " },
    { "multiprotocol IPv4", HEAD "06 02 04 01 04 0001 00 01" /* length wrong on purpose */,
      "!2/0 " },
    { "multiprotocol IPv6", HEAD "08 02 06 01 04 0002 00 01", "65001 180 c0000201 caps=2000 af=2" },
    { "multiprotocol both, two parameters", HEAD "10 02 06 01 04 0001 00 01 02 06 01 04 0002 00 01",
      "65001 180 c0000201 caps=2000 af=3" },
    { "multiprotocol both, one parameter", HEAD "0e 02 0c 01 04 0001 00 01 01 04 0002 00 01",
      "65001 180 c0000201 caps=2000 af=3" },
    { "multiprotocol of an unknown family", HEAD "08 02 06 01 04 0019 00 46",
      "65001 180 c0000201 caps=2000 af=0" },
    { "multiprotocol of length 3", HEAD "07 02 05 01 03 0001 00", "!2/0 0103000100" },
    { "route refresh", HEAD "04 02 02 02 00", "65001 180 c0000201 caps=1 af=1" },
    { "route refresh of length 1", HEAD "05 02 03 02 01 00", "!2/0 020100" },
    { "route refresh, old", HEAD "04 02 02 80 00", "65001 180 c0000201 caps=2 af=1" },
    { "enhanced route refresh", HEAD "04 02 02 46 00", "65001 180 c0000201 caps=20 af=1" },
    { "extended message", HEAD "04 02 02 06 00", "65001 180 c0000201 caps=8 af=1" },
    { "extended next hop", HEAD "0a 02 08 05 06 0001 0001 0002",
      "65001 180 c0000201 caps=100 af=1 xnh=1" },
    { "extended next hop of another family", HEAD "0a 02 08 05 06 0001 0080 0002",
      "65001 180 c0000201 caps=100 af=1" },
    { "extended next hop of length 5", HEAD "09 02 07 05 05 0001 0001 00", "!2/0 05050001000100" },
    { "role", HEAD "05 02 03 09 01 03", "65001 180 c0000201 caps=400 af=1 role=3" },
    { "role of length 2", HEAD "06 02 04 09 02 0300", "!2/0 09020300" },
    { "graceful restart", HEAD "0c 02 0a 40 08 c078 0001 01 80 03", "!2/0 " },
    { "graceful restart flags", HEAD "0e 02 0c 40 0a c078 0001 01 80 0002 01 00",
      "65001 180 c0000201 caps=10 af=1 gr=120/11 3/1" },
    { "graceful restart, no family", HEAD "06 02 04 40 02 0fff",
      "65001 180 c0000201 caps=10 af=1 gr=4095/00 0/0" },
    { "graceful restart of length 4", HEAD "08 02 06 40 04 0078 0001", "!2/0 400400780001" },
    { "4-byte AS", "04 5ba0 00b4 c0000201 08 02 06 41 04 00010001",
      "65537 180 c0000201 caps=4 af=1" },
    { "4-byte AS same as short", HEAD "08 02 06 41 04 0000fde9", "65001 180 c0000201 caps=4 af=1" },
    { "4-byte AS differs", HEAD "08 02 06 41 04 00010001", "!2/2 fde9" },
    { "4-byte AS 0", "04 5ba0 00b4 c0000201 08 02 06 41 04 00000000", "!2/2 5ba0" },
    { "4-byte AS of length 2", HEAD "06 02 04 41 02 fde9", "!2/0 4102fde9" },
    { "dynamic", HEAD "04 02 02 43 00", "65001 180 c0000201 caps=40 af=1" },
    { "add-path", HEAD "0c 02 0a 45 08 0001 01 01 0002 01 03",
      "65001 180 c0000201 caps=200 af=1 add=13" },
    { "add-path of value 4", HEAD "08 02 06 45 04 0001 01 04", "65001 180 c0000201 caps=200 af=1" },
    { "add-path of length 3", HEAD "07 02 05 45 03 0001 01", "!2/0 4503000101" },
    { "long-lived graceful restart", HEAD "0b 02 09 47 07 0001 01 80 000e10",
      "65001 180 c0000201 caps=800 af=1" },
    { "FQDN", HEAD "0a 02 08 49 06 02 7231 02 6c61", "65001 180 c0000201 caps=80 af=1 host=r1.la" },
    { "FQDN with control characters", HEAD "09 02 07 49 05 03 720aff 00",
      "65001 180 c0000201 caps=80 af=1 host=r??." },
    { "FQDN that overruns", HEAD "08 02 06 49 04 05 7231 00", "!2/0 490405723100" },
    { "software version", HEAD "06 02 04 4b 02 01 78", "65001 180 c0000201 caps=1000 af=1 sw=x" },
    { "unknown capability", HEAD "06 02 04 c8 02 abcd",
      "65001 180 c0000201 caps=0 af=1 unknown=200" },
    { "capability past its parameter", HEAD "05 02 03 01 04 00", "!2/0 " },
    { "parameter past the parameters", HEAD "04 02 05 02 00", "!2/0 " },
    { "bytes behind the parameters", HEAD "00 00", "!2/0 " },
    { "unknown parameter", HEAD "04 01 02 0000", "!2/4 01020000" },
    { "extended parameters (RFC 9072)", HEAD "ff ff 000b 02 0008 01 04 0002 00 01 02 00",
      "65001 180 c0000201 caps=2001 af=2" },
    { "extended parameters, any non-zero length", HEAD "04 ff 000b 02 0008 01 04 0002 00 01 02 00",
      "65001 180 c0000201 caps=2001 af=2" },
    { "extended parameters of wrong length", HEAD "ff ff 000c 02 0008 01 04 0002 00 01 02 00",
      "!2/0 " },
    { "too short", "04 fde9 00b4 c00002", "!1/2 " },
};

static void open_text(const uint8_t *buf, size_t len, struct vec_text *t)
{
    struct bgp_open o;
    struct bgp_error err = { 0 };
    uint8_t *p = vec_exact(buf, len);

    t->n = 0;
    if (bgp_open_decode(p, len, &o, &err) < 0) {
        vec_add(t, "!%u/%u ", err.code, err.subcode);
        for (unsigned i = 0; i < err.data_len; i++)
            vec_add(t, "%02x", err.data[i]);
        ck_assert_uint_gt(strlen(err.text), 0);
        free(p);
        return;
    }
    vec_add(t, "%u %u %08x caps=%x af=%x", o.as, o.hold_time, o.router_id, o.caps, o.af);
    if (o.ext_nexthop)
        vec_add(t, " xnh=%x", o.ext_nexthop);
    if (o.caps & BC_ROLE)
        vec_add(t, " role=%u", o.role);
    if (o.caps & BC_GR)
        vec_add(t, " gr=%u/%d%d %x/%x", o.gr_time, o.gr_restarting, o.gr_notification, o.gr_af,
                o.gr_forwarding);
    if (o.addpath[0] || o.addpath[1])
        vec_add(t, " add=%u%u", o.addpath[0], o.addpath[1]);
    if (o.caps & BC_FQDN)
        vec_add(t, " host=%s.%s", o.hostname, o.domainname);
    if (o.caps & BC_SOFTVER)
        vec_add(t, " sw=%s", o.software);
    for (unsigned i = 0; i < o.n_unknown; i++)
        vec_add(t, " unknown=%u", o.unknown_caps[i]);
    free(p);
}

START_TEST(test_open)
{
    const struct open_vec *v = &opens[_i];
    struct vec_text t, back;
    struct bgp_open o;
    struct bgp_error err;
    uint8_t buf[256], msg[512], type;
    uint16_t len;
    size_t n = vec_hex(v->hex, buf, sizeof(buf));

    open_text(buf, n, &t);
    ck_assert_msg(strcmp(t.s, v->want) == 0, "%s: got %s, want %s", v->name, t.s, v->want);
    for (size_t k = 0; k < n; k++)
        open_text(buf, k, &back);
    if (t.s[0] == '!' || bgp_open_decode(buf, n, &o, &err) < 0 || o.n_unknown)
        return;
    size_t m = bgp_open_encode(&o, false, msg, sizeof(msg));
    ck_assert_int_eq(bgp_header_decode(msg, m, BGP_MAX_LEN, &type, &len, &err), 1);
    ck_assert_uint_eq(type, BGP_OPEN);
    ck_assert_uint_eq(len, m);
    open_text(msg + BGP_HEADER_LEN, m - BGP_HEADER_LEN, &back);
    if (!(o.caps & BC_MP && !o.af)) /* a family that we do not have cannot be said again */
        ck_assert_str_eq(back.s, t.s);
    for (size_t k = 0; k < m; k++)
        ck_assert_uint_eq(bgp_open_encode(&o, false, msg, k), 0);
}
END_TEST

START_TEST(test_open_encode)
{
    struct bgp_open o = { .as = 4200000000u,
                          .hold_time = 180,
                          .router_id = 0xc0000201,
                          .caps = BC_MP | BC_REFRESH | BC_AS4 | BC_EXT_MSG | BC_GR |
                                  BC_ENHANCED_REFRESH | BC_FQDN | BC_EXT_NEXTHOP,
                          .af = 3,
                          .gr_time = 120,
                          .gr_af = 3,
                          .ext_nexthop = 1,
                          .hostname = "r1" };
    uint8_t buf[BGP_MAX_LEN], want[256];
    size_t n = bgp_open_encode(&o, false, buf, sizeof(buf));
    size_t m = vec_hex(
        MARKER "0058 01 04 5ba0 00b4 c0000201 3b 02 39"
               "01 04 0001 00 01 01 04 0002 00 01 05 06 0001 0001 0002"
               "40 0a 0078 0001 01 00 0002 01 00 02 00 46 00 06 00 41 04 fa56ea00 49 04 02 7231 00",
        want, sizeof(want));

    want[17] = (uint8_t)m;
    want[28] = (uint8_t)(m - 29);
    want[30] = (uint8_t)(m - 31);
    ck_assert_uint_eq(n, m);
    ck_assert_mem_eq(buf, want, m);
    n = bgp_open_encode(&o, true, buf, sizeof(buf));
    m = vec_hex(MARKER "001d 01 04 5ba0 00b4 c0000201 00", want, sizeof(want));
    ck_assert_uint_eq(n, m);
    ck_assert_mem_eq(buf, want, m);

    /* Capabilities beyond 253 bytes need RFC 9072. */
    struct bgp_open back;
    struct bgp_error err;
    o.caps |= BC_SOFTVER | BC_ROLE | BC_DYNAMIC | BC_LLGR | BC_ADDPATH;
    o.addpath[0] = o.addpath[1] = 3;
    memset(o.hostname, 'h', 64);
    memset(o.domainname, 'd', 64);
    memset(o.software, 's', 64);
    n = bgp_open_encode(&o, false, buf, sizeof(buf));
    ck_assert_uint_gt(n, 29 + 255 - 3);
    ck_assert_uint_eq(buf[28], 255);
    ck_assert_int_eq(bgp_open_decode(buf + BGP_HEADER_LEN, n - BGP_HEADER_LEN, &back, &err), 0);
    ck_assert_str_eq(back.software, o.software);
    ck_assert_uint_eq(back.as, o.as);
}
END_TEST

START_TEST(test_notification)
{
    static const struct {
        const char *hex, *text;
        uint8_t code, subcode;
        uint16_t data_len;
    } v[] = {
        { "06 02 04 62796521", "bye!", 6, 2, 5 },
        { "06 04 02 c3a9", "\xc3\xa9", 6, 4, 3 },
        { "06 02 03 c3280a", "?(?", 6, 2, 4 },
        { "06 02 00", "", 6, 2, 1 },
        { "06 02", "", 6, 2, 0 },
        { "06 02 09 6162", "", 6, 2, 3 },
        { "06 03 02 6162", "", 6, 3, 3 },
        { "04 00", "", 4, 0, 0 },
        { "01 02 0012", "", 1, 2, 2 },
    };
    struct bgp_notification n;
    struct bgp_error err;
    uint8_t buf[300], msg[400];

    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        size_t len = vec_hex(v[i].hex, buf, sizeof(buf));
        uint8_t *p = vec_exact(buf, len);
        ck_assert_int_eq(bgp_notification_decode(p, len, &n, &err), 0);
        ck_assert_uint_eq(n.code, v[i].code);
        ck_assert_uint_eq(n.subcode, v[i].subcode);
        ck_assert_uint_eq(n.data_len, v[i].data_len);
        ck_assert_str_eq(n.text, v[i].text);
        size_t m = bgp_notification_encode(n.code, n.subcode, n.data, n.data_len, msg, sizeof(msg));
        ck_assert_uint_eq(m, BGP_HEADER_LEN + len);
        ck_assert_mem_eq(msg + BGP_HEADER_LEN, p, len);
        ck_assert_uint_eq(
            bgp_notification_encode(n.code, n.subcode, n.data, n.data_len, msg, m - 1), 0);
        free(p);
    }
    ck_assert_int_eq(bgp_notification_decode(buf, 1, &n, &err), -1);
    ck_assert_int_eq(bgp_notification_decode(buf, 0, &n, &err), -1);
    /* The longest text, 255 bytes (RFC 9003). */
    buf[0] = 6;
    buf[1] = 2;
    buf[2] = 255;
    memset(buf + 3, 'x', 255);
    ck_assert_int_eq(bgp_notification_decode(buf, 258, &n, &err), 0);
    ck_assert_uint_eq(strlen(n.text), 255);

    ck_assert_str_eq(bgp_notify_str(6, 2), "Cease/Administrative Shutdown");
    ck_assert_str_eq(bgp_notify_str(6, 99), "Cease");
    ck_assert_str_eq(bgp_notify_str(4, 0), "Hold Timer Expired");
    ck_assert_str_eq(bgp_notify_str(2, 2), "OPEN Message Error/Bad Peer AS");
    ck_assert_str_eq(bgp_notify_str(99, 1), "Unknown");
}
END_TEST

START_TEST(test_refresh)
{
    static const struct {
        const char *hex;
        int want;
        enum bgp_afi_safi af;
        uint8_t subtype;
    } v[] = {
        { "0001 00 01", 0, BGP_IP4_UNI, 0 },     { "0002 00 01", 0, BGP_IP6_UNI, 0 },
        { "0002 01 01", 0, BGP_IP6_UNI, 1 },     { "0001 02 01", 0, BGP_IP4_UNI, 2 },
        { "0001 03 01", 1, BGP_IP4_UNI, 0 },     { "0019 00 46", 1, BGP_IP4_UNI, 0 },
        { "0001 00", -1, BGP_IP4_UNI, 0 },       { "", -1, BGP_IP4_UNI, 0 },
        { "0001 00 01 00", -1, BGP_IP4_UNI, 0 },
    };
    uint8_t buf[16], msg[64], subtype = 9;
    enum bgp_afi_safi af = BGP_AF_MAX;
    struct bgp_error err;

    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        size_t n = vec_hex(v[i].hex, buf, sizeof(buf));
        uint8_t *p = vec_exact(buf, n);
        ck_assert_int_eq(bgp_refresh_decode(p, n, &af, &subtype, &err), v[i].want);
        if (v[i].want == 0) {
            ck_assert_int_eq(af, v[i].af);
            ck_assert_uint_eq(subtype, v[i].subtype);
            ck_assert_uint_eq(bgp_refresh_encode(af, subtype, msg, sizeof(msg)), 23);
            ck_assert_mem_eq(msg + BGP_HEADER_LEN, p, 4);
        } else if (v[i].want < 0) {
            ck_assert_uint_eq(err.code, BN_REFRESH);
            ck_assert_uint_eq(err.subcode, 1);
        }
        free(p);
    }
}
END_TEST

START_TEST(test_small)
{
    uint8_t buf[32], want[32];

    ck_assert_uint_eq(bgp_keepalive_encode(buf, sizeof(buf)), 19);
    vec_hex(MARKER "0013 04", want, sizeof(want));
    ck_assert_mem_eq(buf, want, 19);
    ck_assert_uint_eq(bgp_keepalive_encode(buf, 18), 0);
    ck_assert_str_eq(bgp_af_name(BGP_IP6_UNI), "IPv6 Unicast");
    ck_assert_str_eq(bgp_af_json(BGP_IP4_UNI), "ipv4Unicast");
}
END_TEST

/* Text that peers send: valid UTF-8 stays whole, also at the end of the buffer. */
START_TEST(test_text)
{
    static const struct {
        const char *in, *out;
        size_t cap;
    } v[] = {
        { "plain", "plain", 32 },
        { "\xe2\x82\xac", "\xe2\x82\xac", 32 },
        { "\xe2\x82", "??", 32 },
        { "\xc0\x80", "??", 32 },
        { "\xed\xa0\x80", "???", 32 },
        { "\xf4\x90\x80\x80", "????", 32 },
        { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 32 },
        { "\x1b[31m", "?[31m", 32 },
        { "abc", "ab", 3 },
        { "a\xe2\x82\xac", "a", 4 },
        { "\x7f", "?", 32 },
    };
    char buf[32];

    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        bgp_text_copy(buf, v[i].cap, (const uint8_t *)v[i].in, strlen(v[i].in));
        ck_assert_str_eq(buf, v[i].out);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bgp_open");
    TCase *tc = tcase_create("messages");

    tcase_add_loop_test(tc, test_header, 0, sizeof(headers) / sizeof(headers[0]));
    tcase_add_loop_test(tc, test_open, 0, sizeof(opens) / sizeof(opens[0]));
    tcase_add_test(tc, test_open_encode);
    tcase_add_test(tc, test_notification);
    tcase_add_test(tc, test_refresh);
    tcase_add_test(tc, test_small);
    tcase_add_test(tc, test_text);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

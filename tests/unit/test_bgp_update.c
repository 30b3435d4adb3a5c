/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_update.c - UPDATE vectors: every attribute, every RFC 7606 outcome, truncations, and the
 * way back.
 *
 * A vector is what arrives (withdrawn routes, attributes, NLRI in hex; lengths are put in by the
 * test) and one line of text that says all that the decoder made of it. Vectors without errors are
 * encoded again and must decode to the same line. Every vector is also decoded cut at every byte
 * and with every byte disturbed, in blocks of exact size.
 */
#include "bgp_vec.h"

/* context: 4 4-byte AS, i iBGP, c confederation peer, 6 IPv6, x extended next hop, f first AS is
 * enforced, - no IPv4 */
struct vec {
    const char *name, *ctx, *wd, *attrs, *nlri, *want;
};
#define ORIGIN "40 01 01 00 "
#define PATH   "40 02 06 02 01 0000fde9 "
#define NH     "40 03 04 c0000201 "
#define BASE   ORIGIN PATH NH
#define N10    "08 0a"
#define W10    " -10.0.0.0/8"
#define OKBASE "OK +10.0.0.0/8 nh 192.0.2.1 IGP [65001]"
#define V6NH   "20010db8000000000000000000000001"
#define LL     "fe800000000000000000000000000001"
#define REACH6 "80 0e 1a 0002 01 10 " V6NH " 00 20 20010db8 "

static const struct vec vecs[] = {
    { "plain", "4", "", BASE, N10, OKBASE },
    { "origin egp", "4", "", "40 01 01 01" PATH NH, N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 EGP [65001]" },
    { "origin incomplete", "4", "", "40 01 01 02" PATH NH, N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 incomplete [65001]" },
    { "several prefixes, host bits masked", "4", "", BASE,
      "00 08 0a 0b ffff 18 c00002 20 c0000201 19 c6336480",
      "OK +0.0.0.0/0 +10.0.0.0/8 +255.224.0.0/11 +192.0.2.0/24 +192.0.2.1/32 +198.51.100.128/25 nh "
      "192.0.2.1 IGP "
      "[65001]" },
    { "withdrawn only", "4", "08 0a 18 c00002", "", "", "OK -10.0.0.0/8 -192.0.2.0/24" },
    { "withdrawn and announced", "4", "08 0b", BASE, N10,
      "OK -11.0.0.0/8 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "End-of-RIB IPv4", "4", "", "", "", "OK eor ipv4Unicast" },
    { "End-of-RIB IPv6", "46", "", "80 0f 03 0002 01", "", "OK eor ipv6Unicast" },
    { "attributes only", "4", "", BASE, "", "OK" },
    { "family not negotiated", "46-", "08 0b", ORIGIN PATH NH, N10, "OK" },
    { "extended length of a short attribute", "4", "", "50 01 0001 00" PATH NH, N10, OKBASE },
    /* ORIGIN, RFC 7606 7.1 */
    { "origin undefined", "4", "", "40 01 01 03" PATH NH, N10, "WITHDRAW 6" W10 },
    { "origin of length 0", "4", "", "40 01 00" PATH NH, N10, "WITHDRAW 5" W10 },
    { "origin of length 2", "4", "", "40 01 02 0000" PATH NH, N10, "WITHDRAW 5" W10 },
    { "origin flags optional", "4", "", "c0 01 01 00" PATH NH, N10, "WITHDRAW 4" W10 },
    { "origin flags not transitive", "4", "", "00 01 01 00" PATH NH, N10, "WITHDRAW 4" W10 },
    { "origin partial bit ignored", "4", "", "60 01 01 00" PATH NH, N10, OKBASE },
    { "origin missing", "4", "", PATH NH, N10, "WITHDRAW 3" W10 },
    { "origin twice", "4", "", BASE "40 01 01 02", N10,
      "DISCARD 1 d1 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    /* AS_PATH, RFC 7606 7.2 */
    { "path empty (iBGP)", "4i", "", ORIGIN "40 02 00" NH, N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP []" },
    { "path with set", "4", "", ORIGIN "40 02 10 02 01 0000fde9 01 02 00000001 00000002" NH, N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP [65001 {1,2}]" },
    { "path type 0", "4", "", ORIGIN "40 02 06 00 01 0000fde9" NH, N10, "WITHDRAW 11" W10 },
    { "path type 5", "4", "", ORIGIN "40 02 06 05 01 0000fde9" NH, N10, "WITHDRAW 11" W10 },
    { "path empty segment", "4", "", ORIGIN "40 02 08 02 01 0000fde9 02 00" NH, N10,
      "WITHDRAW 11" W10 },
    { "path segment too long", "4", "", ORIGIN "40 02 06 02 02 0000fde9" NH, N10,
      "WITHDRAW 11" W10 },
    { "path one octet over", "4", "", ORIGIN "40 02 07 02 01 0000fde9 02" NH, N10,
      "WITHDRAW 11" W10 },
    { "path AS 0 (RFC 7607)", "4", "", ORIGIN "40 02 0a 02 02 0000fde9 00000000" NH, N10,
      "WITHDRAW 11" W10 },
    { "path 2-byte AS 0", "", "", ORIGIN "40 02 06 02 02 fde9 0000" NH, N10, "WITHDRAW 11" W10 },
    { "path flags", "4", "", ORIGIN "c0 02 06 02 01 0000fde9" NH, N10, "WITHDRAW 4" W10 },
    { "path missing", "4", "", ORIGIN NH, N10, "WITHDRAW 3" W10 },
    { "first AS enforced", "4f", "", BASE, N10, OKBASE },
    { "first AS wrong", "4f", "", ORIGIN "40 02 06 02 01 0000fdea" NH, N10, "WITHDRAW 11" W10 },
    { "first AS in a set", "4f", "", ORIGIN "40 02 06 01 01 0000fde9" NH, N10, "WITHDRAW 11" W10 },
    { "first AS of no path", "4f", "", ORIGIN "40 02 00" NH, N10, "WITHDRAW 11" W10 },
    { "confed from outside", "4", "", ORIGIN "40 02 06 03 01 0000fde9" NH, N10, "WITHDRAW 11" W10 },
    { "confed set from outside", "4", "", ORIGIN "40 02 0c 02 01 0000fde9 04 01 00000001" NH, N10,
      "WITHDRAW 11" W10 },
    { "confed from confed peer", "4c", "", ORIGIN "40 02 0c 03 01 0000fde9 02 01 00000001" NH, N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP [(65001) 1]" },
    { "confed set inside", "4i", "", ORIGIN "40 02 0a 04 02 0000fde9 00000001" NH, N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP [[65001,1]]" },
    { "confed peer without confed segment", "4c", "", BASE, N10, "WITHDRAW 11" W10 },
    { "confed peer with empty path", "4c", "", ORIGIN "40 02 00" NH, N10, "WITHDRAW 11" W10 },
    /* NEXT_HOP, RFC 7606 7.3 */
    { "next hop of length 3", "4", "", ORIGIN PATH "40 03 03 c00002", N10, "WITHDRAW 5" W10 },
    { "next hop of length 16", "4", "", ORIGIN PATH "40 03 10 " V6NH, N10, "WITHDRAW 5" W10 },
    { "next hop missing", "4", "", ORIGIN PATH, N10, "WITHDRAW 3" W10 },
    { "next hop 0.0.0.0", "4", "", ORIGIN PATH "40 03 04 00000000", N10, "WITHDRAW 8" W10 },
    { "next hop loopback", "4", "", ORIGIN PATH "40 03 04 7f000001", N10, "WITHDRAW 8" W10 },
    { "next hop multicast", "4", "", ORIGIN PATH "40 03 04 e0000001", N10, "WITHDRAW 8" W10 },
    { "next hop broadcast", "4", "", ORIGIN PATH "40 03 04 ffffffff", N10, "WITHDRAW 8" W10 },
    { "next hop flags", "4", "", ORIGIN PATH "80 03 04 c0000201", N10, "WITHDRAW 4" W10 },
    /* MED, RFC 7606 7.4 */
    { "med", "4", "", BASE "80 04 04 000003e8", N10, OKBASE " med 1000" },
    { "med maximal", "4", "", BASE "80 04 04 ffffffff", N10, OKBASE " med 4294967295" },
    { "med of length 5", "4", "", BASE "80 04 05 0000000000", N10, "WITHDRAW 5" W10 },
    { "med flags", "4", "", BASE "c0 04 04 00000000", N10, "WITHDRAW 4" W10 },
    /* LOCAL_PREF, RFC 7606 7.5 */
    { "local-pref iBGP", "4i", "", BASE "40 05 04 000000c8", N10, OKBASE " lp 200" },
    { "local-pref confed", "4c", "", ORIGIN "40 02 06 03 01 0000fde9" NH "40 05 04 000000c8", N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP [(65001)] lp 200" },
    { "local-pref eBGP", "4", "", BASE "40 05 04 000000c8", N10,
      "DISCARD 1 d5 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "local-pref eBGP malformed", "4", "", BASE "40 05 03 000000", N10,
      "DISCARD 1 d5 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "local-pref iBGP malformed", "4i", "", BASE "40 05 03 000000", N10, "WITHDRAW 5" W10 },
    { "local-pref iBGP flags", "4i", "", BASE "c0 05 04 000000c8", N10, "WITHDRAW 4" W10 },
    /* ATOMIC_AGGREGATE, RFC 7606 7.6 */
    { "atomic", "4", "", BASE "40 06 00", N10, OKBASE " atomic" },
    { "atomic of length 1", "4", "", BASE "40 06 01 00", N10,
      "DISCARD 5 d6 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "atomic flags", "4", "", BASE "c0 06 00", N10,
      "DISCARD 4 d6 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    /* AGGREGATOR, RFC 7606 7.7 */
    { "aggregator 4-byte", "4", "", BASE "c0 07 08 00010001 c0000209", N10,
      OKBASE " agg 65537/c0000209" },
    { "aggregator 2-byte", "", "", ORIGIN "40 02 04 02 01 fde9" NH "c0 07 06 fde9 c0000209", N10,
      OKBASE " agg 65001/c0000209" },
    { "aggregator 6 bytes from a 4-byte peer", "4", "", BASE "c0 07 06 fde9 c0000209", N10,
      "DISCARD 5 d7 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "aggregator 8 bytes from a 2-byte peer", "", "",
      ORIGIN "40 02 04 02 01 fde9" NH "c0 07 08 00010001 c0000209", N10,
      "DISCARD 5 d7 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "aggregator of length 7", "4", "", BASE "c0 07 07 000100 c0000209", N10,
      "DISCARD 5 d7 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "aggregator AS 0", "4", "", BASE "c0 07 08 00000000 c0000209", N10,
      "DISCARD 9 d7 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "aggregator flags", "4", "", BASE "80 07 08 00010001 c0000209", N10,
      "DISCARD 4 d7 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    /* COMMUNITIES, RFC 7606 7.8 */
    { "communities sorted and unique", "4", "", BASE "c0 08 10 ffffff01 fde90002 fde90001 ffffff01",
      N10, OKBASE " comm 65001:1 65001:2 no-export" },
    { "communities partial", "4", "", BASE "e0 08 04 fde90001", N10, OKBASE " comm 65001:1" },
    { "communities empty", "4", "", BASE "c0 08 00", N10, "WITHDRAW 5" W10 },
    { "communities of length 5", "4", "", BASE "c0 08 05 fde9000100", N10, "WITHDRAW 5" W10 },
    { "communities flags", "4", "", BASE "80 08 04 fde90001", N10, "WITHDRAW 4" W10 },
    /* ORIGINATOR_ID, CLUSTER_LIST, RFC 7606 7.9, 7.10 */
    { "originator", "4i", "", BASE "80 09 04 c0000207", N10, OKBASE " originator c0000207" },
    { "originator eBGP", "4", "", BASE "80 09 04 c0000207", N10,
      "DISCARD 1 d9 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "originator of length 5", "4i", "", BASE "80 09 05 c000020700", N10, "WITHDRAW 5" W10 },
    { "clusters", "4i", "", BASE "80 0a 08 00000002 00000001", N10,
      OKBASE " clusters 00000002 00000001" },
    { "clusters eBGP", "4", "", BASE "80 0a 04 00000001", N10,
      "DISCARD 1 d10 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "clusters empty", "4i", "", BASE "80 0a 00", N10, "WITHDRAW 5" W10 },
    { "clusters of length 6", "4i", "", BASE "80 0a 06 000000010000", N10, "WITHDRAW 5" W10 },
    { "clusters flags", "4i", "", BASE "c0 0a 04 00000001", N10, "WITHDRAW 4" W10 },
    /* MP_REACH_NLRI, RFC 7606 5.3, 7.11; 4760; 2545; 8950 */
    { "mp reach 16", "46", "", ORIGIN PATH REACH6, "",
      "OK +2001:db8::/32 nh 2001:db8::1 IGP [65001]" },
    { "mp reach first", "46", "", REACH6 ORIGIN PATH, "",
      "OK +2001:db8::/32 nh 2001:db8::1 IGP [65001]" },
    { "mp reach 32", "46", "", ORIGIN PATH "80 0e 2a 0002 01 20 " V6NH LL " 00 20 20010db8", "",
      "OK +2001:db8::/32 nh 2001:db8::1+fe80::1 IGP [65001]" },
    { "mp reach 32, second not link-local", "46", "",
      ORIGIN PATH "80 0e 2a 0002 01 20 " V6NH V6NH " 00 20 20010db8", "",
      "OK +2001:db8::/32 nh 2001:db8::1 IGP [65001]" },
    { "mp reach link-local only", "46", "", ORIGIN PATH "80 0e 1a 0002 01 10 " LL " 00 20 20010db8",
      "", "OK +2001:db8::/32 nh fe80::1+fe80::1 IGP [65001]" },
    { "mp reach :: and link-local", "46", "",
      ORIGIN PATH "80 0e 2a 0002 01 20 00000000000000000000000000000000 " LL " 00 20 20010db8", "",
      "OK +2001:db8::/32 nh fe80::1+fe80::1 IGP [65001]" },
    { "mp reach of any lengths", "46", "",
      ORIGIN PATH "90 0e 0029 0002 01 10 " V6NH " 00 00 80 20010db8000000000000000000000002 03 ff",
      "", "OK +::/0 +2001:db8::2/128 +e000::/3 nh 2001:db8::1 IGP [65001]" },
    { "mp reach reserved octet ignored", "46", "",
      ORIGIN PATH "80 0e 1a 0002 01 10 " V6NH " 07 20 20010db8", "",
      "OK +2001:db8::/32 nh 2001:db8::1 IGP [65001]" },
    { "mp reach and IPv4 NLRI", "46", "", BASE REACH6, N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP [65001] +2001:db8::/32 nh 2001:db8::1 IGP [65001]" },
    { "mp reach without origin", "46", "", PATH REACH6, "", "WITHDRAW 3 -2001:db8::/32" },
    { "mp reach with bad origin", "46", "", "40 01 01 09" PATH REACH6, "",
      "WITHDRAW 6 -2001:db8::/32" },
    { "mp reach next hop ::", "46", "",
      ORIGIN PATH "80 0e 1a 0002 01 10 00000000000000000000000000000000 00 20 20010db8", "",
      "WITHDRAW 8 -2001:db8::/32" },
    { "mp reach next hop ::1", "46", "",
      ORIGIN PATH "80 0e 1a 0002 01 10 00000000000000000000000000000001 00 20 20010db8", "",
      "WITHDRAW 8 -2001:db8::/32" },
    { "mp reach next hop multicast", "46", "",
      ORIGIN PATH "80 0e 1a 0002 01 10 ff020000000000000000000000000001 00 20 20010db8", "",
      "WITHDRAW 8 -2001:db8::/32" },
    { "mp reach next hop of 24", "46", "",
      ORIGIN PATH "80 0e 22 0002 01 18 0000000000000000" V6NH " 00 20 20010db8", "", "RESET 9" },
    { "mp reach next hop of 48", "46", "",
      ORIGIN PATH "80 0e 3a 0002 01 30 0000000000000000" V6NH "0000000000000000" LL
                  " 00 20 20010db8",
      "", "RESET 9" },
    { "mp reach next hop of 4", "46", "", ORIGIN PATH "80 0e 0e 0002 01 04 c0000201 00 20 20010db8",
      "", "RESET 9" },
    { "mp reach next hop of 0", "46", "", ORIGIN PATH "80 0e 0a 0002 01 00 00 20 20010db8", "",
      "RESET 9" },
    { "mp reach next hop past the end", "46", "", ORIGIN PATH "80 0e 05 0002 01 10 00", "",
      "RESET 9" },
    { "mp reach of length 4", "46", "", ORIGIN PATH "80 0e 04 0002 01 00", "", "RESET 5" },
    { "mp reach flags", "46", "", ORIGIN PATH "c0 0e 1a 0002 01 10 " V6NH " 00 20 20010db8", "",
      "RESET 4" },
    { "mp reach prefix /129", "46", "",
      ORIGIN PATH "80 0e 27 0002 01 10 " V6NH " 00 81 20010db80000000000000000000000ff00", "",
      "RESET 9" },
    { "mp reach prefix cut", "46", "", ORIGIN PATH "80 0e 19 0002 01 10 " V6NH " 00 20 20010d", "",
      "RESET 9" },
    { "mp reach twice", "46", "", ORIGIN PATH REACH6 REACH6, "", "RESET 1" },
    { "mp reach not negotiated", "4", "", BASE REACH6, N10,
      "DISCARD 9 d14 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "mp reach of another family", "46", "", ORIGIN PATH "80 0e 09 0001 80 04 c0000201 00", "",
      "DISCARD 9 d14" },
    { "mp reach of IPv4", "4", "", ORIGIN PATH "80 0e 0b 0001 01 04 c0000201 00 08 0a", "",
      OKBASE },
    { "mp reach of IPv4, IPv6 next hop", "4x", "",
      ORIGIN PATH "80 0e 17 0001 01 10 " V6NH " 00 08 0a", "",
      "OK +10.0.0.0/8 nh 2001:db8::1 IGP [65001]" },
    { "mp reach of IPv4, IPv6 next hops", "4x", "",
      ORIGIN PATH "80 0e 27 0001 01 20 " V6NH LL " 00 08 0a", "",
      "OK +10.0.0.0/8 nh 2001:db8::1+fe80::1 IGP [65001]" },
    { "mp reach of IPv4, IPv6 next hop not negotiated", "4", "",
      ORIGIN PATH "80 0e 17 0001 01 10 " V6NH " 00 08 0a", "", "RESET 9" },
    { "mp reach of IPv4 /33", "4", "", ORIGIN PATH "80 0e 0f 0001 01 04 c0000201 00 21 0a00000000",
      "", "RESET 9" },
    /* MP_UNREACH_NLRI */
    { "mp unreach", "46", "", "80 0f 08 0002 01 20 20010db8", "", "OK -2001:db8::/32" },
    { "mp unreach beside reach", "46", "", ORIGIN PATH REACH6 "80 0f 08 0002 01 20 20010db9", "",
      "OK -2001:db9::/32 +2001:db8::/32 nh 2001:db8::1 IGP [65001]" },
    { "mp unreach of length 2", "46", "", "80 0f 02 0002", "", "RESET 5" },
    { "mp unreach flags", "46", "", "40 0f 08 0002 01 20 20010db8", "", "RESET 4" },
    { "mp unreach /129", "46", "", "80 0f 15 0002 01 81 20010db80000000000000000000000ff00", "",
      "RESET 9" },
    { "mp unreach cut", "46", "", "80 0f 07 0002 01 20 20010d", "", "RESET 9" },
    { "mp unreach twice", "46", "", "80 0f 03 0002 01 80 0f 03 0002 01", "", "RESET 1" },
    { "mp unreach not negotiated", "4", "", "80 0f 08 0002 01 20 20010db8", "", "DISCARD 9 d15" },
    { "mp unreach of IPv4", "4", "", "80 0f 05 0001 01 08 0a", "", "OK -10.0.0.0/8" },
    { "mp unreach and a bad attribute: no reachable NLRI (RFC 7606 5.2)", "46", "",
      "40 01 01 09 80 0f 08 0002 01 20 20010db8", "", "RESET 6" },
    { "withdrawn and a bad attribute", "4", N10, "40 01 01 09", "", "RESET 6" },
    { "withdrawn and a discarded attribute", "4", N10, "40 06 01 00", "",
      "DISCARD 5 d6 -10.0.0.0/8" },
    /* extended, large communities */
    { "ext communities", "4", "",
      BASE "c0 10 18 0103c00002010002 0002fde900000001 02020001000100ff", N10,
      OKBASE " ext RT:65001:1 SoO:192.0.2.1:2 RT:65537:255" },
    { "ext communities of length 12", "4", "", BASE "c0 10 0c 0002fde90000000100000000", N10,
      "WITHDRAW 5" W10 },
    { "ext communities empty", "4", "", BASE "c0 10 00", N10, "WITHDRAW 5" W10 },
    { "ext communities flags", "4", "", BASE "40 10 08 0002fde900000001", N10, "WITHDRAW 4" W10 },
    { "large communities", "4", "",
      BASE "c0 20 18 00000002 00000000 ffffffff 00000001 00000002 00000003", N10,
      OKBASE " large 1:2:3 2:0:4294967295" },
    { "large communities repeated", "4", "",
      BASE "c0 20 18 000000010000000200000003 000000010000000200000003", N10,
      OKBASE " large 1:2:3" },
    { "large communities of length 16", "4", "", BASE "c0 20 10 00000001000000020000000300000000",
      N10, "WITHDRAW 5" W10 },
    { "large communities empty", "4", "", BASE "c0 20 00", N10, "WITHDRAW 5" W10 },
    /* AS4_*, RFC 6793 */
    { "2-byte path", "", "", ORIGIN "40 02 06 02 02 fde9 0001" NH, N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP [65001 1]" },
    { "AS4_PATH replaces all", "", "",
      ORIGIN "40 02 06 02 02 fde9 5ba0" NH "c0 11 0a 02 02 0000fde9 00010001", N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP [65001 65537]" },
    { "AS4_PATH behind leading ASes", "", "",
      ORIGIN "40 02 08 02 03 fde9 5ba0 5ba0" NH "c0 11 0a 02 02 00010002 00010001", N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP [65001 65538 65537]" },
    { "AS4_PATH with a set", "", "",
      ORIGIN "40 02 0c 02 02 fde9 5ba0 01 02 0001 5ba0" NH
             "c0 11 10 02 01 00010002 01 02 00000001 00010001",
      N10, "OK +10.0.0.0/8 nh 192.0.2.1 IGP [65001 65538 {1,65537}]" },
    { "AS4_PATH longer is ignored", "", "",
      ORIGIN "40 02 04 02 01 fde9" NH "c0 11 0a 02 02 00010002 00010001", N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "AS4_PATH behind confederation segments", "c", "",
      ORIGIN "40 02 0c 03 01 fde9 02 03 0001 5ba0 5ba0" NH "c0 11 0a 02 02 00010002 00010001", N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP [(65001) 1 65538 65537]" },
    { "AS4_PATH confederation segments are left out", "", "",
      ORIGIN "40 02 06 02 02 fde9 5ba0" NH "c0 11 10 03 01 0000fde9 02 02 0000fde9 00010001", N10,
      "OK +10.0.0.0/8 nh 192.0.2.1 IGP [65001 65537]" },
    { "AS4_PATH of length 4", "", "", ORIGIN "40 02 04 02 01 fde9" NH "c0 11 04 02 00 0000", N10,
      "DISCARD 5 d17 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "AS4_PATH bad segment", "", "", ORIGIN "40 02 04 02 01 fde9" NH "c0 11 06 07 01 0000fde9",
      N10, "DISCARD 9 d17 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "AS4_PATH AS 0", "", "", ORIGIN "40 02 04 02 01 fde9" NH "c0 11 06 02 01 00000000", N10,
      "DISCARD 9 d17 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "AS4_PATH from a 4-byte peer", "4", "", BASE "c0 11 06 02 01 00010001", N10,
      "DISCARD 9 d17 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "AS4_AGGREGATOR", "", "",
      ORIGIN "40 02 04 02 01 fde9" NH "c0 07 06 5ba0 c0000209 c0 12 08 00010001 c0000208", N10,
      OKBASE " agg 65537/c0000208" },
    { "AGGREGATOR not AS_TRANS voids AS4_*", "", "",
      ORIGIN "40 02 06 02 02 fde9 5ba0" NH
             "c0 07 06 0001 c0000209 c0 11 0a 02 02 0000fde9 00010001 c0 12 08 00010001 c0000208",
      N10, "OK +10.0.0.0/8 nh 192.0.2.1 IGP [65001 23456] agg 1/c0000209" },
    { "AS4_AGGREGATOR of length 6", "", "",
      ORIGIN "40 02 04 02 01 fde9" NH "c0 12 06 0001 c0000208", N10,
      "DISCARD 5 d18 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "AS4_AGGREGATOR from a 4-byte peer", "4", "", BASE "c0 12 08 00010001 c0000208", N10,
      "DISCARD 9 d18 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    /* AIGP, RFC 7311; OTC, RFC 9234 */
    { "aigp", "4i", "", BASE "80 1a 0b 01 000b 0000000100000002", N10, OKBASE " aigp 4294967298" },
    { "aigp behind another TLV", "4i", "", BASE "80 1a 0f 02 0004 ff 01 000b 0000000000000007", N10,
      OKBASE " aigp 7" },
    { "aigp TLV too long", "4i", "", BASE "80 1a 0b 01 000c 0000000000000007", N10,
      "DISCARD 9 d26 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "aigp TLV of length 2", "4i", "", BASE "80 1a 03 02 0002", N10,
      "DISCARD 9 d26 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "aigp eBGP", "4", "", BASE "80 1a 0b 01 000b 0000000000000007", N10,
      "DISCARD 1 d26 +10.0.0.0/8 nh 192.0.2.1 IGP [65001]" },
    { "otc", "4", "", BASE "c0 23 04 0000fde9", N10, OKBASE " otc 65001" },
    { "otc of length 2", "4", "", BASE "c0 23 02 fde9", N10, "WITHDRAW 5" W10 },
    /* attributes that we do not know */
    { "unknown well-known", "4", "", BASE "40 63 01 00", N10, "RESET 2" },
    { "unknown optional transitive", "4", "", BASE "c0 63 02 abcd", N10,
      OKBASE " unknown e06302abcd" },
    { "unknown optional transitive, several, unordered", "4", "",
      "c0 ff 00" BASE "c0 c8 01 01 c0 63 02 abcd", N10,
      OKBASE " unknown e06302abcde0c80101e0ff00" },
    { "unknown optional transitive, extended length", "4", "", BASE "d0 63 0002 abcd", N10,
      OKBASE " unknown f0630002abcd" },
    { "unknown optional non-transitive", "4", "", BASE "80 63 02 abcd", N10, OKBASE },
    { "unknown twice", "4", "", BASE "c0 63 01 01 c0 63 01 02", N10,
      "DISCARD 1 d99 +10.0.0.0/8 nh 192.0.2.1 IGP [65001] unknown e0630101" },
    /* attribute lengths, RFC 7606 4 */
    { "attribute overrun", "4", "", BASE "c0 08 08 fde90001", N10, "WITHDRAW 1" W10 },
    { "attribute underrun 1", "4", "", BASE "c0", N10, "WITHDRAW 1" W10 },
    { "attribute underrun 2", "4", "", BASE "c0 08", N10, "WITHDRAW 1" W10 },
    { "attribute underrun extended", "4", "", BASE "d0 08 00", N10, "WITHDRAW 1" W10 },
    { "attribute overrun without NLRI", "4", "", BASE "c0 08 08 fde90001", "", "RESET 1" },
    { "the worst error counts", "46", "", "40 01 01 09 40 06 01 00" PATH NH "80 0e 04 0002 01 00",
      N10, "RESET 5 d6" },
    { "discard then withdraw", "4", "", ORIGIN PATH NH "40 06 01 00 c0 08 01 00", N10,
      "WITHDRAW 5 d6" W10 },
    /* NLRI, RFC 7606 5.3 */
    { "NLRI /33", "4", "", BASE "", "21 0a00000000", "RESET 10" },
    { "NLRI cut", "4", "", BASE "", "18 0a00", "RESET 10" },
    { "withdrawn /33", "4", "21 0a00000000", "", "", "RESET 10" },
    { "withdrawn cut", "4", "18 0a00", "", "", "RESET 10" },
};
#define N_VECS (sizeof(vecs) / sizeof(vecs[0]))

static struct bgp_update_ctx ctx_of(const char *s)
{
    struct bgp_update_ctx c = { .af = 1u << BGP_IP4_UNI, .peer_as = 65001 };

    c.as4 = strchr(s, '4');
    c.ibgp = strchr(s, 'i');
    c.confed_peer = strchr(s, 'c');
    c.enforce_first_as = strchr(s, 'f');
    if (strchr(s, '6'))
        c.af |= 1u << BGP_IP6_UNI;
    if (strchr(s, '-'))
        c.af &= ~(1u << BGP_IP4_UNI);
    if (strchr(s, 'x'))
        c.ext_nexthop = 1u << BGP_IP4_UNI;
    return c;
}

static size_t body_of(const struct vec *v, uint8_t *buf, size_t cap)
{
    size_t n = vec_hex(v->wd, buf + 2, cap - 2);
    buf[0] = (uint8_t)(n >> 8);
    buf[1] = (uint8_t)n;
    size_t m = vec_hex(v->attrs, buf + n + 4, cap - n - 4);
    buf[n + 2] = (uint8_t)(m >> 8);
    buf[n + 3] = (uint8_t)m;
    return n + m + 4 + vec_hex(v->nlri, buf + n + m + 4, cap - n - m - 4);
}

static void decode_text(const uint8_t *p, size_t len, const struct bgp_update_ctx *c,
                        struct vec_text *t)
{
    static struct bgp_update u;
    uint8_t *q = vec_exact(p, len);

    memset(&u, 0xa5, sizeof(u)); /* nothing may be left over from a message before */
    t->n = 0;
    bgp_update_decode(q, len, c, &u);
    vec_update(t, &u);
    if (u.outcome != BGP_OK) {
        ck_assert_uint_eq(u.err.code, BN_UPDATE);
        ck_assert_uint_gt(strlen(u.err.text), 0);
    }
    free(q);
}

START_TEST(test_vector)
{
    const struct vec *v = &vecs[_i];
    struct bgp_update_ctx c = ctx_of(v->ctx);
    struct vec_text t;
    uint8_t body[1024];
    size_t len = body_of(v, body, sizeof(body));

    decode_text(body, len, &c, &t);
    ck_assert_msg(strcmp(t.s, v->want) == 0, "%s:\n got  %s\n want %s", v->name, t.s, v->want);
}
END_TEST

START_TEST(test_disturbed)
{
    const struct vec *v = &vecs[_i];
    static const char *const ctxs[] = { "46x", "6c", "4i6", "if6x" };
    struct vec_text t;
    uint8_t body[1024];
    size_t len = body_of(v, body, sizeof(body));

    for (unsigned k = 0; k < 4; k++) {
        struct bgp_update_ctx c = ctx_of(ctxs[k]);
        for (size_t n = 0; n <= len; n++)
            decode_text(body, n, &c, &t);
        for (size_t i = 0; i < len; i++) {
            uint8_t was = body[i];
            static const uint8_t masks[] = { 0xff, 0x01, 0x80, 0x10, 0x40 };
            for (unsigned m = 0; m < sizeof(masks); m++) {
                body[i] = was ^ masks[m];
                decode_text(body, len, &c, &t);
            }
            body[i] = was;
        }
    }
}
END_TEST

/* What an OK vector announces, encoded for a peer like the one it came from, decodes to the same
 * text. */
START_TEST(test_and_back)
{
    const struct vec *v = &vecs[_i];
    struct bgp_update_ctx c = ctx_of(v->ctx);
    static struct bgp_update u;
    struct vec_text want, got;
    uint8_t body[1024], msg[4096], type;
    uint16_t mlen;
    struct bgp_error err;
    size_t len = body_of(v, body, sizeof(body));

    bgp_update_decode(body, len, &c, &u);
    for (unsigned i = 0; i < u.n_nlri; i++) {
        const struct bgp_nlri *n = &u.nlri[i];
        struct bgp_encode_ctx ec = { .af = n->af,
                                     .as4 = c.as4,
                                     .ibgp = c.ibgp || c.confed_peer,
                                     .send_community = true,
                                     .send_ext = true,
                                     .send_large = true,
                                     .max_len = BGP_MAX_LEN };
        struct bgp_encoder e;
        struct bgp_update one;
        bgp_update_nexthop(&u, i);
        const struct bgp_attr *a = n->withdraw ? NULL : bgp_attr_get(bgp_attr_intern(&u.attr));
        ec.mp_ip4 = a && n->af == BGP_IP4_UNI && a->nexthop.family == AF_INET6;
        ck_assert(a ? bgp_encode_begin(&e, &ec, a, msg, sizeof(msg))
                    : bgp_encode_begin_withdraw(&e, &ec, msg, sizeof(msg)));
        struct rb r = rb_init(n->p, n->len);
        uint8_t addr[16], plen;
        while (bgp_nlri_next(&r, addr, &plen))
            ck_assert(bgp_encode_nlri(&e, addr, plen));
        size_t mn = bgp_encode_end(&e);
        ck_assert_int_eq(bgp_header_decode(msg, mn, BGP_MAX_LEN, &type, &mlen, &err), 1);
        ck_assert_uint_eq(type, BGP_UPDATE);
        ck_assert_uint_eq(mlen, mn);
        /* The block alone, as it came. */
        one = u;
        one.nlri[0] = *n;
        one.n_nlri = 1;
        one.outcome = BGP_OK;
        one.n_discarded = 0;
        want.n = got.n = 0;
        vec_update(&want, &one);
        struct bgp_update_ctx back = c;
        back.af = 3;
        back.enforce_first_as = false;
        static struct bgp_update again;
        bgp_update_decode(msg + BGP_HEADER_LEN, mn - BGP_HEADER_LEN, &back, &again);
        vec_update(&got, &again);
        if (ec.ibgp && a &&
            !(a->flags & BAF_LOCAL_PREF)) { /* LOCAL_PREF is never left out inside the AS */
            char *lp = strstr(got.s, " lp 100");
            ck_assert_ptr_nonnull(lp);
            memmove(lp, lp + 7, strlen(lp + 7) + 1);
        }
        ck_assert_msg(strcmp(want.s, got.s) == 0, "%s:\n back %s\n want %s", v->name, got.s,
                      want.s);
    }
}
END_TEST

START_TEST(test_lengths)
{
    struct bgp_update_ctx c = ctx_of("46");
    struct vec_text t;
    static const struct {
        const char *body, *want;
    } raw[] = {
        { "", "RESET 1" },
        { "00", "RESET 1" },
        { "0000", "RESET 1" },
        { "0000 00", "RESET 1" },
        { "0001 0000", "RESET 1" },       /* withdrawn length leaves no attribute length */
        { "0005 08 0a 0000", "RESET 1" }, /* withdrawn routes exceed the message */
        { "0000 0001", "RESET 1" },       /* attributes exceed the message */
        { "ffff ffff", "RESET 1" },
    };

    for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); i++) {
        uint8_t body[64];
        decode_text(body, vec_hex(raw[i].body, body, sizeof(body)), &c, &t);
        ck_assert_str_eq(t.s, raw[i].want);
    }
}
END_TEST

/* An error's data is the attribute, as RFC 4271 6.3 wants it, cut to what fits; its text names it.
 */
START_TEST(test_error_data)
{
    struct bgp_update_ctx c = ctx_of("46");
    static struct bgp_update u;
    uint8_t body[256], want[64];
    static const struct vec v = { "", "", "", ORIGIN PATH "80 0e 04 0002 01 00", "", "" };

    bgp_update_decode(body, body_of(&v, body, sizeof(body)), &c, &u);
    ck_assert_int_eq(u.outcome, BGP_RESET);
    size_t n = vec_hex("80 0e 04 0002 01 00", want, sizeof(want));
    ck_assert_uint_eq(u.err.data_len, n);
    ck_assert_mem_eq(u.err.data, want, n);
    ck_assert_ptr_nonnull(strstr(u.err.text, "MP_REACH_NLRI"));
}
END_TEST

/* The largest messages: 2-byte paths that double, many unknown attributes, 64 KiB. */
START_TEST(test_large)
{
    static uint8_t body[65535];
    static struct bgp_update u;
    struct bgp_update_ctx c = ctx_of("");
    size_t n = 4, room = BGP_MAX_LEN - BGP_HEADER_LEN - 2;
    uint8_t fixed[64];
    size_t fn = vec_hex(ORIGIN NH, fixed, sizeof(fixed));

    memcpy(body + n, fixed, fn);
    n += fn;
    size_t plen = (room - n - 4) & ~1u;
    body[n] = 0x50;
    body[n + 1] = 2;
    body[n + 2] = (uint8_t)(plen >> 8);
    body[n + 3] = (uint8_t)plen;
    n += 4;
    for (size_t left = plen; left;) {
        size_t k = left > 512 ? 255 : (left - 2) / 2;
        if (left - (2 + 2 * k) == 2)
            k--; /* never leave an empty segment */
        body[n++] = 2;
        body[n++] = (uint8_t)k;
        for (size_t i = 0; i < k; i++) {
            body[n++] = 0xfd;
            body[n++] = 0xe9;
        }
        left -= 2 + 2 * k;
    }
    body[0] = body[1] = 0;
    body[2] = (uint8_t)((n - 4) >> 8);
    body[3] = (uint8_t)(n - 4);
    body[n++] = 0;
    bgp_update_decode(body, n, &c, &u);
    ck_assert_msg(u.outcome == BGP_OK, "%s", u.err.text);
    bgp_update_nexthop(&u, 0);
    const struct bgp_attr *a = bgp_attr_get(bgp_attr_intern(&u.attr));
    ck_assert_uint_gt(a->path_len, 1900);
    ck_assert_uint_eq(a->origin_as, 65001);
    ck_assert_uint_eq(a->aspath_len % 4, 2 * (a->aspath_len / 1022 + 1) % 4);
}
END_TEST

static void setup(void)
{
    bgp_attr_init();
}

int main(void)
{
    Suite *s = suite_create("bgp_update");
    TCase *tc = tcase_create("update");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_loop_test(tc, test_vector, 0, N_VECS);
    tcase_add_loop_test(tc, test_and_back, 0, N_VECS);
    tcase_add_loop_test(tc, test_disturbed, 0, N_VECS);
    tcase_add_test(tc, test_lengths);
    tcase_add_test(tc, test_error_data);
    tcase_add_test(tc, test_large);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# zebrad against the real kernel, in namespaces: routes of every kind, a client's table in and out, link
# flap, kill -9 under traffic, refusals, configured addresses. Needs root; skipped (77) without.
#   tests/netns/zebrad.sh BUILDDIR [ROUTES]
set -u
build=${1:-.}
routes=${2:-100000}
[ "$(id -u)" = 0 ] && ip netns list >/dev/null 2>&1 || { echo "skipped: needs root and ip netns"; exit 77; }
id=zebra$$
r=$id-r p=$id-p
tmp=$(mktemp -d)
passed=0 failed=0 zpid= fpid= run=/nonexistent

cleanup()
{
    [ -n "$fpid" ] && kill "$fpid" 2>/dev/null
    [ -n "$zpid" ] && kill "$zpid" 2>/dev/null
    wait 2>/dev/null
    ip netns del "$r" 2>/dev/null
    ip netns del "$p" 2>/dev/null
    rm -rf "$tmp" "$run"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

in_r() { ip netns exec "$r" "$@"; }
# ok NAME COMMAND...: the command must succeed within five seconds.
ok()
{
    name=$1; shift
    n=0
    while ! "$@" >/dev/null 2>&1; do
        n=$((n + 1))
        [ $n -lt 50 ] || { echo "FAIL: $name"; failed=$((failed + 1)); return 1; }
        sleep 0.1
    done
    echo "ok: $name"
    passed=$((passed + 1))
}
has() { in_r ip route show "$1" | grep -q "$2"; }
has6() { in_r ip -6 route show "$1" | grep -q "$2"; }
lacks() { [ -z "$(in_r ip route show "$1")" ]; }
count_is() { [ "$(in_r ip route show proto bgp | wc -l)" = "$1" ]; }
no_group_of_ours() { [ -z "$(in_r ip nexthop show | grep 'id 1000000')" ]; }
start()
{
    ip netns exec "$r" "$build/zebrad/zebrad" -f "$tmp/zebra.conf" -i "$tmp/zebrad.pid" --vty_socket "$tmp" -N "$id" \
        --log "file:$tmp/log" --log-level informational -u root -g root &
    zpid=$!
    n=0
    while ! ls "$run"/zebrad.route >/dev/null 2>&1; do
        n=$((n + 1))
        [ $n -lt 50 ] || { echo "zebrad does not start"; cat "$tmp/log"; exit 1; }
        sleep 0.1
    done
}
feed() { in_r "$build/tests/unit/zapi_feed" -r "$run" "$@"; }

# Where a daemon of pathspace $id keeps its sockets.
run=$(printf 'include Makefile\nwhere:\n\t@echo $(runstatedir)\n' | make -s -C "$build" -f - where)/godwit/$id
ip netns add "$r"
ip netns add "$p"
for i in 1 2; do
    ip link add e$i netns "$r" type veth peer name e$i netns "$p"
    ip -n "$p" addr add 192.168.$i.2/24 dev e$i
    ip -n "$p" addr add 2001:db8:ff:$i::2/64 dev e$i nodad
    ip -n "$p" link set e$i up
    ip -n "$r" addr add 2001:db8:ff:$i::1/64 dev e$i nodad
    ip -n "$r" link set e$i up
done
ip -n "$r" addr add 192.168.1.1/24 dev e1
ip -n "$r" link set lo up
ip -n "$p" link set lo up
ip -n "$p" addr add 20.0.5.5/32 dev lo
cat > "$tmp/zebra.conf" <<CONF
interface e2
 ip address 192.168.2.1/24
 description second
exit
interface late
 ip address 192.168.9.1/24
exit
ip route 10.1.0.0/16 192.168.1.2
ip route 10.2.0.0/16 10.1.0.5
ip route 10.3.0.0/16 e2
ip route 10.4.0.0/16 blackhole
ip route 10.5.0.0/16 192.168.1.2
ip route 10.5.0.0/16 192.168.2.2
ip route 10.6.0.0/16 192.168.9.2
ip route 10.7.0.0/16 reject
ipv6 route 2001:db8:a::/48 2001:db8:ff:1::2
ipv6 route 2001:db8:b::/48 blackhole
CONF
start

ok "configured address" sh -c "ip -n $r addr show e2 | grep -q 192.168.2.1/24"
ok "static by gateway" has 10.1.0.0/16 'proto static'
ok "static, recursive" has 10.2.0.0/16 nhid
ok "static by interface" has 10.3.0.0/16 nhid
ok "static blackhole" has 10.4.0.0/16 blackhole
ok "static unreachable" has 10.7.0.0/16 unreachable
ok "static IPv6" has6 2001:db8:a::/48 nhid
ok "static IPv6 blackhole" has6 2001:db8:b::/48 blackhole
ok "two next hops" sh -c "ip -n $r nexthop | grep -q 'group [0-9]*/[0-9]*'"
ok "a route whose link is missing waits" lacks 10.6.0.0/16
ip link add late netns "$r" type veth peer name late netns "$p"
ip -n "$r" link set late up
ip -n "$p" link set late up
ok "its address comes with the link" sh -c "ip -n $r addr show late | grep -q 192.168.9.1/24"
ok "and so does the route" has 10.6.0.0/16 nhid
ip -n "$r" addr flush dev late
ok "a flushed address is restored" sh -c "ip -n $r addr show late | grep -q 192.168.9.1/24"
ip -n "$r" link del late
ok "the route waits again" lacks 10.6.0.0/16

echo "== $routes routes in and out"
feed -n "$routes" -g 192.168.1.2 -w | tee "$tmp/feed"
ok "all installed" grep -q "installed $routes failed 0" "$tmp/feed"
ok "all gone" count_is 0
ip netns exec "$p" sysctl -qw net.ipv4.nexthop_compat_mode=0
ip netns exec "$p" "$build/bench/fibload" "$routes" 192.168.1.1 e1 del
feed -n 20000 -m 4 -g 2001:db8:ff:1::2 -w | tee "$tmp/feed"
ok "IPv6 installed" grep -q "installed 20000 failed 0" "$tmp/feed"

echo "== a client that stays, a link that flaps"
ip netns exec "$r" "$build/tests/unit/zapi_feed" -r "$run" -n 2000 -m 3 -g 192.168.1.2 -k 3600 >"$tmp/feed" 2>&1 &
fpid=$!
ok "installed" count_is 2000
ip -n "$r" link set e1 down
ok "gone with the link" count_is 0
ip -n "$r" link set e1 up
ok "back with the link" count_is 2000
ip -n "$r" nexthop flush >/dev/null 2>&1
ok "nexthop objects deleted by hand are made again" count_is 2000
ip -n "$r" route del 20.0.7.0/24
ok "a route deleted by hand is restored" count_is 2000

echo "== kill -9 under traffic"
ip netns exec "$r" ping -q -i 0.01 -c 300 20.0.5.5 >"$tmp/ping" 2>&1 &
ping=$!
sleep 0.7
kill -9 "$zpid"
wait "$zpid" 2>/dev/null
rm -f "$run"/zebrad.route
sleep 0.5
ok "kernel routes stay" count_is 2000
start
wait $ping
ok "no ping lost" grep -q ' 0% packet loss' "$tmp/ping"
ok "same routes after the restart" count_is 2000
ok "adopted" grep -q 'routes of ours adopted' "$tmp/log"
kill "$fpid"; wait "$fpid" 2>/dev/null; fpid=
sleep 0.3
ok "stale routes stay" count_is 2000
feed -n 1000 -m 3 -g 192.168.1.2 -c feed -k 0 >/dev/null
ok "swept after the next END" count_is 1000

echo "== refusals"
ip -n "$r" nexthop add id 100000400 blackhole
feed -n 1 -g 192.0.2.77 -c other >"$tmp/feed" 2>&1
ok "an unreachable gateway is not best" grep -q 'installed 0 failed 0 other 1' "$tmp/feed"
kill "$zpid"
wait "$zpid"
ok "an orderly end" test $? = 0
zpid=
ok "leaves the routes" has 10.1.0.0/16 'proto static'

echo "$passed passed, $failed failed"
[ $failed = 0 ]

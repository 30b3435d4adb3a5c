#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_vtysh.sh - the shell end to end, against two little daemons (shell_testd.c): commands of one and of both,
# modes, exit codes, files, two-phase replacement, streaming, daemons that stop, hang and learn.
set -u
top=$(pwd)
vtysh=$top/vtysh/vtysh
testd=$top/tests/unit/shell_testd
dir=$(mktemp -d "${TMPDIR:-/tmp}/gw-vtysh-XXXXXX") || exit 99
mkdir "$dir/run" "$dir/etc"
failed=0 passed=0 alpha='' beta=''

finish()
{
    for p in $alpha $beta; do
        kill -CONT "$p" 2>/dev/null
        kill "$p" 2>/dev/null
    done
    rm -rf "$dir"
}
trap finish EXIT

v()
{
    "$vtysh" --vty_socket "$dir/run" --config_dir "$dir/etc" "$@"
}

# expect NAME STATUS TEXT vtysh-arguments...: the status and the whole output (both streams).
expect()
{
    name=$1 status=$2 text=$3
    shift 3
    out=$(v "$@" 2>&1)
    rc=$?
    if [ "$rc" = "$status" ] && [ "$out" = "$text" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s: status %s instead of %s\n--- expected\n%s\n--- got\n%s\n' "$name" "$rc" "$status" "$text" "$out"
    fi
}

wait_for()
{
    i=0
    until "$@" >/dev/null 2>&1; do
        i=$((i + 1))
        [ $i -gt 100 ] && { echo "FAIL: waited in vain for: $*"; exit 1; }
        sleep 0.05
    done
}

start_alpha()
{
    "$testd" "$dir/run" alphad &
    alpha=$!
    wait_for v -d alphad -c 'show name'
}
start_beta()
{
    "$testd" "$dir/run" betad &
    beta=$!
    wait_for v -d betad -c 'show name'
}

expect 'no daemon' 1 'Exiting: failed to connect to any daemons.' -c 'show daemons'
start_alpha
start_beta

expect 'daemons' 0 ' alphad betad' -c 'show daemons'
expect 'of one' 0 'this is betad' -c 'show beta'
expect 'of both' 0 'this is alphad
this is betad' -c 'sh nam'
expect 'one daemon only' 0 'this is betad' -d beta -c 'show name'
expect 'version once' 0 'FRRouting 8.4.4 (alphad) on Linux.' -c 'sh ver'
expect 'unknown' 1 '% Unknown command: bogus' -c bogus -c 'show beta'
expect 'unknown, going on' 0 '% Unknown command: bogus
this is betad' -n -c bogus -c 'show beta'
expect 'incomplete' 1 '% Command incomplete: show' -c show
expect 'refused' 1 '% It does not work' -c fail -c 'show beta'
expect 'lines in one argument' 0 'this is alphad
this is betad' -c 'show alpha
show beta'
expect 'filter' 0 '000007 a line of some length, as those of a routing table are' -d alphad -c 'show numbers 10 | include 7 '
expect 'filter of own' 0 'frr version 8.4.4' -c 'write terminal | include ^frr v'
expect 'echo' 0 "$(hostname | sed 's/\..*//')# show beta
this is betad" -E -c 'show beta'

expect 'configuring' 0 'this is alphad' -c 'conf t' -c 'hostname r1' -c 'router bgp 65001' -c 'neighbor 192.0.2.1 remote-as 5' \
    -c 'address-family ipv4 unicast' -c 'network 10.0.0.0/8' -c 'interface eth0' -c 'ip address 192.0.2.2/24' \
    -c 'do show alpha' -c 'route-map A permit 10' -c 'match metric 5' -c 'set tag 7' -c exit \
    -c 'ip route 198.51.100.0/24 192.0.2.1' -c end
running='frr version 8.4.4
frr defaults traditional
hostname r1
!
ip route 198.51.100.0/24 192.0.2.1
!
interface eth0
 ip address 192.0.2.2/24
exit
!
router bgp 65001
 neighbor 192.0.2.1 remote-as 5
 address-family ipv4 unicast
  network 10.0.0.0/8
 exit-address-family
exit
!
route-map A permit 10
 match metric 5
 set tag 7
exit
!
end'
expect 'running-config' 0 "$running" -c 'show running-config no-header'
expect 'with header' 0 "Building configuration...

Current configuration:
!
$running" -c 'sh run'
expect 'of one daemon' 0 'frr version 8.4.4
frr defaults traditional
hostname r1
!
ip route 198.51.100.0/24 192.0.2.1
!
interface eth0
 ip address 192.0.2.2/24
exit
!
route-map A permit 10
 match metric 5
 set tag 7
exit
!
end' -c 'show running-config alphad no-header'
expect 'refused line' 1 '% this is never allowed' -c 'conf t' -c 'router bgp 65001' -c forbidden
expect 'writing' 0 "Note: this version of vtysh never writes vtysh.conf
Building Configuration...
Integrated configuration saved to $dir/etc/godwit.conf
[OK]" -c write
expect 'the file' 0 "$(printf '%s\n' "$running" | sed '$d')" -c 'show startup-config'
expect 'the file loads' 0 '' -f "$dir/etc/godwit.conf"
expect 'and boots' 0 '' -b
expect 'and is valid' 0 '' -C
expect 'and changes nothing' 0 "$running" -c 'show running-config no-header'

cat >"$dir/bad" <<'X'
hostname r2
bogus line
router bgp 65001
 neighbor 192.0.2.3 remote-as 7
 forbidden
 address-family ipv4 unicast
  foo
  network 11.0.0.0/8
!
interface eth1
 description two  words
X
problems='line 2: % Unknown command[2]: bogus line
line 7: % Unknown command[2]: foo
% this is never allowed
line 5: Failure to communicate[13] to betad, line: forbidden'
expect 'bad file, checked' 2 "$problems" -C -f "$dir/bad"
expect 'bad file, replacing' 1 "$problems
% Nothing was changed" -c "configure replace $dir/bad"
expect 'nothing was changed' 0 "$running" -c 'show running-config no-header'
expect 'bad file, loaded' 2 "$problems" -f "$dir/bad"
expect 'its good lines' 0 'hostname r2
 description two  words
 neighbor 192.0.2.3 remote-as 7
  network 11.0.0.0/8' -c 'show running-config | include (r2|two |2.3|11.0)'
printf '%s\n' "$running" >"$dir/good"
expect 'replacing' 0 '' -c "configure replace $dir/good"
expect 'replaced' 0 "$running" -c 'show running-config no-header'
expect 'dry run' 0 '' -c "configure replace $dir/good dry-run"

echo 'no service integrated-vtysh-config' >"$dir/etc/vtysh.conf"
expect 'writing apart' 0 'Note: this version of vtysh never writes vtysh.conf
Building Configuration...
Configuration saved to alphad.conf
Configuration saved to betad.conf' -c 'write memory'
rm "$dir/etc/vtysh.conf"

printf 'show alpha\nbogus\nconf t\nhostname r1\nexit\nshow beta\n' >"$dir/lines"
out=$(v <"$dir/lines" 2>&1)
rc=$?
[ "$rc" = 0 ] && [ "$out" = 'this is alphad
% Unknown command: bogus
this is betad' ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL lines of a pipe: $rc $out"; }

cat >"$dir/marks" <<'X'
hostname r1
interface eth0
 ip address 192.0.2.2/24
!
router bgp 65001
 neighbor 192.0.2.1 remote-as 5
 !
 address-family ipv4 unicast
  network 10.0.0.0/8
!
route-map A permit 10
match metric 5
route-map A permit 20
ip prefix-list P permit any
bfd
 peer 192.0.2.1
  shutdown
 profile x
vrf red
exit-vrf
end
X
expect 'marking' 0 'hostname r1
interface eth0
 ip address 192.0.2.2/24
exit
!
router bgp 65001
 neighbor 192.0.2.1 remote-as 5
 !
 address-family ipv4 unicast
  network 10.0.0.0/8
 exit-address-family
exit
!
route-map A permit 10
match metric 5
exit
route-map A permit 20
exit
ip prefix-list P permit any
bfd
 peer 192.0.2.1
  shutdown
 exit
 profile x
 exit
exit
vrf red
exit-vrf
end' -m -f "$dir/marks"
expect 'marking marked text' 0 "$running" -m -f "$dir/good"

# A million lines cost neither side memory, and a reader that leaves stops them.
n=$(v -d alphad -c 'show numbers' | wc -l)
[ "$n" = 1000000 ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL a million lines: $n"; }
head=$(v -c 'show numbers' | head -1)
[ "${head%% *}" = 000000 ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL closed pipe: $head"; }
case $(ldd "$testd" 2>/dev/null) in
*libasan* | *libtsan*) ;;
*)
    peak=$(v -c 'show peak')
    [ "$peak" -lt 20000 ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL peak memory: $peak KB"; }
    ;;
esac

expect 'before the plugin' 1 '% Unknown command: show brand-new' -c 'show brand-new'
expect 'a plugin that comes' 0 'brand new' -c plugin -c 'show brand'

kill -STOP $beta
expect 'a daemon that hangs' 0 '% betad does not answer
this is alphad' -c 'show alpha'
kill -CONT $beta
expect 'and goes on' 0 'this is betad' -c 'show beta'
expect 'a daemon that dies' 1 '% betad is not running: the connection was lost' -c die -c 'show alpha'
beta=''
expect 'costs its own commands' 1 '% Unknown command: show beta' -c 'show alpha | include nothing' -c 'show beta'
expect 'is said' 1 '% betad is not running' -c 'show running-config betad'
start_beta
expect 'and comes back' 0 'this is betad' -c 'show beta'

echo "$passed passed, $failed failed"
[ $failed = 0 ]

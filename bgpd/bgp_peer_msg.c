/* SPDX-License-Identifier: Apache-2.0
 * bgp_peer_msg.c - what the I/O actor reports about a connection: messages, errors, the end. Main
 * thread.
 *
 * Decodes what is not an UPDATE, keeps the reason of a reset for logs and shows, and feeds the FSM.
 * Until a session is established the I/O actor waits for an answer after each message:
 * bgp_io_next(), bgp_io_up() or bgp_io_close().
 */
#include "bgp_peer_priv.h"
#include "daemon.h"
#include <errno.h>
#include <stdio.h>

static void rx_open(struct bgp_peer *p, struct bgp_conn *c, const uint8_t *body, size_t len)
{
    struct bgp_open open;
    struct bgp_error err = { 0 };
    if (bgp_open_decode(body, len, &open, &err) < 0) {
        snprintf(p->last_reason, sizeof p->last_reason, "%s", err.text);
        log_warn("neighbor %s: malformed OPEN: %s", p->name, err.text);
        bgp_peer_event(p, BE_OPEN_BAD, c->dir, NULL, &err);
        return;
    }
    if (p->fsm.cs[c->dir] == BS_OPENSENT)
        p->open_rcvd = open;
    bgp_peer_event(p, BE_OPEN, c->dir, &open, NULL);
}

static void rx_notification(struct bgp_peer *p, struct bgp_conn *c, const uint8_t *body, size_t len)
{
    struct bgp_notification n;
    struct bgp_error err = { 0 };
    if (bgp_notification_decode(body, len, &n, &err) < 0) {
        log_warn("neighbor %s: malformed NOTIFICATION: %s", p->name, err.text);
        bgp_peer_reset_note(p, "BGP Notification received");
        bgp_peer_event(p, BE_NOTIFICATION, c->dir, NULL, &err);
        return;
    }
    log_notice("%%NOTIFICATION: received from neighbor %s %u/%u (%s) %u bytes%s%s", p->name, n.code,
               n.subcode, bgp_notify_str(n.code, n.subcode), n.data_len, n.text[0] ? ": " : "",
               n.text);
    if (p->fsm.cs[c->dir ^ 1] < BS_OPENSENT) { /* else this was the one to give way */
        bgp_peer_reset_note(p, "due to NOTIFICATION received (%s)",
                            bgp_notify_str(n.code, n.subcode));
        p->last_code = n.code;
        p->last_subcode = n.subcode;
        p->last_sent = false;
        snprintf(p->last_reason, sizeof p->last_reason, "%.*s", (int)sizeof p->last_reason - 1,
                 n.text);
    }
    err.code = n.code;
    err.subcode = n.subcode;
    bgp_peer_event(p, BE_NOTIFICATION, c->dir, NULL, &err);
}

/* RFC 2918; RFC 7313 4: with enhanced refresh our answer is marked by BoRR and EoRR (the latter
 * when the shards are done). */
static void answer_refresh(struct bgp_peer *p, enum bgp_afi_safi af)
{
    if (p->fsm.caps & BC_ENHANCED_REFRESH && !(p->borr_sent & 1u << af)) {
        struct bgp_outbuf *b = bgp_outbuf_new(64);
        struct bgp_member to = { p->index, p->gen };
        b->len = (uint32_t)bgp_refresh_encode(af, BGP_RR_BORR, b->data, b->cap);
        bgp_io_write(&to, 1, b);
        bgp_outbuf_unref(b);
        p->borr_sent |= (uint8_t)(1u << af);
    }
    bgp_rib_soft_out(p->index, af);
}

static void rx_refresh(struct bgp_peer *p, struct bgp_conn *c, const uint8_t *body, size_t len)
{
    enum bgp_afi_safi af;
    uint8_t subtype;
    struct bgp_error err = { 0 };
    int r = bgp_refresh_decode(body, len, &af, &subtype, &err);
    if (r < 0 && p->fsm.cs[c->dir] == BS_ESTABLISHED) {
        log_warn("neighbor %s: malformed ROUTE-REFRESH: %s", p->name, err.text);
        bgp_peer_event(p, BE_HEADER_BAD, c->dir, NULL, &err);
        return;
    }
    bgp_peer_event(p, BE_REFRESH, c->dir, NULL, NULL);
    if (r != 0 || p->fsm.state != BS_ESTABLISHED || !(p->fsm.af & 1u << af))
        return; /* a family that is not in use is ignored */
    log_dbg(bgp_neighbor_events, "neighbor %s: ROUTE-REFRESH for %s, subtype %u", p->name,
            bgp_af_name(af), subtype);
    if (subtype == BGP_RR_NORMAL)
        answer_refresh(p, af);
    else if (subtype == BGP_RR_BORR)
        bgp_rib_refresh_begin(p->index, af);
    else if (subtype == BGP_RR_EORR)
        bgp_rib_refresh_end(p->index, af);
}

static void on_message(void *owner, uint8_t type, const uint8_t *body, size_t len)
{
    struct bgp_conn *c = owner;
    struct bgp_peer *p = c->peer;
    uint8_t dir = c->dir;
    bool opening = p->fsm.cs[dir] < BS_ESTABLISHED;
    switch (type) {
    case BGP_OPEN:
        rx_open(p, c, body, len);
        break;
    case BGP_KEEPALIVE:
        bgp_peer_event(p, BE_KEEPALIVE, dir, NULL, NULL);
        break;
    case BGP_NOTIFICATION:
        rx_notification(p, c, body, len);
        break;
    case BGP_ROUTE_REFRESH:
        rx_refresh(p, c, body, len);
        break;
    case BGP_UPDATE:
        bgp_peer_event(p, BE_UPDATE, dir, NULL, NULL);
        break;
    default:
        break; /* bgp_header_decode() knows no others */
    }
    /* The event may have closed the connection; its place may even be taken by another one. */
    if (p->conn[dir] == c && opening && p->fsm.cs[dir] < BS_ESTABLISHED)
        bgp_io_next(c->io);
}

static void on_bad(void *owner, const struct bgp_error *err)
{
    struct bgp_conn *c = owner;
    struct bgp_peer *p = c->peer;
    log_warn("neighbor %s: malformed %s: %s", p->name,
             err->code == BN_UPDATE ? "UPDATE" : "message", err->text);
    snprintf(p->last_reason, sizeof p->last_reason, "%s", err->text);
    bgp_peer_event(p, err->code == BN_UPDATE ? BE_UPDATE_BAD : BE_HEADER_BAD, c->dir, NULL, err);
}

static void on_closed(void *owner, int err)
{
    struct bgp_conn *c = owner;
    struct bgp_peer *p = c->peer;
    if (p->fsm.cs[c->dir ^ 1] < BS_OPENSENT)
        bgp_peer_reset_note(p, "%s", "Peer closed the session");
    if (err)
        snprintf(p->last_reason, sizeof p->last_reason, "%s", strerror(err));
    if (p->fsm.cs[c->dir] < BS_ESTABLISHED)
        log_notice("neighbor %s: peer closed the connection in %s%s%s", p->name,
                   bgp_state_name(p->fsm.cs[c->dir]), err ? ": " : "", err ? strerror(err) : "");
    bgp_peer_event(p, BE_TCP_CLOSED, c->dir, NULL, NULL);
}

static void on_eor(void *owner, enum bgp_afi_safi af)
{
    struct bgp_conn *c = owner;
    struct bgp_peer *p = c->peer;
    if (p->fsm.state != BS_ESTABLISHED)
        return;
    log_info("%%NOTICE: rcvd End-of-RIB for %s from %s in vrf %s", bgp_af_name(af), p->name,
             p->inst->name);
    p->eor_rcvd[af] = true;
    if (p->stale)
        bgp_rib_stale_sweep(p->index, af);
    bool all = true;
    for (unsigned a = 0; a < BGP_AF_MAX; a++)
        all &= !(p->fsm.af & 1u << a) || p->eor_rcvd[a];
    if (all && p->stale) {
        p->stale = false;
        loop_timer_cancel(p->t_stale);
    }
    bgp_peer_restart_check();
}

const struct bgp_io_cb bgp_peer_io_cb = {
    .message = on_message, .bad = on_bad, .closed = on_closed, .eor = on_eor
};

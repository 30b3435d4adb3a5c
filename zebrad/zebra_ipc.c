/* SPDX-License-Identifier: Apache-2.0
 * zebra_ipc.c - the edge between the route service (zapi.h) and zebrad's clients.
 *
 * A peer that has not said Hello, or was replaced by a newer connection of the same client, has no
 * client behind it and is not listened to.
 */
#include "config.h"
#include "zebra_client.h"

static struct zapi_server *server;

static void on_hello(void *ctx, struct zapi_peer *p, const struct zapi_hello *h)
{
    zclient_hello(ctx, p, h);
}

static void on_gone(void *ctx, struct zapi_peer *p)
{
    (void)ctx;
    if (zapi_peer_data(p))
        zclient_gone(zapi_peer_data(p));
}

static void on_nhg(void *ctx, struct zapi_peer *p, const struct zapi_nhg *g)
{
    (void)ctx;
    if (zapi_peer_data(p))
        zclient_nhg(zapi_peer_data(p), g);
}

static void on_nhg_del(void *ctx, struct zapi_peer *p, uint32_t id)
{
    (void)ctx;
    if (zapi_peer_data(p))
        zclient_nhg_del(zapi_peer_data(p), id);
}

static void on_batch(void *ctx, struct zapi_peer *p, const struct zapi_batch *b)
{
    (void)ctx;
    if (zapi_peer_data(p))
        zclient_batch(zapi_peer_data(p), b);
}

static void on_nht(void *ctx, struct zapi_peer *p, const struct zapi_nht_register *r)
{
    (void)ctx;
    if (zapi_peer_data(p))
        zclient_nht(zapi_peer_data(p), r);
}

static void on_import(void *ctx, struct zapi_peer *p, const struct zapi_import_register *r)
{
    (void)ctx;
    if (zapi_peer_data(p))
        zclient_import(zapi_peer_data(p), r);
}

static void on_redist(void *ctx, struct zapi_peer *p, const struct zapi_redist *r)
{
    (void)ctx;
    if (zapi_peer_data(p))
        zclient_redist(zapi_peer_data(p), r);
}

static void on_end(void *ctx, struct zapi_peer *p)
{
    (void)ctx;
    if (zapi_peer_data(p))
        zclient_end(zapi_peer_data(p));
}

static const struct zapi_server_ops server_ops = {
    .hello = on_hello,
    .gone = on_gone,
    .nhg = on_nhg,
    .nhg_del = on_nhg_del,
    .batch = on_batch,
    .nht = on_nht,
    .import = on_import,
    .redist = on_redist,
    .end = on_end,
};

int zipc_start(struct zebra *z, const char *run_dir)
{
    int err = 0;
    server = zapi_server_new(z->loop, run_dir, &server_ops, z, &err);
    return server ? 0 : err;
}

void zipc_stop(struct zebra *z)
{
    (void)z;
    if (server)
        zapi_server_free(server);
    server = NULL;
}

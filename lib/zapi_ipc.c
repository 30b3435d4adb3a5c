/* SPDX-License-Identifier: Apache-2.0
 * zapi_ipc.c - names of the route service.
 */
#include <string.h>
#include "zapi.h"

static const char *const proto_names[ZP_MAX] = {
    [ZP_SYSTEM] = "system",     [ZP_KERNEL] = "kernel",
    [ZP_CONNECT] = "connected", [ZP_LOCAL] = "local",
    [ZP_STATIC] = "static",     [ZP_BGP] = "bgp",
    [ZP_TABLE] = "table",       [ZP_TABLE_DIRECT] = "table-direct",
    [ZP_IPAM] = "ipam",         [ZP_API] = "api",
};

const char *zapi_proto_name(enum zapi_proto p)
{
    return (unsigned)p < ZP_MAX ? proto_names[p] : "unknown";
}

bool zapi_proto_parse(const char *s, enum zapi_proto *ret)
{
    for (unsigned i = 0; i < ZP_MAX; i++)
        if (strcmp(s, proto_names[i]) == 0) {
            *ret = (enum zapi_proto)i;
            return true;
        }
    return false;
}

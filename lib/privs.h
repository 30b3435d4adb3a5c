/* SPDX-License-Identifier: Apache-2.0
 * privs.h - dropping privileges: user, group, capabilities (libcap), no_new_privs.
 */
#ifndef GW_PRIVS_H
#define GW_PRIVS_H
#include <stddef.h>
/* Become user:group (NULL: stay) keeping only the named capabilities (cap_from_text() list such as
 * "cap_net_bind_service,cap_net_admin"; NULL: none) and set no_new_privs. 0, or -errno and a message. Without root
 * it changes nothing and succeeds. Capabilities that root does not have here (containers) are left out; then the
 * result is 0 and err holds a warning, else an empty string. */
int privs_drop(const char *user, const char *group, const char *keep_caps, char *err, size_t errlen);
/* Creates dir (and, with mode 0755, what is missing above it) with mode 0750 and that owner if it is missing; 0 or -errno. */
int privs_make_dir(const char *dir, const char *user, const char *group);
#endif

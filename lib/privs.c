/* SPDX-License-Identifier: Apache-2.0
 * privs.c - from root to what the daemon needs.
 *
 * Order: keep capabilities over the change of uid, set groups, uid, then exactly the wanted
 * capabilities as permitted and effective, and no_new_privs. Capabilities are per thread, so this
 * is done before the daemon starts threads.
 */
#include "config.h"
#include "privs.h"
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(char *err, size_t errlen, int e, const char *what, const char *arg)
{
    snprintf(err, errlen, "%s%s%s: %s", what, arg ? " " : "", arg ? arg : "", strerror(e));
    return -e;
}

/* user and group to numbers; (uid_t)-1 and (gid_t)-1: stay. */
static int resolve(const char *user, const char *group, uid_t *uid, gid_t *gid)
{
    *uid = (uid_t)-1;
    *gid = (gid_t)-1;
    if (user) {
        struct passwd *pw = getpwnam(user);
        if (!pw)
            return -ENOENT;
        *uid = pw->pw_uid;
        *gid = pw->pw_gid;
    }
    if (group) {
        struct group *gr = getgrnam(group);
        if (!gr)
            return -ENOENT;
        *gid = gr->gr_gid;
    }
    return 0;
}

/* Takes one capability by name into `caps` when this process has it; false when it has not. */
static bool want_cap(cap_t caps, cap_t have, const char *name)
{
    cap_value_t v;
    cap_flag_value_t held = CAP_CLEAR;
    if (cap_from_name(name, &v) < 0 || cap_get_flag(have, v, CAP_PERMITTED, &held) < 0 ||
        held != CAP_SET)
        return false;
    cap_set_flag(caps, CAP_PERMITTED, 1, &v, CAP_SET);
    cap_set_flag(caps, CAP_EFFECTIVE, 1, &v, CAP_SET);
    return true;
}

/* "cap_a,cap_b" or "cap_a,cap_b+ep", and what root needs besides to reach files that are not its.
 */
static cap_t wanted_caps(const char *keep, bool stays_root, char *err, size_t errlen)
{
    static const char *const root[] = { "cap_dac_override", "cap_fowner", "cap_chown", "cap_kill" };
    cap_t have = cap_get_proc(), caps = cap_init();
    if (!have || !caps) {
        cap_free(have);
        cap_free(caps);
        return NULL;
    }
    for (const char *p = keep ? keep : ""; *p && !strchr("+= ", *p);) {
        char name[64];
        size_t n = strcspn(p, ",+= ");
        snprintf(name, sizeof(name), "%.*s", (int)n, p);
        if (n && !want_cap(caps, have, name))
            snprintf(err, errlen, "capability %s is not to be had here", name);
        p += n;
        p += *p == ',';
    }
    for (size_t i = 0; stays_root && i < sizeof(root) / sizeof(root[0]); i++)
        want_cap(caps, have, root[i]);
    cap_free(have);
    return caps;
}

int privs_drop(const char *user, const char *group, const char *keep_caps, char *err, size_t errlen)
{
    uid_t uid;
    gid_t gid;
    err[0] = '\0';
    if (geteuid() != 0)
        return 0;
    if (resolve(user, group, &uid, &gid) < 0)
        return refuse(err, errlen, ENOENT, "user or group unknown:", user ? user : group);
    bool stays_root = uid == (uid_t)-1 || uid == 0;
    cap_t caps = wanted_caps(keep_caps, stays_root, err, errlen);
    if (!caps)
        return refuse(err, errlen, EINVAL, "capabilities", keep_caps);

    int rc = 0;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        rc = refuse(err, errlen, errno, "keeping capabilities", NULL);
    else if (gid != (gid_t)-1 && (user ? initgroups(user, gid) : setgroups(1, &gid)) < 0)
        rc = refuse(err, errlen, errno, "groups of", user ? user : group);
    else if (gid != (gid_t)-1 && setresgid(gid, gid, gid) < 0)
        rc = refuse(err, errlen, errno, "changing to group", group ? group : user);
    else if (!stays_root && setresuid(uid, uid, uid) < 0)
        rc = refuse(err, errlen, errno, "changing to user", user);
    else if (cap_set_proc(caps) < 0)
        rc = refuse(err, errlen, errno, "setting capabilities", keep_caps);
    else if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        rc = refuse(err, errlen, errno, "no_new_privs", NULL);
    cap_free(caps);
    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    return rc;
}

/* The folders above dir. */
static int make_parents(const char *dir)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    for (char *p = path + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            return -errno;
    }
    return 0;
}

int privs_make_dir(const char *dir, const char *user, const char *group)
{
    struct stat st;
    uid_t uid;
    gid_t gid;
    if (stat(dir, &st) == 0)
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
    int rc = make_parents(dir);
    if (rc < 0)
        return rc;
    if (mkdir(dir, 0750) < 0 && errno != EEXIST)
        return -errno;
    if (geteuid() != 0)
        return 0;
    if (resolve(user, group, &uid, &gid) < 0)
        return -ENOENT;
    if ((uid != (uid_t)-1 || gid != (gid_t)-1) && chown(dir, uid, gid) < 0)
        return -errno;
    return 0;
}

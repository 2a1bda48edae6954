/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which of the host's addresses other brokers reach it by. */

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/overlay/overlay.h"
#include "lib/util/errprintf.h"

/* The interface of the IPv4 default route with the lowest metric: /proc/net/route, see proc(5).
 * Destination and mask are 0 there. */
static int default_interface (char name[IF_NAMESIZE])
{
    char line[512], iface[IF_NAMESIZE];
    unsigned dest, mask, metric, best = UINT_MAX;
    FILE *f = fopen ("/proc/net/route", "re");

    name[0] = '\0';
    if (!f)
        return -1;
    while (fgets (line, sizeof (line), f)) {
        if (sscanf (line, "%15s %x %*x %*x %*d %*d %u %x", iface, &dest, &metric, &mask) == 4 &&
            dest == 0 && mask == 0 && metric < best) {
            best = metric;
            snprintf (name, IF_NAMESIZE, "%s", iface);
        }
    }
    fclose (f);
    return name[0] ? 0 : -1;
}

struct want {
    const char *iface; // or NULL
    struct in_addr net, mask;
};

static bool wanted (const struct ifaddrs *ifa, const struct want *w)
{
    const struct sockaddr_in *sin = (const void *)ifa->ifa_addr;

    if (!ifa->ifa_addr || ifa->ifa_addr->sa_family != AF_INET || !(ifa->ifa_flags & IFF_UP))
        return false;
    if (w->iface)
        return strcmp (ifa->ifa_name, w->iface) == 0;
    return (sin->sin_addr.s_addr & w->mask.s_addr) == w->net.s_addr;
}

static int find_address (const struct want *w, char *buf, size_t size)
{
    struct ifaddrs *list, *ifa;
    int rc = -1;

    if (getifaddrs (&list) < 0)
        return -1;
    for (ifa = list; ifa && rc < 0; ifa = ifa->ifa_next) {
        if (wanted (ifa, w)) {
            const struct sockaddr_in *sin = (const void *)ifa->ifa_addr;
            rc = inet_ntop (AF_INET, &sin->sin_addr, buf, (socklen_t)size) ? 0 : -1;
        }
    }
    freeifaddrs (list);
    if (rc < 0)
        errno = ENODEV;
    return rc;
}

static int hostname_address (char *buf, size_t size)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *res = NULL;
    char host[256] = "";
    int rc = -1;

    gethostname (host, sizeof (host) - 1);
    if (getaddrinfo (host, NULL, &hints, &res) == 0 && res) {
        const struct sockaddr_in *sin = (const void *)res->ai_addr;
        rc = inet_ntop (AF_INET, &sin->sin_addr, buf, (socklen_t)size) ? 0 : -1;
    }
    if (res)
        freeaddrinfo (res);
    if (rc < 0)
        errno = EADDRNOTAVAIL;
    return rc;
}

/* a.b.c.d/len */
static int parse_network (const char *hint, struct want *w)
{
    char addr[INET_ADDRSTRLEN + 1];
    const char *slash = strchr (hint, '/');
    char *end;
    long len;

    if (!slash || (size_t)(slash - hint) >= sizeof (addr))
        return -1;
    memcpy (addr, hint, (size_t)(slash - hint));
    addr[slash - hint] = '\0';
    len = strtol (slash + 1, &end, 10);
    if (slash[1] == '\0' || *end || len < 0 || len > 32 || inet_pton (AF_INET, addr, &w->net) != 1)
        return -1;
    w->mask.s_addr = len == 0 ? 0 : htonl (0xffffffffu << (32 - len));
    w->net.s_addr &= w->mask.s_addr;
    return 0;
}

int overlay_interface_addr (const char *hint, char *buf, size_t size, flux_error_t *errp)
{
    char iface[IF_NAMESIZE];
    struct want w = {0};

    if (!hint || strcmp (hint, "default-route") == 0) {
        /* A host without default route may still have a name, or be alone. */
        w.iface = iface;
        if ((default_interface (iface) == 0 && find_address (&w, buf, size) == 0) ||
            hostname_address (buf, size) == 0)
            return 0;
        return errprintf (errp, "no address by default route or host name: %s", strerror (errno));
    }
    if (strcmp (hint, "hostname") == 0) {
        if (hostname_address (buf, size) == 0)
            return 0;
        return errprintf (errp, "the host's own name has no IPv4 address");
    }
    if (strchr (hint, '/') && parse_network (hint, &w) < 0) {
        errno = EINVAL;
        return errprintf (errp, "%s is not a network like 10.0.2.0/24", hint);
    }
    if (!strchr (hint, '/'))
        w.iface = hint;
    if (find_address (&w, buf, size) < 0)
        return errprintf (errp, "no address of this host fits '%s'", hint);
    return 0;
}

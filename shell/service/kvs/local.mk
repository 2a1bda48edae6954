# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LTLIBRARIES += shell/service/kvs/libkvs.la
shell_service_kvs_libkvs_la_SOURCES = \
	%D%/limits.h \
	%D%/digest.c %D%/digest.h \
	%D%/hdir.c %D%/hdir.h \
	%D%/key.c %D%/key.h \
	%D%/large.c %D%/large.h \
	%D%/node.c %D%/node.h \
	%D%/tree.c %D%/tree.h %D%/tree_evict.c \
	%D%/treeobj.c %D%/treeobj.h %D%/treeobj_scan.c \
	%D%/txn.c %D%/txn.h \
	%D%/backing.c %D%/backing.h %D%/backing_compact.c %D%/backing_private.h \
	%D%/spool.c %D%/spool.h \
	%D%/content.c %D%/content.h %D%/content_private.h \
	%D%/content_gc.c %D%/content_collect.c %D%/content_service.c %D%/content_write.c \
	%D%/kvs.c %D%/kvs_service.c %D%/kvs.h %D%/kvs_private.h \
	%D%/ns.c %D%/follow.c %D%/lookup.c %D%/lookup_service.c %D%/commit.c \
	%D%/fence.c %D%/gc.c %D%/guest.c %D%/watch.c %D%/watch_give.c %D%/watch_list.c %D%/watch_private.h \
	%D%/watch_service.c %D%/local.c
shell_service_kvs_libkvs_la_CPPFLAGS = $(AM_CPPFLAGS) $(LMDB_CFLAGS) $(NETTLE_CFLAGS)
shell_service_kvs_libkvs_la_LIBADD = lib/util/libutil.la $(JANSSON_LIBS) $(NETTLE_LIBS) $(LMDB_LIBS)

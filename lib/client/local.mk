# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += lib/client/libclient.la
lib_client_libclient_la_SOURCES = \
	%D%/reactor.c %D%/reactor_private.h \
	%D%/watcher.c %D%/watcher_private.h %D%/watcher_ev.c %D%/watcher_handle.c \
	%D%/tags.c %D%/tags.h \
	%D%/handle.c %D%/handle_io.c %D%/handle_poll.c %D%/handle_private.h %D%/handle_struct.h \
	%D%/reconnect.c %D%/open.c %D%/connector_stream.c %D%/connector_loop.c %D%/connector_exec.c %D%/transport.c %D%/transport.h \
	%D%/dispatch.c %D%/dispatch.h %D%/dispatch_struct.h %D%/msg_handler.c \
	%D%/future.c %D%/future_wait.c %D%/future_struct.h %D%/future_private.h %D%/future_composite.c %D%/future_chain.c \
	%D%/rpc.c %D%/respond.c %D%/attr.c %D%/conf.c %D%/conf_builtin.c %D%/hosts.c %D%/event.c %D%/log.c %D%/disconnect.c \
	%D%/module.c %D%/module_methods.c %D%/module_methods.h %D%/sync.c %D%/stats.c %D%/version.c \
	%D%/treeobj.c %D%/treeobj.h %D%/kvs_private.h \
	%D%/kvs_txn.c %D%/kvs_blobs.c %D%/kvs_commit.c %D%/kvs_lookup.c %D%/kvs_dir.c %D%/kvs_copy.c \
	%D%/sign_none.c %D%/sign_none.h %D%/job.c %D%/job_watch.c
lib_client_libclient_la_LIBADD = lib/codec/libcodec.la lib/conf/libconf.la lib/job/libjob.la $(EV_LIBS) -lm
dist_man_MANS += %D%/flux-slurm.3

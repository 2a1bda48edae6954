# SPDX-License-Identifier: GPL-2.0-or-later
# The broker: one process, one event loop. The router stands alone, so that tests can link it.
noinst_LTLIBRARIES += shell/broker/librouter.la
shell_broker_librouter_la_SOURCES = \
	%D%/router.c %D%/router.h %D%/router_overlay.h %D%/router_private.h \
	%D%/router_default.c \
	%D%/router_respond.c \
	%D%/router_service.c \
	%D%/router_turn.c \
	%D%/router_rpc.c \
	%D%/router_event.c \
	%D%/router_flow.c \
	%D%/router_log.c \
	%D%/router_track.c \
	%D%/router_client.c %D%/router_client.h %D%/router_client_private.h \
	%D%/router_client_disconnect.c \
	%D%/router_client_out.c \
	%D%/router_client_own.c \
	%D%/waiters.c %D%/waiters.h \
	%D%/listener.c %D%/listener.h \
	%D%/attr.c %D%/attr.h \
	%D%/conf_service.c %D%/conf_service.h \
	%D%/log.c %D%/log.h %D%/log_sink.c %D%/log_sink.h \
	%D%/heartbeat.c %D%/heartbeat.h \
	%D%/machine.c %D%/machine.h \
	%D%/life.c %D%/life.h

libexec_programs += shell/broker/flux-broker
shell_broker_flux_broker_SOURCES = \
	%D%/main.c %D%/broker.h %D%/states.c %D%/inputs.c \
	%D%/archive.c %D%/archive.h \
	%D%/boot_attrs.c %D%/boot_attrs.h \
	%D%/program_env.c %D%/program_env.h \
	%D%/grow.c %D%/grow.h \
	%D%/lone.c %D%/lone.h \
	%D%/options.c %D%/options.h \
	%D%/net.c %D%/net.h %D%/net_private.h \
	%D%/net_service.c \
	%D%/net_setup.c \
	%D%/net_conf.c %D%/net_conf.h \
	%D%/net_rejoin.c %D%/net_rejoin.h \
	%D%/net_watch.c %D%/net_watch.h \
	%D%/program.c %D%/program.h \
	%D%/rundir.c %D%/rundir.h \
	%D%/statedir.c %D%/statedir.h \
	lib/shell/proctree.c lib/shell/proctree.h
shell_broker_flux_broker_CPPFLAGS = $(AM_CPPFLAGS)
shell_broker_flux_broker_LDFLAGS = $(module_host_flags)
shell_broker_flux_broker_LDADD = \
	shell/service/libservice.la \
	shell/service/kvs/libkvs.la \
	shell/broker/librouter.la \
	lib/shell/libspawnpkt.la \
	lib/shell/libioencode.la \
	lib/tasks/libgroupframe.la \
	lib/plugin/libplugin.la \
	lib/graph/io/libgraphio.la \
	lib/graph/libgraph.la \
	lib/client/libclient.la \
	lib/libwhole.la \
	lib/overlay/liboverlay.la \
	lib/bootstrap/librejoinframe.la \
	lib/bootstrap/libbootstrap.la \
	lib/codec/libcodec.la \
	lib/job/libjob.la \
	lib/set/libset.la \
	lib/util/libutil.la \
	$(ZMQ_LIBS) $(LMDB_LIBS) $(NETTLE_LIBS) $(HWLOC_LIBS) $(MUNGE_LIBS) $(JANSSON_LIBS) $(EV_LIBS) -lm
dist_man_MANS += %D%/flux-broker-attributes.7

# SPDX-License-Identifier: LGPL-2.1-or-later
# The shared library for programs of users. It exports what the public headers mark; our own programs
# link the convenience libraries instead, so that they run from the build tree as they are. It is
# made of the same objects, not of those libraries: libtool would put libutil in several times.
lib_LTLIBRARIES += lib/libflux-slurm.la
lib_libflux_slurm_la_SOURCES = $(lib_client_libclient_la_SOURCES) \
	$(lib_codec_libcodec_la_SOURCES) $(lib_conf_libconf_la_SOURCES) \
	$(lib_job_libjob_la_SOURCES) \
	$(lib_set_libset_la_SOURCES) $(lib_util_libutil_la_SOURCES)
lib_libflux_slurm_la_LIBADD = $(JANSSON_LIBS) $(EV_LIBS) -lm
lib_libflux_slurm_la_LDFLAGS = -version-info 0:0:0 -Wl,--no-undefined
pkgconfig_DATA += lib/flux-slurm.pc

# The same objects once more for programs that load modules, which find all of the public library in
# the program: a part of it would not do, and two copies would be one too many.
noinst_LTLIBRARIES += lib/libwhole.la
lib_libwhole_la_SOURCES = $(lib_libflux_slurm_la_SOURCES)
module_host_flags = -Wl,--export-dynamic \
	-Wl,--whole-archive,lib/.libs/libwhole.a,--no-whole-archive

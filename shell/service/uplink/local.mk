# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/choose.c %D%/choose.h \
	%D%/elastic.c %D%/elastic.h %D%/elastic_private.h \
	%D%/elastic_grow.c %D%/elastic_shrink.c \
	%D%/recruit.c %D%/recruit.h \
	%D%/outcomes.c %D%/outcomes.h \
	%D%/slurm_end.c %D%/slurm_end.h %D%/slurm_nodes.c %D%/slurm_nodes.h \
	%D%/uplink.c %D%/uplink.h

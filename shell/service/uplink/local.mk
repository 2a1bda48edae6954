# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += %D%/uplink.c %D%/uplink.h

# SPDX-License-Identifier: LGPL-2.1-or-later
# Public headers, installed as <flux/...>.
fluxincludedir = $(includedir)/flux
fluxinclude_HEADERS = \
	%D%/flux/types.h \
	%D%/flux/message.h \
	%D%/flux/msglist.h \
	%D%/flux/request.h \
	%D%/flux/response.h \
	%D%/flux/event.h \
	%D%/flux/idset.h \
	%D%/flux/hostlist.h \
	%D%/flux/core.h

# SPDX-License-Identifier: GPL-2.0-or-later
CODEC_TESTS = \
	testsuite/unit/codec/test_message \
	testsuite/unit/codec/test_frames \
	testsuite/unit/codec/test_msgio
check_PROGRAMS += $(CODEC_TESTS)
TESTS += $(CODEC_TESTS)
testsuite_unit_codec_test_message_SOURCES = %D%/test_message.c
testsuite_unit_codec_test_message_LDADD = lib/codec/libcodec.la $(UNIT_LIBS)
testsuite_unit_codec_test_frames_SOURCES = %D%/test_frames.c
testsuite_unit_codec_test_frames_LDADD = lib/codec/libcodec.la $(UNIT_LIBS)
testsuite_unit_codec_test_msgio_SOURCES = %D%/test_msgio.c
testsuite_unit_codec_test_msgio_LDADD = lib/codec/libcodec.la $(UNIT_LIBS)

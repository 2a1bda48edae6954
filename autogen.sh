#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes ./configure out of configure.ac; needed once after a git clone.
cd "$(dirname "$0")" && mkdir -p config/m4 && exec autoreconf --install --warnings=no-portability

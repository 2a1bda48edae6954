# SPDX-License-Identifier: GPL-2.0-or-later
EXTRA_DIST += %D%/policies.md %D%/bench-graph.md %D%/bench-select.md %D%/bench-tree.md %D%/bench-net.md %D%/pictures

# SPDX-License-Identifier: GPL-2.0-or-later
EXTRA_DIST += %D%/run %D%/packages %D%/install-packages %D%/t

# For testsuite/run, which wants to know what `make check` would run.
print-tests:
	@echo $(TESTS)
.PHONY: print-tests
EXTRA_DIST += %D%/slurm/cluster

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# gnuplot -e flat=JOBS/S tree.gnuplot: tree.dat, as testsuite/bench/tree writes it, to tree.svg.
set terminal svg size 720,420 font "sans,13" background "white"
set output "tree.svg"
set logscale x 2
set xlabel "instances, each with its part of 64 nodes"
set ylabel "jobs/s"
set y2label "broker CPU per job, us"
set yrange [0:*]
set y2range [0:*]
set ytics nomirror
set y2tics
set grid
set key bottom right
plot "tree.dat" using 1:2 with linespoints lw 2 pt 7 title "jobs/s, measured", \
     flat with lines lw 1 dt 2 title "one instance, no child", \
     "tree.dat" using 1:3 axes x1y2 with linespoints lw 1 pt 6 title "broker CPU per job"

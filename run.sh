flux run -N2 -n5 --label-io flux multi-prog conf

#!/bin/sh
#FLUX: --bogus

#!/bin/sh
# All checks and measurements on a machine with one NVIDIA GPU, in under 8 minutes after a warm-up: tests, agreement with numba,
# throughput, memory. From a checkout, with nothing installed but numpy, scipy, numba, scikit-learn, pandas, tqdm,
# torch, triton, pytest and hypothesis (and thoi, if it is to be measured as well):
#
#   sh benchmarks/gpu.sh              writes benchmarks/results/gpu-<date>.json; OUT names another folder
#   sh benchmarks/gpu.sh --dry-run    the same script at tiny sizes, on the CPU under Triton's interpreter
#   sh benchmarks/gpu.sh --parts ceiling,shape-200-5
set -eu
OUT=$(mkdir -p "${OUT:-$(dirname "$0")/results}" && cd "${OUT:-$(dirname "$0")/results}" && pwd)
cd "$(dirname "$0")/.."
exec "${PYTHON:-python3}" -m benchmarks.gpu --out "$OUT" "$@"

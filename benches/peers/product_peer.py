"""A dense product of numpy, or of torch where that is asked for: `product_peer.py LIBRARY LAYOUT M K N THREADS`."""

import json
import os
import sys
from time import perf_counter

library, layout, *sizes = sys.argv[1:]
m, k, n, threads = map(int, sizes)
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(threads)

import numpy as np

rng = np.random.default_rng(1)
a = rng.standard_normal((k, m) if layout == "tn" else (m, k), np.float32)
b = rng.standard_normal((n, k) if layout == "nt" else (k, n), np.float32)
out = np.empty((m, n), np.float32)
if library == "torch":
    import torch

    torch.set_num_threads(threads)
    a, b, out = (torch.from_numpy(x) for x in (a, b, out))
    multiply = torch.matmul
else:
    multiply = np.matmul
a = a.T if layout == "tn" else a
b = b.T if layout == "nt" else b

calls = int(np.ceil(1e8 / (2 * m * n * k)))
best, begin = float("inf"), perf_counter()
while best == float("inf") or perf_counter() - begin < 0.5:
    start = perf_counter()
    for _ in range(calls):
        multiply(a, b, out=out)
    best = min(best, (perf_counter() - start) / calls)
print(json.dumps({"peer": library, "gflops": 2e-9 * m * n * k / best}))

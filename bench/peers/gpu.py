"""Neighbours by torch.cdist and topk, timed on request, on the GPU where torch sees one, else on the processor.

Usage: gpu.py POINTS ROWS COLUMNS K QUERIES
POINTS is a file of unsigned bytes, row-major. QUERIES rows, evenly spread, are answered against all ROWS.
Prints one JSON line when ready (versions, the device, its float32 operations a second), then answers each line of
standard input, "l1" or "squared-l2", with one JSON line: seconds, and the k-th smallest distance of every query.
"""

import json
import sys
import time

import torch

path, rows, columns, k, count = sys.argv[1], *map(int, sys.argv[2:6])
on_gpu = torch.cuda.is_available()
device = torch.device("cuda" if on_gpu else "cpu")
points = torch.from_file(path, size=rows * columns, dtype=torch.uint8).reshape(rows, columns).to(device).float()
queries = points[torch.linspace(0, rows - 1, count, dtype=torch.float64).floor().long().to(device)]
# Products of bytes are sums of whole numbers: TF32 would round them.
torch.backends.cuda.matmul.allow_tf32 = False


def radii(distance):
    found = []
    # 1000 rows at a time: the distances of all would not fit beside the points.
    for block in queries.split(1000):
        if distance == "l1":
            distances = torch.cdist(block, points, p=1)
        else:
            distances = torch.cdist(block, points, p=2, compute_mode="use_mm_for_euclid_dist")
        found.append(distances.topk(k, dim=1, largest=False).values[:, -1])
    answer = torch.cat(found)
    answer = answer if distance == "l1" else answer.double() ** 2
    if on_gpu:
        torch.cuda.synchronize()
    return answer


def lanes_per_second():
    """64 float32 lanes a multiprocessor up to compute capability 8.0, 128 after it, at the clock that the driver names."""
    if not on_gpu:
        return None
    about = torch.cuda.get_device_properties(0)
    clock = getattr(about, "clock_rate", None)
    lanes = 64 if (about.major, about.minor) <= (8, 0) else 128
    return None if clock is None else about.multi_processor_count * lanes * clock * 1000


name = torch.cuda.get_device_name(0) if on_gpu else "processor"
print(json.dumps({"torch": torch.__version__, "device": name, "lanesPerSecond": lanes_per_second()}), flush=True)
for line in sys.stdin:
    started = time.perf_counter()
    answer = radii(line.strip())
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "radii": answer.cpu().tolist()}), flush=True)

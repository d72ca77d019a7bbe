"""Brute-force neighbours by SciPy and scikit-learn, timed on request.

Usage: neighbours.py POINTS ROWS COLUMNS K QUERIES JOBS
POINTS is a file of unsigned bytes, row-major. QUERIES rows, evenly spread, are answered against all ROWS.
Prints one JSON line when ready (versions), then answers each line of standard input, the name of a peer
("scipy" or "scikit-learn"), with one JSON line: seconds, and the k-th smallest distance of every query.
"""

import json
import sys
import time
from multiprocessing import Pool

import numpy
import scipy
import sklearn
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

path, rows, columns, k, count, jobs = sys.argv[1], *map(int, sys.argv[2:7])
points = numpy.fromfile(path, dtype=numpy.uint8).reshape(rows, columns).astype(numpy.float64)
queries = points[numpy.linspace(0, rows - 1, count).astype(int)]


def kth_by_cdist(block):
    # 250 rows at a time: the distances of a block of 2000 against 60000 would take a gigabyte.
    return numpy.concatenate(
        [numpy.partition(cdist(part, points, "cityblock"), k - 1)[:, k - 1] for part in numpy.array_split(block, max(1, len(block) // 250))]
    )


def scipy_radii():
    return numpy.concatenate(pool.map(kth_by_cdist, numpy.array_split(queries, jobs)))


def sklearn_radii():
    return model.kneighbors(queries, return_distance=True)[0][:, -1]


pool = Pool(jobs)
model = NearestNeighbors(n_neighbors=k, algorithm="brute", metric="manhattan", n_jobs=jobs).fit(points)
peers = {"scipy": scipy_radii, "scikit-learn": sklearn_radii}
print(json.dumps({"scipy": scipy.__version__, "scikit-learn": sklearn.__version__, "numpy": numpy.__version__}), flush=True)
for line in sys.stdin:
    started = time.perf_counter()
    radii = peers[line.strip()]()
    print(json.dumps({"seconds": time.perf_counter() - started, "radii": radii.tolist()}), flush=True)

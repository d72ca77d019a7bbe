"""The greedy balls of the paper (Algorithm 2) as it is published, on request.

Usage: balls.py POINTS ROWS COLUMNS JOBS
POINTS is a file of unsigned bytes, row-major. Prints one JSON line when ready (versions), then answers each line of
standard input, a JSON object, with one JSON line: seconds, and the balls found as [row, squared radius].
  peer      "torch" or "numpy compare" (as published: every radius is compared with every distance), or
            "numpy sort" (no comparison: distances are sorted once for each centre)
  rows      how many of the rows take part
  need, T   rows to cover, and with how many balls
  epsilon   in units of the bytes
  placed    the balls that are there already
  balls     how many more to place
  centres   rows to try as centres; all of them if it is missing
Distances are exact: squared ones are whole numbers, which float64 holds.
"""

import json
import sys
import time
from multiprocessing import Pool

import numpy

path, rows, columns, jobs = sys.argv[1], *map(int, sys.argv[2:5])
everything = numpy.fromfile(path, dtype=numpy.uint8).reshape(rows, columns).astype(numpy.float64)
norms = (everything**2).sum(1)
BLOCK = 50


def squared_distances(centres, n):
    return numpy.maximum(norms[centres, None] + norms[None, :n] - 2 * (everything[centres] @ everything[:n].T), 0)


def best_by(counts):
    """The (cost, row, squared radius) of the best ball among centres, by how the two counts are taken."""

    def best(task):
        centres, covered, expanded, low, high, epsilon = task
        found = (numpy.inf, -1, 0)
        for start in range(0, len(centres), BLOCK):
            block = centres[start : start + BLOCK]
            for row, squared in zip(block, squared_distances(block, len(covered))):
                distances = numpy.sqrt(squared)
                init, exp = distances[~covered], distances[~expanded]
                radii = numpy.sort(numpy.partition(init, high - 1)[:high])[low - 1 :]
                new_init, new_exp = counts(init, exp, radii, epsilon)
                cost = new_exp - new_init
                k = int(cost.argmin())
                if cost[k] < found[0]:
                    found = (int(cost[k]), int(row), int(round(float(radii[k]) ** 2)))
        return found

    return best


def counts_by_comparing(init, exp, radii, epsilon):
    return (init[None, :] <= radii[:, None]).sum(1), (exp[None, :] <= radii[:, None] + epsilon).sum(1)


def counts_by_sorting(init, exp, radii, epsilon):
    return (
        numpy.searchsorted(numpy.sort(init), radii, "right"),
        numpy.searchsorted(numpy.sort(exp), radii + epsilon, "right"),
    )


numpy_compare, numpy_sort = best_by(counts_by_comparing), best_by(counts_by_sorting)


def in_pool(name):
    def best(centres, *state):
        parts = pool.starmap(run_named, [(name, (part, *state)) for part in numpy.array_split(centres, jobs) if len(part)])
        return min(parts, key=lambda found: found[0])

    return best


def run_named(name, task):
    return {"numpy compare": numpy_compare, "numpy sort": numpy_sort}[name](task)


def torch_compare(centres, covered, expanded, low, high, epsilon):
    n = len(covered)
    uncovered, unexpanded = torch.from_numpy(~covered), torch.from_numpy(~expanded)
    points, squares = torch.from_numpy(everything[:n]), torch.from_numpy(norms[:n])
    found = (numpy.inf, -1, 0)
    for start in range(0, len(centres), BLOCK):
        block = torch.from_numpy(centres[start : start + BLOCK])
        squared = (squares[block, None] + squares[None] - 2 * (points[block] @ points.T)).clamp(min=0)
        for row, distances in zip(block, squared.sqrt()):
            init, exp = distances[uncovered], distances[unexpanded]
            radii = init.topk(high, largest=False, sorted=True).values[low - 1 :]
            # torch sums floats faster than booleans, exactly as far as 2^24.
            new_init = (init[None] <= radii[:, None]).float().sum(1)
            new_exp = (exp[None] <= radii[:, None] + epsilon).float().sum(1)
            cost = (new_exp - new_init).numpy()
            k = int(cost.argmin())
            if cost[k] < found[0]:
                found = (int(cost[k]), int(row), int(round(float(radii[k]) ** 2)))
    return found


def search(question):
    best = peers[question["peer"]]
    n, need, T, epsilon = (question[name] for name in ("rows", "need", "T", "epsilon"))
    centres = numpy.asarray(question.get("centres", range(n)), dtype=numpy.int64)
    covered, expanded = numpy.zeros(n, dtype=bool), numpy.zeros(n, dtype=bool)

    def place(row, radius):
        distances = numpy.sqrt(squared_distances(numpy.asarray([row]), n)[0])
        covered[distances <= numpy.sqrt(radius)] = True
        expanded[distances <= numpy.sqrt(radius) + epsilon] = True

    for ball in question["placed"]:
        place(*ball)
    found = []
    started = time.perf_counter()
    for t in range(len(question["placed"]), len(question["placed"]) + question["balls"]):
        left = need - int(covered.sum())
        if left <= 0:
            break
        _, row, radius = best(centres, covered, expanded, -(-left // (T - t)), left, epsilon)
        place(row, radius)
        found.append([row, radius])
    return {"seconds": time.perf_counter() - started, "balls": found}


# Threads of torch would not outlive the fork, so that the pool comes first.
pool = Pool(jobs)
import torch  # noqa: E402

torch.set_num_threads(jobs)
peers = {"torch": torch_compare, "numpy compare": in_pool("numpy compare"), "numpy sort": in_pool("numpy sort")}
print(json.dumps({"torch": torch.__version__, "numpy": numpy.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(search(json.loads(line))), flush=True)

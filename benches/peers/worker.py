"""One peer on one instance: `worker.py INSTANCE PEER TARGET` prints a line of JSON for each of its runs."""

import json
import resource
import sys

import certificate
import peers
from instances import INSTANCES


def main():
    name, peer, target = sys.argv[1], sys.argv[2], float(sys.argv[3])
    instance = INSTANCES[name]()
    score = certificate.gated if instance.kind == "gated" else certificate.relu
    try:
        for label, seconds, gap, objective in peers.ladder(instance, peer, target, score):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
            print(json.dumps({"label": label, "seconds": seconds, "gap": gap, "objective": objective, "peak": peak}), flush=True)
    except MemoryError as why:
        print(json.dumps({"refused": str(why)}), flush=True)


main()

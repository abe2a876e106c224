"""Our numbers beside those of other libraries, as Markdown; fails where a loss shows that other work was done.
usage: compare.py BENCH.json PEERS.jsonl"""

import json
import sys

# How far a loss may be from ours, as a share: the inverse's gradient is a sign, which turns by rounding alone; the
# others only sum in another order.
TOLERANCES = {"inverse": 0.25, "ideal": 1e-3, "epoch": 0.02}


def main(bench, peers):
    with open(bench, encoding="utf-8") as file:
        document = json.load(file)
    ours = document["rows"]
    found, names = {}, []
    with open(peers, encoding="utf-8") as file:
        for line in (json.loads(line) for line in file if line.startswith("{")):
            if line["peer"] not in names:
                names.append(line["peer"])
            found[line["job"], line["peer"]] = line
    jobs = [job for job in ours if any((job, name) in found for name in names)]
    print(f"### Other libraries on the same card\n\n| job | minutia | {' | '.join(names)} |")
    print("|---" * (2 + len(names)) + "|")
    faults = []
    for job in jobs:
        value, check = ours[job]["value"], ours[job]["check"]
        cells = [f"{value:.4g}"]
        for name in names:
            line = found.get((job, name))
            cells.append(f"{line['value']:.4g} ({line['value'] / value:.2f}x)" if line else "-")
            if line and line["check"] is not None and check is not None:
                tolerance = next(limit for part, limit in TOLERANCES.items() if part in job)
                if not abs(line["check"] - check) <= tolerance * abs(check):
                    faults.append(f"{job}: {name} ends with a loss of {line['check']:.5g}, minutia with {check:.5g}")
        print(f"| {job} | {' | '.join(cells)} |")
    for fault in faults:
        print(f"\nFault: {fault}; do not compare them.")
    if not jobs:
        print("\nFault: no job was measured by both.")
    return 1 if faults or not jobs else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
"""Tables and a chart of one run of prime_bench.

    report.py RAW.json DIRECTORY

RAW.json is Google Benchmark's output. Writes keys.json (the figures of every round, and what follows
from them), keys.md and keys.svg into DIRECTORY. Python's standard library alone.

Times are the processor's, of all threads; on a core of its own that is the time by the clock, which
keys.json holds beside it. A round of a contender is one figure: the mean of the keys it made. Ratios
are those of the medians over the rounds; their interval is the middle 95 % of 4,000 bootstrap samples
(both sides' rounds drawn with replacement, fixed seed).
"""
import json
import pathlib
import random
import statistics
import sys

import chart

PEERS = ["gnutls", "nettle", "botan", "openssl"]
PEER_NAMES = {"gnutls": "GnuTLS", "nettle": "nettle", "botan": "Botan", "openssl": "OpenSSL", "gmp": "GMP"}
RESAMPLES = 4000


class Series:
    """The rounds of one benchmark: milliseconds a task, and Google Benchmark's counters."""

    def __init__(self, what, who, bits):
        self.what, self.who, self.bits = what, who, bits
        self.tasks_a_round, self.ms, self.wall_ms, self.counters = 0, [], [], {}

    def add(self, entry):
        tasks = entry.get("tasks", 1)
        self.tasks_a_round = int(tasks * entry["iterations"])
        self.ms.append(entry["cpu_time"] / tasks / 1e6)
        self.wall_ms.append(entry["real_time"] / tasks / 1e6)
        for name, value in entry.items():
            if name in ("cycles", "operations", "peak_per_cycle", "share_of_peak", "idle", "wasted",
                        "tests_a_prime", "lists_a_prime", "candidates_a_list", "memory_mib"):
                self.counters.setdefault(name, []).append(value)

    def median(self):
        return statistics.median(self.ms)

    def quartiles(self):
        if len(self.ms) < 2:
            return self.ms[0], self.ms[0]
        low, _, high = statistics.quantiles(self.ms, n=4, method="inclusive")
        return low, high

    def counter(self, name):
        return statistics.median(self.counters[name])


def read(raw):
    series = {}
    for entry in raw["benchmarks"]:
        if entry["run_type"] != "iteration":
            continue
        if entry.get("error_occurred"):
            sys.exit(f"report.py: {entry['name']}: {entry['error_message']}")
        what, who, bits = entry["run_name"].split("/")[:3]
        key = (what, who, int(bits))
        series.setdefault(key, Series(*key)).add(entry)
    return series


def ratio(slow, fast):
    """How many times as fast `fast` is: of medians, its interval, of means."""
    draw = random.Random(1)
    samples = sorted(
        statistics.median(draw.choices(slow.ms, k=len(slow.ms))) /
        statistics.median(draw.choices(fast.ms, k=len(fast.ms))) for _ in range(RESAMPLES))
    return {
        "median": round(slow.median() / fast.median(), 3),
        "low": round(samples[RESAMPLES // 40], 3),
        "high": round(samples[-RESAMPLES // 40], 3),
        "mean": round(statistics.fmean(slow.ms) / statistics.fmean(fast.ms), 3),
    }


def contenders(series, bits):
    """Of one size: ours by kernel, fastest first as prime_bench registers them, then the peers."""
    keys = [s for (what, _, b), s in series.items() if what == "key" and b == bits]
    ours = sorted((s for s in keys if s.who not in PEERS), key=Series.median)
    return ours + sorted((s for s in keys if s.who in PEERS), key=Series.median)


def sizes(series, what):
    return sorted({bits for (w, _, bits) in series if w == what})


def key_summary(series, s):
    low, high = s.quartiles()
    summary = {
        "bits": s.bits,
        "maker": s.who,
        "keys": s.tasks_a_round * len(s.ms),
        "keys_a_round": s.tasks_a_round,
        "ms_median": round(s.median(), 4),
        "ms_quartiles": [round(low, 4), round(high, 4)],
        "ms_mean": round(statistics.fmean(s.ms), 4),
        "rounds_ms": [round(x, 4) for x in s.ms],
        "rounds_wall_ms": [round(x, 4) for x in s.wall_ms],
    }
    if s.who not in PEERS:
        summary["kernel"], summary["candidates"] = s.who.split("-")
        summary["memory_mib"] = round(max(s.counters["memory_mib"]), 3)
        summary["times_as_fast_as"] = {
            peer: ratio(series["key", peer, s.bits], s) for peer in PEERS if ("key", peer, s.bits) in series}
    return summary


def operation_summary(s):
    summary = {"operation": s.what, "by": s.who, "bits": s.bits,
               "us_median": round(1000 * s.median(), 3),
               "us_quartiles": [round(1000 * x, 3) for x in s.quartiles()]}
    for name in s.counters:
        summary[name] = round(s.counter(name), 5)
    if s.what == "square":  # an iteration of it measures three things
        del summary["us_median"], summary["us_quartiles"]
    return summary


def table(head, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] + ["---:"] * (len(head) - 1)] + rows]
    return "\n".join(lines) + "\n"


def label(who):
    if who in PEER_NAMES:
        return PEER_NAMES[who]
    return f"**{who.replace('-', ', ')}**"


def key_table(series, bits):
    head = ["RSA " + str(bits), "keys", "ms: median", "quartiles", "mean"]
    head += ["x " + PEER_NAMES[p] for p in PEERS if ("key", p, bits) in series]
    rows = []
    for s in contenders(series, bits):
        summary = key_summary(series, s)
        low, high = s.quartiles()
        row = [label(s.who), f"{summary['keys']:,}", f"{s.median():.2f}", f"{low:.2f} - {high:.2f}",
               f"{summary['ms_mean']:.2f}"]
        for p in summary.get("times_as_fast_as", {}).values():
            row.append(f"{p['median']:.1f} ({p['low']:.1f} - {p['high']:.1f})")
        rows.append(row + [""] * (len(head) - len(row)))
    return table(head, rows)


def operation_table(series, what, unit_bits, scale=lambda s: 1000 * s.median()):
    who = list(dict.fromkeys(w for (k, w, _) in series if k == what))
    bits = [b for b in unit_bits if any((what, w, b) in series for w in who)]
    rows = [[label(w)] + [f"{scale(series[what, w, b]):.1f}" for b in bits]
            for w in sorted(who, key=lambda w: scale(series[what, w, bits[0]]))]
    return [str(b) for b in bits], rows


def operations(series):
    text = []
    bits = sizes(series, "screen")
    for what, title in (("screen", "base-2 screen (GMP: `mpz_powm`)"), ("round", "Miller-Rabin round"),
                        ("power", "power, random base and exponent"), ("sieve", "sieve, one window")):
        heads, rows = operation_table(series, what, bits)
        text.append(table([f"{title}: us a lane"] + [h + " bits" for h in heads], rows))
    heads, rows = operation_table(series, "candidates", bits,
                                  lambda s: 1000 * s.median() * s.counter("lists_a_prime"))
    text.append(table(["candidates of one prime: us"] + [h + " bits" for h in heads], rows))
    return "\n".join(text)


def squares(series):
    rows = []
    for (what, who, bits), s in series.items():
        if what == "square":
            rows.append([label(who), str(bits), f"{s.counter('operations'):,.0f}", f"{s.counter('cycles'):,.0f}",
                         f"{min(s.counters['cycles']):,.0f}", f"{s.counter('peak_per_cycle'):.2f}",
                         f"{100 * s.counter('share_of_peak'):.1f} %"])
    return table(["squaring of all lanes", "bits", "operations", "cycles: median", "least", "peak: operations a cycle",
                  "share of the peak"], sorted(rows, key=lambda r: (r[0], int(r[1]))))


def lanes(series):
    rows = []
    for (what, who, bits), s in series.items():
        if what == "primes":
            rows.append([label(who), str(bits), f"{s.median():.3f}", f"{s.counter('tests_a_prime'):.1f}",
                         f"{100 * s.counter('idle'):.2f} %", f"{100 * s.counter('wasted'):.2f} %"])
    return table(["whole primes", "bits", "ms a prime", "screened a prime", "lanes idle", "lanes wasted"],
                 sorted(rows))


def fresh_to_windowed(series, bits):
    parts = []
    for (what, who, b), s in series.items():
        windowed = ("key", who.replace("-fresh", "-windowed"), bits)
        if what == "key" and b == bits and who.endswith("-fresh"):
            r = ratio(s, series[windowed])
            parts.append(f"{who.split('-')[0]} {r['median']:.2f} ({r['low']:.2f} - {r['high']:.2f})")
    return f"Time of `fresh` to `windowed`, RSA {bits}: " + ", ".join(parts) + ".\n"


def memory(series):
    most = {}
    for (what, who, bits), s in series.items():
        if what == "key" and who not in PEERS:
            kernel = who.split("-")[0]
            most[kernel] = max(most.get(kernel, 0), *s.counters["memory_mib"])
    return ("Memory of one worker beside the sieve tables, most of all rounds: " +
            ", ".join(f"{kernel} {mib:.2f} MiB" for kernel, mib in most.items()) + ".\n")


def markdown(context, series):
    c = context
    libraries = ", ".join(f"{PEER_NAMES[name]} {c[name]}" for name in ["gmp"] + PEERS)
    text = ["# RSA keys: one core, one run\n",
            f"{c['date'][:10]}. Processor: {c['processor']}. Compiler: {c['compiler']}. Kernels of this machine: "
            f"{c['kernels']}. {libraries}. Load average at the start: {c['load_avg'][0]:.2f}. "
            f"Sieve tables of all sizes: {float(c['sieve_tables_mib']):.1f} MiB.\n",
            "Made by `benchmarks/run`. Processor time of one pinned core; the rounds of all makers are shuffled "
            "together. Ours are finished, checked keys, 64 at a time (8 for each lane). `x PEER`: how many times as "
            "fast, by the medians of the rounds, and the bootstrap's 95 % interval. GnuTLS makes its keys with nettle.\n"]
    for bits in sizes(series, "key"):
        text += [key_table(series, bits), fresh_to_windowed(series, bits)]
    text += [memory(series), squares(series), lanes(series), operations(series)]
    return "\n".join(text)


def main(raw_path, directory):
    raw = json.loads(pathlib.Path(raw_path).read_text())
    series, context = read(raw), raw["context"]
    summaries = [key_summary(series, s) for bits in sizes(series, "key") for s in contenders(series, bits)]
    kept = ["date", "processor", "num_cpus", "load_avg", "compiler", "kernels", "sieve_tables_mib", "gmp"] + PEERS
    result = {"context": {name: context[name] for name in kept}, "keys": summaries,
              "operations": [operation_summary(s) for s in series.values() if s.what != "key"]}
    out = pathlib.Path(directory)
    out.mkdir(parents=True, exist_ok=True)
    (out / "keys.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "keys.md").write_text(markdown(context, series))
    (out / "keys.svg").write_text(chart.keys(result["context"], summaries, PEER_NAMES))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

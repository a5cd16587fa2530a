#!/usr/bin/env python3
"""PyTorch's attention alone, with the shapes of ViLT-B/32's finest scale: what the attention kernel is compared with.

Scaled dot-product attention by FlashAttention, by cuDNN, by the memory-efficient kernel and by plain products, without the
count weight, which the first two do not have in this form. All requests have the same number of queries and keys, so that
nothing is padded. Prints a line of JSON for each; times are medians of graph replays on the device, checked against the plain
formula in fp32: "cold" ones go through more arrays than the L2 cache holds, the others read the same ones again and again.
"""
import argparse
import json
import math
import statistics
import sys
import time

try:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
except ImportError as error:
    print(f"{error}: nothing is measured")
    sys.exit(77)

HEADS, HEAD_SIZE, QUERIES, KEYS = 12, 64, 82, 165
# Bytes of arrays that a cold run goes through: more than twice the cache of any card.
COLD_BYTES = 256 << 20
TOLERANCE = {torch.float16: 3e-3, torch.bfloat16: 2e-2}


def timed(run, sets, device, replays):
    """Microseconds of one run, which goes through `sets` of arrays in turn."""
    if device == "cpu":
        start = time.perf_counter()
        run(sets[0])
        return 1e6 * (time.perf_counter() - start)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            run(sets[0])
    torch.cuda.synchronize()
    graph, repeats = torch.cuda.CUDAGraph(), max(50, len(sets))
    with torch.cuda.graph(graph):
        # Kept, so that each run has memory of its own to write to, as it has to read from.
        kept = [run(sets[i % len(sets)]) for i in range(repeats)]
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    times = []
    for _ in range(replays):
        begin.record()
        graph.replay()
        end.record()
        torch.cuda.synchronize()
        times.append(1e3 * begin.elapsed_time(end) / repeats)
    del graph, kept
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--device", default="cuda", help="cuda, or cpu to try the program; default: %(default)s")
    parser.add_argument("--replays", type=int, default=20)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    torch.set_grad_enabled(False)
    backends = {"flash": SDPBackend.FLASH_ATTENTION, "efficient": SDPBackend.EFFICIENT_ATTENTION,
                "cudnn": SDPBackend.CUDNN_ATTENTION, "math": SDPBackend.MATH}
    wrong = False
    for dtype in (torch.float16, torch.bfloat16):
        q, k, v = (torch.randn((arguments.batch, HEADS, tokens, HEAD_SIZE), device=arguments.device).to(dtype)
                   for tokens in (QUERIES, KEYS, KEYS))
        expected = torch.softmax(q.float() @ k.float().transpose(-1, -2) / math.sqrt(HEAD_SIZE), -1) @ v.float()
        read_bytes = sum(2 * t.numel() for t in (q, k, v, q))
        copies = 1 if arguments.device == "cpu" else math.ceil(COLD_BYTES / read_bytes)
        sets = [(q, k, v)] + [(q.clone(), k.clone(), v.clone()) for _ in range(copies - 1)]
        run = lambda of: torch.nn.functional.scaled_dot_product_attention(*of)
        for name, backend in backends.items():
            record = {"record": "attention peer", "by": name, "type": str(dtype), "batch": arguments.batch, "device": arguments.device}
            try:
                with sdpa_kernel(backend):
                    record["error"] = (run(sets[0]).float() - expected).abs().max().item()
                    record["us"] = timed(run, sets[:1], arguments.device, arguments.replays)
                    record["us_cold"] = timed(run, sets, arguments.device, arguments.replays)
            except RuntimeError as error:
                record["missing"] = str(error).splitlines()[0]
                if "CUDA error" in str(error):
                    print(json.dumps(record), flush=True)
                    print(f"FAILED {name} in {dtype}: the device is lost to this process, the rest is not run")
                    return 1
            if not record.get("error", 0) <= TOLERANCE[dtype]:  # nor a NaN
                wrong = True
                print(f"FAILED {name} in {dtype}: off by {record['error']:.1e}, expected at most {TOLERANCE[dtype]:.0e}")
            print(json.dumps(record), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())

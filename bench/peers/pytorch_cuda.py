#!/usr/bin/env python3
"""The model of MODEL.md in PyTorch on a GPU: what ScanFormer is compared with there.

Reads a workload that org.scanformer.bench.WorkloadExport has written (model, image pyramids, masks, text, ScanFormer's
boxes), checks that its own boxes are ScanFormer's, and times itself. Variants, each of both schedules:

  eager     as it is written: SDPA, KV cache, ln n as a bias on the constant tokens' keys
  graph     the same, captured in a CUDA graph
  compiled  made by torch.compile for these shapes, and captured

In the captured ones a segment is padded up to a multiple of --bucket tokens whose keys are masked, since a graph serves
one shape; on a CPU nothing is captured, but padded all the same. Times are a call's on the host, image pyramids on the device to boxes on the host, of --calls behind --warmup;
the text is in the cache, as encoded before. Prints a line of JSON for each; exits with 77 where there is no PyTorch.
A fault on the device ends the program, as nothing works behind it: variants of whom one may fault take a process each.
"""
import argparse
import json
import math
import pathlib
import statistics
import sys
import time
import traceback

try:
    import numpy
    import torch
    import torch.nn.functional as F
    from safetensors.torch import load_file
except ImportError as error:
    print(f"{error}: nothing is measured")
    sys.exit(77)

TOLERANCE = {"fp32": 2e-4, "tf32": 3e-3, "fp16": 3e-3, "bf16": 2e-2}
TYPES = {"fp32": torch.float32, "tf32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
# Which of SDPA's kernels may be chosen.
ATTENTION = {"any": ("flash", "mem_efficient", "cudnn", "math"), "without-cudnn": ("flash", "mem_efficient", "math"), "math": ("math",)}
# Elements that rows of a bias are apart by a multiple of: fused kernels read them by vectors.
ALIGNED = 64
VARIANTS = [kind + "/" + schedule for kind in ("eager", "graph", "compiled") for schedule in ("per-scale", "final-only")]


class Workload:
    """What WorkloadExport has written."""

    def __init__(self, directory, device):
        self.directory = pathlib.Path(directory)
        described = json.loads((self.directory / "workload.json").read_text())
        self.batch = described["batch"]
        self.selection = described["selection"]
        self.ids = described["ids"]
        self.grids = described["grids"]  # [rows, cols] a scale
        self.boxes = torch.tensor(json.loads((self.directory / "boxes.json").read_text()))  # [batch, 4], ScanFormer's in fp32
        self.model = pathlib.Path(described["model"])
        self.config = json.loads((self.model / "config.json").read_text())
        self.canvases = []
        self.selected = []
        patch = self.config["patch_size"]
        for s, (rows, cols) in enumerate(self.grids):
            pixels = numpy.fromfile(self.directory / f"canvas-{s}.f32", dtype="<f4")
            shape = self.batch, 3, rows * patch, cols * patch
            self.canvases.append(torch.from_numpy(pixels).view(shape).to(device))
            mask = numpy.fromfile(self.directory / f"mask-{s}.u8", dtype=numpy.uint8).reshape(self.batch, -1)
            # Every request has the same number of them: [batch, selected], rising.
            self.selected.append(torch.from_numpy(numpy.stack([numpy.flatnonzero(m) for m in mask])).to(device))


class Model(torch.nn.Module):
    """Segments of one workload through the encoder. Segment 0 is the text, segment s + 1 is scale s."""

    def __init__(self, workload, dtype, device, bucket):
        super().__init__()
        self.config = config = workload.config
        self.dtype = dtype
        self.batch = workload.batch
        self.hidden = config["hidden_size"]
        self.heads = config["num_attention_heads"]
        self.patch = config["patch_size"]
        self.layers = config["num_hidden_layers"]
        self.encoder1 = config["encoder1_layers"]
        stored = {n: t.to(device).float() for n, t in load_file(str(workload.model / "model.safetensors")).items()}
        self.weights = {n: t.to(dtype) for n, t in stored.items()}
        for i in range(self.layers):
            name = f"encoder.layer.{i}.attention.attention."
            for part in "weight", "bias":
                self.weights[f"{name}qkv.{part}"] = torch.cat(
                    [self.weights.pop(f"{name}{m}.{part}") for m in ("query", "key", "value")])
        self.scales = len(workload.grids)
        counts = [s.shape[1] for s in workload.selected]
        totals = [rows * cols for rows, cols in workload.grids]
        # Tokens of each segment that mean something, and with the padding of its bucket.
        self.real = [len(workload.ids)] + [1 + c + (c < t) for c, t in zip(counts, totals)]
        self.padded = [math.ceil(n / bucket) * bucket for n in self.real]
        self.starts = [sum(self.padded[:i]) for i in range(len(self.padded) + 1)]
        self.prepare_tokens(workload, stored, counts, totals)
        self.prepare_bias(counts, totals, device)
        keys = self.starts[-1]
        shape = self.batch, self.heads, keys, self.hidden // self.heads
        self.keys = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(self.layers)]
        self.values = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(self.layers)]
        self.to_text(workload, stored, device)

    def prepare_tokens(self, workload, stored, counts, totals):
        grid = self.config["position_grid"]
        positions = stored["embeddings.position_embeddings"]
        square = positions[:, 1:].reshape(1, grid, grid, self.hidden).permute(0, 3, 1, 2)
        modality = stored["embeddings.token_type_embeddings.weight"][1]
        self.lines, self.places, self.first, self.last = [], [], [], []
        for s, (rows, cols) in enumerate(workload.grids):
            scale = stored["embeddings.scale_embeddings.weight"][s] + modality
            where = F.interpolate(square, size=(rows, cols), mode="bilinear", align_corners=True)
            where = where.flatten(2)[0].T + scale  # [rows * cols, hidden]
            index = workload.selected[s]
            self.places.append(where[index].to(self.dtype))
            self.lines.append(index)
            first = (stored["embeddings.cls_token"] + positions[:, :1] + scale).to(self.dtype)
            self.first.append(first.expand(self.batch, 1, self.hidden))
            last = (stored["embeddings.constant_token"] + scale).to(self.dtype).expand(self.batch, 1, self.hidden)
            padding = self.padded[s + 1] - self.real[s + 1]
            zeros = torch.zeros_like(last).expand(self.batch, padding, self.hidden)
            self.last.append(torch.cat([last, zeros], 1) if counts[s] < totals[s] else zeros)

    def prepare_bias(self, counts, totals, device):
        """ln n of the constant tokens, and minus infinity where a segment's tokens must not look."""
        keys = self.starts[-1]
        row = torch.zeros(keys)
        for segment, real in enumerate(self.real):
            row[self.starts[segment] + real:self.starts[segment + 1]] = -math.inf
        for s in range(self.scales):
            if counts[s] < totals[s]:
                row[self.starts[s + 1] + self.real[s + 1] - 1] = math.log(totals[s] - counts[s])
        rows = []
        for segment in range(self.scales + 1):
            own = row.clone()
            own[self.starts[segment + 1]:] = -math.inf
            rows.append(own.expand(self.padded[segment], keys))
        tokens = torch.cat(rows)
        aligned = torch.zeros(tokens.shape[0], math.ceil(keys / ALIGNED) * ALIGNED, dtype=self.dtype, device=device)
        aligned[:, :keys] = tokens.to(device=device, dtype=self.dtype)
        self.bias = aligned[:, :keys]  # [tokens, keys]
        # Without masked keys and counts SDPA may take its fastest kernels.
        self.plain = [bool((self.bias[self.starts[s], :self.starts[s + 1]] == 0).all())
                      for s in range(self.scales + 1)]

    def to_text(self, workload, stored, device):
        """Encodes the text into the cache, once."""
        name = "embeddings.text_embeddings."
        ids = torch.tensor(workload.ids, device=device)
        x = stored[name + "word_embeddings.weight"][ids]
        x = x + stored[name + "position_embeddings.weight"][:len(ids)] + stored[name + "token_type_embeddings.weight"][0]
        x = F.layer_norm(x, (self.hidden,), stored[name + "LayerNorm.weight"], stored[name + "LayerNorm.bias"],
                         self.config["text_layer_norm_eps"])
        x = x + stored["embeddings.token_type_embeddings.weight"][0]
        padded = torch.zeros(self.batch, self.padded[0], self.hidden, dtype=self.dtype, device=device)
        padded[:, :len(ids)] = x.to(self.dtype)
        self.encode(padded, 0, 1, 0, self.layers)

    # ---- A call ----

    def linear(self, x, name):
        return F.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def norm(self, x, name):
        return F.layer_norm(x, (self.hidden,), self.weights[name + ".weight"], self.weights[name + ".bias"],
                            self.config["layer_norm_eps"])

    def tokens(self, canvas, s):
        """The padded segment of a scale from its canvas [batch, 3, height, width]."""
        batch, _, height, width = canvas.shape
        p = self.patch
        patches = canvas.view(batch, 3, height // p, p, width // p, p).permute(0, 2, 4, 1, 3, 5)
        chosen = patches[torch.arange(batch, device=canvas.device)[:, None], self.lines[s] // (width // p),
                         self.lines[s] % (width // p)]
        weight = self.weights["embeddings.patch_embeddings.projection.weight"].flatten(1)
        bias = self.weights["embeddings.patch_embeddings.projection.bias"]
        x = F.linear(chosen.reshape(batch, -1, 3 * p * p).to(self.dtype), weight, bias) + self.places[s]
        return torch.cat([self.first[s], x, self.last[s]], 1)

    def encode(self, x, first, end, begin_layer, end_layer, queries=None):
        """Segments first to end (exclusive) through layers; of the last layer the rows `queries` alone."""
        start, stop = self.starts[first], self.starts[end]
        bias = self.bias[start:stop, :stop]
        if end - first == 1:
            bias = None if self.plain[first] else bias
        for i in range(begin_layer, end_layer):
            name = f"encoder.layer.{i}."
            qkv = self.linear(self.norm(x, name + "layernorm_before"), name + "attention.attention.qkv")
            q, k, v = (t.view(self.batch, -1, self.heads, self.hidden // self.heads).transpose(1, 2)
                       for t in qkv.chunk(3, -1))
            self.keys[i][:, :, start:stop] = k
            self.values[i][:, :, start:stop] = v
            if i == self.layers - 1 and queries is not None:
                q, x = q[:, :, queries], x[:, queries]
                bias = None if bias is None else bias[queries]
            context = F.scaled_dot_product_attention(q, self.keys[i][:, :, :stop], self.values[i][:, :, :stop], bias)
            x = x + self.linear(context.transpose(1, 2).reshape(self.batch, -1, self.hidden),
                                name + "attention.output.dense")
            hidden = F.gelu(self.linear(self.norm(x, name + "layernorm_after"), name + "intermediate.dense"))
            x = x + self.linear(hidden, name + "output.dense")
        return x

    def child_logits(self, x, s):
        """[batch, selected, 4]; made, as a call has to, and not used: masks are given."""
        patches = x[:, 1:1 + self.lines[s].shape[1]]
        hidden = F.gelu(self.linear(self.norm(patches, "selection_head.layernorm"), "selection_head.dense"))
        return self.linear(hidden, "selection_head.out_proj")

    def box(self, reg):
        """[batch, 4] from [REG] behind the last layer."""
        r = self.norm(reg, "layernorm")
        hidden = F.relu(self.linear(r, "box_head.layers.0"))
        hidden = F.relu(self.linear(hidden, "box_head.layers.1"))
        score = self.linear(r, "score_head").sigmoid() if "score_head.weight" in self.weights else None
        return self.linear(hidden, "box_head.layers.2").sigmoid(), score

    def per_scale(self, *canvases):
        """The box after every scale; each scale's tokens go through all layers before the next one's."""
        boxes, logits = [], []
        for s, canvas in enumerate(canvases):
            x = self.encode(self.tokens(canvas, s), s + 1, s + 2, 0, self.encoder1)
            if s < self.scales - 1:
                logits.append(self.child_logits(x, s))
            x = self.encode(x, s + 1, s + 2, self.encoder1, self.layers, slice(0, 1))
            boxes.append(self.box(x[:, 0]))
        return boxes, logits

    def final_only(self, *canvases):
        """All scales through Encoder1, then all of their tokens through Encoder2 at once."""
        middles, logits = [], []
        for s, canvas in enumerate(canvases):
            middles.append(self.encode(self.tokens(canvas, s), s + 1, s + 2, 0, self.encoder1))
            if s < self.scales - 1:
                logits.append(self.child_logits(middles[-1], s))
        reg = self.starts[self.scales] - self.starts[1]
        x = self.encode(torch.cat(middles, 1), 1, self.scales + 1, self.encoder1, self.layers, slice(reg, reg + 1))
        return [self.box(x[:, 0])], logits


def prepare(workload, variant, precision, device, bucket):
    """A function that makes a call and gives the last boxes on the host, [batch, 4]."""
    kind, schedule = variant.split("/")
    model = Model(workload, TYPES[precision], device, 1 if kind == "eager" else bucket)
    run = model.per_scale if schedule == "per-scale" else model.final_only
    if kind == "compiled":
        run = torch.compile(run, fullgraph=True, dynamic=False)
    if kind == "eager" or device == "cpu":
        return lambda: run(*workload.canvases)[0][-1][0].float().cpu()
    # Outside of the capture first, on another queue: what libraries allocate or choose at first stays out of it.
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            run(*workload.canvases)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        boxes = run(*workload.canvases)[0][-1][0].float()

    def call():
        graph.replay()
        return boxes.cpu()

    return call


def measure(call, calls, warmup):
    for _ in range(warmup):
        call()
    millis = []
    for _ in range(calls):
        start = time.perf_counter()
        call()
        millis.append((time.perf_counter() - start) * 1e3)
    millis.sort()
    return {"us": 1e3 * statistics.median(millis), "us_p99": 1e3 * millis[min(len(millis) - 1, len(millis) * 99 // 100)],
            "us_least": 1e3 * millis[0]}


def run(variant, workload, with_):
    """Measures a variant; its record."""
    if variant not in VARIANTS:
        raise ValueError(f"unknown variant, expected one of {', '.join(VARIANTS)}")
    kind, schedule = variant.split("/")
    call = prepare(workload, variant, with_.precision, with_.device, with_.bucket)
    # Of a second call: the first may have left what it should not.
    boxes = [call() for _ in range(2)][-1]
    difference = (boxes - workload.boxes).abs().max().item()
    if not difference <= TOLERANCE[with_.precision]:
        raise ValueError(f"boxes differ from ScanFormer's by {difference:.1e}, expected at most {TOLERANCE[with_.precision]:.0e}")
    return {"record": "call", "by": "pytorch " + kind, "device": str(workload.canvases[0].device), "batch": workload.batch,
            "selection": workload.selection, "schedule": schedule.upper().replace("-", "_"), "precision": with_.precision.upper(),
            "attention": with_.attention, "difference": difference, **measure(call, with_.calls, with_.warmup)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", help="directory that WorkloadExport has written")
    parser.add_argument("--precision", choices=TYPES, default="bf16")
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--bucket", type=int, default=16, help="tokens that a captured segment is rounded up to")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--attention", choices=ATTENTION, default="any", help="kernels that SDPA may choose from")
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--warmup", type=int, default=20)
    arguments = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = arguments.precision == "tf32"
    torch.set_grad_enabled(False)
    for name in ATTENTION["any"]:
        getattr(torch.backends.cuda, f"enable_{name}_sdp")(name in ATTENTION[arguments.attention])
    workload = Workload(arguments.workload, arguments.device)
    wrong = False
    for variant in arguments.variants.split(","):
        try:
            print(json.dumps(run(variant, workload, arguments)), flush=True)
        except Exception as error:  # pylint: disable=broad-except
            # Whatever it is, the other variants tell more.
            wrong = True
            print(f"FAILED {variant}, not timed: {type(error).__name__}: {str(error)[:1000]}", flush=True)
            traceback.print_exc(limit=-8, file=sys.stdout)
            if "CUDA error" in str(error):
                print("The device is lost to this process: what is left of its variants is not run.", flush=True)
                break
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

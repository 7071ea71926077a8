"""PyTorch on the CPU, eager, layer by layer as the task lists them. Speaks as serve.ts does: see there."""

import base64
import json
import os
import resource
import sys
import time

said = os.fdopen(3, "w")


def say(**what):
    said.write(json.dumps(what) + "\n")
    said.flush()


def read_safetensors(path):
    """Tensors by name."""
    data = numpy.fromfile(path, dtype=numpy.uint8)
    start = 8 + int(data[:8].view(numpy.uint64)[0])
    tensors = {}
    for name, entry in json.loads(data[8:start].tobytes()).items():
        begin, end = (start + offset for offset in entry["data_offsets"])
        tensors[name] = torch.from_numpy(data[begin:end].view(numpy.float32).reshape(entry["shape"]))
    return tensors


def padding(pad):
    top, right, bottom, left = pad
    return [left, right, top, bottom]


def pool(x, attrs, shape, function, fill):
    """Pads to what the windows of `shape` reach, so that every rounding comes out the same."""
    (height, width), (kh, kw), (sh, sw) = shape[:2], attrs["kernel"], attrs["stride"]
    top, _, _, left = attrs["pad"]
    down = max((height - 1) * sh + kh - x.shape[2] - top, 0)
    right = max((width - 1) * sw + kw - x.shape[3] - left, 0)
    if top or left or down or right:
        if fill is None:
            raise ValueError("avgpool with padding is not written")
        x = F.pad(x, [left, right, top, down], value=fill)
    return function(x, (kh, kw), (sh, sw))


def layer(op, attrs, shape, inputs, params):
    x = inputs[0]
    if op == "conv":
        pad = attrs["pad"]
        if pad[0] == pad[2] and pad[1] == pad[3]:
            return F.conv2d(x, *params, stride=attrs["stride"], padding=(pad[0], pad[1]), dilation=attrs["dilation"], groups=attrs["groups"])
        return F.conv2d(F.pad(x, padding(pad)), *params, stride=attrs["stride"], dilation=attrs["dilation"], groups=attrs["groups"])
    if op == "dense":
        return F.linear(x.flatten(1), *params)
    if op == "relu":
        return F.relu(x, inplace=True)
    if op == "lrn":
        scale = attrs["size"] if attrs["reduce"] == "sum" else 1
        return F.local_response_norm(x, attrs["size"], alpha=attrs["alpha"] * scale, beta=attrs["beta"], k=attrs["k"])
    if op == "maxpool":
        return pool(x, attrs, shape, F.max_pool2d, float("-inf"))
    if op == "avgpool":
        return pool(x, attrs, shape, F.avg_pool2d, None)
    if op == "global_avgpool":
        return x.mean((2, 3), keepdim=True)
    if op == "concat":
        return torch.cat(inputs, 1)
    if op == "add":
        return inputs[0] + inputs[1]
    if op == "batchnorm":
        weight, bias, mean, variance = params
        return F.batch_norm(x, mean, variance, weight, bias, eps=attrs["epsilon"])
    if op == "flatten":
        return x.flatten(1)
    if op == "dropout":
        return x
    if op == "softmax":
        return F.softmax(x, 1)
    raise ValueError(f"{op} is not written for this peer")


def serve(task):
    torch.set_num_threads(task["threads"])
    torch.set_grad_enabled(False)
    tensors = read_safetensors(task["safetensors"])
    layers = [(each, [tensors[param["name"]] for param in each["params"]]) for each in task["layers"]]
    say(event="loaded", note=f"torch {torch.__version__}, {torch.get_num_threads()} threads")

    def run(images):
        values = {task["input"]["name"]: torch.from_numpy(images)}
        for each, params in layers:
            inputs = [values[name] for name in each["inputs"]]
            values[each["id"]] = layer(each["op"], each["attrs"], each["shape"], inputs, params)
        return values[task["output"]["name"]].numpy()

    images = numpy.fromfile(task["images"], dtype=numpy.float32).reshape([task["batch"], *task["input"]["shape"]])
    if images.ndim == 4:
        images = numpy.ascontiguousarray(images.transpose(0, 3, 1, 2))
    result = run(images)
    if result.ndim == 4:
        result = result.transpose(0, 2, 3, 1)
    say(event="first", result=base64.b64encode(numpy.ascontiguousarray(result).tobytes()).decode())
    for line in sys.stdin:
        if line.strip() != "run":
            break
        start = time.perf_counter()
        run(images)
        ms = 1000 * (time.perf_counter() - start)
        say(event="ran", ms=ms, rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


try:
    import numpy
    import torch
    import torch.nn.functional as F

    with open(sys.argv[1], encoding="utf-8") as file:
        serve(json.load(file))
except Exception as fault:
    say(event="failed", message=str(fault))
    sys.exit(1)

"""The bare loop of `blocks.ts` in Python, as anybody would write it: no code of ours, one call after another."""
import json
import statistics
import sys
import time

import numpy
import onnxruntime

job = json.loads(sys.argv[1])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = job["threads"]
options.inter_op_num_threads = 1
# The weights lie beside the model, where it names them.
session = onnxruntime.InferenceSession(job["model"], options, providers=[job["provider"].upper() + "ExecutionProvider"])
# Never a silent CPU.
assert session.get_providers()[0] == job["provider"].upper() + "ExecutionProvider", session.get_providers()
random = numpy.random.default_rng()
feeds = {each["name"]: random.uniform(-1.73, 1.73, each["shape"]).astype(numpy.float32) for each in job["inputs"]}


def loop(ms, calls):
    samples = []
    start = time.perf_counter()
    while (time.perf_counter() - start) * 1000 < ms or len(samples) < calls:
        before = time.perf_counter()
        session.run(None, feeds)
        samples.append((time.perf_counter() - before) * 1000)
    return samples


loop(job["warmupMs"], job["warmupCalls"])
print(statistics.median(loop(job["timedMs"], job["timedCalls"])))

"""Builds and evaluates the graph of BenchmarkHost with MLX's own Python binding.

Not in CI.  python3 -m venv /tmp/v && /tmp/v/bin/pip install 'mlx[cpu]==0.32.4' && /tmp/v/bin/python mlx/bench/host.py
Compare with: go test ./mlx -run '^$' -bench Host
"""

import time

import mlx.core as mx

LAYERS, WIDTH, STEPS = 28, 16, 200
mx.set_default_device(mx.cpu)
x0 = mx.full((1, WIDTH), 1.0)
norm = mx.full((WIDTH,), 1.0)
w = mx.full((WIDTH, WIDTH), 0.01)
mx.eval(x0, norm, w)


def layer(x):
    h = mx.fast.rms_norm(x, norm, 1e-6)
    q, k, v = (mx.unflatten(h @ w.T, -1, (2, -1)) for _ in range(3))
    s = mx.softmax((q * k).sum(-1, keepdims=True) * 0.25, axis=1)
    y = (s * v).flatten(1, 2)
    x = x + y @ w.T
    h = mx.fast.rms_norm(x, norm, 1e-6)
    g = h @ w.T
    g = g * mx.sigmoid(g)
    return x + (g * (h @ w.T)) @ w.T


build = evaluate = 0.0
for step in range(STEPS + 20):
    t0 = time.perf_counter()
    y = x0
    for _ in range(LAYERS):
        y = layer(y)
    t1 = time.perf_counter()
    mx.eval(y)
    t2 = time.perf_counter()
    del y
    if step >= 20:
        build += t1 - t0
        evaluate += t2 - t1
ops = LAYERS * 22
print(f"build {build / STEPS / ops * 1e9:.0f} ns/op, eval {evaluate / STEPS / ops * 1e9:.0f} ns/op, step {(build + evaluate) / STEPS * 1e3:.2f} ms")

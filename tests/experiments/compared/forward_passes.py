"""The forward passes of four compared networks in NumPy, written from their descriptions, one sample at a time.

weights: {layer's name: list of arrays, as Keras orders them}. x: (frames, bodies, joints, 3).
"""

import numpy as np


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, kernel, recurrent, bias):
    """States (T, units) of an LSTM whose gates are input, forget, candidate, output."""
    h = c = np.zeros(len(recurrent))
    states = []
    for frame in x:
        i, f, g, o = np.split(frame @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.array(states)


def normalize(x, gamma, beta, mean, variance, epsilon=1e-5):
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def convolve(x, kernel, bias, stride=1):
    """x (rows, columns, channels), zeros around it; kernel (height, width, in, out), centred on each place."""
    height, width = kernel.shape[:2]
    padded = np.pad(x, [(height // 2, height // 2), (width // 2, width // 2), (0, 0)])
    rows = []
    for row in range(0, x.shape[0], stride):
        rows.append(
            [
                np.tensordot(padded[row : row + height, column : column + width], kernel, 3) + bias
                for column in range(x.shape[1])
            ]
        )
    return np.array(rows)


def pool(x):
    """The maxima of 2x2 squares."""
    return np.array(
        [
            [
                x[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].max(axis=(0, 1))
                for column in range(x.shape[1] // 2)
            ]
            for row in range(x.shape[0] // 2)
        ]
    )


def va_lstm(x, weights):
    frames = len(x)
    flat = x.reshape(frames, -1)

    def regressed(name):
        kernel, bias = weights[name]
        return lstm(flat, *weights[f"{name}_lstm"]) @ kernel + bias

    angles, shifts = regressed("rotation"), regressed("shift")
    seen = []
    for joints, (y, p, r), shift in zip(x.reshape(frames, -1, 3), angles, shifts, strict=True):
        turn_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
        turn_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
        turn_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
        moved = [turn_z @ turn_y @ turn_x @ (joint + shift) if joint.any() else joint for joint in joints]
        seen.append(np.concatenate(moved))
    states = np.array(seen)
    for layer in ("main_1", "main_2", "main_3"):
        states = lstm(states, *weights[layer])
    return states.mean(axis=0)


def hcn(x, weights):
    frames, features = len(x), []
    for body in np.moveaxis(x, 1, 0):
        steps = body[1:] - body[:-1]
        motion = np.empty_like(body)
        for frame in range(frames):
            # the centre of a frame among the frames, where the steps have as much room
            place = min(max((frame + 0.5) * (frames - 1) / frames - 0.5, 0), frames - 2)
            below = min(int(place), frames - 3)
            motion[frame] = steps[below] + (place - below) * (steps[below + 1] - steps[below])
        branches = []
        for name, branch in (("joints", body), ("motion", motion)):
            points = relu(convolve(branch, *weights[f"conv1_{name}"]))
            points = convolve(points, *weights[f"conv2_{name}"]).transpose(0, 2, 1)
            co_occurring = pool(convolve(points, *weights[f"conv3_{name}"]))
            branches.append(pool(convolve(co_occurring, *weights[f"conv4_{name}"])))
        together = np.concatenate(branches, axis=-1)
        together = pool(relu(convolve(together, *weights["conv5"])))
        features.append(pool(relu(convolve(together, *weights["conv6"]))).ravel())
    kernel, bias = weights["fc7"]
    return relu(np.max(features, axis=0) @ kernel + bias)


def distances(bones, joints, center):
    """Bones between each joint and the centre."""
    distance, ring = {center: 0}, [center]
    while ring:
        joint = ring.pop(0)
        for pair in bones:
            if joint in pair:
                (other,) = set(pair) - {joint}
                if other not in distance:
                    distance[other] = distance[joint] + 1
                    ring.append(other)
    return [distance[joint] for joint in range(joints)]


def graph_convolution(x, bones, center, kernel, bias, edges):
    """Eq. 10 for the three sets; x (T, V, C)."""
    joints, filters = x.shape[1], kernel.shape[1] // 3
    distance = distances(bones, joints, center)
    out = np.zeros((*x.shape[:2], filters))
    for target in range(joints):
        for source in range(joints):
            pair = {(source, target), (target, source)}
            if source != target and not pair & set(bones):
                continue
            which = 0 if distance[source] == distance[target] else 1 if distance[source] > distance[target] else 2
            of_set = slice(which * filters, (which + 1) * filters)
            degree = 1 + sum(target in bone for bone in bones)
            message = x[:, source] @ kernel[:, of_set] + bias[of_set]
            out[:, target] += edges[which, source, target] / degree * message
    return out


def st_gcn(x, weights, bones, center):
    features = []
    for body in np.moveaxis(x, 1, 0):
        out = normalize(body.reshape(len(body), -1), *weights["coordinates"]).reshape(body.shape)
        for unit in range(1, 11):
            stride = 2 if unit in (5, 8) else 1
            before, (edges, kernel, bias) = out, weights[f"unit{unit}_graph"]
            out = graph_convolution(out, bones, center, kernel, bias, edges)
            out = relu(normalize(out, *weights[f"unit{unit}_graph_bn"]))
            out = normalize(convolve(out, *weights[f"unit{unit}_time"], stride), *weights[f"unit{unit}_time_bn"])
            if unit in (5, 8):
                before = convolve(before, *weights[f"unit{unit}_residual"], stride)
                before = normalize(before, *weights[f"unit{unit}_residual_bn"])
            out = relu(out if unit == 1 else out + before)
        features.append(out.mean(axis=(0, 1)))
    return np.mean(features, axis=0)


def sgn(x, weights):
    features = []
    for body in np.moveaxis(x, 1, 0):
        velocity = np.zeros_like(body)
        velocity[1:] = body[1:] - body[:-1]

        def embed(values, name, shape=body.shape):
            out = normalize(values.reshape(len(values), -1), *weights[f"{name}_bn"]).reshape(shape)
            for number in (1, 2):
                kernel, bias = weights[f"{name}_embed{number}"]
                out = relu(out @ kernel + bias)
            return out

        def number(name):
            first, first_bias, second, second_bias = weights[name]
            return relu(relu(first + first_bias) @ second + second_bias)  # the rows of an identity matrix

        dynamics = embed(body, "position") + embed(velocity, "velocity")
        out = np.concatenate([dynamics, np.repeat(number("joint")[None], len(body), axis=0)], axis=-1)
        theta, phi = (out @ kernel + bias for kernel, bias in (weights["theta"], weights["phi"]))
        graph = np.exp(np.einsum("tjc,tkc->tjk", theta, phi))
        graph /= graph.sum(axis=-1, keepdims=True)
        for layer in ("gcn1", "gcn2", "gcn3"):
            (near,), (own, bias) = weights[f"{layer}_near"], weights[f"{layer}_own"]
            out = relu(normalize(graph @ out @ near + out @ own + bias, *weights[f"{layer}_bn"]))
        over_joints = (out + number("frame")[:, None]).max(axis=1)
        for layer in ("cnn1", "cnn2"):
            kernel, bias = weights[layer]
            over_joints = convolve(over_joints[:, None], kernel[:, None], bias)[:, 0]
            over_joints = relu(normalize(over_joints, *weights[f"{layer}_bn"]))
        features.append(over_joints.max(axis=0))
    return np.mean(features, axis=0)

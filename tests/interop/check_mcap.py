"""The mcap library reads every message, with all CRCs validated."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter

import numpy as np
from checking import arguments, number_in, passed
from mcap.reader import make_reader
from PIL import Image

expected = arguments()
messages = pictures = 0
for episode in expected.episodes:
    path = expected.export("mcap") / f"episode_{episode['number']:06d}.mcap"
    counts: Counter[str] = Counter()
    numbers, before = [], 0
    with open(path, "rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        assert summary is not None
        offset = None
        for schema, channel, message in reader.iter_messages():
            assert channel.message_encoding == "json"
            said = json.loads(message.data)
            described = json.loads(schema.data)["properties"]
            assert set(said) <= set(described), (channel.topic, set(said) - set(described))
            stamp = said["timestamp"]["sec"] * 1_000_000_000 + said["timestamp"]["nsec"]
            assert stamp == message.log_time == message.publish_time
            assert message.log_time >= before
            before = message.log_time
            offset = message.log_time - said["stamp_ns"] if offset is None else offset
            assert message.log_time - said["stamp_ns"] == offset
            counts[channel.topic] += 1
            if schema.name == "foxglove.CompressedImage":
                with Image.open(io.BytesIO(base64.b64decode(said["data"]))) as image:
                    picture = np.asarray(image.convert("RGB"))
                pictures += 1
                if expected.is_made_up:
                    assert number_in(picture) == said["seq"]
                    numbers.append(said["seq"])
            elif schema.name == "foxglove.RawImage":
                size = len(base64.b64decode(said["data"]))
                assert size == said["step"] * said["height"]
        names = [one.name for one in reader.iter_metadata()]
        assert names == ["thenar.episode", "thenar.labels", "thenar.export"]
    assert summary.statistics.message_count == sum(counts.values())
    samples = {f"/{name}": count for name, count in episode["samples"].items()}
    recorded = {name: n for name, n in counts.items() if not name.startswith("/labels/")}
    assert recorded == samples, {k: (recorded.get(k), n) for k, n in samples.items()}
    messages += sum(counts.values())
passed(
    "mcap",
    f"`make_reader(validate_crcs=True)` reads {messages} messages of {len(expected.episodes)} "
    "files; per stream as many as recorded samples; times rise, equal their stamps but for one "
    f"constant, fields are described by the schemas; {pictures} pictures decode"
    + (" and carry the number of their sample" if expected.is_made_up else ""),
)

"""How much of a foreign file is too much, and why.

The figures lie well above what honest recordings reach and well below what harms this computer.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MIB = 1 << 20
GIB = 1 << 30


class Limits(BaseModel):
    """Limits of one guarded read.

    Attributes
    ----------
    address_space_bytes : int
        Memory of the child. The largest picture allowed is 200 MB, and decoders keep several.
    cpu_s : int
        Processor time of one child; the parent takes a new one every few minutes.
    silence_s : float
        The parent ends a child that says nothing for this long; an honest answer takes
        milliseconds, seeking in a long video a few seconds.
    open_files : int
        A child needs its pipes, one foreign file and what its libraries keep open.
    json_bytes, json_depth : int
        Size and nesting of a JSON document; ``info.json`` of LeRobot nests four deep.
    message_bytes : int
        Array bytes of one message to the parent.
    hdf5_objects, hdf5_depth, hdf5_attributes : int
        Groups and datasets in a file, how deep they nest, attributes of one of them. A
        thousand robomimic demos of twenty arrays are 22 000 objects, four deep.
    name_bytes : int
        Length of one name: the limit of common file systems.
    attribute_bytes : int
        One attribute; robomimic stores whole scene descriptions in one.
    ratio : float
        Claimed size over stored size. Deflate reaches about 1000 on zeros alone, a few on data;
        with a limit of 2000 a bomb of 957 passed.
    ratio_floor_bytes : int
        Below this a ratio says nothing: a small file may well hold a few zeros.
    chunk_bytes : int
        One HDF5 chunk is inflated whole, so it must fit into memory many times.
    total_bytes : int
        Sum of everything a file claims to hold.
    file_bytes, files : int
        One member of an archive, and how many.
    picture_pixels : int
        One picture; 8192 x 8192 is beyond every camera in use.
    video_frames : int
        Frames of one video: 24 h at 60 Hz.
    rows, columns : int
        Of one parquet file.
    episodes : int
        Of one import.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    address_space_bytes: int = Field(default=4 * GIB, ge=256 * MIB)
    cpu_s: int = Field(default=1800, ge=1)
    silence_s: float = Field(default=30.0, gt=0)
    open_files: int = Field(default=128, ge=16)
    json_bytes: int = Field(default=8 * MIB, ge=1)
    json_depth: int = Field(default=32, ge=1)
    message_bytes: int = Field(default=256 * MIB, ge=MIB)
    hdf5_objects: int = Field(default=50_000, ge=1)
    hdf5_depth: int = Field(default=12, ge=1)
    hdf5_attributes: int = Field(default=128, ge=1)
    name_bytes: int = Field(default=255, ge=1)
    attribute_bytes: int = Field(default=4 * MIB, ge=1)
    ratio: float = Field(default=200.0, ge=1)
    ratio_floor_bytes: int = Field(default=MIB, ge=0)
    chunk_bytes: int = Field(default=64 * MIB, ge=1)
    total_bytes: int = Field(default=256 * GIB, ge=1)
    file_bytes: int = Field(default=16 * GIB, ge=1)
    files: int = Field(default=100_000, ge=1)
    picture_pixels: int = Field(default=8192 * 8192, ge=1)
    video_frames: int = Field(default=24 * 3600 * 60, ge=1)
    rows: int = Field(default=50_000_000, ge=1)
    columns: int = Field(default=4096, ge=1)
    episodes: int = Field(default=100_000, ge=1)


class Refused(ValueError):
    """A foreign file is not taken; the message is one sentence with name, value and limit."""

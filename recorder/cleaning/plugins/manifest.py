"""The manifest of a plug-in: one YAML file beside the model, ``<name>.plugin.yaml``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from recorder.cleaning.clip import CleanError

SUFFIX = ".plugin.yaml"
LARGEST_MANIFEST = 1 << 20
LicenceClass = Literal["open", "non-commercial", "academic", "unknown"]


class Licence(BaseModel):
    """Under which terms the user has the model.

    Attributes
    ----------
    name : str
        As its authors call it, e.g. ``Apache-2.0``.
    kind : str
        ``open``, ``non-commercial``, ``academic`` or ``unknown``.
    text : str
        Shown once, and accepted once.
    text_file : str
        File that holds the text instead; relative to the manifest.
    link : str
        Where its authors give it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    kind: LicenceClass = "unknown"
    text: str = ""
    text_file: str = ""
    link: str = ""


class OnnxLayout(BaseModel):
    """How an ONNX inpainting model wants its pictures.

    Attributes
    ----------
    inputs : str
        ``joined``: one tensor ``(1, 4, H, W)`` of masked RGB and mask; ``separate``: an image
        ``(1, 3, H, W)`` and a mask ``(1, 1, H, W)``, 1 where it is to be filled.
    image_input, mask_input : str
        Names of the tensors; empty finds them by their channels.
    blank : bool
        Whether hidden pixels of the image are set to zero.
    input_range, output_range : str
        ``unit`` 0 to 1, ``byte`` 0 to 255, ``signed`` -1 to 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: Literal["joined", "separate"] = "separate"
    image_input: str = ""
    mask_input: str = ""
    blank: bool = True
    input_range: Literal["unit", "byte", "signed"] = "unit"
    output_range: Literal["unit", "byte", "signed"] = "unit"


class PictureSize(BaseModel):
    """Which sizes a model takes.

    Attributes
    ----------
    fixed : tuple of (int, int) or None
        Width and height; pictures are cut to tiles of this size.
    multiple : int
        Width and height are padded to a multiple of this.
    most_side : int
        Larger pictures are cut to tiles of this size.
    context_px : int
        Surroundings a tile shows round what is to be filled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fixed: tuple[int, int] | None = None
    multiple: int = Field(default=8, ge=1, le=256)
    most_side: int = Field(default=1024, ge=64, le=8192)
    context_px: int = Field(default=64, ge=0, le=1024)

    @model_validator(mode="after")
    def _room(self) -> Self:
        smallest = min(self.fixed) if self.fixed else self.most_side
        if smallest <= 2 * self.context_px:
            raise ValueError(
                f"a tile of {smallest} pixels has no room for context_px on both sides"
            )
        return self


class Window(BaseModel):
    """Pictures a video model is given at once.

    Attributes
    ----------
    frames : int
        Of one run.
    overlap : int
        Shared by neighbouring runs, faded from one to the other.
    least : int
        A shorter clip is lengthened to this by running back and forth; the rest is cut off again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: int = Field(default=80, ge=1, le=100_000)
    overlap: int = Field(default=8, ge=0, le=1000)
    least: int = Field(default=1, ge=1, le=100_000)

    @model_validator(mode="after")
    def _advances(self) -> Self:
        if 2 * self.overlap > self.frames:
            raise ValueError("overlap is more than half of the window")
        if self.least > self.frames:
            raise ValueError("least is more than the frames of the window")
        return self


class PluginManifest(BaseModel):
    """A plug-in.

    Attributes
    ----------
    id : str
        Named in the parameters as ``plugin:<id>``.
    title : str
        For people.
    task : str
        ``mask`` or ``fill``.
    format : str
        ``onnx``: run inside this program by onnxruntime; ``subprocess``: the user's own program;
        ``torch-trusted``: the same, with a file that is itself a program (TorchScript).
    file : str
        Model file, relative to the manifest; may be empty for ``subprocess``.
    sha256 : str
        Of ``file``; checked before every load.
    licence : Licence
    command : tuple of str
        Program and arguments, no shell. ``{frames}``, ``{masks}``, ``{video}``, ``{mask_video}``,
        ``{out}``, ``{prompts}``, ``{model}``, ``{folder}``, ``{width}``, ``{height}``,
        ``{count}``, ``{fps}`` and ``{seconds}`` are put in.
    run_in : str
        Folder to start it in, with the same put in; empty for a scratch folder.
    environment : mapping of str to str
        Variables to set for it.
    frames_as : str
        ``png`` or ``jpg`` (quality 98).
    onnx : OnnxLayout
    size : PictureSize
    window : Window
    timeout_s : float
        Of one run.
    memory_gib : float
        Most the program and its children may hold; 0 for no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    title: str = ""
    task: Literal["mask", "fill"]
    format: Literal["onnx", "subprocess", "torch-trusted"]
    file: str = ""
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    licence: Licence
    command: tuple[str, ...] = ()
    run_in: str = ""
    environment: dict[str, str] = Field(default_factory=dict)
    frames_as: Literal["png", "jpg"] = "png"
    onnx: OnnxLayout = OnnxLayout()
    size: PictureSize = PictureSize()
    window: Window = Window()
    timeout_s: float = Field(default=3600.0, gt=0, le=7 * 86_400)
    memory_gib: float = Field(default=16.0, ge=0, le=1024)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.format == "onnx":
            if self.task != "fill":
                raise ValueError("format onnx fills pictures; masks come from a subprocess")
            if not self.file:
                raise ValueError("format onnx needs a model file")
        elif not self.command:
            raise ValueError(f"format {self.format} needs a command")
        elif not any("{out}" in part for part in (*self.command, self.run_in)):
            raise ValueError("the command does not name {out}, so its result is not found")
        if self.format == "torch-trusted" and not self.file:
            raise ValueError("format torch-trusted needs the file that is trusted")
        if self.file and not self.sha256:
            raise ValueError("a model file needs its sha256 (sha256sum FILE)")
        return self


@dataclass(frozen=True)
class Plugin:
    """A manifest that was found.

    Attributes
    ----------
    manifest : PluginManifest
    path : Path
        Of the manifest.
    digest : str
        SHA-256 of the manifest; what a person accepts.
    """

    manifest: PluginManifest
    path: Path
    digest: str

    @property
    def id(self) -> str:
        """Identity."""
        return self.manifest.id

    @property
    def model(self) -> Path | None:
        """Model file; None without one."""
        return self.path.parent / self.manifest.file if self.manifest.file else None

    def licence_text(self) -> str:
        """What a person is to read before the first use."""
        licence = self.manifest.licence
        text = licence.text
        if licence.text_file:
            try:
                text = (self.path.parent / licence.text_file).read_text(errors="replace")
            except OSError as error:
                raise CleanError(
                    f"licence '{licence.text_file}' of plug-in '{self.id}' cannot be read: "
                    f"{error.strerror}"
                ) from None
        return text or f"Licence: {licence.name} ({licence.kind}). The authors' text is not given."

    def check_file(self) -> None:
        """Compare the model file with its hash.

        Raises
        ------
        CleanError
            It is missing or another file.
        """
        if self.model is None:
            return
        try:
            with open(self.model, "rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise CleanError(
                f"model '{self.model}' of plug-in '{self.id}' cannot be read: {error.strerror}"
            ) from None
        if found != self.manifest.sha256:
            raise CleanError(
                f"model '{self.model}' is not the file its manifest names (sha256 {found[:12]}..., "
                f"expected {self.manifest.sha256[:12]}...); fetch it again or mend the manifest"
            )


def read_plugin(path: Path) -> Plugin:
    """Read a manifest.

    Raises
    ------
    CleanError
        It is none; one sentence with the first fault.
    """
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            raise CleanError(f"'{path}' is too large for a manifest")
        stored = path.read_bytes()
        manifest = PluginManifest.model_validate(yaml.safe_load(stored))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = str(first["msg"]).removeprefix("Value error, ")
        raise CleanError(f"'{path}': {where + ': ' if where else ''}{said}") from None
    except (OSError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise CleanError(f"'{path}' cannot be read: {' '.join(str(error).split())}") from None
    return Plugin(manifest, path, hashlib.sha256(stored).hexdigest())

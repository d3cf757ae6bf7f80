from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from recorder.cleaning.clip import CleanError
from recorder.cleaning.clips import ArrayClip
from recorder.cleaning.masks.imported import imported_masks


def _clip(count: int = 12) -> ArrayClip:
    return ArrayClip(np.zeros((count, 48, 64, 3), np.uint8), name="front/rgb")


def _mask(index: int) -> np.ndarray:
    mask = np.zeros((48, 64), np.uint8)
    mask[10:30, 2 * index : 2 * index + 12] = 255
    return mask


def _folder(path: Path, masks: list[np.ndarray], name: str = "mask_{}.png") -> Path:
    path.mkdir()
    for index, mask in enumerate(masks):
        assert cv2.imwrite(str(path / name.format(index)), mask)
    return path


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "masks", [_mask(index) for index in range(12)])
    (folder / "notes.txt").write_text("not a picture")
    track = imported_masks(folder, _clip())
    for index in range(12):
        np.testing.assert_array_equal(track.mask(index), _mask(index) > 0)


def test_grey_above_127_is_operator(tmp_path: Path) -> None:
    grey = np.full((48, 64), 127, np.uint8)
    grey[:10] = 128
    track = imported_masks(_folder(tmp_path / "masks", [grey] * 2), _clip(2))
    np.testing.assert_array_equal(track.mask(1), grey == 128)


def test_a_video_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mask.mkv"
    with av.open(str(file), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(12):
            frame = av.VideoFrame.from_ndarray(np.repeat(_mask(index)[..., None], 3, 2), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    track = imported_masks(file, _clip())
    assert track.count == 12
    for index in (0, 5, 11):
        assert (track.mask(index) != (_mask(index) > 0)).sum() < 10
    with pytest.raises(CleanError, match="is 64x48 pixels, the pictures of 'front/rgb' are 32x24"):
        imported_masks(file, ArrayClip(np.zeros((12, 24, 32, 3), np.uint8), name="front/rgb"))


def test_an_offset_leaves_out_the_first_masks(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "masks", [_mask(index) for index in range(12)])
    track = imported_masks(folder, _clip(9), offset=3)
    np.testing.assert_array_equal(track.mask(0), _mask(3) > 0)
    with pytest.raises(CleanError, match="offset is -1"):
        imported_masks(folder, _clip(9), offset=-1)


@pytest.mark.parametrize(
    ("masks", "sentence"),
    [
        ([_mask(0)] * 5, "has 5 masks for the 12 pictures of 'front/rgb'"),
        ([_mask(0)] * 14, "has 14 masks for the 12 pictures"),
        ([np.zeros((24, 32), np.uint8)] * 12, "is 32x24 pixels"),
        ([np.zeros((48, 64), np.uint8)] * 12, "every mask in 'masks' is empty"),
        ([np.full((48, 64), 255, np.uint8)] * 12, "covers the whole picture"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, masks: list[np.ndarray], sentence: str
) -> None:
    with pytest.raises(CleanError, match=sentence):
        imported_masks(_folder(tmp_path / "masks", masks), _clip())


def test_damaged_and_missing_files_are_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "masks", [_mask(index) for index in range(12)])
    (folder / "mask_7.png").write_bytes(b"not a picture")
    with pytest.raises(CleanError, match=r"'mask_7\.png' cannot be read"):
        imported_masks(folder, _clip())
    (folder / "mask_7.png").write_bytes(b"")
    with pytest.raises(CleanError, match=r"'mask_7\.png' cannot be read"):
        imported_masks(folder, _clip())
    with pytest.raises(CleanError, match="do not exist"):
        imported_masks(tmp_path / "nowhere", _clip())
    (tmp_path / "none").mkdir()
    with pytest.raises(CleanError, match="has no pictures"):
        imported_masks(tmp_path / "none", _clip())


def test_masks_that_look_inverted_are_warned_about(tmp_path: Path) -> None:
    masks = [255 - _mask(index) for index in range(12)]
    masks[4][:] = 255
    track = imported_masks(_folder(tmp_path / "masks", masks), _clip())
    assert "check that white is the operator" in " ".join(track.warnings)
    assert "1 of 12 masks in 'masks' cover the whole picture, the first at 4" in track.warnings[0]


def test_holes_in_the_numbering_are_named(tmp_path: Path) -> None:
    numbers = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12]
    shifted = tmp_path / "shifted"
    shifted.mkdir()
    for at, number in enumerate(numbers):
        cv2.imwrite(str(shifted / f"{number:04d}.png"), _mask(at))
    track = imported_masks(shifted, _clip())
    assert track.warnings == (
        "'shifted' has no mask 5; its masks were taken in order, without a gap",
    )
    (shifted / "0009.png").unlink()
    with pytest.raises(CleanError, match=r"has 11 masks \(there is no 5, 9\) for the 12 pictures"):
        imported_masks(shifted, _clip())


def test_two_masks_of_the_same_number_are_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "masks", [_mask(index) for index in range(11)])
    cv2.imwrite(str(folder / "mask_5.jpg"), _mask(5))
    with pytest.raises(CleanError, match=r"'mask_5\.jpg' and 'mask_5\.png' have the same number"):
        imported_masks(folder, _clip())


def test_names_with_times_have_no_holes(tmp_path: Path) -> None:
    masks = [_mask(index) for index in range(12)]
    folder = tmp_path / "masks"
    folder.mkdir()
    for index, mask in enumerate(masks):
        cv2.imwrite(str(folder / f"take2_{index * 33}.png"), mask)
    assert imported_masks(folder, _clip()).warnings == ()


def test_colours_are_operator_and_grey_is_warned_about(tmp_path: Path) -> None:
    red = [np.dstack([0 * _mask(index), 0 * _mask(index), _mask(index)]) for index in range(12)]
    track = imported_masks(_folder(tmp_path / "red", red), _clip())
    np.testing.assert_array_equal(track.mask(3), _mask(3) > 0)
    assert track.warnings == ()
    soft = [cv2.GaussianBlur(_mask(index), (0, 0), 4) for index in range(12)]
    track = imported_masks(_folder(tmp_path / "soft", soft), _clip())
    assert "grey rather than black and white" in track.warnings[0]
    dark = [_mask(index) // 255 for index in range(12)]
    with pytest.raises(CleanError, match="its brightest pixel has 1, operator pixels must be"):
        imported_masks(_folder(tmp_path / "dark", dark), _clip())

"""The emulator's packets against published vectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.emulators.dynamixel_packets import (
    InstructionReader,
    crc16,
    fast_status,
    packet,
    stuffed,
    unstuffed,
)

PING_1 = bytes.fromhex("FF FF FD 00 01 03 00 01 19 4E")


def test_crc_has_the_published_check_value():
    assert crc16(b"123456789") == 0xFEE8


def test_crc_continues_where_it_was_left():
    assert crc16(b"6789", crc16(b"12345")) == crc16(b"123456789")


def test_ping_packet_is_the_published_one():
    assert packet(1, 0x01) == PING_1


def test_reader_understands_the_published_ping():
    (instruction,) = InstructionReader().feed(PING_1)
    assert (instruction.servo_id, instruction.code, instruction.parameters) == (1, 1, b"")


def test_header_pattern_inside_a_packet_is_stuffed():
    sent = packet(1, 0x03, b"\x74\x00\xff\xff\xfd\x00")
    assert b"\xff\xff\xfd\xfd\x00" in sent
    assert sent[5:7] == (6 + 1 + 2 + 1).to_bytes(2, "little"), "LEN counts the stuffing byte"


@given(st.lists(st.sampled_from([0xFF, 0xFD, 0x00, 0x55]), max_size=40).map(bytes))
def test_stuffing_can_be_undone_and_hides_every_header(body: bytes):
    travelling = stuffed(body)
    assert b"\xff\xff\xfd\x00" not in travelling
    assert unstuffed(travelling) == body


@given(st.binary(max_size=30), st.integers(1, 9))
def test_reader_finds_the_packet_behind_noise_however_it_is_cut(noise: bytes, step: int):
    reader = InstructionReader()
    line = noise.replace(b"\xff\xff\xfd\x00", b"") + PING_1 + PING_1
    found = [one for at in range(0, len(line), step) for one in reader.feed(line[at : at + step])]
    assert [one.servo_id for one in found[-1:]] == [1]


@pytest.mark.parametrize("index", range(len(PING_1)))
def test_reader_refuses_a_packet_with_any_byte_changed(index: int):
    damaged = PING_1[:index] + bytes([PING_1[index] ^ 0x10]) + PING_1[index + 1 :]
    reader = InstructionReader()
    assert reader.feed(damaged) == []
    following = reader.feed(PING_1) + reader.feed(PING_1) + reader.feed(PING_1)
    assert following, "the reader finds its way back"


def test_each_row_of_a_fast_reply_carries_the_crc_of_everything_before_it():
    reply = fast_status([(1, 0, b"\x10\x20"), (2, 0x80, b"\x30\x40")])
    first_end = 8 + 4
    assert crc16(reply[:first_end]) == int.from_bytes(reply[first_end : first_end + 2], "little")
    assert crc16(reply[:-2]) == int.from_bytes(reply[-2:], "little")

"""Answers are found by their question, damaged ones are absent, and room is bounded where asked."""

import os

import numpy as np
import pytest

from srcsel.store import files
from srcsel.store.memory import Memory

NUMBERS = {"numbers": np.arange(100, dtype=np.uint8)}


def there(memory, *questions):
    return [memory.recall("sums", {"of": question}) is not None for question in questions]


def test_an_answer_comes_back_to_its_question_alone(tmp_path):
    memory = Memory(tmp_path)
    memory.remember("sums", {"of": [1, 2]}, NUMBERS, {"sum": 3})
    tensors, value = memory.recall("sums", {"of": [1, 2]})
    np.testing.assert_array_equal(tensors["numbers"], NUMBERS["numbers"])
    assert value == {"sum": 3}
    assert memory.recall("sums", {"of": [1, 2], "version": 2}) is None
    assert memory.recall("maps", {"of": [1, 2]}) is None


def test_what_is_forgotten_is_gone_and_may_be_forgotten_twice(tmp_path):
    memory = Memory(tmp_path)
    memory.remember("sums", {"of": 1}, NUMBERS)
    memory.forget("sums", {"of": 1})
    memory.forget("sums", {"of": 1})
    assert there(memory, 1) == [False]


@pytest.mark.parametrize(
    "damage", [lambda data: data[:40], lambda data: data[:-1] + b"x", lambda data: b""]
)
def test_a_damaged_answer_is_absent_and_goes(tmp_path, damage):
    memory = Memory(tmp_path)
    memory.remember("sums", {"of": 1}, NUMBERS)
    (file,) = (tmp_path / "sums").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert there(memory, 1) == [False]
    assert not file.exists()


def test_the_least_recently_used_go_first_beyond_the_limit(tmp_path):
    memory = Memory(tmp_path, limit=800)  # an answer with its header takes about 300
    for of in (1, 2):
        memory.remember("sums", {"of": of}, NUMBERS)
    for file in (tmp_path / "sums").iterdir():
        os.utime(file, (1, 1))
    memory.recall("sums", {"of": 1})  # used now
    memory.remember("sums", {"of": 3}, NUMBERS)
    assert there(memory, 1, 2, 3) == [True, False, True]


def test_without_a_limit_nothing_goes(tmp_path):
    memory = Memory(tmp_path)
    for of in range(20):
        memory.remember("sums", {"of": of}, NUMBERS)
    assert all(there(memory, *range(20)))


def test_what_takes_more_than_half_the_room_is_not_kept(tmp_path):
    memory = Memory(tmp_path, limit=1000)
    memory.remember("sums", {"of": 1}, {"numbers": np.zeros(501, np.uint8)})
    assert there(memory, 1) == [False]


def test_answers_kept_before_values_had_a_name_are_read(tmp_path):
    question = {"of": 1}
    place = tmp_path / "outcomes" / f"{files.text_hash(question)}.safetensors"
    files.write_tensors(place, NUMBERS, {"question": question, "seconds": 2.5, "note": ""})
    tensors, value = Memory(tmp_path).recall("outcomes", question)
    np.testing.assert_array_equal(tensors["numbers"], NUMBERS["numbers"])
    assert value == {"seconds": 2.5, "note": ""}

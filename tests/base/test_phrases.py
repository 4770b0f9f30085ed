"""Numbers as sentences say them."""

import pytest

from srcsel.base.phrases import about, listed, millions, moment, significant, some_of, within


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (574_620, "0.575 million"),
        (1_250_000, "1.25 million"),
        (28_600_000, "28.6 million"),
        (99_960_000, "100 million"),
        (1_843_000_000, "1,843 million"),
    ],
)
def test_weights_are_said_the_same_everywhere(weights, said):
    assert millions(weights) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(1, "a few seconds"), (20, "about 20 s"), (240, "about 4 min")]
)
def test_an_estimate_is_said_once(seconds, said):
    assert about(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (2e-8, "0.00002 ms"),
        (0.00042, "0.42 ms"),
        (0.0011666, "1.2 ms"),
        (0.0998, "100 ms"),
        (0.11666, "117 ms"),
        (0.9996, "1 s"),
        (1.25, "1.2 s"),
        (123.4, "123 s"),
    ],
)
def test_the_time_of_a_picture_is_never_an_exponent(seconds, said):
    assert moment(seconds) == said


def test_digits_that_count_are_never_an_exponent():
    assert [significant(v, 2) for v in (0.0, 1e-7, 0.099, 1.04, 99.9, 12345)] == [
        *("0", "0.0000001", "0.099", "1", "100", "12,000")
    ]
    assert millions(20) == "0.00002 million"


@pytest.mark.parametrize(
    ("letters", "said"),
    [
        ("", ""),
        ("a", "'a'"),
        ("ab", "'a' and 'b'"),
        ("abcd", "'a', 'b', 'c' and 'd'"),  # a name takes no more room than "1 more"
        ("abcde", "'a', 'b', 'c' and 2 more groups"),
    ],
)
def test_of_many_names_the_first_are_said_and_the_rest_counted(letters, said):
    assert some_of(letters, 3, "groups", show=repr) == said
    assert some_of(range(2000), 1, between="; ") == "0 and 1,999 more"
    assert listed(list("abcde")) == "a, b, c, d and e"


def test_an_interval_is_rounded_outwards_and_whole_percents_stay():
    assert within(0.29, 0.07 + 0.5) == "29 to 57"
    assert within(0.291, 0.571) == "29 to 58"

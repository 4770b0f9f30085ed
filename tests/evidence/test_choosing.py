import numpy as np
import pytest

from srcsel.evidence.choosing import Choice, choose, loss_of

RATES = (2e-4, 6e-4)


@pytest.mark.parametrize(
    ("probe", "losses", "expected"),
    [
        (1.0, [[0.8, 0.9], [0.7, 0.95]], Choice(6e-4, 0.5)),
        (1.0, [[0.8, 0.9], [0.9, 0.75]], Choice(2e-4, 0.5)),  # the whole way loses a little less
        (1.0, [[0.8, 0.9], [0.9, 0.71]], Choice(6e-4, 1.0)),  # a tenth less
        (1.0, [[1.1, 1.2], [1.3, 1.4]], None),
        (1.0, [[1.0, 1.2], [1.3, 1.4]], None),  # as good as the probe is not better
        (2.0, [[1.9, np.inf], [np.inf, np.inf]], Choice(2e-4, 0.5)),
    ],
)
def test_the_lowest_held_out_loss_decides(probe, losses, expected):
    assert choose(probe, RATES, losses) == expected


def test_a_single_rate_is_chosen_or_left():
    assert choose(1.0, (0.01,), [[0.5, 0.6]]) == Choice(0.01, 0.5)
    assert choose(0.4, (0.01,), [[0.5, 0.6]]) is None


def test_a_choice_is_said():
    assert str(Choice(6e-4, 0.5)) == "learning rate 6e-4, half way"
    assert str(Choice(0.0015, 1.0)) == "learning rate 1.5e-3, all the way"


def test_the_loss_is_the_mean_surprise():
    odds = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    assert loss_of(np.log(odds) + 3, np.array([0, 1])) == pytest.approx(-np.log(0.5 * 0.1) / 2)

"""Names beside dots of a drawing: boxes worked out again from what SVG is told."""

from __future__ import annotations

from srcsel.report.labels import GAP, HIGH, RISE, WIDE, along, over_groups, place_names

AREA, RADIUS, SIZE = (1000.0, 360.0), 7.0, 22.0


def boxes(names, placed):
    for key, place in placed.items():
        wide = len(names[key]) * WIDE * SIZE
        left = place.x - {"start": 0, "middle": wide / 2, "end": wide}[place.anchor]
        top = place.y - RISE * SIZE
        yield key, (left, top, left + wide, top + HIGH * SIZE)


def meet(a, b):
    return min(a[2], b[2]) > max(a[0], b[0]) + 0.2 and min(a[3], b[3]) > max(a[1], b[1]) + 0.2


def placed(names, at, others=()):
    return place_names(names, at, others, radius=RADIUS, size=SIZE, area=AREA)


def test_names_cover_no_dot_no_line_no_other_name_and_stay_inside():
    names = {str(k): f"Model number {k}" for k in range(30)}
    at = {str(k): (20.0 + 960 * ((k * 7) % 30) / 30, 12.0 + 336 * k / 30) for k in range(30)}
    whiskers = [(x, y - 25, x, y + 25) for x, y in at.values()]
    lines = along([at["0"], at["13"], at["29"]])
    found = dict(boxes(names, placed(names, at, [*whiskers, *lines])))
    assert len(found) > 4
    dots = [(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in at.values()]
    for key, box in list(found.items())[1:]:  # the first stands in any case
        others = [other for one, other in found.items() if one != key]
        assert not any(meet(box, other) for other in [*others, *dots])
        assert not any(
            box[0] < (w[0] + w[2]) / 2 < box[2] and max(box[1], w[1]) < min(box[3], w[3] + 1) - 1
            for w in [*whiskers, *lines]
        )
        assert box[0] >= 0
        assert box[1] >= -0.1
        assert box[2] <= AREA[0]
        assert box[3] <= AREA[1] + 0.1


def test_the_first_stands_also_where_there_is_no_room_the_others_do_not():
    names = dict.fromkeys("abc", "A name that is wider than all that there is" * 3)
    assert list(placed(names, {"a": (500, 180), "b": (510, 180), "c": (90, 20)})) == ["a"]


def test_a_name_stands_right_of_its_dot_where_nothing_is():
    place = placed({"a": "One"}, {"a": (100.0, 100.0)})["a"]
    assert place.anchor == "start"
    assert 107 < place.x < 120
    assert 100 < place.y < 110  # the base line: the middle of the letters is at the dot's height


def test_places_along_a_line():
    found = along([(0.0, 0.0), (9.0, 0.0), (9.0, 4.0)])
    assert found == [(x, y, x, y) for x, y in [(0, 0), (4.5, 0), (9, 0), (9, 0), (9, 4)]]


def test_names_stand_over_their_groups_under_them_where_another_is_and_else_nowhere():
    ring = [(400.0, 100.0), (500.0, 120.0), (600.0, 140.0)]
    found = over_groups({"first": ring, "again": ring, "third": ring}, size=SIZE, area=AREA)
    top, low = 102.0, 138.0  # the 5th and the 95th hundredth of 100, 120 and 140
    assert found["first"].x == found["again"].x == 500.0
    assert found["first"].box[3] == top - GAP
    assert found["again"].box[1] == low + GAP
    assert "third" not in found


def test_a_name_at_the_edge_stays_inside_and_an_empty_group_has_none():
    found = over_groups({"far left": [(2.0, 200.0)], "none": []}, size=SIZE, area=AREA)
    assert list(found) == ["far left"]
    assert found["far left"].box[0] == 0


def test_a_name_without_room_beside_its_dot_stands_away_with_a_line_to_it():
    """Both dots of a frontier that nearly meet are named, and neither name is beside the other."""
    names = {"verdict": "The verdict", "end": "The end of the line", "start": "Cheapest"}
    at = {"verdict": (880.0, 50.0), "end": (878.0, 46.0), "start": (66.0, 170.0)}
    crowd = {f"{k}": (66.0, 182.0 + 12 * k) for k in range(8)}
    whiskers = [(x, y - 30, x, y + 30) for x, y in (*at.values(), *crowd.values())]
    found = placed(names, at | crowd, [*whiskers, *along([at["start"], at["end"]])])
    assert set(found) == set(names)
    away = {key for key, place in found.items() if place.lead}
    assert away & {"verdict", "end"}
    for key in away:
        assert found[key].lead[:2] == at[key]
    x, y = found["verdict"].lead[2:] if found["verdict"].lead else found["verdict"].box[:2]
    assert x > 880 or y > 50  # on its own side: over the other's dot it would seem to be its name

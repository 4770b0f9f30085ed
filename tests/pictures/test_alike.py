"""Class names that look alike are pointed out, both named, and never merged."""

import pytest

from srcsel.pictures.alike import (
    dates,
    joined,
    look_alikes,
    perhaps_none,
    perhaps_unsorted,
)


@pytest.mark.parametrize(
    "pair",
    [
        ("Cat", "cat"),
        ("STRASSE", "Straße"),
        ("0", "0.0"),
        ("1", "1,0"),
        ("-1", "-1.0"),
        ("7", "07"),
        ("red fox", "red  fox"),
        ("red fox", "red_fox"),
        ("red fox", "redfox"),
        ("red fox", "red\u00a0fox"),
        ("Blu\u0308te", "Bl\u00fcte"),
        ("dog", "\uff44\uff4f\uff47"),
        ('cat"', "cat"),
    ],
)
def test_pairs_that_look_alike(pair):
    (said,) = look_alikes([*pair, "owl"])
    assert f"'{pair[0]}'" in said
    assert f"'{pair[1]}'" in said
    assert "owl" not in said


@pytest.mark.parametrize(
    "names", [("-1", "1"), ("1", "10"), ("1-2", "12"), ("1.5", "15"), ("a", "á"), ("v1", "v2")]
)
def test_names_that_differ(names):
    assert look_alikes(names) == []


@pytest.mark.parametrize(
    ("names", "several"),
    [
        (("Mass", "Mass|Nodule", "Edema"), ("Mass|Nodule",)),
        (("a;b", "b;c"), ("a;b", "b;c")),
        (("scab", "rust", "scab rust"), ("scab rust",)),
        (("red fox", "red wolf", "grey wolf"), ()),
        (("apple, red", "apple, green"), ()),
        (("a", "b"), ()),
    ],
)
def test_several_labels_in_one_cell(names, several):
    said = "".join(joined(names))
    assert [name for name in names if f"'{name}'" in said] == list(several)


@pytest.mark.parametrize("names", [("-1", "0", "1"), ("-1", "1", "2"), ("-1.0", "0.0", "1.0")])
def test_a_class_that_may_stand_for_none(names):
    (said,) = perhaps_none(names)
    assert f"'{names[0]}'" in said


@pytest.mark.parametrize("names", [("-1", "1"), ("-2", "-1", "0"), ("-1", "cat"), ("0", "1")])
def test_a_class_that_is_one(names):
    assert perhaps_none(names) == []


@pytest.mark.parametrize(
    "name",
    [
        "unknown",
        "_unsorted",
        "Unlabelled",
        "UNLABELED",
        "To Do",
        "unknown images",
        "Misc",
        "257.clutter",
    ],
)
def test_a_class_that_may_be_unsorted_is_named(name):
    (said,) = perhaps_unsorted(["cat", name, "dog"])
    assert said.startswith(f"'{name}' is taken for a class.")
    assert "leave them out" in said


def test_several_unsorted_ones_share_a_sentence_and_alone_they_are_classes():
    (said,) = perhaps_unsorted(["_todo", "cat", "unknown"])
    assert said.startswith("'_todo' and 'unknown' are taken for classes.")
    assert perhaps_unsorted(["unknown"]) == []
    assert perhaps_unsorted(["known", "the unknown soldier", "other", "none"]) == []


@pytest.mark.parametrize(
    "classes",
    [
        ("['cat', 'dog']", "['cat']"),
        ('["cat"]', "dog"),
        ("{cat, dog}", "owl"),
        ("clear", "clear water", "haze primary water", "haze water", "clear primary water"),
    ],
)
def test_lists_and_words_in_other_company_are_several_labels(classes):
    (said,) = joined(classes)
    assert "seem to be several labels of one picture" in said


@pytest.mark.parametrize(
    "classes",
    [
        ("red fox", "arctic fox", "red wolf", "arctic wolf"),
        ("early blight", "late blight", "leaf mold", "healthy"),
        ("cat (indoor)", "dog (outdoor)"),
    ],
)
def test_names_of_several_words_are_names(classes):
    assert joined(classes) == []


def test_dates_are_no_classes():
    (said,) = dates(("2023-01-01", "2023-02 holiday"))
    assert "called like dates ('2023-01-01')" in said
    assert dates(("2001", "2002")) == dates(("20230101", "cat")) == []

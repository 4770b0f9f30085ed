"""Features and labels from files: every kind gives the same scores, and none runs anything."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from srcsel.base.errors import FeatureError, InputError, SrcselError
from srcsel.cli.arrays import read_features
from srcsel.cli.commands import main
from srcsel.measures import MEASURES
from srcsel.runs.given import rank_features, score_features

rng = np.random.default_rng(0)
IDS = np.repeat([0, 1, 2], 8)
WORDS = np.array(["ant", "bee", "cat"])[IDS]
X = np.eye(3)[IDS] @ rng.normal(size=(3, 5)) + rng.normal(size=(24, 5))


def objects(values):
    made = np.empty(len(values), dtype=object)
    made[:] = list(values)
    return made


@pytest.fixture
def npz(tmp_path):
    def write(y, name="a.npz", **more):
        np.savez(tmp_path / name, X=X, y=y, **more)
        return tmp_path / name

    return write


def scored(*arguments, capsys):
    assert main(["score", *map(str, arguments), "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    return {s["measure"]: s["value"] for s in told["scores"]}, told["dataset"]["classes"]


@pytest.mark.parametrize(
    "y",
    [
        WORDS,
        WORDS.astype("S"),
        objects(WORDS),
        objects(WORDS.astype("S").tolist()),
        objects([np.str_(word) for word in WORDS]),
    ],
    ids=["text", "bytes", "objects", "objects of bytes", "objects of NumPy's text"],
)
def test_labels_of_every_plain_kind(npz, y, capsys):
    values, classes = scored(npz(y), capsys=capsys)
    assert set(classes) == {"ant", "bee", "cat"}
    expected = {s.measure: s.value for s in score_features(X, WORDS)}
    assert values == pytest.approx(expected)


def test_numbers_as_objects(npz):
    read = read_features(npz(objects([np.int64(k) for k in IDS])))
    np.testing.assert_array_equal(read["y"], IDS)


def test_features_as_objects(tmp_path):
    np.savez(tmp_path / "a.npz", X=X.astype(object), y=WORDS)
    np.testing.assert_array_equal(read_features(tmp_path / "a.npz")["X"], X)


@pytest.mark.parametrize("none", [np.nan, None, "", "  ", "nan", b"", np.float64("nan")])
def test_rows_without_a_label_are_named(npz, none, capsys):
    labels = list(WORDS) if isinstance(none, str | bytes | None) else IDS.astype(float).tolist()
    for row in (2, 17):
        labels[row] = none
    sentence = "2 of 24 rows have no label, counted from 0: 2 and 17."
    for given in (labels, objects(labels), pd.Series(labels)):
        with pytest.raises(FeatureError, match=sentence):
            rank_features({"a": X}, given)
        with pytest.raises(FeatureError, match=sentence):
            score_features(X.tolist(), given)
    path = npz(objects(labels))
    assert main(["score", str(path)]) == 2
    assert f"{path}: {sentence}" in capsys.readouterr().err


def test_a_nan_among_numbers_is_no_difference_between_two_files(npz, capsys):
    y = IDS.astype(float)
    y[5] = np.nan
    assert main(["score", str(npz(y, "a.npz")), str(npz(y, "b.npz"))]) == 2
    assert "1 of 24 rows have no label, counted from 0: 5." in capsys.readouterr().err


def test_many_rows_are_counted():
    with pytest.raises(FeatureError, match=r"0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 14 more\."):
        rank_features({"a": X}, [None] * 24)


def test_labels_of_pandas_and_lists():
    expected = [s.value for s in score_features(X, WORDS)]
    for labels in (
        list(WORDS),
        pd.Series(WORDS),
        pd.Series(WORDS, dtype="category"),
        pd.Series(WORDS, dtype="string"),
        [word.encode() for word in WORDS],
    ):
        found = [s.value for s in score_features(pd.DataFrame(X), labels)]
        assert found == pytest.approx(expected)  # columns lie otherwise in memory
    gaps = pd.Series([*WORDS[:-1], pd.NA], dtype="string")
    with pytest.raises(FeatureError, match="counted from 0: 23"):
        score_features(X, gaps)


def test_labels_are_those_of_tables_whatever_they_come_in():
    expected = [s.value for s in score_features(X, WORDS)]
    blanks = [f" {word}" if k % 2 else f"{word}\t" for k, word in enumerate(WORDS)]
    for labels in (blanks, np.array(blanks), pd.Series(blanks)):
        assert [s.value for s in score_features(X, labels)] == pytest.approx(expected)


@pytest.mark.parametrize("none", ["None", "N/A", "null", "<NA>", " nan "])
def test_texts_for_no_value_are_no_class(none):
    with pytest.raises(FeatureError, match="counted from 0: 23"):
        score_features(X, [*WORDS[:-1], none])
    assert len(score_features(X, ["none" if word == "ant" else word for word in WORDS])) > 0


@pytest.mark.parametrize("labels", [WORDS, IDS])
def test_masked_labels_are_none(labels):
    masked = np.ma.masked_array(labels, mask=np.arange(len(labels)) == 3)
    with pytest.raises(FeatureError, match="1 of 24 rows have no label, counted from 0: 3"):
        score_features(X, masked)
    assert len(score_features(X, np.ma.masked_array(labels))) > 0


def test_labels_of_two_kinds_are_refused():
    with pytest.raises(FeatureError, match="all text or all numbers"):
        score_features(X, ["a", 1, *IDS[2:].tolist()])


def test_ragged_features_are_a_failure_with_a_sentence():
    result = rank_features({"a": [[1.0], [1.0, 2.0]] * 12, "b": X}, WORDS)
    assert [failure.model for failure in result.failures] == ["a"]
    assert "Expected features of shape (n, d)" in result.failures[0].reason


def _tables(folder):
    import torch
    from safetensors.numpy import save_file

    table = pd.DataFrame(X, columns=[f"f{i}" for i in range(5)])
    table.assign(label=WORDS).to_csv(folder / "a.csv", index=False)
    table.assign(label=WORDS).to_csv(folder / "semicolons.csv", sep=";")
    table.assign(Class=IDS).rename(columns={"Class": "class"}).to_csv(
        folder / "a.tsv", sep="\t", index=False
    )
    table.assign(label=WORDS).to_parquet(folder / "a.parquet")
    torch.save({"features": torch.tensor(X), "labels": torch.tensor(IDS)}, folder / "a.pt")
    torch.save({"X": torch.tensor(X), "y": WORDS.tolist()}, folder / "b.pth")
    torch.save((torch.tensor(X), torch.tensor(IDS)), folder / "pair.pt")
    torch.save([IDS.tolist(), torch.tensor(X).bfloat16().requires_grad_()], folder / "turned.pt")
    save_file({"X": X, "y": IDS}, folder / "a.safetensors")
    np.savez(folder / "unnamed.npz", X, IDS)
    vectors = pd.DataFrame({"embedding": list(X), "label": WORDS})
    vectors.to_parquet(folder / "vectors.parquet")
    names = [f"{k}.jpg" for k in range(len(X))]
    table.assign(filename=names, label=WORDS).to_csv(folder / "named.csv", index=False)
    iris = table.assign(Klasse=WORDS)
    iris.to_csv(folder / "klasse.csv", sep=";", decimal=",", index=False)
    german = table.assign(label=WORDS)
    german.to_csv(folder / "german.csv", sep=";", decimal=",", index=False, encoding="utf-16")
    german.to_csv(folder / "quoted.csv", decimal=",", index=False)
    plain = table.assign(label=WORDS).to_csv(sep=";", index=False)
    (folder / "excel.csv").write_text(f"sep=;\n{plain}")
    (folder / "remark.csv").write_text(f"# made by a program\n{plain}")
    (folder / "single.csv").write_text(
        "\n".join(";".join(f"'{c}'" for c in line.split(";")) for line in plain.splitlines())
    )


@pytest.mark.parametrize(
    "name",
    [
        *("a.csv", "semicolons.csv", "a.tsv", "a.parquet", "a.pt", "b.pth", "a.safetensors"),
        *("pair.pt", "turned.pt", "german.csv", "quoted.csv"),
        *("excel.csv", "remark.csv", "single.csv"),
        *("unnamed.npz", "vectors.parquet", "named.csv", "klasse.csv"),
    ],
)
def test_other_kinds_of_files(tmp_path, name):
    _tables(tmp_path)
    read = read_features(tmp_path / name)
    np.testing.assert_allclose(read["X"], X, rtol=1e-2 if name == "turned.pt" else 1e-6)
    assert np.unique(read["y"], return_inverse=True)[1].tolist() == IDS.tolist()


def test_columns_of_lists_go_by_their_names(tmp_path, capsys):
    table = pd.DataFrame(X, columns=[f"f{i}" for i in range(5)])
    lists = table.assign(label=WORDS, logits=list(X[:, :2]))
    lists.to_parquet(tmp_path / "logits.parquet")
    with pytest.raises(InputError, match="columns that hold no numbers: logits"):
        read_features(tmp_path / "logits.parquet")
    lists.assign(features=list(X)).to_parquet(tmp_path / "both.parquet")
    read = read_features(tmp_path / "both.parquet")
    np.testing.assert_allclose(read["X"], X, rtol=1e-6)
    assert read["logits"].shape == (len(X), 2)
    assert "features holds the features; left out: f0, f1" in capsys.readouterr().err
    image = [{"bytes": b"x", "path": str(k)} for k in range(len(X))]
    table.assign(label=WORDS, image=image).to_parquet(tmp_path / "image.parquet")
    np.testing.assert_allclose(read_features(tmp_path / "image.parquet")["X"], X, rtol=1e-6)


@pytest.mark.parametrize("name", ["id", "Image_ID", "fold", "split", "Unnamed: 0", "counted"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_numbers_or_sorts_the_rows_is_no_feature(tmp_path, name, kind, capsys):
    table = pd.DataFrame(X, columns=[f"f{i}" for i in range(5)])
    aside = {
        "fold": np.arange(len(X)) % 2,
        "split": np.where(np.arange(len(X)) % 2, "train", "test"),
        "counted": np.arange(1, len(X) + 1),
    }.get(name, np.arange(len(X))[::-1])
    table.insert(0, name, aside)
    table = table.assign(label=WORDS)
    file = tmp_path / f"a.{kind}"
    table.to_csv(file, index=False) if kind == "csv" else table.to_parquet(file)
    np.testing.assert_allclose(read_features(file)["X"], X, rtol=1e-6)
    # what pandas calls an index that was saved without a name
    told = "column 1, which has no name" if name == "Unnamed: 0" else name
    assert f"left out as no feature: {told}." in capsys.readouterr().err


def test_a_feature_that_does_not_count_up_stays(tmp_path, capsys):
    table = pd.DataFrame(X, columns=["identity", "f1", "f2", "f3", "f4"])
    table["identity"] = np.arange(len(X))[::-1]
    table.assign(label=WORDS).to_csv(tmp_path / "a.csv", index=False)
    assert read_features(tmp_path / "a.csv")["X"].shape == X.shape
    assert capsys.readouterr().err == ""


def _label_files(folder):
    import torch

    np.save(folder / "y.npy", WORDS)
    np.save(folder / "o.npy", objects(WORDS))
    np.savez(folder / "y.npz", y=WORDS)
    np.savez(folder / "other.npz", names=WORDS)
    (folder / "y.txt").write_text("\n".join(WORDS) + "\n")
    pd.DataFrame({"label": WORDS}).to_csv(folder / "one.csv", index=False)
    (folder / "bare.csv").write_text("\n".join(WORDS) + "\n")
    pd.DataFrame({"file": WORDS, "label": WORDS}).to_csv(folder / "two.csv", index=False)
    two = pd.DataFrame({"file": WORDS, "label": ["oak, " + word for word in WORDS]})
    two.to_csv(folder / "semicolons.csv", sep=";", index=False)
    two[["label"]].to_csv(folder / "commas.csv", sep=";", index=False)
    pd.DataFrame({"label": [f"{i},5" for i in IDS]}).to_csv(folder / "decimal.csv", sep=";")
    two.assign(label=[f"Käfer {word}" for word in WORDS]).to_csv(
        folder / "latin.csv", encoding="latin-1", index=False
    )
    (folder / "latin.txt").write_bytes("\n".join(f"Käfer {w}" for w in WORDS).encode("latin-1"))
    (folder / "blank.txt").write_text("\n".join(WORDS) + "\n\n")
    pd.DataFrame({"label": WORDS}).to_parquet(folder / "y.parquet")
    torch.save(torch.tensor(IDS), folder / "y.pt")


@pytest.mark.parametrize(
    "labels",
    [
        *("y.npy", "o.npy", "y.npz", "other.npz", "y.txt", "one.csv", "bare.csv", "two.csv"),
        *("y.parquet", "y.pt", "semicolons.csv", "commas.csv", "decimal.csv", "latin.csv"),
        *("latin.txt", "blank.txt"),
    ],
)
@pytest.mark.parametrize("features", ["X.npy", "x.csv", "x.pt"])
def test_labels_in_a_file_of_their_own(tmp_path, labels, features):
    import torch

    _label_files(tmp_path)
    np.save(tmp_path / "X.npy", X)
    pd.DataFrame(X).to_csv(tmp_path / "x.csv", index=False)
    torch.save(torch.tensor(X), tmp_path / "x.pt")
    read = read_features(tmp_path / features, tmp_path / labels)
    np.testing.assert_allclose(read["X"], X, rtol=1e-6)
    assert np.unique(read["y"], return_inverse=True)[1].tolist() == IDS.tolist()


def test_the_shell_takes_labels_for_all_files(tmp_path, capsys):
    np.save(tmp_path / "X.npy", X)
    (tmp_path / "y.txt").write_text("\n".join(WORDS))
    values, classes = scored(tmp_path / "X.npy", "--labels", tmp_path / "y.txt", capsys=capsys)
    assert set(classes) == {"ant", "bee", "cat"}
    assert values == pytest.approx({s.measure: s.value for s in score_features(X, WORDS)})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("X.npy", "no array y.*--labels FILE"),
        ("a.mat", r"of no kind that can be read \(\.npz, .*numpy\.savez"),
        ("a.pkl", "of no kind that can be read"),
        ("a.pt", "cannot be read as an .pt file|holds Python objects"),
        ("a.parquet", "cannot be read as an .parquet file"),
        ("names.csv", "columns that hold no numbers: file"),
        ("bare.csv", "first line of .* holds numbers, and no names of columns"),
        ("numpy.pt", "holds Python objects, which are not opened"),  # its arrays are such
        ("called.pt", r"no array X and no array y \(it holds feats and kinds\)"),
        ("called.npz", r"no array X and no array y \(it holds feats and kinds\)"),
        ("gone.npy", "There is no file"),
        ("", "is a folder. Give the files of features in it"),
    ],
)
def test_what_cannot_be_read_is_said_with_what_to_do(tmp_path, name, words, capsys):
    np.save(tmp_path / "X.npy", X)
    for junk in ("a.mat", "a.pkl", "a.pt", "a.parquet"):
        (tmp_path / junk).write_bytes(b"just words, and more of them")
    pd.DataFrame({"file": WORDS, "f": X[:, 0], "label": WORDS}).to_csv(tmp_path / "names.csv")
    pd.DataFrame(X).assign(y=WORDS).to_csv(tmp_path / "bare.csv", header=False, index=False)
    torch.save({"X": X, "y": IDS}, tmp_path / "numpy.pt")
    torch.save({"feats": torch.tensor(X), "kinds": torch.tensor(IDS)}, tmp_path / "called.pt")
    np.savez(tmp_path / "called.npz", feats=X, kinds=IDS)
    with pytest.raises(InputError, match=words):
        read_features(tmp_path / name)
    assert main(["score", str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.startswith("srcsel: ")


def reached():
    raise AssertionError("code was run")


class Evil:
    def __reduce__(self):
        return reached, ()


@pytest.mark.parametrize("name", ["a.npz", "a.npy", "a.pt"])
def test_objects_that_would_run_something_are_refused(tmp_path, name, npz):
    import torch

    path = tmp_path / name
    if name == "a.npz":
        npz(objects([Evil()] * 24))
    elif name == "a.npy":
        np.save(path, objects([Evil()] * 24))
    else:
        torch.save({"X": torch.zeros(3, 3), "y": Evil()}, path, pickle_module=pickle)
    with pytest.raises(InputError, match=r"Python objects, which are not opened.*numpy\.savez"):
        read_features(path)


@pytest.mark.parametrize(
    ("features", "labels", "words"),
    [
        (X[:, 0], WORDS, "X.reshape(-1, 1)"),
        (X[:, :, None, None], WORDS, "X.reshape(len(X), -1)"),
        (X, np.eye(3)[IDS], "y.argmax(axis=1)"),
        (X, IDS[:, None], "y.ravel()"),
    ],
)
def test_shapes_and_sizes_that_cannot_be_scored_say_what_to_do(features, labels, words):
    with pytest.raises(SrcselError, match=r"^(Expected|Features)") as caught:
        score_features(features, labels)
    assert words in str(caught.value)


def test_torch_says_nothing_of_a_pickle_that_another_program_wrote(tmp_path, recwarn, capsys):
    (tmp_path / "a.pt").write_bytes(pickle.dumps({"X": X, "run": print}, protocol=4))
    assert main(["score", str(tmp_path / "a.pt")]) == 2
    assert "Python objects" in capsys.readouterr().err
    assert not recwarn.list


@pytest.mark.parametrize("features", [{}, [X], X])
def test_features_without_names_are_refused(features):
    with pytest.raises(InputError, match="by name"):
        rank_features(features, WORDS)


def test_features_beyond_float32_are_probed_without_a_warning(recwarn):
    huge = rank_features({"a": X * 1e200}, WORDS)
    assert {score.model for score in huge.scores} == {"a"}
    assert not recwarn.list


TENSORS = {
    "bfloat16": lambda X: X.bfloat16(),
    "of training": lambda X: X.requires_grad_(),
    "both": lambda X: X.bfloat16().requires_grad_(),
    "a row each": lambda X: list(X.requires_grad_()),
}


@pytest.mark.parametrize("kind", TENSORS)
def test_tensors_are_taken_as_they_come_out_of_a_network(kind):
    given = TENSORS[kind](torch.tensor(X.astype(np.float32)))
    rounded = "bfloat16" in kind or kind == "both"
    same = torch.tensor(X.astype(np.float32))
    same = (same.bfloat16().float() if rounded else same).numpy()
    expected = [s.value for s in score_features(same, WORDS)]
    assert [s.value for s in score_features(given, WORDS)] == pytest.approx(expected)
    assert MEASURES["knn"](given, WORDS) == MEASURES["knn"](same, WORDS)
    leep = score_features(X, WORDS, measures="leep", logits=given)[0].value
    assert leep == pytest.approx(score_features(X, WORDS, measures="leep", logits=same)[0].value)
    assert not rank_features({"a": given}, WORDS).failures
    labels = TENSORS[kind](torch.tensor(IDS, dtype=torch.float32))
    assert [s.value for s in score_features(same, labels)] == pytest.approx(expected)


def test_what_is_sparse_is_said_with_what_makes_it_plain():
    with pytest.raises(FeatureError, match=r"by X\.toarray\(\)\.$"):
        score_features(scipy.sparse.csr_matrix(X), WORDS)
    with pytest.raises(FeatureError, match=r"Use Tensor\.to_dense\(\) first\.$"):
        score_features(torch.tensor(X).to_sparse(), WORDS)
    with pytest.raises(FeatureError, match=r"Expected labels of shape \(n,\): .*\(\) first\.$"):
        score_features(X, torch.tensor(IDS).to_sparse())


@pytest.mark.parametrize("name", [1, None, "", " ", ("a", 1)])
def test_models_have_names(name):
    with pytest.raises(InputError, match=r"names of models are texts, and .* is none"):
        rank_features({"a": X, name: X}, WORDS)


def test_logits_of_nobody_are_said():
    with pytest.raises(InputError, match=r"logits of 'b' and no features .* there of 'a'\."):
        rank_features({"a": X}, WORDS, logits={"b": X})


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.array(["Cat", "cat ", "dog"])[IDS], "'Cat' and 'cat'. They are kept apart"),
        (np.array(["a|b", "b", "c"])[IDS], "several labels of one picture: 'a|b'"),
        (IDS - 1, "There is a class '-1'"),
    ],
)
def test_names_of_classes_are_looked_at_as_those_of_folders(labels, words):
    assert any(words in note for note in rank_features({"a": X}, labels).notes)
    with pytest.warns(UserWarning, match="class") as told:
        score_features(X, labels)
    assert words in str(told[0].message)

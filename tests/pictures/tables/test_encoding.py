"""Encodings are told apart from few and short words, or the person is asked."""

import pytest

from srcsel.base.errors import InputError
from srcsel.pictures.tables import read_table


def read(folder, text, encoding, pictures=None):
    table = folder / "labels.csv"
    table.write_bytes(text if encoding is None else text.encode(encoding))
    return read_table(table, folder, pictures or [f"img{k:03d}.jpg" for k in range(12)])


def rows(*labels):
    return "file,label\n" + "".join(
        f"img{k:03d}.jpg,{labels[k % len(labels)]}\n" for k in range(12)
    )


@pytest.mark.parametrize(
    ("encoding", "labels"),
    [
        ("gbk", "猫 狗 鸟"),
        ("gbk", "正常 异常"),
        ("gbk", "玫瑰 郁金香 向日葵 蒲公英"),
        ("gb18030", "裂纹 划痕 凹坑"),
        ("cp932", "犬 猫"),
        ("cp932", "ネコ イヌ フクロウ"),
        ("cp932", "ねこ いぬ"),
        ("cp932", "良品 不良品"),
        ("big5", "玫瑰 鬱金香 向日葵"),
        ("cp949", "고양이 개 새"),
        ("cp1251", "кошка собака сова"),
        ("cp1251", "Здоровый Больной"),
        ("koi8_r", "кошка собака сова"),
        ("cp1252", "Gänseblümchen Löwenzahn"),
        ("latin-1", "café thé"),
        ("cp1250", "růže tulipán"),
        ("cp1253", "γάτα σκύλος"),
        *((name, "猫 Blüte") for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32")),
        *((name, "猫 狗") for name in ("utf-16-le", "utf-16-be")),
        ("utf-16-le", "cat dog"),
        ("utf-16-be", "кошка собака"),
    ],
)
def test_labels_are_read_right(tmp_path, encoding, labels):
    words = labels.split()
    found = read(tmp_path, rows(*words), encoding)
    assert found.labels == {f"img{k:03d}.jpg": words[k % len(words)] for k in range(12)}
    told = any("is not UTF-8. It was read as" in note for note in found.notes)
    assert told == (not encoding.startswith("utf"))


def test_file_names_of_the_folder_decide(tmp_path):
    """A word that fits several encodings is certain once the picture of that name lies there."""
    text = "file,label\nżółty.jpg,a\nszary.jpg,b\n"
    assert read(tmp_path, text, "cp1250", ["żółty.jpg", "szary.jpg"]).labels == {
        "żółty.jpg": "a",
        "szary.jpg": "b",
    }


def test_what_cannot_be_told_is_asked(tmp_path):
    with pytest.raises(InputError, match=r"cannot tell its encoding: read as .*Save it again"):
        read(tmp_path, rows("kočka", "pes"), "cp1250")


def test_private_letters_are_letters_in_utf8(tmp_path):
    assert set(read(tmp_path, rows("\ue001", "b"), "utf-8").labels.values()) == {"\ue001", "b"}


def test_bytes_that_are_no_text_are_no_table(tmp_path):
    with pytest.raises(InputError, match="no encoding that I know"):
        read(tmp_path, bytes(range(256)) * 20, None)


def test_a_line_in_another_encoding_is_named(tmp_path):
    broken = rows("Blüte", "Gänse").encode() + "img011.jpg,Blüte\n".encode("cp1252")
    with pytest.raises(InputError, match="UTF-8 but for line 14"):
        read(tmp_path, broken, None)

"""No cell becomes a formula, and the file is read as it was written."""

import csv
import io

import pytest

from community.core.spreadsheets import csv_lines, csv_response, defused


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u00a0@", "\uff1d"])
def test_what_a_program_would_run_is_defused(sign):
    assert defused(f"{sign}HYPERLINK(1)").startswith("'")


@pytest.mark.parametrize("text", ["Ann", "a=b", "", "1-2", "ann@new.example", "'quoted'"])
def test_everything_else_stays(text):
    assert defused(text) == text


def test_numbers_and_nothing():
    assert (defused(None), defused(7), defused(-7)) == ("", "7", "'-7")


def test_rows_come_back_as_they_were():
    text = "".join(csv_lines(["name", "note"], [["Ünal", 'says "no", twice'], ["=1", None]]))
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows == [["name", "note"], ["Ünal", 'says "no", twice'], ["'=1", ""]]


def test_a_download_is_named():
    response = csv_response("people.csv", ["a"], [["b"]])
    assert response["Content-Disposition"] == 'attachment; filename="people.csv"'
    assert b"".join(response.streaming_content).decode("utf-8-sig").splitlines() == ["a", "b"]

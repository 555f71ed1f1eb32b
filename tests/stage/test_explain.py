"""Why a stage ran: by what its record says, else against the nearest earlier record."""

from __future__ import annotations

from dataclasses import replace

from nbexp.records import Key, Part, Reason, Record
from nbexp.stage.explain import reasons_for_miss, reasons_for_run


def record(*parts: Part, dependencies: tuple[Part, ...] = (), reasons: tuple[Reason, ...] = ()) -> Record:
    digest = "".join(part.digest for part in parts)
    return Record("a", "n.ipynb", "", Key(digest, parts), dependencies, reasons=reasons)


LR, LR_NOW = Part("input", "lr", "1", "0.1"), Part("input", "lr", "2", "0.2")


def texts(reasons: tuple[Reason, ...]) -> list[str]:
    return [reason.text for reason in reasons]


def test_a_record_that_says_why_it_ran_is_believed() -> None:
    """After `run --force` nothing differs, and the earlier result is not gone."""
    forced = Reason("forced", "", "--force")
    assert reasons_for_run(record(LR, reasons=(forced,)), [record(LR)]) == (forced,)


def test_a_record_that_does_not_say_is_compared_with_the_nearest_one() -> None:
    assert texts(reasons_for_run(record(LR_NOW), [record(LR)])) == ["input `lr`: 0.1 -> 0.2"]
    assert texts(reasons_for_run(record(LR), [])) == ["it has not run before"]


def test_a_record_with_an_equal_key_ran_for_what_it_read() -> None:
    before, now = Part("file", "d.csv", "1"), Part("file", "d.csv", "2", "3 kB")
    again = record(LR, dependencies=(now,))
    assert texts(reasons_for_run(again, [record(LR, dependencies=(before,))])) == ["file d.csv changed, now 3 kB"]
    assert texts(reasons_for_run(again, [again])) == ["nothing had changed: it was asked to run"]


def test_who_reads_a_part_stands_behind_a_comma() -> None:
    """A line puts reasons in parentheses."""
    old, new = Part("function", "highest", "1"), Part("function", "highest", "2", via="brightness")
    (reason,) = reasons_for_miss(record(new).key, [record(old)])
    assert reason.text == "function `highest` edited, called by `brightness`"


def test_a_generator_that_moved_is_told_with_what_helps() -> None:
    (reason,) = reasons_for_miss(record(LR).key, [record(LR)], [Part("rng", "numpy", "2")])
    assert reason.text == "random state of numpy moved since; --seed N makes it restorable"


def test_what_an_edited_cell_reads_now_goes_without_saying() -> None:
    before = record(Part("source", "source", "1"), Part("input", "a", "1"))
    edited = [Part("source", "source", "2"), Part("input", "b", "3"), Part("alias", "np", "4", "numpy")]
    assert texts(reasons_for_miss(record(*edited).key, [before])) == ["its source was edited"]
    moved = [*edited, Part("input", "a", "9"), Part("option", "--seed", "5", "1")]
    assert texts(reasons_for_miss(record(*moved).key, [before])) == [
        "its source was edited",
        "option `--seed` is given",
        "input `a` changed",
    ]


def test_another_cell_of_the_name_is_not_called_edited() -> None:
    now, before = record(Part("source", "source", "2")).key, record(Part("source", "source", "1"))
    for cell, old, said in (("c1", "c1", "edited"), ("", "c1", "edited"), ("c2", "c1", "not that of the cell")):
        (reason,) = reasons_for_miss(now, [replace(before, cell=old)], cell=cell)
        assert said in reason.text

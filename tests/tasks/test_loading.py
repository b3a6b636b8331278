"""Datasets by name or path, and which rows a limit takes."""

import json
import subprocess
import sys

import pytest

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks import DATASETS, load


@pytest.fixture
def own(tmp_path):
    """A file with clusters of 7, 2 and 1 contexts, each with two questions."""
    rows = [
        {
            "cluster": cluster,
            "context": f"Context {cluster}{n}.",
            "question": f"Question {cluster}{n}{asked}?",
            "answer": n,
        }
        for cluster, count in (("a", 7), ("b", 2), ("c", 1))
        for n in range(count)
        for asked in "xy"
    ]
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def clusters(task):
    return [task.contexts[question.context_id].cluster_id for question in task.questions]


@pytest.mark.parametrize("level", [0, 1, 2])
def test_procedural_datasets_go_by_level(level):
    task = load(f"procedural-p{level}", limit=3, seed=5)
    assert task.name == f"procedural-p{level}"
    assert len(task.questions) == 3
    assert task.fingerprint() != load(f"procedural-p{level}", limit=3, seed=6).fingerprint()


def test_without_a_limit_every_row_is_taken(own):
    task = load(own)
    assert len(task.questions) == 20
    assert len(task.contexts) == 10


def test_a_limit_covers_clusters_evenly(own):
    assert sorted(clusters(load(own, limit=3))) == ["a", "b", "c"]
    assert sorted(clusters(load(own, limit=6))) == ["a", "a", "b", "b", "c", "c"]
    assert sorted(clusters(load(own, limit=9))) == [*"aaaabbbcc"]


@pytest.mark.parametrize("limit", [1, 5, 19])
def test_a_smaller_limit_gives_the_beginning_of_a_larger_one(own, limit):
    assert load(own, limit=limit).questions == load(own).questions[:limit]


def test_a_limit_beyond_the_rows_takes_them_all(own):
    assert load(own, limit=500).questions == load(own).questions


def test_only_contexts_that_are_asked_about_are_in_the_task(own):
    assert len(load(own, limit=3).contexts) == 3


def test_questions_of_one_context_follow_each_other_in_their_cluster(own):
    texts = [
        q.text for q, c in zip(load(own).questions, clusters(load(own)), strict=True) if c == "a"
    ]
    assert [text[:-2] for text in texts[::2]] == [text[:-2] for text in texts[1::2]]


def test_the_seed_alone_decides_which_rows_are_taken(own):
    picks = {seed: load(own, limit=8, seed=seed) for seed in range(6)}
    assert picks[3].fingerprint() == load(own, limit=8, seed=3).fingerprint()
    assert len({task.fingerprint() for task in picks.values()}) > 1


def test_the_seed_decides_which_contexts_of_a_cluster_come_first(own):
    firsts = set()
    for seed in range(6):
        task = load(own, limit=3, seed=seed)
        firsts |= {c.text for c in task.contexts.values() if c.cluster_id == "a"}
    assert len(firsts) > 1


@pytest.mark.parametrize("limit", [0, -1])
@pytest.mark.parametrize("dataset", ["procedural-p0", "gsm-symbolic-p1", "no.jsonl"])
def test_a_limit_below_one_is_refused(dataset, limit):
    with pytest.raises(InputError, match=f"limit {limit} gives no questions; give 1 or more"):
        load(dataset, limit=limit)


def test_an_unknown_dataset_is_refused_with_all_names_and_the_nearest():
    with pytest.raises(InputError) as caught:
        load("procedral-p1")
    assert str(caught.value) == (
        "unknown dataset 'procedral-p1'; nearest is procedural-p1; "
        f"there are {', '.join(DATASETS)}, or the path of a .jsonl or .csv file"
    )


def test_nothing_is_nearest_to_a_name_unlike_all_others():
    with pytest.raises(InputError, match="unknown dataset 'zzz'; there are procedural-p0,"):
        load("zzz")


@pytest.mark.parametrize("path", ["missing.jsonl", "no/such/folder"])
def test_a_missing_file_is_refused(path):
    with pytest.raises(InputError, match=f"no file {path}; give the path of a .jsonl or .csv file"):
        load(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "rows.json"
    path.write_text("[]")
    with pytest.raises(InputError, match=r"rows\.json is neither \.jsonl nor \.csv"):
        load(str(path))


def test_an_unknown_splitter_is_refused():
    with pytest.raises(InputError, match="unknown splitter 'papers'; there are clean, paper"):
        load("procedural-p0", splitter="papers")


def test_loading_a_file_imports_no_data_frame_library(own):
    code = (
        "import sys; from sleeptime_lib.tasks import load; load(sys.argv[1]);"
        "print([name for name in ('pandas', 'datasets', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, own], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("dataset", ["multi-p1", "procedural-p0", "no.jsonl"])
def test_no_questions_per_context_are_refused(dataset):
    with pytest.raises(InputError, match="0 questions per context"):
        load(dataset, questions_per_context=0)

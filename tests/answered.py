"""Rows of answers by hand: four questions a cluster, of which some are right."""


def answers(arm, right, *, clusters=30, name="c", budget=0, sleep_parallel=0, **more):
    """Four questions a cluster, of which `right(cluster)` are right."""
    return [
        {
            "arm": arm,
            "budget": budget,
            "cluster_id": f"{name}{c:02}",
            "question_id": f"{name}{c:02}-q{i}",
            "score": float(i < right(c)),
            "sleep_parallel": sleep_parallel,
            "sleep_id": f"{name}{c:02}:{sleep_parallel}" if sleep_parallel else "",
            **more,
        }
        for c in range(clusters)
        for i in range(4)
    ]


def some(c):
    """One or two of the four, by turns."""
    return 1 + c % 2


def more(c):
    """Three or all four, by turns."""
    return 3 + c % 2

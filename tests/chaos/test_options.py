"""What is said on the command line is what is done."""

from __future__ import annotations

from dataclasses import asdict

from tests.chaos.__main__ import options, plan_of


def test_each_option_reaches_the_plan() -> None:
    given = {"turns": 7, "people": 300, "kills": 3, "seed": 5, "serves": 2, "workers": 4, "patience": 9.0}
    words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    plan = plan_of(options().parse_args([*words, "--limits"]))
    assert asdict(plan).items() >= (given | {"limits": True}).items()

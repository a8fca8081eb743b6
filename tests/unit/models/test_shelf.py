"""Models on the shelf: within the budget, the least recently used goes, never one in use."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import EngineFailed, Overloaded, TooLarge
from models.shelf import Shelf, Slot


class Model:
    """Notes when it is closed, and that nobody uses it then."""

    def __init__(self) -> None:
        self.closed = False
        self.users = 0

    async def close(self) -> None:
        assert not self.users, "closed while it was used"
        self.closed = True


def slot(name: str, need: int = 1) -> Slot[Model]:
    return Slot(name, lambda: need, Model)


def shelf(budget: int, patience: float = 0.05) -> Shelf:
    return Shelf(lambda: budget, patience=patience)


def use(shelf: Shelf, slot: Slot[Model]) -> Model:
    with shelf.lease(lambda: slot) as model:
        assert not model.closed
        return model


def test_what_fits_stays_loaded() -> None:
    place, one, two = shelf(2), slot("one"), slot("two")
    first = use(place, one)
    use(place, two)
    assert use(place, one) is first
    assert place.used() == 2


def test_the_least_recently_used_makes_room() -> None:
    place, one, two, three = shelf(2), slot("one"), slot("two"), slot("three")
    first, second = use(place, one), use(place, two)
    assert use(place, one) is first
    use(place, three)
    assert (first.closed, second.closed) == (False, True)
    assert use(place, two) is not second
    assert first.closed


def test_what_takes_no_memory_is_not_unloaded() -> None:
    place, server, one = shelf(1), slot("server", need=0), slot("one")
    kept = use(place, server)
    use(place, one)
    use(place, slot("two"))
    assert use(place, server) is kept
    assert not kept.closed


def test_one_in_use_is_never_unloaded() -> None:
    place, one, two = shelf(1), slot("one"), slot("two")
    with place.lease(lambda: one) as model:
        with pytest.raises(Overloaded, match="no memory for 'two'"):
            use(place, two)
        assert not model.closed
    use(place, two)
    assert model.closed


def test_a_lease_waits_for_room() -> None:
    place, one, two = shelf(1, patience=20), slot("one"), slot("two")
    got: list[Model] = []
    with place.lease(lambda: one):
        waiting = threading.Thread(target=lambda: got.append(use(place, two)))
        waiting.start()
    waiting.join()
    assert len(got) == 1


def test_a_model_that_says_it_is_too_large_unloads_nothing() -> None:
    def need() -> int:
        raise TooLarge("too large")

    place, one = shelf(1), slot("one")
    model = use(place, one)
    with pytest.raises(TooLarge):
        use(place, Slot("two", need, Model))
    assert use(place, one) is model


def test_a_retired_model_is_closed_after_its_last_use_and_leased_no_more() -> None:
    place, one = shelf(1), slot("one")
    with place.lease(lambda: one) as model:
        place.retire(one)
        assert not model.closed
    assert use(place, slot("two")).closed is False  # there is room again
    assert model.closed
    with pytest.raises(EngineFailed, match="taken out of use"):
        use(place, one)


async def test_a_task_that_is_cancelled_while_it_waits_holds_nothing() -> None:
    place, one, two = shelf(1, patience=20), slot("one"), slot("two")

    async def wait() -> None:
        async with place.hold(lambda: two):
            pass

    async with place.hold(lambda: one):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with place.hold(lambda: one) as model:  # which waits until the other is given back
        assert not model.closed
    await place.close()


async def test_closing_closes_all() -> None:
    place, one, two = shelf(5), slot("one"), slot("two")
    models = [use(place, one), use(place, two)]
    await place.close()
    assert all(model.closed for model in models)
    assert use(place, one) not in models
    await place.close()


@given(
    needs=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    steps=st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=20),
)
def test_the_budget_holds_whatever_is_used(needs: list[int], steps: list[tuple[int, bool]]) -> None:
    place = shelf(4, patience=0.0)
    slots = [slot(str(index), need) for index, need in enumerate(needs)]
    with ExitStack() as held:
        for index, keep in steps:
            one = slots[index % len(slots)]
            try:
                if keep:
                    model = held.enter_context(place.lease(lambda one=one: one))  # type: ignore[misc]
                    model.users += 1
                    held.callback(lambda model=model: setattr(model, "users", model.users - 1))  # type: ignore[misc]
                else:
                    use(place, one)
            except Overloaded:
                assert sum(each.need for each in slots if each.users) + one.need > 4
            assert place.used() <= 4

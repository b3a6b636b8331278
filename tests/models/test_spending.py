"""Caps against servers that hide what they bill or take more than they may, over many sessions."""

import time
from pathlib import Path

import pytest
from client_process import spend, start_capped
from fault_replies import Billing
from fault_server import Faults, FaultServer

from sleeptime_lib.errors import CapReached, InputError
from sleeptime_lib.models.ledger import NOTHING, Amount, Hold, Spending
from sleeptime_lib.models.limits import NO_CAPS, Caps
from sleeptime_lib.models.prices import Price
from sleeptime_lib.models.spending import Account, SpendingLog
from sleeptime_lib.records import Reply, Request, Usage

CAP = 200_000
CAPPED = Caps(max_tokens=CAP)
ONE = 2048 + 300
"""Tokens of a reply at its bound, with its prompt."""


@pytest.mark.parametrize("silent", [1.0, 0.5])
@pytest.mark.parametrize("words", [(20, 60), (500, 2048)])
async def test_without_usage_14_repetitions_use_more_than_half_of_a_cap_and_not_more_than_all(
    tmp_path, silent, words
):
    billing = Billing(words, silent=silent)
    with FaultServer(answer=billing) as server:
        for _ in range(14):
            await spend(server.url, tmp_path / "calls.sqlite", 800, CAPPED)
    assert CAP / 2 < billing.billed <= CAP


@pytest.mark.parametrize("silent", [1.0, 0.5])
async def test_a_server_that_bills_what_it_does_not_show_passes_no_cap(tmp_path, silent):
    billing = Billing((500, 2048), silent=silent, shows=False)
    with FaultServer(answer=billing) as server:
        for _ in range(14):
            await spend(server.url, tmp_path / "calls.sqlite", 800, CAPPED)
    assert CAP / 2 < billing.billed <= CAP


def test_without_usage_a_server_that_sends_bills_counts_as_the_most_it_may_have_taken():
    hold = Hold(Amount(3000), Amount(3000))
    reply = Reply("word " * 100, usage=Usage(200, 0, 100, estimated=True))
    request = Request("m", max_tokens=2048)
    for is_local, counted in ((False, 3000), (True, 250 + 166)):
        account = Account(CAPPED, None, is_local=is_local)
        bill = account.bill(reply, hold, request, b"x" * 750)
        assert bill.usage.total + bill.unknown.tokens == counted


@pytest.mark.parametrize("in_flight", [1, 20, 500])
@pytest.mark.parametrize("times", [10, 50])
@pytest.mark.parametrize("money", [False, True])
async def test_replies_many_times_too_long_pass_no_cap(in_flight, times, money):
    billing = Billing(shows=False, times=lambda call: times)
    caps = Caps(max_cost_usd=4.0) if money else Caps(max_tokens=500_000)
    with FaultServer(Faults(latency_s=0.01), answer=billing) as server:
        got, totals = await spend(server.url, None, 600, caps, in_flight)
    assert 0 < billing.calls < 30
    assert "more than it was allowed" in totals.notices[0]
    told = {str(item) for item in got if isinstance(item, CapReached)}
    assert all("keep to max_tokens" in line for line in told)
    if money:
        assert Price(2.0, 1.0, 8.0).cost(Usage(billing.prompt, 0, billing.completion)) <= 4.0
    else:
        assert billing.billed <= 500_000


async def test_a_server_that_begins_to_lie_takes_no_more_than_what_is_in_flight():
    billing = Billing(shows=False, times=lambda call: 10 if call >= 100 else 0)
    with FaultServer(Faults(latency_s=0.01), answer=billing) as server:
        await spend(server.url, None, 600, Caps(max_tokens=500_000), 20)
    assert billing.billed <= 500_000 + 20 * 10 * ONE


async def test_the_next_session_reserves_what_the_server_has_been_seen_to_take(tmp_path):
    billing = Billing(shows=False, times=lambda call: 10)
    path = tmp_path / "calls.sqlite"
    with FaultServer(Faults(latency_s=0.01), answer=billing) as server:
        for cap in (30_000, 100_000, 200_000):
            await spend(server.url, path, 100, Caps(max_tokens=cap))
            assert billing.billed <= cap


@pytest.mark.parametrize("loss", ["calls.sqlite*", "calls.spending.jsonl", "nothing"])
async def test_spending_outlives_the_loss_of_the_cache_or_of_its_own_file(tmp_path, loss):
    billing = Billing((500, 2048))
    with FaultServer(answer=billing) as server:
        for _ in range(4):
            await spend(server.url, tmp_path / "calls.sqlite", 800, CAPPED)
            for path in tmp_path.glob(loss):
                path.unlink()
    assert CAP / 2 < billing.billed <= CAP


async def test_after_six_kills_with_100_in_flight_more_than_half_of_a_cap_is_used(tmp_path):
    cap = 900_000
    path = tmp_path / "calls.sqlite"
    billing = Billing()
    with FaultServer(Faults(latency_s=0.05), answer=billing) as server:
        for _ in range(6):
            before = billing.calls
            process = start_capped(server.url, path, 2500, cap)
            while billing.calls < before + 150 and process.is_alive():
                time.sleep(0.002)
            process.kill()
            process.join()
        got, totals = await spend(server.url, path, 2500, Caps(max_tokens=cap))
    assert totals.unknown_before >= 200
    assert any(isinstance(item, CapReached) for item in got)
    assert cap / 2 < billing.billed <= cap


def entry(log: SpendingLog, tokens: int, used: int | None) -> None:
    log.sent(Amount(tokens, 7))
    if used is not None:
        log.ended(Amount(tokens, 7), Spending(Usage(used, 1, 2, 1, written=3), 1, Amount(4, 5)))


def test_what_was_written_down_is_read_back(tmp_path):
    path = tmp_path / "s.jsonl"
    log = SpendingLog(path)
    entry(log, 100, 50)
    entry(log, 200, None)
    sent, ended, open_ = SpendingLog(path).entries()
    assert (sent.kind, sent.worst, sent.spending) == ("sent", Amount(100, 7), NOTHING)
    assert ended.spending == Spending(Usage(50, 1, 2, 1, written=3), 1, Amount(4, 5))
    assert open_.worst == Amount(200, 7)


def test_a_line_that_was_cut_or_changed_is_passed_over_and_its_attempt_counts_as_lost(tmp_path):
    path = tmp_path / "calls.spending.jsonl"
    log = SpendingLog(path)
    for _ in range(3):
        entry(log, 100, 50)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"used":[50', b'"used":[10', 1)[:-20])
    account = Account(CAPPED, None, is_local=True)
    account.keep(tmp_path / "calls.sqlite", NOTHING)
    assert account.ledger.used.tokens == 100 + (50 + 2 + 4) + 100
    assert account.before.unknown_calls == 1 + 2
    assert "2 lines" in account.notices[0]
    again = SpendingLog(path)
    entry(again, 100, 50)
    assert len(again.entries()) == 6


@pytest.mark.parametrize("junk", [b"", b"\n", b"\x00" * 1000, b"{}\n[]\n", b"\xff\n" * 3])
def test_a_file_of_anything_else_counts_as_nothing(tmp_path, junk: bytes):
    path = tmp_path / "calls.spending.jsonl"
    path.write_bytes(junk)
    account = Account(NO_CAPS, None, is_local=True)
    account.keep(tmp_path / "calls.sqlite", Spending(Usage(9, 0, 1)))
    assert account.ledger.used.tokens == 10
    assert len(SpendingLog(path).entries()) == 1


def test_a_file_that_cannot_be_used_is_one_line(tmp_path: Path):
    (tmp_path / "s.jsonl").mkdir()
    with pytest.raises(InputError, match="cannot be used to keep what is spent"):
        SpendingLog(tmp_path / "s.jsonl")

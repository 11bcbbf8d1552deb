import asyncio

from kit import metrics


def test_the_same_name_is_the_same_counter():
    one = metrics.counter("test_calls", "Calls")

    one.inc()

    assert metrics.counter("test_calls", "Calls") is one
    assert b"ahize_test_calls_total 1.0" in metrics.page()


async def test_the_loops_lag_is_measured():
    before = metrics.LOOP_LAG._sum.get()
    watching = asyncio.ensure_future(metrics.watch_loop(0.01))
    await asyncio.sleep(0)

    block = asyncio.get_running_loop().time() + 0.05
    while asyncio.get_running_loop().time() < block:
        pass
    await asyncio.sleep(0.02)
    watching.cancel()

    assert metrics.LOOP_LAG._sum.get() - before > 0.03

"""What the embedded servers need of processes: to die with the parent, and to end what was left over."""

import ctypes
import signal
import sys
from collections.abc import Callable

import psutil

_PR_SET_PDEATHSIG = 1


def die_with_parent(sign: signal.Signals) -> Callable[[], None] | None:
    """Return what a child runs before exec so that the kernel signals it when its parent is gone.

    Linux only; elsewhere a killed supervisor leaves its server to the next start. The parent has one thread.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)


def end_processes(name: str, belongs: Callable[[psutil.Process], bool], *, first: signal.Signals) -> None:
    """End every process of that name that belongs to us: asked, told ten seconds later, killed in the end."""
    for sign, seconds in ((first, 10), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        found = [process for process in psutil.process_iter() if _is_ours(process, name, belongs)]
        if not found:
            return
        for process in found:
            try:
                process.send_signal(sign)
            except psutil.Error:
                continue
        psutil.wait_procs(found, timeout=seconds)


def _is_ours(process: psutil.Process, name: str, belongs: Callable[[psutil.Process], bool]) -> bool:
    try:
        return process.name() == name and belongs(process)
    except psutil.Error:
        # Gone meanwhile, a zombie, or of somebody else.
        return False

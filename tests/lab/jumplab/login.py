# SPDX-License-Identifier: BSD-2-Clause
"""One ssh that stays: a code is good once, so one login serves a whole test
and forwardings are added to it and taken away."""
import time

from .bed import wait_for


class Login:
    """A supplier's ssh -N -M, and what goes through it."""

    def __init__(self, person, options=(), **kwargs):
        self.person = person
        self.client = person.client
        self.socket = self.client.dir / f"mux-{time.monotonic_ns()}"
        self.child = person.start(
            options=["-N", "-M", "-S", self.socket, *options], **kwargs)
        wait_for(lambda: self._asked("-O", "check").rc == 0, 40, "login")

    def _asked(self, *words, **kwargs):
        return self.client.run(["ssh", "-F", "/dev/null", "-S", self.socket,
                                *words, "bastion"], check=False,
                               timeout=30, **kwargs)

    def forward(self, *words):
        """-L, -D or -R; a Result."""
        return self._asked("-O", "forward", *words)

    def cancel(self, *words):
        return self._asked("-O", "cancel", *words)

    def hop(self, to):
        """The command that is a connection through this login."""
        return ["ssh", "-F", "/dev/null", "-S", str(self.socket), "-W", to,
                "bastion"]

    def command(self, *words):
        """The command that is an exec through this login."""
        return ["ssh", "-F", "/dev/null", "-S", str(self.socket), "bastion",
                *words]

    def end(self):
        self.child.kill()
        self.child.wait(10)
